//! The library in figures: added up over the shelf.

use std::collections::BTreeMap;

use super::{Shelf, Slot};
use crate::rule::{Number, Trait};

/// The library in figures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statistics {
    /// Tracks that are here.
    pub n_tracks: u64,
    /// Of these, measured.
    pub n_measured: u64,
    /// Favourites.
    pub n_favorites: u64,
    /// Plays of all.
    pub n_plays: u64,
    /// Seconds of all.
    pub duration_s: f64,
    /// Seconds and tracks by codec, rate (frames per second) and depth (bits).
    pub codecs: BTreeMap<String, Share>,
    /// The same by frames per second.
    pub rates: BTreeMap<u32, Share>,
    /// The same by bits per sample.
    pub bits: BTreeMap<u32, Share>,
    /// Tracks by decade of their first release.
    pub decades: BTreeMap<i32, u64>,
    /// Tracks by integrated loudness, in steps of 1 LUFS.
    pub lufs: BTreeMap<i32, u64>,
    /// Tracks by loudness range, in steps of 1 LU.
    pub lra: BTreeMap<i32, u64>,
    /// Tracks by crest factor, in steps of 1 dB.
    pub crest: BTreeMap<i32, u64>,
    /// Tracks by tempo, in steps of 10 BPM.
    pub bpm: BTreeMap<i32, u64>,
}

/// What a part of the library comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Share {
    /// How many tracks.
    pub n_tracks: u64,
    /// Seconds.
    pub duration_s: f64,
}

impl Share {
    fn add(&mut self, duration_s: f64) {
        self.n_tracks += 1;
        self.duration_s += duration_s;
    }
}

impl Shelf {
    /// All listed tracks in figures.
    pub fn statistics(&self) -> Statistics {
        let mut sum = Statistics::default();
        for slot in self.slots.iter().filter(|slot| slot.is_listed()) {
            self.count(&mut sum, slot);
        }
        sum
    }

    fn count(&self, sum: &mut Statistics, slot: &Slot) {
        let is = |what: Trait| u64::from(slot.is(what, |_| false));
        let number = |number: Number| slot.number(number);
        let duration_s = number(Number::Duration).unwrap_or(0.0);
        sum.n_tracks += 1;
        sum.n_measured += is(Trait::Measured);
        sum.n_favorites += is(Trait::Favorite);
        sum.n_plays += number(Number::Plays).unwrap_or(0.0) as u64;
        sum.duration_s += duration_s;
        sum.codecs.entry(self.codec(slot.codec()).to_owned()).or_default().add(duration_s);
        for (shares, number) in
            [(&mut sum.rates, number(Number::Rate)), (&mut sum.bits, number(Number::Bits))]
        {
            if let Some(number) = number {
                shares.entry(number as u32).or_default().add(duration_s);
            }
        }
        for (steps, number, step) in [
            (&mut sum.decades, number(Number::Year), 10.0),
            (&mut sum.lufs, number(Number::Lufs), 1.0),
            (&mut sum.lra, number(Number::Lra), 1.0),
            (&mut sum.crest, number(Number::Crest), 1.0),
            (&mut sum.bpm, number(Number::Bpm), 10.0),
        ] {
            if let Some(number) = number {
                *steps.entry(((number / step).floor() * step) as i32).or_default() += 1;
            }
        }
    }
}
