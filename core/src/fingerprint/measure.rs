//! Measuring: blocks in, a fingerprint out, in one pass.

use super::moments::{Seconds, StereoMoments};
use super::rhythm::{self, Rhythm};
use super::sketch::Sketch;
use super::spectrum::{Spectrum, Summary};
use super::timeline::{Curve, Outline};
use super::{AsFiled, Descriptors, Fingerprint, VERSION, quantised};
use crate::block::Block;
use crate::error::{Error, Kind, Result};
use crate::flow::{Downmix, Source, Spec};
use crate::math::f64 as math;
use crate::meter::{Levels, Loudness, TICKS_PER_S, Tick, TickMeter, Ticks, abs_max};

/// Hears a track block by block, whatever their sizes, and ends in its
/// [`Fingerprint`]. Its memory is bounded, however long the track.
pub struct Measurer {
    spec: Spec,
    ticks: Ticks,
    ear: Ear,
}

impl Measurer {
    /// A measurer of streams of this shape, in the file's own channels.
    pub fn new(spec: Spec) -> Result<Self> {
        Ok(Measurer { spec, ticks: Ticks::new(spec.rate, spec.n_channels)?, ear: Ear::new(spec)? })
    }

    /// Hears the block.
    pub fn push(&mut self, block: &Block) {
        self.ticks.push(block, |tick| self.ear.tick(tick));
    }

    /// The fingerprint of all that was heard.
    pub fn finish(self) -> Fingerprint {
        self.ear.finish(self.ticks.rest(), self.spec, self.ticks.n_frames())
    }
}

/// Measures all of `source`, from where it stands. `keep_going` is told the
/// frames done and stops it by `false`.
pub fn measure(source: &mut dyn Source, keep_going: &mut dyn FnMut(u64) -> bool) -> Result<Fingerprint> {
    let spec = source.spec();
    let mut measurer = Measurer::new(spec)?;
    let mut block = Block::new(spec.n_channels, 8_192);
    let mut done = 0;
    loop {
        source.read(&mut block)?;
        measurer.push(&block);
        done += block.n_frames() as u64;
        if !keep_going(done) {
            return Err(Error::new(Kind::Cancelled, "measuring was stopped").at(done));
        }
        if block.n_frames() < block.capacity() {
            return Ok(measurer.finish());
        }
    }
}

/// Everything that listens to the ticks.
struct Ear {
    own: TickMeter,
    stereo_meter: StereoMeter,
    downmix: Downmix,
    stereo: Block,
    moments: StereoMoments,
    seconds: Seconds,
    curve: Curve,
    outline: Outline,
    sketch: Sketch,
    spectrum: Spectrum,
    rhythm: Rhythm,
    second: Second,
    n_ticks: u64,
}

/// How the loudness of the stereo downmix is found.
enum StereoMeter {
    /// Stereo: it is the file's own.
    Own,
    /// Mono is two equal channels: twice the energy, the same peaks.
    Twice(Box<Loudness>),
    /// More channels: another meter, on the downmix.
    Other(Box<TickMeter>),
}

/// The second being heard.
#[derive(Clone, Copy, Default)]
struct Second {
    energy: f64,
    squares: f64,
    n_frames: u64,
    peak: f32,
}

impl Ear {
    fn new(spec: Spec) -> Result<Self> {
        let Spec { rate, n_channels } = spec;
        Ok(Ear {
            own: TickMeter::new(rate, n_channels)?,
            stereo_meter: match n_channels {
                1 => StereoMeter::Twice(Box::default()),
                2 => StereoMeter::Own,
                _ => StereoMeter::Other(Box::new(TickMeter::new(rate, 2)?)),
            },
            downmix: Downmix::new(n_channels),
            stereo: Block::new(2, (u64::from(rate) / TICKS_PER_S) as usize + 2),
            moments: StereoMoments::default(),
            seconds: Seconds::new(),
            curve: Curve::new(),
            outline: Outline::new(),
            sketch: Sketch::new(),
            spectrum: Spectrum::new(rate),
            rhythm: Rhythm::new(rate),
            second: Second::default(),
            n_ticks: 0,
        })
    }

    fn tick(&mut self, block: &Block) {
        let own = self.own.tick(block);
        self.downmix.mix(block, &mut self.stereo);
        let tick = match &mut self.stereo_meter {
            StereoMeter::Own => own,
            StereoMeter::Twice(loudness) => {
                let energy = 2.0 * own.energy;
                Tick { energy, gating_block: loudness.tick(energy, block.n_frames()), ..own }
            }
            StereoMeter::Other(meter) => meter.tick(&self.stereo),
        };
        self.frames(tick.energy, tick.sample_peak);
        self.rhythm.tick(self.stereo.plane(0), self.stereo.plane(1));
        self.sketch.tick(&tick);
        self.n_ticks += 1;
        if self.n_ticks.is_multiple_of(TICKS_PER_S / 10) {
            self.sketch.step(self.spectrum.take_k_bands(), tick.gating_block);
        }
        if self.n_ticks.is_multiple_of(TICKS_PER_S) {
            self.end_second();
        }
    }

