//! Tonal balance: how far a track's spectrum lies outside the spread around a
//! reference, and the equaliser gains that bring a share of that back.

use super::response::gain_db;
use super::rules::{
    Character, MAX_BOOST_DB, MAX_EQ_DB, REFERENCE_DB, REFERENCE_TRACK_CORRECTION, REFERENCE_TRACK_SPREAD_DB,
    SPREAD_DB,
};
use super::stages::{Band, N_EQ_BANDS};
use super::{smoothstep, soft_limit};
use crate::fingerprint::{Fingerprint, N_THIRD_OCTAVES, third_octave_hz};
use crate::math::f64 as math;

/// A third-octave this far under the balance of the others is not played at all,
/// in dB, and one no further than [`PLAYED_DB`] is. Between instruments the
/// spectra of records differ by 3 dB or so; 12 is four times that, and what is
/// 26 dB under is the leakage of what is beside it.
const ABSENT_DB: f64 = -26.0;
/// See [`ABSENT_DB`].
const PLAYED_DB: f64 = -12.0;
/// Rounds in which level and presence settle.
const ROUNDS: usize = 4;

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
    /// How much each counts, 0 to 1: 0 where the track has nothing.
    pub presence: [f64; N_THIRD_OCTAVES],
}

impl Balance {
    /// The balance of `track` beside the reference curve, or beside another
    /// track.
    pub fn new(track: &Fingerprint, reference: Option<&Fingerprint>) -> Self {
        let measured = smoothed(&track.third_octaves);
        let wanted = reference.map_or(REFERENCE_DB, |other| smoothed(&other.third_octaves));
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
            there =
                std::array::from_fn(|i| presence[i] * smoothstep(ABSENT_DB, PLAYED_DB, apart[i] - offset));
        }
        let offset = level(&there, &apart);
        Balance {
            deviation: apart.map(|db| db - offset),
            spread,
            levels: [measured, wanted],
            presence: there,
        }
    }

    /// What the equaliser should do, in dB per third-octave.
    ///
    /// What a track hardly has is raised less and less: that would raise hum and
    /// hiss. And a few lone tones are not a balance.
    fn wish(&self, share: f64) -> [f64; N_THIRD_OCTAVES] {
        let fullness = self.fullness();
        std::array::from_fn(|i| {
            let excess = self.excess(i) * share * fullness * self.presence[i];
            if self.deviation[i] < 0.0 {
                soft_limit(excess, MAX_BOOST_DB)
            } else {
                -soft_limit(excess, MAX_EQ_DB)
            }
        })
    }

    /// Whether there is enough of a spectrum to speak of a balance: 0 for a few
    /// lone tones, 1 for music.
    pub fn fullness(&self) -> f64 {
        smoothstep(4.0, 14.0, self.presence.iter().sum())
    }

    /// How far a third-octave lies outside its spread, in dB ≥ 0.
    fn excess(&self, i: usize) -> f64 {
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

/// The gains of the equaliser's `bands` for this track and character.
pub(super) fn gains(
    balance: &Balance,
    character: &Character,
    own_reference: bool,
    bands: &[Band; N_EQ_BANDS],
    rate: f64,
) -> [f64; N_EQ_BANDS] {
    let share = if own_reference { REFERENCE_TRACK_CORRECTION } else { character.correction };
    let corrections = fit(&balance.wish(share), bands, rate);
    std::array::from_fn(|i| {
        // A band at or near half the sample rate has nothing to act on.
        let room = smoothstep(0.5 * rate, 0.4 * rate, bands[i].hz.into());
        soft_limit(corrections[i] + character.tone_db[i], MAX_EQ_DB) * room
    })
}

/// The gains whose summed responses come nearest to `wish`: least squares, with
/// a little weight on small gains so that neighbours do not fight.
fn fit(wish: &[f64; N_THIRD_OCTAVES], bands: &[Band; N_EQ_BANDS], rate: f64) -> [f64; N_EQ_BANDS] {
    const EASE: f64 = 0.1;
    // Responses in dB are nearly proportional to the gain: 3 dB stands for all.
    let response: Vec<[f64; N_EQ_BANDS]> = (0..N_THIRD_OCTAVES)
        .map(|i| {
            std::array::from_fn(|b| {
                gain_db(&Band { gain_db: 3.0, ..bands[b] }, third_octave_hz(i), rate) / 3.0
            })
        })
        .collect();
    let mut matrix = [[0.0; N_EQ_BANDS]; N_EQ_BANDS];
    let mut right = [0.0; N_EQ_BANDS];
    for (row, target) in response.iter().zip(wish) {
        for i in 0..N_EQ_BANDS {
            right[i] += row[i] * target;
            for j in 0..N_EQ_BANDS {
                matrix[i][j] += row[i] * row[j];
            }
        }
    }
    for (i, row) in matrix.iter_mut().enumerate() {
        row[i] += EASE;
    }
    solve(matrix, right)
}

/// Solves a positive definite system by elimination; its diagonal never
/// vanishes, so no pivot is sought.
fn solve(mut a: [[f64; N_EQ_BANDS]; N_EQ_BANDS], mut b: [f64; N_EQ_BANDS]) -> [f64; N_EQ_BANDS] {
    for i in 0..N_EQ_BANDS {
        for j in i + 1..N_EQ_BANDS {
            let factor = a[j][i] / a[i][i];
            let pivot = a[i];
            for (x, p) in a[j].iter_mut().zip(pivot).skip(i) {
                *x -= factor * p;
            }
            b[j] -= factor * b[i];
        }
    }
    for i in (0..N_EQ_BANDS).rev() {
        let known: f64 = (i + 1..N_EQ_BANDS).map(|j| a[i][j] * b[j]).sum();
        b[i] = (b[i] - known) / a[i][i];
    }
    b
}

/// Third-octaves with their neighbours mixed in (¼ ½ ¼), so that one tone or
/// one note is not a colour.
fn smoothed(levels: &[f64]) -> [f64; N_THIRD_OCTAVES] {
    let at = |i: usize| levels.get(i).copied().unwrap_or(-120.0);
    std::array::from_fn(|i| {
        let (before, after) = (i.saturating_sub(1), (i + 1).min(N_THIRD_OCTAVES - 1));
        0.25 * at(before) + 0.5 * at(i) + 0.25 * at(after)
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
/// more than 60 dB below it and where the sample rate ends.
fn present(levels: &[f64; N_THIRD_OCTAVES], rate: u32) -> [f64; N_THIRD_OCTAVES] {
    let top = levels.iter().fold(f64::NEG_INFINITY, |top, &level| top.max(level));
    std::array::from_fn(|i| {
        let reach = smoothstep(0.5, 0.42, third_octave_hz(i) / f64::from(rate));
        smoothstep(-60.0, -40.0, levels[i] - top) * reach
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
