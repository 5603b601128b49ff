//! A catalog of every schema there was becomes the one that is made today, with
//! all that was in it: held against a new one into which the same was put.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use auralis_core::plan::Trim;
use rusqlite::Connection;
use rusqlite::types::Value;

use super::super::{CATALOG, Catalog, Entry, Folder, Measured, key, name_key, packed};
use super::STEPS;

const VERSION: u32 = 7;
const MUSIC: &[u8] = b"/music";
const OLD: &[u8] = b"/old \xff music";
const PRINT: &str = r#"{"version":7,"descriptors":{"lufs":-9.5,"bass":0.10000000000000002},"lra_lu":7.0}"#;
const PLAN: &str = r#"{"id":"p1"}"#;

/// What a catalog of a schema held, in the words of the step that made room for
/// it: `:a`, `:b` and `:c` are the ids of tracks, `:x` and `:y` of albums.
const ROWS: &[(usize, &str)] = &[
    (
        1,
        "INSERT INTO folder VALUES (1, x'2f6d75736963', 1), (2, x'2f6f6c6420ff206d75736963', 0);
         INSERT INTO album VALUES (1, :x, 'Äther', 'Björk', 'ather'), (2, :y, 'Single', NULL, 'single');
         INSERT INTO track VALUES
            (1, :a, 1, x'612f6f6e652e666c6163', 25000000, 1700000000123456789, 3, 1, 'Ærø', '[\"Björk\",\"Sjón\"]', 'Äther',
                'Björk', 'Pop', 1, 2, 1999, char(230)||'rø'||char(10)||'bjork'||char(10)||'sjon'||char(10)||'ather'||char(10)||'bjork',
                'ærø', 'bjork sjon', 'ather', 'flac', 44100, 2, 16, 180.25, 1, 1600000000),
            (2, :b, 1, x'622f74776fff2e6d7033', 5000000, -1, 3, 2, 'two', '[]', 'Single',
                NULL, NULL, NULL, NULL, NULL, 'two'||char(10)||'single', 'two', '', 'single', 'mp3', 48000, 1, NULL, 0.5, 0, 1600000000),
            (3, :c, 1, x'6c65747465722e666c6163', 12, 1, 3, NULL, 'letter', '[]', NULL,
                NULL, NULL, NULL, NULL, NULL, 'letter', 'letter', '', NULL, NULL, NULL, NULL, NULL, 0, 0, 1600000000);
         INSERT INTO fingerprint VALUES (1, 7, 7949025, 44100, -9.5, -0.25, :print);
         INSERT INTO fault VALUES (3, 'open', 'not a sound file', 1600000000);
         INSERT INTO plan VALUES (1, 'p1', :plan);
         INSERT INTO scan VALUES (1, 1600000000, 1600000100);",
    ),
    (2, "INSERT INTO trim (track_id, taste, trim_db) VALUES (1, 'adaptive', -0.5);"),
    (3, "UPDATE trim SET lra_lu = 0.25;"),
    (
        6,
        "INSERT INTO artist VALUES (1, :bjork, 'Björk', 'bjork', 'bjork'), (2, :sjon, 'Sjón', 'sjon', 'sjon');
         INSERT INTO credit VALUES (1, 0, 0, 1), (1, 0, 1, 2), (1, 1, 0, 1);
         INSERT INTO genre VALUES (1, :pop, 'Pop', 'pop');
         INSERT INTO track_genre VALUES (1, 0, 1);
         INSERT INTO lyrics VALUES (1, 'la la');",
    ),
    (7, LISTENED),
    (10, ASKED_FOR),
];

