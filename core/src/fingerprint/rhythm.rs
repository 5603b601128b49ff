//! The beat.
//!
//! Three bands are followed in hops of 5 ms; what rises in them, in dB, is the
//! novelty. It tells the beat's period, and dynamic programming finds the beats
//! themselves (Ellis, "Beat tracking by dynamic programming", JNMR 36, 2007).

use super::{quantised, tempo};
use crate::math;

/// Hops per second.
pub(super) const HOPS_PER_S: usize = 200;
/// Hops of a segment, within which beats are followed.
const SEGMENT: usize = 30 * HOPS_PER_S;
/// The most segments kept; when they are full, every second is dropped.
const MAX_SEGMENTS: usize = 40;
/// The borders of the three bands, in Hz: drums below, voices between, the
/// noise of strokes above.
const BORDERS_HZ: [f64; 2] = [160.0, 2_500.0];
/// How fast each band's envelope falls, as a time constant in seconds: slower
/// than the band's own waveform.
const FALL_S: [f64; 3] = [0.040, 0.025, 0.015];
/// A band this many dB below the loudest moment of late does not count.
const FLOOR_DB: f32 = 50.0;
/// How fast the loudest moment is forgotten, in dB per second.
const FORGET_DB_PER_S: f32 = 0.5;
/// Under −100 dBFS nothing sounds.
const SILENT: f32 = 1e-10;
/// The most that a band's rise within a hop counts, in dB.
const MAX_RISE_DB: f32 = 15.0;

/// How firmly the beat keeps its period (Ellis).
const TIGHTNESS: f32 = 100.0;

/// What is known of the rhythm.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Summary {
    pub tempo_bpm: f64,
    pub rhythm_stability: f64,
}

/// Listens for what strikes.
pub(super) struct Rhythm {
    filter: Crossover,
    fall: [f32; 3],
    envelope: [f32; 3],
    level: [f32; 3],
    loudest: f32,
    forget: f32,
    segments: Segments,
}

impl Rhythm {
    /// For a stream at `rate` Hz.
    pub fn new(rate: u32) -> Self {
        let hop_s = 1.0 / HOPS_PER_S as f64;
        Rhythm {
            filter: Crossover::new(rate),
            fall: FALL_S.map(|tau| math::f64::exp(-hop_s / tau) as f32),
            envelope: [0.0; 3],
            level: [0.0; 3],
            loudest: 0.0,
            forget: math::pow(10.0, -FORGET_DB_PER_S / HOPS_PER_S as f32 / 10.0),
            segments: Segments::default(),
        }
    }

    /// Hears a tick of 10 ms of both channels: two hops.
    pub fn tick(&mut self, left: &[f32], right: &[f32]) {
        let middle = left.len() / 2;
        for (left, right) in [(&left[..middle], &right[..middle]), (&left[middle..], &right[middle..])] {
            let energy = self.filter.energies(left, right);
            let novelty = self.novelty(energy);
            self.segments.push(novelty);
        }
    }

    /// The rises of the three bands since the last hop, in dB; what is near
    /// the floor weighs less.
    fn novelty(&mut self, energy: [f32; 3]) -> f32 {
        let whole = energy[0] + energy[1] + energy[2];
        self.loudest = (self.loudest * self.forget).max(whole);
        let floor = 10.0 * math::log10(self.loudest.max(SILENT)) - FLOOR_DB;
        let mut novelty = 0.0;
        for (band, &energy) in energy.iter().enumerate() {
            let envelope = &mut self.envelope[band];
            *envelope = energy.max(*envelope * self.fall[band]);
            let level = (10.0 * math::log10(envelope.max(1e-20)) - floor).max(0.0);
            let rise = (level - self.level[band]).clamp(0.0, MAX_RISE_DB);
            let stroke = rise * (level / FLOOR_DB).min(1.0);
            // To the power of 3/2: an accent tells more of the metre than two ghosts.
            novelty += stroke * stroke.sqrt();
            self.level[band] = level;
        }
        novelty
    }

    /// What was heard, rounded.
    pub fn finish(self) -> Summary {
        let segments = self.segments.finish();
        let beat = beat(&segments);
        Summary {
            tempo_bpm: quantised(beat.map_or(0.0, |beat| beat.bpm), 100.0),
            rhythm_stability: quantised(beat.map_or(0.0, |beat| 1.0 / (1.0 + beat.cv)), 1e4),
        }
    }
}

/// Splits both channels at two frequencies: two state-variable filters in a
/// row (Zavalishin, "The Art of VA Filter Design", 2012), in four lanes: left
/// and right of the first, left and right of the second, a frame later.
struct Crossover {
    /// How both integrators follow from themselves and the input.
    first: [[f32; 4]; 3],
    second: [[f32; 4]; 3],
    /// How the high follows from them.
    third: [[f32; 4]; 3],
    ic1: [f32; 4],
    ic2: [f32; 4],
    /// The last highs: the first two are what the first passes on to the second.
    high: [f32; 4],
    /// Squares summed of twice the lows and of the highs. Two lanes of `highs`
    /// tell nothing, but kept, all four are worked out side by side.
    lows: [f32; 4],
    highs: [f32; 4],
}

