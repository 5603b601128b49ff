//! Streams over the socket: the very frames of the native render, as a client
//! plays, holds, seeks and changes its mind; and what it is told when it cannot be.

use std::sync::Arc;
use std::time::Duration;

use auralis_core::encode::Format;
use auralis_core::error::{Error, Kind};
use auralis_server::handlers::socket::Pings;
use auralis_server::serve::Seams;
use auralis_tests::signals::Random;
use serde_json::{Value, json};

use crate::house::{House, RATE, leaks, sound, until};
use crate::socket::{Heard, Socket};

/// More than any of these tracks has.
const PLENTY: u64 = 60_000_000;
const SECONDS: f64 = 33.0;

fn house(seams: Seams) -> House {
    let mut house = House::new(&[
        ("one.flac", &sound(Format::Flac16, 5, SECONDS)),
        ("two.flac", &sound(Format::Flac16, 6, 12.0)),
    ]);
    house.open_inside(seams);
    house.settled(2);
    house
}

/// Everything up to the end of the stream: its frames, and what ended it.
fn played(socket: &mut Socket, epoch: u32, from: u64) -> (Vec<u8>, Value) {
    let (mut frames, mut next, mut sequence) = (Vec::new(), from, 0);
    loop {
        match socket.heard() {
            Heard::Sound(sound) if sound.epoch == epoch => {
                assert_eq!((sound.sequence, sound.first_frame), (sequence, next), "nothing is left out");
                sequence += 1;
                next += sound.frames.len() as u64 / 8;
                frames.extend(sound.frames);
            }
            Heard::Told(told) if told["event"] == "ended" && told["epoch"] == epoch => {
                assert_eq!(told["frames"], frames.len() / 8);
                return (frames, told);
            }
            Heard::Closed(code) => panic!("closed with {code}"),
            Heard::Told(_) | Heard::Sound(_) => {}
        }
    }
}

/// The next thing that is told with this name; what is sent meanwhile is let go.
fn told(socket: &mut Socket, name: &str) -> Value {
    loop {
        match socket.heard() {
            Heard::Told(told) if told["event"] == name => return told,
            Heard::Closed(code) => panic!("closed with {code} before {name}"),
            Heard::Told(_) | Heard::Sound(_) => {}
        }
    }
}

/// Waits for this state of this epoch; from then on nothing older may follow.
fn state(socket: &mut Socket, name: &str, epoch: u32) -> Value {
    loop {
        let told = told(socket, "state");
        if told["state"] == name && told["epoch"] == epoch {
            return told;
        }
    }
}

/// The frames of the native render, as bytes of floats.
fn rendered(house: &House, title: &str, query: &str) -> Vec<u8> {
    let path = format!("/api/tracks/{}/stream?format=wavf32&{query}", house.id(title));
    // What the first rendering teaches may change the plan, and so the sound.
    house.get(&path);
    house.settled(2);
    let whole = house.get(&path).body;
    let data = whole.windows(4).position(|word| word == b"data").expect("a WAV has data");
    whole[data + 8..].to_vec()
}

#[test]
fn a_track_is_sent_as_it_is_rendered_to_the_bit() {
    let house = house(Seams::default());
    for (query, taste, enhanced) in [
        ("preset=warm&intensity=0.5", json!({ "preset": "warm", "intensity": 0.5 }), true),
        ("enhanced=false", json!({}), false),
    ] {
        let whole = rendered(&house, "one", query);
        let mut socket = Socket::open(house.address());
        let n_frames = (SECONDS * f64::from(RATE)) as u64;
        for (epoch, frame) in [(1, 0), (2, 10), (3, 441_000), (4, n_frames - 1), (5, n_frames), (6, u64::MAX)]
        {
            socket.say(&json!({ "command": "play", "track_id": house.id("one"), "frame": frame,
                "taste": taste, "enhanced": enhanced }));
            socket.say(&json!({ "command": "credit", "bytes": PLENTY }));
            let opened = told(&mut socket, "opened");
            let from = frame.min(n_frames);
            assert_eq!(
                (&opened["epoch"], &opened["frame"], &opened["rate"]),
                (&epoch.into(), &from.into(), &RATE.into())
            );
            assert_eq!((&opened["n_frames"], opened["plan_id"].is_string()), (&n_frames.into(), enhanced));
            let (frames, ended) = played(&mut socket, epoch, from);
            assert_eq!(ended["reason"], "completed");
            assert!(frames == whole[8 * from as usize..], "from {frame}, {query}");
            assert_eq!(state(&mut socket, "stopped", epoch)["frame"], n_frames);
        }
    }
    until("its places are free", || (house.level("renders_open") == 0).then_some(()));
}

