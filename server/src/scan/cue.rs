//! Cue sheets: one file that is several tracks. A sheet lies beside the music and
//! names its file, or stands in its tags; times are in frames of the CD, 75 in a
//! second, which are whole frames of sound at 44.1 and 48 kHz. (CDRWIN User's
//! Guide, appendix A.)

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use super::{tags, text};
use crate::catalog::{Cut, Entry, Name};

/// Largest sheet that is read, in bytes.
const MAX_FILE: u64 = 256 << 10;
/// Most tracks of a sheet, as on a CD.
const MAX_TRACKS: usize = 99;
/// Frames of the CD in a second.
const PER_SECOND: u64 = 75;

/// What a sheet says of one file that it cuts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sheet {
    /// Of these bytes: another sheet cuts anew.
    pub id: [u8; 16],
    /// The file, as the sheet calls it.
    file: String,
    album: Option<String>,
    artist: Option<String>,
    genre: Option<String>,
    date: Option<String>,
    disc_no: Option<u32>,
    tracks: Vec<Track>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Track {
    number: u32,
    title: Option<String>,
    artist: Option<String>,
    composer: Option<String>,
    /// Where it begins, in frames of the CD; none: the sheet does not say.
    start: Option<u64>,
}

/// The sheets in the file at `path`, one for each file that it cuts. A sheet that
/// cannot be read is none; links are not followed, they may lead out of the
/// library.
pub fn read(path: &Path) -> Vec<Arc<Sheet>> {
    let is_fit =
        path.symlink_metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() <= MAX_FILE);
    let mut bytes = Vec::new();
    let mut read = || File::open(path)?.take(MAX_FILE).read_to_end(&mut bytes);
    if !is_fit || read().is_err() {
        return Vec::new();
    }
    parse(&bytes).into_iter().map(Arc::new).collect()
}

/// Whether a name is that of a sheet.
pub fn is_sheet(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("cue"))
}

fn parse(bytes: &[u8]) -> Vec<Sheet> {
    let mut id = [0; 16];
    blake3::Hasher::new().update(bytes).finalize_xof().fill(&mut id);
    let mut whole = Sheet { id, ..Sheet::default() };
    let mut sheets: Vec<Sheet> = Vec::new();
    for line in text::decoded(bytes).lines() {
        let words = words(line.trim_start_matches('\u{feff}'));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match (&words[..], sheets.last_mut()) {
            (["FILE", file, ..], _) => sheets.push(Sheet { file: (*file).to_owned(), ..Sheet::default() }),
            (["TRACK", number, "AUDIO", ..], Some(sheet)) => {
                let number = number.parse().unwrap_or_default();
                sheet.tracks.push(Track { number, ..Track::default() });
            }
            (words, Some(Sheet { tracks, .. })) if !tracks.is_empty() => {
                tracks.last_mut().into_iter().for_each(|track| track.hear(words));
            }
            (words, _) => whole.hear(words),
        }
    }
    // A file with one track is that track, sheet or no.
    sheets.retain(|sheet| sheet.is_a_cut());
    let of_whole = |sheet: Sheet| Sheet { file: sheet.file, tracks: sheet.tracks, ..whole.clone() };
    sheets.into_iter().map(of_whole).collect()
}

/// The words of a line; the first two in capitals, where they are commands.
fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() {
        let (word, behind) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        let is_command = words.is_empty() || words.len() == 1 && words[0] == "REM";
        words.push(if is_command { word.to_ascii_uppercase() } else { word.to_owned() });
        rest = behind.trim_start();
    }
    if let [command, _, kind, ..] = &mut words[..]
        && command == "TRACK"
    {
        kind.make_ascii_uppercase();
    }
    words
}

impl Sheet {
    /// The sheet in a file's tags, whatever it calls the file.
    pub fn inside(text: &str) -> Option<Sheet> {
        let is_fit = text.len() as u64 <= MAX_FILE;
        let mut sheets = if is_fit { parse(text.as_bytes()) } else { Vec::new() };
        if sheets.len() == 1 { sheets.pop() } else { None }
    }

    fn hear(&mut self, words: &[&str]) {
        match words {
            ["TITLE", title, ..] => self.album = text::line(title),
            ["PERFORMER", artist, ..] => self.artist = text::line(artist),
            ["REM", "GENRE", genre, ..] => self.genre = text::line(genre),
            ["REM", "DATE", date, ..] => self.date = text::line(date),
            ["REM", "DISCNUMBER", number, ..] => {
                self.disc_no = number.parse().ok().filter(|&number| number > 0)
            }
            _ => {}
        }
    }

