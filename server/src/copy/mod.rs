//! An enhanced copy of a track as a finished file: rendered, once more where it
//! missed its promise, and tagged as the track is. The command line and jobs
//! write theirs here, so that both write the same bits under the same names.

mod ahead;
mod fields;
mod names;
pub mod tags;
mod taste;
mod unfinished;

pub use ahead::pass;
pub use fields::fields;
pub use names::{FIELDS, Fields, Taken, Template, plain_name};
pub use taste::in_company;
pub use unfinished::Unfinished;

use std::io::{self, BufWriter};

use auralis_core::block::Block;
use auralis_core::encode::{self, Encoder, Format};
use auralis_core::error::{Error, Kind};
use auralis_core::fingerprint::Fingerprint;
use auralis_core::flow::{Source, Stereo};
use auralis_core::geometry::Geometry;
use auralis_core::meter::{Meter, Reading};
use auralis_core::plan::{self, Plan, Taste, Trim};
use auralis_core::player::Render;

/// Frames rendered between two looks at whether to go on.
const BLOCK: usize = 4_096;
/// Bytes that are written at once.
const BUFFER: usize = 1 << 18;

/// What is to be written of a track.
pub struct Order<'a> {
    /// What was measured of it.
    pub print: &'a Fingerprint,
    /// The depth of its samples, where they are integers.
    pub bits: Option<u32>,
    /// How it shall sound; under the ceiling of the format.
    pub taste: &'a Taste,
    /// What a rendering by this taste taught; none: nobody has heard one.
    pub trim: Option<Trim>,
    /// How it is written.
    pub format: Format,
    /// Bits per second, where the format leaves a choice.
    pub bit_rate: u32,
    /// Whether one thread reads and renders while another encodes.
    pub in_two: bool,
}

/// What came of it.
pub struct Made {
    /// By which plan the file was rendered.
    pub plan: Plan,
    /// What that plan was trimmed by.
    pub trim: Trim,
}

/// Why there is no copy.
#[derive(Debug)]
pub enum Failure {
    /// The track cannot be read or rendered.
    Unread(Error),
    /// The copy cannot be written.
    Unwritten(io::Error),
    /// Its format cannot hold it.
    Unfit(Error),
    /// It was stopped.
    Stopped,
}

/// How far it is.
#[derive(Clone, Copy, Debug)]
pub struct Going {
    /// Rendered once more, closer to its promise.
    pub again: bool,
    /// Frames of this rendering that are done.
    pub n_done: u64,
}

/// The depth that a copy has which nobody gave one: the track's own, up to 24 bits.
pub fn flac_at(bits: Option<u32>) -> Format {
    match bits {
        Some(..=16) => Format::Flac16,
        _ => Format::Flac24,
    }
}

/// The taste of a copy in this format, which may have a ceiling of its own.
pub fn under_ceiling(mut taste: Taste, format: Format) -> Taste {
    if let Some(ceiling) = format.ceiling_dbtp() {
        taste.ceiling_dbtp = taste.ceiling_dbtp.min(ceiling);
    }
    taste
}

/// Renders `source`, which is the track, into the file, and once more where it
/// comes out louder or softer than its plan promised. Page and stream plan so too,
/// once a rendering was heard. `going` hears how far it is, and may stop it.
pub fn render(
    source: Box<dyn Source + Send>,
    order: &Order,
    file: &mut Unfinished,
    going: &mut dyn FnMut(Going) -> bool,
) -> Result<Made, Failure> {
    let print = order.print;
    let trim = order.trim.unwrap_or_default();
    let plan = planned(order, trim)?;
    let geometry = Geometry::at(print.sample_rate);
    let mut render =
        Render::new(Stereo::new(source), &plan.stages, print.n_frames, geometry).map_err(Failure::Unread)?;
    let heard = write(&mut render, order, &plan, file, &mut |n_done| going(Going { again: false, n_done }))?;
    if order.trim.is_some() {
        return Ok(Made { plan, trim });
    }
    let trim = plan.trim(heard.integrated, heard.range);
    let better = planned(order, trim)?;
    if better.stages != plan.stages {
        render.restart(&better.stages).map_err(Failure::Unread)?;
        write(&mut render, order, &better, file, &mut |n_done| going(Going { again: true, n_done }))?;
    }
    Ok(Made { plan: better, trim })
}

/// The plan of a copy in this format.
fn planned(order: &Order, trim: Trim) -> Result<Plan, Failure> {
    let mut plan = plan::plan_trimmed(order.print, order.taste, trim).map_err(Failure::Unread)?;
    if let Some(ceiling) = order.format.ceiling_dbtp() {
        plan.lower_ceiling(ceiling);
    }
    Ok(plan)
}

/// Writes what `render` gives; tells how loud it came out.
fn write(
    render: &mut (dyn Source + Send),
    order: &Order,
    plan: &Plan,
    file: &mut Unfinished,
    going: &mut dyn FnMut(u64) -> bool,
) -> Result<Reading, Failure> {
    let spec = render.spec();
    let mut encoder = encoder(order, render, plan, file)?;
    let mut meter = Meter::new(spec.rate, spec.n_channels).map_err(Failure::Unread)?;
    let mut n_done = 0;
    let each = |block: &Block| {
        meter.push(block);
        encoder.write(block).map_err(unwritten)?;
        n_done += block.n_frames() as u64;
        if going(n_done) { Ok(()) } else { Err(Failure::Stopped) }
    };
    pass(render, BLOCK, order.in_two, Failure::Unread, each)?;
    encoder.finish().map_err(unwritten)?;
    Ok(meter.finish().loudness)
}

fn encoder(
    order: &Order,
    render: &(dyn Source + Send),
    plan: &Plan,
    file: &mut Unfinished,
) -> Result<Box<dyn Encoder>, Failure> {
    let (spec, n_frames) = (render.spec(), render.expected_frames().unwrap_or(0));
    let out = BufWriter::with_capacity(BUFFER, file.create().map_err(Failure::Unwritten)?);
    match order.format {
        format if format.bit_rates().is_some() => {
            let encoder = encode::streamed(format, spec, 0..n_frames, false, order.bit_rate, out);
            encoder.map(|encoder| encoder as Box<dyn Encoder>)
        }
        format => encode::encoder(format, spec, n_frames, needs_dither(order, plan), Box::new(out)),
    }
    .map_err(unwritten)
}

/// Rounding is dithered where the samples are not the source's own any more,
/// or were finer than what is written.
fn needs_dither(order: &Order, plan: &Plan) -> bool {
    let Some(bits) = order.format.bits() else { return false };
    let is_exact = order.bits.is_some_and(|own| own <= bits) && order.print.channels <= 2;
    !is_exact || !plan.is_neutral(order.print.true_peak_dbtp)
}

/// What a failing encoder means.
fn unwritten(error: Error) -> Failure {
    let cause = std::error::Error::source(&error).and_then(|cause| cause.downcast_ref::<io::Error>());
    match cause {
        // An error of the system's is told by its number, or by what it is.
        Some(cause) if error.kind == Kind::Io => Failure::Unwritten(again(cause)),
        _ => Failure::Unfit(error),
    }
}

/// The same error once more, which the library does not let go.
fn again(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(number) => io::Error::from_raw_os_error(number),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}

/// The system's error underneath another, if it is one.
pub fn of_system(error: &(dyn std::error::Error + 'static)) -> Option<io::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(cause) = error.downcast_ref::<io::Error>() {
            return Some(again(cause));
        }
        next = error.source();
    }
    None
}
