//! The library as it lies on the disk: folders, and what is in them.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension};

use super::shelf::Bits;
use super::{Catalog, Orders, Result};

/// A directory with music in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    /// Its folder's row.
    pub folder: i64,
    /// Its path in that; empty: the folder itself.
    pub path: Vec<u8>,
    /// Tracks in it and below.
    pub n_tracks: u64,
}

/// By what directories are ordered.
#[derive(Clone, Copy, Debug)]
pub enum DirectorySort {
    /// Their names.
    Name,
    /// Tracks in them and below.
    Tracks,
}

impl Orders for DirectorySort {
    const ALL: &'static [(&'static str, Self)] =
        &[("name", DirectorySort::Name), ("tracks", DirectorySort::Tracks)];
    const USUAL: &'static str = "name";
}

/// A directory on the way to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its opaque id.
    pub key: String,
    /// Its path: of a folder of the library from the root of the disk, of all
    /// others in that.
    pub path: Vec<u8>,
}

/// What lies right in a directory.
#[derive(Clone, Debug, Default)]
pub struct Inside {
    /// From the library's folder down to it, itself included.
    pub way: Vec<Step>,
    /// Directories, by name.
    pub directories: Vec<Directory>,
}

impl Directory {
    /// Its opaque id: folder and path, in hexadecimal.
    pub fn key(&self) -> String {
        dir_key(self.folder, &self.path)
    }
}

fn dir_key(folder: i64, path: &[u8]) -> String {
    let bytes = (folder as u32).to_be_bytes().into_iter().chain(path.iter().copied());
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

/// The folder's row and the path in an id.
fn dir_of(key: &str) -> Option<(i64, Vec<u8>)> {
    let digits = key.as_bytes();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let is_plain =
        digits.len() >= 8 && digits.len().is_multiple_of(2) && digits.iter().all(u8::is_ascii_hexdigit);
    let bytes: Vec<u8> = digits.chunks(2).map(pair).collect::<Option<_>>().filter(|_| is_plain)?;
    let (folder, path) = bytes.split_at(4);
    let mut row = [0; 4];
    row.copy_from_slice(folder);
    Some((u32::from_be_bytes(row).into(), path.to_vec()))
}

impl Catalog {
    /// The library's folders.
    pub fn roots(&self) -> Result<Vec<(Directory, Vec<u8>)>> {
        self.read(|db| {
            let mut statement = db.prepare_cached(
                "SELECT d.id, d.path, (SELECT count(*) FROM track t
                    WHERE t.folder_id = d.id AND t.missing_since IS NULL AND t.codec NOT NULL)
                 FROM folder d WHERE d.open ORDER BY d.id",
            )?;
            let rows = statement.query_map([], |row| {
                let n_tracks = row.get::<_, i64>(2)? as u64;
                Ok((Directory { folder: row.get(0)?, path: Vec::new(), n_tracks }, row.get(1)?))
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// What lies right in the directory of this id, and where that is; none: there
    /// is no such directory.
    pub fn inside(&self, key: &str) -> Result<Option<Inside>> {
        let Some((folder, path)) = dir_of(key) else { return Ok(None) };
        self.read(|db| {
            let mut below: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
            let prefix = prefix(&path);
            let mut n_any = 0_u64;
            each_below(db, folder, &path, |_, found| {
                n_any += 1;
                let rest = &found[prefix.len()..];
                if let Some(end) = rest.iter().position(|&byte| byte == b'/') {
                    let child = &found[..prefix.len() + end];
                    match below.get_mut(child) {
                        Some(n) => *n += 1,
                        None => {
                            below.insert(child.to_vec(), 1);
                        }
                    }
                }
            })?;
            let directories =
                below.into_iter().map(|(path, n_tracks)| Directory { folder, path, n_tracks }).collect();
            let way = way(db, folder, &path)?.filter(|way| n_any > 0 || way.len() == 1);
            Ok(way.map(|way| Inside { way, directories }))
        })
    }
}

/// From a folder of the library down to a path in it; none: there is no such folder.
fn way(db: &Connection, folder: i64, path: &[u8]) -> Result<Option<Vec<Step>>> {
    let mut statement = db.prepare_cached("SELECT path FROM folder WHERE id = ?1 AND open")?;
    let root: Option<Vec<u8>> = statement.query_row([folder], |row| row.get(0)).optional()?;
    let Some(root) = root else { return Ok(None) };
    let mut way = vec![Step { key: dir_key(folder, &[]), path: root }];
    let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
    for end in ends.chain([path.len()]).filter(|end| *end > 0) {
        way.push(Step { key: dir_key(folder, &path[..end]), path: path[..end].to_vec() });
    }
    Ok(Some(way))
}

/// What all paths in a directory begin with.
fn prefix(path: &[u8]) -> Vec<u8> {
    if path.is_empty() { Vec::new() } else { [path, b"/"].concat() }
}

/// Tells the rows and paths of all tracks below a directory.
fn each_below(db: &Connection, folder: i64, path: &[u8], mut take: impl FnMut(i64, &[u8])) -> Result<()> {
    // All that begins so, and nothing else: `/` is followed by `0`.
    let end = if path.is_empty() { vec![0xff; 4_096] } else { [path, b"0"].concat() };
    let mut statement = db.prepare_cached(
        "SELECT t.id, t.path FROM track t JOIN folder d ON d.id = t.folder_id AND d.open
         WHERE t.folder_id = ?1 AND t.path >= ?2 AND t.path < ?3 AND t.missing_since IS NULL AND t.listed = 1
         ORDER BY t.path",
    )?;
    let mut rows = statement.query((folder, prefix(path), end))?;
    while let Some(row) = rows.next()? {
        take(row.get(0)?, row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?);
    }
    Ok(())
}

/// The rows of the tracks in a directory, or below it too; none: there is no such
/// directory.
pub(super) fn in_directory(db: &Connection, key: &str, is_deep: bool) -> Result<Option<Bits>> {
    let Some((folder, path)) = dir_of(key) else { return Ok(None) };
    let n_prefix = prefix(&path).len();
    let (mut inside, mut n_any) = (Bits::default(), 0_u64);
    each_below(db, folder, &path, |row, found| {
        n_any += 1;
        if is_deep || !found[n_prefix..].contains(&b'/') {
            inside.set(row as usize, true);
        }
    })?;
    let is_there = n_any > 0 || path.is_empty() && way(db, folder, &path)?.is_some();
    Ok(is_there.then_some(inside))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_directories_are_read_back_and_nothing_else_is() {
        for path in [&b""[..], b"a/b", b"\xff\0/"] {
            assert_eq!(dir_of(&dir_key(7, path)), Some((7, path.to_vec())));
        }
        for key in ["", "0000", "000000071", "zz000007", "00000007+1"] {
            assert_eq!(dir_of(key), None, "{key}");
        }
    }
}
