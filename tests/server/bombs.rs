//! Pictures that are made to burst: whoever has one in the library sees its
//! aura, and the server spends neither memory nor time on it.

use std::time::{Duration, Instant};

use auralis_tests::http::{Response, get};
use image::{DynamicImage, Frame, GrayImage, ImageFormat, RgbaImage};

use crate::pictures::*;

/// The bound on what any picture may cost, in KiB.
#[cfg(target_os = "linux")]
const MOST_KIB: u64 = 64 << 10;
/// An answer takes less than a second where nobody else computes; others do here.
const SOON: Duration = Duration::from_secs(4);

/// A chunk of a PNG with its checksum.
fn chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let named = [name, body].concat();
    let mut crc = u32::MAX;
    for byte in &named {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    [&(body.len() as u32).to_be_bytes()[..], &named, &(!crc).to_be_bytes()].concat()
}

/// A PNG of a few bytes that claims this size.
fn png(width: u32, height: u32) -> Vec<u8> {
    let head = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 6, 0, 0, 0]].concat();
    let nothing = b"\x78\x9c\x63\x60\0\x02\0\0\x05\0\x01";
    [&b"\x89PNG\r\n\x1a\n"[..], &chunk(b"IHDR", &head), &chunk(b"IDAT", nothing), &chunk(b"IEND", b"")]
        .concat()
}

/// A PNG with a colour profile that unfolds to a hundred MiB.
fn profile() -> Vec<u8> {
    use image::ImageEncoder;
    let mut bytes = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut bytes);
    encoder.set_icc_profile(vec![0; 100 << 20]).expect("a profile");
    encoder.write_image(&[0; 12], 2, 2, image::ExtendedColorType::Rgb8).expect("it is written");
    bytes
}

/// The head of a JPEG up to its first scan, whose codes are all one bit: 0.
fn jpeg(frame: u8, width: u16, height: u16, most: u8) -> Vec<u8> {
    let mut bytes = b"\xff\xd8\xff\xdb\0\x43\0".to_vec();
    bytes.extend([1; 64]);
    bytes.extend([0xff, frame, 0, 17, 8]);
    bytes.extend(height.to_be_bytes());
    bytes.extend(width.to_be_bytes());
    bytes.extend([3, 1, most << 4 | most, 0, 2, 0x11, 0, 3, 0x11, 0]);
    // A coefficient of nothing; 16,384 blocks of nothing, or one.
    for (class, symbol) in [(0, 0), (0x10, if frame == 0xc2 { 0xe0 } else { 0 })] {
        bytes.extend([0xff, 0xc4, 0, 20, class, 1]);
        bytes.extend([0; 15]);
        bytes.push(symbol);
    }
    bytes
}

/// The same with all its blocks, and as many scans more.
fn scans(mut bytes: Vec<u8>, n_blocks: usize, is_progressive: bool, n_more: usize) -> Vec<u8> {
    let last = if is_progressive { 0 } else { 63 };
    bytes.extend([0xff, 0xda, 0, 12, 3, 1, 0, 2, 0, 3, 0, 0, last, 0]);
    bytes.resize(bytes.len() + n_blocks.div_ceil(if is_progressive { 8 } else { 4 }), 0);
    for _ in 0..n_more {
        bytes.extend([0xff, 0xda, 0, 8, 1, 1, 0, 1, 63, 0]);
        bytes.resize(bytes.len() + 40, 0);
    }
    bytes.extend(b"\xff\xd9");
    bytes
}

/// A GIF whose only frame is larger than its screen.
fn gif(screen: u16, frame: u16) -> Vec<u8> {
    let (screen, frame) = (screen.to_le_bytes(), frame.to_le_bytes());
    let mut bytes = [&b"GIF89a"[..], &screen, &screen, b"\x80\0\0\0\0\0\xff\xff\xff"].concat();
    bytes.extend([&b",\0\0\0\0"[..], &frame, &frame, b"\0\x02\x02\x4c\x01\0;"].concat());
    bytes
}

/// A GIF of many frames.
fn film() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = image::codecs::gif::GifEncoder::new(&mut bytes);
    let frame = |n: u32| Frame::new(RgbaImage::from_pixel(100, 100, image::Rgba([n as u8, 9, 9, 255])));
    encoder.encode_frames((0..2_000).map(frame)).expect("it is written");
    drop(encoder);
    bytes
}

fn riff(chunks: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut body = b"WEBP".to_vec();
    for (name, bytes) in chunks {
        body.extend([&name[..], &(bytes.len() as u32).to_le_bytes(), bytes].concat());
        body.resize(body.len().next_multiple_of(2), 0);
    }
    [&b"RIFF"[..], &(body.len() as u32).to_le_bytes(), &body].concat()
}

/// A WebP of 16 pixels that describes 65,536 groups of Huffman tables, the
/// largest that ten bytes can describe (RFC 9649, 3.7).
fn tables() -> Vec<u8> {
    let (mut bytes, mut n_bits) = (vec![0x2f], 0);
    let mut put = |value: u32, n: usize| {
        for bit in 0..n {
            if n_bits % 8 == 0 {
                bytes.push(0);
            }
            *bytes.last_mut().expect("a byte") |= ((value >> bit & 1) as u8) << (n_bits % 8);
            n_bits += 1;
        }
    };
    let codes = [(3, 14), (3, 14), (0, 4), (0, 1), (1, 1), (11, 4), (1, 1), (0, 3), (0, 1)];
    codes.into_iter().for_each(|(value, n)| put(value, n));
    for symbol in [255, 255, 0, 0, 0] {
        [(1, 1), (0, 1), (1, 1), (symbol, 8)].into_iter().for_each(|(value, n)| put(value, n));
    }
    for _ in 0..65_536 {
        let green = [(0, 1), (11, 4), (0, 21), (0, 21), (1, 3), (1, 1), (5, 3), (2_046, 12)];
        green.into_iter().for_each(|(value, n)| put(value, n));
        (0..4).for_each(|_| put(1, 4));
    }
    riff(&[(b"VP8L", bytes)])
}

