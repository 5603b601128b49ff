//! The schema's numbered steps. A step that was released is never edited: the
//! next one is added.

use std::path::PathBuf;

use rusqlite::Connection;

use super::{Error, Result, copies, packed};

const STEPS: &[&str] = &[
    include_str!("migrations/001.sql"),
    include_str!("migrations/002.sql"),
    include_str!("migrations/003.sql"),
    include_str!("migrations/004.sql"),
    include_str!("migrations/005.sql"),
    include_str!("migrations/006.sql"),
    include_str!("migrations/007.sql"),
    include_str!("migrations/008.sql"),
    include_str!("migrations/009.sql"),
    include_str!("migrations/010.sql"),
];

/// Runs the steps this file has not seen, each in its own transaction.
pub fn run(connection: &mut Connection) -> Result<()> {
    let version = version(connection)?;
    if version > STEPS.len() {
        return Err(Error::new(format!(
            "the catalog was written by a newer Auralis (schema {version}, this one knows {}); \
             update Auralis or choose another folder with --data",
            STEPS.len()
        )));
    }
    if (1..STEPS.len()).contains(&version) {
        let to = STEPS.len();
        tracing::info!(from = version, to, "the catalog's schema is renewed; a large one takes a minute");
        let path = connection.path().filter(|path| !path.is_empty()).map(PathBuf::from);
        if let Some(path) = path {
            copies::keep(connection, &path, version)?;
        }
    }
    packed::teach(connection)?;
    // A step may build a table anew to which others refer.
    connection.pragma_update(None, "foreign_keys", false)?;
    for (idx, step) in STEPS.iter().enumerate().skip(version) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(step)?;
        if transaction.prepare("PRAGMA foreign_key_check")?.exists([])? {
            return Err(Error::new(format!("step {} of the catalog's schema would lose rows", idx + 1)));
        }
        transaction.pragma_update(None, "user_version", (idx + 1) as i64)?;
        transaction.commit()?;
    }
    connection.pragma_update(None, "foreign_keys", true)?;
    if version < STEPS.len() {
        give_back(connection)?;
    }
    Ok(())
}

/// Gives the disk back what the steps freed, if that is much of the file.
fn give_back(connection: &Connection) -> Result<()> {
    let count = |what: &str| connection.pragma_query_value(None, what, |row| row.get::<_, i64>(0));
    if count("freelist_count")? > count("page_count")? / 4
        && let Err(error) = connection.execute_batch("VACUUM")
    {
        // It takes as much again for a while; without that room the file stays as large as it is.
        tracing::warn!(error = %error, "the catalog was not made smaller");
    }
    Ok(())
}

/// The steps that this file has seen.
pub fn version(connection: &Connection) -> rusqlite::Result<usize> {
    connection.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0)).map(|seen| seen as usize)
}

/// The steps that there are.
pub const fn newest() -> usize {
    STEPS.len()
}

#[cfg(test)]
mod every;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_from_before_have_their_descriptors_apart_afterwards() {
        let mut db = Connection::open_in_memory().unwrap();
        db.execute_batch(&STEPS[..2].concat()).unwrap();
        db.pragma_update(None, "user_version", 2).unwrap();
        let track = "INSERT INTO track SELECT ?1, 'k' || ?1, 1, CAST(?1 AS BLOB), 1, 1, 1, NULL, '', '[]', NULL, NULL, NULL, NULL,
            NULL, NULL, '', '', '', NULL, 'flac', 1, 1, 1, 1, 0, 0";
        db.execute("INSERT INTO folder VALUES (1, x'2f', 1)", []).unwrap();
        // As they are written, something else, and not JSON at all.
        let prints =
            [r#"{"version":7,"descriptors":{"lufs":null,"bass":0.10000000000000002}}"#, "{}", "{\"x"];
        for (row, json) in (1..).zip(prints) {
            db.execute(track, [row]).unwrap();
            db.execute("INSERT INTO fingerprint VALUES (?1, 7, 1, 1, NULL, NULL, ?2)", (row, json)).unwrap();
        }
        run(&mut db).unwrap();
        let mut apart = db.prepare("SELECT version, json FROM descriptors ORDER BY track_id").unwrap();
        let apart = apart.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let apart: Vec<(i64, Option<String>)> = apart.map(|row| row.unwrap()).collect();
        let told = r#"{"lufs":null,"bass":0.10000000000000002}"#.to_owned();
        assert_eq!(apart, [(7, Some(told)), (7, None), (7, None)]);
    }

