//! Where we stand: the same tracks through ffmpeg's `loudnorm` (one pass) and
//! Matchering 2.0 (S. Grishakov), read by the same meters. One at a time, so
//! that their pace can be told.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Instant;

use auralis_core::block::Block;
use auralis_core::decode;
use auralis_core::encode::{self, Format};
use auralis_core::fingerprint;
use auralis_core::flow::{Source, Spec, Stereo};
use auralis_core::plan::{self, Taste};
use auralis_tests::signals::{Memory, Planes, read_all};

use crate::levels::Levels;
use crate::material::{self, File, Track, target};
use crate::row::chunked;

/// What loudnorm is told: our default target and ceiling. It gives 192 kHz,
/// which are brought back to the track's rate.
const LOUDNORM: &str = "loudnorm=I=-14:TP=-1";
const LOUDNORM_LUFS: f64 = -14.0;
/// Who is measured, ourselves first.
pub const PROCESSORS: [&str; 3] = ["Auralis", "loudnorm", "Matchering"];
/// The version that is measured.
const MATCHERING: &str = "matchering==2.0.6";
/// A part of the name of the track that Matchering is to match.
const REFERENCE: &str = "Vibe_Ace";
/// Matches the second file to the first and says how long that took, without
/// the start of Python.
const MATCH: &str = "\
import sys, time, matchering
begun = time.monotonic()
matchering.process(target=sys.argv[1], reference=sys.argv[2], results=[matchering.Result(
    sys.argv[3], 'FLOAT')])
print(time.monotonic() - begun)";

/// What one processor made of one track.
pub struct PeerRow {
    /// The track's name.
    pub track: String,
    /// The processor's name.
    pub processor: &'static str,
    /// The loudness it aimed for, or that we promised, in LUFS.
    pub wanted_lufs: f64,
    /// The track as it is.
    pub before: Levels,
    /// As it became.
    pub after: Levels,
    /// Seconds of sound per second on the wall.
    pub pace: f64,
}

impl PeerRow {
    /// Distance of the loudness to what was wanted, in LU.
    pub fn loudness_error_lu(&self) -> f64 {
        self.after.lufs - self.wanted_lufs
    }
}

/// Every file through all processors that are here; the others are named.
pub fn rows(files: &[&File], all: &[File]) -> Vec<PeerRow> {
    let folder = auralis_tests::folder();
    let ffmpeg = auralis_tests::ffmpeg().is_some();
    let matchering = match Matchering::new(all, folder.path()) {
        Ok(matchering) => Some(matchering),
        Err(why) => {
            eprintln!("skipped: Matchering: {why}");
            None
        }
    };
    let mut rows = Vec::new();
    for file in files {
        // What is left out was said before.
        let Ok(track) = material::open(file) else { continue };
        eprintln!("{}: peers …", track.name);
        let mut note = |processor, made: Result<Made, String>| match made {
            Ok(Made { levels: after, wanted_lufs, seconds }) => {
                let pace = track.planes[0].len() as f64 / f64::from(track.rate) / seconds;
                let (track, before) = (track.name.clone(), track.levels.clone());
                rows.push(PeerRow { track, processor, wanted_lufs, before, after, pace });
            }
            Err(why) => eprintln!("skipped: {processor}: {}: {why}", track.name),
        };
        note(PROCESSORS[0], ours(&track));
        let input = folder.path().join("in.wav");
        if let Err(why) = write_wav(&input, &track) {
            eprintln!("skipped: peers: {}: {why}", track.name);
            continue;
        }
        if ffmpeg {
            note(PROCESSORS[1], loudnorm(&input, &track));
        }
        if let Some(matchering) = &matchering {
            note(PROCESSORS[2], matchering.matched(&input, &track));
        }
    }
    rows
}

/// What a processor made.
struct Made {
    levels: Levels,
    wanted_lufs: f64,
    seconds: f64,
}

