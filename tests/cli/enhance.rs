//! What `auralis enhance` writes: the player's own frames, at the right depth,
//! or the source's bits.

use std::path::{Path, PathBuf};

use auralis_core::block::Block;
use auralis_core::encode::Format;
use auralis_core::encode::dither::{quantise, tpdf};
use auralis_core::fingerprint::{self, Fingerprint};
use auralis_core::flow::Stereo;
use auralis_core::geometry::Geometry;
use auralis_core::meter::Meter;
use auralis_core::plan::{Plan, Preset, Taste, Trim, plan, plan_trimmed};
use auralis_core::player::Render;
use auralis_tests::signals::{Character, Planes, noise, read_all, track};
use auralis_tests::{Metered, ffmpeg, folder, metered};

use crate::support::*;

fn fingerprint(path: &Path) -> Fingerprint {
    fingerprint::measure(&mut open(path), &mut |_| true).expect("it can be measured")
}

/// The frames that a player gives for `path`, and its plan.
fn played(path: &Path, taste: &Taste) -> (Planes, Plan) {
    let track = fingerprint(path);
    let first = plan(&track, taste).expect("a plan");
    let sound = rendered(path, &track, &first);
    match missed(&first, &sound, track.sample_rate) {
        Trim { lufs: 0.0, lra_lu: 0.0 } => (sound, first),
        trim => {
            let plan = plan_trimmed(&track, taste, trim).expect("a plan");
            (rendered(path, &track, &plan), plan)
        }
    }
}

fn rendered(path: &Path, track: &Fingerprint, plan: &Plan) -> Planes {
    let geometry = Geometry::at(track.sample_rate);
    let source = Stereo::new(open(path));
    let mut render = Render::new(source, &plan.stages, track.n_frames, geometry).expect("a render");
    read_all(&mut render, 1_000).expect("frames")
}

/// What a plan missed of its promise.
fn missed(plan: &Plan, sound: &Planes, rate: u32) -> Trim {
    let mut meter = Meter::new(rate, 2).expect("a meter");
    meter.push(&Block::from_planes(&[&sound[0], &sound[1]]));
    let heard = meter.finish().loudness;
    plan.trim(heard.integrated, heard.range)
}

/// `path` enhanced into a file of this name beside it.
#[track_caller]
fn enhanced(path: &Path, name: &str, options: &[&str]) -> PathBuf {
    let out = path.with_file_name(name);
    let mut command = auralis();
    command.arg("enhance").arg(path).arg("-o").arg(&out).args(options);
    finish(&mut command).ok();
    out
}

/// Sums of 16-bit values, as loud as 16 bits hold.
fn at_16_bits(planes: Planes) -> Planes {
    let round = |x: f32| quantise(x, 16, 0.0) as f32 / 32_768.0;
    planes.into_iter().map(|plane| plane.into_iter().map(round).collect()).collect()
}

#[test]
fn the_copy_is_what_the_player_plays() {
    let folder = folder();
    for (character, rate, options, taste) in [
        (Character::Thin, 44_100, &[][..], Taste::default()),
        (
            Character::Crushed,
            48_000,
            &["--preset", "warm", "--intensity", "0.6", "--target", "-18"][..],
            Taste { preset: Preset::Warm, intensity: 0.6, target_lufs: -18.0, ..Taste::default() },
        ),
        (
            Character::Boomy,
            22_050,
            &["--preset=night"][..],
            Taste { preset: Preset::Night, ..Taste::default() },
        ),
        // It comes out too soft at first.
        (
            Character::Thin,
            44_100,
            &["--preset=punchy", "--target=-11"][..],
            Taste { preset: Preset::Punchy, target_lufs: -11.0, ..Taste::default() },
        ),
    ] {
        let path = folder.path().join(format!("{character:?}.wav"));
        write(&path, Format::Wav24, rate, &track(character, 3, rate, 21.0));
        let (want, plan) = played(&path, &taste);
        assert_eq!(plan.trim_db != 0.0, taste.preset == Preset::Punchy, "{character:?}");
        let options = [options, &["--format", "wavf32", "--force"]].concat();
        let out = enhanced(&path, "copy.wav", &options);
        assert!(bits(&frames(&out)) == bits(&want), "{character:?}");
    }
}

