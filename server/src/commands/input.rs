//! Opening and measuring what the command line names.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

use auralis_core::decode::{self, Decoder};
use auralis_core::error::{Error, Kind};
use auralis_core::fingerprint::{Fingerprint, Measurer};
use auralis_core::flow::Source;

use super::kept::{Budget, Keeping, Kept};
use super::progress::Progress;
use super::{Failure, Outcome, chain, interrupt, say};
use crate::copy;

/// A measured file.
pub struct Measured {
    /// What was measured.
    pub fingerprint: Fingerprint,
    /// The codec.
    pub codec: String,
    /// The depth of its samples, where they are integers.
    pub bits: Option<u32>,
}

/// Opens `path`, or says what is wrong with it and what to do.
pub fn open(path: &Path) -> Outcome<Decoder> {
    let shown = path.display();
    let refuse = |why: String| Failure::Failed(why);
    let unopened = |error: std::io::Error| {
        refuse(match error.kind() {
            ErrorKind::NotFound => format!("{shown}: there is no such file; check the path"),
            ErrorKind::PermissionDenied => {
                format!("{shown}: no permission to read it; change its permissions or copy it elsewhere")
            }
            _ => format!("{shown}: it cannot be opened: {error}"),
        })
    };
    // Opening a pipe would wait for its writer.
    let metadata = std::fs::metadata(path).map_err(unopened)?;
    if metadata.is_dir() {
        return Err(refuse(format!(
            "{shown}: this is a folder; give a file, or read whole folders with auralis scan"
        )));
    }
    if !metadata.is_file() {
        return Err(refuse(format!("{shown}: this is not a regular file; copy it into one first")));
    }
    let file = File::open(path).map_err(unopened)?;
    let extension = path.extension().and_then(|extension| extension.to_str());
    decode::open(Box::new(file), Some(metadata.len()), extension).map_err(|error| failed(path, &error))
}

/// What a core error means for this file.
pub fn failed(path: &Path, error: &Error) -> Failure {
    if error.kind == Kind::Cancelled {
        return Failure::Interrupted;
    }
    let hint = match error.kind {
        Kind::Unsupported => {
            "; convert it first: MP3, AAC, ALAC, FLAC, Vorbis, Opus, WAV, AIFF and CAF are read"
        }
        Kind::Damaged => "; is the file whole? copy it again from where it came",
        _ => "",
    };
    Failure::Failed(format!("{}: {}{hint}", path.display(), chain(error)))
}

/// Measures the whole of `path`.
pub fn measure(path: &Path, doing: &str) -> Outcome<Measured> {
    measure_keeping(path, doing, &Budget::new(0)).map(|(measured, _)| measured)
}

/// Measures the whole of `path`; also gives its frames as they were read, if
/// they fit into the budget.
pub fn measure_keeping(path: &Path, doing: &str, budget: &Budget) -> Outcome<(Measured, Option<Kept>)> {
    let mut source = Keeping::new(open(path)?, budget);
    let progress = Progress::new(doing, source.expected_frames());
    let fingerprint = measured(&mut source, path, true, |n_done| {
        progress.at(n_done);
        !interrupt::asked()
    })?;
    drop(progress);
    let decoder = source.inner();
    if let Some(complaint) = concealed(path, decoder) {
        say(&complaint);
    }
    let (codec, bits) = (decoder.format().to_owned(), decoder.bits_per_sample());
    Ok((Measured { fingerprint, codec, bits }, source.into_kept()))
}

/// Measures all of `source`, which is read from `path`, by one thread or by two.
/// `going` hears how many frames are done, and may stop it.
pub fn measured(
    source: &mut (dyn Source + Send),
    path: &Path,
    in_two: bool,
    mut going: impl FnMut(u64) -> bool,
) -> Outcome<Fingerprint> {
    /// Frames measured at a time.
    const BLOCK: usize = 8_192;
    let unmeasured = |error| failed(path, &error);
    let mut measurer = Measurer::new(source.spec()).map_err(unmeasured)?;
    let mut n_done = 0;
    copy::pass(source, BLOCK, in_two, unmeasured, |block| {
        measurer.push(block);
        n_done += block.n_frames() as u64;
        if going(n_done) { Ok(()) } else { Err(Failure::Interrupted) }
    })?;
    Ok(measurer.finish())
}

/// A complaint, if parts of the file could not be decoded.
pub fn concealed(path: &Path, decoder: &Decoder) -> Option<String> {
    let n_parts = decoder.n_concealed();
    (n_parts > 0).then(|| format!("{}: {n_parts} damaged parts were replaced by silence", path.display()))
}

/// Does `work` for each path; names what fails and goes on.
pub fn each(paths: &[std::path::PathBuf], mut work: impl FnMut(&Path) -> Outcome<()>) -> Outcome<()> {
    let mut is_whole = true;
    for path in paths {
        match work(path) {
            Ok(()) => {}
            Err(Failure::Failed(message)) => {
                say(&message);
                is_whole = false;
            }
            Err(other) => return Err(other),
        }
    }
    if is_whole { Ok(()) } else { Err(Failure::Named) }
}

/// Prints one line on standard output.
pub fn print(line: &str) -> Outcome<()> {
    use std::io::Write;
    match writeln!(std::io::stdout(), "{line}") {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Failure::Enough),
        Err(error) => Err(Failure::Failed(format!("standard output: {error}"))),
    }
}

/// Prints one JSON object: `value` with the path it is about.
pub fn print_json(path: &Path, value: impl serde::Serialize) -> Outcome<()> {
    let mut object = serde_json::Map::new();
    object.insert("path".to_owned(), path.to_string_lossy().into());
    match serde_json::to_value(value) {
        Ok(serde_json::Value::Object(fields)) => object.extend(fields),
        Ok(other) => return Err(Failure::Failed(format!("{}: {other} is no object", path.display()))),
        Err(error) => return Err(Failure::Failed(format!("{}: {error}", path.display()))),
    }
    print(&serde_json::Value::Object(object).to_string())
}
