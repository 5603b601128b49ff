//! Composing a plan: each stage from what was measured and what is wanted.

use super::balance::Balance;
use super::predict::{Model, Shaped, highest_peak};
use super::rules::{
    CEILING_DBTP, CLEAR_OF_PEAKS_DB, Character, EVEN_FROM_LU, EVEN_FULLY_LU, FOLLOW_FROM_LU, FOLLOW_FULLY_LU,
    FOLLOW_INSTEAD, FOLLOW_LU, GLIDE_BELOW, LIFT_RANGE_DB, LIMITER_MARGIN_DB, MAX_GAIN_DB, QUIET_SHARE,
    REFERENCE_TRACK_EVEN_LU, REFERENCE_TRACK_LUFS, REFERENCE_TRACK_SIDE, REFERENCE_TRACK_WIDTH, character,
};
use super::stages::{RIDE_KNOTS, Ride, Stages, Stereo};
use super::tone;
use super::windows::sections_lu;
use super::words::{self, plain, reason, signed};
use super::{Compare, Plan, Promise, Reason, Taste, Trim, VERSION, id, quantised, smoothstep, soft_limit};
use crate::fingerprint::Fingerprint;
use crate::math::f64 as math;

/// The plan for a track of this loudness; `trim` is what its rendering taught.
pub(super) fn compose(track: &Fingerprint, lufs: f64, taste: &Taste, trim: Trim) -> Plan {
    let character = character(taste.preset);
    let amount = f64::from(taste.intensity);
    let mut stages = Stages::neutral();

    let balance = Balance::new(track, taste.reference.as_deref());
    let gains =
        tone::gains(&balance, &character, taste.reference.is_some(), &stages.eq, track.sample_rate.into());
    for (band, gain) in stages.eq.iter_mut().zip(gains) {
        band.gain_db = quantised(gain * amount, 100.0) as f32;
    }
    stages.saturation.drive = quantised(character.drive * amount, 1e3) as f32;
    stages.stereo = stereo(track, &character, taste.reference.as_deref(), amount);
    let wide = too_wide(track, taste.reference.as_deref());
    let apart = sections_lu(track);
    let follow = character.follow * follow(apart, wide, taste);
    let share = character.ride + follow * FOLLOW_LU / apart.max(FOLLOW_FROM_LU);
    stages.ride = ride(track, lufs, share * amount);
    let model = Model::new(track, lufs, trim.lufs, &stages.ride);
    let ceiling = ceiling(track, taste.ceiling_dbtp.into(), amount);
    stages.limiter.ceiling_dbtp = ceiling as f32;

    // The sound is brought to the level it shall have before the dynamics, so
    // that their thresholds mean the same for every track; what tone, dynamics
    // and image change is made up for behind them.
    let wish = wished_gain(track, lufs, taste);
    stages.input_gain_db = quantised(wish.db * amount, 100.0) as f32;
    let wide = wide * (1.0 - FOLLOW_INSTEAD * follow);
    dynamics(&mut stages, wide, &model, &character, amount);
    let shaped = model.shaped(&stages);
    let wanted = lufs + wish.db * amount;
    let output = output_gain(&model, &shaped, wanted, ceiling, character.push_db);
    stages.output_gain_db = output as f32;

    let after = model.loudness(&shaped, output, ceiling);
    let lra = (model.range(&shaped, output, ceiling) - trim.lra_lu).max(0.0);
    let peak = highest_peak(&shaped) + output;
    let promise = Promise {
        lufs: Some(quantised(after, 100.0)),
        lra_lu: Some(quantised(lra, 100.0)),
        true_peak_dbtp: Some(quantised(peak.min(ceiling - LIMITER_MARGIN_DB), 100.0)),
    };
    let held = model.most_held(&stages);
    let push = (peak - ceiling + LIMITER_MARGIN_DB).max(0.0);
    let mut reasons = vec![wish.reason(lufs, after, output + f64::from(stages.input_gain_db))];
    reasons.extend(words::tone(
        &stages,
        &balance,
        if taste.reference.is_some() { "your reference" } else { "released music" },
        taste.preset,
    ));
    reasons.extend(words::other_stages(track, &stages, &character, apart, held, push));
    Plan {
        version: VERSION,
        id: id(&stages),
        promise,
        trim_db: trim.lufs as f32,
        trim_lra_lu: trim.lra_lu as f32,
        compare: compare(track, lufs, after),
        summary: words::summary(&stages, after - lufs, held, &promise),
        reasons,
        stages,
    }
}

/// The ceiling: the wanted one, but near intensity 0 so far over the source's
/// own peak that no limiter touches it, whatever lies between the samples.
fn ceiling(track: &Fingerprint, wanted: f64, amount: f64) -> f64 {
    let own = (track.true_peak_dbtp.unwrap_or(wanted) + CLEAR_OF_PEAKS_DB).clamp(wanted, 24.0);
    quantised(own + (wanted - own) * smoothstep(0.0, GLIDE_BELOW, amount), 100.0)
}

