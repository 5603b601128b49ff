//! What a file says about itself: tags by lofty, shape by the
//! decoder that will play it.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufReader, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use auralis_core::flow::Source;
use lofty::config::{ParseOptions, ParsingMode};
use lofty::file::{AudioFile, FileType, TaggedFile, TaggedFileExt};
use lofty::flac::FlacFile;
use lofty::probe::Probe;
use lofty::tag::items::Timestamp;
use lofty::tag::{Accessor, ItemKey, Tag, TagType};

use super::content::content_id;
use super::cue::Sheet;
use super::lyrics;
use super::text::{self, Reread};
use crate::art::is_picture;
use crate::catalog::{Entry, Gains, Ids, More, Name};
use crate::pool::panic_text;

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

/// Fills `entry` from the file at `path` and gives the cue sheet that is in it.
/// Bad tags are no tags; only a file that no decoder opens is unreadable, and
/// then `entry` still has a title.
pub fn read(path: &Path, entry: &mut Entry) -> Result<Option<Sheet>, Unreadable> {
    entry.title = name(path);
    let file = File::open(path).map_err(|error| unreadable(path, error))?;
    let mut sheet = None;
    match catch_unwind(AssertUnwindSafe(|| tagged(file))) {
        Ok(Some((tag, text))) => {
            describe(&tag, entry);
            sheet = text.and_then(|text| Sheet::inside(&text));
        }
        Ok(None) => {}
        Err(panic) => tracing::warn!(path = %path.display(), panic = panic_text(&*panic), "tags not read"),
    }
    if let Some(lyrics) = lyrics::beside(path) {
        entry.lyrics = Some(lyrics);
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
            Ok(sheet)
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

/// The file's richest tag, or none, and the text of the cue sheet in it.
fn tagged(file: File) -> Option<(Tag, Option<String>)> {
    let options = ParseOptions::new().read_properties(false).parsing_mode(ParsingMode::Relaxed);
    let probe = Probe::new(BufReader::new(file)).options(options).guess_file_type().ok()?;
    let mut sheet = None;
    let tagged = if probe.file_type() == Some(FileType::Flac) {
        // Rippers put sheets into a comment that no other kind of tag has.
        let flac = FlacFile::read_from(&mut probe.into_inner(), options).ok()?;
        sheet = flac.vorbis_comments().and_then(|comments| comments.get("CUESHEET")).map(str::to_owned);
        TaggedFile::from(flac)
    } else {
        probe.read().ok()?
    };
    let tag = tagged.primary_tag().or_else(|| tagged.first_tag())?;
    Some((tag.clone(), sheet))
}

/// A tag's texts, as they were meant.
struct Texts<'a> {
    tag: &'a Tag,
    reread: Option<Reread>,
}

impl<'a> Texts<'a> {
    fn new(tag: &'a Tag) -> Self {
        let is_old = matches!(tag.tag_type(), TagType::Id3v1 | TagType::Id3v2 | TagType::RiffInfo);
        let told = [ItemKey::TrackTitle, ItemKey::TrackArtist, ItemKey::AlbumTitle, ItemKey::AlbumArtist];
        let texts = told.into_iter().flat_map(|key| tag.get_strings(key));
        Texts { tag, reread: if is_old { Reread::of(texts) } else { None } }
    }

    fn all(&self, key: ItemKey) -> Vec<String> {
        let texts: Vec<Cow<str>> = self.tag.get_strings(key).map(|text| self.meant(text)).collect();
        text::values(texts.iter().map(|text| &**text))
    }

    fn meant<'b>(&self, text: &'b str) -> Cow<'b, str> {
        match self.reread.as_ref().and_then(|reread| reread.text(text)) {
            Some(meant) => Cow::Owned(meant),
            None => Cow::Borrowed(text),
        }
    }

    fn one(&self, key: ItemKey) -> Option<String> {
        text::line(&self.meant(self.tag.get_string(key)?))
    }

    fn lines(&self, key: ItemKey) -> Option<String> {
        text::lines(&self.meant(self.tag.get_string(key)?))
    }

    /// The names in the first of these fields that has any.
    fn names(&self, keys: &[ItemKey], sort: ItemKey) -> Vec<Name> {
        let names = keys.iter().map(|&key| self.all(key)).find(|names| !names.is_empty()).unwrap_or_default();
        let sorts = self.all(sort);
        // One sort name for several names says nothing of each.
        let is_each = sorts.len() == names.len();
        let sort = |idx: usize| if is_each { sorts.get(idx).cloned() } else { None };
        names.into_iter().enumerate().map(|(idx, name)| Name { name, sort: sort(idx) }).collect()
    }

    fn number(&self, key: ItemKey) -> Option<f64> {
        let text = self.tag.get_string(key)?.trim();
        let digits =
            text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '-' | '+' | '.'))).unwrap_or(text.len());
        text[..digits].parse().ok().filter(|number: &f64| number.is_finite())
    }

    fn date(&self, key: ItemKey) -> Option<Timestamp> {
        date_of(self.tag.get_string(key)?)
    }
}

