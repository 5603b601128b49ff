//! What is out of range is refused; what is in it, however extreme, has a plan.

use super::continuity::numbers;
use super::*;

#[test]
fn hostile_fingerprints_and_tastes_are_refused() {
    let good = track();
    let refused = |what: &str, spoil: &dyn Fn(&mut Fingerprint)| {
        let mut bad = good.clone();
        spoil(&mut bad);
        let error = plan(&bad, &Taste::default()).expect_err(what);
        assert_eq!(error.kind, crate::error::Kind::Invalid, "{what}");
    };
    refused("another version", &|t| t.version += 1);
    refused("a rate of 0", &|t| t.sample_rate = 0);
    refused("no channels", &|t| t.channels = 0);
    refused("NaN", &|t| t.descriptors.stereo_width = f64::NAN);
    refused("infinite loudness", &|t| t.descriptors.lufs = Some(f64::INFINITY));
    refused("a width of 40", &|t| t.descriptors.stereo_width = 40.0);
    refused("a range of 10⁹ LU", &|t| t.lra_lu = 1e9);
    refused("half a spectrum", &|t| t.third_octaves.truncate(15));
    refused("1,000 clusters", &|t| t.sketch = vec![t.sketch[0]; 1_000]);
    refused("an empty cluster", &|t| t.sketch[0].n = 0);
    refused("a NaN peak", &|t| t.sketch[0].true_peak_dbtp = f64::NAN);
    for taste in [
        Taste { intensity: f32::NAN, ..Taste::default() },
        Taste { intensity: 1.1, ..Taste::default() },
        Taste { intensity: -0.1, ..Taste::default() },
        Taste { target_lufs: 0.0, ..Taste::default() },
        Taste { ceiling_dbtp: 1.0, ..Taste::default() },
        Taste { ceiling_dbtp: f32::NAN, ..Taste::default() },
        Taste { target_lufs: f32::NEG_INFINITY, ..Taste::default() },
        Taste { album: Some(AlbumLoudness { lufs: f64::NAN, true_peak_dbtp: 0.0 }), ..Taste::default() },
    ] {
        assert!(plan(&good, &taste).is_err(), "{taste:?}");
    }
}

#[test]
fn extreme_but_valid_fingerprints_give_plans_in_range() {
    let mut seed = 1u64;
    let mut next = move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 11) as f64 / (1u64 << 53) as f64
    };
    for _ in 0..300 {
        let mut t = track();
        let lufs = -70.0 + 90.0 * next();
        t.descriptors.lufs = Some(lufs);
        t.true_peak_dbtp = Some(-60.0 + 100.0 * next());
        t.lra_lu = 60.0 * next();
        t.descriptors.stereo_width = next();
        t.descriptors.phase_correlation = 2.0 * next() - 1.0;
        t.sample_rate = [8_000, 22_050, 96_000, 384_000][(next() * 4.0) as usize];
        for level in &mut t.third_octaves {
            *level = -120.0 * next();
        }
        for cluster in &mut t.sketch {
            cluster.n = (next() * 1e12) as u64 + 1;
            cluster.lufs = -70.0 + 100.0 * next();
            cluster.bands_lufs = std::array::from_fn(|_| -200.0 + 290.0 * next());
            cluster.true_peak_dbtp = -90.0 + 200.0 * next();
            cluster.usual_peak_dbtp = -90.0 + 200.0 * next();
            cluster.limited_lu = 3.0 * next();
        }
        for preset in Preset::ALL {
            let taste = Taste { preset, intensity: next() as f32, ..Taste::default() };
            let plan = plan(&t, &taste).unwrap();
            plan.stages.validate().unwrap();
            assert!(numbers(&plan).iter().all(|x| x.is_finite()));
        }
    }
}