impl Crossover {
    fn new(rate: u32) -> Self {
        let coefficients = BORDERS_HZ.map(|hz| {
            let hz = hz.min(0.45 * f64::from(rate));
            let g = f64::from(math::tan((std::f64::consts::PI * hz / f64::from(rate)) as f32));
            let a1 = 1.0 / (1.0 + g * (g + std::f64::consts::SQRT_2));
            let (a2, a3) = (g * a1, g * g * a1);
            [
                [2.0 * a1 - 1.0, -2.0 * a2, 2.0 * a2],
                [2.0 * a2, 1.0 - 2.0 * a3, 2.0 * a3],
                [-a1 * (g + std::f64::consts::SQRT_2), -a1, a1],
            ]
        });
        let lanes = |state: usize| -> [[f32; 4]; 3] {
            std::array::from_fn(|term| {
                let [first, second] = coefficients.map(|c| c[state][term] as f32);
                [first, first, second, second]
            })
        };
        let ([first, second, third], none) = ([lanes(0), lanes(1), lanes(2)], [0.0; 4]);
        Crossover { first, second, third, ic1: none, ic2: none, high: none, lows: none, highs: none }
    }

    /// Mean squares of the three bands over both channels.
    fn energies(&mut self, left: &[f32], right: &[f32]) -> [f32; 3] {
        let (first, second, third) = (self.first, self.second, self.third);
        let (mut ic1, mut ic2, mut high) = (self.ic1, self.ic2, self.high);
        let (mut lows, mut highs) = ([0.0f32; 4], [0.0f32; 4]);
        for (&l, &r) in left.iter().zip(right) {
            let x = [l, r, high[0], high[1]];
            for i in 0..4 {
                let (was1, was2) = (ic1[i], ic2[i]);
                ic1[i] = (first[2][i] * x[i] + first[0][i] * was1) + first[1][i] * was2;
                ic2[i] = (second[2][i] * x[i] + second[0][i] * was1) + second[1][i] * was2;
                // The high waits for `x` alone, since the next one waits for it.
                high[i] = (third[0][i] * was1 + third[1][i] * was2) + third[2][i] * x[i];
                let low = ic2[i] + was2;
                lows[i] += low * low;
                highs[i] += high[i] * high[i];
            }
        }
        for state in ic1.iter_mut().chain(&mut ic2) {
            if state.abs() < 1e-20 {
                *state = 0.0;
            }
        }
        (self.ic1, self.ic2, self.high) = (ic1, ic2, high);
        (self.lows, self.highs) = (lows, highs);
        let n = left.len().max(1) as f32;
        [0.25 * (lows[0] + lows[1]) / n, 0.25 * (lows[2] + lows[3]) / n, (highs[2] + highs[3]) / n]
    }
}

/// The novelty along the track, in bounded memory.
#[derive(Default)]
struct Segments {
    kept: Vec<Vec<f32>>,
    open: Vec<f32>,
    /// Every so many segments are kept, as a power of 2.
    stride: usize,
    n: usize,
}

impl Segments {
    fn push(&mut self, novelty: f32) {
        // Silence before the first sound is no part of a rhythm.
        if self.n == 0 && self.open.is_empty() && novelty == 0.0 {
            return;
        }
        self.open.push(novelty);
        if self.open.len() == SEGMENT {
            let segment = std::mem::take(&mut self.open);
            if self.n.is_multiple_of(1 << self.stride) {
                self.kept.push(segment);
            }
            self.n += 1;
            if self.kept.len() == MAX_SEGMENTS {
                let mut index = 0;
                self.kept.retain(|_| {
                    index += 1;
                    index % 2 == 1
                });
                self.stride += 1;
            }
        }
    }

    fn finish(mut self) -> Vec<Vec<f32>> {
        // Nor is that after the last.
        let n_sound = self.open.iter().rposition(|&novelty| novelty != 0.0).map_or(0, |last| last + 1);
        self.open.truncate(n_sound);
        if !self.open.is_empty() && self.n.is_multiple_of(1 << self.stride) {
            self.kept.push(self.open);
        }
        self.kept
    }
}

/// The mean over `reach` hops to both sides.
fn smoothed(novelty: &[f32], reach: usize) -> Vec<f32> {
    let width = (2 * reach + 1) as f32;
    (0..novelty.len())
        .map(|i| {
            novelty[i.saturating_sub(reach)..(i + reach + 1).min(novelty.len())].iter().sum::<f32>() / width
        })
        .collect()
}

