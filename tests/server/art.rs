//! Pictures of tracks and albums: which one is shown, how small, in which
//! colour, and to whom it is not sent again.

use auralis_core::encode::Format;
use auralis_tests::folder;
use image::{DynamicImage, ImageFormat, RgbImage};
use lofty::picture::PictureType;

use crate::house::{House, assert_problem, sound};
use crate::pictures::*;

fn served(pictures: &[(&str, &str, Vec<u8>)]) -> House {
    let mut house = beside(pictures);
    house.open(&[]);
    house.settled(pictures.len() as u64);
    house
}

#[test]
fn a_picture_of_every_format_is_shown_whole_small_and_as_a_colour() {
    let blue = || DynamicImage::from(RgbImage::from_pixel(80, 40, image::Rgb(BLUE)));
    let all = [
        ("baseline", "cover.jpg", encoded(blue(), ImageFormat::Jpeg), "image/jpeg"),
        ("rgb", "cover.png", encoded(blue(), ImageFormat::Png), "image/png"),
        ("deep", "cover.png", encoded(blue().into_rgba16(), ImageFormat::Png), "image/png"),
        ("gif", "cover.gif", encoded(blue(), ImageFormat::Gif), "image/gif"),
        ("lossy", "cover.webp", LOSSY_WEBP.to_vec(), "image/webp"),
        ("lossless", "cover.webp", encoded(blue(), ImageFormat::WebP), "image/webp"),
        // What it is, and not what it is called.
        ("misnamed", "cover.jpg", encoded(blue(), ImageFormat::Png), "image/png"),
    ];
    let house = served(&all.clone().map(|(title, name, bytes, _)| (title, name, bytes)));
    for (title, _, bytes, media_type) in all {
        let whole = house.get(&artwork(&house, title, ""));
        assert_eq!((whole.status, whole.header("content-type")), (200, Some(media_type)), "{title}");
        assert!(whole.body == bytes, "{title} is as it was");
        let small = house.get(&artwork(&house, title, "?size=64"));
        assert_shows(&small, (64, 32), BLUE);
        for answer in [whole, small] {
            let policy = answer.header("content-security-policy").expect("a policy");
            assert!(policy.contains("sandbox") && !policy.contains("script-src"), "{policy}");
        }
        // None is made larger than it is.
        assert_shows(&house.get(&artwork(&house, title, "?size=1024")), (80, 40), BLUE);
        let colour = house.get(&artwork(&house, title, "/colour")).json()["colour"].clone();
        let number = colour.as_str().and_then(|text| u32::from_str_radix(text.strip_prefix('#')?, 16).ok());
        let [_, colour @ ..] = number.expect("a colour").to_be_bytes();
        assert!(near(colour, BLUE), "{title}: {colour:?}");
    }
}

/// A picture that its camera held sideways, and one that is seen through.
#[test]
fn a_thumbnail_looks_as_the_whole_picture_does() {
    let mut sideways = plain(GREEN, 80, 40, ImageFormat::Jpeg);
    let exif = b"\xff\xe1\0\x22Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    sideways.splice(2..2, exif.iter().copied());
    let glass = image::RgbaImage::from_pixel(80, 40, image::Rgba([0xff, 0, 0, 0x80]));
    let house = served(&[
        ("sideways", "cover.jpg", sideways),
        ("glass", "cover.png", encoded(glass, ImageFormat::Png)),
    ]);
    assert_shows(&house.get(&artwork(&house, "sideways", "?size=64")), (32, 64), GREEN);
    assert_shows(&house.get(&artwork(&house, "glass", "?size=64")), (64, 32), [0xff, 0x7f, 0x7f]);
}

#[test]
fn the_front_cover_in_the_file_comes_first_then_what_lies_beside_it() {
    let png = |colour| plain(colour, 100, 100, ImageFormat::Png);
    let mut house = House::new(&[
        ("one/both.flac", &song()),
        ("one/back.flac", &song()),
        ("one/none.flac", &song()),
        ("one/Folder.PNG", &png(RED)),
        ("one/front.png", &png(BLUE)),
        ("one/booklet.png", &png(BLUE)),
        ("one/cover.txt", b"no picture"),
        ("two/named.flac", &song()),
        ("two/COVER.webp", LOSSY_WEBP),
        ("two/cover.jpg", b""),
        ("two/folder.jpg", &png(RED)),
        ("three/bare.flac", &song()),
        ("three/scan.png", &png(RED)),
    ]);
    let at = |name: &str| house.library.path().join(name);
    let (front, back) = ((PictureType::CoverFront, png(GREEN)), (PictureType::CoverBack, png(BLUE)));
    embed(&at("one/both.flac"), "x", 1, &[back.clone(), front]);
    embed(&at("one/back.flac"), "x", 2, &[back]);
    house.open(&[]);
    house.settled(5);
    for (title, colour) in [("both", GREEN), ("back", BLUE), ("none", RED)] {
        assert_shows(&house.get(&artwork(&house, title, "?size=100")), (100, 100), colour);
    }
    // An empty file is no picture; a name before an extension.
    assert_shows(&house.get(&artwork(&house, "named", "?size=80")), (80, 40), BLUE);
    for rest in ["", "?size=100", "?kind=aura"] {
        assert_drawn(&house.get(&artwork(&house, "bare", rest)));
    }
    assert_eq!(house.get(&artwork(&house, "bare", "/colour")).text(), "{\"colour\":null}");
    assert_drawn(&house.get(&artwork(&house, "both", "?kind=aura")));
}