/// What a listener made of the music, as schema 7 has it and all since.
const LISTENED: &str =
    "INSERT INTO playlist VALUES (1, 'p', 'Evening', 'slow', NULL, NULL, NULL, 1700000000, 1700000001);
     INSERT INTO playlist_item VALUES (7, 1, 0, 2), (8, 1, 1, 1);
     INSERT INTO playlist_before VALUES (3, 1, '[[7,2]]');
     INSERT INTO play VALUES (1, 'k', 2, 1700000002, 0.25, 1);
     UPDATE queue SET items = '[[1,2],[2,1]]', next_item = 3, at_item = 2, position_s = 0.125, revision = 9;
     INSERT INTO track_taste VALUES (1, '{\"intensity\":0.5}');
     INSERT INTO album_taste VALUES (2, '{\"enhanced\":false}');";

/// Jobs, as schema 10 has them and all since.
const ASKED_FOR: &str =
    "INSERT INTO job VALUES (1, 'j', 2, 'Äther.zip', '{}', 1700000003, 1700000004, 1700000005, NULL, 99);
     INSERT INTO job_track VALUES (1, 0, 'k', 'Ærø', 'Äther/01 Ærø.flac', 180.25, 88, NULL),
        (1, 1, 'l', 'two', 'two.flac', 0.5, NULL, 'it is gone');";

/// What only reading the files anew tells, or the clock.
const UNKNOWN: &[(&str, &str)] = &[("track", "content"), ("track", "added_at"), ("fault", "at")];

/// A folder of its own, gone when it is dropped.
struct Data(PathBuf);

