//! The rules, as a table: what a balanced track sounds like, how far from it is
//! still fine, and what each preset wants. All else in this room is arithmetic.

use super::Preset;
use super::stages::{N_DYNAMIC_BANDS, N_EQ_BANDS};
use crate::fingerprint::N_THIRD_OCTAVES;

/// The reference balance in third-octaves from 20 Hz, in dB of the highest.
///
/// It falls by 2 dB per octave from 100 Hz to 4 kHz and steeper above, as the
/// average spectra of commercial recordings do: Pestana, Ma, Reiss, Barbosa and
/// Black, "Spectral characteristics of popular commercial recordings 1950–2010"
/// (AES 135, 2013), find about −5 dB per octave per hertz, which is −2 dB in
/// third-octaves; Elowsson and Friberg, "Long-term average spectrum in popular
/// music" (JASA 141, 2017), the same slope, steepening with frequency. From
/// 600 Hz to 8 kHz it lies up to 1 dB above that line, towards the medians of
/// 508 released tracks (bass 0.46, low mid 0.10, mid 0.20, upper mid and
/// presence 0.10 of the power; this curve: 0.48, 0.11, 0.17, 0.08).
pub(super) const REFERENCE_DB: [f64; N_THIRD_OCTAVES] = [
    -16.0, -12.0, -8.0, -4.0, -1.5, 0.0, 0.0, -0.4, -1.2, -2.1, // 20 … 160 Hz
    -3.0, -3.7, -4.2, -4.5, -4.7, -4.9, -5.1, -5.4, -5.9, -6.5, // 200 Hz … 1.6 kHz
    -7.2, -7.9, -8.6, -9.4, -10.4, -11.6, -13.2, -15.3, -18.0, -21.8, // 2 … 16 kHz
    -28.0, // 20 kHz
];

/// How far from the reference a third-octave may lie and still be a matter of
/// style, in dB either way. In the middle it is about the standard deviation
/// that the studies above report between tracks (3 dB); where instruments
/// differ most, at both ends, it opens.
pub(super) const SPREAD_DB: [f64; N_THIRD_OCTAVES] = [
    9.0, 8.0, 7.0, 6.0, 5.0, 4.5, 4.0, 3.5, 3.0, 3.0, // 20 … 160 Hz
    3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, // 200 Hz … 1.6 kHz
    3.0, 3.0, 3.0, 3.0, 3.5, 3.5, 4.0, 4.5, 5.5, 7.0, // 2 … 16 kHz
    9.0, // 20 kHz
];

/// The threshold of hearing in third-octaves from 20 Hz, in dB SPL: ISO 389-7,
/// free field, to 1 dB. The standard ends at 18 kHz with 73 dB.
pub(super) const HEARD_FROM_DB: [f64; N_THIRD_OCTAVES] = [
    78.0, 69.0, 59.0, 51.0, 44.0, 37.0, 31.0, 26.0, 22.0, 18.0, // 20 … 160 Hz
    14.0, 11.0, 9.0, 6.0, 4.0, 3.0, 2.0, 2.0, 3.0, 2.0, // 200 Hz … 1.6 kHz
    -1.0, -4.0, -6.0, -5.0, -1.0, 6.0, 13.0, 14.0, 12.0, 40.0, // 2 … 16 kHz
    90.0, // 20 kHz
];
/// How loud music is played, in dB SPL of the whole: what studios mix at (SMPTE
/// RP 200: 85 dB for one loudspeaker at −20 dBFS), and more than most homes do.
/// What is not heard then is never heard.
pub(super) const LISTENING_DB: f64 = 85.0;

