//! Runs the program, and makes and reads the files it is given.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use auralis_core::block::Block;
use auralis_core::decode::{self, Decoder};
use auralis_core::encode::{self, Format};
use auralis_core::flow::Spec;
pub use auralis_tests::auralis;
use auralis_tests::signals::{Planes, read_all};
use serde_json::Value;

/// What came of a run.
#[derive(Debug)]
pub struct Run {
    /// The exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Run {
    /// Standard output, one JSON object per line.
    #[track_caller]
    pub fn json(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
    }

    /// The run did all it was asked to, without a complaint.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!((self.code, &*self.err), (Some(0), ""), "{self:#?}");
        self
    }

    /// The run ended with `code`, and standard error says all of `words`.
    #[track_caller]
    pub fn fails(self, code: i32, words: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        for word in words {
            assert!(self.err.contains(word), "{word:?} is not said: {self:#?}");
        }
        assert!(!self.err.contains("panicked"), "{self:#?}");
        self
    }
}

/// Runs the program with `words`.
pub fn run<S: AsRef<OsStr>>(words: impl IntoIterator<Item = S>) -> Run {
    finish(auralis().args(words))
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        Run { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

/// Runs `command` to its end.
pub fn finish(command: &mut Command) -> Run {
    command.output().expect("the program starts").into()
}

/// Starts `command`, whose outputs are read when it has ended.
pub fn start(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts")
}

/// Waits for what was started.
pub fn wait(child: Child) -> Run {
    child.wait_with_output().expect("the program ends").into()
}

/// Writes `planes` as `format`.
pub fn write(path: &Path, format: Format, rate: u32, planes: &Planes) {
    let spec = Spec { rate, n_channels: planes.len() };
    let out = Box::new(File::create(path).expect("a file is made"));
    let n_frames = planes[0].len() as u64;
    let mut encoder = encode::encoder(format, spec, n_frames, false, out).expect("an encoder");
    let views: Vec<&[f32]> = planes.iter().map(Vec::as_slice).collect();
    encoder.write(&Block::from_planes(&views)).expect("frames are written");
    encoder.finish().expect("the file is finished");
}

/// Opens a file.
pub fn open(path: &Path) -> Decoder {
    let file = File::open(path).expect("the file is there");
    let n_bytes = file.metadata().expect("it has a length").len();
    let extension = path.extension().and_then(OsStr::to_str);
    decode::open(Box::new(file), Some(n_bytes), extension).expect("it is sound")
}

/// All frames of a file.
pub fn frames(path: &Path) -> Planes {
    read_all(&mut open(path), 4_096).expect("it can be read")
}

/// The names in a folder, sorted.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The rate, depth, number of frames and MD5 that a FLAC file states (RFC 9639, section 8.2).
pub fn stream_info(path: &Path) -> (u32, u32, u64, String) {
    let bytes = fs::read(path).expect("the file is there");
    assert_eq!(&bytes[..4], b"fLaC");
    let shape = u64::from_be_bytes(bytes[18..26].try_into().expect("8 bytes"));
    let md5 = bytes[26..42].iter().map(|byte| format!("{byte:02x}")).collect();
    ((shape >> 44) as u32, (shape >> 36 & 31) as u32 + 1, shape & 0xF_FFFF_FFFF, md5)
}

/// The bits of samples, so that −0 and 0 differ.
pub fn bits(planes: &Planes) -> Vec<Vec<u32>> {
    planes.iter().map(|plane| plane.iter().map(|x| x.to_bits()).collect()).collect()
}
