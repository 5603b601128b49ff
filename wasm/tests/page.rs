//! The core in a page of a real browser.
#![cfg(all(target_arch = "wasm32", feature = "analyst", feature = "engine"))]

mod suite;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
