//! The equaliser: the gains that bring back a share of what lies outside the
//! spread around a reference.

use super::balance::Balance;
use super::response::gain_db;
use super::rules::{Character, MAX_BOOST_DB, MAX_EQ_DB, REFERENCE_TRACK_CORRECTION};
use super::stages::{Band, N_EQ_BANDS};
use super::{smoothstep, soft_limit};
use crate::fingerprint::{N_THIRD_OCTAVES, third_octave_hz};

/// What a third-octave weighs in the fit where nobody plays: the equaliser is
/// not heard there, but what hums or hisses there must not be raised for nothing.
const SILENT_WEIGHT: f64 = 0.2;
/// What one weighs that lies inside its spread, where a little more or less is
/// no harm, beside one that lies [`OUTSIDE_DB`] outside.
const INSIDE_WEIGHT: f64 = 0.3;
/// See [`INSIDE_WEIGHT`].
const OUTSIDE_DB: f64 = 2.0;

/// The gains of the equaliser's `bands` for this track and character.
pub(super) fn gains(
    balance: &Balance,
    character: &Character,
    own_reference: bool,
    bands: &[Band; N_EQ_BANDS],
    rate: f64,
) -> [f64; N_EQ_BANDS] {
    let share = if own_reference { REFERENCE_TRACK_CORRECTION } else { character.correction };
    let corrections = fit(&wish(balance, share), &weights(balance), bands, rate);
    std::array::from_fn(|i| {
        // A band at or near half the sample rate has nothing to act on.
        let room = smoothstep(0.5 * rate, 0.4 * rate, bands[i].hz.into());
        soft_limit(corrections[i] + character.tone_db[i], MAX_EQ_DB) * room
    })
}

/// What the equaliser should do, in dB per third-octave.
///
/// What a track hardly has is raised less and less: that would raise hum and
/// hiss. And a few lone tones are not a balance.
fn wish(balance: &Balance, share: f64) -> [f64; N_THIRD_OCTAVES] {
    let fullness = balance.fullness();
    std::array::from_fn(|i| {
        let excess = balance.excess(i) * share * fullness * balance.presence[i];
        if balance.deviation[i] < 0.0 {
            soft_limit(excess, MAX_BOOST_DB)
        } else {
            -soft_limit(excess, MAX_EQ_DB)
        }
    })
}

/// How much each third-octave's wish counts: eight bands cannot fulfil them all.
fn weights(balance: &Balance) -> [f64; N_THIRD_OCTAVES] {
    std::array::from_fn(|i| {
        let outside = smoothstep(0.0, OUTSIDE_DB, balance.excess(i));
        balance.presence[i].max(SILENT_WEIGHT) * (INSIDE_WEIGHT + (1.0 - INSIDE_WEIGHT) * outside)
    })
}

/// The gains whose summed responses come nearest to `wish`: weighted least
/// squares, with a little weight on small gains so that neighbours do not fight.
fn fit(
    wish: &[f64; N_THIRD_OCTAVES],
    weights: &[f64; N_THIRD_OCTAVES],
    bands: &[Band; N_EQ_BANDS],
    rate: f64,
) -> [f64; N_EQ_BANDS] {
    const EASE: f64 = 0.05;
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
    for ((row, target), weight) in response.iter().zip(wish).zip(weights) {
        for i in 0..N_EQ_BANDS {
            right[i] += weight * row[i] * target;
            for j in 0..N_EQ_BANDS {
                matrix[i][j] += weight * row[i] * row[j];
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
