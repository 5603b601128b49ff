//! The limiter before witnesses that are not ours: an eightfold oracle, the
//! ebur128 crate and, where it is, ffmpeg; and what it does to steady tones.

use std::path::{Path, PathBuf};

use auralis_core::block::Block;
use auralis_core::chain::Limiter;
use auralis_core::decode;
use auralis_core::flow::{Source, Stereo};
use auralis_core::plan::Limiter as Params;
use auralis_tests::laws::play;
use auralis_tests::signals::{Character, Planes, noise, sine, track};

use crate::oracle::{self, Oracle, impurity_db};

/// dB that the sounds are pushed over full scale.
const PUSH: f32 = 9.0;

fn gain() -> f32 {
    10f32.powf(PUSH / 20.0)
}

/// Half a second of each sound that is hard on a limiter, at full scale and pushed.
fn hard_sounds(rate: u32) -> Vec<(String, Planes)> {
    let n = rate as usize / 2;
    let mut sounds: Vec<(String, Vec<f32>)> = Vec::new();
    let mut add = |name: &str, plane: Vec<f32>| sounds.push((name.to_owned(), plane));
    for period in [4, 7, 37, 100, 441] {
        let square = (0..n).map(|i| if i / period % 2 == 0 { 1.0 } else { -1.0 });
        add(&format!("square of {period} frames"), square.collect());
    }
    let turn = std::f64::consts::TAU;
    let quarter = |i: usize| ((turn / 4.0 * i as f64 + turn / 8.0).sin() * 1.2) as f32;
    add("a quarter of the rate at 45°", (0..n).map(quarter).collect());
    let burst = |i: usize| if (i / 900).is_multiple_of(2) { quarter(i) } else { 0.001 };
    add("bursts of it", (0..n).map(burst).collect());
    // Signs as a sinc has them half-way between two frames: nothing bounded by
    // full scale rises higher between its samples.
    let worst = |i: usize| {
        let k = (i % 300) as i64 - 150;
        let far = if k < 0 { -k - 1 } else { k };
        if far < 40 { 1.0 - 2.0 * (far % 2) as f32 } else { 0.0 }
    };
    add("the highest rise between samples", (0..n).map(worst).collect());
    let top = f64::min(0.45 * f64::from(rate), 20_000.0);
    let high = sine(rate, top, n, 1.0);
    add(
        "bursts near the top",
        high.iter().enumerate().map(|(i, x)| if i / 2_000 % 2 == 0 { *x } else { x * 0.01 }).collect(),
    );
    add("clipped noise", noise(5, n, 4.0).iter().map(|x| x.clamp(-1.0, 1.0)).collect());
    add("single samples", (0..n).map(|i| if i % 500 == 250 { 1.0 } else { 0.0 }).collect());
    let mut sounds: Vec<(String, Planes)> = sounds
        .into_iter()
        .map(|(name, plane)| {
            // The other channel is the same, late: each must hold both.
            let late = std::iter::repeat_n(0.0, 3).chain(plane.iter().copied()).take(n).collect();
            (name, vec![plane, late])
        })
        .collect();
    sounds.push(("a clipped master".to_owned(), track(Character::Crushed, 3, rate, 4.0)));
    for (_, planes) in &mut sounds {
        planes.iter_mut().flatten().for_each(|x| *x *= gain());
        // Room for what the look-ahead still holds: a cut would be a peak itself.
        planes.iter_mut().for_each(|plane| plane.extend(vec![0.0; n / 10]));
    }
    sounds
}

/// What a limiter makes of it.
fn limited(rate: u32, ceiling_dbtp: f32, sound: &Planes) -> Planes {
    let mut limiter = Limiter::new(rate, &Params { ceiling_dbtp });
    play(&mut limiter, sound, &[128])
}

#[test]
fn no_witness_sees_a_true_peak_over_the_ceiling() {
    let oracle = Oracle::new();
    for rate in [8_000, 44_100, 48_000, 88_200, 96_000, 192_000] {
        for (name, sound) in hard_sounds(rate) {
            for ceiling in [-1.0, -6.0] {
                let out = limited(rate, ceiling, &sound);
                let most = f64::from(ceiling);
                let (ours, theirs) = (oracle.peak_db(&out), oracle::ebur128_db(rate, &out));
                assert!(ours <= most, "{name} at {rate} Hz: the oracle reads {ours} dBTP over {most}");
                assert!(theirs <= most, "{name} at {rate} Hz: ebur128 reads {theirs} dBTP over {most}");
                assert!(ours > most - 1.0, "{name} at {rate} Hz: held down to {ours} dBTP, not {most}");
            }
        }
    }
}

#[test]
fn nor_does_ffmpeg() {
    for rate in [44_100, 48_000, 96_000] {
        let mut all: Planes = vec![Vec::new(), Vec::new()];
        for (_, sound) in hard_sounds(rate) {
            let out = limited(rate, -1.0, &sound);
            all.iter_mut().zip(out).for_each(|(all, plane)| all.extend(plane));
        }
        let Some(db) = oracle::ffmpeg_db(rate, &all) else {
            println!("skipped: no ffmpeg");
            return;
        };
        // It prints tenths.
        assert!((-2.0..=-1.0).contains(&db), "ffmpeg reads {db} dBTP at {rate} Hz");
    }
}