    /// Whether it cuts a file, into tracks that follow each other.
    fn is_a_cut(&self) -> bool {
        let starts: Option<Vec<u64>> = self.tracks.iter().map(|track| track.start).collect();
        (2..=MAX_TRACKS).contains(&self.tracks.len())
            && starts.is_some_and(|starts| starts.is_sorted_by(|a, b| a < b))
    }

    /// Whether it cuts the file at `path`: it may call it by the name it had
    /// before it was compressed.
    pub fn cuts(&self, path: &Path) -> bool {
        let named = self.file.replace('\\', "/");
        let named = Path::new(&named);
        let same = |a: Option<&std::ffi::OsStr>, b: Option<&std::ffi::OsStr>| match (a, b) {
            (Some(a), Some(b)) => a.to_string_lossy().to_lowercase() == b.to_string_lossy().to_lowercase(),
            _ => false,
        };
        let was_other = !super::walk::is_sound(named) || named.extension() != path.extension();
        same(named.file_name(), path.file_name()) || was_other && same(named.file_stem(), path.file_stem())
    }

    /// The tracks of the file that `whole` describes, of this rate; none: the
    /// sheet is not of this file, it goes on past its end.
    pub fn split(&self, whole: &Entry) -> Option<Vec<Entry>> {
        let rate = u64::from(whole.sample_rate?);
        let n_frames = (whole.duration_s * rate as f64).round() as u64;
        let starts: Vec<u64> =
            self.tracks.iter().map(|track| frames(track.start.unwrap_or_default(), rate)).collect();
        if n_frames > 0 && starts.last().is_some_and(|&last| last >= n_frames) {
            return None;
        }
        let ends = starts[1..].iter().copied().map(Some).chain([None]);
        let cut = |(part, ((track, &first), end)): (usize, ((&Track, &u64), Option<u64>))| {
            let cut = Cut { first, n_frames: end.map(|end| end - first) };
            let length = end.unwrap_or(n_frames).saturating_sub(first);
            let mut entry = self.described(whole, track);
            entry.duration_s = length as f64 / rate as f64;
            entry.content = whole.content.map(|content| sound_of(&content, &cut));
            entry.part = part as u32;
            entry.cut = Some(cut);
            entry
        };
        Some(self.tracks.iter().zip(&starts).zip(ends).enumerate().map(cut).collect())
    }

    /// A track as the sheet has it; what that does not say is as the file has it.
    fn described(&self, whole: &Entry, track: &Track) -> Entry {
        let name =
            |name: &Option<String>| name.iter().map(|name| Name::from(name.as_str())).collect::<Vec<_>>();
        let mut entry = whole.clone();
        entry.title = track.title.clone().unwrap_or_else(|| format!("Track {:02}", track.number));
        entry.track_no = Some(track.number).filter(|&number| number > 0);
        // Sung from its beginning to its end: not of one track.
        entry.lyrics = None;
        entry.bpm = None;
        if let Some(album) = &self.album {
            entry.album = Some(album.clone());
        }
        if let Some(artist) = track.artist.as_ref().or(self.artist.as_ref()) {
            entry.artists = vec![Name::from(artist.as_str())];
        }
        if self.artist.is_some() {
            entry.album_artist = self.artist.clone();
            entry.album_artists = name(&self.artist);
        }
        if track.composer.is_some() {
            entry.composers = name(&track.composer);
        }
        if let Some(genre) = &self.genre {
            entry.genres = vec![genre.clone()];
        }
        if let Some(date) = self.date.as_deref().and_then(tags::date_of) {
            entry.year = Some(date.year.into());
            entry.date = Some(tags::day(date));
        }
        entry.disc_no = self.disc_no.or(entry.disc_no);
        entry
    }
}

impl Track {
    fn hear(&mut self, words: &[&str]) {
        match words {
            ["TITLE", title, ..] => self.title = text::line(title),
            ["PERFORMER", artist, ..] => self.artist = text::line(artist),
            ["SONGWRITER", composer, ..] => self.composer = text::line(composer),
            ["INDEX", number, time, ..] if number.parse() == Ok(1) => self.start = time_of(time),
            _ => {}
        }
    }
}

/// `mm:ss:ff` in frames of the CD.
fn time_of(time: &str) -> Option<u64> {
    let numbers: Option<Vec<u64>> = time.split(':').map(|number| number.parse().ok()).collect();
    match numbers?[..] {
        [minutes, seconds, frames] if minutes < 10_000 && seconds < 60 && frames < PER_SECOND => {
            Some((minutes * 60 + seconds) * PER_SECOND + frames)
        }
        _ => None,
    }
}

/// Frames of the CD as frames of sound, the nearest.
fn frames(of_cd: u64, rate: u64) -> u64 {
    (of_cd * rate + PER_SECOND / 2) / PER_SECOND
}