    /// What is heard frame by frame of the stereo downmix.
    fn frames(&mut self, energy: f64, peak: f32) {
        let (left, right) = (self.stereo.plane(0), self.stereo.plane(1));
        self.second.energy += energy;
        self.second.squares += self.moments.push(left, right);
        self.second.n_frames += left.len() as u64;
        self.second.peak = self.second.peak.max(peak);
        self.outline.push(left, right, peak);
        self.spectrum.push(left, right);
    }

    fn end_second(&mut self) {
        let second = std::mem::take(&mut self.second);
        self.seconds.add(second.squares / (2 * second.n_frames) as f64, second.peak);
        self.curve.add(second.energy, second.n_frames);
    }

    fn finish(mut self, rest: &Block, spec: Spec, n_frames: u64) -> Fingerprint {
        // What fills no tick has no K-weighted energy but is seen by the rest.
        self.downmix.mix(rest, &mut self.stereo);
        let peak = abs_max(self.stereo.plane(0)).max(abs_max(self.stereo.plane(1)));
        self.frames(0.0, peak);
        let n_whole = self.second.n_frames - rest.n_frames() as u64;
        let second = self.second;
        if n_whole > 0 {
            self.curve.add(second.energy, n_whole);
        }
        // An unfinished second counts only where there is no other.
        if second.n_frames > 0 && self.n_ticks < TICKS_PER_S {
            self.seconds.add(second.squares / (2 * second.n_frames) as f64, second.peak);
        }
        let own = self.own.finish(rest);
        let levels = match &mut self.stereo_meter {
            StereoMeter::Own => own,
            StereoMeter::Twice(loudness) => Levels { loudness: loudness.reading(), ..own },
            StereoMeter::Other(meter) => meter.finish(&self.stereo),
        };
        let (hop_s, curve) = self.curve.finish();
        let summary = self.spectrum.finish();
        Fingerprint {
            version: VERSION,
            sample_rate: spec.rate,
            channels: spec.n_channels as u32,
            n_frames,
            descriptors: descriptors(&summary, &self.rhythm.finish(), &levels, &self.moments, &self.seconds),
            true_peak_dbtp: decibels(levels.true_peak),
            sample_peak_dbfs: decibels(levels.sample_peak),
            lra_lu: quantised(levels.loudness.range, 100.0),
            max_momentary: levels.loudness.max_momentary.map(hundredths),
            max_short_term: levels.loudness.max_short_term.map(hundredths),
            as_filed: as_filed(&own),
            loudness_hop_s: hop_s,
            loudness_curve: curve,
            waveform: self.outline.finish(),
            third_octaves: summary.third_octaves,
            sketch: self.sketch.finish(),
        }
    }
}

fn descriptors(
    spectrum: &Summary,
    rhythm: &rhythm::Summary,
    levels: &Levels,
    stereo: &StereoMoments,
    seconds: &Seconds,
) -> Descriptors {
    let [sub_bass, bass, low_mid, mid, upper_mid, presence, air] = spectrum.bands;
    let rms = stereo.mean_square().sqrt();
    let crest = if rms > 0.0 { 20.0 * math::log10(levels.sample_peak / rms) } else { 0.0 };
    let (dynamic_range_variation, peak_consistency) = seconds.variation();
    Descriptors {
        sub_bass,
        bass,
        low_mid,
        mid,
        upper_mid,
        presence,
        air,
        lufs: levels.loudness.integrated.map(hundredths),
        crest_db: hundredths(crest.clamp(0.0, 400.0)),
        bass_mid_ratio: spectrum.bass_mid_ratio,
        tempo_bpm: rhythm.tempo_bpm,
        rhythm_stability: rhythm.rhythm_stability,
        transient_density: spectrum.transient_density,
        silence_ratio: spectrum.silence_ratio,
        spectral_centroid: spectrum.centroid,
        spectral_rolloff: spectrum.rolloff,
        spectral_flatness: spectrum.flatness,
        harmonic_ratio: spectrum.harmonic_ratio,
        pitch_stability: spectrum.pitch_stability,
        chroma_energy: spectrum.chroma_energy,
        dynamic_range_variation,
        loudness_variation_std: hundredths(levels.loudness.deviation),
        peak_consistency,
        stereo_width: stereo.width(),
        phase_correlation: stereo.correlation(),
    }
}

fn as_filed(levels: &Levels) -> AsFiled {
    AsFiled {
        lufs: levels.loudness.integrated.map(hundredths),
        lra_lu: hundredths(levels.loudness.range),
        true_peak_dbtp: decibels(levels.true_peak),
        sample_peak_dbfs: decibels(levels.sample_peak),
        max_momentary: levels.loudness.max_momentary.map(hundredths),
        max_short_term: levels.loudness.max_short_term.map(hundredths),
    }
}

/// A linear peak in dB, to 0.01; `None` under −200 dB, which is silence.
fn decibels(peak: f64) -> Option<f64> {
    (peak > 1e-10).then(|| hundredths(20.0 * math::log10(peak)))
}

fn hundredths(x: f64) -> f64 {
    quantised(x, 100.0)
}
