//! The cover of a demo track: its aura on paper, as PNG.

use auralis_core::fingerprint::{AURA_RING, Fingerprint, Petal, aura};
use tiny_skia::{Color, FillRule, Paint, Path, PathBuilder, Pixmap, Stroke, Transform};

/// Width and height in pixels.
const SIZE: u32 = 600;
/// The paper of the page's light look.
const PAPER: [u8; 3] = [0xFA, 0xF8, 0xF4];
/// The ring's ink.
const INK: [u8; 3] = [0x8C, 0x82, 0x78];

/// The cover of a measured track.
pub fn cover(track: &Fingerprint) -> crate::Result<Vec<u8>> {
    let mut image = Pixmap::new(SIZE, SIZE).ok_or("the cover has no size")?;
    image.fill(Color::from_rgba8(PAPER[0], PAPER[1], PAPER[2], 255));
    // The drawing's square of 100 × 100, with a margin.
    let scale = SIZE as f32 / 108.0;
    let place = Transform::from_scale(scale, scale).pre_translate(4.0, 4.0);
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    if let Some(ring) = PathBuilder::from_circle(50.0, 50.0, AURA_RING as f32) {
        paint.set_color_rgba8(INK[0], INK[1], INK[2], 255);
        image.stroke_path(&ring, &paint, &Stroke { width: 1.1, ..Stroke::default() }, place, None);
    }
    for petal in &aura(track).petals {
        let [red, green, blue] = rgb(petal.family.colour());
        paint.set_color_rgba8(red, green, blue, 209);
        if let Some(path) = outline(petal) {
            image.fill_path(&path, &paint, FillRule::Winding, place, None);
        }
    }
    Ok(image.encode_png()?)
}

fn outline(petal: &Petal) -> Option<Path> {
    let mut path = PathBuilder::new();
    let [start, curves @ ..] = petal.points.map(|[x, y]| [x as f32, y as f32]);
    path.move_to(start[0], start[1]);
    for curve in curves.chunks_exact(3) {
        path.cubic_to(curve[0][0], curve[0][1], curve[1][0], curve[1][1], curve[2][0], curve[2][1]);
    }
    path.close();
    path.finish()
}

/// The three bytes of `#rrggbb`.
fn rgb(colour: &str) -> [u8; 3] {
    let number = u32::from_str_radix(colour.trim_start_matches('#'), 16).unwrap_or(0);
    [(number >> 16) as u8, (number >> 8) as u8, number as u8]
}
