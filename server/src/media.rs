//! Files of the library, opened only where and as the scan found them.

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use auralis_core::decode::{self, Decoder};

use crate::catalog::{Measurable, key};
use crate::part::Part;

/// Why a track's file is not opened.
#[derive(Debug)]
pub enum Error {
    /// It is gone, or leads out of the library.
    Missing,
    /// It is not the file that was scanned.
    Changed,
    /// The system refuses it.
    Refused(io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Error::Missing => "the file is no longer there",
            Error::Changed => "the file changed since it was scanned",
            Error::Refused(_) => "the file cannot be read",
        })
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Refused(error) => Some(error),
            _ => None,
        }
    }
}

/// Size and time of a file: what says that it is the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Bytes.
    pub size: u64,
    /// Modified, in nanoseconds since 1970.
    pub mtime_ns: i64,
}

impl Stamp {
    /// The stamp in a file's metadata.
    pub fn of(metadata: &std::fs::Metadata) -> Self {
        let mtime_ns = match metadata.modified().map(|time| time.duration_since(UNIX_EPOCH)) {
            Ok(Ok(since)) => since.as_nanos() as i64,
            Ok(Err(before)) => -(before.duration().as_nanos() as i64),
            Err(_) => 0,
        };
        Stamp { size: metadata.len(), mtime_ns }
    }
}

/// Where a track's file was found.
pub fn full_path(track: &Measurable) -> PathBuf {
    path_of(&track.folder).join(path_of(&track.path))
}

/// Opens a track's file, if it is still the one that was scanned.
pub fn open(track: &Measurable) -> Result<File, Error> {
    let root = path_of(&track.folder);
    let path = full_path(track);
    // A link put in its place must not lead out of the library.
    let (Ok(root), Ok(real)) = (root.canonicalize(), path.canonicalize()) else { return Err(Error::Missing) };
    if !real.starts_with(&root) {
        return Err(Error::Missing);
    }
    let file = File::open(&real).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Error::Missing,
        _ => Error::Refused(error),
    })?;
    let metadata = file.metadata().map_err(Error::Refused)?;
    if !metadata.is_file() || Stamp::of(&metadata) != (Stamp { size: track.size, mtime_ns: track.mtime_ns }) {
        return Err(Error::Changed);
    }
    Ok(file)
}

/// A track's sound.
pub type Sound = Part<Decoder>;

/// Opens a track's sound, if its file is still the one that was scanned.
pub fn sound(track: &Measurable) -> Result<Sound, Silent> {
    Ok(watched(track)?.0)
}

/// The same, and its file, by which it can be seen whether it stays that.
pub fn watched(track: &Measurable) -> Result<(Sound, File), Silent> {
    let file = open(track).map_err(Silent::File)?;
    let other = file.try_clone().map_err(|error| Silent::File(Error::Refused(error)))?;
    let extension = extension(track);
    let decoder = decode::open(Box::new(BufReader::new(file)), Some(track.size), extension.as_deref());
    let (first, n_frames) = track.cut;
    let sound = Part::new(decoder.map_err(Silent::Sound)?, first, n_frames).map_err(Silent::Sound)?;
    Ok((sound, other))
}

/// Why a track's sound is not opened.
#[derive(Debug)]
pub enum Silent {
    /// Its file is not.
    File(Error),
    /// What is in it does not sound.
    Sound(auralis_core::error::Error),
}

/// The file's id: another size or time is another file, and so is another part
/// of it.
pub fn file_id(track: &Measurable) -> String {
    let (first, n_frames) = track.cut;
    let [size, first, n_frames] = [track.size, first, n_frames.unwrap_or(0)].map(u64::to_le_bytes);
    let whole = [track.key.as_bytes(), &size, &track.mtime_ns.to_le_bytes()];
    if track.is_whole() { key(&whole) } else { key(&[&whole[..], &[&first, &n_frames]].concat()) }
}

/// The extension of a track's file, in lower case.
pub fn extension(track: &Measurable) -> Option<String> {
    Some(path_of(&track.path).extension()?.to_str()?.to_ascii_lowercase())
}

/// The media type of a track's file.
pub fn media_type(track: &Measurable) -> &'static str {
    match extension(track).as_deref() {
        Some("flac") => "audio/flac",
        Some("mp3" | "mp2" | "mp1") => "audio/mpeg",
        Some("m4a" | "m4b" | "mp4") => "audio/mp4",
        Some("aac" | "adts") => "audio/aac",
        Some("ogg" | "oga" | "opus") => "audio/ogg",
        Some("mka" | "mkv") => "audio/x-matroska",
        Some("webm") => "audio/webm",
        Some("wav" | "wave") => "audio/wav",
        Some("aif" | "aiff" | "aifc") => "audio/aiff",
        Some("caf") => "audio/x-caf",
        _ => "application/octet-stream",
    }
}

/// A path as bytes: exactly the system's on Unix, UTF-8 elsewhere.
pub fn bytes_of(path: &Path) -> Vec<u8> {
    #[cfg(unix)]
    return std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()).to_vec();
    #[cfg(not(unix))]
    return path.to_string_lossy().replace('\\', "/").into_bytes();
}

/// The inverse of [`bytes_of`].
pub fn path_of(bytes: &[u8]) -> PathBuf {
    #[cfg(unix)]
    return PathBuf::from(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(bytes));
    #[cfg(not(unix))]
    return PathBuf::from(String::from_utf8_lossy(bytes).into_owned());
}
