//! One track of many: measured, rendered, tagged, and put in its place.

use std::fs;
use std::path::Path;

use auralis_core::encode::Format;
use auralis_core::flow::Source;
use auralis_core::plan::Taste;

use super::super::kept::{Budget, Keeping};
use super::super::output::{Output, unwritten};
use super::super::{Failure, Outcome, input};
use super::found::Wanted;
use super::{failed, tag};
use crate::copy::{self, Going, Order};
use crate::media;

/// How all of them are rendered.
pub struct Told<'a> {
    /// How they shall sound.
    pub taste: &'a Taste,
    /// How they are written; none: as FLAC at the depth of each.
    pub format: Option<Format>,
    /// Bits per second, where the format leaves a choice.
    pub bit_rate: u32,
    /// Whether they replace what is there.
    pub force: bool,
    /// Memory for what is kept from measuring to rendering.
    pub budget: &'a Budget,
}

/// What came of one.
pub struct Copied {
    /// How it is written.
    pub format: Format,
    /// What people should know.
    pub complaints: Vec<String>,
}

/// The share of the work that measuring is.
const MEASURING: f64 = 0.3;

/// Writes the copy. `is_spare` says whether a second thread is free; `going` hears
/// which share is done, and may stop it.
pub fn copy(
    wanted: &Wanted,
    told: &Told,
    is_spare: &dyn Fn() -> bool,
    going: &dyn Fn(f64) -> bool,
) -> Outcome<Copied> {
    let (path, file) = (&*wanted.path, &wanted.loose.file);
    let sound = || media::sound(file).map_err(|error| silent(path, error));
    let mut source = Keeping::new(sound()?, told.budget);
    let n_frames = source.expected_frames().unwrap_or(u64::MAX).max(1) as f64;
    let measuring = |n_done: u64| going(MEASURING * (n_done as f64 / n_frames).min(1.0));
    let print = input::measured(&mut source, path, is_spare(), measuring)?;
    let decoder = source.inner().whole();
    let mut complaints: Vec<String> = input::concealed(path, decoder).into_iter().collect();
    let bits = decoder.bits_per_sample();
    let format = told.format.unwrap_or_else(|| copy::flac_at(bits));
    let taste = copy::under_ceiling(told.taste.clone(), format);
    let order = Order {
        print: &print,
        bits,
        taste: &taste,
        trim: None,
        format,
        bit_rate: told.bit_rate,
        in_two: is_spare(),
    };
    let source: Box<dyn Source + Send> = match source.into_kept() {
        Some(kept) => Box::new(kept),
        None => Box::new(sound()?),
    };
    let mut output = opened(wanted, told.force)?;
    let mut rendering = |at: Going| going(rendered(at, print.n_frames));
    let made = copy::render(source, &order, &mut output.file, &mut rendering);
    made.map_err(|failure| failed(path, &wanted.place, failure))?;
    let part = (!file.is_whole()).then_some(&wanted.loose.track);
    complaints.extend(tag(&media::full_path(file), part, &output)?);
    // What changed while it was read is of neither.
    media::open(file).map_err(|error| silent(path, media::Silent::File(error)))?;
    output.finish()?;
    Ok(Copied { format, complaints })
}

/// A file for the copy, and the folders that its name has.
fn opened(wanted: &Wanted, force: bool) -> Outcome<Output> {
    let place = &wanted.place;
    if let Some(folder) = place.parent() {
        fs::create_dir_all(folder).map_err(|error| unwritten(place, &error))?;
    }
    Output::new(place, &media::full_path(&wanted.loose.file), force).map_err(|failure| match failure {
        // What is wrong with one of many names is no fault of the command line.
        Failure::Usage(message) => Failure::Failed(message),
        other => other,
    })
}

/// Nobody knows beforehand whether it is rendered once more.
fn rendered(at: Going, n_frames: u64) -> f64 {
    let share = (at.n_done as f64 / n_frames.max(1) as f64).min(1.0);
    MEASURING + (1.0 - MEASURING) * 0.5 * (share + f64::from(u8::from(at.again)))
}

fn silent(path: &Path, error: media::Silent) -> Failure {
    match error {
        media::Silent::File(error) => Failure::Failed(format!("{}: {error}", path.display())),
        media::Silent::Sound(error) => input::failed(path, &error),
    }
}
