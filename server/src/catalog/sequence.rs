//! Tracks in a row, each place under an id of its own that it keeps wherever it
//! is moved: what playlists and the queue are made of.

use std::collections::{HashMap, HashSet};

/// One track's place in a row of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its id.
    pub id: i64,
    /// The track's row.
    pub track: u32,
}

/// `new` put before an item; none: at the end. An error is the id of what is
/// not there.
pub(super) fn insert(items: &[Item], new: &[Item], before: Option<i64>) -> Result<Vec<Item>, i64> {
    let at = place(items, before)?;
    Ok([&items[..at], new, &items[at..]].concat())
}

/// The items `ids`, in this order, put before another; none: at the end.
pub(super) fn move_to(items: &[Item], ids: &[i64], before: Option<i64>) -> Result<Vec<Item>, i64> {
    let known: HashMap<i64, Item> = items.iter().map(|item| (item.id, *item)).collect();
    let (mut moved, mut is_moved) = (Vec::with_capacity(ids.len()), HashSet::new());
    for id in ids {
        let item = known.get(id).ok_or(*id)?;
        if is_moved.insert(*id) {
            moved.push(*item);
        }
    }
    // Before one that moves too means before the next that stays.
    let from = place(items, before)?;
    let anchor = items[from..].iter().find(|item| !is_moved.contains(&item.id)).map(|item| item.id);
    let rest = remove(items, ids);
    insert(&rest, &moved, anchor)
}

/// Without the items `ids`; what is not there any more is gone already.
pub(super) fn remove(items: &[Item], ids: &[i64]) -> Vec<Item> {
    let gone: HashSet<i64> = ids.iter().copied().collect();
    items.iter().copied().filter(|item| !gone.contains(&item.id)).collect()
}

fn place(items: &[Item], before: Option<i64>) -> Result<usize, i64> {
    match before {
        None => Ok(items.len()),
        Some(before) => items.iter().position(|item| item.id == before).ok_or(before),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(ids: &[i64]) -> Vec<Item> {
        ids.iter().map(|id| Item { id: *id, track: *id as u32 }).collect()
    }

    fn ids(items: &[Item]) -> Vec<i64> {
        items.iter().map(|item| item.id).collect()
    }

    #[test]
    fn items_come_go_and_move() {
        let items = row(&[1, 2, 3, 4, 5]);
        assert_eq!(ids(&insert(&items, &row(&[9]), Some(3)).unwrap()), [1, 2, 9, 3, 4, 5]);
        assert_eq!(ids(&insert(&items, &row(&[8, 9]), None).unwrap()), [1, 2, 3, 4, 5, 8, 9]);
        assert_eq!(insert(&items, &row(&[9]), Some(7)), Err(7));
        for (moved, before, after) in [
            (&[4][..], Some(1), [4, 1, 2, 3, 5]),
            (&[1, 2], None, [3, 4, 5, 1, 2]),
            (&[2, 1], Some(4), [3, 2, 1, 4, 5]),
            // Before itself, and before its neighbour that goes along.
            (&[3], Some(3), [1, 2, 3, 4, 5]),
            (&[5, 3, 4], Some(4), [1, 2, 5, 3, 4]),
            (&[2, 2], Some(1), [2, 1, 3, 4, 5]),
            (&[], Some(1), [1, 2, 3, 4, 5]),
        ] {
            assert_eq!(ids(&move_to(&items, moved, before).unwrap()), after, "{moved:?} before {before:?}");
        }
        assert_eq!(move_to(&items, &[6], None), Err(6));
        assert_eq!(move_to(&items, &[1], Some(6)), Err(6));
        assert_eq!(ids(&remove(&items, &[2, 9, 5])), [1, 3, 4]);
    }
}