/// A date in a text; a year at least.
pub(super) fn date_of(text: &str) -> Option<Timestamp> {
    let date = Timestamp::parse(&mut text.as_bytes(), ParsingMode::Relaxed).ok()??;
    Some(date).filter(|date| date.year > 0)
}

fn describe(tag: &Tag, entry: &mut Entry) {
    let texts = Texts::new(tag);
    if let Some(title) = texts.one(ItemKey::TrackTitle) {
        entry.title = title;
    }
    entry.artists =
        texts.names(&[ItemKey::TrackArtists, ItemKey::TrackArtist], ItemKey::TrackArtistSortOrder);
    entry.album = texts.one(ItemKey::AlbumTitle);
    entry.album_artist = texts.one(ItemKey::AlbumArtist);
    entry.album_artists =
        texts.names(&[ItemKey::AlbumArtists, ItemKey::AlbumArtist], ItemKey::AlbumArtistSortOrder);
    entry.composers = texts.names(&[ItemKey::Composer], ItemKey::ComposerSortOrder);
    entry.genres = texts.all(ItemKey::Genre);
    // Players count from 1; a 0 in a tag means that it is not known.
    entry.track_no = tag.track().filter(|n| *n > 0);
    entry.disc_no = tag.disk().filter(|n| *n > 0);
    let released = [ItemKey::RecordingDate, ItemKey::ReleaseDate, ItemKey::Year];
    let released = released.into_iter().find_map(|key| texts.date(key));
    let original = texts.date(ItemKey::OriginalReleaseDate);
    entry.date = released.or(original).map(day);
    entry.year = original.or(released).map(|date| u32::from(date.year));
    let bpm = texts.number(ItemKey::Bpm).or(texts.number(ItemKey::IntegerBpm));
    entry.bpm = bpm.filter(|bpm| (20.0..=400.0).contains(bpm));
    entry.is_compilation = tag.get_string(ItemKey::FlagCompilation).is_some_and(|flag| flag.trim() == "1");
    entry.lyrics = texts.lines(ItemKey::Lyrics).or_else(|| texts.lines(ItemKey::UnsyncLyrics));
    entry.more = More {
        comment: texts.lines(ItemKey::Comment),
        original_date: original.map(day),
        replay_gain: gains(&texts),
        musicbrainz: ids(&texts),
    };
    entry.has_art = tag.pictures().iter().any(|picture| is_picture(picture.data()));
}

/// What is known of a date: its year, month or day.
pub(super) fn day(date: Timestamp) -> String {
    match (date.month, date.day) {
        (Some(month), Some(day)) => format!("{:04}-{month:02}-{day:02}", date.year),
        (Some(month), None) => format!("{:04}-{month:02}", date.year),
        (None, _) => format!("{:04}", date.year),
    }
}

/// Gains by ReplayGain, else by R 128: in 1/256 dB to −23 LUFS (RFC 7845,
/// §5.2.1), where ReplayGain 2 means −18.
fn gains(texts: &Texts) -> Gains {
    let r128 = |key| texts.number(key).map(|gain| gain / 256.0 + 5.0);
    Gains {
        track_db: texts.number(ItemKey::ReplayGainTrackGain).or_else(|| r128(ItemKey::R128TrackGain)),
        track_peak: texts.number(ItemKey::ReplayGainTrackPeak),
        album_db: texts.number(ItemKey::ReplayGainAlbumGain).or_else(|| r128(ItemKey::R128AlbumGain)),
        album_peak: texts.number(ItemKey::ReplayGainAlbumPeak),
    }
}

fn ids(texts: &Texts) -> Ids {
    Ids {
        recording: texts.one(ItemKey::MusicBrainzRecordingId),
        track: texts.one(ItemKey::MusicBrainzTrackId),
        release: texts.one(ItemKey::MusicBrainzReleaseId),
        release_group: texts.one(ItemKey::MusicBrainzReleaseGroupId),
        artists: texts.all(ItemKey::MusicBrainzArtistId),
        album_artists: texts.all(ItemKey::MusicBrainzReleaseArtistId),
    }
}
