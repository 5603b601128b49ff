//! What every browser must make of two small files: the native core's goldens.

use auralis_core::plan::{STAGES_FLOATS, Taste};
use auralis_wasm::analyst::{self, Track};
use auralis_wasm::engine::Engine;
use js_sys::{Float32Array, Function, JSON, Reflect};
use serde_json::{Value, json};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

const FLAC: &[u8] = include_bytes!("../../../tests/parity/golden/song.flac");
const MP3: &[u8] = include_bytes!("../../../tests/parity/golden/song.mp3");
const GOLDEN: &str = include_str!("../../../tests/parity/golden/golden.json");

fn golden(file: &str, what: &str) -> Value {
    let golden: Value = serde_json::from_str(GOLDEN).expect("JSON");
    golden[file][what].clone()
}

/// A value on this side of the border as the browser holds it.
fn there(value: &Value) -> JsValue {
    JSON::parse(&value.to_string()).expect("JSON")
}

fn back(value: &JsValue) -> Value {
    let text: String = JSON::stringify(value).expect("JSON").into();
    numeric(&serde_json::from_str(&text).expect("JSON"))
}

/// The same value with every number as JavaScript knows them.
fn numeric(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.iter().map(numeric).collect(),
        Value::Object(fields) => fields.iter().map(|(key, field)| (key.clone(), numeric(field))).collect(),
        other => other.clone(),
    }
}

fn track(bytes: &[u8], extension: &str) -> Track {
    Track::from_bytes(bytes.to_vec(), Some(extension.to_owned())).expect("it opens")
}

/// All frames of a track from where it stands, as planes.
fn frames(track: &mut Track) -> [Vec<f32>; 2] {
    const N: u32 = 4_096;
    let buffer = Float32Array::new_with_length(2 * N);
    let mut planes = [Vec::new(), Vec::new()];
    loop {
        let n = track.read(&buffer).expect("it decodes");
        for (channel, plane) in (0..).zip(&mut planes) {
            plane.extend(buffer.subarray(channel * N, channel * N + n).to_vec());
        }
        if n < N {
            return planes;
        }
    }
}

