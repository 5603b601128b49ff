//! Tags and pictures of the original, for its copy: all but those that are no
//! longer true (ReplayGain, R128, gapless trims, the encoder's name).

use std::path::Path;

use lofty::config::WriteOptions;
use lofty::file::{FileType, TaggedFileExt};
use lofty::probe::Probe;
use lofty::tag::{ItemKey, Tag, TagExt, TagType};

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

/// What of the tags of `from` is still true of its copy.
pub fn read(from: &Path) -> crate::Result<Option<Tag>> {
    let original = Probe::open(from)?.guess_file_type()?.read()?;
    let Some(mut tag) = merged(original.tags()) else { return Ok(None) };
    for key in UNTRUE {
        tag.remove_key(key);
    }
    // iTunes writes its gapless trims as a comment.
    tag.retain(|item| !item.value().text().is_some_and(|text| text.starts_with(" 00000000 ")));
    Ok(Some(tag))
}

/// Writes `tag` into the finished file `to`.
pub fn write(tag: &Tag, to: &Path) -> crate::Result<()> {
    let target = Probe::open(to)?.guess_file_type()?.file_type().ok_or("the copy has no tags")?;
    let types: &[TagType] = match target {
        // Some players read only the one, some only the other.
        FileType::Wav => &[TagType::Id3v2, TagType::RiffInfo],
        other => &[other.primary_tag_type()],
    };
    for &tag_type in types {
        let mut tag = tag.clone();
        tag.re_map(tag_type);
        if !tag.is_empty() {
            tag.save_to_path(to, WriteOptions::default())?;
        }
    }
    Ok(())
}

/// All tags of a file as one: the first that has an item gives it.
fn merged(tags: &[Tag]) -> Option<Tag> {
    let mut tags = tags.iter();
    let mut all = tags.next()?.clone();
    for tag in tags {
        for item in tag.items() {
            if all.get(item.key()).is_none() {
                all.push_unchecked(item.clone());
            }
        }
        if all.pictures().is_empty() {
            tag.pictures().iter().for_each(|picture| all.push_picture(picture.clone()));
        }
    }
    Some(all)
}
