//! Library folders.

use super::{Catalog, Result};

/// A library folder.
#[derive(Clone, Debug)]
pub struct Folder {
    /// Its row.
    pub id: i64,
    /// Its path, as the operating system has it.
    pub path: Vec<u8>,
}

impl Catalog {
    /// Declares which folders are the library from now on. Folders that were
    /// there before keep their measurements, unseen.
    pub fn open_folders(&self, paths: &[Vec<u8>]) -> Result<Vec<Folder>> {
        let folders = self.write(|db| {
            db.execute("UPDATE folder SET open = 0", [])?;
            let mut folders: Vec<Folder> = Vec::new();
            for path in paths {
                if folders.iter().any(|folder| folder.path == *path) {
                    continue;
                }
                let id = db.query_row(
                    "INSERT INTO folder (path, open) VALUES (?1, 1)
                     ON CONFLICT (path) DO UPDATE SET open = 1 RETURNING id",
                    [path],
                    |row| row.get(0),
                )?;
                folders.push(Folder { id, path: path.clone() });
            }
            const HERE: &str = "missing_since IS NULL AND folder_id IN (SELECT id FROM folder WHERE open)";
            db.execute(
                &format!(
                    "UPDATE track SET here = {HERE}, listed = {HERE} AND codec NOT NULL WHERE here != ({HERE})"
                ),
                [],
            )?;
            Ok(folders)
        })?;
        self.changed();
        Ok(folders)
    }

    /// The open folders, in the order of their first appearance.
    pub fn folders(&self) -> Result<Vec<Folder>> {
        self.read(|db| {
            let mut statement = db.prepare_cached("SELECT id, path FROM folder WHERE open ORDER BY id")?;
            let folders = statement.query_map([], |row| Ok(Folder { id: row.get(0)?, path: row.get(1)? }))?;
            Ok(folders.collect::<rusqlite::Result<_>>()?)
        })
    }
}