/// FNV-1a over the samples' bits, plane by plane.
fn hash(planes: &[Vec<f32>; 2]) -> Value {
    let bytes = planes.iter().flatten().flat_map(|sample| sample.to_bits().to_le_bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    json!(format!("{hash:016x}"))
}

#[wasm_bindgen_test]
fn flac_decodes_to_the_bit_and_mp3_to_the_frame() {
    assert_eq!(hash(&frames(&mut track(FLAC, "flac"))), golden("song.flac", "pcm"));
    let planes = frames(&mut track(MP3, "mp3"));
    let n_frames = golden("song.mp3", "fingerprint")["n_frames"].as_u64().expect("counted");
    assert_eq!(planes[0].len() as u64, n_frames);
}

#[wasm_bindgen_test]
fn a_seek_gives_what_reading_from_the_start_gives() {
    for (bytes, extension) in [(FLAC, "flac"), (MP3, "mp3")] {
        let whole = frames(&mut track(bytes, extension));
        let mut moved = track(bytes, extension);
        for frame in [100_000, 1, 159_999, whole[0].len() - 7, whole[0].len(), 0] {
            moved.seek(frame as f64).expect("a seek");
            let rest = frames(&mut moved);
            assert!(
                rest.iter().zip(&whole).all(|(rest, whole)| *rest == whole[frame..]),
                "{extension} at {frame}"
            );
        }
    }
}

#[wasm_bindgen_test]
async fn fingerprints_and_plans_are_the_native_ones() {
    for (file, bytes, extension) in [("song.flac", FLAC, "flac"), ("song.mp3", MP3, "mp3")] {
        let fingerprint = analyst::measure_bytes(bytes.to_vec(), Some(extension.to_owned()))
            .await
            .expect("it can be measured");
        assert_eq!(back(&fingerprint), numeric(&golden(file, "fingerprint")), "{file}");
        let plan = analyst::plan(fingerprint, there(&golden(file, "taste"))).expect("it can be planned");
        assert_eq!(back(&plan), numeric(&golden(file, "plan")), "{file}");
    }
}

#[wasm_bindgen_test]
fn values_cross_the_border_and_come_back_the_same() {
    for file in ["song.flac", "song.mp3"] {
        let fingerprint = golden(file, "fingerprint");
        let again = analyst::same_fingerprint(there(&fingerprint)).expect("it crosses");
        assert_eq!(back(&again), numeric(&fingerprint));
        let numbers = analyst::plan_numbers(there(&golden(file, "plan"))).expect("it crosses");
        assert_eq!(numbers.length() as usize, STAGES_FLOATS + 2);
    }
    // What is left out of a taste is as the listener had never touched it.
    let fingerprint = golden("song.flac", "fingerprint");
    let plain = analyst::plan(there(&fingerprint), there(&json!({}))).expect("a plan");
    let spelt = there(&serde_json::to_value(Taste::default()).expect("JSON"));
    assert_eq!(back(&plain), back(&analyst::plan(there(&fingerprint), spelt).expect("a plan")));
}

/// The kind of what was thrown, which must be `{kind, message, frame}`.
fn kind(thrown: Result<JsValue, JsValue>) -> String {
    let thrown = thrown.expect_err("it is refused");
    let get = |key: &str| Reflect::get(&thrown, &key.into()).expect("an object");
    assert!(!get("message").as_string().expect("a message").is_empty());
    assert!(get("frame").is_null() || get("frame").as_f64().is_some());
    get("kind").as_string().expect("a kind")
}

#[wasm_bindgen_test]
async fn errors_say_their_kind() {
    let open = |bytes: &[u8], extension: &str| {
        Track::from_bytes(bytes.to_vec(), Some(extension.to_owned())).map(JsValue::from)
    };
    assert_eq!(kind(open(b"", "flac")), "damaged");
    assert_eq!(kind(open(&[7; 5_000], "mp3")), "unsupported");
    let measured = analyst::measure_bytes(b"not a sound at all".to_vec(), None).await;
    assert_eq!(kind(measured), "unsupported");
    let fingerprint = golden("song.flac", "fingerprint");
    assert_eq!(kind(analyst::plan(there(&fingerprint), there(&json!({"preset": "loudest"})))), "invalid");
    assert_eq!(kind(analyst::plan(there(&fingerprint), there(&json!({"intensity": 2})))), "invalid");
    let mut plan = golden("song.flac", "plan");
    plan["stages"]["output_gain_db"] = json!(1e9);
    assert_eq!(kind(analyst::plan_numbers(there(&plan)).map(JsValue::from)), "invalid");
}

/// Writes where the engine takes its numbers from, as the worklet does.
fn put(at: *const f32, numbers: &[f32]) {
    // SAFETY: the engine hands out a place of at least this length that nobody
    // else uses between two of its calls.
    unsafe { std::slice::from_raw_parts_mut(at.cast_mut(), numbers.len()) }.copy_from_slice(numbers);
}

#[wasm_bindgen_test]
fn renders_of_128_frames_are_the_native_bits() {
    let mut source = track(FLAC, "flac");
    let numbers = analyst::plan_numbers(there(&golden("song.flac", "plan"))).expect("a plan").to_vec();
    let mut engine = Engine::create(source.rate(), source.rate()).expect("an engine");
    assert_eq!(numbers.len(), engine.plan_floats());
    put(engine.plan(), &numbers);
    let planes = frames(&mut source);
    let n_frames = planes[0].len();
    assert!(engine.start(1, true, n_frames as f64, 0.0, 0.0));
    let mut out = [Vec::new(), Vec::new()];
    let mut n_fed = 0;
    while !engine.ended() {
        while n_fed < n_frames && engine.room() >= 4_096 {
            let n = 4_096.min(n_frames - n_fed);
            put(engine.inlet(), &planes[0][n_fed..n_fed + n]);
            put(engine.inlet().wrapping_add(engine.inlet_frames()), &planes[1][n_fed..n_fed + n]);
            assert_eq!(engine.feed(n), n);
            n_fed += n;
            if n_fed == n_frames {
                engine.end();
            }
        }
        let n = engine.process(128);
        assert!(n > 0, "starved at {}", out[0].len());
        for (channel, plane) in out.iter_mut().enumerate() {
            // SAFETY: `process` has just filled this many frames there.
            plane.extend_from_slice(unsafe { std::slice::from_raw_parts(engine.output(channel), n) });
        }
    }
    assert_eq!(out[0].len(), n_frames);
    assert_eq!(hash(&out), golden("song.flac", "render"));
    assert_eq!(engine.underruns(), 0);
}

/// An engine that plays a steady level.
fn steady(rate: u32, device_rate: u32) -> Engine {
    let mut engine = Engine::create(rate, device_rate).expect("an engine");
    assert!(engine.start(1, false, 400_000.0, 0.0, 0.0));
    for _ in 0..20 {
        put(engine.inlet(), &[0.5; 4_096]);
        put(engine.inlet().wrapping_add(engine.inlet_frames()), &[0.5; 4_096]);
        engine.feed(4_096);
    }
    engine
}

/// The left plane of one quantum.
fn quantum(engine: &mut Engine) -> Vec<f32> {
    engine.process(128);
    // SAFETY: `process` has just filled this many frames there.
    unsafe { std::slice::from_raw_parts(engine.output(0), 128) }.to_vec()
}

#[wasm_bindgen_test]
fn pause_fades_to_silence_and_resume_back_without_a_step() {
    for device_rate in [44_100, 48_000] {
        let mut engine = steady(44_100, device_rate);
        let mut sound: Vec<f32> = (0..40).flat_map(|_| quantum(&mut engine)).collect();
        engine.pause();
        sound.extend((0..20).flat_map(|_| quantum(&mut engine)));
        assert!(engine.paused(), "at {device_rate}");
        assert_eq!(*sound.last().expect("sound"), 0.0);
        let held = engine.position();
        sound.extend((0..20).flat_map(|_| quantum(&mut engine)));
        assert_eq!(engine.position(), held, "nothing goes by while it is held");
        engine.resume();
        sound.extend((0..20).flat_map(|_| quantum(&mut engine)));
        assert!(!engine.paused() && (sound.last().expect("sound") - 0.5).abs() < 1e-4);
        // 6 ms at the slower rate are 264 frames: the steepest step is a fade's.
        let steps = sound[2_000..].windows(2).map(|pair| (pair[1] - pair[0]).abs());
        let steepest = steps.fold(0.0, f32::max);
        assert!(steepest < 0.5 / 260.0, "at {device_rate}: a step of {steepest}");
        assert_eq!(engine.underruns(), 0);
    }
}

#[wasm_bindgen_test]
fn the_volume_glides_to_where_it_is_turned() {
    let mut engine = steady(44_100, 44_100);
    engine.volume(0.5, 0.0);
    assert!(quantum(&mut engine).iter().all(|&x| x == 0.25), "turned before it sounds, it is there at once");
    engine.volume(1.0, 0.02);
    let sound: Vec<f32> = (0..8).flat_map(|_| quantum(&mut engine)).collect();
    // 20 ms are 882 frames.
    let steepest = sound.windows(2).map(|pair| pair[1] - pair[0]).fold(0.0, f32::max);
    assert!(steepest < 0.25 / 870.0, "a step of {steepest}");
    assert!(sound.windows(2).all(|pair| pair[1] >= pair[0]));
    assert!(sound[880] < 0.5 && sound[882..].iter().all(|&x| x == 0.5));
    for bad in [f32::NAN, f32::INFINITY] {
        engine.volume(bad, 0.0);
        assert!(quantum(&mut engine).iter().all(|&x| x == 0.5));
    }
    engine.volume(7.0, f64::NAN);
    assert!(quantum(&mut engine).iter().all(|&x| x == 0.5), "never louder than it is");
    engine.volume(0.0, 0.02);
    let sound: Vec<f32> = (0..8).flat_map(|_| quantum(&mut engine)).collect();
    assert!(sound[880] > 0.0 && sound[882..].iter().all(|&x| x == 0.0));
}

#[wasm_bindgen_test]
fn every_frame_comes_out_at_every_rate_of_the_device() {
    for (rate, device_rate) in [(44_100, 44_100), (44_100, 48_000), (48_000, 44_100), (96_000, 44_100)] {
        let mut engine = Engine::create(rate, device_rate).expect("an engine");
        let n_frames = 10_007;
        assert!(engine.start(1, false, n_frames as f64, 0.0, 0.0));
        put(engine.inlet(), &vec![0.5; n_frames]);
        assert_eq!(engine.feed(n_frames), n_frames);
        engine.end();
        let mut sound = Vec::new();
        while !engine.ended() {
            assert!(sound.len() < 2 * n_frames.max(n_frames * device_rate as usize / rate as usize));
            sound.extend(quantum(&mut engine));
        }
        let n_loud = sound.iter().filter(|x| **x > 0.25).count() as f64;
        let expected = n_frames as f64 * f64::from(device_rate) / f64::from(rate);
        assert!((n_loud - expected).abs() <= 1.0, "{rate} → {device_rate}: {n_loud} of {expected} frames");
    }
}

#[wasm_bindgen_test]
fn the_position_is_that_of_what_is_heard() {
    // Two tracks of one level each: where the level changes, the key does.
    let mut engine = Engine::create(44_100, 44_100).expect("an engine");
    assert!(engine.start(1, false, 1_000.0, 0.0, 0.0));
    assert!(engine.follow(2, false, 1_000.0, 1_000.0));
    for level in [0.25, 0.5] {
        put(engine.inlet(), &[level; 1_000]);
        engine.feed(1_000);
    }
    engine.end();
    for n in 0..15 {
        let at = n * 128;
        let (key, frame) = if at < 1_000 { (1, at) } else { (2, at - 1_000) };
        assert_eq!((engine.key(), engine.position()), (key, f64::from(frame)));
        let first = quantum(&mut engine)[0];
        assert_eq!(first, if key == 1 { 0.25 } else { 0.5 });
    }
    assert!(!engine.ended());
    quantum(&mut engine);
    assert!(engine.ended());
}

#[wasm_bindgen_test]
fn the_chain_runs_and_can_be_timed() {
    let numbers = analyst::plan_numbers(there(&golden("song.flac", "plan"))).expect("a plan");
    let pcm = Float32Array::new_with_length(2 * 16_384);
    let now = Function::new_no_args("return Date.now()");
    assert!(analyst::calibrate(&pcm, 16_000, &numbers, now).expect("a speed") > 0.0);
}
