//! The settings of every stage of the chain, in the order of the sound.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Bands of the tonal equaliser. An even number: the chain runs them in pairs.
pub const N_EQ_BANDS: usize = 8;
/// Dynamic shelves and bells.
pub const N_DYNAMIC_BANDS: usize = 4;
/// Knots of the gain ride over a whole track.
pub const RIDE_KNOTS: usize = 256;
/// Length of [`Stages::to_floats`].
pub const STAGES_FLOATS: usize = 6 + RIDE_KNOTS + N_EQ_BANDS * 4 + N_DYNAMIC_BANDS * 10 + 6;
/// First number of [`Stages::to_floats`]; changes whenever its layout does.
const LAYOUT: f32 = 2.0;

/// The curve of one equaliser band.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Lifts or lowers everything below `hz`.
    LowShelf,
    /// Lifts or lowers around `hz`.
    Bell,
    /// Lifts or lowers everything above `hz`.
    HighShelf,
}

/// One static equaliser band. 0 dB is identity to the bit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// Its curve.
    pub shape: Shape,
    /// Centre or corner frequency in Hz, 10 to 20,000.
    #[serde(with = "super::decimal")]
    pub hz: f32,
    /// Gain in dB, −24 to 24.
    #[serde(with = "super::decimal")]
    pub gain_db: f32,
    /// Quality, 0.1 to 10; 0.707 is a shelf without overshoot.
    #[serde(with = "super::decimal")]
    pub q: f32,
}

/// One dynamic shelf or bell: a band whose gain moves with the level in it.
/// Above `threshold_db` it is lowered (downward), below `lift_below_db` it is
/// raised (upward). Slopes of 0 or ranges of 0 are identity to the bit. What it
/// does to a level is its [`Curve`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DynamicBand {
    /// Its curve: also the filter through which it listens.
    pub shape: Shape,
    /// Centre or corner frequency in Hz, 10 to 20,000.
    #[serde(with = "super::decimal")]
    pub hz: f32,
    /// Level in the band (RMS of the louder channel, dBFS) where it begins to act, −100 to 0.
    #[serde(with = "super::decimal")]
    pub threshold_db: f32,
    /// How much of what is above the threshold is taken away, 0 (none) to 1
    /// (all: a limiter); ratio = 1/(1 − slope).
    #[serde(with = "super::decimal")]
    pub slope: f32,
    /// The most it may take away, in dB, 0 to 24.
    #[serde(with = "super::decimal")]
    pub range_db: f32,
    /// Level in the band, as above, below which it begins to raise, −100 to 0.
    #[serde(with = "super::decimal")]
    pub lift_below_db: f32,
    /// How much of what lies below that is made up for, 0 (none) to 1 (all).
    #[serde(with = "super::decimal")]
    pub lift: f32,
    /// The most it may raise, in dB, 0 to 24. What is nearly silent is not
    /// raised at all, so that no noise is pumped up.
    #[serde(with = "super::decimal")]
    pub lift_range_db: f32,
    /// Attack time constant in ms, 1 to 200.
    #[serde(with = "super::decimal")]
    pub attack_ms: f32,
    /// Release time constant in ms, 10 to 200.
    #[serde(with = "super::decimal")]
    pub release_ms: f32,
}

/// Harmonic saturation; 0 is identity to the bit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Saturation {
    /// How much of the cubic curve is mixed in, 0 to 1.
    #[serde(with = "super::decimal")]
    pub drive: f32,
}

/// Stereo image, in three bands.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stereo {
    /// Gain of the side signal between `bass_hz` and `high_hz`, 0 (mono) to 2;
    /// 1 is identity.
    #[serde(with = "super::decimal")]
    pub width: f32,
    /// Gain of the side signal above `high_hz`, 0 (mono) to 2; 1 is identity.
    #[serde(with = "super::decimal")]
    pub width_high: f32,
    /// How much of the side signal below `bass_hz` is removed, 0 to 1.
    #[serde(with = "super::decimal")]
    pub bass_mono: f32,
    /// Corner of bass and middle, in Hz, 40 to 300.
    #[serde(with = "super::decimal")]
    pub bass_hz: f32,
    /// Corner of middle and highs, in Hz, 1,000 to 12,000.
    #[serde(with = "super::decimal")]
    pub high_hz: f32,
}

/// The look-ahead true-peak limiter.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limiter {
    /// True peak never to be exceeded, in dBTP, −20 to 24. (Above 0 only near
    /// intensity 0, where it glides to the source's own peak.)
    #[serde(with = "super::decimal")]
    pub ceiling_dbtp: f32,
}

