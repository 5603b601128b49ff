//! What must not change a fingerprint, on made and on real music: gain,
//! polarity, left and right exchanged, the sample rate, silence at the ends,
//! MP3 at 256 kb/s. One table says by how much each number may differ.

use std::fs;
use std::path::Path;

use auralis_core::block::Block;
use auralis_core::decode;
use auralis_core::fingerprint::{Fingerprint, Measurer, NAMES};
use auralis_core::flow::{Source, Spec};
use auralis_core::resample::Resampler;
use auralis_tests::signals::{Character, Planes, track};
use auralis_tests::{corpus, ffmpeg, folder};

/// How much is heard of each piece, in seconds. Whole seconds: what lies in
/// which second is then the same with a second of silence before it.
const SECONDS: usize = 30;

/// By how much each number may differ, in its own unit: by gain (−20 and +4.6 dB),
/// polarity and exchange, rate (48 and 96 kHz for 44.1), a second of silence at
/// both ends, and MP3. What silence changes by definition is taken off before,
/// but for the range and deviation of loudness: windows of 3 s that reach into
/// the silence are few only in longer tracks. A window of the spectrum is 93 ms
/// at 44.1 kHz and 85 ms at 48 and 96: what is judged from window to window
/// (onsets, what lasts, pitch) shows it, and bins share low bands otherwise.
/// One onset in ten seconds is 0.1.
const BOUNDS: [(&str, [f64; 5]); 30] = [
    ("sub_bass", [1e-5, 1e-5, 0.012, 0.001, 0.001]),
    ("bass", [1e-5, 1e-5, 0.012, 0.001, 0.001]),
    ("low_mid", [1e-5, 1e-5, 0.012, 0.001, 0.001]),
    ("mid", [1e-5, 1e-5, 0.012, 0.001, 0.001]),
    ("upper_mid", [1e-5, 1e-5, 0.001, 0.001, 0.001]),
    ("presence", [1e-5, 1e-5, 0.001, 0.001, 0.001]),
    ("air", [1e-5, 1e-5, 0.001, 0.001, 0.001]),
    ("lufs", [0.01, 0.0, 0.05, 0.11, 0.02]),
    ("crest_db", [0.01, 0.0, 0.25, 0.02, 0.25]),
    ("bass_mid_ratio", [0.01, 0.0, 0.02, 0.02, 0.02]),
    ("tempo_bpm", [0.0, 0.0, 0.2, 0.25, 0.2]),
    ("rhythm_stability", [0.0001, 0.0, 0.002, 0.002, 0.002]),
    ("transient_density", [0.11, 0.0, 0.5, 0.11, 0.11]),
    ("silence_ratio", [0.0001, 0.0, 0.003, 0.006, 0.001]),
    ("spectral_centroid", [0.1, 0.0, 12.0, 1.0, 25.0]),
    ("spectral_rolloff", [0.1, 0.0, 5.0, 1.0, 5.0]),
    ("spectral_flatness", [0.0001, 0.0, 0.001, 0.001, 0.003]),
    ("harmonic_ratio", [0.0001, 0.0, 0.035, 0.005, 0.001]),
    ("pitch_stability", [0.0001, 0.0, 0.07, 0.007, 0.007]),
    ("chroma_energy", [0.0001, 0.0, 0.01, 0.004, 0.001]),
    ("dynamic_range_variation", [0.01, 0.0, 0.25, 0.02, 0.1]),
    ("loudness_variation_std", [0.01, 0.0, 0.02, 1.3, 0.02]),
    ("peak_consistency", [0.0001, 0.0, 0.01, 0.001, 0.01]),
    ("stereo_width", [0.0001, 0.0, 0.001, 0.0001, 0.001]),
    ("phase_correlation", [0.0001, 0.0, 0.001, 0.0001, 0.001]),
    ("true_peak_dbtp", [0.01, 0.0, 0.1, 0.01, 0.1]),
    ("sample_peak_dbfs", [0.01, 0.0, 0.25, 0.01, 0.25]),
    ("lra_lu", [0.01, 0.0, 0.02, 1.5, 0.02]),
    ("max_momentary", [0.01, 0.0, 0.05, 0.01, 0.02]),
    ("max_short_term", [0.01, 0.0, 0.05, 0.01, 0.02]),
];

/// Sound at a rate.
struct Sound {
    rate: u32,
    planes: Planes,
}

impl Sound {
    fn fingerprint(&self) -> Fingerprint {
        let spec = Spec { rate: self.rate, n_channels: self.planes.len() };
        let mut measurer = Measurer::new(spec).expect("a shape that can be measured");
        let slices: Vec<&[f32]> = self.planes.iter().map(Vec::as_slice).collect();
        measurer.push(&Block::from_planes(&slices));
        measurer.finish()
    }

