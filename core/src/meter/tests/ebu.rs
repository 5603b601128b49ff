//! Every case of EBU Tech 3341:2023 (table 1) and 3342:2023 (table 1) that can
//! be synthesised, 59 of 61 signals and four of six, with the documents' own
//! tolerances, at four rates and in three layouts.
//!
//! The documents define the signals in stereo. A single channel at the same
//! level is 3.01 LU quieter, so mono is raised by as much and must read the
//! same; in 5.1 the signal is in left and right, where it weighs as in stereo.
//! The cases left out are recordings (3341: 7 and 8, 3342: 5 and 6).

use super::super::*;
use super::{levels, near};
use crate::math::f64 as math;

/// The level of a part that is silent, in dBFS.
const SILENT: f64 = -300.0;
/// What carries the signal: `(name, channels, gain in dB)`.
const LAYOUTS: [(&str, usize, f64); 3] = [("mono", 1, 3.0103), ("stereo", 2, 0.0), ("5.1", 6, 0.0)];

/// The tolerances of the documents, in LU.
const LOUDNESS: f64 = 0.1;
const RANGE: f64 = 1.0;
/// And of true peak, in dB.
const TRUE_PEAK: std::ops::RangeInclusive<f64> = -0.4..=0.2;

/// A rate at which 1 kHz has a period of whole frames.
struct At {
    rate: u32,
    period: Vec<f32>,
    layout: (&'static str, usize, f64),
}

/// A meter under way, and the frames it has heard.
struct Listening<'a> {
    at: &'a At,
    meter: Meter,
    n_frames: u64,
    time: f64,
    momentary: Vec<f64>,
}

impl At {
    fn new(rate: u32, layout: (&'static str, usize, f64)) -> Self {
        let n = (441 * rate / 44_100) as usize;
        assert_eq!(n as u32 * 100, rate, "ten periods of 1 kHz are whole frames");
        let step = std::f64::consts::TAU * 1_000.0 / f64::from(rate);
        At { rate, period: (0..n).map(|i| math::sin(step * i as f64) as f32).collect(), layout }
    }

    fn listen(&self) -> Listening<'_> {
        let meter = Meter::new(self.rate, self.layout.1).unwrap();
        Listening { at: self, meter, n_frames: 0, time: 0.0, momentary: Vec::new() }
    }

    /// The reading of `(seconds, peak dBFS)` one after the other.
    fn reading(&self, parts: &[(f64, f64)]) -> Reading {
        let mut listening = self.listen();
        listening.hear(parts);
        listening.reading()
    }

    #[track_caller]
    fn near(&self, what: &str, got: Option<f64>, expected: f64) {
        near(&format!("{what}, {} at {} Hz", self.layout.0, self.rate), got, expected, LOUDNESS);
    }
}

impl Listening<'_> {
    /// Hears a 1 kHz sine, its phase running on, in pieces of 10 ms.
    fn hear(&mut self, parts: &[(f64, f64)]) {
        let (_, n_channels, raise) = self.at.layout;
        let longest = self.at.period.len();
        let mut block = Block::new(n_channels, longest);
        for &(seconds, db) in parts {
            self.time += seconds;
            let gain = if db == SILENT { 0.0 } else { math::pow(10.0, (db + raise) / 20.0) as f32 };
            let end = (self.time * f64::from(self.at.rate)).round() as u64;
            while self.n_frames < end {
                let phase = (self.n_frames % longest as u64) as usize;
                let n = (longest - phase).min((end - self.n_frames) as usize);
                block.set_frames(n);
                for channel in 0..n_channels {
                    let sounds = channel < 2;
                    let plane = block.plane_mut(channel);
                    for (y, &x) in plane.iter_mut().zip(&self.at.period[phase..phase + n]) {
                        *y = if sounds { gain * x } else { 0.0 };
                    }
                }
                let (core, momentary) = (&mut self.meter.core, &mut self.momentary);
                self.meter.ticks.push(&block, |tick| momentary.extend(core.tick(tick).gating_block));
                self.n_frames += n as u64;
            }
        }
    }

    fn reading(&self) -> Reading {
        self.meter.core.loudness.reading()
    }
}

