//! JSON as the catalog keeps it where there is much: deflated, in a zlib stream
//! (RFC 1950), whose checksum tells whether it is still what was written.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};

/// More than any fingerprint has: what claims to be longer is damaged.
const MAX_BYTES: u64 = 16 << 20;

/// The text of such a column.
pub struct Packed(pub String);

impl FromSql for Packed {
    fn column_result(value: ValueRef) -> FromSqlResult<Self> {
        let mut text = String::new();
        let read = ZlibDecoder::new(value.as_blob()?).take(MAX_BYTES).read_to_string(&mut text);
        read.map_err(FromSqlError::other)?;
        Ok(Packed(text))
    }
}

/// As it is stored.
pub fn deflated(text: &str) -> rusqlite::Result<Vec<u8>> {
    let mut stream = ZlibEncoder::new(Vec::new(), Compression::default());
    let written = stream.write_all(text.as_bytes()).and_then(|()| stream.finish());
    written.map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// Gives the schema's steps a function `deflated(text)`.
pub fn teach(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("deflated", 1, flags, |call| deflated(call.get_raw(0).as_str()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_back_and_what_is_damaged_is_refused() {
        let db = Connection::open_in_memory().unwrap();
        teach(&db).unwrap();
        for text in ["", "{}", &"[0.10000000000000002,-9.5],".repeat(100_000), "ær\0ø"] {
            let stored = deflated(text).unwrap();
            let read = |bytes: &[u8]| db.query_row("SELECT ?1", [bytes], |row| row.get::<_, Packed>(0));
            assert_eq!(read(&stored).unwrap().0, text);
            assert_eq!(
                db.query_row("SELECT deflated(?1)", [text], |row| row.get::<_, Vec<u8>>(0)).unwrap(),
                stored
            );
            for at in [1, stored.len() / 2, stored.len() - 1] {
                let mut damaged = stored.clone();
                damaged[at] ^= 0x10;
                // Bits that only fill up a byte say nothing.
                let is_text = read(&damaged).is_ok_and(|read| at + 1 < stored.len() && read.0 == text);
                assert!(is_text || read(&damaged).is_err(), "byte {at} of {}", stored.len());
            }
        }
    }
}