#[test]
fn a_reference_is_measured_and_obeyed() {
    let folder = folder();
    let (path, other) = (folder.path().join("a.wav"), folder.path().join("reference.flac"));
    write(&path, Format::Wav16, 44_100, &track(Character::Boomy, 1, 44_100, 12.0));
    write(&other, Format::Flac16, 44_100, &track(Character::Thin, 2, 44_100, 12.0));
    let reference = Some(Box::new(fingerprint(&other)));
    let (want, _) = played(&path, &Taste { reference, ..Taste::default() });
    let other = other.to_str().expect("a plain path");
    let copy = enhanced(&path, "copy.wav", &["--format", "wavf32", "--reference", other]);
    assert!(bits(&frames(&copy)) == bits(&want));
    let plain = enhanced(&path, "plain.wav", &["--format", "wavf32"]);
    assert!(bits(&frames(&copy)) != bits(&frames(&plain)), "the reference does nothing");
}

#[test]
fn intensity_0_is_the_sources_bits() {
    let folder = folder();
    let sound = track(Character::Crushed, 5, 44_100, 11.0);
    for (source, copy, options) in [
        ("a.flac flac16", "b.flac", &[][..]),
        ("a.flac flac24", "b.flac", &[][..]),
        ("a.wav wav16", "b.wav", &[][..]),
        ("a.wav wav24", "b.wav", &[][..]),
        ("a.wav wavf32", "b.wav", &[][..]),
        ("a.wav wav16", "b.flac", &[][..]),
        ("a.flac flac16", "b.wav", &["--format", "wav24"][..]),
        ("a.flac flac24", "b.wav", &["--format", "wavf32"][..]),
    ] {
        let (name, format) = source.split_once(' ').expect("a name and a format");
        let path = folder.path().join(name);
        write(&path, format.parse().expect("a format"), 44_100, &sound);
        let out = enhanced(&path, copy, &[options, &["--intensity", "0", "--force"]].concat());
        assert!(bits(&frames(&out)) == bits(&frames(&path)), "{source} → {copy} {options:?}");
        if name == copy {
            assert_eq!(stream_info(&out), stream_info(&path), "{source} → {copy}");
        }
    }
    // The MD5 that the original's encoder stored is the copy's.
    let path = folder.path().join("c.flac");
    write(&path, Format::Flac16, 44_100, &sound);
    assert_eq!(stream_info(&enhanced(&path, "d.flac", &["--intensity=0"])), stream_info(&path));
    // Beyond full scale, which only floats hold.
    let path = folder.path().join("hot.wav");
    write(&path, Format::WavF32, 44_100, &vec![noise(1, 30_000, 3.0), noise(2, 30_000, 0.1)]);
    assert!(bits(&frames(&enhanced(&path, "hot2.wav", &["--intensity=0"]))) == bits(&frames(&path)));
    // One channel becomes two equal ones.
    let path = folder.path().join("mono.wav");
    write(&path, Format::Wav16, 8_000, &vec![noise(1, 20_000, 0.5)]);
    let copy = frames(&enhanced(&path, "stereo.wav", &["--intensity=0"]));
    let plane = bits(&frames(&path)).remove(0);
    assert!(bits(&copy) == [plane.clone(), plane]);
}

#[test]
fn a_lossy_source_at_intensity_0_is_the_decoders_bits() {
    let Some(mut ffmpeg) = ffmpeg() else { return };
    let folder = folder();
    let (wav, mp3) = (folder.path().join("a.wav"), folder.path().join("a.mp3"));
    write(&wav, Format::Wav16, 44_100, &track(Character::Thin, 5, 44_100, 5.0));
    let made = ffmpeg.args(["-v", "error", "-i"]).arg(&wav).args(["-b:a", "192k"]).arg(&mp3).status();
    assert!(made.expect("ffmpeg runs").success());
    let out = enhanced(&mp3, "b.wav", &["--intensity=0", "--format=wavf32"]);
    assert!(bits(&frames(&out)) == bits(&frames(&mp3)));
}

