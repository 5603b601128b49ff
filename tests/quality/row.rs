//! One track with one taste: planned, rendered twice, measured.

use auralis_core::block::Block;
use auralis_core::chain::{Chain, Equaliser};
use auralis_core::error::Result;
use auralis_core::fingerprint::{N_THIRD_OCTAVES, third_octave_hz};
use auralis_core::flow::Processor;
use auralis_core::geometry::Geometry;
use auralis_core::plan::{self, Promise, Stages, Trim};
use auralis_core::player::Render;
use auralis_tests::signals::{Memory, Planes, read_all};

use crate::cases::Case;
use crate::joins::Joins;
use crate::levels::Levels;
use crate::material::Track;

/// What was promised and what was kept.
pub struct Row {
    /// The track's name.
    pub track: String,
    /// The case's name.
    pub case: String,
    /// What the plan promises, as a listener gets it: a server renders each plan
    /// once and from then on plans by what that taught. So does this.
    pub promised: Promise,
    /// What the plan promised and what came of it before that.
    pub first: First,
    /// The track as it is.
    pub before: Levels,
    /// As it was rendered.
    pub after: Levels,
    /// Its joins.
    pub joins: Joins,
    /// The largest gain of the equaliser at any third-octave, in dB.
    pub equaliser_db: f64,
    /// The largest change of any third-octave by all stages, in dB.
    pub third_change_db: f64,
}

/// A plan as it was first made, beside its rendering.
#[derive(Clone, Copy)]
pub struct First {
    /// Loudness less its promise, in LU.
    pub loudness_error_lu: f64,
    /// Range less its promise, in LU.
    pub range_error_lu: f64,
}

/// A track is outside the spread from this distance on, in dB: less is within
/// what measuring it again after other stages moves.
const OUTSIDE_DB: f64 = 0.25;

impl Row {
    /// Distance of the loudness to the promise, in LU.
    pub fn loudness_error_lu(&self) -> f64 {
        loudness_error_lu(&self.promised, &self.after)
    }

    /// Distance of the range to the promise, in LU.
    pub fn range_error_lu(&self) -> f64 {
        range_error_lu(&self.promised, &self.after)
    }

    /// Range that was lost, in LU; negative where it grew.
    pub fn lra_lost_lu(&self) -> f64 {
        self.before.lra_lu - self.after.lra_lu
    }

    /// Peak over loudness that was lost, in dB; negative where it grew.
    pub fn plr_lost_db(&self) -> f64 {
        self.before.plr_db() - self.after.plr_db()
    }

    /// What is left of the distance to the reference curve, 1 being all; `None`
    /// for a track inside the spread, and for what has no balance.
    pub fn distance_left(&self) -> Option<f64> {
        let before = self.before.tonal_distance_db;
        (before >= OUTSIDE_DB && self.before.balance.fullness() > 0.5)
            .then(|| self.after.tonal_distance_db / before)
    }

    /// Whether the rules should do nothing: inside the spread, or no balance at
    /// all. (Between a few tones and music they do part of what they would.)
    pub fn is_left_alone(&self) -> bool {
        self.before.tonal_distance_db < OUTSIDE_DB || self.before.balance.fullness() == 0.0
    }
}

fn loudness_error_lu(promised: &Promise, after: &Levels) -> f64 {
    promised.lufs.map_or(0.0, |lufs| after.lufs - lufs)
}

fn range_error_lu(promised: &Promise, after: &Levels) -> f64 {
    promised.lra_lu.map_or(0.0, |lra| after.lra_lu - lra)
}

/// Plans, renders and measures; where that misses the promise, plans again by
/// what it taught, as a server does.
pub fn row(track: &Track, case: &Case) -> std::result::Result<Row, String> {
    let text = |error: auralis_core::error::Error| error.to_string();
    let mut plan = plan::plan(&track.fingerprint, &case.taste).map_err(text)?;
    let mut sound = chunked(track.rate, &track.planes, &plan.stages).map_err(text)?;
    let mut after = Levels::of(track.rate, &sound, &track.levels)?;
    let first = First {
        loudness_error_lu: loudness_error_lu(&plan.promise, &after),
        range_error_lu: range_error_lu(&plan.promise, &after),
    };
    let trim = plan.trim(after.own.0, after.own.1);
    if trim != Trim::default() {
        let untrimmed = plan.stages;
        plan = plan::plan_trimmed(&track.fingerprint, &case.taste, trim).map_err(text)?;
        if plan.stages != untrimmed {
            sound = chunked(track.rate, &track.planes, &plan.stages).map_err(text)?;
            after = Levels::of(track.rate, &sound, &track.levels)?;
        }
    }
    let continuous = continuous(track, &plan.stages).map_err(text)?;
    Ok(Row {
        track: track.name.clone(),
        case: case.name.clone(),
        promised: plan.promise,
        first,
        before: track.levels.clone(),
        joins: Joins::between(&sound, &continuous, track.rate, &Geometry::at(track.rate)),
        equaliser_db: equaliser_db(track.rate, &plan.stages),
        third_change_db: track.levels.largest_third_change_db(&after),
        after,
    })
}

/// The sound as it is played and written: in chunks.
pub fn chunked(rate: u32, planes: &Planes, stages: &Stages) -> Result<Planes> {
    let source = Memory::new(rate, planes.clone());
    let n_frames = planes[0].len() as u64;
    read_all(&mut Render::new(source, stages, n_frames, Geometry::at(rate))?, 4_096)
}

/// The same by one chain from the first frame to the last.
fn continuous(track: &Track, stages: &Stages) -> Result<Planes> {
    let mut chain = Chain::new(track.rate, stages)?;
    chain.begin(stages, 0);
    let (latency, n_frames) = (chain.latency(), track.planes[0].len());
    let mut block = Block::new(2, n_frames + latency);
    block.set_frames(n_frames + latency);
    for (channel, plane) in track.planes.iter().enumerate() {
        block.plane_mut(channel)[..n_frames].copy_from_slice(plane);
    }
    chain.process(&mut block);
    Ok((0..2).map(|channel| block.plane(channel)[latency..].to_vec()).collect())
}

/// The largest gain of the stages' equaliser, measured on its impulse response
/// at every third-octave that the rate holds.
fn equaliser_db(rate: u32, stages: &Stages) -> f64 {
    // Long enough for the lowest band to die away.
    let n_frames = (rate as usize / 2).next_multiple_of(2);
    let mut block = Block::new(2, n_frames);
    block.set_frames(n_frames);
    block.plane_mut(0)[0] = 1.0;
    Equaliser::new(rate, &stages.eq).process(&mut block);
    let gains =
        (0..N_THIRD_OCTAVES).map(third_octave_hz).filter(|hz| *hz < 0.45 * f64::from(rate)).map(|hz| {
            let (sin, cos) = (std::f64::consts::TAU * hz / f64::from(rate)).sin_cos();
            // The response at hz by Horner's rule, from the last sample back.
            let (re, im) =
                block.plane(0).iter().rev().fold((0.0, 0.0), |(re, im), x| {
                    (re * cos + im * sin + f64::from(*x), im * cos - re * sin)
                });
            10.0 * (re * re + im * im).log10()
        });
    gains.map(f64::abs).fold(0.0, f64::max)
}
