//! Pictures for tests: of one colour or of noise, in every format, in files and
//! beside them.

use std::io::Cursor;
use std::path::Path;

use auralis_core::encode::Format;
use auralis_tests::http::Response;
use image::{DynamicImage, ImageFormat, RgbImage};
use lofty::config::WriteOptions;
use lofty::file::{AudioFile, TaggedFileExt};
use lofty::picture::{Picture, PictureType};
use lofty::tag::{Accessor, Tag};

use crate::house::{House, sound};

pub const BLUE: [u8; 3] = [0x30, 0x60, 0xc0];
pub const RED: [u8; 3] = [0xc0, 0x20, 0x30];
pub const GREEN: [u8; 3] = [0x20, 0xa0, 0x40];

/// A blue picture of 80 × 40 pixels as lossy WebP, as libwebp 1.2.4 writes it.
pub const LOSSY_WEBP: &[u8] =
    b"\x52\x49\x46\x46\x4e\0\0\0\x57\x45\x42\x50\x56\x50\x38\x20\x42\0\0\0\xf0\x03\0\
    \x9d\x01\x2a\x50\0\x28\0\x3e\xd1\x68\xaf\x52\xa8\x26\x24\x22\xa2\x28\x01\0\x1a\x09\x69\0\xd4\xba\x80\0\
    \x11\x71\xbe\xa6\xa2\xc8\xa4\x5e\0\0\xfe\xe5\xfa\x3f\xed\x4d\x8a\xa9\xe7\x77\xf9\xaf\x88\x17\x07\x7a\xcb\
    \x51\xf4\x4b\x59\0\0\0\0";

/// An image in this format.
pub fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).expect("it is written");
    bytes.into_inner()
}

/// A picture of one colour.
pub fn plain(colour: [u8; 3], width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    encoded(RgbImage::from_pixel(width, height, image::Rgb(colour)), format)
}

/// A square of noise that no format makes small, another for each seed.
pub fn noise(seed: u32, size: u32) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as u8
    };
    encoded(RgbImage::from_fn(size, size, |_, _| image::Rgb([next(), next(), next()])), ImageFormat::Png)
}

/// Short music, the same each time.
pub fn song() -> Vec<u8> {
    sound(Format::Flac16, 1, 0.5)
}

/// A library with a song, called like its folder, beside each of these pictures.
pub fn beside(pictures: &[(&str, &str, Vec<u8>)]) -> House {
    let house = House::new(&[]);
    for (title, name, bytes) in pictures {
        house.put(&format!("{title}/{title}.flac"), &song());
        house.put(&format!("{title}/{name}"), bytes);
    }
    house
}

/// Puts pictures, and the title of an album, into a file's tag.
pub fn embed(path: &Path, album: &str, track_no: u32, pictures: &[(PictureType, Vec<u8>)]) {
    let mut file = lofty::read_from_path(path).expect("lofty reads it");
    let kind = file.primary_tag_type();
    if file.primary_tag().is_none() {
        file.insert_tag(Tag::new(kind));
    }
    let tag = file.primary_tag_mut().expect("it has one now");
    tag.set_album(album.to_owned());
    tag.set_track(track_no);
    for (kind, bytes) in pictures {
        tag.push_picture(Picture::unchecked(bytes.clone()).pic_type(*kind).build());
    }
    file.save_to_path(path, WriteOptions::default()).expect("lofty writes it");
}

/// The address of the picture of the track with this title.
pub fn artwork(house: &House, title: &str, rest: &str) -> String {
    format!("/api/tracks/{}/artwork{rest}", house.id(title))
}

/// Asserts that an answer is a JPEG of this shape and colour.
#[track_caller]
pub fn assert_shows(answer: &Response, shape: (u32, u32), colour: [u8; 3]) {
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("image/jpeg")), "{answer:?}");
    let image = image::load_from_memory(&answer.body).expect("it is a picture").into_rgb8();
    assert_eq!(image.dimensions(), shape);
    let middle = image.get_pixel(shape.0 / 2, shape.1 / 2).0;
    assert!(near(middle, colour), "{middle:?} instead of {colour:?}");
}

/// Whether two colours look the same; JPEG and WebP shift them a little.
pub fn near(a: [u8; 3], b: [u8; 3]) -> bool {
    a.iter().zip(b).all(|(a, b)| a.abs_diff(b) <= 6)
}

/// Asserts that an answer is a drawing: an aura, or the ring of what is not measured.
#[track_caller]
pub fn assert_drawn(answer: &Response) {
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("image/svg+xml")), "{answer:?}");
}
