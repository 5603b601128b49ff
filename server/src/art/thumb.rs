//! A picture made small: decoded within what it claimed, scaled, and written
//! as JPEG. JPEG because everything that shows covers reads it, and at these
//! sizes it is a tenth of the only WebP that is written without C: a lossless one.

use std::io::Cursor;

use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder, ImageReader, ImageResult, Limits, RgbImage};

use super::claim::Claim;
use super::colour::{Colour, dominant};

/// JPEG quality, of 100: above it covers grow faster than they look better.
const QUALITY: u8 = 85;
/// What shows through a picture, as on the page that it was drawn for.
const BEHIND: u8 = 255;
/// Pixels across or down in which colours are counted.
const COUNTED: u32 = 64;

/// A picture, small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thumb {
    /// Its dominant colour.
    pub colour: Colour,
    /// The picture.
    pub jpeg: Bytes,
}

/// Makes a picture small enough for a square of `size` pixels; one that is
/// smaller stays as it is.
pub fn make(picture: &[u8], claim: Claim, size: u32) -> ImageResult<Thumb> {
    let whole = decode(picture, claim)?;
    let mut small = shrunk(&whole.image, size);
    drop(whole.image);
    small.apply_orientation(whole.orientation);
    let flat = flat(small);
    let counted = shrunk(&DynamicImage::ImageRgb8(flat.clone()), COUNTED).into_rgb8();
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY).encode_image(&flat)?;
    Ok(Thumb { colour: dominant(counted.pixels().map(|pixel| &pixel.0)), jpeg: jpeg.into() })
}

struct Whole {
    image: DynamicImage,
    orientation: image::metadata::Orientation,
}

fn decode(picture: &[u8], claim: Claim) -> ImageResult<Whole> {
    let mut reader = ImageReader::with_format(Cursor::new(picture), claim.kind.format());
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(claim.width);
    limits.max_image_height = Some(claim.height);
    limits.max_alloc = Some(claim.room);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder()?;
    // Strictly: not all decoders hold themselves to the limits.
    limits.check_dimensions(decoder.dimensions().0, decoder.dimensions().1)?;
    limits.reserve(decoder.total_bytes())?;
    decoder.set_limits(limits)?;
    let orientation = decoder.orientation()?;
    Ok(Whole { image: DynamicImage::from_decoder(decoder)?, orientation })
}

/// Each pixel the mean of those it stands for, its shape kept.
fn shrunk(image: &DynamicImage, size: u32) -> DynamicImage {
    if image.width().max(image.height()) <= size { image.clone() } else { image.thumbnail(size, size) }
}

/// Without what can be seen through.
fn flat(image: DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.into_rgb8();
    }
    let image = image.into_rgba8();
    RgbImage::from_fn(image.width(), image.height(), |x, y| {
        let [red, green, blue, alpha] = image.get_pixel(x, y).0.map(u16::from);
        let over = |value: u16| ((value * alpha + u16::from(BEHIND) * (255 - alpha)) / 255) as u8;
        image::Rgb([red, green, blue].map(over))
    })
}
