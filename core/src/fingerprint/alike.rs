//! Which tracks sound alike, how far apart two are, and in what.
//!
//! A track is a point: each descriptor on the scale of the aura, less the
//! middle of released music there and over the half-width of its spread, so
//! that 1 is as far from usual as music often is. All seven families weigh the
//! same, however many descriptors they have. The distance is Euclid's between
//! points, and so a metric.

use std::sync::LazyLock;

use super::Descriptors;
use super::aura::{Family, Scale, rule};
use super::descriptors::NAMES;
use crate::math::f64 as math;

/// Descriptors side by side.
const LANES: usize = 4;
/// Values further from usual than so many spreads are as far as that: one
/// outlier decides nothing.
const FURTHEST: f64 = 3.0;
/// Families nearer than this, in spreads, are alike.
const ALIKE: f64 = 0.5;
/// Differences that are told at most.
const TOLD: usize = 3;
/// The middle of tempos and their half-width, as logarithms to base 2: those of
/// the aura, on a scale where twice as fast is as far from anywhere.
const TEMPO: (f64, f64) = (6.85, 0.42);

/// The weights of all descriptors: to find one takes longer than the rest of a
/// track's point.
static WEIGHTS: LazyLock<[f64; NAMES.len()]> = LazyLock::new(|| NAMES.map(weight));

/// Where a track stands among all.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point([[f32; LANES]; NAMES.len().div_ceil(LANES)]);

impl Point {
    /// The point of a track with these descriptors. What is not known of it (no
    /// tempo, no loudness) is taken as usual.
    pub fn new(track: &Descriptors) -> Self {
        let mut point = Point::default();
        for ((at, name), weight) in point.0.as_flattened_mut().iter_mut().zip(NAMES).zip(*WEIGHTS) {
            *at = (place(track, name).unwrap_or(0.0) * weight) as f32;
        }
        point
    }

    /// How far apart two are: 1 where all families differ by a spread.
    pub fn distance(&self, other: &Point) -> f32 {
        self.square(other).sqrt()
    }

    /// What lies between this and another: 0 is this, 1 the other.
    #[must_use]
    pub fn between(&self, other: &Point, share: f32) -> Point {
        let mut point = *self;
        for (at, to) in point.0.as_flattened_mut().iter_mut().zip(other.0.as_flattened()) {
            *at += share * (to - *at);
        }
        point
    }

    fn square(&self, other: &Point) -> f32 {
        let mut sums = [0.0f32; LANES];
        for (a, b) in self.0.iter().zip(&other.0) {
            for lane in 0..LANES {
                let difference = a[lane] - b[lane];
                sums[lane] += difference * difference;
            }
        }
        (sums[0] + sums[1]) + (sums[2] + sums[3])
    }
}

/// How far apart two tracks are; see [`Point::distance`].
pub fn distance(a: &Descriptors, b: &Descriptors) -> f32 {
    Point::new(a).distance(&Point::new(b))
}

/// The `n` of `points` nearest to `of` by their index, with their distance, the
/// nearest first; of equally near ones the first.
pub fn nearest(points: &[Point], of: &Point, n: usize) -> Vec<(usize, f32)> {
    let mut found: Vec<(usize, f32)> = Vec::with_capacity(n.min(points.len()) + 1);
    for (index, point) in points.iter().enumerate() {
        let square = point.square(of);
        if found.len() < n || found.last().is_some_and(|last| square < last.1) {
            let at = found.partition_point(|other| other.1 <= square);
            found.insert(at, (index, square));
            found.truncate(n);
        }
    }
    for (_, square) in &mut found {
        *square = square.sqrt();
    }
    found
}

/// What `b` is beside `a`, the greatest difference first: "faster: 128 BPM
/// against 92 BPM". One sentence per family that differs, three at most.
pub fn explain(a: &Descriptors, b: &Descriptors) -> Vec<String> {
    let known = NAMES.iter().filter_map(|&name| Some((name, place(b, name)? - place(a, name)?)));
    let mut families: Vec<(Family, f64, &str, f64)> = Vec::new();
    for (name, difference) in known {
        let family = rule(name).0;
        let weighed = difference * difference / n_in(family);
        match families.iter_mut().find(|other| other.0 == family) {
            Some(other) => {
                other.1 += weighed;
                if difference.abs() > other.3.abs() {
                    (other.2, other.3) = (name, difference);
                }
            }
            None => families.push((family, weighed, name, difference)),
        }
    }
    families.retain(|family| family.1.sqrt() >= ALIKE);
    families.sort_by(|a, b| b.1.total_cmp(&a.1));
    if families.is_empty() {
        return vec!["alike in every family".to_owned()];
    }
    families
        .iter()
        .take(TOLD)
        .filter_map(|&(_, _, name, by)| said(name, by, a.get(name)?, b.get(name)?))
        .collect()
}

