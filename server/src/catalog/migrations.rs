//! The schema's numbered steps. A step that was released is never edited: the
//! next one is added.

use rusqlite::Connection;

use super::{Error, Result};

const STEPS: &[&str] = &[
    include_str!("migrations/001.sql"),
    include_str!("migrations/002.sql"),
    include_str!("migrations/003.sql"),
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
    fn steps_run_once_and_a_newer_schema_is_refused() {
        let mut db = Connection::open_in_memory().unwrap();
        run(&mut db).unwrap();
        run(&mut db).unwrap();
        db.pragma_update(None, "user_version", 99).unwrap();
        assert!(run(&mut db).unwrap_err().to_string().contains("newer Auralis"));
    }
}
