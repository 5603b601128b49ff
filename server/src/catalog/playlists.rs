//! Playlists: names, and the rules of those that make themselves.

use rusqlite::{OptionalExtension, Row, params};

use super::lists::List;
use super::{Catalog, Orders, Page, Part, Result, key, now};

/// A playlist.
#[derive(Clone, Debug)]
pub struct Playlist {
    /// Its row.
    pub row: i64,
    /// Its opaque id.
    pub key: String,
    /// When it was made, in seconds since 1970.
    pub created_at: i64,
    /// When it was changed last.
    pub changed_at: i64,
    /// How many items were put in.
    pub n_items: u64,
    /// Their length in seconds.
    pub duration_s: f64,
    /// Whether there is a change to take back.
    pub can_undo: bool,
    /// What a listener says of it.
    pub told: PlaylistTold,
}

/// What a listener says of a playlist.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlaylistTold {
    /// Its name.
    pub name: String,
    /// Whatever somebody wrote.
    pub comment: String,
    /// It makes itself by this rule; none: items are put in by hand.
    pub smart: Option<Smart>,
}

/// How a playlist makes itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Smart {
    /// The rule, as it was written.
    pub rule: String,
    /// The order by name; none: as the rule ranks.
    pub sort: Option<String>,
    /// Tracks at most; none: all.
    pub limit: Option<u32>,
}

/// By what playlists are ordered.
#[derive(Clone, Copy, Debug)]
pub enum PlaylistSort {
    /// Their names.
    Name,
    /// When they were made.
    Created,
    /// When they were changed last.
    Changed,
}

impl Orders for PlaylistSort {
    const ALL: &'static [(&'static str, Self)] = &[
        ("name", PlaylistSort::Name),
        ("created", PlaylistSort::Created),
        ("changed", PlaylistSort::Changed),
    ];
    const USUAL: &'static str = "name";
}

impl PlaylistSort {
    fn column(self) -> &'static str {
        match self {
            PlaylistSort::Name => "lower(p.name)",
            PlaylistSort::Created => "p.created_at",
            PlaylistSort::Changed => "p.changed_at",
        }
    }
}

const LIST: List = List {
    columns: "
    p.id, p.key, p.created_at, p.changed_at,
        (SELECT count(*) FROM playlist_item i WHERE i.playlist_id = p.id),
        (SELECT coalesce(sum(t.duration_s), 0.0) FROM playlist_item i JOIN track t ON t.id = i.track_id
            WHERE i.playlist_id = p.id),
        EXISTS (SELECT 1 FROM playlist_before b WHERE b.playlist_id = p.id),
        p.name, p.comment, p.rule, p.sort, p.most",
    from: "FROM playlist p WHERE TRUE",
    text: "p.name || ' ' || p.comment",
    then: "lower(p.name), p.id",
};

impl Catalog {
    /// A part of the playlists; those that are alike by name.
    pub fn playlists(&self, part: &Part<PlaylistSort>) -> Result<Page<Playlist>> {
        self.read(|db| LIST.part(db, part, part.sort.column(), playlist))
    }

    /// The playlist with this id.
    pub fn playlist(&self, key: &str) -> Result<Option<Playlist>> {
        self.read(|db| {
            let List { columns, from, .. } = LIST;
            let mut statement = db.prepare_cached(&format!("SELECT {columns} {from} AND p.key = ?1"))?;
            Ok(statement.query_row([key], playlist).optional()?)
        })
    }

    /// Makes a playlist; returns its id.
    pub fn new_playlist(&self, told: &PlaylistTold) -> Result<String> {
        self.write(|db| {
            let at = now();
            // One more than any there was in this second.
            let last: i64 =
                db.query_row("SELECT coalesce(max(id), 0) FROM playlist", [], |row| row.get(0))?;
            let key = key(&[b"playlist", &at.to_le_bytes(), &last.to_le_bytes(), told.name.as_bytes()]);
            let smart = told.smart.clone().unwrap_or_default();
            let rule = told.smart.as_ref().map(|smart| &smart.rule);
            db.prepare_cached(
                "INSERT INTO playlist (key, name, comment, rule, sort, most, created_at, changed_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
            )?
            .execute(params![
                key,
                told.name,
                told.comment,
                rule,
                smart.sort,
                smart.limit,
                at
            ])?;
            Ok(key)
        })
    }

    /// Says anew what a playlist is. Returns whether there is such a one.
    pub fn tell_playlist(&self, key: &str, told: &PlaylistTold) -> Result<bool> {
        self.write(|db| {
            let smart = told.smart.clone().unwrap_or_default();
            let rule = told.smart.as_ref().map(|smart| &smart.rule);
            let n_told = db
                .prepare_cached(
                    "UPDATE playlist SET name = ?2, comment = ?3, rule = ?4, sort = ?5, most = ?6, changed_at =
                     iif((name, comment, rule, sort, most) IS (?2, ?3, ?4, ?5, ?6), changed_at, ?7)
                     WHERE key = ?1",
                )?
                .execute(params![key, told.name, told.comment, rule, smart.sort, smart.limit, now()])?;
            Ok(n_told > 0)
        })
    }

    /// Forgets a playlist; no track is touched.
    pub fn forget_playlist(&self, key: &str) -> Result<()> {
        self.write(|db| {
            db.prepare_cached("DELETE FROM playlist WHERE key = ?1")?.execute([key])?;
            Ok(())
        })
    }
}

fn playlist(row: &Row) -> rusqlite::Result<Playlist> {
    let rule: Option<String> = row.get(9)?;
    let (sort, limit) = (row.get(10)?, row.get(11)?);
    Ok(Playlist {
        row: row.get(0)?,
        key: row.get(1)?,
        created_at: row.get(2)?,
        changed_at: row.get(3)?,
        n_items: row.get::<_, i64>(4)? as u64,
        duration_s: row.get(5)?,
        can_undo: row.get(6)?,
        told: PlaylistTold {
            name: row.get(7)?,
            comment: row.get(8)?,
            smart: rule.map(|rule| Smart { rule, sort, limit }),
        },
    })
}
