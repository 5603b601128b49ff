//! What was heard and liked.

use rusqlite::{OptionalExtension, Transaction, params};

use super::lists::List;
use super::{Catalog, Orders, Page, Part, Result, now};

/// A play counts when so much of a track was heard, or half of it.
const COUNTS_S: f64 = 240.0;

/// What somebody heard of a track.
#[derive(Clone, Debug)]
pub struct Play {
    /// Its id, chosen by whoever played.
    pub key: String,
    /// The track's row.
    pub track: u32,
    /// When it began, in seconds since 1970.
    pub at: i64,
    /// How much of it was heard, in seconds.
    pub listened_s: f64,
    /// Whether that counts as a play.
    pub is_counted: bool,
}

/// By what plays are ordered.
#[derive(Clone, Copy, Debug)]
pub enum PlaySort {
    /// When they began.
    At,
    /// Title.
    Title,
    /// Artist.
    Artist,
    /// How long it was listened to.
    Listened,
}

impl Orders for PlaySort {
    const ALL: &'static [(&'static str, Self)] = &[
        ("at", PlaySort::At),
        ("title", PlaySort::Title),
        ("artist", PlaySort::Artist),
        ("listened", PlaySort::Listened),
    ];
    const USUAL: &'static str = "-at";
}

impl PlaySort {
    fn column(self) -> &'static str {
        match self {
            PlaySort::At => "p.at",
            PlaySort::Title => "t.folded_title",
            PlaySort::Artist => "t.folded_artist",
            PlaySort::Listened => "p.listened_s",
        }
    }
}

const PLAYS: List = List {
    columns: "p.key, p.track_id, p.at, p.listened_s, p.counted",
    // Outer, so that tracks are not looked at where they are not asked about.
    from: "FROM play p LEFT JOIN track t ON t.id = p.track_id WHERE TRUE",
    text: "t.folded_title || ' ' || ifnull(t.folded_artist, '') || ' ' || ifnull(t.folded_album, '')",
    then: "p.id DESC",
};

impl Catalog {
    /// Makes a track a favourite, or none. A favourite keeps its day. Returns
    /// whether there is such a track.
    pub fn favor(&self, key: &str, is_favorite: bool) -> Result<bool> {
        let at = is_favorite.then(now);
        self.write(|db| {
            let sql = "UPDATE track SET favorite_at = CASE WHEN ?2 IS NULL THEN NULL ELSE coalesce(favorite_at, ?2) END
                WHERE key = ?1";
            Ok(db.prepare_cached(sql)?.execute(params![key, at])? > 0)
        })
    }

    /// Rates a track by stars, 1 to 5, or not at all. Returns whether there is
    /// such a track.
    pub fn rate(&self, key: &str, stars: Option<u8>) -> Result<bool> {
        self.write(|db| {
            let sql = "UPDATE track SET rating = ?2 WHERE key = ?1";
            Ok(db.prepare_cached(sql)?.execute(params![key, stars])? > 0)
        })
    }

    /// Notes what was heard of a track; of a play that is known already, what
    /// more was heard. Returns whether it counts now; none: there is no such
    /// track, or the play is another's.
    pub fn put_play(&self, key: &str, track_key: &str, at: i64, listened_s: f64) -> Result<Option<bool>> {
        self.write(|db| {
            let track = "SELECT id, duration_s FROM track WHERE key = ?1 AND codec NOT NULL";
            let found = db
                .prepare_cached(track)?
                .query_row([track_key], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, f64>(1)?)))
                .optional()?;
            let Some((track, duration_s)) = found else { return Ok(None) };
            let known = db
                .prepare_cached("SELECT track_id, listened_s, counted FROM play WHERE key = ?1")?
                .query_row([key], |row| {
                    Ok((row.get::<_, i64>(0)?, row.get::<_, f64>(1)?, row.get::<_, bool>(2)?))
                })
                .optional()?;
            let (before_s, was_counted) = match known {
                Some((other, ..)) if other != track => return Ok(None),
                Some((_, before_s, was_counted)) => (before_s, was_counted),
                None => (0.0, false),
            };
            let listened_s = listened_s.max(before_s);
            // A length that is not known has no half.
            let is_half = duration_s > 0.0 && listened_s >= duration_s / 2.0;
            let is_counted = was_counted || is_half || listened_s >= COUNTS_S;
            db.prepare_cached(
                "INSERT INTO play (key, track_id, at, listened_s, counted) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (key) DO UPDATE SET listened_s = ?4, counted = ?5",
            )?
            .execute(params![key, track, at, listened_s, is_counted])?;
            if is_counted && !was_counted {
                count(db, track, at)?;
            }
            Ok(Some(is_counted))
        })
    }

    /// A part of what was heard.
    pub fn plays(&self, part: &Part<PlaySort>) -> Result<Page<Play>> {
        self.read(|db| {
            PLAYS.part(db, part, part.sort.column(), |row| {
                Ok(Play {
                    key: row.get(0)?,
                    track: row.get(1)?,
                    at: row.get(2)?,
                    listened_s: row.get(3)?,
                    is_counted: row.get(4)?,
                })
            })
        })
    }

    /// Takes a play back, and its count with it.
    pub fn forget_play(&self, key: &str) -> Result<()> {
        self.write(|db| {
            let gone = db
                .prepare_cached("DELETE FROM play WHERE key = ?1 RETURNING track_id, counted")?
                .query_row([key], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, bool>(1)?)))
                .optional()?;
            if let Some((track, true)) = gone {
                db.prepare_cached(
                    "UPDATE track SET n_plays = max(n_plays - 1, 0),
                        played_at = (SELECT max(at) FROM play WHERE track_id = ?1 AND counted) WHERE id = ?1",
                )?
                .execute([track])?;
            }
            Ok(())
        })
    }
}

fn count(db: &Transaction, track: i64, at: i64) -> Result<()> {
    db.prepare_cached(
        "UPDATE track SET n_plays = n_plays + 1, played_at = max(coalesce(played_at, 0), ?2) WHERE id = ?1",
    )?
    .execute((track, at))?;
    Ok(())
}
