//! What is measured first: what somebody has on the screen.

use auralis_core::encode::Format;

use crate::house::{House, sound, until};
use crate::socket::Socket;

#[test]
fn what_is_looked_at_is_measured_first_the_newest_look_before() {
    const N: usize = 60;
    let mut house = House::new(&[]);
    let bytes = sound(Format::Flac16, 1, 12.0);
    (0..N).for_each(|n| house.put(&format!("{n:02}.flac"), &bytes));
    house.open(&["--workers", "1"]);
    until("all are found", || (house.get("/api/library/scan").json()["tracks"] == N).then_some(()));
    let mut socket = Socket::open(house.address());
    let look = |offset: usize| -> Vec<String> {
        let page = house.get(&format!("/api/tracks?sort=title&limit=5&offset={offset}")).json();
        page["items"].as_array().expect("items").iter().map(|track| track["id"].to_string()).collect()
    };
    let earlier = look(50);
    let later = look(40);
    assert!(house.get("/api/library/scan").json()["waiting"].as_u64() > Some(15), "it is not too late");
    let measured: Vec<String> = (0..15).map(|_| socket.event("measured")["track_id"].to_string()).collect();
    let place = |id: &String| measured.iter().position(|other| other == id).unwrap_or(usize::MAX);
    let places = |ids: &[String]| ids.iter().map(place).collect::<Vec<_>>();
    let (earlier, later) = (places(&earlier), places(&later));
    assert!(later.is_sorted() && earlier.is_sorted(), "from the top: {later:?}, {earlier:?}");
    // One of the earlier look may have begun before the later one came.
    assert!(later[4] < earlier[1], "{later:?}, {earlier:?}");
    assert!(earlier[4] <= 12, "before the rest: {later:?}, {earlier:?}");
}
