//! The queue: the same on every page and after every start; shuffled and put
//! back in order, and each change taken back.

use auralis_core::encode::Format;
use serde_json::{Value, json};

use crate::house::{House, assert_problem, sound};

const TITLES: &str = "abcdefgh";

fn house() -> House {
    let files: Vec<(String, Vec<u8>)> = (0..)
        .zip(TITLES.chars())
        .map(|(n, title)| (format!("{title}.wav"), sound(Format::Wav16, n, 0.3)))
        .collect();
    let named: Vec<(&str, &[u8])> = files.iter().map(|(name, file)| (name.as_str(), &file[..])).collect();
    let house = House::served(&named, &[]);
    house.settled(8);
    house
}

fn ids(house: &House, titles: &str) -> Vec<String> {
    titles.chars().map(|title| house.id(&title.to_string())).collect()
}

fn queue(house: &House) -> Value {
    house.get("/api/queue?limit=500").json()
}

fn titles(house: &House) -> String {
    let queue = queue(house);
    let items = queue["items"].as_array().expect("items");
    items.iter().map(|item| item["track"]["title"].as_str().expect("a title")).collect()
}

fn playing(house: &House) -> String {
    let queue = queue(house);
    let at = queue["at_index"].as_u64().unwrap_or_else(|| panic!("something plays: {queue}")) as usize;
    assert_eq!(queue["items"][at]["item_id"], queue["at"]);
    queue["items"][at]["track"]["title"].as_str().expect("a title").to_owned()
}

#[track_caller]
fn ok(answer: &auralis_tests::http::Response) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[test]
fn the_queue_is_what_it_was_made_and_after_a_kill_too() {
    let mut house = house();
    assert_eq!((titles(&house).as_str(), &queue(&house)["at"]), ("", &Value::Null));
    let all = json!({"track_ids": ids(&house, TITLES), "at": 2});
    let revisions: Vec<Value> =
        (0..2).map(|_| ok(&house.send("PUT", "/api/queue", all.clone()))["revision"].clone()).collect();
    assert_eq!(revisions[0], revisions[1], "the same again is no change");
    assert_eq!((titles(&house).as_str(), playing(&house).as_str()), (TITLES, "c"));
    let item = queue(&house)["items"][4]["item_id"].clone();
    for _ in 0..2 {
        let set =
            ok(&house.send("PATCH", "/api/queue", json!({"at": item, "position_s": 1.5, "repeat": "all"})));
        assert_eq!(
            (&set["position_s"], &set["repeat"], &set["at_index"]),
            (&json!(1.5), &json!("all"), &json!(4))
        );
    }
    let before = queue(&house);
    house.server().kill();
    house.open(&[]);
    assert_eq!(queue(&house), before);
    let page = house.get("/api/queue?limit=3&offset=6").json();
    assert_eq!(
        (&page["total"], &page["has_more"], &page["items"][1]["track"]["title"]),
        (&json!(8), &json!(false), &json!("h"))
    );
}

#[test]
fn shuffled_it_holds_the_same_and_goes_back() {
    let house = house();
    ok(&house.send("PUT", "/api/queue", json!({"track_ids": ids(&house, TITLES), "at": 3})));
    ok(&house.send("PUT", "/api/queue/shuffle", json!({"on": true, "seed": 7})));
    let shuffled = titles(&house);
    assert!(shuffled.starts_with('d') && shuffled != TITLES, "{shuffled}");
    let mut sorted: Vec<char> = shuffled.chars().collect();
    sorted.sort_unstable();
    assert_eq!(sorted.into_iter().collect::<String>(), TITLES);
    ok(&house.send("PUT", "/api/queue/shuffle", json!({"on": true, "seed": 8})));
    assert_eq!(titles(&house), shuffled, "it is shuffled already");
    // What comes and goes meanwhile does so in both orders.
    let item = queue(&house)["items"][1]["item_id"].clone();
    ok(&house.send("POST", "/api/queue/items/remove", json!({"item_ids": [item]})));
    ok(&house.send("POST", "/api/queue/items", json!({"track_ids": ids(&house, "a")})));
    let gone = shuffled.chars().nth(1).expect("a second");
    ok(&house.send("PUT", "/api/queue/shuffle", json!({"on": false})));
    assert_eq!(titles(&house), format!("{}a", TITLES.replace(gone, "")));
    assert_eq!(playing(&house), "d");
    for _ in 0..3 {
        ok(&house.ask("POST", "/api/queue/undo", &[]));
    }
    assert_eq!(titles(&house), shuffled);
    ok(&house.ask("POST", "/api/queue/undo", &[]));
    assert_eq!((titles(&house).as_str(), playing(&house).as_str()), (TITLES, "d"));
}

#[test]
fn items_move_and_what_plays_goes_on() {
    let house = house();
    ok(&house.send("PUT", "/api/queue", json!({"track_ids": ids(&house, "abcd"), "at": 1})));
    let item = |at: usize| queue(&house)["items"][at]["item_id"].clone();
    ok(&house.send("POST", "/api/queue/items/move", json!({"item_ids": [item(3)], "before": item(0)})));
    assert_eq!((titles(&house).as_str(), playing(&house).as_str()), ("dabc", "b"));
    ok(&house.send("POST", "/api/queue/items", json!({"track_ids": ids(&house, "ef"), "before": item(3)})));
    assert_eq!(titles(&house), "dabefc");
    ok(&house.send("PATCH", "/api/queue", json!({"position_s": 9})));
    ok(&house.send("POST", "/api/queue/items/remove", json!({"item_ids": [item(2), item(3)]})));
    assert_eq!((titles(&house).as_str(), playing(&house).as_str()), ("dafc", "f"));
    assert_eq!(queue(&house)["position_s"], 0.0);
    let stale = queue(&house)["revision"].as_u64().expect("a number") - 1;
    let late = json!({"track_ids": ids(&house, "a"), "revision": stale});
    assert_problem(&house.send("PUT", "/api/queue", late.clone()), 409, "conflict");
    assert_problem(&house.send("POST", "/api/queue/items", late), 409, "conflict");
    for (method, path, body) in [
        ("PUT", "/api/queue", json!({"track_ids": ["nothing"]})),
        ("PUT", "/api/queue", json!({"track_ids": [], "at": 0})),
        ("PATCH", "/api/queue", json!({"at": "999"})),
        ("PATCH", "/api/queue", json!({"position_s": -1})),
        ("PATCH", "/api/queue", json!({"repeat": "twice"})),
        ("POST", "/api/queue/items/move", json!({"item_ids": ["999"]})),
        ("PUT", "/api/queue/shuffle", json!({})),
    ] {
        assert_problem(&house.send(method, path, body), 422, "invalid-value");
    }
    assert_eq!(titles(&house), "dafc");
}