/// Where a track stands on the scale of a descriptor, in spreads from usual;
/// `None` if that is not known.
fn place(track: &Descriptors, name: &str) -> Option<f64> {
    let value = track.get(name)?;
    let (_, scale, mut middle, mut half) = rule(name);
    let value = match (name, scale) {
        ("tempo_bpm" | "rhythm_stability", _) if track.tempo_bpm == 0.0 => return None,
        ("tempo_bpm", _) => {
            (middle, half) = TEMPO;
            math::log2(value)
        }
        (_, Scale::Plain) => value,
        (_, Scale::Log) => math::log2(value.max(1e-6)),
    };
    Some(((value - middle) / half).clamp(-FURTHEST, FURTHEST))
}

/// What makes a family of any size count as a seventh.
fn weight(name: &str) -> f64 {
    1.0 / (7.0 * n_in(rule(name).0)).sqrt()
}

fn n_in(family: Family) -> f64 {
    NAMES.iter().filter(|name| rule(name).0 == family).count() as f64
}

/// A difference of one descriptor in words.
fn said(name: &str, by: f64, a: f64, b: f64) -> Option<String> {
    let (more, less, what, unit) = match name {
        "sub_bass" => ("more deep bass", "less deep bass", "", "%"),
        "bass" => ("more bass", "less bass", "", "%"),
        "low_mid" => ("fuller low mids", "leaner low mids", "", "%"),
        "mid" => ("more mids", "fewer mids", "", "%"),
        "upper_mid" => ("more upper mids", "fewer upper mids", "", "%"),
        "presence" => ("more presence", "less presence", "", "%"),
        "air" => ("more air", "less air", "", "%"),
        "lufs" => ("louder", "quieter", "", "LUFS"),
        "crest_db" => ("higher peaks", "denser", "crest ", "dB"),
        "bass_mid_ratio" => ("heavier", "lighter", "bass over mids ", "dB"),
        "tempo_bpm" => ("faster", "slower", "", "BPM"),
        "rhythm_stability" => ("a steadier beat", "a freer beat", "", ""),
        "transient_density" => ("busier", "calmer", "", "onsets per second"),
        "silence_ratio" => ("more silence", "less silence", "", "%"),
        "spectral_centroid" => ("brighter", "darker", "centroid ", "Hz"),
        "spectral_rolloff" => ("reaching higher", "reaching less high", "rolloff ", "Hz"),
        "spectral_flatness" => ("noisier", "more tonal", "flatness ", ""),
        "harmonic_ratio" => ("more sustained", "more percussive", "harmonic share ", "%"),
        "pitch_stability" => ("steadier in pitch", "less steady in pitch", "", ""),
        "chroma_energy" => ("fewer notes at a time", "more notes at a time", "concentration ", ""),
        "dynamic_range_variation" => ("a more varied crest", "a more even crest", "by ", "dB"),
        "loudness_variation_std" => ("more varied in loudness", "more even in loudness", "by ", "LU"),
        "peak_consistency" => ("more even peaks", "more uneven peaks", "", ""),
        "stereo_width" => ("wider", "narrower", "width ", ""),
        "phase_correlation" => ("sides more alike", "sides less alike", "correlation ", ""),
        _ => return None,
    };
    let word = if by > 0.0 { more } else { less };
    Some(format!("{word}: {what}{} against {}", figure(b, unit), figure(a, unit)))
}