/// 3341, cases 1–5: integrated loudness, gated, and all three of a steady tone.
fn integrated(at: &At) {
    for (case, level) in [(1, -23.0), (2, -33.0)] {
        let got = at.reading(&[(20.0, level)]);
        at.near(&format!("case {case}, I"), got.integrated, level);
        at.near(&format!("case {case}, M"), got.max_momentary, level);
        at.near(&format!("case {case}, S"), got.max_short_term, level);
    }
    let gated: [(u32, &[(f64, f64)]); 3] = [
        (3, &[(10.0, -36.0), (60.0, -23.0), (10.0, -36.0)]),
        (4, &[(10.0, -72.0), (10.0, -36.0), (60.0, -23.0), (10.0, -36.0), (10.0, -72.0)]),
        (5, &[(20.0, -26.0), (20.1, -20.0), (20.0, -26.0)]),
    ];
    for (case, parts) in gated {
        at.near(&format!("case {case}, I"), at.reading(parts).integrated, -23.0);
    }
}

/// 3341, cases 9–11: short-term loudness, constant, of a burst, in turn.
fn short_term(at: &At) {
    let got = at.reading(&[(1.34, -20.0), (1.66, -30.0)].repeat(5));
    at.near("case 9", got.max_short_term, -23.0);
    // Constant: its deviation is nothing.
    near("case 9, deviation", Some(got.deviation), 0.0, LOUDNESS);
    for i in 0..20 {
        let got = at.reading(&[(f64::from(i) * 0.15, SILENT), (3.0, -23.0), (1.0, SILENT)]);
        at.near(&format!("case 10, file {i}"), got.max_short_term, -23.0);
    }
    let mut listening = at.listen();
    for i in 0..20 {
        let (wait, level) = (f64::from(i) * 0.15, f64::from(i) - 38.0);
        listening.hear(&[(wait, SILENT), (3.0, level), (3.0 - wait, SILENT)]);
        at.near(&format!("case 11, segment {i}"), listening.reading().max_short_term, level);
    }
}

/// 3341, cases 12–14: momentary loudness likewise.
fn momentary(at: &At) {
    let mut listening = at.listen();
    listening.hear(&[(0.18, -20.0), (0.22, -30.0)].repeat(25));
    at.near("case 12", listening.reading().max_momentary, -23.0);
    for (index, &mean_square) in listening.momentary.iter().enumerate().skip(6) {
        at.near(&format!("case 12, tenth {index}"), Some(loudness_of(mean_square)), -23.0);
    }
    for i in 0..20 {
        let got = at.reading(&[(f64::from(i) * 0.02, SILENT), (0.4, -23.0), (1.0, SILENT)]);
        at.near(&format!("case 13, file {i}"), got.max_momentary, -23.0);
    }
    let mut listening = at.listen();
    for i in 0..20 {
        let (wait, level) = (f64::from(i) * 0.02, f64::from(i) - 38.0);
        listening.hear(&[(wait, SILENT), (0.4, level), (0.4 - wait, SILENT)]);
        at.near(&format!("case 14, segment {i}"), listening.reading().max_momentary, level);
    }
}

/// 3342, cases 1–4: loudness range.
fn range(at: &At) {
    let cases: [(u32, f64, &[f64]); 4] = [
        (1, 10.0, &[-20.0, -30.0]),
        (2, 5.0, &[-20.0, -15.0]),
        (3, 20.0, &[-40.0, -20.0]),
        (4, 15.0, &[-50.0, -35.0, -20.0, -35.0, -50.0]),
    ];
    for (case, expected, levels_db) in cases {
        let mut parts: Vec<(f64, f64)> = levels_db.iter().map(|&db| (20.0, db)).collect();
        // Half a window of silence, for the reading comes that much later.
        parts.push((1.5, SILENT));
        let what = format!("3342 case {case}, {} at {} Hz", at.layout.0, at.rate);
        near(&what, Some(at.reading(&parts).range), expected, RANGE);
    }
}