/// What the moves but the gain change of the loudness is spoken of from here on.
const OTHERS_HEARD_LU: f64 = 0.5;

/// The gain that reaches the target, and what it is for.
struct Wish {
    db: f64,
    target: f64,
    album: Option<f64>,
    /// The loudness of the reference, if the target is near it.
    reference: Option<f64>,
}

fn wished_gain(track: &Fingerprint, lufs: f64, taste: &Taste) -> Wish {
    let reference = taste.reference.as_deref().and_then(Fingerprint::lufs);
    let (quietest, loudest) = REFERENCE_TRACK_LUFS;
    let target = reference.map_or(f64::from(taste.target_lufs), |lufs| lufs.clamp(quietest, loudest));
    let db = match &taste.album {
        None => target - lufs,
        // One gain for all its tracks: the least that any permits, which is
        // decided by the highest peak among them.
        Some(album) => {
            let room = f64::from(taste.ceiling_dbtp) - LIMITER_MARGIN_DB + character(taste.preset).push_db
                - album.true_peak_dbtp.max(track.true_peak_dbtp.unwrap_or(album.true_peak_dbtp));
            (target - album.lufs).min(room.max(0.0))
        }
    };
    Wish { db: db.clamp(-60.0, MAX_GAIN_DB), target, album: taste.album.map(|album| album.lufs), reference }
}

impl Wish {
    fn reason(&self, lufs: f64, after: f64, gain: f64) -> Reason {
        let measured = match self.album {
            None => format!("{} LUFS", plain(lufs)),
            Some(album) => format!("{} LUFS, its album {} LUFS", plain(lufs), plain(album)),
        };
        let wanted = match self.reference {
            None => format!("{} LUFS", plain(self.target)),
            Some(own) => format!("{} LUFS, your reference has {},", plain(self.target), plain(own)),
        };
        let short = self.target - after;
        let mut text = format!("{} dB: {measured}, {wanted} wanted", signed(gain));
        if self.album.is_none() && short > 0.3 {
            text += &format!("; its peaks allow {} LUFS", plain(after));
        }
        // Without this a track would seem to be raised that was too loud.
        let others = after - lufs - gain;
        if others.abs() >= OTHERS_HEARD_LU {
            let verb = if others < 0.0 { "take" } else { "add" };
            text += &format!("; the other moves {verb} {:.1} LU", others.abs());
        }
        reason("gain", measured, wanted, format!("{} dB", signed(gain)), text)
    }
}

/// How much wider the track's range is than it should be, 0 to 1: than that of
/// released music, or than the listener's reference.
fn too_wide(track: &Fingerprint, reference: Option<&Fingerprint>) -> f64 {
    match reference {
        None => smoothstep(EVEN_FROM_LU, EVEN_FULLY_LU, track.lra_lu),
        Some(other) => smoothstep(0.0, REFERENCE_TRACK_EVEN_LU, track.lra_lu - other.lra_lu),
    }
}

/// How much the gain follows the sections of a track that lie so far apart,
/// 0 to 1. Not in an album: its tracks keep their relations, and so do the parts
/// of them. And not where the listener's reference is as wide.
fn follow(apart: f64, wide: f64, taste: &Taste) -> f64 {
    let asked = if taste.reference.is_some() { wide } else { 1.0 };
    if taste.album.is_some() { 0.0 } else { asked * smoothstep(FOLLOW_FROM_LU, FOLLOW_FULLY_LU, apart) }
}

/// The change of the side gain that brings the image nearer to the reference's.
fn towards_width(own: f64, wanted: f64) -> f64 {
    let side_over_mid = |width: f64| width.clamp(0.01, 0.99) / (1.0 - width.clamp(0.01, 0.99));
    let (narrowest, widest) = REFERENCE_TRACK_SIDE;
    let ratio = side_over_mid(wanted) / side_over_mid(own);
    math::pow(ratio, REFERENCE_TRACK_WIDTH).clamp(narrowest, widest) - 1.0
}

/// Side gain and mono bass. A narrow image is widened, unless it is mono (there
/// is nothing to widen) or its channels are out of phase; an image that is so
/// is narrowed a little, and its bass made mono.
fn stereo(
    track: &Fingerprint,
    character: &Character,
    reference: Option<&Fingerprint>,
    amount: f64,
) -> Stereo {
    let width = track.descriptors.stereo_width;
    let correlation = track.descriptors.phase_correlation;
    let safe = smoothstep(0.1, 0.5, correlation) * smoothstep(0.01, 0.06, width);
    let narrow = smoothstep(0.25, 0.08, width);
    let unsafe_image = smoothstep(0.1, -0.5, correlation);
    // What is wide already needs no more.
    let room = smoothstep(0.5, 0.3, width);
    let wanted = match reference {
        None => character.widen_narrow * narrow + character.widen * room,
        Some(other) => towards_width(width, other.descriptors.stereo_width),
    };
    // Narrowing is safe wherever there is anything to narrow.
    let wanted = if wanted > 0.0 { wanted * safe } else { wanted };
    let change = wanted - 0.25 * unsafe_image;
    let bass_mono = (0.8 * smoothstep(0.4, -0.2, correlation)).max(2.0 * change.clamp(0.0, 0.4));
    let width = quantised(1.0 + change * amount, 1e3) as f32;
    Stereo {
        width,
        width_high: width,
        bass_mono: quantised(bass_mono * amount, 1e3) as f32,
        ..Stages::neutral().stereo
    }
}

