//! The aura: a track's glyph. 25 petals stand around a ring in seven families;
//! each is as long as its value is high among released music, all are thin for
//! a quiet track and full for a loud one, and a wide image bends them. The same
//! fingerprint is the same drawing everywhere.

use super::{Fingerprint, NAMES};
use crate::math::f64 as math;

/// A group of petals, and its colour: of middle lightness, so that it reads on
/// light paper and on dark; never copper or slate blue, which mean *enhanced*
/// and *original*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Shares of the seven bands.
    Bands,
    /// Loudness, crest, bass against mids.
    Level,
    /// Tempo, its steadiness, onsets, silence.
    Rhythm,
    /// Centroid, rolloff, flatness.
    Brightness,
    /// Harmonic share, pitch, chroma.
    Harmony,
    /// What varies along the track.
    Variation,
    /// Width and correlation.
    Stereo,
}

impl Family {
    /// Its colour as `#rrggbb`.
    pub fn colour(self) -> &'static str {
        match self {
            Family::Bands => "#c95f84",
            Family::Level => "#a98e2f",
            Family::Rhythm => "#789640",
            Family::Brightness => "#3a9f79",
            Family::Harmony => "#2b9aa3",
            Family::Variation => "#887bd0",
            Family::Stereo => "#b069ba",
        }
    }
}

/// One petal: a closed outline of cubic curves.
#[derive(Clone, Debug, PartialEq)]
pub struct Petal {
    /// The descriptor it stands for.
    pub name: &'static str,
    /// Its family.
    pub family: Family,
    /// Start, then control, control, end of each of three curves, in a square
    /// of 100 × 100, y downwards, to 0.01.
    pub points: [[f64; 2]; 10],
}

/// The glyph of a track.
#[derive(Clone, Debug, PartialEq)]
pub struct Aura {
    /// One petal per descriptor, in the order of [`NAMES`]; a descriptor that is
    /// not measured has the ring's smallest stub.
    pub petals: Vec<Petal>,
}

/// Radius of the ring in the square of 100 × 100.
pub const RING: f64 = 7.2;
/// Where petals begin, and the tip of the longest.
const BASE: f64 = 8.6;
const TIP: f64 = 47.5;
/// The shortest measured petal, and the stub of what is not measured.
const SHORTEST: f64 = 9.0;
const STUB: f64 = 3.0;
/// Room between families, in petals.
const GAP: f64 = 0.42;

/// How a value becomes a length: its scale, and the middle and half-width of
/// where released music lies on it.
pub(super) enum Scale {
    /// As it is.
    Plain,
    /// Shares and frequencies: their logarithm to base 2.
    Log,
}

/// Family, scale, middle and half-width of each descriptor. Bands: the
/// reference balance; the rest: rounded from measuring real music.
pub(super) fn rule(name: &str) -> (Family, Scale, f64, f64) {
    use Family::{Bands, Brightness, Harmony, Level, Rhythm, Stereo, Variation};
    use Scale::{Log, Plain};
    match name {
        "sub_bass" => (Bands, Log, -3.2, 1.8),
        "bass" => (Bands, Log, -1.2, 0.8),
        "low_mid" => (Bands, Log, -3.0, 1.0),
        "mid" => (Bands, Log, -2.4, 1.2),
        "upper_mid" => (Bands, Log, -4.3, 1.5),
        "presence" => (Bands, Log, -5.4, 1.7),
        "air" => (Bands, Log, -7.3, 2.2),
        "lufs" => (Level, Plain, -14.0, 6.0),
        "crest_db" => (Level, Plain, 15.0, 4.5),
        "bass_mid_ratio" => (Level, Plain, 2.0, 7.0),
        "tempo_bpm" => (Rhythm, Plain, 115.0, 35.0),
        "rhythm_stability" => (Rhythm, Plain, 0.75, 0.2),
        "transient_density" => (Rhythm, Plain, 3.5, 2.2),
        "silence_ratio" => (Rhythm, Plain, 0.03, 0.06),
        "spectral_centroid" => (Brightness, Log, 10.2, 1.0),
        "spectral_rolloff" => (Brightness, Log, 10.8, 1.4),
        "spectral_flatness" => (Brightness, Plain, 0.02, 0.04),
        "harmonic_ratio" => (Harmony, Plain, 0.6, 0.2),
        "pitch_stability" => (Harmony, Plain, 0.5, 0.25),
        "chroma_energy" => (Harmony, Plain, 0.3, 0.12),
        "dynamic_range_variation" => (Variation, Plain, 1.8, 1.0),
        "loudness_variation_std" => (Variation, Plain, 2.8, 1.8),
        "peak_consistency" => (Variation, Plain, 0.8, 0.13),
        "stereo_width" => (Stereo, Plain, 0.28, 0.14),
        _ => (Stereo, Plain, 0.6, 0.35),
    }
}

/// The aura of a track.
pub fn aura(track: &Fingerprint) -> Aura {
    let lufs = track.lufs().unwrap_or(-70.0);
    let shape = Shape {
        fullness: 0.8 + 0.75 / (1.0 + math::exp(-(lufs + 17.0) / 4.0)),
        bend: 34.0 * track.descriptors.stereo_width.min(0.7),
    };
    drawn(&shape, |name| {
        let value = track.descriptors.get(name)?;
        let (_, scale, middle, half) = rule(name);
        let value = match scale {
            Scale::Plain => value,
            Scale::Log => math::log2(value.max(1e-6)),
        };
        // Between 0 and 1, one half in the middle, gently bent at the ends.
        Some(1.0 / (1.0 + math::exp(-1.6 * (value - middle) / half)))
    })
}

