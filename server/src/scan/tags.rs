//! What a file says about itself: tags and picture by lofty, shape by the
//! decoder that will play it.

use std::fs::File;
use std::io::{BufReader, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use auralis_core::flow::Source;
use lofty::config::{ParseOptions, ParsingMode};
use lofty::file::TaggedFileExt;
use lofty::picture::{Picture, PictureType};
use lofty::probe::Probe;
use lofty::tag::{Accessor, ItemKey, Tag};

use super::content::content_id;
use crate::catalog::Entry;
use crate::pool::panic_text;

/// Longest text taken from a tag, in characters.
const MAX_TEXT: usize = 1_000;
/// Most artists taken from a tag.
const MAX_ARTISTS: usize = 64;
/// Largest picture served, in bytes.
const MAX_PICTURE: usize = 16 << 20;

/// Why a file is not sound, as the catalog stores it.
#[derive(Debug)]
pub struct Unreadable {
    /// Read or open.
    pub stage: &'static str,
    /// Why, in words for a listener.
    pub reason: String,
    /// What is underneath.
    pub error: Box<dyn std::error::Error + Send + Sync>,
}

/// Fills `entry` from the file at `path`. Bad tags are no tags; only a file
/// that no decoder opens is unreadable, and then `entry` still has a title.
pub fn read(path: &Path, entry: &mut Entry) -> Result<(), Unreadable> {
    entry.title = name(path);
    let file = File::open(path).map_err(|error| unreadable(path, error))?;
    match catch_unwind(AssertUnwindSafe(|| tagged(file))) {
        Ok(Some(tag)) => describe(&tag, entry),
        Ok(None) => {}
        Err(panic) => tracing::warn!(path = %path.display(), panic = panic_text(&*panic), "tags not read"),
    }
    let mut file = File::open(path).map_err(|error| unreadable(path, error))?;
    let content = content_id(&mut file, entry.size).map_err(|error| unreadable(path, error))?;
    file.rewind().map_err(|error| unreadable(path, error))?;
    let shape = catch_unwind(AssertUnwindSafe(|| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        auralis_core::decode::open(Box::new(BufReader::new(file)), Some(entry.size), extension).map(
            |decoder| {
                let spec = decoder.spec();
                entry.codec = Some(decoder.format().to_owned());
                entry.sample_rate = Some(spec.rate);
                entry.channels = Some(spec.n_channels as u32);
                entry.bits = decoder.bits_per_sample();
                entry.duration_s =
                    decoder.expected_frames().unwrap_or(0) as f64 / f64::from(spec.rate.max(1));
            },
        )
    }));
    match shape {
        Ok(Ok(())) => {
            entry.content = Some(content);
            Ok(())
        }
        Ok(Err(error)) => {
            Err(Unreadable { stage: "open", reason: error.message.clone(), error: Box::new(error) })
        }
        Err(panic) => Err(Unreadable {
            stage: "open",
            reason: "the decoder gave up on this file".to_owned(),
            error: format!("the decoder panicked: {}", panic_text(&*panic)).into(),
        }),
    }
}

fn unreadable(path: &Path, error: std::io::Error) -> Unreadable {
    let reason = match error.kind() {
        std::io::ErrorKind::PermissionDenied => "no permission to read the file",
        std::io::ErrorKind::NotFound => "the file is no longer there",
        _ => "the file cannot be read",
    };
    let error = std::io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    Unreadable { stage: "read", reason: reason.to_owned(), error: Box::new(error) }
}

/// The file's name without its extension, readable whatever its bytes are.
fn name(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The file's richest tag, or none.
fn tagged(file: File) -> Option<Tag> {
    let options = ParseOptions::new().read_properties(false).parsing_mode(ParsingMode::Relaxed);
    let probe = Probe::new(BufReader::new(file)).options(options).guess_file_type().ok()?;
    let tagged = probe.read().ok()?;
    tagged.primary_tag().or_else(|| tagged.first_tag()).cloned()
}

fn describe(tag: &Tag, entry: &mut Entry) {
    let text = |key: ItemKey| tag.get_string(key).and_then(clean);
    if let Some(title) = text(ItemKey::TrackTitle) {
        entry.title = title;
    }
    let mut artists: Vec<String> = tag.get_strings(ItemKey::TrackArtists).filter_map(clean).collect();
    if artists.is_empty() {
        artists = tag.get_strings(ItemKey::TrackArtist).filter_map(clean).collect();
    }
    artists.truncate(MAX_ARTISTS);
    entry.artists = artists;
    entry.album = text(ItemKey::AlbumTitle);
    entry.album_artist = text(ItemKey::AlbumArtist);
    entry.genre = text(ItemKey::Genre);
    // Players count from 1; a 0 in a tag means that it is not known.
    entry.track_no = tag.track().filter(|n| *n > 0);
    entry.disc_no = tag.disk().filter(|n| *n > 0);
    entry.year = tag.date().map(|date| u32::from(date.year)).filter(|year| *year > 0);
    entry.has_art = picture(tag).is_some();
}

/// `text` without control characters and surrounding blanks, of bounded
/// length; nothing if nothing is left.
fn clean(text: &str) -> Option<String> {
    let text: String = text.chars().filter(|c| !c.is_control()).take(MAX_TEXT).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn picture(tag: &Tag) -> Option<&Picture> {
    let pictures = tag.pictures();
    let front = pictures.iter().find(|picture| picture.pic_type() == PictureType::CoverFront);
    front.or(pictures.first()).filter(|picture| kind(picture.data()).is_some())
}

/// The media type of a picture by its first bytes: what the tag claims is not
/// believed, and anything a browser could run (SVG) is not a picture here.
fn kind(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        _ if bytes.len() > MAX_PICTURE => None,
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some("image/png"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

/// The picture in a file: its media type and bytes.
pub fn art(file: File) -> Option<(&'static str, Vec<u8>)> {
    let read = || {
        let tag = tagged(file)?;
        let picture = picture(&tag)?;
        Some((kind(picture.data())?, picture.data().to_vec()))
    };
    catch_unwind(AssertUnwindSafe(read)).ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cleaned_and_pictures_are_known_by_their_bytes() {
        assert_eq!(clean(" a\u{0}b\n "), Some("ab".to_owned()));
        assert_eq!(clean("\u{7}  "), None);
        assert_eq!(clean(&"x".repeat(5_000)).map(|text| text.len()), Some(MAX_TEXT));
        assert_eq!(kind(b"\x89PNG\r\n\x1a\n...."), Some("image/png"));
        assert_eq!(kind(b"<svg onload='x'/>"), None);
    }
}