    fn scaled(&self, gain: f32) -> Sound {
        let planes = self.planes.iter().map(|plane| plane.iter().map(|x| gain * x).collect()).collect();
        Sound { rate: self.rate, planes }
    }

    fn exchanged(&self) -> Sound {
        Sound { rate: self.rate, planes: self.planes.iter().rev().cloned().collect() }
    }

    fn between_silences(&self) -> Sound {
        let silence = vec![0.0; self.rate as usize];
        let planes = self.planes.iter().map(|plane| [&silence[..], plane, &silence[..]].concat()).collect();
        Sound { rate: self.rate, planes }
    }

    fn resampled(&self, rate: u32) -> Sound {
        const STEP: usize = 1_024;
        let mut resampler = Resampler::new(self.rate, rate, STEP).expect("rates that can be converted");
        let n_out = self.planes[0].len() * rate as usize / self.rate as usize;
        let late = resampler.delay();
        let mut input = Block::new(2, resampler.max_needed());
        let mut output = Block::new(2, STEP);
        let mut planes: Planes = vec![Vec::new(); 2];
        let mut from = 0;
        while planes[0].len() < n_out + late {
            let n = resampler.needed();
            input.set_frames(n);
            for channel in 0..2 {
                let plane = &self.planes[channel];
                for (i, x) in input.plane_mut(channel).iter_mut().enumerate() {
                    *x = plane.get(from + i).copied().unwrap_or(0.0);
                }
            }
            from += n;
            resampler.step(&input, &mut output).expect("a step");
            for (channel, plane) in planes.iter_mut().enumerate() {
                plane.extend_from_slice(output.plane(channel));
            }
        }
        let planes = planes.iter().map(|plane| plane[late..late + n_out].to_vec()).collect();
        Sound { rate, planes }
    }

    /// Through ffmpeg's LAME at 256 kb/s; `None` where there is none.
    fn as_mp3(&self) -> Option<Sound> {
        let folder = folder();
        let (raw, mp3) = (folder.path().join("in.f32"), folder.path().join("out.mp3"));
        let frames = 0..self.planes[0].len();
        let bytes = frames.flat_map(|i| self.planes.iter().map(move |plane| plane[i]));
        fs::write(&raw, bytes.flat_map(f32::to_le_bytes).collect::<Vec<u8>>()).expect("a disk");
        let mut ffmpeg = ffmpeg()?;
        ffmpeg
            .args(["-v", "error", "-f", "f32le", "-ac", "2", "-ar", &self.rate.to_string(), "-i"])
            .arg(&raw);
        ffmpeg.args(["-c:a", "libmp3lame", "-b:a", "256k"]).arg(&mp3);
        let ran = ffmpeg.output().expect("ffmpeg runs");
        if !ran.status.success() {
            auralis_tests::skipped("ffmpeg has no libmp3lame");
            return None;
        }
        decoded(&mp3)
    }
}

/// At most [`SECONDS`] whole seconds of a file, from its middle, in stereo.
fn decoded(path: &Path) -> Option<Sound> {
    let file = fs::File::open(path).ok()?;
    let n_bytes = file.metadata().ok()?.len();
    let extension = path.extension().and_then(|extension| extension.to_str());
    let mut decoder = decode::open(Box::new(file), Some(n_bytes), extension).ok()?;
    let rate = decoder.spec().rate;
    let mut planes = auralis_tests::signals::read_all(&mut decoder, 8_192).ok()?;
    if planes.len() == 1 {
        planes.push(planes[0].clone());
    }
    let second = rate as usize;
    let n_seconds = planes[0].len() / second;
    let n = n_seconds.min(SECONDS);
    let from = (n_seconds - n) / 2 * second;
    let planes = planes.iter().map(|plane| plane[from..from + n * second].to_vec()).collect();
    Some(Sound { rate, planes })
}

/// The number called `name`.
fn value(fp: &Fingerprint, name: &str) -> Option<f64> {
    match name {
        "true_peak_dbtp" => fp.true_peak_dbtp,
        "sample_peak_dbfs" => fp.sample_peak_dbfs,
        "lra_lu" => Some(fp.lra_lu),
        "max_momentary" => fp.max_momentary,
        "max_short_term" => fp.max_short_term,
        _ => fp.descriptors.get(name),
    }
}

/// What becomes of `x` by definition where the sound is `gain_db` louder and
/// `longer` times as long by silence.
fn foretold(name: &str, x: f64, gain_db: f64, longer: f64) -> f64 {
    match name {
        "lufs" | "true_peak_dbtp" | "sample_peak_dbfs" | "max_momentary" | "max_short_term" => x + gain_db,
        "crest_db" => x + 10.0 * longer.log10(),
        "transient_density" => x / longer,
        "silence_ratio" => 1.0 - (1.0 - x) / longer,
        _ => x,
    }
}