    #[test]
    fn tracks_keep_what_was_measured_when_their_table_is_built_anew() {
        let folder = std::env::temp_dir().join(format!("auralis-migrations-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("catalog.sqlite");
        let mut db = Connection::open(&path).unwrap();
        db.execute_batch(&STEPS[..4].concat()).unwrap();
        db.pragma_update(None, "user_version", 4).unwrap();
        db.execute_batch(
            "INSERT INTO folder VALUES (1, x'2f', 1), (2, x'2e', 0);
             INSERT INTO album VALUES (1, 'a', 'A', NULL, 'a');
             INSERT INTO track VALUES (7, 'k', 1, x'61', 1, 2, 3, 1, 't', '[]', 'A', NULL, NULL, 1, NULL, 1999,
                't', 't', '', 'a', 'flac', 44100, 2, 16, 1.5, 0, 4),
                (8, 'l', 2, x'62', 1, 2, 3, NULL, 'u', '[]', NULL, NULL, NULL, NULL, NULL, NULL,
                'u', 'u', '', NULL, NULL, NULL, NULL, NULL, 0, 0, 5);
             INSERT INTO fingerprint VALUES (7, 7, 1, 1, NULL, NULL, '{}');
             INSERT INTO fault VALUES (8, 'open', 'bad', 1);",
        )
        .unwrap();
        run(&mut db).unwrap();
        let there =
            "SELECT t.key || t.title || t.year || t.here || t.listed || a.title, f.packed FROM track t
            JOIN album a ON a.id = t.album_id JOIN fingerprint f ON f.track_id = t.id";
        let there = db.query_row(there, [], |row| Ok((row.get(0)?, row.get::<_, packed::Packed>(1)?.0)));
        assert_eq!(there.unwrap(), ("kt199911A".to_owned(), "{}".to_owned()));
        let fault = "SELECT t.here FROM track t JOIN fault x ON x.track_id = t.id";
        assert_eq!(db.query_row(fault, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
        // What refers to a track still goes with it.
        db.execute("DELETE FROM track WHERE id = 7", []).unwrap();
        assert!(!db.prepare("SELECT 1 FROM fingerprint").unwrap().exists([]).unwrap());
        // And the catalog as it was lies beside it.
        let before = Connection::open(format!("{}.schema-4", path.display())).unwrap();
        let kept = "SELECT t.title FROM track t JOIN fingerprint f ON f.track_id = t.id";
        assert_eq!(before.query_row(kept, [], |row| row.get::<_, String>(0)).unwrap(), "t");
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_the_steps_freed_goes_back_to_the_disk() {
        let mut db = Connection::open_in_memory().unwrap();
        run(&mut db).unwrap();
        db.execute_batch(
            "CREATE TABLE much (text TEXT); INSERT INTO much VALUES (hex(randomblob(1000000))); DROP TABLE much;",
        )
        .unwrap();
        let n_pages = || db.pragma_query_value(None, "page_count", |row| row.get::<_, i64>(0)).unwrap();
        let before = n_pages();
        give_back(&db).unwrap();
        assert!(n_pages() < before / 2, "{before} pages, then {}", n_pages());
    }

    #[test]
    fn steps_run_once_and_a_newer_schema_is_refused() {
        let mut db = Connection::open_in_memory().unwrap();
        run(&mut db).unwrap();
        run(&mut db).unwrap();
        db.pragma_update(None, "user_version", 99).unwrap();
        assert!(run(&mut db).unwrap_err().to_string().contains("newer Auralis"));
    }
}
