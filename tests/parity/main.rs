//! L1, one sound: native and wasm in Node measure, plan and render the same
//! files to the same bits. (Chromium's worklet is held to it in `tests/web`.)

mod golden;

use std::io::Cursor;
use std::path::Path;
use std::process::Command;

use auralis_core::block::Block;
use auralis_core::decode;
use auralis_core::encode::{self, Format};
use auralis_core::fingerprint::{Fingerprint, measure};
use auralis_core::flow::{Source, Spec, Stereo, pump};
use auralis_core::geometry::Geometry;
use auralis_core::plan::{Preset, Taste, plan};
use auralis_core::player::Render;
use auralis_tests::signals::{Character, Memory, hash, track};
use auralis_tests::{folder, root, skipped};
use serde_json::{Value, json};

/// Three tracks that are plainly different, and the rates and tastes to play
/// them at.
const TRACKS: [(Character, u32, f64, Preset, f32); 4] = [
    (Character::Thin, 44_100, 23.0, Preset::Adaptive, 1.0),
    (Character::Boomy, 48_000, 12.0, Preset::Punchy, 0.7),
    (Character::Crushed, 44_100, 21.0, Preset::Night, 1.0),
    (Character::Thin, 22_050, 11.0, Preset::Bright, 0.0),
];

/// Writes a track as FLAC and says what the native core makes of it.
fn native(folder: &Path, number: usize) -> Value {
    let (character, rate, seconds, preset, intensity) = TRACKS[number];
    let planes = track(character, number as u64 + 1, rate, seconds);
    let n_frames = planes[0].len() as u64;
    let name = format!("{number}.flac");
    let file = std::fs::File::create(folder.join(&name)).expect("a file can be made");
    let spec = Spec { rate, n_channels: 2 };
    let mut encoder =
        encode::encoder(Format::Flac16, spec, n_frames, true, Box::new(file)).expect("FLAC takes this shape");
    pump(&mut Memory::new(rate, planes), &mut *encoder, &mut Block::new(2, 4_096)).expect("it is written");
    encoder.finish().expect("it is finished");

    let open = || {
        let bytes = std::fs::read(folder.join(&name)).expect("it is there");
        let n_bytes = bytes.len() as u64;
        decode::open(Box::new(Cursor::new(bytes)), Some(n_bytes), Some("flac")).expect("it opens")
    };
    let fingerprint = measure(&mut open(), &mut |_| true).expect("it can be measured");
    let taste = Taste { preset, intensity, ..Taste::default() };
    let plan = plan(&fingerprint, &taste).expect("it can be planned");
    let mut render =
        Render::new(Stereo::new(open()), &plan.stages, n_frames, Geometry::at(rate)).expect("valid");
    let mut sound = Block::new(2, n_frames as usize);
    render.read(&mut sound).expect("it can be rendered");
    let planes = [sound.plane(0).to_vec(), sound.plane(1).to_vec()];
    json!({
        "file": name,
        "n_frames": n_frames,
        "taste": taste,
        "fingerprint": fingerprint,
        "plan": plan,
        "hash": format!("{:016x}", hash(&planes)),
    })
}

/// The same value with every number as JSON knows them: JavaScript writes 1.0
/// as 1.
fn numeric(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.iter().map(numeric).collect(),
        Value::Object(fields) => fields.iter().map(|(key, field)| (key.clone(), numeric(field))).collect(),
        other => other.clone(),
    }
}

#[test]
fn native_and_wasm_in_node_give_the_same_fingerprints_plans_and_bits() {
    if !root().join("web/gen/analyst_bg.wasm").exists() {
        return skipped("no wasm packages (cargo xtask wasm builds them)");
    }
    let folder = folder();
    let expected: Vec<Value> = (0..TRACKS.len()).map(|number| native(folder.path(), number)).collect();
    std::fs::write(folder.path().join("expected.json"), json!(expected).to_string()).expect("it is written");
    let output =
        match Command::new("node").arg(root().join("tests/parity/parity.mjs")).arg(folder.path()).output() {
            Err(_) => return skipped("no node"),
            Ok(output) => output,
        };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let got: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(got.len(), expected.len());
    for (got, expected) in got.iter().zip(&expected) {
        let file = &expected["file"];
        assert!(numeric(&got["fingerprint"]) == numeric(&expected["fingerprint"]), "fingerprint of {file}");
        assert_eq!(numeric(&got["plan"]), numeric(&expected["plan"]), "plan of {file}");
        assert_eq!(got["render"], expected["hash"], "{file} rendered by the analyst");
        assert_eq!(got["engine"], expected["hash"], "{file} played by the engine, 128 frames at a time");
        assert!(numeric(&got["again"]) == numeric(&expected["fingerprint"]), "the border changes {file}");
    }
    // What crosses a border as JSON is what it was.
    for value in expected {
        let text = value["fingerprint"].to_string();
        let back: Fingerprint = serde_json::from_str(&text).expect("a fingerprint");
        assert_eq!(serde_json::to_value(&back).expect("JSON"), value["fingerprint"]);
    }
}
