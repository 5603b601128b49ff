//! The order in which hits of a search are told: what is called so first.

use std::collections::BTreeSet;

use rusqlite::Connection;

use super::Result;
use super::shelf::{Bits, Shelf, Sort, page, part};
use super::words::{fold, sort_key};
use crate::rule::Rule;

/// A part of the chosen rows, the best hits of a rule's words first and equal
/// ones in albums' order: so many at most (the second of `window`) after so many.
pub(super) fn ranked(
    db: &Connection,
    shelf: &Shelf,
    rule: &Rule,
    chosen: &Bits,
    window: (u64, u32),
) -> Result<Vec<u32>> {
    let words = rule.words();
    if words.is_empty() {
        return Ok(page(&shelf.order(db, Sort::Album, false)?, chosen, window));
    }
    let (places, likings, scores) = (shelf.places(db)?, shelf.likings(), Asked::new(&words).scores(shelf));
    let hit = |row: usize| (scores[row] + likings[row], places[row], row as u32);
    let mut hits: Vec<(f32, u32, u32)> = chosen.iter().map(hit).collect();
    let better = |a: &(f32, u32, u32), b: &(f32, u32, u32)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
    Ok(part(&mut hits, window, better).iter().map(|hit| hit.2).collect())
}

/// What a text earns that is what was asked for, that begins so, and that has a
/// word of it: title, artist and album.
const EARNED: [(f32, f32, f32); 3] = [(100.0, 60.0, 12.0), (90.0, 50.0, 10.0), (70.0, 40.0, 6.0)];

/// What was asked for, folded.
struct Asked {
    /// All of it, as title, artist and album would have it.
    whole: [String; 3],
    words: BTreeSet<String>,
}

impl Asked {
    fn new(words: &[(&str, bool)]) -> Self {
        let words: Vec<String> = words.iter().map(|(word, _)| fold(word)).collect();
        let whole = words.join(" ");
        Asked { whole: [whole.clone(), sort_key(&whole), whole], words: words.into_iter().collect() }
    }

    /// How well title, artist and album of each row meet it.
    fn scores(&self, shelf: &Shelf) -> Vec<f32> {
        let mut scores = vec![0.0; shelf.n_rows()];
        // What begins with all of it begins with its first word, and is met there.
        let firsts = self.whole.each_ref().map(|whole| {
            let words = self.words.iter().filter(|word| whole.starts_with(*word));
            words.max_by_key(|word| word.len()).unwrap_or(whole)
        });
        let looked_for: BTreeSet<&String> = self.words.iter().chain(firsts).collect();
        for beginning in looked_for {
            let is_word = self.words.contains(beginning);
            shelf.each_with(beginning, |row, which, text| {
                let (is_it, begins, has) = EARNED[which];
                if is_word {
                    scores[row] += has;
                }
                let whole = &self.whole[which];
                if beginning == firsts[which] && text.starts_with(whole) {
                    scores[row] += if text == whole { is_it } else { begins };
                }
            });
        }
        scores
    }
}
