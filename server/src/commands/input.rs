//! Opening and measuring what the command line names.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

use auralis_core::decode::{self, Decoder};
use auralis_core::error::{Error, Kind};
use auralis_core::fingerprint::{self, Fingerprint};
use auralis_core::flow::Source;

use super::progress::Progress;
use super::{Failure, Outcome, chain, interrupt, say};

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
    let mut decoder = open(path)?;
    let progress = Progress::new(doing, decoder.expected_frames());
    let mut keep_going = |frames| {
        progress.at(frames);
        !interrupt::asked()
    };
    let measured = fingerprint::measure(&mut decoder, &mut keep_going);
    let fingerprint = measured.map_err(|error| failed(path, &error))?;
    drop(progress);
    concealed(path, &decoder);
    Ok(Measured { fingerprint, codec: decoder.format().to_owned(), bits: decoder.bits_per_sample() })
}

/// Says so if parts of the file could not be decoded.
fn concealed(path: &Path, decoder: &Decoder) {
    if decoder.n_concealed() > 0 {
        say(&format!("{}: {} damaged parts were replaced by silence", path.display(), decoder.n_concealed()));
    }
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
