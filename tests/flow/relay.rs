//! Enhanced frames that come from elsewhere: the same sound, whichever way they
//! come, and no frame lost where the way changes.

use auralis_core::block::Block;
use auralis_core::geometry::Geometry;
use auralis_core::plan::Stages;
use auralis_core::player::{Listen, Part, Player, SWITCH};
use auralis_core::units::Seconds;
use auralis_tests::laws::allocations;

use crate::material::{Memory, hard_stages};

const RATE: u32 = 44_100;
const QUANTUM: usize = 128;
/// −120 dBFS.
const RESIDUAL: f32 = 1e-6;

type Planes = [Vec<f32>; 2];

fn part(key: u32, stages: &Stages) -> Part {
    Part { key, stages: stages.clone(), original_db: -2.0, enhanced_db: -1.0, planned: true }
}

/// All of the tracks, played by the chains of one player.
fn chained(tracks: &[(Memory, Stages)]) -> Planes {
    Hearing::of(tracks, false).play(tracks, &[], |_, _| {})
}

/// A player that listens to tracks, and what it has heard.
struct Hearing {
    player: Player,
    /// Frames of the original, and of the enhanced from elsewhere.
    dry: Planes,
    n_wet: usize,
    /// What is fed in place of it, once it is there.
    anew: Option<Planes>,
    heard: Planes,
}

impl Hearing {
    fn of(tracks: &[(Memory, Stages)], relayed: bool) -> Self {
        let mut player = Player::new(RATE, Geometry::at(RATE), RATE as usize).expect("a good rate");
        player.set_haste(32);
        player.start(part(0, &tracks[0].1), Some(tracks[0].0.n_frames()), 0, 0);
        if relayed {
            player.relay();
        }
        let dry = [0, 1].map(|c| tracks.iter().flat_map(|(memory, _)| memory.planes[c].clone()).collect());
        Hearing { player, dry, n_wet: 0, anew: None, heard: [Vec::new(), Vec::new()] }
    }

    /// Plays to the end, fed of `wet` as far as the original was fed; `act` is
    /// called before each quantum with the frame that comes next.
    fn play(
        mut self,
        tracks: &[(Memory, Stages)],
        wet: &[Vec<f32>],
        mut act: impl FnMut(&mut Self, usize),
    ) -> Planes {
        let (mut start, mut block) = (0, Block::new(2, QUANTUM));
        for (key, pair) in tracks.windows(2).enumerate() {
            start += pair[0].0.n_frames();
            assert!(self.player.follow(part(key as u32 + 1, &pair[1].1), start, Some(pair[1].0.n_frames())));
        }
        let mut n_idle = 0;
        while !self.player.ended() {
            let at = self.heard[0].len();
            act(&mut self, at);
            let n_allocations = allocations(|| self.quantum(wet, &mut block));
            assert_eq!(n_allocations, 0, "at {at}");
            n_idle = if block.n_frames() == 0 { n_idle + 1 } else { 0 };
            assert!(n_idle < 1_000, "it stands still at {at}");
            for channel in 0..2 {
                self.heard[channel].extend_from_slice(block.plane(channel));
            }
        }
        self.heard
    }

    fn quantum(&mut self, wet: &[Vec<f32>], block: &mut Block) {
        let fed = self.player.fed() as usize;
        let n = self.player.room().min(self.dry[0].len() - fed);
        self.player.feed(&self.dry[0][fed..fed + n], &self.dry[1][fed..fed + n]);
        if fed + n == self.dry[0].len() {
            self.player.end();
        }
        let wet = self.anew.as_ref().map_or(wet, |anew| &anew[..]);
        if let [left, right] = wet
            && self.n_wet < fed + n
        {
            let known = self.n_wet..fed + n;
            self.player.feed_wet(known.start as u64, &left[known.clone()], &right[known]);
            self.n_wet = fed + n;
        }
        self.player.render(block);
    }
}

fn songs(seconds: &[f64]) -> Vec<(Memory, Stages)> {
    seconds.iter().enumerate().map(|(i, &s)| (Memory::music(RATE, s, i as u64 + 1), hard_stages(i))).collect()
}

#[test]
fn what_is_relayed_is_heard_to_the_bit_over_borders_and_tracks() {
    for seconds in [&[23.0][..], &[12.0, 11.0, 4.0], &[2.0, 1.0, 3.0]] {
        let tracks = songs(seconds);
        let whole = chained(&tracks);
        let heard = Hearing::of(&tracks, true).play(&tracks, &whole, |_, _| {});
        assert!(heard == whole, "{seconds:?}");
    }
}