/// The ride's gain at a level: a share of what it lies off the mean, softly
/// held within ±8 dB, and none in what is nearly silent.
fn ride_db(level: f64, lufs: f64, share: f64) -> f64 {
    let off = level - lufs;
    soft_limit(-share * off, 8.0) * smoothstep(-45.0, -25.0, off)
}

/// The ride over the track, from its loudness curve.
fn ride(track: &Fingerprint, lufs: f64, share: f64) -> Ride {
    let curve = &track.loudness_curve;
    if share <= 0.0 || curve.len() < 2 {
        return Ride { hop_s: 1.0, gain_db: Vec::new() };
    }
    // The first knot stands at 0; values stand in the middle of their hop, so
    // each knot takes the mean of the values around it.
    let step = curve.len().div_ceil(RIDE_KNOTS - 1);
    let n_knots = curve.len().div_ceil(step) + 1;
    let gain_db = (0..n_knots)
        .map(|knot| {
            let middle = knot * step;
            let from = middle.saturating_sub(step.max(2));
            let upto = (middle + step.max(2)).min(curve.len());
            let gains = curve[from..upto].iter().map(|value| match value {
                Some(level) => ride_db(*level, lufs, share),
                None => 0.0,
            });
            let n = (upto - from).max(1) as f64;
            quantised(gains.sum::<f64>() / n, 20.0) as f32
        })
        .collect();
    Ride { hop_s: (step as u32 * track.loudness_hop_s) as f32, gain_db }
}

/// Dynamics: the wider the track's range, the more its louder moments are held.
fn dynamics(stages: &mut Stages, wide: f64, model: &Model, character: &Character, amount: f64) {
    let even = ((character.even + character.even_wide * wide) * amount).min(1.0);
    if even <= 0.0 {
        return;
    }
    // Thresholds and times glide from their neutral values, where they do
    // nothing yet, so that the numbers move no faster than the sound.
    let begun = smoothstep(0.0, 0.1, even);
    let glide = |from: f32, to: f64, per_unit: f64| {
        quantised(f64::from(from) + (to - f64::from(from)) * begun, per_unit) as f32
    };
    for (band, rule) in stages.dynamics.iter_mut().zip(&character.dynamics) {
        band.slope = quantised(rule.slope * even, 1e3) as f32;
        band.range_db = quantised(rule.range_db * even, 100.0) as f32;
        band.attack_ms = glide(band.attack_ms, rule.attack_ms, 10.0);
        band.release_ms = glide(band.release_ms, rule.release_ms, 10.0);
        band.lift = quantised(character.lift * even, 1e3) as f32;
        band.lift_range_db = if character.lift > 0.0 { glide(0.0, LIFT_RANGE_DB, 100.0) } else { 0.0 };
    }
    // Thresholds at the median of each band's levels: the louder half is held.
    let levels = model.band_levels(stages, 0.5);
    for (band, level) in stages.dynamics.iter_mut().zip(levels) {
        let threshold = level + f64::from(stages.input_gain_db);
        band.threshold_db = glide(band.threshold_db, threshold.clamp(-100.0, 0.0), 10.0);
    }
    if character.lift > 0.0 {
        let quiet = model.band_levels(stages, QUIET_SHARE);
        for (band, level) in stages.dynamics.iter_mut().zip(quiet) {
            let below = (level + f64::from(stages.input_gain_db)).clamp(-100.0, 0.0);
            band.lift_below_db = glide(band.lift_below_db, below, 10.0);
        }
    }
}

/// The gain into the limiter that gives the wanted loudness, as far as no
/// cluster's peak is pushed deeper than `push` dB.
fn output_gain(model: &Model, shaped: &[Shaped], wanted: f64, ceiling: f64, push: f64) -> f64 {
    let most = ceiling - LIMITER_MARGIN_DB + push - highest_peak(shaped);
    let mut gain = 0.0;
    // What the limiter takes is given back, and what it takes of that again:
    // each round leaves less than half of the error.
    for _ in 0..12 {
        gain = (gain + wanted - model.loudness(shaped, gain, ceiling)).min(most).clamp(-60.0, 40.0);
    }
    quantised(gain, 100.0)
}

/// Gains that make original and enhanced equally loud (law L6).
fn compare(track: &Fingerprint, lufs: f64, after: f64) -> Compare {
    let wanted = after - lufs;
    let room = (CEILING_DBTP - track.true_peak_dbtp.unwrap_or(CEILING_DBTP)).max(0.0);
    let original = quantised(if wanted > 0.0 { wanted.min(room) } else { wanted }, 100.0);
    Compare { original_db: original as f32, enhanced_db: quantised(original - wanted, 100.0) as f32 }
}