#[test]
fn without_a_format_the_depth_is_the_sources() {
    let folder = folder();
    let sound = vec![noise(1, 9_000, 0.3), noise(2, 9_000, 0.3)];
    for (source, copy, codec, depth) in [
        (Format::Wav16, "b.wav", "pcm", Some(16)),
        (Format::Wav24, "b.wav", "pcm", Some(24)),
        (Format::WavF32, "b.wav", "pcm", None),
        (Format::Flac16, "b.wav", "pcm", Some(16)),
        (Format::Flac24, "b.flac", "flac", Some(24)),
        (Format::Wav16, "b.flac", "flac", Some(16)),
        (Format::WavF32, "b.flac", "flac", Some(24)),
        (Format::Opus, "b.flac", "flac", Some(24)),
        (Format::Opus, "b.wav", "pcm", Some(24)),
        (Format::Flac16, "b.opus", "opus", None),
    ] {
        let path = folder.path().join(format!("a.{}", source.extension()));
        write(&path, source, 48_000, &sound);
        let out = open(&enhanced(&path, copy, &["--force"]));
        assert_eq!((out.format(), out.bits_per_sample()), (codec, depth), "{source} → {copy}");
    }
}

#[test]
fn dither_is_added_only_where_it_is_due() {
    let folder = folder();
    let path = folder.path().join("a.wav");
    let at_bits = |planes: &Planes, bits: u32, with_dither: bool| -> Planes {
        let full = (1_u32 << (bits - 1)) as f32;
        let one = |channel: usize, (frame, x): (usize, &f32)| {
            let noise = if with_dither { tpdf(frame as u64, channel) } else { 0.0 };
            quantise(*x, bits, noise) as f32 / full
        };
        let plane = |channel: usize| planes[channel].iter().enumerate().map(|x| one(channel, x)).collect();
        (0..2).map(plane).collect()
    };
    for (source, format, intensity, is_dithered) in [
        (Format::Wav16, Format::Wav16, "0", false),
        (Format::Wav16, Format::Flac24, "0", false),
        (Format::Wav16, Format::Flac16, "1", true),
        (Format::Wav24, Format::Wav16, "0", true),
        (Format::Wav24, Format::Flac24, "0", false),
        (Format::Wav24, Format::Wav24, "0.5", true),
        (Format::WavF32, Format::Wav24, "0", true),
    ] {
        let sound = track(Character::Thin, 9, 44_100, 2.0);
        write(&path, source, 44_100, &if source == Format::Wav16 { at_16_bits(sound) } else { sound });
        let taste = Taste { intensity: intensity.parse().expect("a number"), ..Taste::default() };
        let (exact, _) = played(&path, &taste);
        let want = at_bits(&exact, format.bits().expect("an integer format"), is_dithered);
        let name = format!("b.{}", format.extension());
        let options = ["--format", format.name(), "--intensity", intensity, "--force"];
        let out = enhanced(&path, &name, &options);
        assert!(bits(&frames(&out)) == bits(&want), "{source} → {format} at {intensity}");
    }
}

#[test]
fn another_program_finds_as_many_frames() {
    if ffmpeg().is_none() {
        return;
    }
    let folder = folder();
    for (rate, n_frames, n_at_48k) in [(48_000, 100_001, 100_001), (44_100, 99_999, 108_843)] {
        let path = folder.path().join("a.wav");
        write(&path, Format::Wav16, rate, &vec![noise(1, n_frames, 0.2), noise(2, n_frames, 0.2)]);
        for format in Format::ALL {
            let name = format!("b.{}", format.extension());
            let out = enhanced(&path, &name, &["--format", format.name(), "--force"]);
            let mut ffmpeg = ffmpeg().expect("it was there");
            ffmpeg.args(["-v", "error", "-i"]).arg(&out).args(["-f", "f32le", "-"]);
            let pcm = ffmpeg.output().expect("ffmpeg runs");
            assert_eq!(String::from_utf8_lossy(&pcm.stderr), "", "{format}");
            let want = if format == Format::Opus { n_at_48k } else { n_frames };
            assert_eq!(pcm.stdout.len() / 8, want, "{format} at {rate} Hz");
        }
    }
}

