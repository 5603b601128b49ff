//! The enhancement plan: what is to be done to a track, as numbers with units.
//! `plan` never sees a sample; a chain obeys a plan and never judges.
//!
//! [`plan`] is pure and continuous: a small change in a fingerprint or a taste
//! gives a small change in the plan. What a balanced track is and what each
//! preset wants stands in `rules.rs`; `balance.rs` holds a track against it, `tone.rs`
//! finds the equaliser, `compose.rs` the rest, `predict.rs` and `windows.rs`
//! foretell the outcome, `words.rs` gives the reasons.

mod balance;
mod compose;
mod curve;
mod decimal;
mod predict;
mod response;
mod rules;
mod stages;
mod taste;
mod tone;
mod windows;
mod words;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::fingerprint::{self, Fingerprint};
use crate::geometry;
use crate::math::f64 as math;

pub use balance::Balance;
pub use curve::Curve;
pub use response::Filter;
pub use stages::{
    Band, DynamicBand, Limiter, N_DYNAMIC_BANDS, N_EQ_BANDS, RIDE_KNOTS, Ride, STAGES_FLOATS, Saturation,
    Shape, Stages, Stereo,
};
pub use taste::{AlbumLoudness, Preset, Taste};

/// The version of the rules.
pub const VERSION: u32 = 3;

/// The most that a rendering may correct a promise by, in LU: more is no miss of
/// a model but another track.
pub const MAX_TRIM_LU: f64 = 6.0;
/// A miss up to here is left alone, in LU: a page that shows tenths and a
/// listener who hears halves (law L4) are served well enough.
const LEFT_ALONE_LU: f64 = 0.2;

/// What is to be done to a track, what will come of it, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// [`VERSION`] of the rules that made it.
    pub version: u32,
    /// 16 hexadecimal digits that stand for all that makes the sound: its
    /// numbers, and the versions of fingerprint, geometry and core.
    pub id: String,
    /// The settings of the chain.
    pub stages: Stages,
    /// What the enhanced track will measure.
    pub promise: Promise,
    /// What rendering the untrimmed plan once taught: how far its loudness fell
    /// short of the promise, in LU, to 0.01; 0 where nothing was rendered.
    #[serde(with = "decimal")]
    pub trim_db: f32,
    /// The same of its loudness range, which no gain corrects: the promise does.
    #[serde(default, with = "decimal")]
    pub trim_lra_lu: f32,
    /// Gains that make original and enhanced equally loud.
    pub compare: Compare,
    /// Why, one per move.
    pub reasons: Vec<Reason>,
    /// All of it in one sentence.
    pub summary: String,
}

/// What the enhanced track will measure; null where nothing can be known.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Promise {
    /// Integrated loudness in LUFS, to 0.01.
    pub lufs: Option<f64>,
    /// Loudness range in LU, to 0.01.
    pub lra_lu: Option<f64>,
    /// True peak in dBTP, to 0.01.
    pub true_peak_dbtp: Option<f64>,
}

/// What rendering a plan once taught: its promise less what came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Trim {
    /// Of the loudness, in LU: more gain from then on, or where peaks leave no
    /// room for that, a promise that gives way.
    pub lufs: f64,
    /// Of the loudness range, in LU: the promise is what was measured.
    pub lra_lu: f64,
}

/// Gains for comparing at equal loudness (law L6): the original is raised only
/// as far as its true peak allows, the enhanced lowered by the rest.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compare {
    /// Gain of the original in dB, to 0.01.
    #[serde(with = "decimal")]
    pub original_db: f32,
    /// Gain of the enhanced in dB while comparing, to 0.01.
    #[serde(with = "decimal")]
    pub enhanced_db: f32,
}

/// Why one move is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// The stage that moves: `gain`, `ride`, `eq`, `dynamics`, `saturation`,
    /// `stereo` or `limiter`.
    pub stage: String,
    /// What was measured, with its unit.
    pub measured: String,
    /// What is wanted.
    pub wanted: String,
    /// What is done.
    pub done: String,
    /// All three in a sentence, number first.
    pub text: String,
}

/// The plan for a track and a taste.
pub fn plan(track: &Fingerprint, taste: &Taste) -> Result<Plan> {
    plan_trimmed(track, taste, Trim::default())
}

/// The plan for a track and a taste of which a rendering is known, by
/// [`Plan::trim`] of the plan that [`plan`] gives. What the models of loudness
/// and range missed by it they miss no more. Trims lie within ±[`MAX_TRIM_LU`].
pub fn plan_trimmed(track: &Fingerprint, taste: &Taste, trim: Trim) -> Result<Plan> {
    track.validate()?;
    taste.validate()?;
    taste::within("trim.lufs", trim.lufs, -MAX_TRIM_LU, MAX_TRIM_LU)?;
    taste::within("trim.lra_lu", trim.lra_lu, -MAX_TRIM_LU, MAX_TRIM_LU)?;
    match track.lufs() {
        Some(lufs) if !track.sketch.is_empty() => {
            let trim = Trim { lufs: quantised(trim.lufs, 100.0), lra_lu: quantised(trim.lra_lu, 100.0) };
            let plan = compose::compose(track, lufs, taste, trim);
            plan.stages.validate()?;
            Ok(plan)
        }
        _ => Ok(silent(track)),
    }
}