/// A WebP whose canvas is small and whose picture is not.
fn canvas() -> Vec<u8> {
    let mut vp8 = b"\xf0\x03\0\x9d\x01\x2a\xff\x3f\xff\x3f".to_vec();
    vp8.resize(2_000, 0);
    riff(&[(b"VP8X", b"\0\0\0\0\x09\0\0\x09\0\0".to_vec()), (b"VP8 ", vp8)])
}

/// Each bomb by its title, and the name of its file.
fn bombs() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let whole = encoded(DynamicImage::new_rgb8(900, 900), ImageFormat::Jpeg);
    vec![
        ("png of 60000", "cover.png", png(60_000, 60_000)),
        ("png of all", "cover.png", png(u32::MAX >> 1, u32::MAX >> 1)),
        ("png of nothing", "cover.png", png(0, 7)),
        ("png cut", "cover.png", png(64, 64)),
        ("png of zeros", "cover.png", encoded(GrayImage::new(9_000, 9_000), ImageFormat::Png)),
        ("jpeg of 65535", "cover.jpg", scans(jpeg(0xc0, 65_535, 65_535, 1), 999, false, 0)),
        ("jpeg kept", "cover.jpg", scans(jpeg(0xc2, 3_300, 3_300, 1), 511_707, true, 9)),
        ("jpeg of scans", "cover.jpg", scans(jpeg(0xc2, 2_400, 2_400, 2), 135_000, true, 20_000)),
        ("jpeg cut early", "cover.jpg", whole[..20].to_vec()),
        ("gif of 65535", "cover.gif", gif(65_535, 65_535)),
        ("gif in gif", "cover.gif", gif(10, 65_535)),
        ("webp of tables", "cover.webp", tables()),
        ("webp on canvas", "cover.webp", canvas()),
        ("svg", "cover.png", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec()),
    ]
}

/// Pictures that are as large as may be, or odd, and are shown.
fn large() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let whole = encoded(DynamicImage::new_rgb8(900, 900), ImageFormat::Jpeg);
    vec![
        ("png of a profile", "cover.png", profile()),
        ("large png", "cover.png", encoded(RgbaImage::new(3_400, 3_400), ImageFormat::Png)),
        ("large jpeg", "cover.jpg", scans(jpeg(0xc0, 4_000, 4_000, 2), 375_000, false, 0)),
        ("large progressive", "cover.jpg", scans(jpeg(0xc2, 2_800, 2_800, 2), 183_750, true, 90)),
        ("long gif", "cover.gif", film()),
        ("jpeg cut late", "cover.jpg", whole[..whole.len() / 2].to_vec()),
    ]
}

#[cfg(target_os = "linux")]
#[test]
fn no_picture_costs_much_memory_or_time_and_all_have_an_answer() {
    let (bombs, large) = (bombs(), large());
    let all: Vec<_> = bombs.iter().chain(&large).cloned().collect();
    let mut house = beside(&all);
    let log = house.data.path().join("log");
    let mut command = house.command(&[]);
    command.env("AURALIS_LOG", "warn").stderr(std::fs::File::create(&log).expect("a file"));
    house.run(command);
    house.settled(all.len() as u64);
    let paths: Vec<String> = all.iter().map(|(title, ..)| artwork(&house, title, "")).collect();
    let check = |title: &str, answer: &Response| {
        let is_bomb = bombs.iter().any(|(bomb, ..)| *bomb == title);
        let kind = if is_bomb { "image/svg+xml" } else { "image/jpeg" };
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(kind)), "{title}");
    };
    let before = house.memory("VmRSS");
    for ((title, ..), path) in all.iter().zip(&paths) {
        house.forget_peak();
        let start = Instant::now();
        check(title, &house.get(&format!("{path}?size=300")));
        let took = start.elapsed();
        assert!(took < SOON, "{title} took {took:?}");
        let grown = house.memory("VmHWM").saturating_sub(before);
        assert!(grown < MOST_KIB, "{title} took {grown} KiB");
        println!("{title}: {took:?}, {grown} KiB");
        if bombs.iter().any(|(bomb, ..)| bomb == title) {
            assert_drawn(&house.get(path));
        }
    }
    // All of them at once cost no more than one, besides what an allocator kept.
    let before = house.memory("VmRSS");
    house.forget_peak();
    let address = house.address();
    std::thread::scope(|scope| {
        let ask = |n: usize| get(address, &format!("{}?size={}", paths[n], 400 + n));
        let asking: Vec<_> = (0..all.len()).map(|n| (n, scope.spawn(move || ask(n)))).collect();
        for (n, asked) in asking {
            check(all[n].0, &asked.join().expect("it is answered"));
        }
    });
    let grown = house.memory("VmHWM").saturating_sub(before);
    assert!(grown < MOST_KIB, "all took {grown} KiB");
    assert_eq!(house.counter("request_errors"), 0);
    // Each is said once, however often it is asked for, and with its reason. What
    // is not even a picture by its first bytes needs no word.
    let said = std::fs::read_to_string(log).expect("a log");
    assert_eq!(said.matches("picture not shown").count(), bombs.len() - 1, "{said}");
    assert!(said.contains("60000 × 60000 pixels") && said.contains("cover.png"), "{said}");
}