/// A value as one says it, with a true minus.
fn figure(x: f64, unit: &str) -> String {
    let (digits, unit) = match unit {
        "%" => (format!("{:.0}", 100.0 * x), " %"),
        "Hz" if x >= 1_000.0 => (format!("{:.1}", x / 1_000.0), " kHz"),
        "Hz" => (format!("{x:.0}"), " Hz"),
        "BPM" => (format!("{x:.0}"), " BPM"),
        "" => (format!("{x:.2}"), ""),
        "onsets per second" => (format!("{x:.1}"), " onsets per second"),
        "LUFS" => (format!("{x:.1}"), " LUFS"),
        "LU" => (format!("{x:.1}"), " LU"),
        _ => (format!("{x:.1}"), " dB"),
    };
    format!("{}{unit}", digits.replace('-', "−"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Descriptors at these shares of their ranges, the bands alike.
    fn track(mut share: impl FnMut(&str) -> f64) -> Descriptors {
        let fields = NAMES.map(|name| {
            let (low, high) = match name {
                "lufs" => (-40.0, -5.0),
                "spectral_centroid" | "spectral_rolloff" => (100.0, 10_000.0),
                _ => Descriptors::range(name).expect("it is measured"),
            };
            (name.to_owned(), serde_json::json!(low + share(name) * (high - low)))
        });
        serde_json::from_value(serde_json::Value::Object(fields.into_iter().collect())).expect("descriptors")
    }

    fn tracks(n: usize) -> Vec<Descriptors> {
        let mut seed = 7u64;
        let mut next = move || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 40) as f64 / 16_777_216.0
        };
        let mut made: Vec<Descriptors> = (0..n).map(|_| track(|_| next())).collect();
        made[0].tempo_bpm = 0.0;
        made[1].lufs = None;
        made
    }

    #[test]
    fn distance_is_a_metric() {
        let tracks = tracks(24);
        for a in &tracks {
            assert_eq!(distance(a, a), 0.0);
            for b in &tracks {
                assert_eq!(distance(a, b), distance(b, a));
                assert!(distance(a, b).is_finite());
                for c in &tracks {
                    assert!(distance(a, c) <= distance(a, b) + distance(b, c) + 1e-5);
                }
            }
        }
    }

    #[test]
    fn every_family_weighs_the_same_however_many_descriptors_it_has() {
        for family in NAMES.map(|name| rule(name).0) {
            let squares: f64 =
                NAMES.iter().filter(|n| rule(n).0 == family).map(|n| weight(n) * weight(n)).sum();
            assert!((squares - 1.0 / 7.0).abs() < 1e-12, "{family:?}");
        }
    }

    #[test]
    fn what_is_not_known_is_as_usual() {
        let mut slow = track(|_| 0.5);
        let mut fast = slow;
        (slow.tempo_bpm, fast.tempo_bpm) = (70.0, 190.0);
        let unknown = Descriptors { tempo_bpm: 0.0, ..slow };
        let far = distance(&slow, &fast);
        assert!(distance(&slow, &unknown) < far && distance(&fast, &unknown) < far);
        assert_eq!(explain(&slow, &unknown), ["alike in every family"]);
    }

    #[test]
    fn the_nearest_are_those_that_sorting_gives() {
        let points: Vec<Point> = tracks(500).iter().map(Point::new).collect();
        let found = nearest(&points, &points[42], 10);
        let mut sorted: Vec<(usize, f32)> =
            points.iter().map(|point| point.distance(&points[42])).enumerate().collect();
        sorted.sort_by(|a, b| a.1.total_cmp(&b.1));
        assert_eq!(found, sorted[..10]);
        assert_eq!(found[0], (42, 0.0));
        assert_eq!(nearest(&points[..3], &points[42], 10).len(), 3);
        assert!(nearest(&points, &points[42], 0).is_empty());
    }

    #[test]
    fn differences_are_told_with_their_numbers_the_greatest_first() {
        let a =
            Descriptors { tempo_bpm: 92.0, spectral_centroid: 1_400.0, lufs: Some(-14.0), ..track(|_| 0.5) };
        let b = Descriptors { spectral_centroid: 3_100.0, ..a };
        assert_eq!(explain(&a, &b), ["brighter: centroid 3.1 kHz against 1.4 kHz"]);
        assert_eq!(explain(&b, &a), ["darker: centroid 1.4 kHz against 3.1 kHz"]);
        let b = Descriptors { tempo_bpm: 184.0, lufs: Some(-30.0), ..a };
        assert_eq!(
            explain(&a, &b),
            ["quieter: −30.0 LUFS against −14.0 LUFS", "faster: 184 BPM against 92 BPM"]
        );
        assert_eq!(explain(&a, &a), ["alike in every family"]);
    }
}