/// Measured, planned and rendered on one core.
fn ours(track: &Track) -> Result<Made, String> {
    let text = |error: auralis_core::error::Error| error.to_string();
    let begun = Instant::now();
    let mut source = Memory::new(track.rate, track.planes.clone());
    let measured = fingerprint::measure(&mut source, &mut |_| true).map_err(text)?;
    let plan = plan::plan(&measured, &Taste::default()).map_err(text)?;
    let planes = chunked(track.rate, &track.planes, &plan.stages).map_err(text)?;
    let seconds = begun.elapsed().as_secs_f64();
    let wanted_lufs = plan.promise.lufs.ok_or("nothing was promised")?;
    Ok(Made { levels: Levels::of(track.rate, &planes, &track.levels)?, wanted_lufs, seconds })
}

fn loudnorm(input: &Path, track: &Track) -> Result<Made, String> {
    let out = input.with_file_name("loudnorm.wav");
    let mut ffmpeg = auralis_tests::ffmpeg().ok_or("no ffmpeg")?;
    ffmpeg.args(["-y", "-loglevel", "error", "-i"]).arg(input);
    ffmpeg.args(["-af", LOUDNORM, "-ar", &track.rate.to_string(), "-c:a", "pcm_f32le"]).arg(&out);
    let begun = Instant::now();
    run(&mut ffmpeg)?;
    let seconds = begun.elapsed().as_secs_f64();
    Ok(Made { levels: levels_of(&out, &track.levels)?, wanted_lufs: LOUDNORM_LUFS, seconds })
}

/// Matchering in a Python of its own, and what it is to match.
struct Matchering {
    python: PathBuf,
    reference: PathBuf,
    lufs: f64,
}

impl Matchering {
    fn new(files: &[File], folder: &Path) -> Result<Matchering, String> {
        let file = files.iter().find(|file| file.name.contains(REFERENCE));
        let file = file.ok_or_else(|| format!("its reference, {REFERENCE}, is not in the corpus"))?;
        let python = python()?;
        let track = material::open(file)?;
        let reference = folder.join("reference.wav");
        write_wav(&reference, &track)?;
        Ok(Matchering { python, reference, lufs: track.levels.lufs })
    }

    fn matched(&self, input: &Path, track: &Track) -> Result<Made, String> {
        let out = input.with_file_name("matched.wav");
        let mut python = Command::new(&self.python);
        python.args(["-c", MATCH]).arg(input).arg(&self.reference).arg(&out);
        let said = run(&mut python)?;
        let seconds = String::from_utf8_lossy(&said.stdout).trim().parse();
        let seconds = seconds.map_err(|_| "it did not say how long it took")?;
        Ok(Made { levels: levels_of(&out, &track.levels)?, wanted_lufs: self.lufs, seconds })
    }
}

/// A Python that has Matchering, made on first use in `target`.
fn python() -> Result<PathBuf, String> {
    let venv = target().join("quality/venv");
    let python = venv.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    if run(Command::new(&python).args(["-c", "import matchering"])).is_err() {
        eprintln!("installing {MATCHERING} …");
        run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", MATCHERING]))?;
    }
    Ok(python)
}

/// Runs to the end; a failure gives the last line that was said.
fn run(command: &mut Command) -> Result<Output, String> {
    let name =
        Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{name} does not start: {error}"))?;
    if output.status.success() {
        return Ok(output);
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(format!("{name} failed: {}", said.trim().lines().last().unwrap_or("it said nothing")))
}

fn write_wav(path: &Path, track: &Track) -> Result<(), String> {
    let text = |error: auralis_core::error::Error| error.to_string();
    let out = std::fs::File::create(path).map_err(|error| error.to_string())?;
    let spec = Spec { rate: track.rate, n_channels: 2 };
    let n_frames = track.planes[0].len() as u64;
    let mut encoder = encode::encoder(Format::WavF32, spec, n_frames, false, Box::new(out)).map_err(text)?;
    encoder.write(&Block::from_planes(&[&track.planes[0], &track.planes[1]])).map_err(text)?;
    encoder.finish().map_err(text)
}

fn levels_of(path: &Path, track: &Levels) -> Result<Levels, String> {
    let text = |error: auralis_core::error::Error| error.to_string();
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    let decoder = decode::open(Box::new(file), None, Some("wav")).map_err(text)?;
    let rate = decoder.spec().rate;
    let planes: Planes = read_all(&mut Stereo::new(decoder), 8_192).map_err(text)?;
    Levels::of(rate, &planes, track)
}
