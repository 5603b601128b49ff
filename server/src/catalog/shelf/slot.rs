//! What of one track is kept in memory: all that lists are filtered and
//! ordered by, except words.

use rusqlite::Row;

use crate::rule::{Number, Trait};

/// What is known of one row. Zeros and NaN are what is not known.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    flags: u8,
    codec: u8,
    bits: u8,
    channels: u8,
    rating: u8,
    year: u16,
    track_no: u16,
    disc_no: u16,
    rate: u32,
    n_plays: u32,
    /// Seconds since 1970, as all times here.
    added: u32,
    played: u32,
    favored: u32,
    duration_s: f32,
    lufs: f32,
    lra: f32,
    crest: f32,
    bpm: f32,
    /// The album's row.
    pub album: u32,
    /// Which of the texts is its title; its artists and its album follow.
    pub words: u32,
    /// Where its links begin, and how many there are.
    pub links: (u32, u16),
}

const LISTED: u8 = 1;
const MEASURED: u8 = 2;
const FAILED: u8 = 4;
const COMPILATION: u8 = 8;
const LYRICS: u8 = 16;
const ART: u8 = 32;

/// Where the folded words stand in what a slot is read from.
pub const WORDS: std::ops::Range<usize> = 25..28;

/// What a slot is read from; `?1` is the fingerprints' version. Ends before WHERE.
pub const SELECT: &str = "
    SELECT t.id, t.listed, t.measured_by IS ?1, x.track_id NOT NULL, t.is_compilation, l.track_id NOT NULL, t.has_art,
        t.codec, t.bits, t.channels, t.rating, t.year, t.track_no, t.disc_no, t.sample_rate, t.n_plays, t.added_at,
        t.played_at, t.favorite_at, t.duration_s, t.lufs, t.lra_lu, t.crest_db, coalesce(t.bpm, t.tempo_bpm),
        t.album_id, t.folded_title, t.folded_artist, t.folded_album
    FROM track t
    LEFT JOIN fault x ON x.track_id = t.id
    LEFT JOIN lyrics l ON l.track_id = t.id";

impl Slot {
    /// No track.
    pub const NONE: Slot = Slot {
        flags: 0,
        codec: 0,
        bits: 0,
        channels: 0,
        rating: 0,
        year: 0,
        track_no: 0,
        disc_no: 0,
        rate: 0,
        n_plays: 0,
        added: 0,
        played: 0,
        favored: 0,
        duration_s: f32::NAN,
        lufs: f32::NAN,
        lra: f32::NAN,
        crest: f32::NAN,
        bpm: f32::NAN,
        album: 0,
        words: u32::MAX,
        links: (0, 0),
    };

    /// The row's number, and what is known of it. `codec` gives names numbers.
    pub fn read(row: &Row, mut codec: impl FnMut(&str) -> u8) -> rusqlite::Result<(usize, Slot)> {
        let mut flags = 0;
        for (idx, flag) in [LISTED, MEASURED, FAILED, COMPILATION, LYRICS, ART].into_iter().enumerate() {
            flags |= if row.get(1 + idx)? { flag } else { 0 };
        }
        let whole = |idx: usize| row.get::<_, Option<i64>>(idx).map(Option::unwrap_or_default);
        let small = |idx: usize| Ok::<_, rusqlite::Error>(u8::try_from(whole(idx)?).unwrap_or(u8::MAX));
        let short = |idx: usize| Ok::<_, rusqlite::Error>(u16::try_from(whole(idx)?).unwrap_or(u16::MAX));
        let long = |idx: usize| Ok::<_, rusqlite::Error>(u32::try_from(whole(idx)?).unwrap_or(u32::MAX));
        let real =
            |idx: usize| row.get::<_, Option<f64>>(idx).map(|real| real.map_or(f32::NAN, |real| real as f32));
        let slot = Slot {
            flags,
            codec: row.get_ref(7)?.as_str_or_null().map_err(rusqlite::Error::from)?.map_or(0, &mut codec),
            bits: small(8)?,
            channels: small(9)?,
            rating: small(10)?,
            year: short(11)?,
            track_no: short(12)?,
            disc_no: short(13)?,
            rate: long(14)?,
            n_plays: long(15)?,
            added: long(16)?,
            played: long(17)?,
            favored: long(18)?,
            duration_s: real(19)?,
            lufs: real(20)?,
            lra: real(21)?,
            crest: real(22)?,
            bpm: real(23)?,
            album: long(24)?,
            words: 0,
            links: (0, 0),
        };
        Ok((whole(0)? as usize, slot))
    }

    /// Whether it is in lists at all.
    pub fn is_listed(&self) -> bool {
        self.flags & LISTED != 0
    }

    /// Whether it is where it was in orders by words, but for the words.
    pub fn is_placed_as(&self, before: &Slot) -> bool {
        (self.is_listed(), self.album, self.disc_no, self.track_no)
            == (before.is_listed(), before.album, before.disc_no, before.track_no)
    }

    /// The codec's number.
    pub fn codec(&self) -> u8 {
        self.codec
    }

    /// A number, if it is known.
    pub fn number(&self, number: Number) -> Option<f64> {
        let whole = |value: u32| (value > 0).then_some(f64::from(value));
        let real = |value: f32| (!value.is_nan()).then_some(f64::from(value));
        match number {
            Number::Year => whole(self.year.into()),
            Number::Lufs => real(self.lufs),
            Number::Lra => real(self.lra),
            Number::Crest => real(self.crest),
            Number::Bpm => real(self.bpm),
            Number::Duration => real(self.duration_s),
            Number::Rating => whole(self.rating.into()),
            Number::Plays => Some(f64::from(self.n_plays)),
            Number::Track => whole(self.track_no.into()),
            Number::Disc => whole(self.disc_no.into()),
            Number::Bits => whole(self.bits.into()),
            Number::Rate => whole(self.rate),
            Number::Channels => whole(self.channels.into()),
            Number::Added => whole(self.added),
            Number::Played => whole(self.played),
        }
    }

    /// When it became a favourite, in seconds since 1970.
    pub fn favored(&self) -> Option<f64> {
        (self.favored > 0).then_some(f64::from(self.favored))
    }

    /// What the listener thinks of it, at most a little.
    pub fn liking(&self) -> f32 {
        let favorite = if self.favored > 0 { 3.0 } else { 0.0 };
        favorite + (self.n_plays as f32).ln_1p()
    }

    /// Whether it is so; `is_lossless` tells of a codec's number.
    pub fn is(&self, what: Trait, is_lossless: impl Fn(u8) -> bool) -> bool {
        let has = |flag: u8| self.flags & flag != 0;
        match what {
            Trait::Favorite => self.favored > 0,
            Trait::Measured => has(MEASURED),
            Trait::Failed => has(FAILED) && !has(MEASURED),
            Trait::Compilation => has(COMPILATION),
            Trait::Lossless => is_lossless(self.codec),
            Trait::Lyrics => has(LYRICS),
            Trait::Art => has(ART),
        }
    }
}
