//! Where a track's picture is: in its file, the front cover first, else beside
//! it in the folder. Only inside the library, as [`media::open`] has it.

use std::fs::File;
use std::io::{BufReader, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use lofty::config::{ParseOptions, ParsingMode};
use lofty::file::TaggedFileExt;
use lofty::picture::{Picture, PictureType};
use lofty::probe::Probe;

use super::claim::Kind;
use crate::catalog::{Measurable, key};
use crate::media::{self, Stamp, bytes_of, path_of};

/// Largest picture read, in bytes.
pub const MAX_PICTURE: u64 = 16 << 20;
/// Names of pictures beside a track, the likeliest first.
const NAMES: [&str; 5] = ["cover", "folder", "front", "album", "albumart"];
/// Their extensions, likewise.
const EXTENSIONS: [&str; 5] = ["jpg", "jpeg", "png", "webp", "gif"];

/// Where a picture is.
#[derive(Clone, Debug)]
pub enum Source {
    /// In a track's file.
    Embedded(Box<Measurable>),
    /// In a file of its own, by its real path.
    Beside(PathBuf, Stamp),
}

impl Source {
    /// Where the picture of this track is.
    pub fn of(track: Measurable) -> Option<Self> {
        // What is gone has nothing in it; what lies beside may still be there.
        if track.has_art && media::open(&track).is_ok() {
            return Some(Source::Embedded(Box::new(track)));
        }
        let root = path_of(&track.folder).canonicalize().ok()?;
        let directory = root.join(path_of(&track.path).parent()?).canonicalize().ok()?;
        beside(&directory, &root)
    }

    /// Its id: another file, size or time is another picture.
    pub fn id(&self) -> String {
        match self {
            Source::Embedded(track) => media::file_id(track),
            Source::Beside(path, Stamp { size, mtime_ns }) => {
                key(&[&bytes_of(path), &size.to_le_bytes(), &mtime_ns.to_le_bytes()])
            }
        }
    }

    /// The file that it is in.
    pub fn path(&self) -> PathBuf {
        match self {
            Source::Embedded(track) => path_of(&track.folder).join(path_of(&track.path)),
            Source::Beside(path, _) => path.clone(),
        }
    }

    /// The picture's bytes, if there are not too many.
    pub fn read(&self) -> Option<Vec<u8>> {
        match self {
            Source::Embedded(track) => {
                let file = media::open(track).ok()?;
                // A tag that upsets its reader holds no picture.
                catch_unwind(AssertUnwindSafe(|| embedded(file))).ok()?
            }
            Source::Beside(path, _) => {
                let mut bytes = Vec::new();
                File::open(path).ok()?.take(MAX_PICTURE + 1).read_to_end(&mut bytes).ok()?;
                is_picture(&bytes).then_some(bytes)
            }
        }
    }
}

/// Whether these bytes may be a picture.
pub fn is_picture(bytes: &[u8]) -> bool {
    bytes.len() as u64 <= MAX_PICTURE && Kind::of(bytes).is_some()
}

/// The picture in a file: its front cover, else the first.
fn embedded(file: File) -> Option<Vec<u8>> {
    let options = ParseOptions::new().read_properties(false).parsing_mode(ParsingMode::Relaxed);
    let probe = Probe::new(BufReader::new(file)).options(options).guess_file_type().ok()?;
    let mut tagged = probe.read().ok()?;
    let kind = tagged.primary_tag().or_else(|| tagged.first_tag())?.tag_type();
    // Taken and not copied: pictures are what is large in a tag.
    let mut tag = tagged.remove(kind)?;
    let pictures = tag.pictures().iter().enumerate().filter(|(_, picture)| is_picture(picture.data()));
    let is_front = |picture: &Picture| picture.pic_type() == PictureType::CoverFront;
    let (idx, _) = pictures.min_by_key(|(_, picture)| !is_front(picture))?;
    Some(tag.remove_picture(idx).into_data())
}

/// The picture in a directory of the library at `root`.
fn beside(directory: &Path, root: &Path) -> Option<Source> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).ok()?.flatten() {
        let path = entry.path();
        if let Some(rank) = rank(&path) {
            found.push((rank, path));
        }
    }
    found.sort_unstable();
    found.into_iter().find_map(|(_, path)| {
        // A link may lie there, but not lead out.
        let real = path.canonicalize().ok().filter(|real| real.starts_with(root))?;
        let metadata = std::fs::metadata(&real).ok()?;
        let fits = metadata.is_file() && (1..=MAX_PICTURE).contains(&metadata.len());
        fits.then(|| Source::Beside(real, Stamp::of(&metadata)))
    })
}

/// How likely a file is the picture of its folder, the likeliest first.
fn rank(path: &Path) -> Option<(usize, usize)> {
    let place = |part: Option<&std::ffi::OsStr>, known: &[&str]| {
        let part = part?.to_str()?;
        known.iter().position(|known| part.eq_ignore_ascii_case(known))
    };
    Some((place(path.file_stem(), &NAMES)?, place(path.extension(), &EXTENSIONS)?))
}
