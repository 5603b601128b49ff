//! The schema's numbered steps. A step that was released is never edited: the
//! next one is added.

use rusqlite::Connection;

use super::{Error, Result};

const STEPS: &[&str] = &[
    include_str!("migrations/001.sql"),
    include_str!("migrations/002.sql"),
    include_str!("migrations/003.sql"),
    include_str!("migrations/004.sql"),
];

/// Runs the steps this file has not seen, each in its own transaction.
pub fn run(connection: &mut Connection) -> Result<()> {
    let version: usize =
        connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))? as usize;
    if version > STEPS.len() {
        return Err(Error::new(format!(
            "the catalog was written by a newer Auralis (schema {version}, this one knows {}); \
             update Auralis or choose another folder with --data",
            STEPS.len()
        )));
    }
    if (1..STEPS.len()).contains(&version) {
        let to = STEPS.len();
        tracing::info!(from = version, to, "the catalog's schema is renewed; a large one takes some seconds");
    }
    for (idx, step) in STEPS.iter().enumerate().skip(version) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", (idx + 1) as i64)?;
        transaction.commit()?;
    }
    Ok(())
}

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
    fn steps_run_once_and_a_newer_schema_is_refused() {
        let mut db = Connection::open_in_memory().unwrap();
        run(&mut db).unwrap();
        run(&mut db).unwrap();
        db.pragma_update(None, "user_version", 99).unwrap();
        assert!(run(&mut db).unwrap_err().to_string().contains("newer Auralis"));
    }
}
