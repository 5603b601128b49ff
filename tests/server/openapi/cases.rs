//! What each operation is asked with: for each at least one that it does and
//! one that it refuses. A route without both fails the build.

use std::collections::BTreeMap;

use auralis_core::encode::Format;
use auralis_tests::http::{Response, request};
use lofty::tag::ItemKey;
use serde_json::{Value, json};

use super::contract;
use crate::house::{House, until};
use crate::search::tagged;

/// What is asked, with names in braces for ids; what is told, JSON or a
/// playlist; and the status. They are asked in this order.
pub const CASES: &[(&str, &str, u16)] = &[
    ("GET /api/health", "", 200),
    ("GET /api/health?deep=1", "", 400),
    ("GET /api/ready", "", 200),
    ("GET /api/ready?deep=1", "", 400),
    ("GET /api/version", "", 200),
    ("GET /api/version?of=page", "", 400),
    ("GET /api/openapi.json", "", 200),
    ("GET /api/openapi.json?v=3", "", 400),
    ("GET /metrics", "", 200),
    ("GET /metrics?name=up", "", 400),
    ("GET /api/tracks?q=blue&sort=-title&limit=2&offset=1", "", 200),
    ("GET /api/tracks?album={album}&artist={artist}", "", 200),
    ("GET /api/tracks?q=year:", "", 422),
    ("GET /api/tracks?genre={none}", "", 404),
    ("GET /api/tracks/{track}", "", 200),
    ("GET /api/tracks/{none}", "", 404),
    ("GET /api/tracks/{track}/lyrics", "", 200),
    ("GET /api/tracks/{other}/lyrics", "", 404),
    ("GET /api/tracks/{track}/file", "", 200),
    ("GET /api/tracks/{none}/file", "", 404),
    ("GET /api/tracks/{track}/fingerprint", "", 200),
    ("GET /api/tracks/{none}/fingerprint", "", 404),
    ("GET /api/tracks/{track}/plan?preset=warm&intensity=0.5&target_lufs=-16&album=true", "", 200),
    ("GET /api/tracks/{track}/plan?reference={other}", "", 200),
    ("GET /api/tracks/{track}/plan?reference={none}", "", 422),
    ("GET /api/tracks/{track}/plan?plan=0123456789abcdef", "", 404),
    ("GET /api/tracks/{track}/waveform", "", 200),
    ("GET /api/tracks/{none}/waveform", "", 404),
    ("GET /api/tracks/{track}/similar?limit=1", "", 200),
    ("GET /api/tracks/{track}/similar?limit=51", "", 422),
    ("GET /api/tracks/{track}/radio?limit=5", "", 200),
    ("GET /api/tracks/{track}/radio?limit=0", "", 422),
    ("GET /api/tracks/{track}/path?to={other}", "", 200),
    ("GET /api/tracks/{track}/path?to={none}", "", 422),
    ("GET /api/tracks/{track}/path", "", 400),
    ("GET /api/tracks/{track}/artwork/colour", "", 200),
    ("GET /api/tracks/{none}/artwork/colour", "", 404),
    ("GET /api/tracks/{track}/artwork?size=128", "", 200),
    ("GET /api/tracks/{track}/artwork?kind=aura", "", 200),
    ("GET /api/tracks/{track}/artwork?kind=front", "", 422),
    ("GET /api/tracks/{track}/stream?format=wav24&enhanced=false", "", 200),
    ("GET /api/tracks/{track}/stream?format=flac24&start=0.25", "", 200),
    ("GET /api/tracks/{track}/stream?format=opus&bitrate=96", "", 200),
    ("GET /api/tracks/{track}/stream?format=mp2", "", 422),
    ("GET /api/tracks/{track}/stream?start=1e9", "", 422),
    ("GET /api/tracks/{track}/chunks/0?preset=night", "", 200),
    ("GET /api/tracks/{track}/chunks/0?format=flac16", "", 200),
    ("GET /api/tracks/{track}/chunks/0?start=1", "", 400),
    ("GET /api/tracks/{track}/chunks/7", "", 404),
    ("GET /api/tracks/{track}/chunks/one", "", 404),
    ("GET /api/albums?q=kind&tracks=year:1959&artist={artist}", "", 200),
    ("GET /api/albums?role=artist", "", 400),
    ("GET /api/albums/{album}", "", 200),
    ("GET /api/albums/{none}", "", 404),
    ("GET /api/albums/{album}/artwork", "", 200),
    ("GET /api/albums/{none}/artwork", "", 404),
    ("GET /api/artists?role=composer&sort=-plays", "", 200),
    ("GET /api/artists?role=singer", "", 422),
    ("GET /api/artists/{artist}", "", 200),
    ("GET /api/artists/{none}", "", 404),
    ("GET /api/genres", "", 200),
    ("GET /api/genres?sort=colour", "", 422),
    ("GET /api/genres/{genre}", "", 200),
    ("GET /api/genres/{none}", "", 404),
    ("GET /api/search?q=miles&limit=3", "", 200),
    ("GET /api/search", "", 400),
    ("PUT /api/favorites/{track}", "", 204),
    ("PUT /api/favorites/{none}", "", 404),
    ("GET /api/favorites?limit=1", "", 200),
    ("GET /api/favorites?limit=0", "", 422),
    ("DELETE /api/favorites/{track}", "", 204),
    ("DELETE /api/favorites/{none}", "", 404),
    ("PUT /api/tracks/{track}/rating", r#"{"stars":4}"#, 204),
    ("PUT /api/tracks/{track}/rating", r#"{"stars":6}"#, 422),
    ("PUT /api/tracks/{none}/rating", r#"{"stars":4}"#, 404),
    ("DELETE /api/tracks/{track}/rating", "", 204),
    ("DELETE /api/tracks/{none}/rating", "", 404),
    (
        "PUT /api/tracks/{track}/taste",
        r#"{"preset":"warm","intensity":0.5,"target_lufs":-16,"enhanced":true}"#,
        204,
    ),
    ("PUT /api/tracks/{track}/taste", r#"{"preset":"loud"}"#, 422),
    ("GET /api/tracks/{track}/taste", "", 200),
    ("GET /api/tracks/{other}/taste", "", 404),
    ("DELETE /api/tracks/{track}/taste", "", 204),
    ("DELETE /api/tracks/{none}/taste", "", 404),
    ("PUT /api/albums/{album}/taste", r#"{"intensity":0.5,"preset":null}"#, 204),
    ("PUT /api/albums/{none}/taste", "{}", 404),
    ("GET /api/albums/{album}/taste", "", 200),
    ("GET /api/albums/{none}/taste", "", 404),
    ("DELETE /api/albums/{album}/taste", "", 204),
    ("DELETE /api/albums/{none}/taste", "", 404),
    ("PUT /api/history/a1", r#"{"track_id":"{track}","at":1700000000,"listened_s":0.5}"#, 200),
    ("PUT /api/history/a2", r#"{"track_id":"{none}","at":1700000000,"listened_s":0.5}"#, 422),
    ("GET /api/history", "", 200),
    ("GET /api/history?offset=-1", "", 422),
    ("DELETE /api/history/a1", "", 204),
    ("DELETE /api/history/a-1", "", 404),
    ("GET /api/playlists", "", 200),
    ("GET /api/playlists?limit=many", "", 400),
    ("POST /api/playlists", r#"{"name":"Evening","track_ids":["{track}"]}"#, 201),
    (
        "POST /api/playlists",
        r#"{"name":"New","rule":"added:30d","sort":"-added","limit":50,"comment":"fresh"}"#,
        201,
    ),
    ("POST /api/playlists", r#"{"name":""}"#, 422),
    ("POST /api/playlists/import?name=Found", "#EXTM3U\none.flac\ngone.flac\n", 201),
    ("POST /api/playlists/import?name=Empty", "#EXTM3U\n", 422),
    ("GET /api/playlists/{playlist}", "", 200),
    ("GET /api/playlists/{none}", "", 404),
    ("PUT /api/playlists/{playlist}", r#"{"name":"Morning","comment":"slow"}"#, 200),
    ("PUT /api/playlists/{none}", r#"{"name":"Morning"}"#, 404),
    ("GET /api/playlists/{playlist}/items?limit=1", "", 200),
    ("GET /api/playlists/{smart}/items", "", 200),
    ("GET /api/playlists/{none}/items", "", 404),
    ("POST /api/playlists/{playlist}/items", r#"{"track_ids":["{other}"],"before":"{item}"}"#, 201),
    ("POST /api/playlists/{smart}/items", r#"{"track_ids":["{other}"]}"#, 409),
    ("POST /api/playlists/{playlist}/items/move", r#"{"item_ids":["{item}"],"before":null}"#, 204),
    ("POST /api/playlists/{playlist}/items/move", r#"{"item_ids":["987654321"]}"#, 422),
    ("POST /api/playlists/{playlist}/items/remove", r#"{"item_ids":["{item}"]}"#, 204),
    ("POST /api/playlists/{smart}/items/remove", r#"{"item_ids":["{item}"]}"#, 409),
    ("POST /api/playlists/{playlist}/undo", "", 204),
    ("POST /api/playlists/{smart}/undo", "", 409),
    ("DELETE /api/playlists/{playlist}/items/{item}", "", 204),
    ("DELETE /api/playlists/{smart}/items/{item}", "", 409),
    ("GET /api/playlists/{playlist}/m3u8", "", 200),
    ("GET /api/playlists/{none}/m3u8", "", 404),
    ("PUT /api/queue", r#"{"track_ids":["{track}","{other}"],"at":1}"#, 200),
    ("PUT /api/queue", r#"{"track_ids":["{track}"],"at":1}"#, 422),
    ("PUT /api/queue", r#"{"track_ids":[],"revision":987654321}"#, 409),
    ("GET /api/queue?limit=1", "", 200),
    ("GET /api/queue?limit=501", "", 422),
    ("PATCH /api/queue", r#"{"position_s":0.25,"repeat":"all"}"#, 200),
    ("PATCH /api/queue", r#"{"repeat":"twice"}"#, 422),
    ("POST /api/queue/items", r#"{"track_ids":["{track}"],"before":"{queued}"}"#, 200),
    ("POST /api/queue/items", r#"{"track_ids":["{none}"]}"#, 422),
    ("POST /api/queue/items/move", r#"{"item_ids":["{queued}"]}"#, 200),
    ("POST /api/queue/items/move", r#"{"item_ids":["first"]}"#, 422),
    ("POST /api/queue/items/remove", r#"{"item_ids":["{queued}"]}"#, 200),
    ("POST /api/queue/items/remove", r#"{"item_ids":1}"#, 422),
    ("PUT /api/queue/shuffle", r#"{"on":true,"seed":7}"#, 200),
    ("PUT /api/queue/shuffle", r#"{"on":"yes"}"#, 422),
    ("POST /api/queue/undo", "", 200),
    ("POST /api/queue/undo", "{}", 400),
    ("GET /api/jobs?limit=1", "", 200),
    ("GET /api/jobs?state=queued", "", 400),
    (
        "POST /api/jobs",
        r#"{"of":"playlists","ids":["{playlist}"],"preset":"warm","reference":"{other}"}"#,
        201,
    ),
    ("POST /api/jobs", r#"{"of":"albums","ids":["{album}"],"format":"opus","bitrate":96}"#, 201),
    (
        "POST /api/jobs",
        r#"{"of":"tracks","ids":["{track}","{other}"],"album":true,"template":"{number} {title}"}"#,
        201,
    ),
    ("POST /api/jobs", r#"{"of":"tracks","ids":["{none}"]}"#, 422),
    ("POST /api/jobs/preview", r#"{"of":"albums","ids":["{album}"],"format":"wav24"}"#, 200),
    ("POST /api/jobs/preview", r#"{"of":"albums","ids":["{album}"],"template":"{tittle}"}"#, 422),
    ("GET /api/jobs/{job}", "", 200),
    ("GET /api/jobs/{none}", "", 404),
    ("GET /api/jobs/{job}/file", "", 200),
    ("GET /api/jobs/{none}/file", "", 404),
    ("POST /api/jobs/{job}/cancel", "", 200),
    ("POST /api/jobs/{none}/cancel", "", 404),
    ("DELETE /api/jobs/{job}", "", 204),
    ("DELETE /api/jobs/my-job", "", 404),
    ("DELETE /api/playlists/{playlist}", "", 204),
    ("DELETE /api/playlists/my-list", "", 404),
    ("GET /api/library/scan", "", 200),
    ("GET /api/library/scan?now=1", "", 400),
    ("POST /api/library/scan", "", 202),
    ("POST /api/library/scan?full=1", "", 400),
    ("DELETE /api/library/scan", "", 200),
    ("DELETE /api/library/scan?now=1", "", 400),
    ("GET /api/library/folders", "", 200),
    ("GET /api/library/folders?dir={dir}", "", 200),
    ("GET /api/library/folders?dir=nowhere", "", 404),
    ("GET /api/library/statistics", "", 200),
    ("GET /api/library/statistics?of=years", "", 400),
    ("GET /api/library/missing?sort=-title", "", 200),
    ("GET /api/library/missing?limit=1.5", "", 400),
    ("DELETE /api/library/missing", "", 200),
    ("DELETE /api/library/missing?id=1", "", 400),
    ("GET /api/library/faults?sort=stage", "", 200),
    ("GET /api/library/faults?stage=read", "", 400),
    ("POST /api/library/faults/{faulty}/retry", "", 202),
    ("POST /api/library/faults/{none}/retry", "", 404),
    ("POST /api/library/faults/retry", "", 202),
    ("POST /api/library/faults/retry?id=1", "", 400),
];

/// A house in which all of this can be asked, and the ids in it.
pub struct Stage {
    /// The house.
    pub house: House,
    ids: BTreeMap<&'static str, String>,
}

impl Stage {
    pub fn new() -> Self {
        let one = tagged(
            Format::Flac16,
            1,
            &[
                (ItemKey::TrackTitle, "So What"),
                (ItemKey::TrackArtist, "Miles Davis"),
                (ItemKey::AlbumTitle, "Kind of Blue"),
                (ItemKey::Composer, "Miles Davis"),
                (ItemKey::Genre, "Jazz"),
                (ItemKey::OriginalReleaseDate, "1959-08-17"),
                (ItemKey::Lyrics, "[00:00.50]words"),
            ],
        );
        let two = tagged(Format::Flac16, 2, &[(ItemKey::TrackTitle, "Blue in Green")]);
        let files = [("one.flac", &one[..]), ("two.flac", &two), ("faulty.mp3", b"a text")];
        // Each field is asked for so often that a client's share would be used up.
        let house = House::served(&files, &["--no-limits"]);
        // Until its promise is checked, a plan may become another.
        until("all is checked", || (house.get("/api/library/scan").json()["unchecked"] == 0).then_some(()));
        let tracks = house.tracks();
        let track = |title: &str| {
            let found = tracks.iter().find(|track| track["title"] == title);
            found.unwrap_or_else(|| panic!("{title} in {tracks:#?}"))
        };
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{value} is no id")).to_owned();
        let made = house.send("POST", "/api/playlists", json!({ "name": "By hand" })).json();
        let put = json!({ "track_ids": [track("So What")["id"], track("Blue in Green")["id"]] });
        let items =
            house.send("POST", &format!("/api/playlists/{}/items", text(&made["id"])), put.clone()).json();
        let smart = house.send("POST", "/api/playlists", json!({ "name": "Rule", "rule": "blue" })).json();
        house.send("PUT", "/api/queue", put);
        let queue = house.get("/api/queue").json();
        let job = text(
            &house
                .send("POST", "/api/jobs", json!({ "of": "tracks", "ids": [track("So What")["id"]] }))
                .json()["id"],
        );
        until("the job is done", || {
            (house.get(&format!("/api/jobs/{job}")).json()["state"] == "completed").then_some(())
        });
        let first = |path: &str| house.get(path).json()["items"][0].clone();
        let ids = BTreeMap::from([
            ("{genre}", text(&first("/api/genres")["id"])),
            ("{dir}", text(&first("/api/library/folders")["dir"])),
            ("{faulty}", text(&first("/api/library/faults")["id"])),
            ("{track}", text(&track("So What")["id"])),
            ("{other}", text(&track("Blue in Green")["id"])),
            ("{album}", text(&track("So What")["album_id"])),
            ("{artist}", text(&track("So What")["artist_ids"][0])),
            ("{playlist}", text(&made["id"])),
            ("{item}", text(&items["item_ids"][0])),
            ("{smart}", text(&smart["id"])),
            ("{queued}", text(&queue["items"][0]["item_id"])),
            ("{job}", job),
            ("{none}", "0".repeat(32)),
        ]);
        Stage { house, ids }
    }

    /// With ids for the names in braces.
    pub fn with_ids(&self, text: &str) -> String {
        self.ids.iter().fold(text.to_owned(), |text, (name, id)| text.replace(name, id))
    }

    /// Asks, and holds the answer against the document.
    pub fn ask(&self, asked: &str, told: &str) -> Response {
        let (asked, told) = (self.with_ids(asked), self.with_ids(told));
        let (method, path) = asked.split_once(' ').expect("a method and an address");
        if !told.starts_with('#') {
            return match serde_json::from_str(&told) {
                Ok(told) => self.house.send(method, path, told),
                Err(_) => self.house.ask(method, path, &[]),
            };
        }
        let kind = [("Content-Type", "application/vnd.apple.mpegurl")];
        let response = request(self.house.address(), method, path, &kind, told.as_bytes());
        contract::hold(method, path, None, &response);
        response
    }

    /// What can be read, all of it, to see whether anything changed.
    pub fn state(&self) -> Vec<Value> {
        let read = |path: &str| {
            let mut state = self.house.get(&self.with_ids(path)).json();
            // It counts what is asked.
            state.as_object_mut().map(|state| state.remove("request_id"));
            state
        };
        [
            "/api/tracks?limit=500",
            "/api/tracks/{track}/taste",
            "/api/albums/{album}/taste",
            "/api/favorites",
            "/api/history",
            "/api/playlists",
            "/api/playlists/{playlist}",
            "/api/playlists/{playlist}/items",
            "/api/queue",
            "/api/library/missing",
        ]
        .map(read)
        .into()
    }
}
