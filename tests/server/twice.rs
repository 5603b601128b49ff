//! What lies in the library twice is measured once; what only seems to be the same
//! is not.

use std::sync::{Arc, Mutex};

use auralis_core::encode::Format;
use auralis_server::measuring::measure;
use auralis_server::serve::Seams;

use crate::house::{House, sound};

#[test]
fn the_same_file_is_measured_once() {
    let mut house = House::new(&[]);
    let wav = sound(Format::Wav24, 1, 3.0);
    // Between the pieces by which a scan tells sounds apart.
    let mut other = wav.clone();
    let quarter = other.len() / 4;
    other[quarter..quarter + 50_000].fill(0);
    // The same samples, at another rate.
    let mut faster = wav.clone();
    let at = faster.windows(4).position(|rate| rate == 44_100_u32.to_le_bytes()).expect("a rate");
    faster[at..at + 4].copy_from_slice(&48_000_u32.to_le_bytes());
    faster[at + 4..at + 8].copy_from_slice(&(48_000_u32 * 6).to_le_bytes());
    for (name, bytes) in [
        ("one.wav", &wav),
        ("again/one more.wav", &wav),
        ("other.wav", &other),
        ("faster.wav", &faster),
        ("coded.flac", &sound(Format::Flac24, 1, 3.0)),
    ] {
        house.put(name, bytes);
    }
    let measured = Arc::new(Mutex::new(Vec::new()));
    let titles = Arc::clone(&measured);
    let seams = Seams {
        measure: Arc::new(move |track, keep_going| {
            titles.lock().expect("nobody panics with it").push(track.title.clone());
            measure(track, keep_going)
        }),
        ..Seams::default()
    };
    house.open_inside(seams);
    let status = house.settled(5);
    assert_eq!((&status["measured"], &status["failed"]), (&5.into(), &0.into()));
    let mut titles = measured.lock().expect("nobody panics with it").clone();
    titles.retain(|title| title != "one more");
    titles.sort();
    assert!(
        titles == ["coded", "faster", "one", "other"] || titles == ["coded", "faster", "other"],
        "{titles:?}"
    );
    assert_eq!(measured.lock().expect("nobody panics with it").len(), 4);

    let print = |title: &str| house.get(&format!("/api/tracks/{}/fingerprint", house.id(title))).json();
    assert_eq!(print("one"), print("one more"));
    assert_ne!(print("one"), print("other"));
    assert_eq!(print("faster")["sample_rate"], 48_000);
    assert_eq!(print("one")["descriptors"], print("coded")["descriptors"]);
    let row = |title: &str| {
        let track = house.get(&format!("/api/tracks/{}", house.id(title))).json();
        ["lufs", "true_peak_dbtp", "n_frames", "bpm", "state"].map(|field| track[field].clone())
    };
    assert_eq!(row("one"), row("one more"));
    // Each sounds like the other.
    let near = house.get(&format!("/api/tracks/{}/similar?limit=1", house.id("one more"))).json();
    assert_ne!(near["items"][0]["track"]["title"], "one more");
    assert_eq!(near["total"], 4);
}
