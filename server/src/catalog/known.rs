//! What is known of the files of a folder, so that a scan reads only those that
//! changed: a few dozen bytes each, as there may be very many.

use rusqlite::{Row, Rows, params};

use super::{Catalog, Folder, READ_BY, Result};

/// What is known of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its tracks: one, or those that a cue sheet says are in it.
    pub track_ids: Vec<i64>,
    /// That sheet.
    pub sheet: Option<[u8; 16]>,
    /// Bytes.
    pub size: u64,
    /// Modified, in nanoseconds since 1970.
    pub mtime_ns: i64,
    /// Whether it needs no reading while size and time are these: all that is
    /// read today was, and its sound is known, or known to be none.
    pub is_read: bool,
    /// Since when it is missing.
    pub missing_since: Option<i64>,
}

impl Known {
    /// Whether a file of this size and time, cut by this sheet, need not be read.
    pub fn is_same(&self, size: u64, mtime_ns: i64, sheet: Option<[u8; 16]>) -> bool {
        self.is_read && (self.size, self.mtime_ns, self.sheet) == (size, mtime_ns, sheet)
    }
}

/// A track of a file.
struct Part {
    track_id: i64,
    part: u32,
    /// Where its path is among all.
    path: (u32, u32),
    size: u64,
    mtime_ns: i64,
    missing_since: Option<i64>,
    sheet: Option<Box<[u8; 16]>>,
    is_read: bool,
    is_taken: bool,
}

/// What is known of many files, by their paths.
#[derive(Default)]
pub struct KnownFiles {
    paths: Vec<u8>,
    /// By path; at one path those that are there now last, and before them those
    /// that were there last.
    parts: Vec<Part>,
}

/// What a part is read from.
const KNOWN: &str =
    "SELECT path, id, size, mtime_ns, content NOT NULL OR codec IS NULL, missing_since, read_by, sheet, part
     FROM track WHERE folder_id = ?1";

impl KnownFiles {
    fn read(&mut self, rows: &mut Rows) -> rusqlite::Result<()> {
        while let Some(row) = rows.next()? {
            let begin = self.paths.len() as u32;
            self.paths.extend(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?);
            self.parts.push(Part::read(row, (begin, self.paths.len() as u32))?);
        }
        Ok(())
    }

    fn sort(&mut self) {
        let paths = &self.paths;
        self.parts.sort_unstable_by(|a, b| {
            let (here, other) = (a.missing_since.is_none(), b.missing_since.is_none());
            let order = path(paths, a).cmp(path(paths, b)).then(here.cmp(&other));
            order.then((a.missing_since, a.part, a.track_id).cmp(&(b.missing_since, b.part, b.track_id)))
        });
    }

    /// Takes what is known of the file at a path. Of several that were there it is
    /// the one that is there now, else the last that was.
    pub fn take(&mut self, at: &[u8]) -> Option<Known> {
        let paths = &self.paths;
        let begin = self.parts.partition_point(|part| path(paths, part) < at);
        let len = self.parts[begin..].partition_point(|part| path(paths, part) == at);
        let parts = &mut self.parts[begin..begin + len];
        if parts.last()?.is_taken {
            return None;
        }
        parts.iter_mut().for_each(|part| part.is_taken = true);
        known(parts)
    }

    /// What was not taken, file by file.
    pub fn rest(&self) -> impl Iterator<Item = Known> {
        let files = self.parts.chunk_by(|a, b| path(&self.paths, a) == path(&self.paths, b));
        files.filter(|parts| parts.iter().all(|part| !part.is_taken)).filter_map(known)
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }
}

fn path<'a>(paths: &'a [u8], part: &Part) -> &'a [u8] {
    &paths[part.path.0 as usize..part.path.1 as usize]
}

