//! Tracks that somebody has on the screen: they are measured before the rest,
//! those of the newest look first.

use std::collections::{HashSet, VecDeque};

/// Rows remembered: a few pages of a list.
const MOST: usize = 1_024;

/// Rows that were looked at, the next one first.
#[derive(Default)]
pub struct Looked {
    rows: VecDeque<i64>,
}

impl Looked {
    /// These are looked at now, from the top.
    pub fn look(&mut self, rows: &[i64]) {
        let new: HashSet<&i64> = rows.iter().collect();
        self.rows.retain(|row| !new.contains(row));
        rows.iter().rev().for_each(|row| self.rows.push_front(*row));
        self.rows.truncate(MOST);
    }

    /// The next one.
    pub fn next(&mut self) -> Option<i64> {
        self.rows.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_look_comes_first_and_old_ones_are_forgotten() {
        let mut looked = Looked::default();
        looked.look(&[1, 2, 3, 4]);
        looked.look(&[8, 3]);
        let order: Vec<_> = std::iter::from_fn(|| looked.next()).collect();
        assert_eq!(order, [8, 3, 1, 2, 4]);
        (0..100).for_each(|n| looked.look(&(500 * n..500 * (n + 1)).collect::<Vec<_>>()));
        let order: Vec<_> = std::iter::from_fn(|| looked.next()).collect();
        assert_eq!((order.len(), order[0]), (MOST, 49_500));
    }
}