#[test]
fn a_stream_is_held_sought_changed_and_replaced_and_nothing_older_follows() {
    let house = house(Seams::default());
    let (plain, warm) = (rendered(&house, "one", ""), rendered(&house, "one", "preset=warm"));
    let other = rendered(&house, "two", "");
    let mut socket = Socket::open(house.address());
    let mut bystander = Socket::open(house.address());
    bystander.say(&json!({ "command": "play", "track_id": house.id("one") }));
    socket.say(&json!({ "command": "play", "track_id": house.id("one") }));
    state(&mut socket, "playing", 1);
    // As much as is granted, and no byte more.
    socket.say(&json!({ "command": "credit", "bytes": 200_000 }));
    let mut n_bytes = 0;
    for _ in 0..3 {
        let Heard::Sound(sound) = socket.heard() else { panic!("sound was granted") };
        n_bytes += sound.len;
    }
    assert!(n_bytes <= 200_000 && n_bytes > 200_000 - 65_560);
    socket.say(&json!({ "command": "ping" }));
    assert!(matches!(socket.heard(), Heard::Told(told) if told["event"] == "pong"), "nothing more was sent");
    // Held, it sends nothing, whatever is granted.
    socket.say(&json!({ "command": "pause" }));
    socket.say(&json!({ "command": "credit", "bytes": PLENTY }));
    assert_eq!(state(&mut socket, "paused", 1)["frame"], 3 * 8192);
    socket.say(&json!({ "command": "ping" }));
    assert!(matches!(socket.heard(), Heard::Told(told) if told["event"] == "pong"));
    // A place to go on at while it is held: it stays so.
    socket.say(&json!({ "command": "seek", "frame": 100_000 }));
    let ended = told(&mut socket, "ended");
    assert_eq!(
        (&ended["reason"], &ended["epoch"], &ended["frames"]),
        (&"stopped".into(), &1.into(), &(3 * 8192).into())
    );
    state(&mut socket, "paused", 2);
    socket.say(&json!({ "command": "resume" }));
    state(&mut socket, "playing", 2);
    let Heard::Sound(first) = socket.heard() else { panic!("sound was granted") };
    assert_eq!((first.epoch, first.sequence, first.first_frame), (2, 0, 100_000));
    assert!(first.frames == plain[800_000..][..first.frames.len()]);
    // Another taste, at a frame of the client's choice.
    socket.say(&json!({ "command": "set", "taste": { "preset": "warm" }, "frame": 400_000 }));
    state(&mut socket, "loading", 3);
    let Heard::Told(opened) = socket.heard() else { panic!("nothing older follows") };
    assert_eq!((&opened["event"], &opened["epoch"]), (&"opened".into(), &3.into()));
    let (frames, _) = played(&mut socket, 3, 400_000);
    assert!(frames == warm[3_200_000..]);
    // It is over: what is said of it now came too late, and does no harm.
    for late in ["pause", "resume", "stop"] {
        socket.say(&json!({ "command": late }));
        assert_eq!(told(&mut socket, "state")["state"], "stopped");
    }
    // Sought, it lives again; another track replaces it.
    socket.say(&json!({ "command": "seek", "frame": 0 }));
    state(&mut socket, "playing", 4);
    socket.say(&json!({ "command": "play", "track_id": house.id("two") }));
    state(&mut socket, "loading", 5);
    socket.say(&json!({ "command": "credit", "bytes": PLENTY }));
    let (frames, _) = played(&mut socket, 5, 0);
    assert!(frames == other);
    // Meanwhile nobody else's stream was touched.
    bystander.say(&json!({ "command": "credit", "bytes": PLENTY }));
    let (frames, ended) = played(&mut bystander, 1, 0);
    assert!(frames == plain && ended["reason"] == "completed");
}

