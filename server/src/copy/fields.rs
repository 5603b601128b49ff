//! What the name of a copy is made of, the same for jobs and the command line.

use super::names::Fields;
use crate::catalog::{Measurable, Track};
use crate::media::path_of;

/// What the name of a track's copy is made of.
pub fn fields(track: &Track, file: &Measurable, number: u32) -> Fields {
    let path = path_of(&file.path);
    let folder = path.parent().map(|folder| folder.to_string_lossy().into_owned());
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    Fields {
        title: track.title.clone(),
        artist: track.artists.join(", "),
        album_artist: track.album_artist.clone().unwrap_or_default(),
        album: track.album.clone().unwrap_or_default(),
        track: track.track_no,
        disc: track.disc_no,
        year: track.year,
        genre: track.genres.first().cloned().unwrap_or_default(),
        file: stem.unwrap_or_default(),
        folder: folder.unwrap_or_default(),
        number,
    }
}
