//! The tastes that are measured, and what each may lose.

use auralis_core::plan::{Preset, Taste};

/// A taste with what law L6 in the README lets it lose.
pub struct Case {
    /// What it is called in the table.
    pub name: String,
    /// The taste.
    pub taste: Taste,
    /// Loudness range that may be lost, in LU: bound and aim.
    pub lra_lost_lu: Limit,
    /// Peak over loudness that may be lost, in dB: bound and aim.
    pub plr_lost_db: Limit,
    /// Whether the preset has no tone of its own, so that all its equaliser
    /// does comes from the tonal rules.
    pub only_rules: bool,
    /// What may be left of the distance to the reference curve, 1 being all:
    /// 30 % closer at the default taste, two thirds of that for `gentle`. `None`
    /// where the taste asks for less, or has a tone of its own.
    pub distance_left: Option<f64>,
}

/// What must hold, and what is aimed for.
#[derive(Clone, Copy)]
pub struct Limit {
    /// Beyond it the run fails.
    pub bound: f64,
    /// Where we want to be.
    pub aim: Option<f64>,
}

/// The default taste at other targets, in LUFS: EBU R 128's, the quietest and
/// the loudest that streaming services use.
const OTHER_TARGETS: [f32; 3] = [-23.0, -18.0, -11.0];

/// Every preset; the default one at other targets and half its intensity too.
/// Only `presets`, if any are named.
pub fn cases(presets: &[Preset]) -> Vec<Case> {
    let mut tastes: Vec<(String, Taste)> = Vec::new();
    for preset in Preset::ALL {
        tastes.push((preset.to_string(), Taste { preset, ..Taste::default() }));
        if preset == Preset::default() {
            for target_lufs in OTHER_TARGETS {
                tastes.push((format!("{preset} {target_lufs}"), Taste { target_lufs, ..Taste::default() }));
            }
            tastes.push((format!("{preset} half"), Taste { intensity: 0.5, ..Taste::default() }));
        }
    }
    let chosen = |taste: &Taste| presets.is_empty() || presets.contains(&taste.preset);
    tastes.into_iter().filter(|(_, taste)| chosen(taste)).map(|(name, taste)| case(name, taste)).collect()
}

fn case(name: String, taste: Taste) -> Case {
    let limit = |bound, aim| Limit { bound, aim };
    let (lra_lost_lu, plr_lost_db) = match taste.preset {
        Preset::Night => (limit(10.0, None), limit(4.5, None)),
        Preset::Punchy => (limit(2.5, None), limit(3.5, None)),
        _ => (limit(2.0, Some(1.0)), limit(3.0, Some(2.0))),
    };
    let only_rules = matches!(taste.preset, Preset::Adaptive | Preset::Gentle);
    let distance_left = match taste.preset {
        Preset::Adaptive if taste.intensity == 1.0 => Some(0.7),
        Preset::Gentle => Some(0.8),
        _ => None,
    };
    Case { name, taste, lra_lost_lu, plr_lost_db, only_rules, distance_left }
}