/// The first seconds of every file of the corpus that can be decoded, pushed.
fn real_sounds(corpus: &Path) -> Vec<(String, u32, Planes)> {
    const SECONDS: usize = 6;
    let open = |path: &Path| {
        let file = std::fs::File::open(path).ok()?;
        let n_bytes = file.metadata().ok()?.len();
        let extension = path.extension().map(|extension| extension.to_string_lossy().into_owned());
        let mut source = Stereo::new(decode::open(Box::new(file), Some(n_bytes), extension.as_deref()).ok()?);
        let rate = source.spec().rate;
        let mut block = Block::new(2, SECONDS * rate as usize);
        source.read(&mut block).ok()?;
        let mut planes: Planes = (0..2).map(|channel| block.plane(channel).to_vec()).collect();
        planes.iter_mut().flatten().for_each(|x| *x *= gain());
        // As above: where it is cut is a peak, which the limiter shall see.
        planes.iter_mut().for_each(|plane| plane.extend(vec![0.0; rate as usize / 20]));
        Some((path.display().to_string(), rate, planes))
    };
    files(corpus).iter().filter_map(|path| open(path)).collect()
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the corpus can be read").flatten() {
        let path = entry.path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

#[test]
fn nor_is_one_seen_on_any_file_of_the_corpus() {
    let Some(corpus) = auralis_tests::corpus() else { return };
    let (oracle, has_ffmpeg) = (Oracle::new(), auralis_tests::ffmpeg().is_some());
    let sounds = real_sounds(&corpus);
    assert!(sounds.len() > 20, "{} files can be decoded", sounds.len());
    for (name, rate, sound) in sounds {
        let out = limited(rate, -1.0, &sound);
        let mut read =
            vec![("the oracle", oracle.peak_db(&out)), ("ebur128", oracle::ebur128_db(rate, &out))];
        // ffmpeg knows no rates that are so low.
        if has_ffmpeg && rate >= 16_000 {
            read.extend(oracle::ffmpeg_db(rate, &out).map(|db| ("ffmpeg", db)));
        }
        for (witness, db) in read {
            assert!(db <= -1.0, "{name}: {witness} reads {db} dBTP");
        }
    }
}

/// Distortion and noise of `tones` (Hz and gain), held `held_db` under their
/// peak, after a second; relative to the tones.
fn impurity(rate: u32, tones: &[(f64, f32)], held_db: f32) -> f64 {
    let n = rate as usize;
    let mut plane = vec![0.0; 2 * n];
    for &(hz, gain) in tones {
        plane.iter_mut().zip(sine(rate, hz, 2 * n, gain)).for_each(|(sum, x)| *sum += x);
    }
    let peak = plane.iter().fold(0.0f32, |most, x| most.max(x.abs()));
    let ceiling = 20.0 * peak.log10() - held_db;
    let out = limited(rate, ceiling, &vec![plane.clone(), plane]);
    let hz: Vec<f64> = tones.iter().map(|tone| tone.0).collect();
    impurity_db(rate, &out[0][n..], &hz)
}

#[test]
fn tones_held_by_less_than_3_db_stay_pure() {
    let check = |tones: &[(f64, f32)], most: f64| {
        for rate in [44_100, 48_000, 96_000] {
            let got = impurity(rate, tones, 2.0);
            assert!(got <= most, "{tones:?} at {rate} Hz: {got} dB");
        }
    };
    for hz in [35.0, 41.0, 60.0, 100.0, 1_000.0] {
        check(&[(hz, 0.9)], -110.0);
    }
    // Two tones beat: their peaks differ by some hundredths from one period of
    // the bass to the next, and gain follows them, but not the bass itself.
    check(&[(60.0, 0.7), (1_000.0, 0.2)], -50.0);
    check(&[(41.0, 0.7), (3_000.0, 0.2)], -50.0);
}

#[test]
fn gain_falls_within_the_look_ahead_and_rises_no_faster_than_the_release() {
    let rate = 48_000;
    // A steady tone far under the ceiling, with one click over it.
    let mut plane = sine(rate, 997.0, rate as usize, 0.1);
    plane[20_000] = 1.0;
    let out = limited(rate, -3.0, &vec![plane.clone(), plane.clone()]);
    let latency = 250;
    let at = (0..2 * latency).max_by(|&a, &b| out[0][20_000 + a].abs().total_cmp(&out[0][20_000 + b].abs()));
    let latency = at.expect("a click comes out");
    let gains: Vec<f64> = (0..30_000)
        .step_by(48)
        .map(|start| {
            let power = |x: &[f32]| x.iter().map(|x| f64::from(x * x)).sum::<f64>();
            (power(&out[0][start + latency..][..48]) / power(&plane[start..][..48])).sqrt()
        })
        .collect();
    let click = 20_000 / 48;
    let deepest = gains[click + 1];
    assert!((0.6..0.71).contains(&deepest), "held to {deepest}");
    assert!(
        gains[..click - 6].iter().all(|gain| (gain - 1.0).abs() < 1e-6),
        "untouched before the look-ahead"
    );
    for (n, pair) in gains.windows(2).enumerate().skip(click + 1) {
        // A release of 80 ms goes at most 1/80 of the way in a millisecond.
        assert!(
            pair[1] >= pair[0] - 1e-6 && pair[1] - pair[0] < (1.0 - deepest) / 75.0,
            "{pair:?} at {n} ms"
        );
    }
    let after_ms =
        gains[click..].iter().position(|&gain| gain > 1.0 - 0.37 * (1.0 - deepest)).expect("it rises");
    assert!((85..115).contains(&after_ms), "hold and one time constant take {after_ms} ms");
}