/// All loudness cases at `rate`, in all layouts.
fn loudness_at(rate: u32) {
    for layout in LAYOUTS {
        let at = At::new(rate, layout);
        integrated(&at);
        short_term(&at);
        momentary(&at);
        range(&at);
    }
    five_channels(rate);
}

#[test]
fn loudness_cases_at_44_1_khz() {
    loudness_at(44_100);
}

#[test]
fn loudness_cases_at_48_khz() {
    loudness_at(48_000);
}

#[test]
fn loudness_cases_at_96_khz() {
    loudness_at(96_000);
}

#[test]
fn loudness_cases_at_192_khz() {
    loudness_at(192_000);
}

/// 3341, case 6: the weights of five channels, and of six with a loud LFE.
fn five_channels(rate: u32) {
    let tone = |db: f64| -> Vec<f32> {
        let step = std::f64::consts::TAU * 1_000.0 / f64::from(rate);
        let gain = math::pow(10.0, db / 20.0);
        let period: Vec<f32> =
            (0..rate / 100).map(|i| (gain * math::sin(step * f64::from(i))) as f32).collect();
        period.repeat(2_000)
    };
    let [front, centre, back] = [-28.0, -24.0, -30.0].map(tone);
    let five = [front.clone(), front.clone(), centre.clone(), back.clone(), back.clone()];
    near(&format!("case 6 at {rate} Hz"), levels(rate, &five).loudness.integrated, -23.0, LOUDNESS);
    let six = [front.clone(), front, centre, tone(-6.0), back.clone(), back];
    near(&format!("case 6 in 5.1 at {rate} Hz"), levels(rate, &six).loudness.integrated, -23.0, LOUDNESS);
}

/// 3341, cases 15–19: a sine at rate/`divisor`, `degrees` ahead, 10 ms faded in
/// and out.
fn faded(rate: u32, divisor: f64, degrees: f64, gain: f64) -> Vec<f32> {
    let n = rate as usize / 5;
    let fade = f64::from(rate) * 0.01;
    (0..n)
        .map(|i| {
            let turns = i as f64 / divisor + degrees / 360.0;
            let edge = (i.min(n - 1 - i) as f64 / fade).min(1.0);
            (gain * edge * math::sin(std::f64::consts::TAU * turns)) as f32
        })
        .collect()
}

/// 3341, cases 20–23: rate/6 at half scale with one period of rate/4 at full
/// scale in it, the phase running on; made at four times the rate, low-passed
/// by 1,023 taps under a Kaiser window (β = 10), decimated at `offset`.
fn burst(offset: usize) -> Vec<f32> {
    let n = 4 * 4_000usize;
    let (start, period) = (n / 2, 16);
    let high: Vec<f64> = (0..n)
        .map(|i: usize| {
            let before = (i.min(start) as f64 - start as f64) / 24.0;
            let within = (i.clamp(start, start + period) - start) as f64 / 16.0;
            let after = i.saturating_sub(start + period) as f64 / 24.0;
            let gain = if (start..start + period).contains(&i) { 1.0 } else { 0.5 };
            let edge = (i.min(n - 1 - i) as f64 / 1_920.0).min(1.0);
            gain * edge * math::sin(std::f64::consts::TAU * (before + within + after))
        })
        .collect();
    let taps = low_pass(4, 511);
    (offset..n)
        .step_by(4)
        .map(|i| {
            let sum: f64 = taps
                .iter()
                .enumerate()
                .filter_map(|(k, h)| Some(h * high.get((i + k).checked_sub(511)?)?))
                .sum();
            sum as f32
        })
        .collect()
}

/// A sinc of cut 1/`factor` that reaches `half` taps to both sides, under a
/// Kaiser window (β = 10); its sum is about 1.
fn low_pass(factor: u32, half: i32) -> Vec<f64> {
    let bessel = |x: f64| {
        let (mut sum, mut term) = (1.0, 1.0);
        for k in 1..40 {
            term *= (x / 2.0 / f64::from(k)) * (x / 2.0 / f64::from(k));
            sum += term;
        }
        sum
    };
    let factor = f64::from(factor);
    (-half..=half)
        .map(|k| {
            let t = f64::from(k) / f64::from(half);
            let window = bessel(10.0 * (1.0 - t * t).max(0.0).sqrt()) / bessel(10.0);
            let x = std::f64::consts::PI * f64::from(k) / factor;
            let sinc = if k == 0 { 1.0 } else { math::sin(x) / x };
            sinc * window / factor
        })
        .collect()
}