/// Where numbers went too far.
struct Faults(Vec<String>);

/// The worst differences met, by name and change.
type Worst = Vec<[f64; 5]>;

fn compare(
    piece: &str,
    (change, column): (&str, usize),
    before: &Fingerprint,
    after: &Fingerprint,
    gain_db: f64,
    worst: &mut Worst,
    faults: &mut Faults,
) {
    let longer = after.duration_s() / before.duration_s();
    for ((name, bounds), worst) in BOUNDS.iter().zip(worst) {
        let (Some(x), Some(y)) = (value(before, name), value(after, name)) else {
            faults.0.push(format!("{piece}, {change}: {name} is missing"));
            continue;
        };
        let expected = foretold(name, x, gain_db, longer);
        let off = (y - expected).abs();
        worst[column] = worst[column].max(off);
        // Both are rounded, which the bounds need not know of.
        if off > bounds[column] + 1e-9 {
            faults.0.push(format!("{piece}, {change}: {name} is {y} for {expected:.5}"));
        }
    }
}

fn hold(piece: &str, sound: &Sound, worst: &mut Worst, faults: &mut Faults) {
    let before = sound.fingerprint();
    let mut check = |change: &str, column: usize, after: &Sound, gain_db: f64| {
        compare(piece, (change, column), &before, &after.fingerprint(), gain_db, worst, faults);
    };
    check("−20 dB", 0, &sound.scaled(0.1), -20.0);
    check("+4.6 dB", 0, &sound.scaled(1.7), 20.0 * 1.7f64.log10());
    check("polarity", 1, &sound.scaled(-1.0), 0.0);
    check("exchanged", 1, &sound.exchanged(), 0.0);
    for rate in [48_000, 96_000] {
        check(&format!("{rate} Hz"), 2, &sound.resampled(rate), 0.0);
    }
    check("silence", 3, &sound.between_silences(), 0.0);
    if let Some(mp3) = sound.as_mp3() {
        check("MP3", 4, &mp3, 0.0);
    }
}

fn judge(worst: &Worst, faults: Faults) {
    println!("{:24} {:>9} {:>9} {:>9} {:>9} {:>9}", "worst", "gain", "polarity", "rate", "silence", "MP3");
    for ((name, _), off) in BOUNDS.iter().zip(worst) {
        println!("{name:24} {}", off.map(|x| format!("{x:9.5}")).join(" "));
    }
    assert!(faults.0.is_empty(), "{}", faults.0.join("\n"));
}

#[test]
fn every_descriptor_has_its_bounds() {
    assert!(NAMES.iter().zip(BOUNDS).all(|(name, (bound, _))| *name == bound));
}

#[test]
fn made_music_keeps_its_fingerprint() {
    let (mut worst, mut faults) = (vec![[0.0; 5]; BOUNDS.len()], Faults(Vec::new()));
    // What is clipped has other samples at another rate, and peaks as much as
    // 2.7 dB higher: the third character is left out.
    for character in [Character::Thin, Character::Boomy] {
        let planes = track(character, 11, 44_100, 20.0);
        hold(&format!("{character:?}"), &Sound { rate: 44_100, planes }, &mut worst, &mut faults);
    }
    judge(&worst, faults);
}

#[test]
fn real_music_keeps_its_fingerprint() {
    let Some(corpus) = corpus() else { return };
    let (mut worst, mut faults) = (vec![[0.0; 5]; BOUNDS.len()], Faults(Vec::new()));
    let mut n_pieces = 0;
    for folder in ["music/librosa", "music/rodio"] {
        let entries = fs::read_dir(corpus.join(folder)).expect("the corpus can be read");
        let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
        paths.sort();
        for path in paths {
            let lossless = ["flac", "ogg", "wav"].iter().any(|e| path.extension().is_some_and(|x| x == *e));
            let name = path.file_name().expect("a file").to_string_lossy().into_owned();
            // Beeps and clips of speech are no music; two are the same again.
            let is_other =
                ["beep", "audacity", "RL.ogg", "music.wav"].iter().any(|other| name.starts_with(other));
            if !lossless || is_other {
                continue;
            }
            let Some(sound) = decoded(&path).filter(|sound| sound.rate == 44_100) else { continue };
            if sound.planes[0].len() < 10 * 44_100 {
                continue;
            }
            n_pieces += 1;
            hold(&name, &sound, &mut worst, &mut faults);
        }
    }
    assert!(n_pieces >= 5, "only {n_pieces} pieces were heard");
    judge(&worst, faults);
}