impl Data {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("auralis-every-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Data(path)
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

fn entries() -> [Entry; 3] {
    let one = Entry {
        path: b"a/one.flac".to_vec(),
        size: 25_000_000,
        mtime_ns: 1_700_000_000_123_456_789,
        title: "Ærø".into(),
        artists: vec!["Björk".into(), "Sjón".into()],
        album: Some("Äther".into()),
        album_artist: Some("Björk".into()),
        album_artists: vec!["Björk".into()],
        genres: vec!["Pop".into()],
        lyrics: Some("la la".into()),
        content: Some([1; 16]),
        track_no: Some(1),
        disc_no: Some(2),
        year: Some(1999),
        codec: Some("flac".into()),
        sample_rate: Some(44_100),
        channels: Some(2),
        bits: Some(16),
        duration_s: 180.25,
        has_art: true,
        ..Entry::default()
    };
    let two = Entry {
        path: b"b/two\xff.mp3".to_vec(),
        size: 5_000_000,
        mtime_ns: -1,
        title: "two".into(),
        content: Some([2; 16]),
        album: Some("Single".into()),
        codec: Some("mp3".into()),
        sample_rate: Some(48_000),
        channels: Some(1),
        duration_s: 0.5,
        ..Entry::default()
    };
    let letter = Entry {
        path: b"letter.flac".to_vec(),
        size: 12,
        mtime_ns: 1,
        title: "letter".into(),
        ..Entry::default()
    };
    [one, two, letter]
}

/// The catalog as it was when its schema had `schema` steps.
fn history(data: &Data, schema: usize) {
    let db = Connection::open(data.0.join(CATALOG)).unwrap();
    packed::teach(&db).unwrap();
    // As the steps are run: one builds anew a table to which others refer.
    db.pragma_update(None, "foreign_keys", false).unwrap();
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let mut names: Vec<(&str, String)> = [":a", ":b", ":c"]
        .into_iter()
        .zip(entries())
        .map(|(name, entry)| (name, key(&[MUSIC, &entry.path])))
        .collect();
    names.push((":x", key(&[b"by", b"ather", b"bjork"])));
    names.push((":y", key(&[b"in", b"single", MUSIC, b"b"])));
    for (name, kind, meant) in
        [(":bjork", "artist", "Björk"), (":sjon", "artist", "Sjón"), (":pop", "genre", "Pop")]
    {
        names.push((name, name_key(kind, meant)));
    }
    names.push((":print", PRINT.to_owned()));
    names.push((":plan", PLAN.to_owned()));
    for (idx, step) in STEPS[..schema].iter().enumerate() {
        db.execute_batch(step).unwrap();
        let rows = ROWS.iter().filter(|(step, _)| *step == idx + 1);
        for (_, sql) in rows {
            let sql = names.iter().fold((*sql).to_owned(), |sql, (name, value)| {
                // A name ends where its word does.
                sql.replace(&format!("{name},"), &format!("{},", quoted(value)))
                    .replace(&format!("{name})"), &format!("{})", quoted(value)))
            });
            db.execute_batch(&sql).unwrap_or_else(|error| panic!("step {}: {error}: {sql}", idx + 1));
        }
    }
    db.pragma_update(None, "user_version", schema as i64).unwrap();
    for table in tables(&db) {
        let has_rows = db.prepare(&format!("SELECT 1 FROM \"{table}\"")).unwrap().exists([]).unwrap();
        assert!(has_rows, "{table} of schema {schema} has no rows to be lost: add some to ROWS");
    }
}

/// A new catalog, into which what `schema` knew is put.
fn anew(data: &Data, schema: usize) -> Catalog {
    let catalog = Catalog::open(&data.0, VERSION).unwrap();
    let folders = catalog.open_folders(&[MUSIC.to_vec(), OLD.to_vec()]).unwrap();
    let music: &Folder = &folders[0];
    catalog.put(music, &entries(), &mut HashSet::new()).unwrap();
    catalog.open_folders(&[MUSIC.to_vec()]).unwrap();
    let of = |entry: &Entry| catalog.measurable(&key(&[MUSIC, &entry.path])).unwrap();
    let [one, _, letter] = entries();
    let one = of(&one).unwrap();
    let measured = Measured {
        version: VERSION,
        n_frames: 7_949_025,
        sample_rate: 44_100,
        lufs: Some(-9.5),
        true_peak_dbtp: Some(-0.25),
        json: PRINT.to_owned(),
    };
    assert!(catalog.put_fingerprint(&one, &measured).unwrap());
    assert!(of(&letter).is_none());
    assert!(catalog.put_fault(3, (12, 1), "open", "not a sound file").unwrap());
    catalog.put_plan(1, "p1", PLAN).unwrap();
    if schema >= 2 {
        assert!(catalog.put_trim(&one, "adaptive", Some(Trim { lufs: -0.5, lra_lu: 0.25 })).unwrap());
    }
    catalog
}

/// Reads the files once more, as the next scan does: their tags are told more
/// fully than they were.
fn read_anew(catalog: &Catalog) {
    let music = catalog.folders().unwrap().remove(0);
    let known = catalog.known(&music).unwrap();
    assert!(known.rest().all(|known| !known.is_read), "the scan would read no file anew");
    catalog.put(&music, &entries(), &mut HashSet::new()).unwrap();
    assert!(catalog.put_fault(3, (12, 1), "open", "not a sound file").unwrap());
}

/// The tables with rows of their own, not those in which SQLite keeps an index.
fn tables(db: &Connection) -> Vec<String> {
    let mut tables = db
        .prepare(
            "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'
             AND name NOT LIKE 'sqlite_%' ORDER BY name",
        )
        .unwrap();
    tables.query_map([], |row| row.get(0)).unwrap().map(|name| name.unwrap()).collect()
}

/// Everything that is made, by name, as it was written but for blanks.
fn schema(db: &Connection) -> BTreeMap<String, String> {
    let mut made = db.prepare("SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_schema").unwrap();
    let made = made.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))).unwrap();
    made.map(|made| made.unwrap())
        .map(|(name, sql)| (name, sql.split_whitespace().collect::<Vec<_>>().join(" ")))
        .collect()
}