#[test]
fn true_peak_cases_at_every_rate_in_every_layout() {
    let bursts: Vec<Vec<f32>> = (0..4).map(burst).collect();
    for rate in [44_100, 48_000, 96_000, 192_000] {
        let mut cases = vec![
            (15, -6.0, faded(rate, 4.0, 0.0, 0.5)),
            (16, -6.0, faded(rate, 4.0, 45.0, 0.5)),
            (17, -6.0, faded(rate, 6.0, 60.0, 0.5)),
            (18, -6.0, faded(rate, 8.0, 67.5, 0.5)),
            (19, 3.0, faded(rate, 4.0, 45.0, 1.41)),
        ];
        cases.extend((20..).zip(&bursts).map(|(case, plane)| (case, 0.0, plane.clone())));
        for (case, expected, plane) in cases {
            for (layout, n_channels, _) in LAYOUTS {
                let silence = vec![0.0; plane.len()];
                let planes: Vec<Vec<f32>> = (0..n_channels)
                    .map(|channel| if channel < 2 { plane.clone() } else { silence.clone() })
                    .collect();
                let got = 20.0 * math::log10(levels(rate, &planes).true_peak);
                assert!(
                    TRUE_PEAK.contains(&(got - expected)),
                    "case {case}, {layout} at {rate} Hz: {got:.3} dBTP for {expected}"
                );
            }
        }
    }
}

/// The peak of a plane by 32-fold oversampling through a sinc of 64 samples to
/// both sides under a Kaiser window: within 0.005 dB of the truth below 0.46 of
/// the rate.
fn oracle(plane: &[f32]) -> f64 {
    const FACTOR: usize = 32;
    const REACH: usize = 64;
    let taps = low_pass(FACTOR as u32, (FACTOR * REACH) as i32);
    let mut top = 0.0f64;
    for i in REACH..plane.len() - REACH {
        for phase in 0..FACTOR {
            let sum: f64 =
                (0..2 * REACH).map(|k| taps[k * FACTOR + phase] * f64::from(plane[i + REACH - k])).sum();
            top = top.max((FACTOR as f64 * sum).abs());
        }
    }
    top
}

/// Steady and short tones up to 20 kHz, among them those that beat with the
/// rate, each at several phases: the readings stay within the document's bounds
/// of an oracle that is not ours.
#[test]
fn true_peak_of_tones_up_to_20_khz_agrees_with_a_long_sinc() {
    for rate in [44_100u32, 48_000, 88_200, 96_000, 192_000] {
        let hz = f64::from(rate);
        let ratios =
            [5.0 / 11.0, 4.0 / 9.0, 3.0 / 7.0, 2.0 / 5.0, 3.0 / 8.0, 1.0 / 3.0, 1.0 / 4.0, 1.0 / 6.0];
        let mut tones = vec![997.0, 5_000.0, 10_000.0, 15_000.0, 17_000.0, 18_500.0, 19_999.0];
        tones.extend(ratios.iter().map(|ratio| ratio * hz).filter(|&tone| tone <= 20_000.0));
        for tone in tones {
            for phase in 0..6 {
                let turns = |i: usize| i as f64 * tone / hz + f64::from(phase) / 12.0;
                let plane: Vec<f32> = (0..320)
                    .map(|i| {
                        let edge = 0.5 - 0.5 * math::cos(std::f64::consts::TAU * i as f64 / 320.0);
                        (0.7 * edge * math::sin(std::f64::consts::TAU * turns(i))) as f32
                    })
                    .collect();
                let got = levels(rate, std::slice::from_ref(&plane)).true_peak;
                let error = 20.0 * math::log10(got / oracle(&plane));
                assert!(TRUE_PEAK.contains(&error), "{tone} Hz at {rate} Hz, phase {phase}: {error:.3} dB");
            }
        }
    }
}
