//! The readers: connections that only read, kept open between requests. One
//! that breaks (its file failed under it, or what it holds of it in memory is
//! not what lies on the disk) is not used again: the question is asked once more
//! of a fresh one.

use std::path::PathBuf;
use std::sync::Mutex;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{Error, Result, lock, prepare};

/// Readers kept open between requests.
const MAX_IDLE: usize = 8;

/// As many connections as are used at once.
pub struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    /// Readers of the catalog at `path`; none is open yet.
    pub fn new(path: PathBuf) -> Self {
        Readers { path, idle: Mutex::default() }
    }

    /// Asks one of them; `work` may be asked twice.
    pub fn read<T>(&self, mut work: impl FnMut(&Connection) -> Result<T>) -> Result<T> {
        let idle = lock(&self.idle).pop();
        let mut reader = idle.map_or_else(|| self.open(), Ok)?;
        let mut answer = work(&reader);
        if let Err(error) = &answer
            && is_of_connection(error)
        {
            tracing::warn!(error = crate::error::chain(error), "a connection to the catalog is replaced");
            // What broke this one has hardly spared those that lay beside it.
            lock(&self.idle).clear();
            reader = self.open()?;
            answer = work(&reader);
        }
        if !answer.as_ref().is_err_and(is_of_connection) {
            let mut idle = lock(&self.idle);
            if idle.len() < MAX_IDLE {
                idle.push(reader);
            }
        }
        answer
    }

    fn open(&self) -> Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut reader = Connection::open_with_flags(&self.path, flags)?;
        prepare(&mut reader)?;
        Ok(reader)
    }
}

/// Whether the connection failed, not the question.
fn is_of_connection(error: &Error) -> bool {
    use ErrorCode::*;
    matches!(
        error.code(),
        Some(
            SystemIoFailure
                | DatabaseCorrupt
                | NotADatabase
                | CannotOpen
                | FileLockingProtocolFailed
                | SchemaChanged
                // A reader writes nothing: its file or log is not what it was.
                | ReadOnly
        )
    )
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Read, Seek, SeekFrom, Write};
    use std::path::Path;

    use super::*;

    const N_ROWS: i64 = 500;

    /// A folder of its own, gone when it is dropped.
    struct Folder(PathBuf);

    impl Drop for Folder {
        fn drop(&mut self) {
            std::fs::remove_dir_all(&self.0).unwrap();
        }
    }

    fn database(name: &str) -> (Folder, PathBuf) {
        let folder = std::env::temp_dir().join(format!("auralis-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("catalog.sqlite");
        let mut db = Connection::open(&path).unwrap();
        prepare(&mut db).unwrap();
        db.execute("CREATE TABLE track (title TEXT)", []).unwrap();
        for _ in 0..N_ROWS {
            db.execute("INSERT INTO track VALUES (?1)", ["t".repeat(200)]).unwrap();
        }
        // Closing it folds the log into the file.
        drop(db);
        (Folder(folder), path)
    }

    /// Writes over the file behind its first pages, which hold the schema and the
    /// root; returns what was there.
    fn spoil(path: &Path, with: &[u8]) -> Vec<u8> {
        let mut file = File::options().read(true).write(true).open(path).unwrap();
        let mut before = vec![0; with.len()];
        file.seek(SeekFrom::Start(3 * 4_096)).unwrap();
        file.read_exact(&mut before).unwrap();
        file.seek(SeekFrom::Start(3 * 4_096)).unwrap();
        file.write_all(with).unwrap();
        before
    }

    fn count(db: &Connection) -> Result<i64> {
        Ok(db.query_row("SELECT count(*) FROM track WHERE title != ''", [], |row| row.get(0))?)
    }

    #[test]
    fn a_reader_that_broke_is_replaced_and_the_question_asked_once_more() {
        let (_folder, path) = database("readers");
        let readers = Readers::new(path.clone());
        readers.read(|_| Ok(())).unwrap();
        // It reads a damaged page, and goes on holding it when the file is whole again.
        let before = spoil(&path, &[0xA5; 4_096]);
        assert!(count(&lock(&readers.idle)[0]).is_err_and(|error| is_of_connection(&error)));
        spoil(&path, &before);
        assert!(count(&lock(&readers.idle)[0]).is_err());

        let mut n_asked = 0;
        let answer = readers.read(|db| {
            n_asked += 1;
            count(db)
        });
        assert_eq!((answer.unwrap(), n_asked), (N_ROWS, 2));
        assert_eq!(lock(&readers.idle).len(), 1);
        assert_eq!(count(&lock(&readers.idle)[0]).unwrap(), N_ROWS);
    }

    #[test]
    fn a_damaged_file_is_said_after_two_tries_and_nobody_keeps_it_in_memory() {
        let (_folder, path) = database("damage");
        let readers = Readers::new(path.clone());
        let before = spoil(&path, &[0xA5; 4_096]);
        let mut n_asked = 0;
        let answer = readers.read(|db| {
            n_asked += 1;
            count(db)
        });
        let said = answer.unwrap_err().to_string();
        assert!(said.contains("damaged") && said.contains("auralis doctor"), "{said}");
        assert_eq!((n_asked, lock(&readers.idle).len()), (2, 0));
        spoil(&path, &before);
        assert_eq!(readers.read(count).unwrap(), N_ROWS);
    }

    #[test]
    fn a_question_that_is_wrong_is_asked_once() {
        let (_folder, path) = database("question");
        let readers = Readers::new(path);
        let mut n_asked = 0;
        let answer = readers.read(|db| {
            n_asked += 1;
            db.execute("SELECT nonsense", [])?;
            Ok(())
        });
        assert!(answer.is_err());
        assert_eq!((n_asked, lock(&readers.idle).len()), (1, 1));
    }
}
