//! One track into a file of its own, whose name says what is written.

use std::path::Path;

use auralis_core::encode::{Format, HAS_MP3};
use auralis_core::flow::Source;

use super::super::input::{self, Measured};
use super::super::kept::Budget;
use super::super::measure::name;
use super::super::output::Output;
use super::super::plan::table;
use super::super::progress::Progress;
use super::super::{Failure, Outcome, interrupt, say};
use super::{ENDS, Flags, failed, tag};
use crate::copy::{self, Going, Order};

/// Writes the copy of `input`; keeps its decoded sound meanwhile, if it fits.
pub fn copy(flags: &Flags, input: &Path, budget: &Budget) -> Outcome<()> {
    let container = container(&flags.output, flags.format)?;
    let mut output = Output::new(&flags.output, input, flags.force)?;
    // A wrong input is named before anything long begins.
    drop(input::open(input)?);
    let taste = flags.taste.taste()?;
    let doing = format!("measuring {}", name(input));
    let (measured, kept) = input::measure_keeping(input, &doing, budget)?;
    let track = &measured.fingerprint;
    let format = flags.format.unwrap_or_else(|| container.at_depth_of(&measured));
    let taste = copy::under_ceiling(taste, format);
    let source: Box<dyn Source + Send> = match kept {
        Some(kept) => Box::new(kept),
        None => Box::new(input::open(input)?),
    };
    let order = Order {
        print: track,
        bits: measured.bits,
        taste: &taste,
        trim: None,
        format,
        bit_rate: flags.bit_rate(format)?,
        in_two: true,
    };
    let mut bar = Bar::new(name(input), track.n_frames);
    let made = copy::render(source, &order, &mut output.file, &mut |going| bar.at(going));
    drop(bar);
    let made = made.map_err(|failure| failed(input, &flags.output, failure))?;
    if let Some(complaint) = tag(input, None, &output)? {
        say(&complaint);
    }
    output.finish()?;
    input::print(&format!("{} ({format}; {})", flags.output.display(), flags.taste.words()))?;
    for line in table(track, &made.plan) {
        input::print(&line)?;
    }
    Ok(())
}

/// A bar for each time that a track is rendered.
struct Bar {
    doing: String,
    n_frames: u64,
    progress: Progress,
    again: bool,
}

impl Bar {
    fn new(name: impl std::fmt::Display, n_frames: u64) -> Self {
        let doing = format!("enhancing {name}");
        let progress = Progress::new(&doing, Some(n_frames));
        Bar { doing, n_frames, progress, again: false }
    }

    /// Shows how far it is; whether it goes on.
    fn at(&mut self, going: Going) -> bool {
        if going.again && !self.again {
            self.again = true;
            let doing = format!("{} again, closer to its promise", self.doing);
            self.progress = Progress::new(&doing, Some(self.n_frames));
        }
        self.progress.at(going.n_done);
        !interrupt::asked()
    }
}

/// What a file name says about what is in the file.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Container {
    Wav,
    Flac,
    Opus,
    Mp3,
}

impl Container {
    /// The format with the depth of the source.
    fn at_depth_of(self, measured: &Measured) -> Format {
        let is_float = measured.bits.is_none() && measured.codec == "pcm";
        match (self, measured.bits) {
            (Container::Opus, _) => Format::Opus,
            (Container::Mp3, _) => Format::Mp3,
            (Container::Flac, bits) => copy::flac_at(bits),
            (Container::Wav, Some(..=16)) => Format::Wav16,
            (Container::Wav, Some(25..)) => Format::WavF32,
            (Container::Wav, None) if is_float => Format::WavF32,
            (Container::Wav, _) => Format::Wav24,
        }
    }

    fn of(format: Format) -> Self {
        match format.extension() {
            "wav" => Container::Wav,
            "flac" => Container::Flac,
            "mp3" => Container::Mp3,
            _ => Container::Opus,
        }
    }
}

/// What to write to `path`, by its extension and the format asked for.
fn container(path: &Path, format: Option<Format>) -> Outcome<Container> {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    let said = match extension.as_deref() {
        Some("wav" | "wave") => Some(Container::Wav),
        Some("flac") => Some(Container::Flac),
        Some("opus" | "ogg") => Some(Container::Opus),
        Some("mp3") if HAS_MP3 => Some(Container::Mp3),
        _ => None,
    };
    match (said, format) {
        (Some(said), Some(format)) if said != Container::of(format) => Err(Failure::Usage(format!(
            "{} does not go with --format {format}; let it end in .{}",
            path.display(),
            format.extension()
        ))),
        (_, Some(format)) => Ok(Container::of(format)),
        (Some(said), None) => Ok(said),
        (None, None) => Err(Failure::Usage(format!(
            "{}: its name does not say what to write; let it end in {ENDS}, or say --format",
            path.display()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use auralis_core::block::Block;
    use auralis_core::encode;
    use auralis_core::flow::Spec;

    #[test]
    fn names_and_formats_agree_or_are_refused() {
        let said = |name: &str, format| container(Path::new(name), format).ok();
        assert_eq!(said("a.wav", None), Some(Container::Wav));
        assert_eq!(said("a.FLAC", None), Some(Container::Flac));
        assert_eq!(said("a.flac", Some(Format::Flac24)), Some(Container::Flac));
        assert_eq!(said("a.bin", Some(Format::Wav16)), Some(Container::Wav));
        assert_eq!(said("a.wav", Some(Format::Flac24)), None);
        assert_eq!(said("a.mp3", None), HAS_MP3.then_some(Container::Mp3));
        assert_eq!(said("a", None), None);
    }

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        flags: Flags,
    }

    #[test]
    fn kept_or_decoded_again_the_copy_is_the_same() {
        let folder = std::env::temp_dir().join(format!("auralis-kept-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let at = |name: &str| folder.join(name);
        for (source, n_channels) in
            [(Format::Flac16, 2), (Format::Wav24, 1), (Format::WavF32, 6), (Format::Opus, 2)]
        {
            let path = at(&format!("in.{}", source.extension()));
            let n_frames = 70_001;
            let spec = Spec { rate: 48_000, n_channels };
            let file = std::fs::File::create(&path).unwrap();
            let mut encoder = encode::encoder(source, spec, n_frames, false, Box::new(file)).unwrap();
            let sample = |i: u32| 0.4 * auralis_core::math::sin(i as f32 * 0.03) * (i % 977) as f32 / 977.0;
            let plane: Vec<f32> = (0..n_frames as u32).map(sample).collect();
            encoder.write(&Block::from_planes(&vec![&plane[..]; n_channels])).unwrap();
            encoder.finish().unwrap();
            for name in ["kept.wav", "kept.flac"] {
                let to = at(name);
                let copied = |budget: usize| {
                    let words = [Path::new("enhance"), &path, Path::new("--force"), Path::new("-o"), &to];
                    let line = <Line as clap::Parser>::try_parse_from(words).unwrap();
                    copy(&line.flags, &path, &Budget::new(budget)).unwrap();
                    std::fs::read(&to).unwrap()
                };
                let (_, kept) = input::measure_keeping(&path, "", &Budget::new(usize::MAX)).unwrap();
                assert!(kept.is_some());
                assert!(copied(usize::MAX) == copied(0), "{source} of {n_channels} channels to {name}");
            }
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