/// The id of what a part of a file sounds like.
fn sound_of(whole: &[u8; 16], cut: &Cut) -> [u8; 16] {
    let mut hash = blake3::Hasher::new();
    hash.update(whole).update(&cut.first.to_le_bytes());
    hash.update(&cut.n_frames.unwrap_or(u64::MAX).to_le_bytes());
    let mut id = [0; 16];
    hash.finalize_xof().fill(&mut id);
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHEET: &str = "\u{feff}REM GENRE \"Jazz\"\r\nREM DATE 1959\r\nPERFORMER \"Miles Davis\"\r\n\
        TITLE \"Kind of Blue\"\r\nFILE \"D:\\rip\\Kind of Blue.wav\" WAVE\r\n  TRACK 01 AUDIO\r\n\
        TITLE \"So What\"\r\n    INDEX 00 00:00:00\r\n    INDEX 01 00:00:32\r\n  TRACK 02 audio\r\n\
        title \"Freddie \"\"x\"\r\n    PERFORMER Miles\r\n    INDEX 00 09:20:00\r\n    INDEX 01 09:22:74\r\n";

    #[test]
    fn a_sheet_says_where_and_what_the_tracks_are() {
        let sheets = parse(SHEET.as_bytes());
        let [sheet] = &sheets[..] else { panic!("{sheets:?}") };
        assert!(sheet.cuts(Path::new("/m/kind of blue.FLAC")) && sheet.cuts(Path::new("Kind of Blue.wav")));
        assert!(!sheet.cuts(Path::new("/m/other.flac")));
        let whole = Entry {
            content: Some([7; 16]),
            sample_rate: Some(44_100),
            duration_s: 600.0,
            lyrics: Some("la".to_owned()),
            title: "whole".to_owned(),
            ..Entry::default()
        };
        let tracks = sheet.split(&whole).unwrap();
        let told: Vec<_> = tracks.iter().map(|track| (track.part, &*track.title, track.track_no)).collect();
        assert_eq!(told, [(0, "So What", Some(1)), (1, "Freddie", Some(2))]);
        let [one, two] = &tracks[..] else { panic!("two") };
        let cuts = [one, two].map(|track| track.cut.as_ref().map(|cut| (cut.first, cut.n_frames)));
        let second = (9 * 60 + 22) * 44_100 + 74 * 588;
        assert_eq!(cuts, [Some((32 * 588, Some(second - 32 * 588))), Some((second, None))]);
        assert_eq!(two.duration_s, (600 * 44_100 - second) as f64 / 44_100.0);
        assert_ne!(one.content, two.content);
        assert_eq!(
            (one.year, one.album.as_deref(), &*one.genres),
            (Some(1959), Some("Kind of Blue"), &["Jazz".to_owned()][..])
        );
        assert_eq!((&*one.artists[0].name, &*two.artists[0].name), ("Miles Davis", "Miles"));
        assert_eq!(one.lyrics, None);
        // Another sheet is another, whatever it says.
        assert_ne!(parse(format!("{SHEET}\n").as_bytes())[0].id, sheet.id);
        // At the end of the file no track begins.
        assert!(sheet.split(&Entry { duration_s: 562.0, ..whole }).is_none());
    }

    #[test]
    fn what_cuts_nothing_is_no_sheet() {
        let of = |text: &str| parse(text.as_bytes()).len();
        let track = |n: u32, time: &str| format!("TRACK {n:02} AUDIO\nINDEX 01 {time}\n");
        let file = |tracks: &[String]| format!("FILE \"a.flac\" WAVE\n{}", tracks.concat());
        let two = file(&[track(1, "00:00:00"), track(2, "00:01:00")]);
        assert_eq!(of(&two), 1);
        assert_eq!(of(&format!("{two}{two}")), 2, "a sheet may cut several files");
        assert_eq!(of(&file(&[track(1, "00:00:00")])), 0, "one track");
        assert_eq!(of(&file(&[track(1, "00:01:00"), track(2, "00:01:00")])), 0, "an empty track");
        assert_eq!(of(&file(&[track(1, "00:02:00"), track(2, "00:01:00")])), 0, "backwards");
        for time in ["00:60:00", "00:00:75", "0:0", "-1:00:00", "99999999999999999999:00:00", "x", ""] {
            assert_eq!(of(&file(&[track(1, "00:00:00"), track(2, time)])), 0, "{time}");
        }
        let many: Vec<String> = (1..=100).map(|n| track(n, &format!("{n}:00:00"))).collect();
        assert_eq!((of(&file(&many)), of(&file(&many[..99]))), (0, 1));
        for text in
            ["", "TRACK 01 AUDIO", "FILE", "FILE \"", "INDEX 01 00:00:00", "\0\u{1}\"\"\"", "REM REM REM"]
        {
            assert_eq!(of(text), 0, "{text}");
        }
    }
}
