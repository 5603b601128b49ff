//! Which tracks are meant: by a rule, and within an album, an artist's work or
//! a genre.

use std::sync::Arc;

use rusqlite::Connection;

use super::{Bits, Group, Shelf, Slot};
use crate::catalog::words::matching;
use crate::catalog::{Result, lock};
use crate::rule::Rule;

/// Filters by words that are remembered.
const MAX_HITS: usize = 64;

/// Of what a list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Within {
    /// An album, an artist's work, a genre.
    pub group: Group,
    /// Its row.
    pub id: u32,
}

impl Shelf {
    /// The listed rows that a rule means.
    pub fn chosen(&self, db: &Connection, rule: &Rule) -> Result<Bits> {
        Ok(match rule {
            Rule::All(rules) => {
                let (own, others): (Vec<&Rule>, Vec<&Rule>) = rules.iter().partition(|rule| is_own(rule));
                let mut all = self.listed.clone();
                for hits in self.with_all(db, others.iter().filter_map(|rule| asked(rule)).collect())? {
                    all.and(&hits);
                }
                for rule in others.iter().filter(|rule| asked(rule).is_none()) {
                    all.and(&self.chosen(db, rule)?);
                }
                // Looked at once for all of these, and only what is left: memory is slow.
                let is_met = |row: &usize| own.iter().all(|rule| self.meets(&self.slots[*row], rule));
                if own.is_empty() { all } else { Bits::of(self.slots.len(), all.iter().filter(is_met)) }
            }
            Rule::Any(rules) => {
                let mut any = Bits::none(self.slots.len());
                for rule in rules {
                    any.or(&self.chosen(db, rule)?);
                }
                any
            }
            Rule::Not(rule) => {
                let mut rest = self.listed.clone();
                rest.and_not(&self.chosen(db, rule)?);
                rest
            }
            Rule::Words { .. } => {
                let mut hits = match asked(rule) {
                    Some(asked) => (*self.hits(db, asked)?).clone(),
                    None => Bits::default(),
                };
                hits.and(&self.listed);
                hits
            }
            Rule::Number(..) | Rule::Codec(_) | Rule::Is(_) => self.each(|slot| self.meets(slot, rule)),
        })
    }

    /// Whether a track's own values meet a rule that is about these.
    fn meets(&self, slot: &Slot, rule: &Rule) -> bool {
        match rule {
            Rule::Number(number, range) => slot.number(*number).is_some_and(|number| range.contains(number)),
            Rule::Codec(name) => self.codec(slot.codec()).contains(name),
            Rule::Is(what) => slot.is(*what, |codec| is_lossless(self.codec(codec))),
            Rule::Not(rule) => !self.meets(slot, rule),
            Rule::All(_) | Rule::Any(_) | Rule::Words { .. } => false,
        }
    }

    /// Those of `chosen` that are within.
    pub fn narrow(&self, chosen: &mut Bits, within: Within) {
        let Within { group, id } = within;
        let inside = match group {
            Group::Album => self.each(|slot| slot.album == id),
            _ => self.each(|slot| self.links(slot).any(|(role, link)| link == id && group.has(role))),
        };
        chosen.and(&inside);
    }

    fn each(&self, is_in: impl Fn(&Slot) -> bool) -> Bits {
        let slots = self.slots.iter().enumerate();
        let is_in = slots.filter(|(_, slot)| slot.is_listed() && is_in(slot));
        Bits::of(self.slots.len(), is_in.map(|(row, _)| row))
    }

    /// A codec by its number.
    pub(super) fn codec(&self, number: u8) -> &str {
        self.codecs.get(usize::from(number)).map_or("", String::as_str)
    }

    /// Sets whose intersection is the rows that have all of this. What is not known
    /// of lately is asked for at once: the index goes through its hits side by side.
    fn with_all(&self, db: &Connection, asked: Vec<String>) -> Result<Vec<Arc<Bits>>> {
        let known = |asked: &String| lock(&self.kept).hits.get(asked).map(Arc::clone);
        let mut all: Vec<Arc<Bits>> = asked.iter().filter_map(known).collect();
        let rest: Vec<String> = asked.into_iter().filter(|asked| known(asked).is_none()).collect();
        if !rest.is_empty() {
            all.push(self.hits(db, rest.join(" AND "))?);
        }
        Ok(all)
    }

    /// All rows that the index has for this.
    fn hits(&self, db: &Connection, asked: String) -> Result<Arc<Bits>> {
        if let Some(hits) = lock(&self.kept).hits.get(&asked) {
            return Ok(Arc::clone(hits));
        }
        let mut hits = Bits::none(self.slots.len());
        let mut statement = db.prepare_cached("SELECT rowid FROM search WHERE search MATCH ?1")?;
        let mut rows = statement.query([&asked])?;
        while let Some(row) = rows.next()? {
            hits.insert(row.get::<_, i64>(0)? as usize);
        }
        let hits = Arc::new(hits);
        let mut kept = lock(&self.kept);
        if kept.hits.len() >= MAX_HITS {
            kept.hits.clear();
        }
        kept.hits.insert(asked, Arc::clone(&hits));
        Ok(hits)
    }
}

/// Whether a rule is about a track's own values alone.
fn is_own(rule: &Rule) -> bool {
    match rule {
        Rule::Number(..) | Rule::Codec(_) | Rule::Is(_) => true,
        Rule::Not(rule) => is_own(rule),
        Rule::All(_) | Rule::Any(_) | Rule::Words { .. } => false,
    }
}

/// What the index is asked for a rule about words; none: it is another, or there
/// is no word in it.
fn asked(rule: &Rule) -> Option<String> {
    match rule {
        Rule::Words { field, words, is_prefix } => matching(*field, words, *is_prefix),
        _ => None,
    }
}

/// Whether a codec by this name gives back what went in.
fn is_lossless(codec: &str) -> bool {
    matches!(codec, "flac" | "alac" | "pcm")
}