/// A beat: its rate, and how unsteady the intervals are.
#[derive(Clone, Copy, Debug)]
struct Beat {
    bpm: f64,
    cv: f64,
}

fn beat(segments: &[Vec<f32>]) -> Option<Beat> {
    let smooth: Vec<Vec<f32>> = segments.iter().map(|novelty| smoothed(&smoothed(novelty, 2), 2)).collect();
    let period = tempo::period(&smooth)?;
    let (mut n, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for segment in &smooth {
        for interval in intervals(segment, period) {
            n += 1.0;
            sum += interval;
            squares += interval * interval;
        }
    }
    if n < 3.0 {
        return None;
    }
    let mean: f64 = sum / n;
    let deviation = (squares / n - mean * mean).max(0.0).sqrt();
    Some(Beat { bpm: 60.0 * HOPS_PER_S as f64 / mean, cv: deviation / mean })
}

/// The intervals between beats that have an onset, in hops.
fn intervals(novelty: &[f32], period: f64) -> Vec<f64> {
    let beats = follow(novelty, period);
    let mut strengths: Vec<f32> = beats.iter().map(|&at| novelty[at]).collect();
    strengths.sort_by(f32::total_cmp);
    let supported = 0.1 * strengths.get(strengths.len() / 2).copied().unwrap_or(0.0);
    beats
        .windows(2)
        .filter(|two| two.iter().all(|&at| novelty[at] > supported))
        .map(|two| summit(novelty, two[1]) - summit(novelty, two[0]))
        .collect()
}

/// Where the parabola through three hops has its summit.
fn summit(novelty: &[f32], at: usize) -> f64 {
    let (Some(before), Some(after)) = (at.checked_sub(1).map(|i| novelty[i]), novelty.get(at + 1)) else {
        return at as f64;
    };
    let bend = before - 2.0 * novelty[at] + after;
    let offset = if bend < 0.0 { 0.5 * (before - after) / bend } else { 0.0 };
    at as f64 + f64::from(offset.clamp(-0.5, 0.5))
}

/// The beats: of all sequences whose intervals lie around `period`, the one
/// with the most novelty under it.
fn follow(novelty: &[f32], period: f64) -> Vec<usize> {
    let (shortest, longest) = ((period / 2.0).round() as usize, (period * 2.0).round() as usize);
    if novelty.len() <= longest || shortest == 0 {
        return Vec::new();
    }
    // The longest interval first, as the scores lie.
    let penalties: Vec<f32> = (shortest..=longest)
        .rev()
        .map(|interval| {
            let log = math::f64::ln(interval as f64 / period) as f32;
            -TIGHTNESS * log * log
        })
        .collect();
    let square: f32 = novelty.iter().map(|x| x * x).sum();
    let scale = 1.0 / (square / novelty.len() as f32).sqrt().max(1e-9);
    let mut scores = vec![0.0f32; novelty.len()];
    for i in 0..novelty.len() {
        scores[i] = novelty[i] * scale + best(reachable(&scores, i, shortest, &penalties));
    }
    let tail = novelty.len() - longest;
    let mut at = (tail..novelty.len()).fold(tail, |best, i| if scores[i] > scores[best] { i } else { best });
    let mut beats = vec![at];
    loop {
        let (from, penalties) = reachable(&scores, at, shortest, &penalties);
        let best = best((from, penalties));
        // The latest of equals.
        let found = from.iter().zip(penalties).rposition(|(score, penalty)| score + penalty == best);
        let Some(found) = found.filter(|_| best > 0.0) else { break };
        at = at - shortest + 1 + found - from.len();
        beats.push(at);
    }
    beats.reverse();
    beats
}

/// The scores of those that may be the beat before `i`, and what each pays for
/// its distance; fewer near the start.
fn reachable<'a>(
    scores: &'a [f32],
    i: usize,
    shortest: usize,
    penalties: &'a [f32],
) -> (&'a [f32], &'a [f32]) {
    let end = (i + 1).saturating_sub(shortest);
    let n = penalties.len().min(end);
    (&scores[end - n..end], &penalties[penalties.len() - n..])
}

/// The best score less its penalty, 0 at least; in lanes, since a maximum has
/// no order.
fn best((scores, penalties): (&[f32], &[f32])) -> f32 {
    let mut lanes = [0.0f32; 8];
    let (mut scores, mut penalties) = (scores.chunks_exact(8), penalties.chunks_exact(8));
    for (scores, penalties) in (&mut scores).zip(&mut penalties) {
        for (lane, (score, penalty)) in lanes.iter_mut().zip(scores.iter().zip(penalties)) {
            *lane = math::larger(*lane, score + penalty);
        }
    }
    let rest = scores.remainder().iter().zip(penalties.remainder());
    rest.map(|(score, penalty)| score + penalty).chain(lanes).fold(0.0, math::larger)
}
