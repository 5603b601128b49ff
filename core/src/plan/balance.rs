//! Tonal balance: how far a track's spectrum lies off a reference, where the
//! track plays and anybody can hear it.

use super::rules::{HEARD_FROM_DB, LISTENING_DB, REFERENCE_DB, REFERENCE_TRACK_SPREAD_DB, SPREAD_DB};
use super::smoothstep;
use crate::fingerprint::{Fingerprint, N_THIRD_OCTAVES, third_octave_hz};
use crate::math::f64 as math;

/// A third-octave this many spreads under the balance of the others is not
/// played at all, and one no further than [`PLAYED_SPREADS`] is. The spread is
/// about a standard deviation: three are rarer than one record in 700, and six
/// are not met by chance.
const ABSENT_SPREADS: f64 = -6.0;
/// See [`ABSENT_SPREADS`].
const PLAYED_SPREADS: f64 = -3.0;
/// Rounds in which level and presence settle.
const ROUNDS: usize = 4;
/// Third-octaves that are played: up to the first number it is a few lone tones,
/// each of which counts as three with its neighbours; from the second on, music.
const FEW: f64 = 6.0;
/// See [`FEW`].
const MANY: f64 = 14.0;

/// A spectrum seen beside its reference.
#[derive(Clone, Debug)]
pub struct Balance {
    /// How far each third-octave lies above the reference, in dB, after both
    /// are brought to the same level where the track plays.
    pub deviation: [f64; N_THIRD_OCTAVES],
    /// How far it may lie off either way and still be a matter of style, in dB.
    pub spread: [f64; N_THIRD_OCTAVES],
    /// What was measured and what is wanted, in dB of the whole.
    levels: [[f64; N_THIRD_OCTAVES]; 2],
    /// How much each counts, 0 to 1: 0 where nobody plays or nobody hears it.
    pub presence: [f64; N_THIRD_OCTAVES],
}

impl Balance {
    /// The balance of `track` beside the reference curve, or beside another
    /// track.
    pub fn new(track: &Fingerprint, reference: Option<&Fingerprint>) -> Self {
        let measured = smoothed(&track.third_octaves);
        let wanted = smoothed(reference.map_or(&REFERENCE_DB, |other| &other.third_octaves));
        let spread = reference.map_or(SPREAD_DB, |_| [REFERENCE_TRACK_SPREAD_DB; N_THIRD_OCTAVES]);
        let presence = present(&measured, track.sample_rate);
        let common = reference.map_or([1.0; N_THIRD_OCTAVES], |other| present(&wanted, other.sample_rate));
        let presence: [f64; N_THIRD_OCTAVES] = std::array::from_fn(|i| presence[i] * common[i]);
        let apart: [f64; N_THIRD_OCTAVES] = std::array::from_fn(|i| measured[i] - wanted[i]);
        // What lies far under the rest of a balance is no fault of it: nobody
        // plays there. It is told by the level of the rest, and the level by it.
        let mut there = presence;
        for _ in 0..ROUNDS {
            let offset = level(&there, &apart);
            there = std::array::from_fn(|i| {
                let spreads = (apart[i] - offset) / SPREAD_DB[i];
                presence[i] * smoothstep(ABSENT_SPREADS, PLAYED_SPREADS, spreads)
            });
        }
        let offset = level(&there, &apart);
        Balance {
            deviation: apart.map(|db| db - offset),
            spread,
            levels: [measured, wanted],
            presence: there,
        }
    }

    /// Whether there is enough of a spectrum to speak of a balance: 0 for a few
    /// lone tones, 1 for music.
    pub fn fullness(&self) -> f64 {
        smoothstep(FEW, MANY, self.presence.iter().sum())
    }

    /// How far a third-octave lies outside its spread, in dB ≥ 0.
    pub(super) fn excess(&self, i: usize) -> f64 {
        (self.deviation[i].abs() - self.spread[i]).max(0.0)
    }

    /// How far this balance lies outside its spread, in dB: the root of the mean
    /// square over third-octaves, each counted as far as `track` plays there.
    pub fn distance_db(&self, track: &Balance) -> f64 {
        let weight: f64 = track.presence.iter().sum();
        let squares = (0..N_THIRD_OCTAVES).map(|i| track.presence[i] * self.excess(i) * self.excess(i));
        (squares.sum::<f64>() / weight.max(1e-9)).sqrt()
    }