#[test]
fn the_way_changes_without_losing_a_frame() {
    let tracks = songs(&[34.0, 12.0]);
    let whole = chained(&tracks);
    // In the middle of a chunk, at a border, and just before and behind one.
    for there in [100_000, 440_900, 441_000, 442_000] {
        for back in [870_000, 881_000, 882_000, 1_450_000] {
            let mut ways = Vec::new();
            let heard = Hearing::of(&tracks, false).play(&tracks, &whole, |hearing, at| {
                let to_relay = (there..there + QUANTUM).contains(&at);
                let to_chains = (back..back + QUANTUM).contains(&at);
                if to_relay {
                    hearing.n_wet = at;
                    hearing.player.relay();
                }
                if to_chains {
                    hearing.player.unrelay();
                }
                ways.push(hearing.player.is_relayed());
            });
            ways.dedup();
            assert_eq!(ways, [false, true, false]);
            assert_eq!(heard[0].len(), whole[0].len());
            // A chain that is woken in the middle of its chunk has heard 5 s of it.
            let border = back.next_multiple_of(441_000) + 2_205;
            for channel in 0..2 {
                assert!(heard[channel][..back] == whole[channel][..back], "{there}, before {back}");
                let pairs = heard[channel][back..border].iter().zip(&whole[channel][back..border]);
                let worst = pairs.map(|(x, y)| (x - y).abs()).fold(0.0, f32::max);
                assert!(worst <= RESIDUAL, "{there}, {back}: {worst}");
                assert!(heard[channel][border..] == whole[channel][border..], "{there}, after {back}");
            }
        }
    }
}

#[test]
fn what_is_rendered_anew_takes_the_place_of_what_was_there() {
    let tracks = songs(&[16.0]);
    let old = chained(&tracks);
    let new = chained(&[(tracks[0].0.clone(), hard_stages(1))]);
    let (when, n_fade) = (200_000_usize, SWITCH.frames(RATE) as usize);
    // In time, and so late that its first frames are past.
    for late in [0, 24 * QUANTUM] {
        let first = when.next_multiple_of(QUANTUM);
        let heard = Hearing::of(&tracks, true).play(&tracks, &old, |hearing, at| {
            if at == first + late {
                hearing.n_wet = first;
                hearing.anew = Some(new.clone());
            }
        });
        assert_eq!(heard[0].len(), old[0].len());
        let from = first + late;
        assert!(heard[0][..from] == old[0][..from], "before, {late} late");
        let settled = from + n_fade;
        assert!(heard[0][settled..] == new[0][settled..], "after, {late} late");
        for (i, x) in heard[0].iter().enumerate().take(settled).skip(from) {
            let (low, high) = (old[0][i].min(new[0][i]), old[0][i].max(new[0][i]));
            assert!((low - 1e-6..=high + 1e-6).contains(x), "{i}: {x} of {low} and {high}");
        }
    }
}

#[test]
fn a_relay_that_runs_dry_holds_its_frame_and_the_original_does_not_need_it() {
    let tracks = songs(&[3.0]);
    let n_frames = tracks[0].0.n_frames();
    let mut hearing = Hearing::of(&tracks, true);
    let mut block = Block::new(2, QUANTUM);
    hearing.player.feed(&hearing.dry[0], &hearing.dry[1]);
    hearing.player.end();
    hearing.player.feed_wet(0, &[0.5; 1_000], &[0.5; 1_000]);
    let mut n_heard = 0;
    for _ in 0..20 {
        hearing.player.render(&mut block);
        assert!(block.plane(0).iter().all(|&x| x == 0.5), "never old samples");
        n_heard += block.n_frames();
    }
    assert_eq!((n_heard, hearing.player.at()), (1_000, 1_000));
    hearing.player.feed_wet(1_000, &[0.25; 128], &[0.25; 128]);
    hearing.player.render(&mut block);
    assert!(block.n_frames() == 128 && block.plane(1).iter().all(|&x| x == 0.25));
    // Off is heard without anything enhanced; where that comes again it is in its place.
    hearing.player.listen_over(Listen::Off, Seconds(0.0));
    hearing.player.render(&mut block);
    assert!(block.n_frames() == 128 && *block.plane(0) == tracks[0].0.planes[0][1_128..1_256]);
    hearing.player.feed_wet(
        1_128,
        &vec![0.75; n_frames as usize - 1_128],
        &vec![0.75; n_frames as usize - 1_128],
    );
    hearing.player.listen_over(Listen::Enhanced, Seconds(0.0));
    hearing.player.render(&mut block);
    assert!(block.plane(0).iter().all(|&x| x == 0.75));
    assert_eq!(hearing.player.at(), 1_384);
}

#[test]
fn the_first_plan_fades_in_when_its_frames_are_there() {
    let music = Memory::music(RATE, 12.0, 6);
    let tracks = [(music.clone(), hard_stages(0))];
    let whole = chained(&tracks);
    let (when, from) = (99_968_usize, 110_000_usize);
    let mut hearing = Hearing::of(&tracks, false);
    hearing.player.start(
        Part { planned: false, ..part(0, &Stages::neutral()) },
        Some(music.n_frames()),
        0,
        0,
    );
    hearing.player.relay();
    hearing.n_wet = usize::MAX;
    let heard = hearing.play(&tracks, &whole, |hearing, at| {
        if at == when {
            hearing.player.retune(part(0, &hard_stages(0)), Seconds(2.0));
            let to = hearing.player.fed() as usize;
            hearing.player.feed_wet(from as u64, &whole[0][from..to], &whole[1][from..to]);
            hearing.n_wet = to;
        }
    });
    assert!(heard[0][..from] == music.planes[0][..from], "the original until they are there");
    let settled = from + 2 * RATE as usize;
    assert!(heard[0][settled..] == whole[0][settled..]);
    let middle = from + RATE as usize;
    let half = |i: usize| (heard[0][i] - 0.5 * (music.planes[0][i] + whole[0][i])).abs();
    assert!((middle..middle + 20).all(|i| half(i) < 1e-3), "half of each after a second");
}
