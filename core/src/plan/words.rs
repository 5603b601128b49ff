//! The plan in words: a reason for every move, and one sentence for all.

use super::balance::{Balance, nearest_third};
use super::rules::{Character, EVEN_FROM_LU, FOLLOW_FROM_LU};
use super::stages::{Band, Shape, Stages};
use super::{Preset, Promise, Reason};
use crate::fingerprint::{Fingerprint, N_THIRD_OCTAVES};

/// Moves smaller than this many dB are not spoken of.
const HEARD_DB: f64 = 0.2;

/// A number to one decimal with its sign, as printed: a true minus.
pub(super) fn signed(x: f64) -> String {
    let text = format!("{:.1}", x.abs());
    match text.as_str() {
        "0.0" => text,
        _ if x < 0.0 => format!("−{text}"),
        _ => format!("+{text}"),
    }
}

/// A number to one decimal, its sign only where it is negative.
pub(super) fn plain(x: f64) -> String {
    signed(x).trim_start_matches('+').to_string()
}

/// The same without a decimal that is 0.
fn trimmed(x: f64) -> String {
    plain(x).trim_end_matches(".0").to_string()
}

/// A frequency as one says it: "300 Hz", "7.5 kHz".
fn pitch(hz: f32) -> String {
    if hz < 1_000.0 { format!("{hz:.0} Hz") } else { format!("{} kHz", hz / 1_000.0) }
}

/// A reason of these parts.
pub(super) fn reason(stage: &str, measured: String, wanted: String, done: String, text: String) -> Reason {
    Reason { stage: stage.to_string(), measured, wanted, done, text }
}

fn band_name(hz: f32) -> &'static str {
    match hz {
        ..=80.0 => "deep bass",
        ..=180.0 => "bass",
        ..=450.0 => "low mids",
        ..=1_200.0 => "mids",
        ..=2_800.0 => "upper mids",
        ..=5_500.0 => "presence",
        ..=8_500.0 => "brilliance",
        _ => "air",
    }
}

/// What too much or too little around `hz` is called; `None` has no name.
fn fault(hz: f32, lowered: bool) -> Option<&'static str> {
    match (hz, lowered) {
        (..=80.0, true) => Some("rumble"),
        (..=180.0, true) => Some("boom"),
        (..=450.0, true) => Some("mud"),
        (..=1_200.0, true) => Some("a boxy sound"),
        (..=5_500.0, true) => Some("harshness"),
        (_, true) => Some("hiss and sharpness"),
        (..=180.0, false) => Some("thinness"),
        (1_200.0..=5_500.0, false) => Some("a veiled sound"),
        (5_500.0.., false) => Some("dullness"),
        _ => None,
    }
}

/// Shares of the power below this say nothing: up there, it is levels that one
/// hears.
const TOLD_BY_SHARE: f64 = 0.03;

/// Where a band's power lies, beside what is typical: "bass is 41 % of the
/// power, 18–32 % is typical of released music"; where there is little power,
/// in dB.
fn measured(band: &Band, name: &str, balance: &Balance, of: &str) -> String {
    let middle = nearest_third(band.hz.into());
    let range = match band.shape {
        Shape::LowShelf => 0..=(middle + 1),
        Shape::Bell => middle.saturating_sub(1)..=(middle + 1).min(N_THIRD_OCTAVES - 1),
        Shape::HighShelf => middle.saturating_sub(1)..=N_THIRD_OCTAVES - 1,
    };
    let (share, [low, high]) = balance.share(range);
    if high >= TOLD_BY_SHARE {
        let percent = |x: f64| format!("{:.0}", 100.0 * x);
        let typical = format!("{}–{} %", percent(low), percent(high));
        return format!("{name} is {} % of the power, {typical} is typical of {of}", percent(share));
    }
    let deviation = balance.around(band.hz.into());
    let side = if deviation > 0.0 { "above" } else { "under" };
    let spread = balance.spread_at(band.hz.into());
    format!("{name} lies {} dB {side} {of}, ±{spread:.1} dB is style", plain(deviation.abs()))
}

/// One reason per band of the equaliser that moves.
pub(super) fn tone(stages: &Stages, balance: &Balance, of: &str, preset: Preset) -> Vec<Reason> {
    let mut reasons = Vec::new();
    for band in &stages.eq {
        let gain = f64::from(band.gain_db);
        if gain.abs() < HEARD_DB {
            continue;
        }
        let deviation = balance.around(band.hz.into());
        let spread = balance.spread_at(band.hz.into());
        let name = band_name(band.hz);
        let measured = measured(band, name, balance, of);
        let place = match band.shape {
            Shape::LowShelf => format!("below {}", pitch(band.hz)),
            Shape::Bell => format!("around {}", pitch(band.hz)),
            Shape::HighShelf => format!("above {}", pitch(band.hz)),
        };
        // A band may also move against its own deviation: for the curve's
        // smoothness, or because the preset leans that way.
        let (against, why) = if gain * deviation < 0.0 && deviation.abs() > spread {
            let against =
                fault(band.hz, gain < 0.0).map_or(String::new(), |fault| format!(" against {fault}"));
            (against, measured.clone())
        } else if preset == Preset::Adaptive {
            (String::new(), format!("{name} goes with the bands beside it"))
        } else {
            (String::new(), format!("{name} as the preset {preset} has it"))
        };
        let text = format!("{} dB {place}{against}: {why}", signed(gain));
        reasons.push(reason(
            "eq",
            measured,
            format!("within ±{spread:.1} dB"),
            format!("{} dB", signed(gain)),
            text,
        ));
    }
    reasons
}