impl Aura {
    /// The aura of a track that is not measured yet: the ring and its stubs.
    pub fn unmeasured() -> Aura {
        drawn(&Shape { fullness: 0.9, bend: 0.0 }, |_| None)
    }

    /// The drawing as an SVG document on a transparent ground.
    pub fn to_svg(&self) -> String {
        use std::fmt::Write;
        let mut svg = String::with_capacity(6_000);
        svg.push_str(r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">"#);
        let _ = write!(
            svg,
            r##"<circle cx="50" cy="50" r="{RING}" fill="none" stroke="#8c8278" stroke-width="1.1"/>"##
        );
        let mut family = None;
        for petal in &self.petals {
            if family != Some(petal.family) {
                svg.push_str(if family.is_some() { "</g>" } else { "" });
                let _ = write!(svg, r#"<g fill="{}" fill-opacity=".82">"#, petal.family.colour());
                family = Some(petal.family);
            }
            let _ = write!(svg, r#"<path d="{}"/>"#, petal.path());
        }
        svg.push_str("</g></svg>");
        svg
    }
}

impl Petal {
    /// Its outline in the words of SVG.
    pub fn path(&self) -> String {
        let [start, curves @ ..] = &self.points;
        let point = |p: &[f64; 2]| format!("{} {}", p[0], p[1]);
        let curves: Vec<String> = curves.iter().map(point).collect();
        format!("M{}C{}Z", point(start), curves.join(" "))
    }
}

/// What all petals of an aura share.
struct Shape {
    /// Width of a petal in places around the ring.
    fullness: f64,
    /// How far the tip leans, in degrees.
    bend: f64,
}

fn drawn(shape: &Shape, value: impl Fn(&'static str) -> Option<f64>) -> Aura {
    let n_families = 7.0;
    let place = 360.0 / (NAMES.len() as f64 + n_families * GAP);
    let mut turned = 0.0;
    let mut before = Family::Bands;
    let petals = NAMES
        .iter()
        .map(|&name| {
            let (family, ..) = rule(name);
            if family != before {
                turned += GAP * place;
                before = family;
            }
            let angle = turned + 0.5 * place;
            turned += place;
            let length = value(name).map_or(STUB, |v| SHORTEST + (TIP - BASE - SHORTEST) * v);
            Petal { name, family, points: outline(angle, length, place, shape) }
        })
        .collect();
    Aura { petals }
}

/// A petal at `angle` degrees clockwise from the top: a narrow foot, a belly
/// beyond its middle, a soft point that leans.
fn outline(angle: f64, length: f64, place: f64, shape: &Shape) -> [[f64; 2]; 10] {
    const TURN: f64 = std::f64::consts::PI / 180.0;
    let lean = shape.bend * length / (TIP - BASE);
    // As wide as its places allow at the belly, but always a petal, not a disc.
    let half = (0.5 * place * TURN * shape.fullness * (BASE + 0.62 * length)).min(0.36 * length);
    let at = |along: f64, across: f64| {
        let radians = (angle + lean * along * along) * TURN;
        let (sin, cos) = (math::sin(radians), math::cos(radians));
        let (r, v) = (BASE + along * length, across * half);
        let round = |x: f64| (x * 100.0).round() / 100.0;
        [round(50.0 + r * sin + v * cos), round(50.0 - r * cos + v * sin)]
    };
    [
        at(0.0, -0.16),
        at(0.34, -0.62),
        at(0.66, -1.72),
        at(0.955, -0.34),
        at(1.015, -0.1),
        at(1.015, 0.1),
        at(0.955, 0.34),
        at(0.66, 1.72),
        at(0.34, 0.62),
        at(0.0, 0.16),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_descriptor_has_a_petal_in_a_square_of_100() {
        let aura = Aura::unmeasured();
        assert_eq!(aura.petals.iter().map(|petal| petal.name).collect::<Vec<_>>(), NAMES);
        for fullness in [0.8, 1.6] {
            for bend in [0.0, 24.0] {
                for value in [0.0, 0.5, 1.0] {
                    for petal in drawn(&Shape { fullness, bend }, |_| Some(value)).petals {
                        for [x, y] in petal.points {
                            assert!((0.0..=100.0).contains(&x) && (0.0..=100.0).contains(&y), "{petal:?}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_longer_petal_is_a_higher_value() {
        let reach = |value: f64| {
            let aura = drawn(&Shape { fullness: 0.8, bend: 5.0 }, |_| Some(value));
            aura.petals
                .iter()
                .map(|petal| petal.points.iter().map(|[x, y]| (x - 50.0).hypot(y - 50.0)).fold(0.0, f64::max))
                .collect::<Vec<_>>()
        };
        for (short, long) in reach(0.2).iter().zip(reach(0.8)) {
            assert!(long > short + 10.0);
        }
    }

    #[test]
    fn families_stand_together_and_none_is_copper_or_slate() {
        let families: Vec<Family> = NAMES.iter().map(|name| rule(name).0).collect();
        let mut seen = families.clone();
        seen.dedup();
        assert_eq!(seen.len(), 7);
        for family in seen {
            assert!(!["#b4591f", "#f0924e", "#3f6486", "#8fb4d6"].contains(&family.colour()));
        }
    }
}
