//! A promise held against its rendering: the plan is rendered once into a
//! meter, and what the models of loudness and range missed is stored as a trim,
//! which page and stream plan by from then on.

use std::collections::{BTreeSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};

use auralis_core::block::Block;
use auralis_core::error::{Error, Kind};
use auralis_core::fingerprint::{self, Fingerprint};
use auralis_core::flow::{Source, Stereo};
use auralis_core::geometry::Geometry;
use auralis_core::meter::{Meter, Reading};
use auralis_core::plan::{self, Taste, Trim};
use auralis_core::player::Render;

use super::measure::Failure;
use super::{BATCH, Measurers};
use crate::catalog::{self, Measurable, key};
use crate::error::chain;
use crate::events::Event;
use crate::media;
use crate::pool::panic_text;

/// Frames rendered between two looks at whether to go on.
const SLICE: usize = 16_384;
/// Checks that may wait for listeners: a few tracks of a few pages.
const MAX_ASKED: usize = 64;

/// A track and a taste whose plan is to be rendered.
#[derive(Clone, Debug)]
pub struct Check {
    /// The track.
    pub track: Measurable,
    /// The taste, with the album and the reference in it.
    pub taste: Taste,
}

/// Stands for a taste and for all versions that its trims depend on.
pub fn taste_key(taste: &Taste) -> serde_json::Result<String> {
    Ok(key(&[
        &plan::VERSION.to_le_bytes(),
        &fingerprint::VERSION.to_le_bytes(),
        env!("CARGO_PKG_VERSION").as_bytes(),
        serde_json::to_string(taste)?.as_bytes(),
    ]))
}

/// Checks that wait, and those that run.
#[derive(Default)]
pub(super) struct Checks {
    /// By listeners: the latest taste of each track, the newest last.
    asked: VecDeque<Check>,
    /// Of the default taste, fetched from the catalog, and the row up to which
    /// it was asked.
    background: VecDeque<Measurable>,
    fetched_to: i64,
    /// Rows whose plan is being rendered.
    running: BTreeSet<i64>,
    /// Rows whose file could not be reached: not tried again in this life.
    given_up: BTreeSet<i64>,
    /// The catalog had none left when last asked.
    exhausted: bool,
}

impl Checks {
    /// Looks into the catalog again, from this row on: something was measured.
    pub fn look(&mut self, row: i64) {
        self.fetched_to = self.fetched_to.min(row - 1);
        self.exhausted = false;
    }

    /// Puts one first. A listener who moves a slider asks for many tastes of a
    /// track and stays with the last one: the others are dropped.
    pub fn ask(&mut self, check: Check) {
        self.asked.retain(|other| other.track.row != check.track.row);
        self.asked.push_back(check);
        if self.asked.len() > MAX_ASKED {
            self.asked.pop_front();
        }
    }

    /// The newest one asked for, else the next of the background, of tracks
    /// that are not being rendered.
    pub fn next(&mut self) -> Option<Check> {
        let is_free = |track: &Measurable| !self.running.contains(&track.row);
        let check = if let Some(idx) = self.asked.iter().rposition(|check| is_free(&check.track)) {
            self.asked.remove(idx)?
        } else {
            let idx = self.background.iter().position(is_free)?;
            Check { track: self.background.remove(idx)?, taste: Taste::default() }
        };
        self.running.insert(check.track.row);
        Some(check)
    }
}

impl Measurers {
    /// Holds this plan's promise against its rendering, when nothing is left to
    /// measure.
    pub fn check(&self, check: Check) {
        self.queue().checks.ask(check);
        self.shared.wake.notify_all();
    }

    /// The next check, if there is one.
    pub(super) fn next_check(&self, checks: &mut Checks) -> Option<Check> {
        loop {
            let next = checks.next();
            // Those that are left are being rendered for a listener.
            if next.is_some() || !checks.background.is_empty() || checks.exhausted {
                return next;
            }
            self.fetch(checks);
        }
    }

    /// Fetches some measured tracks that nobody has checked.
    fn fetch(&self, checks: &mut Checks) {
        let fetched = taste_key(&Taste::default())
            .map_err(catalog::Error::from)
            .and_then(|taste| self.shared.catalog.untrimmed(&taste, checks.fetched_to, BATCH));
        match fetched {
            Ok(mut tracks) => {
                match tracks.last() {
                    Some(last) => checks.fetched_to = last.row,
                    None => checks.exhausted = true,
                }
                tracks.retain(|track| !checks.given_up.contains(&track.row));
                checks.background = tracks.into();
            }
            Err(error) => {
                checks.exhausted = true;
                tracing::error!(error = chain(&error), "tracks to check not fetched");
            }
        }
    }

    /// Renders, and stores what came of it.
    pub(super) fn take_check(&self, check: &Check) {
        if let Err(failure) = self.run_check(check)
            && !self.stopped()
        {
            // It plays as it was foretold.
            let (track_id, stage) = (&check.track.key, failure.stage);
            tracing::warn!(track_id, stage, error = chain(&*failure.error), "promise not checked");
            self.queue().checks.given_up.insert(check.track.row);
        }
        self.queue().checks.running.remove(&check.track.row);
        self.shared.wake.notify_all();
    }

