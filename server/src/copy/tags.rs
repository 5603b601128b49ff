//! Tags and pictures of the original, for its copy: all but those that are no
//! longer true (ReplayGain, R128, gapless trims, the encoder's name).

use std::path::Path;

use lofty::TextEncoding;
use lofty::config::WriteOptions;
use lofty::file::{FileType, TaggedFileExt};
use lofty::id3::v2::{ExtendedTextFrame, Frame, Id3v2Tag};
use lofty::mp4::{AtomData, AtomIdent, Ilst};
use lofty::ogg::tag::VorbisComments;
use lofty::probe::Probe;
use lofty::tag::{ItemKey, ItemValue, Tag, TagExt, TagItem, TagType};

use crate::catalog::Track;

/// What says how loud or how long the original is, or who encoded it.
const UNTRUE: [ItemKey; 8] = [
    ItemKey::ReplayGainAlbumGain,
    ItemKey::ReplayGainAlbumPeak,
    ItemKey::ReplayGainTrackGain,
    ItemKey::ReplayGainTrackPeak,
    ItemKey::R128AlbumGain,
    ItemKey::R128TrackGain,
    ItemKey::EncoderSoftware,
    ItemKey::EncoderSettings,
];
/// The same among names of people's own, by how they begin in lower case.
const UNTRUE_NAMES: [&str; 6] = ["replaygain", "r128_", "mp3gain", "itun", "encod", "accuraterip"];

/// What a file says of its music.
pub struct Tags {
    /// What has a name in every format.
    known: Tag,
    /// People's own names, and what they say.
    own: Vec<(String, String)>,
}

impl Tags {
    /// What they say first of this.
    pub fn first(&self, key: ItemKey) -> Option<&str> {
        self.known.get_string(key)
    }
}

/// What of the tags of `from` is still true of its copy.
pub fn read(from: &Path) -> crate::Result<Option<Tags>> {
    let original = Probe::open(from)?.guess_file_type()?.read()?;
    let Some(mut known) = merged(original.tags()) else { return Ok(None) };
    for key in UNTRUE {
        known.remove_key(key);
    }
    // iTunes writes its gapless trims as a comment.
    known.retain(|item| !item.value().text().is_some_and(|text| text.starts_with(" 00000000 ")));
    let own = original.tags().iter().flat_map(own).filter(|(name, _)| {
        let name = name.to_lowercase();
        !UNTRUE_NAMES.iter().any(|untrue| name.starts_with(untrue))
    });
    Ok(Some(Tags { known, own: own.collect() }))
}

/// What is said of one of the tracks that a file holds: what the file says of all
/// of them, and of this one what the library knows.
pub fn of_part(whole: Option<Tags>, track: &Track) -> Tags {
    let mut tags =
        whole.unwrap_or_else(|| Tags { known: Tag::new(TagType::VorbisComments), own: Vec::new() });
    // The sheet is of the whole file.
    tags.own.retain(|(name, _)| !name.eq_ignore_ascii_case("cuesheet"));
    let mut tell = |key: ItemKey, values: &mut dyn Iterator<Item = String>| {
        tags.known.remove_key(key);
        for value in values {
            tags.known.push(TagItem::new(key, ItemValue::Text(value)));
        }
    };
    tell(ItemKey::TrackTitle, &mut std::iter::once(track.title.clone()));
    tell(ItemKey::TrackArtist, &mut track.artists.iter().cloned());
    tell(ItemKey::AlbumTitle, &mut track.album.iter().cloned());
    tell(ItemKey::AlbumArtist, &mut track.album_artist.iter().cloned());
    tell(ItemKey::TrackNumber, &mut track.track_no.iter().map(ToString::to_string));
    tags
}

/// Writes `tags` into the finished file `to`.
pub fn write(tags: &Tags, to: &Path) -> crate::Result<()> {
    let target = Probe::open(to)?.guess_file_type()?.file_type().ok_or("the copy has no tags")?;
    let known_as = |tag_type: TagType| {
        let mut tag = tags.known.clone();
        tag.re_map(tag_type);
        tag
    };
    if !matches!(target, FileType::Wav | FileType::Mpeg) {
        let mut comments = VorbisComments::from(known_as(TagType::VorbisComments));
        tags.own.iter().for_each(|(name, value)| comments.push(name.clone(), value.clone()));
        if !comments.is_empty() {
            comments.save_to_path(to, WriteOptions::default())?;
        }
        return Ok(());
    }
    let mut id3 = Id3v2Tag::from(known_as(TagType::Id3v2));
    for (i, (name, value)) in tags.own.iter().enumerate() {
        if tags.own[..i].iter().any(|(other, _)| other == name) {
            continue;
        }
        // One frame per name, with 0 between its values (ID3v2.4.0, section 4.2).
        let more = tags.own[i + 1..].iter().filter(|(other, _)| other == name).map(|(_, value)| value);
        let values = more.fold(value.clone(), |values, value| values + "\0" + value);
        id3.insert(Frame::UserText(ExtendedTextFrame::new(TextEncoding::UTF8, name.clone(), values)));
    }
    if !id3.is_empty() {
        in_order(id3).save_to_path(to, WriteOptions::default())?;
    }
    // Of a WAV some players read only the one, some only the other.
    let riff = known_as(TagType::RiffInfo);
    if target == FileType::Wav && !riff.is_empty() {
        riff.save_to_path(to, WriteOptions::default())?;
    }
    Ok(())
}