/// All rows of all tables, but for what cannot be known.
fn rows(db: &Connection) -> BTreeMap<String, Vec<Vec<(String, Value)>>> {
    let rows = |table: String| {
        let order: Vec<String> = db
            .prepare(&format!("SELECT * FROM \"{table}\""))
            .map(|all| (1..=all.column_count()).map(|n| n.to_string()).collect())
            .unwrap();
        let mut all =
            db.prepare(&format!("SELECT * FROM \"{table}\" ORDER BY {}", order.join(", "))).unwrap();
        let columns: Vec<String> = all.column_names().map(str::to_owned).collect();
        let found = all.query_map([], |row| {
            let cell = |(idx, name): (usize, &String)| Ok((name.clone(), row.get::<_, Value>(idx)?));
            columns.iter().enumerate().map(cell).collect::<rusqlite::Result<Vec<_>>>()
        });
        let known = |row: Vec<(String, Value)>| {
            row.into_iter().filter(|(name, _)| !UNKNOWN.contains(&(table.as_str(), name.as_str()))).collect()
        };
        let found: Vec<Vec<(String, Value)>> = found.unwrap().map(|row| known(row.unwrap())).collect();
        (table, found)
    };
    tables(db).into_iter().map(rows).collect()
}

#[test]
fn every_schema_becomes_todays_with_all_that_was_in_it() {
    for schema_then in 1..STEPS.len() {
        let (old, new) = (Data::new("old"), Data::new("new"));
        history(&old, schema_then);
        read_anew(&Catalog::open(&old.0, VERSION).unwrap());
        drop(anew(&new, schema_then));
        if schema_then >= 7 {
            Connection::open(new.0.join(CATALOG)).unwrap().execute_batch(LISTENED).unwrap();
        }
        if schema_then >= 10 {
            Connection::open(new.0.join(CATALOG)).unwrap().execute_batch(ASKED_FOR).unwrap();
        }
        if schema_then < 3 {
            // Nobody had looked at the range yet.
            let new = Connection::open(new.0.join(CATALOG)).unwrap();
            new.execute("UPDATE trim SET lra_lu = NULL", []).unwrap();
        }
        let [old, new] = [&old, &new].map(|data| Connection::open(data.0.join(CATALOG)).unwrap());
        assert_eq!(schema(&old), schema(&new), "from schema {schema_then}");
        let (found, wanted) = (rows(&old), rows(&new));
        for (table, wanted) in &wanted {
            assert_eq!(&found[table], wanted, "{table} from schema {schema_then}");
        }
        for check in ["integrity_check", "foreign_key_check"] {
            let faults = old
                .prepare(&format!("SELECT * FROM pragma_{check}"))
                .unwrap()
                .query_map([], |row| row.get::<_, String>(0))
                .unwrap()
                .map(|fault| fault.unwrap())
                .filter(|fault| fault != "ok")
                .collect::<Vec<_>>();
            assert_eq!(faults, [""; 0], "from schema {schema_then}");
        }
    }
}

/// Only the newest copies stay, each a catalog of its schema.
#[test]
fn a_renewal_keeps_the_catalog_as_it_was_and_of_older_copies_the_newest() {
    let data = Data::new("copies");
    let at = |schema: usize| data.0.join(format!("{CATALOG}.schema-{schema}"));
    // As several renewals would have left them.
    let newest = STEPS.len() - 1;
    for schema in 1..newest {
        std::fs::write(at(schema), "a copy").unwrap();
    }
    std::fs::write(data.0.join("catalog.sqlite.schema-of-mine"), "no copy").unwrap();
    history(&data, newest);
    drop(Catalog::open(&data.0, VERSION).unwrap());
    let stay = |schema: &usize| at(*schema).exists();
    assert_eq!((1..STEPS.len()).filter(stay).collect::<Vec<_>>(), [newest - 1, newest]);
    assert!(data.0.join("catalog.sqlite.schema-of-mine").exists());
    let copy = Connection::open(at(newest)).unwrap();
    assert_eq!(super::version(&copy).unwrap(), newest);
    let title = copy.query_row("SELECT title FROM track WHERE id = 1", [], |row| row.get::<_, String>(0));
    assert_eq!(title.unwrap(), "Ærø");
}