#[test]
fn an_album_shows_its_first_track_that_has_a_picture() {
    let mut house = House::new(&[
        ("a/1.flac", &song()),
        ("a/2.flac", &song()),
        ("a/3.flac", &song()),
        ("b/1.flac", &sound(Format::Flac16, 2, 0.5)),
    ]);
    let png = |colour| vec![(PictureType::CoverFront, plain(colour, 100, 100, ImageFormat::Png))];
    for (name, album, n, pictures) in [
        ("a/1.flac", "pictured", 1, vec![]),
        ("a/3.flac", "pictured", 3, png(RED)),
        ("a/2.flac", "pictured", 2, png(GREEN)),
        ("b/1.flac", "bare", 1, vec![]),
    ] {
        embed(&house.library.path().join(name), album, n, &pictures);
    }
    house.open(&[]);
    house.settled(4);
    let albums = house.get("/api/albums").json()["items"].as_array().expect("items").clone();
    let of = |title: &str, rest: &str| {
        let album = albums.iter().find(|album| album["title"] == title).expect("the album");
        house.get(&format!("/api/albums/{}/artwork{rest}", album["id"].as_str().expect("an id")))
    };
    assert_shows(&of("pictured", "?size=64"), (64, 64), GREEN);
    assert_eq!(of("pictured", "").header("content-type"), Some("image/png"));
    assert_drawn(&of("bare", "?size=64"));
    assert_problem(&of("pictured", "?size=9"), 422, "invalid-value");
    assert_problem(&house.get("/api/albums/0/artwork"), 404, "not-found");
}

#[test]
fn sizes_are_bounded_and_what_is_wrong_is_named() {
    let house = served(&[("one", "cover.png", plain(RED, 1500, 600, ImageFormat::Png))]);
    for size in [64, 65, 300, 1024] {
        let answer = house.get(&artwork(&house, "one", &format!("?size={size}")));
        assert_shows(&answer, (size, (f64::from(size) * 0.4).round() as u32), RED);
    }
    for size in ["-1", "0", "63", "1025", "4294967295", "4294967360"] {
        let refused = house.get(&artwork(&house, "one", &format!("?size={size}")));
        assert_problem(&refused, 422, "invalid-value");
        assert!(refused.text().contains("size is "), "{}", refused.text());
    }
    for rest in ["?size=", "?size=1e2", "?size=64&size=64", "?kind=aura&size=64", "?colour=red"] {
        assert_problem(&house.get(&artwork(&house, "one", rest)), 400, "bad-request");
    }
    assert_problem(&house.get(&artwork(&house, "one", "?kind=svg")), 422, "invalid-value");
    assert_problem(&house.get("/api/tracks/0/artwork?size=64"), 404, "not-found");
    assert_problem(&house.ask("POST", &artwork(&house, "one", "?size=64"), &[]), 405, "method-not-allowed");
}

#[test]
fn an_unchanged_picture_is_not_sent_again_and_a_changed_one_is() {
    let house = served(&[("one", "cover.png", plain(RED, 300, 300, ImageFormat::Png))]);
    for rest in ["", "?size=96", "/colour"] {
        let path = artwork(&house, "one", rest);
        let first = house.get(&path);
        let etag = first.header("etag").expect("a tag").to_owned();
        let head = house.ask("HEAD", &path, &[]);
        assert_eq!((head.status, head.body.len()), (200, 0));
        for name in ["etag", "content-type", "content-length", "cache-control"] {
            assert_eq!(head.header(name), first.header(name), "{name} of {path}");
        }
        assert_eq!(first.header("cache-control"), Some("private, no-cache"));
        assert_eq!(house.ask("GET", &path, &[("If-None-Match", &etag)]).status, 304);
        // Another picture at the same place, without a scan; and then the first again.
        house.put("one/cover.png", &plain(GREEN, 301, 301, ImageFormat::Png));
        let changed = house.ask("GET", &path, &[("If-None-Match", &etag)]);
        assert_eq!(changed.status, 200, "{path}");
        assert_ne!(changed.header("etag"), Some(etag.as_str()));
        house.put("one/cover.png", &plain(RED, 300, 300, ImageFormat::Png));
        assert_eq!(house.ask("GET", &path, &[("If-None-Match", &etag)]).status, 304, "{path}");
    }
}

#[cfg(unix)]
#[test]
fn no_link_leads_out_of_the_library() {
    use std::os::unix::fs::symlink;
    let outside = folder();
    let secret = outside.path().join("secret.png");
    std::fs::write(&secret, plain(RED, 100, 100, ImageFormat::Png)).expect("a file");
    let house = &mut House::new(&[
        ("out/out.flac", &song()),
        ("up/up.flac", &song()),
        ("in/in.flac", &song()),
        ("pipe/pipe.flac", &song()),
        ("art/blue.png", &plain(BLUE, 100, 100, ImageFormat::Png)),
    ]);
    let at = |name: &str| house.library.path().join(name);
    symlink(&secret, at("out/cover.png")).expect("a link");
    symlink("../..", at("up/cover.png")).expect("a link");
    symlink("../art/blue.png", at("in/cover.png")).expect("a link");
    // Whoever opens it waits for ever.
    let made = std::process::Command::new("mkfifo").arg(at("pipe/cover.png")).status();
    assert!(made.expect("mkfifo runs").success());
    house.open(&[]);
    house.settled(4);
    for title in ["out", "up", "pipe"] {
        for rest in ["", "?size=64"] {
            assert_drawn(&house.get(&artwork(house, title, rest)));
        }
    }
    assert_shows(&house.get(&artwork(house, "in", "?size=100")), (100, 100), BLUE);
}