/// The sentence over the reasons: "Brighter by 1.4 dB, 5.2 LU louder, peaks
/// kept under −1 dBTP."
pub(super) fn summary(stages: &Stages, change_lu: f64, held_db: f64, promise: &Promise) -> String {
    let mut parts = Vec::new();
    let gain = |from: usize, upto: usize| -> f64 {
        let bands = &stages.eq[from..upto];
        bands
            .iter()
            .map(|band| f64::from(band.gain_db))
            .fold(0.0, |most, g| if g.abs() > most.abs() { g } else { most })
    };
    let (low, middle, high) = (gain(0, 2), gain(2, 5), gain(5, 8));
    let mut say = |name: &str, gain: f64, up: &str, down: &str| {
        if gain.abs() >= HEARD_DB {
            let direction = if gain > 0.0 { up } else { down };
            parts.push(format!("{name}{direction} by {:.1} dB", gain.abs()));
        }
    };
    say("", high, "brighter", "softer above");
    say("bass ", low, "fuller", "leaner");
    say("mids ", middle, "raised", "lowered");
    if held_db >= 0.5 {
        parts.push(format!("loud moments held by up to {held_db:.1} dB"));
    }
    if stages.ride.gain_db.iter().any(|&gain| f64::from(gain).abs() >= HEARD_DB) {
        parts.push("quiet passages brought nearer to loud ones".to_string());
    }
    if stages.saturation.drive > 0.0 {
        parts.push("a touch of warmth".to_string());
    }
    let width = f64::from(stages.stereo.width);
    if (width - 1.0).abs() >= 0.02 {
        parts.push(if width > 1.0 { "wider" } else { "narrower" }.to_string());
    }
    if change_lu.abs() >= 0.1 {
        let direction = if change_lu > 0.0 { "louder" } else { "quieter" };
        parts.push(format!("{:.1} LU {direction}", change_lu.abs()));
    }
    if parts.is_empty() {
        return "Well balanced as it is: nothing is changed".to_string();
    }
    let ceiling = f64::from(stages.limiter.ceiling_dbtp);
    if ceiling <= 0.0 && promise.true_peak_dbtp.is_some_and(|peak| peak <= ceiling) {
        parts.push(format!("peaks kept under {} dBTP", trimmed(ceiling)));
    }
    let sentence = parts.join(", ");
    let mut letters = sentence.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + letters.as_str())
}

/// Reasons of the ride, dynamics, saturation, stereo and limiter.
pub(super) fn other_stages(
    track: &Fingerprint,
    stages: &Stages,
    character: &Character,
    apart: f64,
    held: f64,
    push: f64,
) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let lra = format!("range {:.1} LU", track.lra_lu);
    let (low, high) = stages
        .ride
        .gain_db
        .iter()
        .fold((0.0f64, 0.0f64), |(low, high), &gain| (low.min(gain.into()), high.max(gain.into())));
    if high - low >= 0.1 {
        let done = format!("{} to {} dB", signed(low), signed(high));
        let (measured, wanted) = if character.ride > 0.0 {
            (lra.clone(), "made even for quiet listening".to_string())
        } else {
            let measured = format!("its quiet parts lie {apart:.0} LU under its loud ones");
            (measured, format!("at most {FOLLOW_FROM_LU:.0} LU are easily followed at home"))
        };
        let text = format!("{done} along the track: {measured}, {wanted}");
        reasons.push(reason("ride", measured, wanted, done, text));
    }
    if held >= 0.1 {
        let done = format!("up to −{held:.1} dB");
        let text = format!("{done} on its loudest moments: {lra}");
        reasons.push(reason("dynamics", lra, format!("at most {EVEN_FROM_LU:.0} LU, or firmer"), done, text));
    }
    if stages.saturation.drive > 0.0 {
        let done = format!("{:.0} %", stages.saturation.drive * 100.0);
        let text = format!("{done} saturation: a matter of the preset");
        reasons.push(reason("saturation", "clean".to_string(), "warmth".to_string(), done, text));
    }
    let width = f64::from(stages.stereo.width);
    if (width - 1.0).abs() >= 0.01 {
        let measured = format!(
            "width {:.2}, correlation {}",
            track.descriptors.stereo_width,
            format!("{:.2}", track.descriptors.phase_correlation).replace('-', "−")
        );
        let done = format!("side × {width:.2}");
        let wanted = if width > 1.0 { "wider, safe in mono" } else { "safe in mono" }.to_string();
        let text = format!("{done}: {measured}");
        reasons.push(reason("stereo", measured, wanted, done, text));
    }
    if push >= 0.05 {
        let peak = plain(track.true_peak_dbtp.unwrap_or(0.0));
        let ceiling = plain(stages.limiter.ceiling_dbtp.into());
        let done = format!("up to −{push:.1} dB");
        let text = format!("{done} on the highest peaks: {peak} dBTP before, {ceiling} dBTP at most");
        let (measured, wanted) = (format!("{peak} dBTP"), format!("{ceiling} dBTP at most"));
        reasons.push(reason("limiter", measured, wanted, done, text));
    }
    reasons
}
