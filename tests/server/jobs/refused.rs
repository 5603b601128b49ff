//! What a job cannot be asked for with: each is refused by its name.

use serde_json::{Value, json};

use super::album;
use crate::house::assert_problem;

#[test]
fn what_cannot_be_meant_is_refused_and_named() {
    let house = album(1, 0.5);
    let id = house.ids()[0].clone();
    let unknown = "0".repeat(20);
    let with = |name: &str, value: Value| {
        let mut asked = json!({ "of": "tracks", "ids": [id] });
        asked[name] = value;
        asked
    };
    for (asked, field) in [
        (json!({}), "body"),
        (json!({ "of": "tracks" }), "body"),
        (json!({ "of": "songs", "ids": [id] }), "of"),
        (json!({ "of": "tracks", "ids": [] }), "ids"),
        (json!({ "of": "tracks", "ids": [unknown] }), "ids"),
        (json!({ "of": "tracks", "ids": vec![&id; 5_001] }), "ids"),
        (json!({ "of": "albums", "ids": [unknown] }), "ids"),
        (json!({ "of": "playlists", "ids": [id] }), "ids"),
        (with("preset", json!("loud")), "preset"),
        (with("intensity", json!(1.5)), "intensity"),
        (with("target_lufs", json!(0)), "target_lufs"),
        (with("reference", json!(unknown)), "reference"),
        (with("format", json!("mp3")), "format"),
        (with("bitrate", json!(160)), "bitrate"),
        (with("template", json!("{colour}")), "template"),
        (with("template", json!("all alike")), "template"),
        (with("template", json!("")), "template"),
        (with("volume", json!(11)), "volume"),
    ] {
        for path in ["/api/jobs", "/api/jobs/preview"] {
            let answer = house.send("POST", path, asked.clone());
            assert_problem(&answer, 422, "invalid-value");
            assert_eq!(answer.json()["field"], field, "{asked}");
        }
    }
    let mut opus = with("bitrate", json!(511));
    opus["format"] = json!("opus");
    assert_eq!(house.send("POST", "/api/jobs", opus).json()["field"], "bitrate");
    let empty = house.send("POST", "/api/playlists", json!({ "name": "Empty" })).json()["id"].clone();
    let answer = house.send("POST", "/api/jobs", json!({ "of": "playlists", "ids": [empty] }));
    assert_eq!((answer.status, &answer.json()["field"]), (422, &json!("ids")));
    let named = house.send("POST", "/api/jobs", with("template", json!("{colour}"))).json();
    assert!(named["detail"].as_str().expect("a detail").contains("\"colour\""), "{named}");
    assert_eq!(house.get("/api/jobs").json()["total"], 0, "something was begun");
    assert_problem(&house.get(&format!("/api/jobs/{unknown}")), 404, "not-found");
    assert_problem(&house.get(&format!("/api/jobs/{unknown}/file")), 404, "not-found");
    assert_problem(&house.get("/api/jobs/..%2F..%2Fetc/file"), 404, "not-found");
    assert_eq!(house.ask("DELETE", &format!("/api/jobs/{unknown}"), &[]).status, 204);
}