/// The file whose parts come last of those at one path.
fn known(parts: &[Part]) -> Option<Known> {
    let last = parts.last()?;
    let own = parts.iter().filter(|part| part.missing_since == last.missing_since);
    // Of two that are the same part, the one that was found later.
    let mut track_ids: Vec<(u32, i64)> = own.map(|part| (part.part, part.track_id)).collect();
    track_ids.reverse();
    track_ids.dedup_by_key(|(part, _)| *part);
    Some(Known {
        track_ids: track_ids.into_iter().rev().map(|(_, track_id)| track_id).collect(),
        sheet: last.sheet.as_deref().copied(),
        size: last.size,
        mtime_ns: last.mtime_ns,
        is_read: last.is_read,
        missing_since: last.missing_since,
    })
}

impl Part {
    fn read(row: &Row, path: (u32, u32)) -> rusqlite::Result<Self> {
        Ok(Part {
            track_id: row.get(1)?,
            part: row.get(8)?,
            path,
            size: row.get::<_, i64>(2)? as u64,
            mtime_ns: row.get(3)?,
            missing_since: row.get(5)?,
            sheet: row.get::<_, Option<[u8; 16]>>(7)?.map(Box::new),
            is_read: row.get(4)? && row.get::<_, u32>(6)? == READ_BY,
            is_taken: false,
        })
    }
}

impl Catalog {
    /// Everything known of a folder's files.
    pub fn known(&self, folder: &Folder) -> Result<KnownFiles> {
        self.read(|db| {
            let mut files = KnownFiles::default();
            files.read(&mut db.prepare_cached(KNOWN)?.query([folder.id])?)?;
            files.sort();
            Ok(files)
        })
    }

    /// What is known of the files at these paths of a folder, and below them.
    pub fn known_below(&self, folder: &Folder, paths: &[Vec<u8>]) -> Result<KnownFiles> {
        self.read(|db| {
            let mut files = KnownFiles::default();
            // Each half is found in an index of its own; the byte behind a slash is a 0.
            let half = |condition: &str| {
                format!("{KNOWN} AND (path = ?2 OR path > ?3 AND path < ?4) AND missing_since {condition}")
            };
            let sql = format!("{} UNION ALL {}", half("IS NULL"), half("NOT NULL"));
            let mut statement = db.prepare_cached(&sql)?;
            for path in paths {
                let (first, last) = ([path, &b"/"[..]].concat(), [path, &b"0"[..]].concat());
                files.read(&mut statement.query(params![folder.id, path, first, last])?)?;
            }
            files.sort();
            Ok(files)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_at_one_path_the_one_that_is_there_is_known_else_the_last() {
        let mut files = KnownFiles::default();
        let mut add = |path: &[u8], track_id, part, missing_since| {
            let begin = files.paths.len() as u32;
            files.paths.extend(path);
            let path = (begin, files.paths.len() as u32);
            let (size, is_read, is_taken) = (track_id as u64, true, false);
            files.parts.push(Part {
                track_id,
                part,
                path,
                size,
                mtime_ns: 0,
                missing_since,
                sheet: None,
                is_read,
                is_taken,
            });
        };
        add(b"b", 1, 0, Some(5));
        add(b"a", 2, 1, None);
        add(b"b", 3, 0, Some(9));
        add(b"a", 4, 0, Some(9));
        add(b"a", 5, 0, None);
        add(b"a/x", 6, 0, None);
        add(b"b", 7, 0, Some(9));
        add(b"c", 8, 0, None);
        files.sort();
        assert!(files.take(b"").is_none());
        assert!(files.take(b"a/").is_none());
        let a = files.take(b"a").unwrap();
        assert_eq!((a.track_ids, a.size, a.missing_since), (vec![5, 2], 2, None));
        assert!(files.take(b"a").is_none());
        let rest: Vec<(Vec<i64>, Option<i64>)> =
            files.rest().map(|known| (known.track_ids, known.missing_since)).collect();
        assert_eq!(rest, [(vec![6], None), (vec![7], Some(9)), (vec![8], None)]);
        assert_eq!(files.take(b"b").unwrap().track_ids, [7]);
    }
}
