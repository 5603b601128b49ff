//! `auralis enhance`: enhanced copies of tracks, exactly as the page plays them:
//! of one into a file, or of many and of whole folders into a folder, as jobs
//! write them.

mod found;
mod going;
mod many;
mod one;
mod track;

use std::path::{MAIN_SEPARATOR, Path, PathBuf};

use auralis_core::encode::{Format, HAS_MP3};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::kept::Budget;
use super::output::{Output, unwritten};
use super::taste::TasteFlags;
use super::{Failure, Outcome, chain, input, interrupt};
use crate::catalog::Track;
use crate::copy::{self, Template};

/// Memory for decoded tracks, from measuring to rendering: 25 minutes of CD sound,
/// of all that are worked on together. What does not fit is decoded twice.
const KEEP_BYTES: usize = 256 << 20;

/// How the name of a copy ends.
const ENDS: &str = if HAS_MP3 { ".flac, .wav, .opus or .mp3" } else { ".flac, .wav or .opus" };
/// What is said of a bit rate.
const BITRATE: &str = match HAS_MP3 {
    false => "Of Opus: kilobits per second, on average, 32 to 510 [default: 160]",
    true => {
        "Of Opus: kilobits per second, on average, 32 to 510 [default: 160]; of MP3: all the time, 32 to 320 [default: 256]"
    }
};

/// What to enhance.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  auralis enhance song.flac -o better.flac
  auralis enhance song.mp3 -o better.flac --preset warm --intensity 0.6
  auralis enhance song.wav -o better.wav --format wav24 --target -16
  auralis enhance song.flac -o phone.opus
  auralis enhance song.flac -o better.flac --reference favourite.flac
  auralis enhance ~/Music -o ~/Enhanced
  auralis enhance ~/Music -o ~/Phone --format opus --bitrate 128
  auralis enhance a.flac b.mp3 -o ~/Enhanced/ --template '{artist} - {title}'

The copy is stereo, has as many frames as the track, and its tags and picture.
Where it comes out more than 0.2 LU off the loudness that its plan promised, it
is planned and rendered once more.
Without --format it has the depth of the track: 16 or 24 bits, or float (WAV);
24 bits for MP3, AAC and the like, which have no depth. Dither is added only
where the sound was changed or its depth reduced. --intensity 0 copies the
sound bit for bit. Opus is written at 48 kHz and 160 kb/s, and its peaks are
held below -2 dBTP, because lossy coding may raise them.

Of a folder all music in it is enhanced, on all processors: what `auralis scan`
would find there (hidden files are passed by, links are not followed, a cue sheet
cuts a file into its tracks). The copies go into the folder OUT, as FLAC at each
track's own depth unless --format says otherwise, under names of their tags:
  --template '{album_artist}/{album}/{track:02} {title}'   (the usual one)
  --template '{folder}/{file}'                             (as the originals lie)
Fields: title artist album_artist album track disc year genre file folder number.
Names are made harmless, and doubles are numbered. The same tracks have the same
names and the same bits as by a job of the server.
A copy that is there already is passed by, so a run that was stopped goes on when
it is given again; --force makes it anew. OUT may lie in a folder of IN: what is
in it is not enhanced again. A track that fails is named, and the others go on.")]
pub struct Flags {
    /// The track; or several, and folders of them
    #[arg(value_name = "IN", required = true)]
    inputs: Vec<PathBuf>,
    /// Where the copy goes
    #[arg(short, long, value_name = "OUT", help = format!("Where the copy goes: a name that ends in {ENDS}; a folder, made if need be, for several tracks, or for one if it exists or ends in /"))]
    output: PathBuf,
    /// What to write, if not what the name of OUT and the depth of IN say
    #[arg(
        long,
        env = "AURALIS_FORMAT",
        value_parser = PossibleValuesParser::new(Format::ALL.map(Format::name))
            .map(|name| name.parse::<Format>().unwrap_or(Format::Flac24))
    )]
    format: Option<Format>,
    /// Kilobits per second
    #[arg(
        long,
        value_name = "KBPS",
        env = "AURALIS_BITRATE",
        help = BITRATE,
        value_parser = clap::value_parser!(u32).range(32..=510)
    )]
    bitrate: Option<u32>,
    /// In a folder: what copies are called, fields in braces and / between folders
    #[arg(long, env = "AURALIS_TEMPLATE", default_value = Template::USUAL, value_parser = Template::new)]
    template: Template,
    /// Into a folder: threads at work [default: one per processor]
    #[arg(long, value_name = "N", env = "AURALIS_JOBS", value_parser = clap::value_parser!(u16).range(1..=512))]
    jobs: Option<u16>,
    #[command(flatten)]
    taste: TasteFlags,
    /// Replaces what exists; in a folder, copies that are there already
    #[arg(long)]
    force: bool,
}

/// Writes the copies.
pub fn enhance(flags: &Flags) -> Outcome<()> {
    interrupt::listen()?;
    let budget = Budget::new(KEEP_BYTES);
    match &flags.inputs[..] {
        [input] if !input.is_dir() && !names_folder(&flags.output) => one::copy(flags, input, &budget),
        _ => many::copies(flags, &budget),
    }
}

impl Flags {
    /// Bits per second, where the format leaves a choice.
    fn bit_rate(&self, format: Format) -> Outcome<u32> {
        let Some(kilobits) = self.bitrate else { return Ok(format.usual_bit_rate()) };
        match format.bit_rates() {
            Some((rates, _)) if !rates.contain(kilobits * 1_000) => {
                Err(Failure::Usage(format!("--bitrate {kilobits}: of {format} it must be {rates}")))
            }
            _ => Ok(kilobits * 1_000),
        }
    }
}

/// Whether `path` is a folder, or is called one by the slash at its end.
fn names_folder(path: &Path) -> bool {
    let bytes = path.as_os_str().as_encoded_bytes();
    path.is_dir() || bytes.ends_with(b"/") || bytes.ends_with(&[MAIN_SEPARATOR as u8])
}

/// Why there is no copy of `input` at `place`.
fn failed(input: &Path, place: &Path, failure: copy::Failure) -> Failure {
    match failure {
        copy::Failure::Unread(error) => input::failed(input, &error),
        copy::Failure::Unwritten(error) => unwritten(place, &error),
        copy::Failure::Unfit(error) => Failure::Failed(format!("{}: {}", input.display(), chain(&error))),
        copy::Failure::Stopped => Failure::Interrupted,
    }
}

/// Copies the tags and the picture of `input`, or of the `part` of it that is a
/// track of its own. Gives a complaint if they could not be read.
fn tag(input: &Path, part: Option<&Track>, output: &Output) -> Outcome<Option<String>> {
    let (mut tags, complaint) = match copy::tags::read(input) {
        Ok(tags) => (tags, None),
        Err(error) => {
            (None, Some(format!("{}: its tags were not copied: {}", input.display(), chain(&*error))))
        }
    };
    if let Some(track) = part {
        // The file's own are of all its tracks together.
        tags = Some(copy::tags::of_part(tags, track));
    }
    if let Some(tags) = tags {
        copy::tags::write(&tags, output.file.path()).map_err(|error| output.untagged(&*error))?;
    }
    Ok(complaint)
}