/// The spread around a listener's own reference track: they asked for it.
pub(super) const REFERENCE_TRACK_SPREAD_DB: f64 = 1.0;
/// The share of what exceeds that spread that is corrected.
pub(super) const REFERENCE_TRACK_CORRECTION: f64 = 0.75;
/// The loudness that a listener's own reference may ask for, in LUFS: from
/// broadcast's −23 (EBU R 128) to −11, the loudest that services play.
pub(super) const REFERENCE_TRACK_LUFS: (f64, f64) = (-23.0, -11.0);
/// The share of the way, in dB of side over mid, to the reference's width, and
/// the side gains between which it stays.
pub(super) const REFERENCE_TRACK_WIDTH: f64 = 0.7;
/// See [`REFERENCE_TRACK_WIDTH`].
pub(super) const REFERENCE_TRACK_SIDE: (f64, f64) = (0.7, 1.4);
/// By how many LU a track's range must exceed the reference's to be evened
/// fully.
pub(super) const REFERENCE_TRACK_EVEN_LU: f64 = 10.0;
/// No band of the equaliser moves further, in dB.
pub(super) const MAX_EQ_DB: f64 = 7.0;
/// No third-octave is raised further to correct it, in dB: raising finds noise
/// where lowering finds none.
pub(super) const MAX_BOOST_DB: f64 = 5.0;

/// True peak that enhanced sound keeps under unless told otherwise, in dBTP.
pub(super) const CEILING_DBTP: f64 = -1.0;
/// The limiter aims this much lower, so that meters of other makes agree.
pub(super) const LIMITER_MARGIN_DB: f64 = 0.2;
/// The most gain, in dB, that a quiet track gets.
pub(super) const MAX_GAIN_DB: f64 = 24.0;
/// What a limiter may read above a track's samples at most: 7.3 dB (the sum of
/// its interpolator's magnitudes, 2.31), its margin of 0.2 dB, and rounding.
pub(super) const CLEAR_OF_PEAKS_DB: f64 = 8.0;
/// Below this intensity the ceiling glides up to the source's own peak.
pub(super) const GLIDE_BELOW: f64 = 0.25;

/// Loudness range, in LU, from which on dynamics are evened, and where fully.
/// Released popular music mostly has 4 to 9 LU (EBU Tech 3342's examples and
/// R 128's practice: above 20 is hard to follow at home).
pub(super) const EVEN_FROM_LU: f64 = 9.0;
/// See [`EVEN_FROM_LU`].
pub(super) const EVEN_FULLY_LU: f64 = 20.0;

/// How far quiet sections may lie under loud ones, in LU, before the gain
/// follows them, and where it does so fully. EBU Tech 3343 finds that ranges
/// above 20 LU do not suit listening at home: the quiet is lost in the room, or
/// the loud is too loud.
pub(super) const FOLLOW_FROM_LU: f64 = 20.0;
/// See [`FOLLOW_FROM_LU`].
pub(super) const FOLLOW_FULLY_LU: f64 = 30.0;
/// What following takes of that distance, in LU: with what is left of the
/// dynamics it stays within the 2 LU of range that law L6 allows.
pub(super) const FOLLOW_LU: f64 = 1.5;
/// The share by which dynamics stand back where the gain follows: it is sections
/// that differ there, not moments.
pub(super) const FOLLOW_INSTEAD: f64 = 0.75;

/// The most that a dynamic band raises what is quiet, in dB: more would bring
/// up rooms and hiss.
pub(super) const LIFT_RANGE_DB: f64 = 3.0;
/// The share of a band's levels that counts as quiet.
pub(super) const QUIET_SHARE: f64 = 0.3;

/// What a preset wants at full intensity.
pub(super) struct Character {
    /// Gains in dB of the equaliser's bands, whatever the track is.
    pub tone_db: [f64; N_EQ_BANDS],
    /// The share of what lies outside the spread that is corrected.
    pub correction: f64,
    /// The most that any cluster's peak may be pushed into the limiter, in dB.
    pub push_db: f64,
    /// Dynamics whatever the track is, and more as its range is wide: 1 is a
    /// slope of [`DynamicRule::slope`].
    pub even: f64,
    /// See `even`.
    pub even_wide: f64,
    /// How much of what lies under the quieter levels of a band is made up for,
    /// when evening fully.
    pub lift: f64,
    /// How the four dynamic bands act.
    pub dynamics: [DynamicRule; N_DYNAMIC_BANDS],
    /// Saturation.
    pub drive: f64,
    /// Side gain added to a narrow image, where it is safe.
    pub widen_narrow: f64,
    /// Side gain added to any image, where it is safe.
    pub widen: f64,
    /// Share of each deviation from the mean loudness that the ride takes away.
    pub ride: f64,
    /// How much the ride follows sections that differ absurdly: 1 takes away
    /// [`FOLLOW_LU`] of what lies between them.
    pub follow: f64,
}