#[test]
fn a_thousand_seeks_in_a_row_are_ordinary() {
    let house = house(Seams::default());
    let whole = rendered(&house, "one", "");
    let n_renders = house.counter("renders");
    let mut socket = Socket::open(house.address());
    socket.say(&json!({ "command": "play", "track_id": house.id("one") }));
    socket.say(&json!({ "command": "credit", "bytes": PLENTY }));
    let mut random = Random(9);
    for _ in 0..999 {
        socket.say(&json!({ "command": "seek", "frame": random.below(2_000_000) }));
    }
    socket.say(&json!({ "command": "seek", "frame": 1_200_000 }));
    let (frames, ended) = played(&mut socket, 1001, 1_200_000);
    assert!(frames == whole[9_600_000..] && ended["reason"] == "completed");
    assert!(house.counter("renders") - n_renders < 500, "what was superseded was not begun");
    until("its place is free", || (house.level("renders_open") == 0).then_some(()));
}

/// Fails in some way past 15 s of the first track.
fn failing(how: impl Fn() -> Result<(), Error> + Send + Sync + 'static) -> Seams {
    let on_block = move |_: &str, frame: u64| if frame > 15 * u64::from(RATE) { how() } else { Ok(()) };
    Seams {
        on_block: Some(Arc::new(on_block)),
        deadline: Some(Duration::from_millis(700)),
        ..Seams::default()
    }
}

#[test]
fn a_stream_that_fails_says_where_to_go_on() {
    let damaged = || Err(Error::new(Kind::Damaged, "a block that is no sound"));
    let sleep = || {
        std::thread::sleep(Duration::from_millis(300));
        Ok(())
    };
    let cases: [(&str, Seams, bool); 3] = [
        ("unreadable-file", failing(damaged), false),
        ("unexpected", failing(|| panic!("the render panics on purpose")), true),
        ("late", failing(sleep), true),
    ];
    for (code, seams, may_help) in cases {
        let house = house(seams);
        let mut socket = Socket::open(house.address());
        socket.say(&json!({ "command": "play", "track_id": house.id("one"), "enhanced": false }));
        socket.say(&json!({ "command": "credit", "bytes": PLENTY }));
        let error = told(&mut socket, "error");
        assert_eq!(error["code"], code);
        let text = error.to_string();
        for word in ["on purpose", "os error", "::", "SELECT", "/tmp"] {
            assert!(!text.contains(word), "{text}");
        }
        assert!(!leaks(&text, house.library.path()));
        let ended = told(&mut socket, "ended");
        assert_eq!(ended["reason"], "failed");
        if may_help {
            assert_eq!(error["recovery_frame"], ended["frames"], "it goes on after what was sent");
        } else {
            assert!(error.get("recovery_frame").is_none(), "the file stays as it is");
        }
        assert_eq!(state(&mut socket, "error", 1)["frame"], ended["frames"]);
        // The socket plays on.
        socket.say(&json!({ "command": "play", "track_id": house.id("two") }));
        assert_eq!(played(&mut socket, 2, 0).1["reason"], "completed");
        until("its places are free", || (house.level("renders_open") == 0).then_some(()));
    }
}

