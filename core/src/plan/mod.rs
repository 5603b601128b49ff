//! The enhancement plan: what is to be done to a track, as numbers with units.
//! `plan` never sees a sample; a chain obeys a plan and never judges.

mod stages;

pub use stages::{
    Band, DynamicBand, Limiter, N_DYNAMIC_BANDS, N_EQ_BANDS, RIDE_KNOTS, Ride, STAGES_FLOATS, Saturation,
    Shape, Stages, Stereo,
};