/// How one dynamic band acts when evening fully.
#[derive(Clone, Copy)]
pub(super) struct DynamicRule {
    /// dB per dB above the threshold.
    pub slope: f64,
    /// The most it takes away in dB.
    pub range_db: f64,
    /// Time constants in ms.
    pub attack_ms: f64,
    /// See `attack_ms`.
    pub release_ms: f64,
}

const fn rule(slope: f64, range_db: f64, attack_ms: f64, release_ms: f64) -> DynamicRule {
    DynamicRule { slope, range_db, attack_ms, release_ms }
}

/// Slow in the bass, quicker above; a release that breathes with the beat.
const SMOOTH: [DynamicRule; N_DYNAMIC_BANDS] = [
    rule(0.35, 4.0, 40.0, 180.0),
    rule(0.30, 4.0, 30.0, 160.0),
    rule(0.30, 4.0, 20.0, 140.0),
    rule(0.30, 4.0, 10.0, 120.0),
];
/// Lets each attack through before it holds the rest.
const ATTACKING: [DynamicRule; N_DYNAMIC_BANDS] = [
    rule(0.45, 5.0, 80.0, 120.0),
    rule(0.40, 5.0, 60.0, 110.0),
    rule(0.35, 4.0, 40.0, 100.0),
    rule(0.30, 4.0, 25.0, 90.0),
];
/// Holds loud moments firmly.
const HOLDING: [DynamicRule; N_DYNAMIC_BANDS] = [
    rule(0.65, 10.0, 15.0, 200.0),
    rule(0.50, 8.0, 15.0, 180.0),
    rule(0.50, 8.0, 10.0, 160.0),
    rule(0.50, 8.0, 5.0, 140.0),
];

const ADAPTIVE: Character = Character {
    tone_db: [0.0; N_EQ_BANDS],
    correction: 1.0,
    push_db: 2.0,
    even: 0.0,
    even_wide: 1.0,
    lift: 0.0,
    dynamics: SMOOTH,
    drive: 0.0,
    widen_narrow: 0.35,
    widen: 0.0,
    ride: 0.0,
    follow: 1.0,
};

/// What `preset` wants.
pub(super) const fn character(preset: Preset) -> Character {
    //            60    120   300   800   2k    4k    7.5k  10k Hz
    match preset {
        Preset::Adaptive => ADAPTIVE,
        Preset::Gentle => {
            let base = Character { correction: 0.6, push_db: 1.0, even_wide: 0.0, ..ADAPTIVE };
            Character { widen_narrow: 0.15, follow: 0.0, ..base }
        }
        Preset::Warm => {
            Character { tone_db: [0.8, 1.2, 0.5, 0.0, -0.4, -0.9, -1.2, -1.6], drive: 0.3, ..ADAPTIVE }
        }
        // What is raised above peaks more than it is loud: less is pushed.
        Preset::Bright => {
            Character { tone_db: [0.0, -0.4, -0.8, 0.0, 0.6, 1.2, 1.5, 2.2], push_db: 1.8, ..ADAPTIVE }
        }
        Preset::Punchy => Character {
            tone_db: [1.2, 1.4, -0.9, -0.3, 0.5, 1.0, 0.4, 0.2],
            even: 0.7,
            even_wide: 0.3,
            dynamics: ATTACKING,
            drive: 0.12,
            follow: 0.0,
            ..ADAPTIVE
        },
        Preset::Live => Character {
            tone_db: [0.0, -0.4, -0.8, 0.0, 0.5, 0.7, 0.6, 1.0],
            push_db: 1.5,
            even_wide: 0.0,
            drive: 0.06,
            widen_narrow: 0.4,
            widen: 0.22,
            follow: 0.0,
            ..ADAPTIVE
        },
        Preset::Night => Character {
            tone_db: [-3.0, -1.8, 0.0, 0.3, 0.7, 0.3, -0.5, -0.8],
            even: 0.8,
            even_wide: 0.2,
            lift: 0.25,
            dynamics: HOLDING,
            ride: 0.45,
            follow: 0.0,
            ..ADAPTIVE
        },
    }
}