impl Plan {
    /// A plan that changes nothing, for a track of which nothing is known yet.
    pub fn neutral() -> Plan {
        let stages = Stages::neutral();
        Plan {
            version: VERSION,
            id: id(&stages),
            stages,
            promise: Promise { lufs: None, lra_lu: None, true_peak_dbtp: None },
            trim_db: 0.0,
            trim_lra_lu: 0.0,
            compare: Compare { original_db: 0.0, enhanced_db: 0.0 },
            reasons: Vec::new(),
            summary: "Not measured yet: nothing is changed".to_string(),
        }
    }

    /// What a rendering of this plan teaches that measures so: misses of its
    /// promise, and 0 for those small enough to be left alone.
    pub fn trim(&self, lufs: Option<f64>, lra_lu: f64) -> Trim {
        let missed = |promised: Option<f64>, came: Option<f64>| match (promised, came) {
            (Some(promised), Some(came)) if (promised - came).abs() > LEFT_ALONE_LU => {
                quantised((promised - came).clamp(-MAX_TRIM_LU, MAX_TRIM_LU), 100.0)
            }
            _ => 0.0,
        };
        Trim { lufs: missed(self.promise.lufs, lufs), lra_lu: missed(self.promise.lra_lu, Some(lra_lu)) }
    }

    /// Leaves the headroom that a lossy format needs, also where the plan would
    /// leave the track's own peaks: near intensity 0.
    pub fn lower_ceiling(&mut self, ceiling_dbtp: f32) {
        let limiter = &mut self.stages.limiter;
        limiter.ceiling_dbtp = limiter.ceiling_dbtp.min(ceiling_dbtp);
        self.promise.true_peak_dbtp = self.promise.true_peak_dbtp.map(|peak| peak.min(ceiling_dbtp.into()));
    }

    /// Whether it leaves every sample of a track of this true peak as it is.
    pub fn is_neutral(&self, true_peak_dbtp: Option<f64>) -> bool {
        let neutral = Stages { limiter: self.stages.limiter, ..Stages::neutral() };
        let peak = true_peak_dbtp.unwrap_or(f64::NEG_INFINITY);
        self.stages == neutral && f64::from(self.stages.limiter.ceiling_dbtp) >= peak
    }
}

/// The plan for a track without loudness.
fn silent(track: &Fingerprint) -> Plan {
    let measured = "nothing above −70 LUFS".to_string();
    let text = "0.0 dB: the track is silent or shorter than 0.4 s, so nothing is changed".to_string();
    Plan {
        promise: Promise { lufs: None, lra_lu: Some(track.lra_lu), true_peak_dbtp: track.true_peak_dbtp },
        reasons: vec![words::reason("gain", measured, "nothing".to_string(), "0.0 dB".to_string(), text)],
        summary: "Silent: nothing is changed".to_string(),
        ..Plan::neutral()
    }
}

/// Hash of all that makes the sound (FNV-1a, 64 bits).
fn id(stages: &Stages) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut eat = |bytes: &[u8]| {
        for &byte in bytes {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    };
    for number in stages.to_floats() {
        eat(&number.to_bits().to_le_bytes());
    }
    eat(&VERSION.to_le_bytes());
    eat(&fingerprint::VERSION.to_le_bytes());
    for span in [geometry::INTERVAL, geometry::OVERLAP, geometry::CROSSFADE] {
        eat(&span.0.to_bits().to_le_bytes());
    }
    eat(env!("CARGO_PKG_VERSION").as_bytes());
    format!("{hash:016x}")
}

/// 0 at `from`, 1 at `to` (which may be lower), smooth between.
fn smoothstep(from: f64, to: f64, x: f64) -> f64 {
    let t = ((x - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// `x` where small, ±`limit` at most: limit · tanh(x/limit).
fn soft_limit(x: f64, limit: f64) -> f64 {
    let e = math::exp(-2.0 * (x / limit).abs());
    let y = limit * (1.0 - e) / (1.0 + e);
    if x < 0.0 { -y } else { y }
}

/// 0 where negative, `x` where positive, smooth over ±`knee`.
fn soft_positive(x: f64, knee: f64) -> f64 {
    if x <= -knee {
        0.0
    } else if x >= knee {
        x
    } else {
        (x + knee) * (x + knee) / (4.0 * knee)
    }
}

/// `x` to the nearest of `per_unit` steps in 1; never −0.
fn quantised(x: f64, per_unit: f64) -> f64 {
    let steps = (x * per_unit).round();
    if steps == 0.0 { 0.0 } else { steps / per_unit }
}

#[cfg(test)]
mod tests;
