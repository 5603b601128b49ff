//! What is measured on: a made-up track of a minute, plans for it, and the track
//! in every format that ffmpeg can write here.

use std::path::{Path, PathBuf};

use auralis_core::block::Block;
use auralis_core::chain::Chain;
use auralis_core::encode::{self, Format};
use auralis_core::fingerprint::{self, Fingerprint};
use auralis_core::flow::{Processor, Spec};
use auralis_core::plan::{self, Preset, Stages, Stereo, Taste};
use auralis_tests::signals::{Character, Memory, Planes, track};

/// Formats by file extension, with what ffmpeg needs to be told for each.
const FORMATS: [(&str, &[&str]); 6] = [
    ("mp3", &["-b:a", "256k"]),
    ("m4a", &["-c:a", "aac", "-b:a", "192k"]),
    ("ogg", &["-c:a", "libvorbis", "-q:a", "6"]),
    ("opus", &["-b:a", "160k"]),
    ("wav", &[]),
    ("alac.m4a", &["-c:a", "alac"]),
];

/// How many times over the track is as long as music often is.
const LONG: u64 = 3;

/// The track and what belongs to it.
pub struct Material {
    /// Its length.
    pub seconds: f64,
    /// Its rate.
    pub rate: u32,
    /// Its sound.
    pub planes: Planes,
    /// What is measured of it.
    pub fingerprint: Fingerprint,
    /// What the default taste does to it: some stages may rest.
    pub adaptive: Stages,
    /// Stages that are all at work.
    pub stages: Stages,
    folder: tempfile::TempDir,
    files: Vec<(String, PathBuf)>,
}

impl Material {
    /// Makes it, and the files.
    pub fn new() -> Self {
        let (seconds, rate) = (60.0, 44_100);
        let planes = track(Character::Boomy, 1, rate, seconds);
        let mut source = Memory::new(rate, planes.clone());
        let measured = fingerprint::measure(&mut source, &mut |_| true).expect("sound is measured");
        let (adaptive, stages) = (planned(&measured, Preset::Adaptive), all_at_work(&measured));
        assert_at_work(&stages, rate, &planes);
        let folder = auralis_tests::folder();
        let (fingerprint, files) = (measured, Vec::new());
        let mut made = Material { seconds, rate, planes, fingerprint, adaptive, stages, folder, files };
        made.write(Format::Flac16, &made.flac(), 1);
        made.write(Format::Flac16, &made.long_flac(), LONG);
        made.files.push(("flac".to_owned(), made.flac()));
        for (format, flags) in FORMATS {
            let path = made.folder().join(format!("track.{format}"));
            let Some(mut ffmpeg) = auralis_tests::ffmpeg() else { break };
            let written =
                ffmpeg.args(["-loglevel", "error", "-i"]).arg(made.flac()).args(flags).arg(&path).status();
            if written.is_ok_and(|status| status.success()) {
                made.files.push((format.to_owned(), path));
            }
        }
        made
    }

    /// The track as a file, so many times over.
    fn write(&self, format: Format, path: &Path, times: u64) {
        let spec = Spec { rate: self.rate, n_channels: 2 };
        let n_frames = times * self.planes[0].len() as u64;
        let file = std::fs::File::create(path).expect("a file can be made");
        let mut encoder = encode::encoder(format, spec, n_frames, false, Box::new(file)).expect("an encoder");
        let whole: Vec<&[f32]> = self.planes.iter().map(Vec::as_slice).collect();
        for _ in 0..times {
            encoder.write(&Block::from_planes(&whole)).expect("frames are written");
        }
        encoder.finish().expect("the file is finished");
    }

    /// The folder of the files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The track as FLAC.
    pub fn flac(&self) -> PathBuf {
        self.folder().join("track.flac")
    }

    /// The track three times over, as FLAC.
    pub fn long_flac(&self) -> PathBuf {
        self.folder().join("long.flac")
    }

    /// The length of that.
    pub fn long_seconds(&self) -> f64 {
        LONG as f64 * self.seconds
    }

    /// Format and file.
    pub fn files(&self) -> impl Iterator<Item = (&str, &Path)> {
        self.files.iter().map(|(format, path)| (format.as_str(), path.as_path()))
    }

    /// Puts the plan and the sound where scripts find them: as plain floats for
    /// the engine, as a WAV for the analyst, as JSON for the page.
    pub fn for_scripts(&self) {
        let write = |name: &str, floats: &mut dyn Iterator<Item = f32>| {
            let bytes: Vec<u8> = floats.flat_map(f32::to_le_bytes).collect();
            std::fs::write(self.folder().join(name), bytes).expect("a file can be made");
        };
        // Behind the stages come the gains of a comparison.
        write("plan.f32", &mut self.stages.to_floats().into_iter().chain([0.0, 0.0]));
        write("planes.f32", &mut self.planes.iter().flatten().copied());
        self.write(Format::WavF32, &self.folder().join("floats.wav"), 1);
        let stages = serde_json::to_string(&self.stages).expect("stages are JSON");
        std::fs::write(self.folder().join("stages.json"), stages).expect("a file can be made");
    }
}

fn planned(measured: &Fingerprint, preset: Preset) -> Stages {
    let taste = Taste { preset, ..Taste::default() };
    plan::plan(measured, &taste).expect("the taste is valid").stages
}

/// Stages none of which rests: the ride and the dynamics of *night*, and numbers
/// of our own where a plan may leave the sound as it is.
fn all_at_work(measured: &Fingerprint) -> Stages {
    let mut stages = planned(measured, Preset::Night);
    for (band, gain_db) in stages.eq.iter_mut().zip([2.0, -1.5, 1.0, -2.0, 1.5, -1.0, 2.0, -1.5]) {
        band.gain_db = gain_db;
    }
    stages.saturation.drive = 0.3;
    stages.stereo = Stereo { width: 1.2, width_high: 1.3, bass_mono: 0.5, ..stages.stereo };
    stages
}

/// A row that speaks of all stages would lie if one of them rested.
fn assert_at_work(stages: &Stages, rate: u32, planes: &Planes) {
    let Stages { input_gain_db, ride, eq, dynamics, saturation, stereo, output_gain_db, .. } = stages;
    assert!(*input_gain_db != 0.0 && *output_gain_db != 0.0, "a gain rests");
    assert!(ride.gain_db.windows(2).any(|knots| knots[0] != knots[1]), "the ride rests");
    assert!(eq.iter().all(|band| band.gain_db != 0.0), "the equaliser rests");
    assert!(
        dynamics.iter().all(|band| band.slope * band.range_db + band.lift * band.lift_range_db > 0.0),
        "the dynamics rest"
    );
    assert!(saturation.drive > 0.0 && *stereo != Stages::neutral().stereo, "saturation or stereo rests");
    let mut chain = Chain::new(rate, stages).expect("the plan's stages are valid");
    chain.process(&mut Block::from_planes(&planes.iter().map(Vec::as_slice).collect::<Vec<_>>()));
    assert!(chain.take_reduction().0 < -1.0, "the limiter rests");
}