/// Music-like sound as FLAC, against what ffmpeg makes of it at its usual level
/// and of what is in it.
#[test]
fn flac_is_as_small_as_another_programs_and_its_md5_is_right() {
    if ffmpeg().is_none() {
        return;
    }
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    for character in [Character::Thin, Character::Boomy, Character::Crushed] {
        for (flac, wav, raw) in
            [(Format::Flac16, Format::Wav16, "s16le"), (Format::Flac24, Format::Wav24, "s24le")]
        {
            let sound = track(character, 4, 44_100, 11.0);
            write(&at("a.wav"), wav, 44_100, &sound);
            write(&at("own.flac"), flac, 44_100, &sound);
            let ran = |from: &str, options: &[&str], to: &Path| {
                let mut ffmpeg = ffmpeg().expect("it was there");
                let output =
                    ffmpeg.args(["-v", "error", "-y", "-i"]).arg(at(from)).args(options).arg(to).output();
                let output = output.expect("ffmpeg runs");
                assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{flac}");
                String::from_utf8_lossy(&output.stdout).trim().to_lowercase()
            };
            ran("a.wav", &[], &at("theirs.flac"));
            let size = |name: &str| std::fs::metadata(at(name)).expect("it is there").len() as f64;
            let (own, theirs) = (size("own.flac"), size("theirs.flac"));
            assert!(own <= 1.05 * theirs, "{character:?} as {flac}: {own} bytes, {theirs} by ffmpeg");
            let codec = format!("pcm_{raw}");
            let md5 = ran("own.flac", &["-c:a", &codec, "-f", "md5"], Path::new("-"));
            assert_eq!(md5, format!("md5={}", stream_info(&at("own.flac")).3), "{character:?} as {flac}");
        }
    }
}

#[test]
fn the_promise_of_an_opus_file_is_made_for_its_ceiling() {
    let folder = folder();
    let path = folder.path().join("a.wav");
    write(&path, Format::Wav16, 44_100, &track(Character::Thin, 4, 44_100, 12.0));
    let options = ["--target", "-8", "--format", "opus"];
    let out = path.with_file_name("b.opus");
    let ran = finish(auralis().arg("enhance").arg(&path).arg("-o").arg(&out).args(options)).ok();
    let taste = Taste { target_lufs: -8.0, ceiling_dbtp: -2.0, ..Taste::default() };
    let promise = played(&path, &taste).1.promise;
    assert!(promise != played(&path, &Taste { target_lufs: -8.0, ..Taste::default() }).1.promise);
    for (unit, promised) in [("LUFS", promise.lufs), ("dBTP", promise.true_peak_dbtp)] {
        let end = format!("{:.1} {unit}", promised.expect("it is sound"));
        assert!(ran.out.lines().any(|line| line.ends_with(&end)), "{end:?} is not in {}", ran.out);
    }
}

#[test]
fn peaks_and_loudness_are_as_promised_on_another_meter() {
    let folder = folder();
    for character in [Character::Thin, Character::Boomy, Character::Crushed] {
        let path = folder.path().join("a.wav");
        write(&path, Format::Wav16, 44_100, &track(character, 4, 44_100, 20.0));
        let promised = run(["plan", "--json", path.to_str().expect("a plain path")]).ok().json().remove(0);
        let promised = promised["promise"]["lufs"].as_f64().expect("a loudness");
        for (name, ceiling) in [("b.flac", -1.0), ("b.opus", -1.0), ("b.wav", -1.0)] {
            let Some(Metered { lufs, true_peak_dbtp: peak, .. }) =
                metered(&enhanced(&path, name, &["--force"]))
            else {
                return;
            };
            assert!(peak <= ceiling, "{character:?} as {name}: {peak} dBTP");
            assert!((lufs - promised).abs() <= 1.0, "{character:?} as {name}: {lufs}, promised {promised}");
        }
    }
}
