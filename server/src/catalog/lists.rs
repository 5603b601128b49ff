//! Lists beside that of all tracks: put in order, searched and cut by the
//! database.

use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use super::words::fold;
use super::{Page, Result};

/// By what a list can be ordered.
pub trait Orders: Copy + 'static {
    /// All, by the names that they are asked for.
    const ALL: &'static [(&'static str, Self)];
    /// The usual one, as it would be asked for.
    const USUAL: &'static str;
}

/// Which part of a list is wanted.
#[derive(Clone, Debug)]
pub struct Part<S> {
    /// By what it is ordered.
    pub sort: S,
    /// From the other end.
    pub descending: bool,
    /// What all its items have, each word somewhere in their texts.
    pub words: String,
    /// How many at most.
    pub limit: u32,
    /// After how many.
    pub offset: u64,
}

impl<S> Part<S> {
    /// So many in an order, after so many.
    pub fn of((sort, descending): (S, bool), limit: u32, offset: u64) -> Self {
        Part { sort, descending, words: String::new(), limit, offset }
    }

    /// The part of all items, which are put in the order of `key`, equal ones as
    /// they are, and searched by their texts.
    pub fn cut<T, K: Ord>(
        &self,
        mut all: Vec<T>,
        text: impl Fn(&T) -> String,
        key: impl Fn(&T) -> K,
    ) -> Page<T> {
        all.retain(|item| has_words(&text(item), &self.words));
        all.sort_by(|a, b| if self.descending { key(b).cmp(&key(a)) } else { key(a).cmp(&key(b)) });
        let total = all.len() as u64;
        let skip = usize::try_from(self.offset).unwrap_or(usize::MAX);
        Page { items: all.into_iter().skip(skip).take(self.limit as usize).collect(), total }
    }
}

/// A list as the database has it.
pub(super) struct List {
    /// What is read of each item.
    pub columns: &'static str,
    /// Where, up to its conditions.
    pub from: &'static str,
    /// The text in which words are looked for.
    pub text: &'static str,
    /// What puts equal ones in an order.
    pub then: &'static str,
}

impl List {
    /// A part of it, in the order of a column.
    pub fn part<S, T>(
        &self,
        db: &Connection,
        part: &Part<S>,
        column: &str,
        item: impl FnMut(&Row) -> rusqlite::Result<T>,
    ) -> Result<Page<T>> {
        let List { columns, from, text, then } = self;
        // Nothing is looked for in texts where any will do.
        let meant = if part.words.trim().is_empty() { "?1 NOT NULL" } else { "has_words(TEXT, ?1)" };
        let meant = meant.replace("TEXT", text);
        let total: i64 = db
            .prepare_cached(&format!("SELECT count(*) {from} AND {meant}"))?
            .query_row([&part.words], |row| row.get(0))?;
        let way = if part.descending { "DESC" } else { "ASC" };
        let mut statement = db.prepare_cached(&format!(
            "SELECT {columns} {from} AND {meant} ORDER BY {column} {way}, {then} LIMIT ?2 OFFSET ?3"
        ))?;
        let offset = i64::try_from(part.offset).unwrap_or(i64::MAX);
        let rows = statement.query_map((&part.words, part.limit, offset), item)?;
        Ok(Page { items: rows.collect::<rusqlite::Result<_>>()?, total: total as u64 })
    }
}

/// Whether each word is somewhere in a text, whatever its case and accents.
fn has_words(text: &str, words: &str) -> bool {
    let text = fold(text);
    fold(words).split_whitespace().all(|word| text.contains(word))
}

/// Gives the database a function `has_words(text, words)`; a text may be a path.
pub(super) fn teach(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("has_words", 2, flags, |call| {
        let text = match call.get_raw(0) {
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => String::from_utf8_lossy(bytes),
            _ => "".into(),
        };
        Ok(has_words(&text, call.get_raw(1).as_str()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_words_must_be_somewhere_in_a_text() {
        for (words, is_in) in [("", true), (" beyo SINGLE", true), ("single x", false), ("oncé", true)] {
            assert_eq!(has_words("Beyoncé/Single Ladies", words), is_in, "{words}");
        }
    }

    #[test]
    fn a_part_is_cut_of_what_is_left_and_equal_ones_keep_their_order() {
        let all = || vec![("b", 1), ("a", 2), ("ab", 1), ("c", 1)];
        let part = |words: &str, descending, limit, offset| {
            let part = Part { sort: (), descending, words: words.to_owned(), limit, offset };
            let page = part.cut(all(), |item| item.0.to_owned(), |item| item.1);
            (page.items.iter().map(|item| item.0).collect::<Vec<_>>(), page.total)
        };
        assert_eq!(part("", false, 9, 0), (vec!["b", "ab", "c", "a"], 4));
        assert_eq!(part("", true, 2, 1), (vec!["b", "ab"], 4));
        assert_eq!(part("a", false, 9, 0), (vec!["ab", "a"], 2));
        assert_eq!(part("", false, 9, u64::MAX), (vec![], 4));
    }
}
