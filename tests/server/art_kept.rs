//! Thumbnails on disk: made once, kept within their budget and over restarts,
//! and never believed where they are damaged.

use std::fs;
use std::path::PathBuf;
use std::sync::Barrier;

use auralis_tests::http::get;
use image::{ImageFormat, RgbImage};
use lofty::picture::PictureType;

use crate::house::House;
use crate::pictures::*;

/// The thumbnails in the data folder, in the order of their names.
fn kept(house: &House) -> Vec<PathBuf> {
    let found = fs::read_dir(house.data.path().join("art")).into_iter().flatten().flatten();
    let mut paths: Vec<_> = found.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

fn restart(house: &mut House, n_files: u64) {
    house.server().kill();
    house.open(&[]);
    house.settled(n_files);
}

#[test]
fn many_who_want_one_picture_wait_for_one_decoding() {
    // It takes a while, so that all of them are there before it is done.
    let large = RgbImage::from_fn(2400, 2400, |x, y| image::Rgb([x as u8, y as u8, (x * y) as u8]));
    let large = encoded(large, ImageFormat::Jpeg);
    let names: Vec<String> = (0..8).map(|n| format!("{n}.flac")).collect();
    let mut house = House::new(&[]);
    for (n, name) in names.iter().enumerate() {
        house.put(name, &song());
        let path = house.library.path().join(name);
        embed(&path, "x", n as u32 + 1, &[(PictureType::CoverFront, large.clone())]);
    }
    house.open(&[]);
    house.settled(8);
    let paths: Vec<String> = (0..8).map(|n| artwork(&house, &n.to_string(), "?size=200")).collect();
    let (address, together) = (house.address(), Barrier::new(64));
    let ask = |n: usize| {
        together.wait();
        get(address, &paths[n % 8])
    };
    let ask = &ask;
    let answers: Vec<_> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..64).map(|n| scope.spawn(move || ask(n))).collect();
        asking.into_iter().map(|one| one.join().expect("it is answered")).collect()
    });
    for answer in &answers {
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("image/jpeg")));
        assert!(answer.body == answers[0].body);
    }
    assert_eq!((house.counter("pictures"), kept(&house).len()), (1, 1));
}

#[test]
fn the_least_recently_used_leave_when_the_budget_is_spent() {
    let titles: Vec<String> = (0..5).map(|n| format!("p{n}")).collect();
    let pictures: Vec<_> =
        titles.iter().zip(1..).map(|(title, seed)| (title.as_str(), "cover.png", noise(seed, 500))).collect();
    let mut house = beside(&pictures);
    house.open(&["--art-cache", "1"]);
    house.settled(5);
    let decoded = |n: usize| {
        let before = house.counter("pictures");
        assert_eq!(house.get(&artwork(&house, &titles[n], "?size=500")).status, 200);
        house.counter("pictures") - before
    };
    assert_eq!(decoded(0), 1);
    let n_bytes = fs::metadata(&kept(&house)[0]).expect("a file").len();
    assert!((300_000..500_000).contains(&n_bytes), "two fit into the budget, three do not: {n_bytes}");
    assert_eq!((decoded(1), decoded(0)), (1, 0));
    // Room is made by the one that was not used since.
    assert_eq!((decoded(2), decoded(0), decoded(1)), (1, 0, 1));
    for n in 0..5 {
        decoded(n);
        let total: u64 = kept(&house).iter().map(|path| fs::metadata(path).expect("a file").len()).sum();
        assert!(total <= 1 << 20, "{total} bytes");
    }
    // A smaller budget holds from the start.
    house.server().kill();
    house.open(&["--art-cache", "0"]);
    house.settled(5);
    for _ in 0..2 {
        assert_eq!(house.get(&artwork(&house, "p0", "?size=64")).status, 200);
    }
    assert_eq!((house.counter("pictures"), kept(&house).len()), (2, 0));
}

#[test]
fn what_was_made_is_there_after_a_restart_and_what_is_damaged_is_made_anew() {
    let pictures = [
        ("red", "cover.png", plain(RED, 300, 300, ImageFormat::Png)),
        ("blue", "cover.png", plain(BLUE, 300, 300, ImageFormat::Png)),
    ];
    let mut house = beside(&pictures);
    house.open(&[]);
    house.settled(2);
    let ask = |house: &House| {
        assert_shows(&house.get(&artwork(house, "red", "?size=100")), (100, 100), RED);
        assert_shows(&house.get(&artwork(house, "blue", "?size=100")), (100, 100), BLUE);
        house.counter("pictures")
    };
    assert_eq!((ask(&house), ask(&house)), (2, 2));
    restart(&mut house, 2);
    assert_eq!(ask(&house), 0);
    let [one, other] = &kept(&house)[..] else { panic!("{:?}", kept(&house)) };
    let (whole, foreign) = (fs::read(one).expect("a file"), fs::read(other).expect("a file"));
    let mut bent = whole.clone();
    bent[whole.len() / 2] ^= 1;
    let half = &whole[..whole.len() / 2];
    for (what, bytes) in [("bent", &bent[..]), ("half", half), ("empty", &[]), ("another's", &foreign)] {
        for is_restarted in [false, true] {
            fs::write(one, bytes).expect("it is written");
            if is_restarted {
                restart(&mut house, 2);
            }
            let before = house.counter("pictures");
            assert_eq!(ask(&house) - before, 1, "{what}");
            assert!(fs::read(one).expect("a file") == whole, "{what}");
        }
    }
    fs::remove_file(one).expect("it was there");
    let before = house.counter("pictures");
    assert_eq!(ask(&house) - before, 1, "gone");
    // What an end cut short goes; what is not ours stays.
    let name = one.file_name().expect("a name").to_str().expect("plain");
    let (unfinished, notes) = (one.with_file_name(format!(".{name}")), one.with_file_name("notes.txt"));
    fs::write(&unfinished, half).expect("it is written");
    fs::write(&notes, "mine").expect("it is written");
    restart(&mut house, 2);
    assert_eq!(ask(&house), 0);
    assert!(!unfinished.exists() && notes.exists());
}

#[test]
fn without_a_disk_pictures_are_shown_and_that_is_said_once() {
    let mut house = beside(&[("red", "cover.png", plain(RED, 300, 300, ImageFormat::Png))]);
    // A folder that nobody can make, root neither.
    fs::write(house.data.path().join("art"), "in the way").expect("a file");
    let log = house.data.path().join("log");
    let mut command = house.command(&[]);
    command.env("AURALIS_LOG", "warn").stderr(fs::File::create(&log).expect("a file"));
    house.run(command);
    house.settled(1);
    for size in [64, 100, 100, 200] {
        let answer = house.get(&artwork(&house, "red", &format!("?size={size}")));
        assert_shows(&answer, (size, size), RED);
    }
    assert_eq!((house.counter("pictures"), house.counter("request_errors")), (4, 0));
    let said = fs::read_to_string(log).expect("a log");
    assert_eq!(said.matches("thumbnails are not kept").count(), 1, "{said}");
    assert!(said.contains(&*house.data.path().to_string_lossy()), "it names the folder: {said}");
}
