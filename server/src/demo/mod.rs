//! The demo album: what plays when nobody has said where their music is. The
//! program composes it by itself, once, into the data folder; the same program
//! composes the same bits everywhere.

mod cover;
mod drum;
mod instrument;
mod mix;
mod score;
mod songs;
mod tone;

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use auralis_core::block::Block;
use auralis_core::encode::{self, Format};
use auralis_core::fingerprint::{Fingerprint, Measurer};
use auralis_core::flow::Spec;
use lofty::config::WriteOptions;
use lofty::picture::{MimeType, Picture, PictureType};
use lofty::tag::{ItemKey, Tag, TagExt, TagType};

use crate::Result;
use songs::Piece;
use tone::{Frame, RATE, frames};

/// The album's title.
pub const ALBUM: &str = "Six Rooms and a Tide";
/// Who made it.
pub const ARTIST: &str = "Auralis";
const YEAR: &str = "2026";
const SPEC: Spec = Spec { rate: RATE, n_channels: 2 };

/// One track of the album, before it is a file.
struct Track {
    number: usize,
    title: &'static str,
    range: std::ops::Range<usize>,
}

/// Where the album is, or will be, in the data folder.
pub fn folder(data: &Path) -> PathBuf {
    data.join("demo")
}

/// How many tracks the album has, and how many of them are in `folder`.
pub fn count(folder: &Path) -> (usize, usize) {
    let tracks: Vec<Track> = album().into_iter().flat_map(|(_, tracks)| tracks).collect();
    (tracks.len(), tracks.iter().filter(|track| is_there(folder, track)).count())
}

/// A track that was just finished.
#[derive(Clone, Debug)]
pub struct Step {
    /// Tracks that are there by now.
    pub n_done: usize,
    /// Tracks in all.
    pub n_tracks: usize,
    /// This one's title.
    pub title: &'static str,
}

/// Composes what is missing of the album in `folder`, which must be there.
/// `go_on` hears of every finished track; once it says `false`, no other piece
/// is begun.
pub fn ensure(folder: &Path, go_on: &(dyn Fn(Option<Step>) -> bool + Sync)) -> Result<()> {
    if missing(folder).is_empty() {
        return Ok(());
    }
    // Two programs that start at once on the same data compose it once.
    let lock = folder.join(".composing");
    let turn = File::create(&lock).and_then(|file| file.lock().map(|()| file));
    let turn =
        turn.map_err(|error| format!("the demo album cannot be written: {}: {error}", lock.display()))?;
    let missing = missing(folder);
    remove_partial(folder)?;
    let composed = compose(folder, &missing, go_on);
    // Only a name: the lock itself goes with the file that is open.
    let _ = fs::remove_file(&lock);
    drop(turn);
    composed
}

fn is_there(folder: &Path, track: &Track) -> bool {
    folder.join(file_name(track)).is_file()
}

/// The pieces of which a track is missing, with those that are.
fn missing(folder: &Path) -> Vec<(Piece, Vec<Track>)> {
    let mut album = album();
    album.iter_mut().for_each(|(_, tracks)| tracks.retain(|track| !is_there(folder, track)));
    album.retain(|(_, tracks)| !tracks.is_empty());
    album
}

/// Removes what composing that was killed left unfinished.
fn remove_partial(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') && name.ends_with(".partial") {
            fs::remove_file(folder.join(&*name))?;
        }
    }
    Ok(())
}

/// Composes `pieces` into `folder`, one per core at a time, and writes these tracks
/// of them.
fn compose(
    folder: &Path,
    pieces: &[(Piece, Vec<Track>)],
    go_on: &(dyn Fn(Option<Step>) -> bool + Sync),
) -> Result<()> {
    let n_tracks: usize = album().iter().map(|(_, tracks)| tracks.len()).sum();
    let n_missing: usize = pieces.iter().map(|(_, tracks)| tracks.len()).sum();
    let n_done = AtomicUsize::new(n_tracks - n_missing);
    let next = AtomicUsize::new(0);
    let n_workers = std::thread::available_parallelism().map_or(1, usize::from).min(pieces.len());
    std::thread::scope(|scope| {
        let work = || -> Result<()> {
            while let Some((piece, tracks)) = pieces.get(next.fetch_add(1, Ordering::Relaxed)) {
                if !go_on(None) {
                    return Ok(());
                }
                let sound = perform(piece);
                for track in tracks {
                    write(folder, track, n_tracks, &sound[track.range.clone()])?;
                    let n_done = n_done.fetch_add(1, Ordering::Relaxed) + 1;
                    go_on(Some(Step { n_done, n_tracks, title: track.title }));
                }
            }
            Ok(())
        };
        let workers: Vec<_> = (0..n_workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| match worker.join() {
            Ok(done) => done,
            Err(_) => Err("composing the demo album failed".into()),
        })
    })
}

/// The pieces and the tracks each is cut into, longest first, so that no core
/// is left with the longest at the end.
fn album() -> Vec<(Piece, Vec<Track>)> {
    let mut number = 0;
    let mut album: Vec<(Piece, Vec<Track>)> = Vec::new();
    for piece in songs::pieces() {
        let starts: Vec<usize> =
            piece.tracks.iter().map(|&(_, beat)| frames(piece.groove.seconds(beat))).collect();
        let ends = starts.iter().skip(1).copied().chain([n_frames(&piece)]);
        let mut tracks = Vec::new();
        for ((&start, end), &(title, _)) in starts.iter().zip(ends).zip(&piece.tracks) {
            number += 1;
            tracks.push(Track { number, title, range: start..end });
        }
        album.push((piece, tracks));
    }
    album.sort_by_key(|(piece, _)| std::cmp::Reverse(n_frames(piece)));
    album
}