/// A slow gain curve over the whole track: straight lines in linear gain
/// between knots, held before the first and after the last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ride {
    /// Distance of the knots in seconds; the first stands at frame 0.
    #[serde(with = "super::decimal")]
    pub hop_s: f32,
    /// Gain at each knot in dB; at most [`RIDE_KNOTS`]; empty = no ride.
    #[serde(with = "super::decimal::list")]
    pub gain_db: Vec<f32>,
}

/// All stages, in the order in which sound passes through them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stages {
    /// Gain before everything, in dB, −60 to 40.
    #[serde(with = "super::decimal")]
    pub input_gain_db: f32,
    /// The slow gain curve.
    pub ride: Ride,
    /// Corrective and tonal equaliser.
    pub eq: [Band; N_EQ_BANDS],
    /// Dynamics.
    pub dynamics: [DynamicBand; N_DYNAMIC_BANDS],
    /// Saturation.
    pub saturation: Saturation,
    /// Stereo image.
    pub stereo: Stereo,
    /// Gain into the limiter, in dB, −60 to 40.
    #[serde(with = "super::decimal")]
    pub output_gain_db: f32,
    /// The limiter.
    pub limiter: Limiter,
}

impl Default for Stages {
    fn default() -> Self {
        Stages::neutral()
    }
}

impl Stages {
    /// Stages that change nothing, to the bit, below +24 dBTP.
    pub fn neutral() -> Self {
        let bell = |hz| Band { shape: Shape::Bell, hz, gain_db: 0.0, q: 0.8 };
        let dynamic = |shape, hz| DynamicBand {
            shape,
            hz,
            threshold_db: 0.0,
            slope: 0.0,
            range_db: 0.0,
            lift_below_db: -60.0,
            lift: 0.0,
            lift_range_db: 0.0,
            attack_ms: 20.0,
            release_ms: 150.0,
        };
        Stages {
            input_gain_db: 0.0,
            ride: Ride { hop_s: 1.0, gain_db: Vec::new() },
            eq: [
                Band { shape: Shape::LowShelf, hz: 60.0, gain_db: 0.0, q: 0.707 },
                bell(120.0),
                bell(300.0),
                bell(800.0),
                bell(2_000.0),
                bell(4_000.0),
                bell(7_500.0),
                Band { shape: Shape::HighShelf, hz: 10_000.0, gain_db: 0.0, q: 0.707 },
            ],
            dynamics: [
                dynamic(Shape::LowShelf, 120.0),
                dynamic(Shape::Bell, 400.0),
                dynamic(Shape::Bell, 3_000.0),
                dynamic(Shape::HighShelf, 8_000.0),
            ],
            saturation: Saturation { drive: 0.0 },
            stereo: Stereo { width: 1.0, width_high: 1.0, bass_mono: 0.0, bass_hz: 120.0, high_hz: 4_000.0 },
            output_gain_db: 0.0,
            limiter: Limiter { ceiling_dbtp: 24.0 },
        }
    }

    /// Says which number is out of its stated range, or not a number at all.
    pub fn validate(&self) -> Result<()> {
        within("input_gain_db", self.input_gain_db, -60.0, 40.0)?;
        within("output_gain_db", self.output_gain_db, -60.0, 40.0)?;
        within("ride.hop_s", self.ride.hop_s, 0.05, 86_400.0)?;
        if self.ride.gain_db.len() > RIDE_KNOTS {
            return Err(Error::invalid(format!(
                "ride has {} knots, at most {RIDE_KNOTS} fit",
                self.ride.gain_db.len()
            )));
        }
        for &gain in &self.ride.gain_db {
            within("ride.gain_db", gain, -60.0, 40.0)?;
        }
        for band in &self.eq {
            within("eq.hz", band.hz, 10.0, 20_000.0)?;
            within("eq.gain_db", band.gain_db, -24.0, 24.0)?;
            within("eq.q", band.q, 0.1, 10.0)?;
        }
        for band in &self.dynamics {
            within("dynamics.hz", band.hz, 10.0, 20_000.0)?;
            within("dynamics.threshold_db", band.threshold_db, -100.0, 0.0)?;
            within("dynamics.slope", band.slope, 0.0, 1.0)?;
            within("dynamics.range_db", band.range_db, 0.0, 24.0)?;
            within("dynamics.lift_below_db", band.lift_below_db, -100.0, 0.0)?;
            within("dynamics.lift", band.lift, 0.0, 1.0)?;
            within("dynamics.lift_range_db", band.lift_range_db, 0.0, 24.0)?;
            within("dynamics.attack_ms", band.attack_ms, 1.0, 200.0)?;
            within("dynamics.release_ms", band.release_ms, 10.0, 200.0)?;
        }
        within("saturation.drive", self.saturation.drive, 0.0, 1.0)?;
        within("stereo.width", self.stereo.width, 0.0, 2.0)?;
        within("stereo.width_high", self.stereo.width_high, 0.0, 2.0)?;
        within("stereo.bass_mono", self.stereo.bass_mono, 0.0, 1.0)?;
        within("stereo.bass_hz", self.stereo.bass_hz, 40.0, 300.0)?;
        within("stereo.high_hz", self.stereo.high_hz, 1_000.0, 12_000.0)?;
        within("limiter.ceiling_dbtp", self.limiter.ceiling_dbtp, -20.0, 24.0)
    }