/// The same frames, always in the same order: one track has one copy, to the byte.
fn in_order(id3: Id3v2Tag) -> Id3v2Tag {
    let mut frames: Vec<Frame<'_>> = id3.into_iter().collect();
    frames.sort_by_cached_key(|frame| {
        let own =
            if let Frame::UserText(text) = frame { text.description.to_string() } else { String::new() };
        (frame.id_str().to_owned(), own)
    });
    let mut ordered = Id3v2Tag::new();
    frames.into_iter().for_each(|frame| drop(ordered.insert(frame)));
    ordered
}

/// All tags of a file as one: the first that has an item gives it.
fn merged(tags: &[Tag]) -> Option<Tag> {
    let mut tags = tags.iter();
    let mut all = tags.next()?.clone();
    for tag in tags {
        let known = all.clone();
        for item in tag.items() {
            if known.get(item.key()).is_none() {
                all.push_unchecked(item.clone());
            }
        }
        if all.pictures().is_empty() {
            tag.pictures().iter().for_each(|picture| all.push_picture(picture.clone()));
        }
    }
    Some(all)
}

/// What in `tag` has a name that its format does not define.
fn own(tag: &Tag) -> Vec<(String, String)> {
    let tag_type = tag.tag_type();
    let is_own = |name: &str| ItemKey::from_key(tag_type, name).is_none();
    match tag_type {
        TagType::VorbisComments => {
            let comments = VorbisComments::from(tag.clone());
            let own = comments.items().filter(|(name, _)| is_own(name));
            own.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
        }
        TagType::Id3v2 => {
            let texts = Id3v2Tag::from(tag.clone()).into_iter().filter_map(|frame| match frame {
                Frame::UserText(text) if is_own(&text.description) => Some(text),
                _ => None,
            });
            let pairs = |text: ExtendedTextFrame<'_>| {
                let pair = |value: &str| (text.description.to_string(), value.to_owned());
                text.content.split('\0').map(pair).collect::<Vec<_>>()
            };
            texts.flat_map(pairs).collect()
        }
        TagType::Mp4Ilst => {
            let mut own = Vec::new();
            for atom in &Ilst::from(tag.clone()) {
                let AtomIdent::Freeform { mean, name } = atom.ident() else { continue };
                if is_own(&format!("----:{mean}:{name}")) {
                    own.extend(atom.data().filter_map(|data| match data {
                        AtomData::UTF8(text) | AtomData::UTF16(text) => {
                            Some((name.to_string(), text.clone()))
                        }
                        _ => None,
                    }));
                }
            }
            own
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::path::PathBuf;

    use auralis_core::block::Block;
    use auralis_core::encode::{self, Format};
    use auralis_core::flow::Spec;

    use super::*;

    fn silence(folder: &Path, name: &str, format: Format) -> PathBuf {
        let path = folder.join(name);
        let file = Box::new(File::create(&path).unwrap());
        let spec = Spec { rate: 48_000, n_channels: 2 };
        let mut encoder = encode::encoder(format, spec, 100, false, file).unwrap();
        encoder.write(&Block::from_planes(&[&[0.0; 100][..]; 2])).unwrap();
        encoder.finish().unwrap();
        path
    }

    #[test]
    fn several_artists_and_own_names_survive_every_way() {
        let folder = std::env::temp_dir().join(format!("auralis-tags-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let first = silence(&folder, "first.flac", Format::Flac16);
        let mut comments = VorbisComments::new();
        let rows = [
            ("ARTIST", "One"),
            ("ARTIST", "Two"),
            ("TITLE", "A piece"),
            ("MY SHELF", "left"),
            ("MY SHELF", "right"),
            ("Rating of Ann", "5"),
            ("REPLAYGAIN_REFERENCE_LOUDNESS", "89.0 dB"),
            ("R128_SOMETHING", "1"),
            ("iTunSMPB", " 0 00000840"),
            ("ENCODED-WITH", "x"),
        ];
        rows.iter().for_each(|(name, value)| comments.push((*name).to_owned(), (*value).to_owned()));
        comments.save_to_path(&first, WriteOptions::default()).unwrap();
        // From each to each.
        let formats = [Format::Wav16, Format::Opus, Format::Flac16, Format::Wav24, Format::Flac24];
        let mut from = first;
        for (i, format) in formats.into_iter().enumerate() {
            let to = silence(&folder, &format!("{i}.{}", format.extension()), format);
            write(&read(&from).unwrap().expect("there are tags"), &to).unwrap();
            let tags = read(&to).unwrap().expect("there are tags");
            let mut artists: Vec<_> = tags.known.get_strings(ItemKey::TrackArtist).collect();
            artists.sort_unstable();
            assert_eq!(artists, ["One", "Two"], "{format}");
            assert_eq!(tags.known.get_string(ItemKey::TrackTitle), Some("A piece"), "{format}");
            let mut own = tags.own;
            own.sort();
            let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            let want = [pair("MY SHELF", "left"), pair("MY SHELF", "right"), pair("Rating of Ann", "5")];
            assert_eq!(own, want, "{format}");
            from = to;
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
