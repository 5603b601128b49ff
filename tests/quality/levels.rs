//! What a sound is like: levels by a meter that is not ours (the `ebur128`
//! crate), balance and image by our own fingerprint.

use std::ops::Range;

use auralis_core::fingerprint::{self, Fingerprint, N_THIRD_OCTAVES};
use auralis_core::plan::Balance;
use auralis_tests::signals::{Memory, Planes};
use ebur128::{EbuR128, Mode};

/// What was measured of one sound.
#[derive(Clone, Debug)]
pub struct Levels {
    /// Integrated loudness in LUFS.
    pub lufs: f64,
    /// Loudness range in LU, of windows every 0.1 s.
    pub lra_lu: f64,
    /// Loudness and range by our own meter, from which a server learns.
    pub own: (Option<f64>, f64),
    /// True peak in dBTP.
    pub true_peak_dbtp: f64,
    /// Its tonal balance beside the reference curve.
    pub balance: Balance,
    /// How far that lies outside its spread, in dB; of what was made of a track,
    /// where that track itself plays.
    pub tonal_distance_db: f64,
    /// Correlation of left and right, −1 to 1.
    pub correlation: f64,
    /// Power in third-octaves, in dB of the whole.
    pub third_octaves: Vec<f64>,
}

impl Levels {
    /// Of a stereo sound that was made of `track`.
    pub fn of(rate: u32, planes: &Planes, track: &Levels) -> Result<Levels, String> {
        let mut source = Memory::new(rate, planes.clone());
        let measured = fingerprint::measure(&mut source, &mut |_| true).map_err(|error| error.to_string())?;
        let levels = Levels::with(rate, planes, &measured)?;
        Ok(Levels { tonal_distance_db: levels.balance.distance_db(&track.balance), ..levels })
    }

    /// Of a track whose fingerprint is known.
    pub fn with(rate: u32, planes: &Planes, measured: &Fingerprint) -> Result<Levels, String> {
        let mut meter = EbuR128::new(2, rate, Mode::I | Mode::S | Mode::TRUE_PEAK).map_err(text)?;
        let mut short_term = Vec::new();
        let hop = rate as usize / 10;
        for (n, from) in (0..planes[0].len()).step_by(hop).enumerate() {
            let part: Range<usize> = from..(from + hop).min(planes[0].len());
            let part: Vec<&[f32]> = planes.iter().map(|plane| &plane[part.clone()]).collect();
            meter.add_frames_planar_f32(&part).map_err(text)?;
            if n >= 29 && part[0].len() == hop {
                short_term.push(meter.loudness_shortterm().map_err(text)?);
            }
        }
        let peak = meter.true_peak(0).map_err(text)?.max(meter.true_peak(1).map_err(text)?);
        let balance = Balance::new(measured, None);
        Ok(Levels {
            lufs: meter.loudness_global().map_err(text)?,
            lra_lu: range_lu(short_term),
            own: (measured.lufs(), measured.lra_lu),
            true_peak_dbtp: 20.0 * peak.log10(),
            tonal_distance_db: balance.distance_db(&balance),
            balance,
            correlation: measured.descriptors.phase_correlation,
            third_octaves: measured.third_octaves.clone(),
        })
    }

    /// True peak over loudness, in dB.
    pub fn plr_db(&self) -> f64 {
        self.true_peak_dbtp - self.lufs
    }

    /// The largest change of any third-octave from `self` to `after`, in dB,
    /// both brought to the same level between 80 Hz and 8 kHz; only of those
    /// within 40 dB of the strongest.
    pub fn largest_third_change_db(&self, after: &Levels) -> f64 {
        let top = self.third_octaves.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let there = |i: &usize| self.third_octaves[*i] > top - 40.0;
        let change = |i: usize| after.third_octaves[i] - self.third_octaves[i];
        let middle: Vec<f64> = (6..=26).filter(there).map(change).collect();
        let offset = middle.iter().sum::<f64>() / middle.len().max(1) as f64;
        (0..N_THIRD_OCTAVES).filter(there).map(|i| (change(i) - offset).abs()).fold(0.0, f64::max)
    }
}

/// EBU Tech 3342, section 3: from the 10th to the 95th hundredth of the short-term
/// loudness above −70 LUFS and above 20 LU under its mean power. The crate's own
/// takes windows 1 s apart: of a track of half a minute that is another range.
fn range_lu(mut short_term: Vec<f64>) -> f64 {
    short_term.retain(|&lufs| lufs >= -70.0);
    let power = short_term.iter().map(|lufs| 10f64.powf(lufs / 10.0)).sum::<f64>() / short_term.len() as f64;
    let gate = 10.0 * power.log10() - 20.0;
    short_term.retain(|&lufs| lufs >= gate);
    short_term.sort_unstable_by(f64::total_cmp);
    let Some(last) = short_term.len().checked_sub(1) else { return 0.0 };
    let at = |share: f64| short_term[(share * last as f64).round() as usize];
    at(0.95) - at(0.1)
}

fn text(error: ebur128::Error) -> String {
    format!("the meter refuses it: {error}")
}