    /// The mean deviation around `hz`, an octave wide, in dB; 0 where nobody plays.
    pub(super) fn around(&self, hz: f64) -> f64 {
        let nearest = nearest_third(hz);
        let range = nearest.saturating_sub(1)..=(nearest + 1).min(N_THIRD_OCTAVES - 1);
        let n = range.clone().count() as f64;
        range.map(|i| self.presence[i] * self.deviation[i]).sum::<f64>() / n
    }

    /// The share of the power that lies in the third-octaves of `range`, and
    /// between which shares it lies where the balance is within its spread.
    pub fn share(&self, range: std::ops::RangeInclusive<usize>) -> (f64, [f64; 2]) {
        let parts = |levels: &[f64; N_THIRD_OCTAVES]| {
            let power = levels.map(|level| math::pow(10.0, level / 10.0));
            let inside: f64 = power[range.clone()].iter().sum();
            (inside, power.iter().sum::<f64>() - inside)
        };
        let share = |(inside, outside): (f64, f64), db: f64| {
            let inside = inside * math::pow(10.0, db / 10.0);
            if inside > 0.0 { inside / (inside + outside) } else { 0.0 }
        };
        let spread = self.spread[range.clone()].iter().sum::<f64>() / range.clone().count().max(1) as f64;
        let typical = parts(&self.levels[1]);
        (share(parts(&self.levels[0]), 0.0), [share(typical, -spread), share(typical, spread)])
    }

    /// The spread at `hz`, in dB.
    pub(super) fn spread_at(&self, hz: f64) -> f64 {
        self.spread[nearest_third(hz)]
    }
}

/// Third-octaves with the power of their neighbours mixed in (¼ ½ ¼), so that
/// one note is not a colour, nor the gap between two: an octave or so is what a
/// balance is judged by, and the ear itself hears no gap that is narrower than
/// the critical bands beside it, which are a third-octave wide.
fn smoothed(levels: &[f64]) -> [f64; N_THIRD_OCTAVES] {
    let power = |i: usize| math::pow(10.0, levels.get(i).copied().unwrap_or(-120.0) / 10.0);
    std::array::from_fn(|i| {
        let (before, after) = (i.saturating_sub(1), (i + 1).min(N_THIRD_OCTAVES - 1));
        10.0 * math::log10(0.25 * power(before) + 0.5 * power(i) + 0.25 * power(after))
    })
}

/// How far one balance lies over another, in dB, judged from 80 Hz to 8 kHz,
/// where all music is.
fn level(presence: &[f64; N_THIRD_OCTAVES], apart: &[f64; N_THIRD_OCTAVES]) -> f64 {
    let (mut weight, mut sum) = (0.0, 0.0);
    for i in 6..=26 {
        weight += presence[i];
        sum += presence[i] * apart[i];
    }
    if weight > 0.0 { sum / weight } else { 0.0 }
}

/// How much there is in each third-octave: 1 within 40 dB of the strongest, 0
/// more than 60 dB below it, where the sample rate ends, and where it is too
/// soft to be heard.
fn present(levels: &[f64; N_THIRD_OCTAVES], rate: u32) -> [f64; N_THIRD_OCTAVES] {
    let top = levels.iter().fold(f64::NEG_INFINITY, |top, &level| top.max(level));
    std::array::from_fn(|i| {
        let reach = smoothstep(0.5, 0.42, third_octave_hz(i) / f64::from(rate));
        let heard = smoothstep(-5.0, 5.0, levels[i] + LISTENING_DB - HEARD_FROM_DB[i]);
        smoothstep(-60.0, -40.0, levels[i] - top) * reach * heard
    })
}

pub(super) fn nearest_third(hz: f64) -> usize {
    (0..N_THIRD_OCTAVES)
        .min_by(|&a, &b| {
            let distance = |i: usize| (third_octave_hz(i) / hz).max(hz / third_octave_hz(i));
            distance(a).total_cmp(&distance(b))
        })
        .unwrap_or(0)
}