fn n_frames(piece: &Piece) -> usize {
    frames(piece.groove.seconds(piece.beats) + piece.tail_s)
}

/// The sound of a whole piece. Its chance hangs on its title, so that other
/// pieces may come and go.
fn perform(piece: &Piece) -> Vec<Frame> {
    let title = piece.tracks.first().map_or("", |(title, _)| title);
    let seed = title.bytes().fold(0, |seed: u64, byte| seed.wrapping_mul(131).wrapping_add(u64::from(byte)));
    mix::render(&piece.parts, piece.groove, &piece.master, n_frames(piece), seed)
}

fn file_name(track: &Track) -> String {
    format!("{:02} {}.flac", track.number, track.title)
}

/// Writes one track beside its place, then moves it there.
fn write(folder: &Path, track: &Track, n_tracks: usize, sound: &[Frame]) -> Result<()> {
    let path = folder.join(file_name(track));
    let beside = folder.join(format!(".{}.partial", file_name(track)));
    let written = encode_to(&beside, sound)
        .and_then(|fingerprint| tag(&beside, track, n_tracks, &fingerprint))
        // On the disk first: a power cut must not leave an empty track either.
        .and_then(|()| Ok(File::open(&beside)?.sync_all()?))
        .and_then(|()| Ok(fs::rename(&beside, &path)?));
    written.map_err(|error| {
        // It may not be there at all.
        let _ = fs::remove_file(&beside);
        format!("the demo track {} cannot be written: {error}", path.display()).into()
    })
}

/// Encodes `sound` and measures it on the way.
fn encode_to(path: &Path, sound: &[Frame]) -> Result<Fingerprint> {
    let out = Box::new(BufWriter::new(File::create(path)?));
    let mut encoder = encode::encoder(Format::Flac16, SPEC, sound.len() as u64, true, out)?;
    let mut measurer = Measurer::new(SPEC)?;
    let mut block = Block::new(SPEC.n_channels, 4096);
    for part in sound.chunks(block.capacity()) {
        block.set_frames(part.len());
        let (left, right) = block.stereo_mut();
        for ((l, r), frame) in left.iter_mut().zip(right).zip(part) {
            (*l, *r) = (frame[0], frame[1]);
        }
        encoder.write(&block)?;
        measurer.push(&block);
    }
    encoder.finish()?;
    Ok(measurer.finish())
}

fn tag(path: &Path, track: &Track, n_tracks: usize, fingerprint: &Fingerprint) -> Result<()> {
    let mut tag = Tag::new(TagType::VorbisComments);
    for (key, text) in [
        (ItemKey::TrackTitle, track.title.to_owned()),
        (ItemKey::TrackArtist, ARTIST.to_owned()),
        (ItemKey::AlbumTitle, ALBUM.to_owned()),
        (ItemKey::AlbumArtist, ARTIST.to_owned()),
        (ItemKey::TrackNumber, track.number.to_string()),
        (ItemKey::TrackTotal, n_tracks.to_string()),
        (ItemKey::RecordingDate, YEAR.to_owned()),
    ] {
        tag.insert_text(key, text);
    }
    let picture = Picture::unchecked(cover::cover(fingerprint)?)
        .pic_type(PictureType::CoverFront)
        .mime_type(MimeType::Png)
        .description("The track's aura");
    tag.push_picture(picture.build());
    Ok(tag.save_to_path(path, WriteOptions::default())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use auralis_core::encode::dither::quantise;

    #[test]
    fn tracks_last_one_to_two_minutes_and_are_numbered() {
        let mut numbers = Vec::new();
        for (piece, tracks) in album() {
            assert_eq!(tracks.first().map(|track| track.range.start), Some(0));
            assert_eq!(tracks.last().map(|track| track.range.end), Some(n_frames(&piece)));
            for track in &tracks {
                let seconds = track.range.len() as f32 / RATE as f32;
                assert!((60.0..120.0).contains(&seconds), "{} lasts {seconds} s", track.title);
                numbers.push(track.number);
            }
            // Where one track ends the next begins.
            assert!(tracks.windows(2).all(|pair| pair[0].range.end == pair[1].range.start));
        }
        numbers.sort_unstable();
        assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7]);
    }

    /// The first seconds of every piece, in 16-bit steps, as one number (FNV-1a).
    #[test]
    fn the_demo_is_the_same_bits_everywhere() {
        let mut hash = 0xCBF2_9CE4_8422_2325_u64;
        for piece in songs::pieces() {
            let sound = mix::render(&piece.parts, piece.groove, &piece.master, 6 * RATE as usize, 7);
            for x in sound.iter().flatten() {
                for byte in quantise(*x, 16, 0.0).to_le_bytes() {
                    hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
                }
            }
        }
        assert_eq!(format!("{hash:016x}"), "e4a6cbb96b61aa2a");
    }

    /// An excerpt keeps clear of defects that no listener would forgive.
    #[test]
    fn pieces_are_finite_centred_and_heard() {
        for piece in songs::pieces() {
            let title = piece.tracks[0].0;
            let n = frames(piece.groove.seconds(piece.beats * 0.4));
            let sound = mix::render(&piece.parts, piece.groove, &piece.master, n, 7);
            for side in 0..2 {
                let mean = sound.iter().map(|frame| f64::from(frame[side])).sum::<f64>() / n as f64;
                let power = sound.iter().map(|frame| f64::from(frame[side]).powi(2)).sum::<f64>() / n as f64;
                let peak = sound.iter().fold(0.0_f32, |most, frame| most.max(frame[side].abs()));
                assert!(mean.abs() < 0.01, "{title} has a mean of {mean}");
                assert!(power > 1e-5, "{title} is silent");
                assert!(peak.is_finite() && peak <= 1.0, "{title} peaks at {peak}");
            }
        }
    }
}
