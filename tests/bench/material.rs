//! What is measured on: a made-up track of a minute, its plan, and the track in
//! every format that ffmpeg can write here.

use std::path::{Path, PathBuf};

use auralis_core::block::Block;
use auralis_core::encode::{self, Format};
use auralis_core::flow::Spec;
use auralis_core::plan::{Stages, Taste};
use auralis_core::{fingerprint, plan};
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

/// The track and what belongs to it.
pub struct Material {
    /// Its length.
    pub seconds: f64,
    /// Its rate.
    pub rate: u32,
    /// Its sound.
    pub planes: Planes,
    /// What its plan does to it.
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
        let stages = plan::plan(&measured, &Taste::default()).expect("a default taste is valid").stages;
        let folder = auralis_tests::folder();
        let mut made = Material { seconds, rate, planes, stages, folder, files: Vec::new() };
        made.write_flac();
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

    fn write_flac(&self) {
        let spec = Spec { rate: self.rate, n_channels: 2 };
        let n_frames = self.planes[0].len() as u64;
        let file = std::fs::File::create(self.flac()).expect("a file can be made");
        let mut encoder =
            encode::encoder(Format::Flac16, spec, n_frames, false, Box::new(file)).expect("FLAC");
        let whole: Vec<&[f32]> = self.planes.iter().map(Vec::as_slice).collect();
        encoder.write(&Block::from_planes(&whole)).expect("frames are written");
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

    /// Format and file.
    pub fn files(&self) -> impl Iterator<Item = (&str, &Path)> {
        self.files.iter().map(|(format, path)| (format.as_str(), path.as_path()))
    }

    /// Plan and PCM as plain floats: what the engine takes.
    pub fn for_engine(&self) -> (PathBuf, PathBuf) {
        let write = |name: &str, floats: &mut dyn Iterator<Item = f32>| {
            let path = self.folder().join(name);
            let bytes: Vec<u8> = floats.flat_map(f32::to_le_bytes).collect();
            std::fs::write(&path, bytes).expect("a file can be made");
            path
        };
        let plan = write("plan.f32", &mut self.stages.to_floats().into_iter().chain([0.0, 0.0]));
        (plan, write("planes.f32", &mut self.planes.iter().flatten().copied()))
    }
}
