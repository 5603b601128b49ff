//! What the native core makes of two small files by others' encoders, kept
//! where the browser's tests can read it (`wasm/tests`). `AURALIS_BLESS=1`
//! writes it anew, after a change that is meant to be heard.

use std::io::Cursor;

use auralis_core::block::Block;
use auralis_core::decode::{self, Decoder};
use auralis_core::fingerprint::measure;
use auralis_core::flow::{Source, Stereo};
use auralis_core::geometry::Geometry;
use auralis_core::plan::{Preset, Taste, plan};
use auralis_core::player::Render;
use auralis_tests::root;
use auralis_tests::signals::{hash, read_all};
use serde_json::{Value, json};

use crate::numeric;

/// By the `flac` and `lame` programs.
const FILES: [(&str, &str, Preset); 2] =
    [("song.flac", "flac", Preset::Punchy), ("song.mp3", "mp3", Preset::Night)];

fn made(name: &str, extension: &str, preset: Preset) -> Value {
    let path = root().join("tests/parity/golden").join(name);
    let open = || -> Decoder {
        let bytes = std::fs::read(&path).expect("it is there");
        let n_bytes = bytes.len() as u64;
        decode::open(Box::new(Cursor::new(bytes)), Some(n_bytes), Some(extension)).expect("it opens")
    };
    let fingerprint = measure(&mut open(), &mut |_| true).expect("it can be measured");
    let taste = Taste { preset, ..Taste::default() };
    let plan = plan(&fingerprint, &taste).expect("it can be planned");
    let rate = fingerprint.sample_rate;
    let mut render = Render::new(Stereo::new(open()), &plan.stages, fingerprint.n_frames, Geometry::at(rate))
        .expect("valid");
    let mut sound = Block::new(2, fingerprint.n_frames as usize);
    render.read(&mut sound).expect("it can be rendered");
    // A lossy decoder's tables may differ by target: its bits are not ours.
    let bits = |planes: &[Vec<f32>]| (extension == "flac").then(|| format!("{:016x}", hash(planes)));
    json!({
        "pcm": bits(&read_all(&mut open(), 4_096).expect("it decodes")),
        "render": bits(&[sound.plane(0).to_vec(), sound.plane(1).to_vec()]),
        "taste": taste,
        "fingerprint": fingerprint,
        "plan": plan,
    })
}

#[test]
fn the_browsers_goldens_are_what_the_native_core_gives() {
    let path = root().join("tests/parity/golden/golden.json");
    let fresh: serde_json::Map<String, Value> = FILES
        .iter()
        .map(|&(name, extension, preset)| (name.to_owned(), made(name, extension, preset)))
        .collect();
    let fresh = Value::Object(fresh);
    if std::env::var_os("AURALIS_BLESS").is_some() {
        let text = serde_json::to_string_pretty(&fresh).expect("JSON");
        std::fs::write(&path, text + "\n").expect("it is written");
    }
    let kept = std::fs::read_to_string(&path).expect("goldens (AURALIS_BLESS=1 writes them)");
    let kept: Value = serde_json::from_str(&kept).expect("JSON");
    assert_eq!(numeric(&kept), numeric(&fresh), "AURALIS_BLESS=1 keeps what is meant to be heard");
}