    /// The stages as one array of numbers, for borders that carry only those.
    pub fn to_floats(&self) -> Vec<f32> {
        let mut out = Vec::with_capacity(STAGES_FLOATS);
        out.extend([LAYOUT, self.input_gain_db, self.output_gain_db, self.limiter.ceiling_dbtp]);
        out.extend([self.ride.hop_s, self.ride.gain_db.len() as f32]);
        for knot in 0..RIDE_KNOTS {
            out.push(self.ride.gain_db.get(knot).copied().unwrap_or(0.0));
        }
        for band in &self.eq {
            out.extend([shape_number(band.shape), band.hz, band.gain_db, band.q]);
        }
        for band in &self.dynamics {
            out.extend([
                shape_number(band.shape),
                band.hz,
                band.threshold_db,
                band.slope,
                band.range_db,
                band.lift_below_db,
                band.lift,
                band.lift_range_db,
                band.attack_ms,
                band.release_ms,
            ]);
        }
        let Stereo { width, width_high, bass_mono, bass_hz, high_hz } = self.stereo;
        out.extend([self.saturation.drive, width, width_high, bass_mono, bass_hz, high_hz]);
        out
    }

    /// Reads [`Stages::to_floats`] back; refuses another layout and any number
    /// out of range.
    pub fn from_floats(floats: &[f32]) -> Result<Self> {
        if floats.len() != STAGES_FLOATS || floats[0] != LAYOUT {
            return Err(Error::invalid("the plan has another layout: reload the page"));
        }
        let mut numbers = floats[1..].iter().copied();
        let mut next = || numbers.next().unwrap_or(f32::NAN);
        let mut stages = Stages::neutral();
        stages.input_gain_db = next();
        stages.output_gain_db = next();
        stages.limiter.ceiling_dbtp = next();
        stages.ride.hop_s = next();
        let n_knots = next();
        within("ride", n_knots, 0.0, RIDE_KNOTS as f32)?;
        let knots: [f32; RIDE_KNOTS] = std::array::from_fn(|_| next());
        stages.ride.gain_db = knots[..n_knots as usize].to_vec();
        for band in &mut stages.eq {
            *band = Band { shape: shape_of(next())?, hz: next(), gain_db: next(), q: next() };
        }
        for band in &mut stages.dynamics {
            *band = DynamicBand {
                shape: shape_of(next())?,
                hz: next(),
                threshold_db: next(),
                slope: next(),
                range_db: next(),
                lift_below_db: next(),
                lift: next(),
                lift_range_db: next(),
                attack_ms: next(),
                release_ms: next(),
            };
        }
        stages.saturation.drive = next();
        stages.stereo =
            Stereo { width: next(), width_high: next(), bass_mono: next(), bass_hz: next(), high_hz: next() };
        stages.validate()?;
        Ok(stages)
    }
}

fn within(name: &str, x: f32, low: f32, high: f32) -> Result<()> {
    if (low..=high).contains(&x) {
        Ok(())
    } else {
        Err(Error::invalid(format!("the plan's {name} is {x}, it must lie in {low} … {high}")))
    }
}

fn shape_number(shape: Shape) -> f32 {
    match shape {
        Shape::LowShelf => 0.0,
        Shape::Bell => 1.0,
        Shape::HighShelf => 2.0,
    }
}

fn shape_of(number: f32) -> Result<Shape> {
    match number {
        0.0 => Ok(Shape::LowShelf),
        1.0 => Ok(Shape::Bell),
        2.0 => Ok(Shape::HighShelf),
        _ => Err(Error::invalid("the plan names an unknown shape")),
    }
}
