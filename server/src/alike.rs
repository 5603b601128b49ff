//! Which tracks sound alike: every measured track as a point in memory, built
//! when first asked for and brought up to date when the catalog has changed.
//! Only descriptors are read, and only new ones become points, so that asking
//! first of all, or while a library is measured, is cheap.

use std::collections::HashSet;
use std::mem::take;
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
        self.ask(catalog, move |index| index.nearest(row, &of, n)).await
    }

    /// About `n` tracks that lead from one point to another, none of them in
    /// `not`, each as near to the straight way as there is.
    pub async fn between(
        &self,
        catalog: &Catalog,
        (from, to): (Point, Point),
        n: usize,
        not: HashSet<i64>,
    ) -> Result<Vec<i64>> {
        self.ask(catalog, move |index| index.between(&from, &to, n, not)).await
    }

    async fn ask<T: Send + 'static>(
        &self,
        catalog: &Catalog,
        question: impl FnOnce(&Index) -> T + Send + 'static,
    ) -> Result<T> {
        let mut index = Arc::clone(&self.index).lock_owned().await;
        let catalog = catalog.clone();
        let span = tracing::Span::current();
        let work = move || {
            index.refresh(&catalog)?;
            Ok(question(&index))
        };
        match tokio::task::spawn_blocking(move || span.in_scope(work)).await {
            Ok(answer) => answer,
            Err(gone) => Err(Error::unexpected(gone)),
        }
    }
}

/// The point of what was not known yet.
fn fresh(row: i64, json: Option<&str>) -> Option<Point> {
    match serde_json::from_str(json.unwrap_or_default()) {
        Ok(track) => Some(Point::new(&track)),
        Err(error) => {
            tracing::warn!(row, %error, "a stored fingerprint is not what it should be");
            None
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
        self.revision = None;
        let before = (take(&mut self.contents), take(&mut self.points));
        // Both are in the order of the rows: side by side, what stayed is found.
        let mut before = before.0.into_iter().zip(before.1).peekable();
        catalog.each_descriptors(|content, json| {
            while before.next_if(|(old, _)| old.row < content.row).is_some() {}
            let stayed = before.next_if(|(old, _)| *old == content).map(|(_, point)| point);
            if let Some(point) = stayed.or_else(|| fresh(content.row, json)) {
                self.contents.push(content);
                self.points.push(point);
            }
        })?;
        self.contents.shrink_to_fit();
        self.points.shrink_to_fit();
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

    fn between(&self, from: &Point, to: &Point, n: usize, mut not: HashSet<i64>) -> Vec<i64> {
        let mut way = Vec::with_capacity(n);
        for step in 1..=n {
            let aim = from.between(to, step as f32 / (n + 1) as f32);
            // So many may be taken: one more is not.
            let found = nearest(&self.points, &aim, not.len() + 1).into_iter();
            let free = found.map(|(at, _)| self.contents[at].row).find(|row| !not.contains(row));
            way.extend(free);
            not.extend(free);
        }
        way
    }
}
