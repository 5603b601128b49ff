//! The core in a dedicated Worker of a real browser, where it decodes.
#![cfg(all(target_arch = "wasm32", feature = "analyst", feature = "engine"))]

mod suite;

use auralis_wasm::analyst;
use js_sys::{Array, Function, Reflect, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// An address that holds these bytes.
fn url(bytes: &[u8]) -> String {
    let make = Function::new_with_args("bytes", "return URL.createObjectURL(new Blob([bytes]))");
    let url = make.call1(&JsValue::NULL, &Uint8Array::from(bytes)).expect("an address");
    url.as_string().expect("a string")
}

const FLAC: &[u8] = include_bytes!("../../tests/parity/golden/song.flac");

/// Only a Worker may wait for an answer: the way the page opens files.
#[wasm_bindgen_test]
async fn files_behind_an_address_are_measured_with_progress() {
    let told = Array::new();
    let tell = Function::new_with_args("told", "return (frames) => { told.push(frames); return true }");
    let tell = tell.call1(&JsValue::NULL, &told).expect("a function").into();
    let fingerprint =
        analyst::measure(url(FLAC), Some("flac".to_owned()), tell).await.expect("it is measured");
    let n_frames = Reflect::get(&fingerprint, &"n_frames".into()).expect("a fingerprint");
    assert_eq!(n_frames.as_f64(), Some(176_000.0));
    assert!(told.length() > 5, "told {} times", told.length());
}

#[wasm_bindgen_test]
async fn measuring_stops_when_told_to() {
    let stop = Function::new_no_args("return false");
    let thrown = analyst::measure(url(FLAC), None, stop).await.expect_err("it is stopped");
    let kind = Reflect::get(&thrown, &"kind".into()).expect("an error");
    assert_eq!(kind.as_string().as_deref(), Some("cancelled"));
}
