//! What a picture claims to be, by its first bytes, before any decoder sees it:
//! its format, its pixels, and the memory that decoding it takes. What a tag or
//! a name says is not believed, and what a browser could run (SVG) is no picture.

use image::ImageFormat;

/// What a decoder may take besides what the pixels need: profiles, tables, rows.
const SLACK: u64 = 1 << 20;
/// Bytes that a lossless WebP's Huffman tables may take per byte that describes
/// them: 2,048 codes of 11 bits, said in ten bytes, become 52 KiB.
const TABLES: u64 = 6_000;

/// The formats that are pictures here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Baseline or progressive.
    Jpeg,
    /// Any depth.
    Png,
    /// Its first frame.
    Gif,
    /// Lossy or lossless, still.
    WebP,
}

impl Kind {
    /// The format whose first bytes these are.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xff, 0xd8, 0xff, ..] => Some(Kind::Jpeg),
            [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some(Kind::Png),
            [b'G', b'I', b'F', b'8', ..] => Some(Kind::Gif),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Kind::WebP),
            _ => None,
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        self.format().to_mime_type()
    }

    /// The same, as the decoder names it.
    pub fn format(self) -> ImageFormat {
        match self {
            Kind::Jpeg => ImageFormat::Jpeg,
            Kind::Png => ImageFormat::Png,
            Kind::Gif => ImageFormat::Gif,
            Kind::WebP => ImageFormat::WebP,
        }
    }
}

/// What a picture claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Its format.
    pub kind: Kind,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Bytes that decoding it takes at most, two copies of its own included.
    pub room: u64,
}

/// Pixels across and down, and what they take to decode.
type Size = (u32, u32, u64);

impl Claim {
    /// The claim of a picture; none where it makes none that can be held to it.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let kind = Kind::of(bytes)?;
        let (width, height, work) = match kind {
            Kind::Jpeg => jpeg(bytes)?,
            Kind::Png => png(bytes)?,
            Kind::Gif => gif(bytes)?,
            Kind::WebP => webp(bytes)?,
        };
        let room = work.saturating_add(2 * bytes.len() as u64 + SLACK);
        (width > 0 && height > 0).then_some(Claim { kind, width, height, room })
    }
}

fn area(width: u32, height: u32) -> u64 {
    u64::from(width) * u64::from(height)
}

fn u16_be(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from(*bytes.get(at)?) << 8 | u32::from(*bytes.get(at + 1)?))
}

fn u16_le(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from(*bytes.get(at)?) | u32::from(*bytes.get(at + 1)?) << 8)
}

/// ITU-T T.81, annex B: one frame header, then the first scan's. Three bytes a
/// pixel come out; of a progressive one the coefficients of all scans wait beside
/// them, two bytes each. A baseline one that does not say all in one scan may
/// have any number of them, and is none here.
fn jpeg(bytes: &[u8]) -> Option<Size> {
    let mut frame = None;
    let mut at = 2;
    loop {
        while bytes.get(at..at + 2)? == [0xff, 0xff] {
            at += 1;
        }
        let [0xff, marker] = *bytes.get(at..at + 2)? else { return None };
        let body = at + 2;
        match marker {
            0xc4 | 0xc8 | 0xcc => {}
            // A second frame could claim otherwise.
            0xc0..=0xcf if frame.is_some() => return None,
            0xc0..=0xcf => frame = Some((marker == 0xc2, body)),
            0xda => {
                let (is_progressive, head) = frame?;
                let is_whole = bytes.get(body + 2)? == bytes.get(head + 7)?;
                return if is_progressive || is_whole {
                    jpeg_frame(bytes, head, is_progressive)
                } else {
                    None
                };
            }
            _ => {}
        }
        at = body + u16_be(bytes, body).filter(|length| *length >= 2)? as usize;
    }
}

fn jpeg_frame(bytes: &[u8], at: usize, is_progressive: bool) -> Option<Size> {
    let (height, width) = (u16_be(bytes, at + 3)?, u16_be(bytes, at + 5)?);
    let n_planes = usize::from(*bytes.get(at + 7)?);
    let planes = bytes.get(at + 8..at + 8 + 3 * n_planes)?.chunks_exact(3);
    let (mut most_h, mut most_v, mut n_blocks) = (1, 1, 0);
    for (h, v) in planes.map(|plane| (u32::from(plane[1] >> 4), u32::from(plane[1] & 15))) {
        (most_h, most_v, n_blocks) = (most_h.max(h), most_v.max(v), n_blocks + u64::from(h * v));
    }
    let units = area(width.div_ceil(8 * most_h), height.div_ceil(8 * most_v));
    let kept = if is_progressive { units * n_blocks * 64 * 2 } else { 0 };
    Some((width, height, 3 * area(width, height) + kept))
}

/// PNG, 11.2.1: the header comes first. A palette or a transparent colour come
/// out as more bytes than went in.
fn png(bytes: &[u8]) -> Option<Size> {
    let head = bytes.get(12..29).filter(|head| head.starts_with(b"IHDR"))?;
    let (width, height) =
        (u16_be(head, 4)? << 16 | u16_be(head, 6)?, u16_be(head, 8)? << 16 | u16_be(head, 10)?);
    let depth = if head[12] == 16 { 8 } else { 4 };
    Some((width, height, area(width, height).checked_mul(depth)?))
}

/// GIF89a, 18: the screen, in four bytes a pixel, and a frame of its size.
fn gif(bytes: &[u8]) -> Option<Size> {
    let (width, height) = (u16_le(bytes, 6)?, u16_le(bytes, 8)?);
    Some((width, height, 8 * area(width, height)))
}

/// RFC 9649, 2: a canvas, perhaps, and the pictures on it, each with a claim of
/// its own. Four bytes a pixel come out of 1.5 where it is lossy; what is
/// lossless takes two such planes more, and its tables.
fn webp(bytes: &[u8]) -> Option<Size> {
    let (mut width, mut height, mut lossless) = (0, 0, 0);
    let mut at = 12;
    while let (Some(name), Some(length)) = (bytes.get(at..at + 4), bytes.get(at + 4..at + 8)) {
        let length = u16_le(length, 0)? | u16_le(length, 2)? << 16;
        let body = bytes.get(at + 8..)?;
        let (w, h) = match name {
            b"VP8X" => (wide(body, 4)? + 1, wide(body, 7)? + 1),
            b"VP8 " => (u16_le(body, 6)? & 0x3fff, u16_le(body, 8)? & 0x3fff),
            b"VP8L" => {
                let bits = u16_le(body, 1)? | u16_le(body, 3)? << 16;
                ((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1)
            }
            // What moves has frames of any size within.
            b"ANIM" | b"ANMF" => return None,
            _ => (0, 0),
        };
        (width, height) = (width.max(w), height.max(h));
        if matches!(name, b"VP8L" | b"ALPH") {
            lossless += u64::from(length).min(body.len() as u64);
        }
        at = (at + 8).checked_add(length.next_multiple_of(2) as usize)?;
    }
    let per_pixel = if lossless > 0 { 14 } else { 6 };
    Some((width, height, per_pixel * area(width, height) + TABLES * lossless))
}

/// A number of three bytes.
fn wide(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u16_le(bytes, at)? | u32::from(*bytes.get(at + 2)?) << 16)
}