    fn run_check(&self, check: &Check) -> Result<(), Failure> {
        let shared = &*self.shared;
        let (track, store) = (&check.track, |error| Failure::of_catalog("store", error));
        let taste = taste_key(&check.taste).map_err(|error| store(error.into()))?;
        let known = shared.catalog.trim(track.row, &taste).map_err(store)?;
        let json = shared.catalog.fingerprint(&track.key).map_err(store)?;
        let (None, Some(json)) = (known, json) else { return Ok(()) };
        let mut keep_going = |_frames: u64| !self.stopped();
        let outcome = catch_unwind(AssertUnwindSafe(|| trim(check, &json, &mut keep_going)));
        let outcome = outcome.unwrap_or_else(|panic| {
            Err(Failure { stage: "check", ..Failure::panicked(&panic_text(&*panic)) })
        });
        let trim = match outcome {
            Ok(trim) => Some(trim),
            // What cannot be rendered now cannot be later either: nobody looks again.
            Err(failure) if failure.stage == "check" && !self.stopped() => {
                tracing::warn!(track_id = track.key, error = chain(&*failure.error), "promise not checked");
                None
            }
            Err(failure) => return Err(failure),
        };
        let is_stored = shared.catalog.put_trim(track, &taste, trim).map_err(store)?;
        shared.metrics.checks.add(1);
        if is_stored && trim.is_some_and(|trim| trim != Trim::default()) {
            shared.metrics.trims.add(1);
            shared.events.tell(Event::Trimmed { track_id: track.key.clone() });
        }
        Ok(())
    }
}

/// Renders the untrimmed plan and gives how far it falls short of its promise.
/// `keep_going` may stop it.
fn trim(check: &Check, json: &str, keep_going: &mut dyn FnMut(u64) -> bool) -> Result<Trim, Failure> {
    let print: Fingerprint = serde_json::from_str(json).map_err(|error| Failure {
        stage: "check",
        reason: "the fingerprint is not what it should be".to_owned(),
        error: Box::new(error),
    })?;
    let plan = plan::plan(&print, &check.taste).map_err(|error| Failure::core("check", error))?;
    if plan.promise.lufs.is_none() {
        return Ok(Trim::default());
    }
    let sound = media::sound(&check.track).map_err(Failure::silent)?;
    let rate = print.sample_rate;
    let mut render = Render::new(Stereo::new(sound), &plan.stages, print.n_frames, Geometry::at(rate))
        .map_err(|error| Failure::core("check", error))?;
    let rendered = loudness(&mut render, rate, keep_going).map_err(|error| {
        // A file that cannot be read now may be later.
        Failure::core(if error.kind == Kind::Io { "open" } else { "check" }, error)
    })?;
    Ok(plan.trim(rendered.integrated, rendered.range))
}

/// The loudness of all that a source gives.
fn loudness(
    source: &mut impl Source,
    rate: u32,
    keep_going: &mut dyn FnMut(u64) -> bool,
) -> Result<Reading, Error> {
    let mut meter = Meter::new(rate, 2)?;
    let mut block = Block::new(2, SLICE);
    let mut n_frames = 0;
    loop {
        source.read(&mut block)?;
        meter.push(&block);
        n_frames += block.n_frames() as u64;
        if block.n_frames() < SLICE {
            return Ok(meter.finish().loudness);
        }
        if !keep_going(n_frames) {
            return Err(Error::new(Kind::Cancelled, "the check was stopped"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(row: i64, preset: plan::Preset) -> Check {
        let track = Measurable {
            row,
            key: String::new(),
            title: String::new(),
            folder: Vec::new(),
            path: Vec::new(),
            size: 0,
            mtime_ns: 0,
            codec: String::new(),
            has_art: false,
            cut: (0, None),
        };
        Check { track, taste: Taste { preset, ..Taste::default() } }
    }

    #[test]
    fn the_latest_taste_of_a_track_is_checked_and_each_track_once_at_a_time() {
        use plan::Preset::{Adaptive, Bright, Night, Warm};
        let mut checks = Checks::default();
        checks.background.push_back(check(1, Adaptive).track);
        checks.ask(check(1, Warm));
        checks.ask(check(2, Night));
        checks.ask(check(1, Bright));
        let mut next = || checks.next().map(|check| (check.track.row, check.taste.preset));
        assert_eq!([next(), next()], [Some((1, Bright)), Some((2, Night))]);
        checks.ask(check(2, Warm));
        assert!(checks.next().is_none(), "both are being rendered");
        checks.running.clear();
        let mut next = || checks.next().map(|check| (check.track.row, check.taste.preset));
        assert_eq!([next(), next(), next()], [Some((2, Warm)), Some((1, Adaptive)), None]);
    }

    #[test]
    fn tastes_have_keys_of_their_own() {
        let base = Taste::default();
        let others = [
            Taste { intensity: 0.5, ..base.clone() },
            Taste { target_lufs: -15.0, ..base.clone() },
            Taste { album: Some(plan::AlbumLoudness { lufs: -12.0, true_peak_dbtp: -1.0 }), ..base.clone() },
        ];
        let mut keys: Vec<String> =
            others.iter().chain([&base]).map(|taste| taste_key(taste).unwrap()).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), 4);
        assert_eq!(taste_key(&base).unwrap(), taste_key(&Taste::default()).unwrap());
    }
}
