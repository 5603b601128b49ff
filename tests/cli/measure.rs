//! `measure`, `fingerprint` and `plan`: several inputs, JSON as contracted, and
//! figures that are right.

use std::collections::BTreeSet;

use auralis_core::encode::Format;
use auralis_tests::signals::{Character, sine, track};
use auralis_tests::{corpus, folder};
use serde_json::Value;

use crate::support::*;

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[test]
fn json_is_one_object_per_input_with_the_keys_agreed() {
    let folder = folder();
    let paths = ["a.wav", "b b.flac"].map(|name| folder.path().join(name));
    write(&paths[0], Format::Wav16, 44_100, &track(Character::Thin, 1, 44_100, 5.0));
    write(&paths[1], Format::Flac24, 96_000, &track(Character::Crushed, 2, 96_000, 4.0));
    let shown = paths.each_ref().map(|path| path.to_str().expect("a plain path"));
    let of = |command: &str| run([command, "--json", shown[0], shown[1]]).ok().json();

    let measured = of("measure");
    let fingerprints = of("fingerprint");
    let plans = of("plan");
    for objects in [&measured, &fingerprints, &plans] {
        assert_eq!(objects.iter().map(|object| &object["path"]).collect::<Vec<_>>(), shown);
    }
    let agreed = "path lufs lra_lu true_peak_dbtp sample_peak_dbfs max_momentary max_short_term \
                  duration_s sample_rate channels";
    for object in &measured {
        assert_eq!(keys(object), agreed.split_whitespace().collect());
    }
    assert_eq!((&measured[0]["sample_rate"], &measured[0]["channels"]), (&44_100.into(), &2.into()));
    assert_eq!((&measured[1]["sample_rate"], &measured[1]["duration_s"]), (&96_000.into(), &4.0.into()));
    for object in &fingerprints {
        assert!(keys(object).is_superset(&BTreeSet::from(["path", "version", "descriptors"])));
        let descriptors = object["descriptors"].as_object().expect("an object");
        let names = "sub_bass bass low_mid mid upper_mid presence air lufs crest_db stereo_width \
                     phase_correlation spectral_centroid";
        for name in names.split_whitespace() {
            assert!(descriptors[name].is_number(), "{name}: {object}");
        }
    }
    for (object, fingerprint) in plans.iter().zip(&fingerprints) {
        let agreed = BTreeSet::from(["path", "version", "id", "promise", "stages", "reasons"]);
        assert!(keys(object).is_superset(&agreed), "{object}");
        assert_eq!(keys(&object["promise"]), BTreeSet::from(["lufs", "lra_lu", "true_peak_dbtp"]));
        assert!(object["stages"].is_object());
        let reasons = object["reasons"].as_array().expect("a list");
        assert!(!reasons.is_empty(), "{object}");
        for reason in reasons {
            assert_eq!(keys(reason), BTreeSet::from(["stage", "measured", "wanted", "done", "text"]));
        }
        // What is printed is what the core reads.
        let mut fingerprint = fingerprint.clone();
        fingerprint.as_object_mut().expect("an object").remove("path");
        let read: auralis_core::fingerprint::Fingerprint =
            serde_json::from_value(fingerprint).expect("a fingerprint");
        let plan = auralis_core::plan::plan(&read, &auralis_core::plan::Taste::default()).expect("a plan");
        assert_eq!(object["id"], plan.id);
    }
}

#[test]
fn an_input_that_fails_is_named_and_the_rest_is_done() {
    let folder = folder();
    let good = folder.path().join("good.wav");
    write(&good, Format::Wav16, 44_100, &track(Character::Thin, 1, 44_100, 3.0));
    let (good, bad) = (good.to_str().expect("a plain path"), "no-such-file.wav");
    for command in ["measure", "fingerprint", "plan"] {
        let ran = run([command, "--json", bad, good, bad, good]).fails(1, &[bad, "no such file"]);
        assert_eq!(ran.json().len(), 2, "{command}");
        assert_eq!(ran.err.lines().count(), 2, "{ran:#?}");
    }
}

#[test]
fn people_get_tables_and_only_results_on_standard_output() {
    let folder = folder();
    let path = folder.path().join("tone.wav");
    let tone = sine(48_000, 997.0, 5 * 48_000, 0.1);
    write(&path, Format::Wav24, 48_000, &vec![tone.clone(), tone]);
    let path = path.to_str().expect("a plain path");
    let measured = run(["measure", path]).ok().out;
    // −20 dBFS in both channels is −20 LUFS at 997 Hz (BS.1770-5, note 1).
    let row: Vec<&str> = measured.lines().nth(1).expect("a row").split_whitespace().collect();
    assert_eq!(row, ["-20.0", "0.0", "-20.0", "-20.0", "0:05.0", "48000", "2", path]);
    assert!(run(["fingerprint", path]).ok().out.contains("stereo_width"));
    let planned = run(["plan", path]).ok().out;
    assert!(planned.contains("-20.0 →") && planned.contains("LUFS"), "{planned}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let folder = folder();
    let path = folder.path().join("a.wav");
    write(&path, Format::Wav16, 44_100, &track(Character::Thin, 1, 44_100, 3.0));
    let mut command = auralis();
    command.args(["measure", "--json"]).args([&path; 3]);
    let mut child = start(&mut command);
    drop(child.stdout.take());
    wait(child).ok();
}

#[test]
fn loudness_and_range_are_the_standards() {
    let Some(corpus) = corpus() else { return };
    let ebu = corpus.join("ebu");
    let of = |name: &str| {
        let mut command = auralis();
        command.args(["measure", "--json"]).arg(ebu.join(name));
        finish(&mut command).ok().json().remove(0)
    };
    // EBU Tech 3341-2023, table 1: ± 0.1 LU.
    for (name, lufs) in [
        ("seq-3341-1-16bit.flac", -23.0),
        ("seq-3341-2-16bit.flac", -33.0),
        ("seq-3341-3-16bit-v02.flac", -23.0),
        ("seq-3341-4-16bit-v02.flac", -23.0),
        ("seq-3341-5-16bit-v02.flac", -23.0),
        ("seq-3341-7_seq-3342-5-16bit.flac", -23.0),
        ("1kHz_sine_-20LUFS-16bit.flac", -20.0),
        ("1kHz_sine_-26LUFS-16bit.flac", -26.0),
        ("1kHz_sine_-40LUFS-16bit.flac", -40.0),
    ] {
        let got = of(name)["lufs"].as_f64().expect("a loudness");
        assert!((got - lufs).abs() <= 0.1 + 1e-9, "{name}: {got} LUFS");
    }
    // EBU Tech 3342-2023, table 1: ± 1 LU.
    for (name, lra) in [
        ("seq-3342-1-16bit.flac", 10.0),
        ("seq-3342-2-16bit.flac", 5.0),
        ("seq-3342-3-16bit.flac", 20.0),
        ("seq-3342-4-16bit.flac", 15.0),
        ("seq-3341-7_seq-3342-5-16bit.flac", 5.0),
    ] {
        let got = of(name)["lra_lu"].as_f64().expect("a range");
        assert!((got - lra).abs() <= 1.0, "{name}: {got} LU");
    }
}
