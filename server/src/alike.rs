//! Which tracks sound alike: every measured track as a point in memory, built
//! when first asked for and brought up to date when the catalog has changed.
//! Only what is new is read, so that asking while a library is measured is
//! cheap.

use std::collections::HashMap;
use std::sync::Arc;

use auralis_core::fingerprint::{Descriptors, Point, nearest};
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::catalog::{Catalog, Content};
use crate::error::{Error, Result};

/// What of a fingerprint makes its point.
#[derive(Deserialize)]
struct Told {
    descriptors: Descriptors,
}

/// The descriptors in a stored fingerprint.
pub fn descriptors(json: &str) -> Result<Descriptors> {
    Ok(serde_json::from_str::<Told>(json)?.descriptors)
}

/// All points; a cheap handle.
#[derive(Clone, Default)]
pub struct Alike {
    index: Arc<Mutex<Index>>,
}

/// The tracks nearest to one.
pub struct Near {
    /// Their rows with their distance, the nearest first.
    pub found: Vec<(i64, f32)>,
    /// How many others are measured.
    pub n_others: u64,
}

#[derive(Default)]
struct Index {
    /// What the catalog had come to; none: it was never asked.
    revision: Option<u64>,
    contents: Vec<Content>,
    /// One per content.
    points: Vec<Point>,
}

impl Alike {
    /// The `n` tracks nearest to `of`, which is that of `row`. Who asks while
    /// the points are read waits without a thread.
    pub async fn nearest(&self, catalog: &Catalog, row: i64, of: Point, n: usize) -> Result<Near> {
        let mut index = Arc::clone(&self.index).lock_owned().await;
        let catalog = catalog.clone();
        let span = tracing::Span::current();
        let work = move || {
            index.refresh(&catalog)?;
            Ok(index.nearest(row, &of, n))
        };
        match tokio::task::spawn_blocking(move || span.in_scope(work)).await {
            Ok(near) => near,
            Err(gone) => Err(Error::unexpected(gone)),
        }
    }
}

impl Index {
    fn refresh(&mut self, catalog: &Catalog) -> Result<()> {
        // Asked before reading: what changes meanwhile is read next time.
        let revision = catalog.revision();
        if self.revision == Some(revision) {
            return Ok(());
        }
        let mut known: HashMap<Content, Point> = self.contents.drain(..).zip(self.points.drain(..)).collect();
        self.revision = None;
        let contents = catalog.measured_contents()?;
        let fresh: Vec<i64> = contents
            .iter()
            .filter(|content| !known.contains_key(content))
            .map(|content| content.row)
            .collect();
        let mut points = HashMap::new();
        catalog.fingerprints_by_row(&fresh, |row, json| match descriptors(json) {
            Ok(track) => drop(points.insert(row, Point::new(&track))),
            Err(error) => tracing::warn!(row, %error, "a stored fingerprint is not what it should be"),
        })?;
        for content in contents {
            let point = known.remove(&content).or_else(|| points.remove(&content.row));
            if let Some(point) = point {
                self.contents.push(content);
                self.points.push(point);
            }
        }
        self.revision = Some(revision);
        Ok(())
    }

    fn nearest(&self, row: i64, of: &Point, n: usize) -> Near {
        // One more: the track itself is usually the nearest.
        let found = nearest(&self.points, of, n + 1).into_iter();
        let found = found.map(|(at, distance)| (self.contents[at].row, distance));
        let n_itself = self.contents.iter().filter(|content| content.row == row).count();
        Near {
            found: found.filter(|(other, _)| *other != row).take(n).collect(),
            n_others: (self.contents.len() - n_itself) as u64,
        }
    }
}
