//! The dominant colour of a picture: what most of what has colour in it looks
//! like. Not the mean, which of red and green makes a brown that is nowhere.

use std::fmt;

/// Levels per channel that are told apart when counting.
const LEVELS: usize = 16;
/// How much a grey pixel counts beside one that is all colour.
const GREY: f32 = 0.15;

/// A colour, as CSS writes it: `#rrggbb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub [u8; 3]);

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// What pixels of about one colour come to.
#[derive(Clone, Copy, Default)]
struct Bin {
    weight: f32,
    sum: [f32; 3],
}

/// The dominant colour of these pixels.
pub fn dominant<'a>(pixels: impl Iterator<Item = &'a [u8; 3]>) -> Colour {
    let mut bins = vec![Bin::default(); LEVELS * LEVELS * LEVELS];
    for pixel in pixels {
        let [red, green, blue] = pixel.map(usize::from);
        let chroma = f32::from(pixel.iter().max().unwrap_or(&0) - pixel.iter().min().unwrap_or(&0)) / 255.0;
        let weight = GREY + chroma;
        let bin = &mut bins[place(red * LEVELS / 256, green * LEVELS / 256, blue * LEVELS / 256)];
        bin.weight += weight;
        for (sum, value) in bin.sum.iter_mut().zip(pixel) {
            *sum += weight * f32::from(*value);
        }
    }
    // With its neighbours, or a colour on a border would count as two.
    let mut most = Bin::default();
    for red in 0..LEVELS {
        for green in 0..LEVELS {
            for blue in 0..LEVELS {
                let around = around(&bins, [red, green, blue]);
                if around.weight > most.weight {
                    most = around;
                }
            }
        }
    }
    Colour(most.sum.map(|sum| (sum / most.weight.max(f32::MIN_POSITIVE)).round() as u8))
}

fn place(red: usize, green: usize, blue: usize) -> usize {
    (red * LEVELS + green) * LEVELS + blue
}

/// A bin and those that touch it.
fn around(bins: &[Bin], centre: [usize; 3]) -> Bin {
    let [reds, greens, blues] = centre.map(|level| level.saturating_sub(1)..=(level + 1).min(LEVELS - 1));
    let mut all = Bin::default();
    for red in reds {
        for green in greens.clone() {
            for blue in blues.clone() {
                let bin = bins[place(red, green, blue)];
                all.weight += bin.weight;
                for (sum, more) in all.sum.iter_mut().zip(bin.sum) {
                    *sum += more;
                }
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(parts: &[([u8; 3], usize)], expected: &str) {
        let pixels: Vec<[u8; 3]> =
            parts.iter().flat_map(|(colour, n)| std::iter::repeat_n(*colour, *n)).collect();
        assert_eq!(dominant(pixels.iter()).to_string(), expected, "{parts:?}");
    }

    #[test]
    fn the_dominant_colour_is_one_that_is_there() {
        check(&[([200, 30, 30], 60), ([30, 160, 60], 40)], "#c81e1e");
        // A little colour stands for a picture that is grey for the most part,
        check(&[([20, 20, 20], 700), ([20, 60, 200], 300)], "#143cc8");
        // a speck of it does not,
        check(&[([20, 20, 20], 990), ([20, 60, 200], 10)], "#141414");
        // and shades across a border between two bins are one colour.
        check(&[([127, 20, 20], 30), ([128, 20, 20], 30), ([20, 128, 20], 40)], "#801414");
        check(&[([255, 255, 255], 1)], "#ffffff");
        check(&[], "#000000");
    }
}