#[test]
fn what_cannot_be_played_is_told_and_the_socket_stays() {
    let house = house(Seams::default());
    let id = house.id("one");
    let mut socket = Socket::open(house.address());
    for (play, code) in [
        (json!({ "track_id": "nobody" }), "not-found"),
        (json!({ "track_id": "../../etc/passwd" }), "not-found"),
        (json!({ "track_id": id, "taste": { "preset": "loud" } }), "invalid-value"),
        (json!({ "track_id": id, "taste": { "intensity": 7 } }), "invalid-value"),
        (json!({ "track_id": id, "taste": { "plan": "no" } }), "not-found"),
        (json!({ "track_id": id, "taste": { "plan": "no", "preset": "warm" } }), "bad-request"),
    ] {
        let mut play = play;
        play["command"] = "play".into();
        socket.say(&play);
        assert_eq!(told(&mut socket, "error")["code"], code, "{play}");
        assert_eq!(told(&mut socket, "ended")["reason"], "failed");
    }
    assert_eq!(house.level("renders_open"), 0);
}

#[test]
fn what_is_no_command_ends_its_socket_and_says_why() {
    let house = house(Seams::default());
    let mut good = Socket::open(house.address());
    let long = format!("{{\"command\":\"ping\"{}}}", " ".repeat(5_000));
    for (first, said, code) in [
        (0x81, r#"{"command":"dance"}"#, 1008),
        (0x81, "play", 1008),
        (0x81, r#"{"command":"seek","frame":-3}"#, 1008),
        (0x81, r#"{"command":"play","track_id":"x","frame":1e99}"#, 1008),
        (0x81, r#"{"command":"pause"}"#, 1008),
        (0x81, r#"{"command":"seek","frame":3}"#, 1008),
        (0x81, r#"{"command":"stop"}"#, 1008),
        (0x81, &long, 1009),
        (0x82, r#"{"command":"ping"}"#, 1008),
    ] {
        let mut socket = Socket::open(house.address());
        socket.send(first, said.as_bytes()).expect("it is sent");
        let closed = loop {
            match socket.heard() {
                Heard::Closed(code) => break code,
                Heard::Told(told) => assert_eq!(told["event"], "error", "{said}"),
                Heard::Sound(_) => panic!("nothing was asked for"),
            }
        };
        assert_eq!(closed, code, "{said}");
        socket.drained();
    }
    let mut socket = Socket::open(house.address());
    let _ = socket.send(0x81, &vec![b' '; 1 << 20]);
    assert!(matches!(socket.heard(), Heard::Closed(1009)));
    good.say(&json!({ "command": "ping" }));
    assert!(matches!(good.heard(), Heard::Told(told) if told["event"] == "pong"));
}

#[test]
fn who_grants_nothing_costs_little_and_who_is_silent_is_left() {
    let pings = Pings { every: Duration::from_millis(900), patience: Duration::from_millis(800) };
    let house = house(Seams { pings, ..Seams::default() });
    let mut socket = Socket::open(house.address());
    socket.say(&json!({ "command": "play", "track_id": house.id("one") }));
    state(&mut socket, "playing", 1);
    // Nothing was granted: what comes are pings, and after an unanswered one the end.
    let mut n_pings = 0;
    while let Some((opcode, payload)) = socket.next() {
        assert_ne!(opcode, 2, "nothing was granted");
        if opcode == 9 {
            n_pings += 1;
            assert!(n_pings < 20, "who is silent is not left");
            if n_pings <= 5 {
                socket.send(0x8a, &payload).expect("an answer");
            }
        }
    }
    assert!(n_pings >= 6, "who answers is not left: {n_pings}");
    until("its place is free", || (house.level("renders_open") == 0).then_some(()));
    // No more was rendered than waits for its credit.
    assert!(house.counter("rendered_frames") < 40 * u64::from(RATE) * 2, "but for what was checked");
}
