//! What sounds alike: the order, the words, and what has no answer yet.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use auralis_core::encode::Format;
use auralis_core::fingerprint::{Descriptors, VERSION, distance, explain};
use auralis_server::catalog::{Catalog, Content, Entry, Measured, key};
use auralis_server::measuring::measure;
use auralis_server::serve::Seams;
use auralis_tests::folder;
use auralis_tests::signals::Character;
use serde_json::Value;

use crate::house::{House, assert_problem, sound, sound_of, until};

/// A twin of `boomy`, and two of other kinds.
fn house() -> House {
    let thin = sound_of(Character::Thin, Format::Flac16, 1, 3.0);
    let boomy = sound_of(Character::Boomy, Format::Flac16, 1, 3.0);
    let crushed = sound_of(Character::Crushed, Format::Flac16, 1, 3.0);
    let files: [(&str, &[u8]); 4] =
        [("boomy.flac", &boomy), ("crushed.flac", &crushed), ("thin.flac", &thin), ("twin.flac", &boomy)];
    House::served(&files, &[])
}

fn similar(house: &House, title: &str, query: &str) -> Value {
    let answer = house.get(&format!("/api/tracks/{}/similar{query}", house.id(title)));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn titles(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().expect("items");
    items.iter().map(|item| item["track"]["title"].as_str().expect("a title")).collect()
}

fn descriptors(house: &House, title: &str) -> Descriptors {
    let print = house.get(&format!("/api/tracks/{}/fingerprint", house.id(title))).json();
    serde_json::from_value(print["descriptors"].clone()).expect("descriptors")
}

#[test]
fn the_similar_come_nearest_first_and_say_why() {
    let house = house();
    let list = similar(&house, "boomy", "");
    assert_eq!(
        (&list["total"], &list["limit"], &list["offset"], &list["has_more"]),
        (&3.into(), &10.into(), &0.into(), &false.into())
    );
    let own = descriptors(&house, "boomy");
    let mut wanted: Vec<_> = ["crushed", "thin", "twin"]
        .map(|title| (title, descriptors(&house, title)))
        .map(|(title, other)| (title, distance(&own, &other), explain(&own, &other)))
        .into();
    wanted.sort_by(|a, b| a.1.total_cmp(&b.1));
    assert_eq!(wanted[0].0, "twin");
    assert_eq!(titles(&list), wanted.iter().map(|(title, ..)| *title).collect::<Vec<_>>());
    for (item, (title, distance, reasons)) in list["items"].as_array().expect("items").iter().zip(&wanted) {
        assert_eq!(item["distance"].as_f64().map(|x| x as f32), Some(*distance), "{title}");
        assert_eq!(item["reasons"], serde_json::json!(reasons), "{title}");
        let listed = house.tracks().into_iter().find(|track| track["title"] == *title);
        assert_eq!(Some(&item["track"]), listed.as_ref());
    }
    assert_eq!(list["items"][0]["distance"], 0.0);
    assert_eq!(list["items"][0]["reasons"], serde_json::json!(["alike in every family"]));

    let first = similar(&house, "boomy", "?limit=1");
    assert_eq!(
        (titles(&first), &first["total"], &first["has_more"]),
        (vec!["twin"], &3.into(), &true.into())
    );
}

#[test]
fn what_comes_changes_and_goes_is_followed() {
    let house = house();
    assert_eq!(titles(&similar(&house, "boomy", ""))[0], "twin");
    // The twin becomes another's, and goes.
    house.put("twin.flac", &sound_of(Character::Thin, Format::Flac24, 1, 3.0));
    house.scanned(4);
    assert_ne!(titles(&similar(&house, "boomy", ""))[0], "twin");
    assert_eq!(titles(&similar(&house, "thin", ""))[0], "twin");
    std::fs::remove_file(house.library.path().join("twin.flac")).expect("it was there");
    house.scanned(3);
    let list = similar(&house, "thin", "");
    assert_eq!((titles(&list).len(), &list["total"]), (2, &2.into()));
    assert!(!titles(&list).contains(&"twin"));
    house.put("new.flac", &sound_of(Character::Thin, Format::Flac16, 1, 3.0));
    house.scanned(4);
    assert_eq!(titles(&similar(&house, "thin", ""))[0], "new");
}

#[test]
fn after_a_restart_the_answer_is_the_same() {
    let mut house = house();
    let before = similar(&house, "boomy", "");
    house.server().kill();
    house.open(&[]);
    house.settled(4);
    assert_eq!(similar(&house, "boomy", ""), before);
}

/// As a failing disk would leave it: the others are still compared.
#[test]
fn a_broken_fingerprint_is_left_out() {
    let mut house = house();
    let catalog = Catalog::open(house.data.path(), VERSION).expect("the catalog");
    for (title, json) in [("twin", "{\"nonsense\":"), ("thin", "{\"descriptors\":{\"lufs\":\"loud\"}}")] {
        let track = catalog.measurable(&house.id(title)).expect("an answer").expect("the track");
        let (n_frames, sample_rate, json) = (1, 44_100, json.to_owned());
        let broken =
            Measured { version: VERSION, n_frames, sample_rate, lufs: None, true_peak_dbtp: None, json };
        assert!(catalog.put_fingerprint(&track, &broken).expect("it is stored"));
    }
    // What was read before is read anew.
    house.server().kill();
    house.open(&[]);
    let list = similar(&house, "boomy", "");
    assert_eq!((titles(&list), &list["total"]), (vec!["crushed"], &1.into()));
}

#[test]
fn descriptors_go_with_the_content_they_were_measured_of() {
    let data = folder();
    let catalog = Catalog::open(data.path(), VERSION).expect("a catalog");
    let music = catalog.open_folders(&[b"/music".to_vec()]).expect("a folder").remove(0);
    let entry = |size| Entry { path: b"a".into(), size, codec: Some("flac".into()), ..Entry::default() };
    let apart = || {
        let mut found = Vec::new();
        let take = |_: Content, json: Option<&str>| found.push(json.map(str::to_owned));
        catalog.each_descriptors(take).expect("an answer");
        found
    };
    let row = catalog.put(&music, &[entry(1)], &mut HashSet::new()).expect("it is stored")[0].row;
    let track = catalog.measurable(&key(&[b"/music", b"a"])).expect("an answer").expect("the track");
    let told = r#"{"lufs":-14.0}"#;
    let json = format!(r#"{{"version":{VERSION},"descriptors":{told},"lra_lu":7.0}}"#);
    let measured =
        Measured { version: VERSION, n_frames: 1, sample_rate: 1, lufs: None, true_peak_dbtp: None, json };
    assert!(catalog.put_fingerprint(&track, &measured).expect("it is stored"));
    assert_eq!(apart(), [Some(told.to_owned())]);
    assert_eq!(
        catalog.descriptors_by_row(&[row as u32]).expect("an answer").get(&row).map(String::as_str),
        Some(told)
    );
    // Those of another version are not compared, nor those of a closed folder.
    let other = Measured { version: VERSION + 1, ..measured.clone() };
    assert!(catalog.put_fingerprint(&track, &other).expect("it is stored"));
    assert!(apart().is_empty());
    assert!(catalog.put_fingerprint(&track, &measured).expect("it is stored"));
    catalog.open_folders(&[]).expect("no folder");
    assert!(apart().is_empty());
    catalog.open_folders(&[b"/music".to_vec()]).expect("the folder");
    assert_eq!(apart().len(), 1);
    // The file changes.
    catalog.put(&music, &[entry(2)], &mut HashSet::new()).expect("it is stored");
    assert!(apart().is_empty() && catalog.descriptors_by_row(&[row as u32]).expect("an answer").is_empty());
}

#[test]
fn similar_refuses_what_it_cannot_answer() {
    let house = House::served(&[("song.flac", &sound(Format::Flac16, 1, 1.0))], &[]);
    let id = house.id("song");
    for limit in ["0", "51", "-1"] {
        let answer = house.get(&format!("/api/tracks/{id}/similar?limit={limit}"));
        assert_problem(&answer, 422, "invalid-value");
    }
    for query in ["limit=x", "offset=1", "limit=1&limit=2"] {
        let answer = house.get(&format!("/api/tracks/{id}/similar?{query}"));
        assert_problem(&answer, 400, "bad-request");
    }
    assert_problem(&house.get("/api/tracks/0123456789/similar"), 404, "not-found");
    // Nothing else is there.
    let list = similar(&house, "song", "?limit=50");
    assert_eq!((titles(&list).len(), &list["total"], &list["has_more"]), (0, &0.into(), &false.into()));
}

#[test]
fn similar_to_an_unmeasured_track_comes_when_it_is_measured() {
    let held = Arc::new(AtomicBool::new(true));
    let gate = Arc::clone(&held);
    let seams = Seams {
        measure: Arc::new(move |track, keep_going| {
            while track.title == "slow" && gate.load(Ordering::Acquire) && keep_going(0) {
                std::thread::sleep(Duration::from_millis(5));
            }
            measure(track, keep_going)
        }),
        ..Seams::default()
    };
    let mut house = House::new(&[
        ("quick.flac", &sound(Format::Flac16, 1, 1.0)),
        ("slow.flac", &sound(Format::Flac16, 2, 1.0)),
    ]);
    house.open_inside(seams);
    until("both are listed", || (house.tracks().len() == 2).then_some(()));
    let path = format!("/api/tracks/{}/similar", house.id("slow"));
    let answer = house.get(&path);
    assert_problem(&answer, 503, "measuring");
    assert_eq!(answer.header("retry-after"), Some("1"));
    held.store(false, Ordering::Release);
    house.settled(2);
    assert_eq!(titles(&house.get(&path).json()), ["quick"]);
}

#[test]
fn a_radio_goes_on_by_sound_and_leaves_out_what_is_queued_or_was_heard() {
    let house = house();
    let from = house.id("boomy");
    let radio = |query: &str| {
        let list = house.get(&format!("/api/tracks/{from}/radio{query}")).json();
        titles(&list).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    // From one to the next nearest, each told beside the one before.
    let list = house.get(&format!("/api/tracks/{from}/radio")).json();
    let mut last = descriptors(&house, "boomy");
    let mut left = vec!["crushed", "thin", "twin"];
    for item in list["items"].as_array().expect("items") {
        let next = descriptors(&house, item["track"]["title"].as_str().expect("a title"));
        let far = |title: &str| distance(&last, &descriptors(&house, title));
        left.sort_by(|a, b| far(a).total_cmp(&far(b)));
        assert_eq!(item["track"]["title"], left.remove(0));
        assert_eq!(item["distance"].as_f64().map(|x| x as f32), Some(distance(&last, &next)));
        last = next;
    }
    assert!(left.is_empty());
    assert_eq!(radio("?limit=1"), ["twin"]);
    let queue = |at: usize| {
        let track_ids = [house.id("twin"), house.id("boomy")];
        let queue = serde_json::json!({"track_ids": track_ids, "at": at});
        assert_eq!(house.send("PUT", "/api/queue", queue).status, 200);
    };
    let hear = |title: &str, at: u32| {
        let heard = serde_json::json!({"track_id": house.id(title), "at": at, "listened_s": 1});
        assert_eq!(house.send("PUT", &format!("/api/history/{title}"), heard).status, 200);
    };
    queue(0);
    hear("thin", 1_000);
    assert_eq!(radio(""), ["crushed"]);
    // What the queue has behind it may come again, and where there are few tracks
    // not even all that was heard is left out.
    queue(1);
    assert_eq!(radio(""), ["twin", "crushed"]);
    hear("crushed", 2_000);
    assert_eq!(radio(""), ["twin", "thin"]);
    assert_problem(&house.get(&format!("/api/tracks/{from}/radio?limit=0")), 422, "invalid-value");
}

#[test]
fn a_path_leads_from_one_sound_to_another() {
    let house = house();
    let (from, to) = (house.id("boomy"), house.id("thin"));
    let list = house.get(&format!("/api/tracks/{from}/path?to={to}&limit=2")).json();
    let mut found = titles(&list);
    // The twin of where it begins comes first, what else there is then.
    assert_eq!(found.remove(0), "twin");
    assert_eq!(found, ["crushed"]);
    assert_eq!(list["items"][0]["distance"], 0.0);
    assert_problem(&house.get(&format!("/api/tracks/{from}/path?to=nothing")), 422, "invalid-value");
    assert_problem(&house.get(&format!("/api/tracks/{from}/path")), 400, "bad-request");
    assert_problem(&house.get(&format!("/api/tracks/nothing/path?to={to}")), 404, "not-found");
}
