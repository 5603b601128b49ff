//! The frames of a recipe, watched while they are made: that they come in time,
//! and that the file they come of is still the one that was scanned.

use std::fs::File;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use auralis_core::block::Block;
use auralis_core::error;
use auralis_core::flow::{Source, Spec, Stereo};
use auralis_core::geometry::Geometry;
use auralis_core::player::Render;

use super::{Recipe, Renders};
use crate::error::Error;
use crate::media::{self, Stamp};

/// Called with a track's id and each frame a block begins at; tests make it fail.
pub type OnBlock = Arc<dyn Fn(&str, u64) -> error::Result<()> + Send + Sync>;

/// Why frames stopped coming.
#[derive(Clone, Copy)]
enum Stopped {
    /// A chunk took longer than it may.
    Late,
    /// The file is another than it was.
    Changed,
}

/// What is watched, by the source below the chain and by who asks for frames.
#[derive(Clone)]
struct Watch(Arc<Mutex<Watched>>);

struct Watched {
    until: Instant,
    stopped: Option<Stopped>,
}

impl Watch {
    fn with<T>(&self, look: impl FnOnce(&mut Watched) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A track's sound under watch.
struct Guarded {
    sound: media::Sound,
    file: File,
    stamp: Stamp,
    watch: Watch,
    key: String,
    at: u64,
    on_block: Option<OnBlock>,
}

impl Guarded {
    /// Ends the work if it is to end.
    fn check(&self) -> error::Result<()> {
        let is_same = self.file.metadata().is_ok_and(|metadata| Stamp::of(&metadata) == self.stamp);
        let stopped = self.watch.with(|watched| {
            let is_late = Instant::now() > watched.until;
            watched.stopped = match (is_same, is_late) {
                (false, _) => Some(Stopped::Changed),
                (true, true) => Some(Stopped::Late),
                (true, false) => None,
            };
            watched.stopped
        });
        match stopped {
            Some(_) => Err(error::Error::new(error::Kind::Cancelled, "the render was stopped").at(self.at)),
            None => Ok(()),
        }
    }
}

impl Source for Guarded {
    fn spec(&self) -> Spec {
        self.sound.spec()
    }

    fn read(&mut self, block: &mut Block) -> error::Result<()> {
        if let Some(on_block) = &self.on_block {
            on_block(&self.key, self.at)?;
        }
        let outcome = self.sound.read(block);
        self.at += block.n_frames() as u64;
        // After it: what was read of a file that is another now is not given, and
        // what is wrong with it is not the decoder's to say.
        self.check()?;
        outcome
    }

    fn seek(&mut self, frame: u64) -> error::Result<()> {
        self.at = frame;
        let outcome = self.sound.seek(frame);
        self.check()?;
        outcome
    }

    fn expected_frames(&self) -> Option<u64> {
        self.sound.expected_frames()
    }
}

/// The frames of a recipe from one of them on.
pub(super) struct Frames {
    sound: Box<dyn Source + Send>,
    watch: Watch,
    renders: Renders,
    /// Whether integers are dithered.
    pub dither: bool,
    block: Block,
    geometry: Geometry,
    /// What is left of the time for the chunk that is being made.
    left: Duration,
    /// The frame that comes next.
    pub at: u64,
}

impl Frames {
    /// Opens the sound at frame `at` of the track.
    pub fn open(recipe: &Recipe, at: u64, renders: &Renders) -> Result<Self, Error> {
        let began = Instant::now();
        let watch = Watch(Arc::new(Mutex::new(Watched { until: began + renders.deadline, stopped: None })));
        let opened = media::watched(&recipe.track);
        let (sound, file) = opened.inspect_err(|silent| renders.tell_silent(&recipe.track, silent))?;
        let (bits, is_mixed) = (sound.whole().bits_per_sample(), sound.spec().n_channels > 2);
        let guarded = Guarded {
            sound,
            file,
            stamp: Stamp { size: recipe.track.size, mtime_ns: recipe.track.mtime_ns },
            watch: watch.clone(),
            key: recipe.track.key.clone(),
            at: 0,
            on_block: renders.on_block.clone(),
        };
        let (stereo, geometry) = (Stereo::new(guarded), Geometry::at(recipe.rate));
        let mut sound: Box<dyn Source + Send> = match &recipe.plan {
            Some((stages, _)) => Box::new(Render::new(stereo, stages, recipe.n_frames, geometry)?),
            None => Box::new(stereo),
        };
        if at > 0 {
            sound.seek(at).map_err(|error| wrong(error, &watch, renders, recipe))?;
        }
        // As the command line has it: what is mixed down is finer than its source.
        let is_reduced = match (recipe.format.bits(), bits) {
            (Some(to), Some(from)) => from > to || is_mixed,
            (Some(_), None) => true,
            (None, _) => false,
        };
        renders.metrics.renders.add(1);
        Ok(Frames {
            sound,
            watch,
            renders: renders.clone(),
            dither: is_reduced || !recipe.is_neutral,
            block: Block::new(2, 0),
            geometry,
            left: renders.deadline.saturating_sub(began.elapsed()),
            at,
        })
    }

    /// The next `n_frames`.
    pub fn read(&mut self, recipe: &Recipe, n_frames: usize) -> Result<&Block, Error> {
        if self.block.capacity() != n_frames {
            self.block = Block::new(2, n_frames);
        }
        let (began, left) = (Instant::now(), self.left);
        self.watch.with(|watched| watched.until = began + left);
        let outcome = self.sound.read(&mut self.block);
        outcome.map_err(|error| wrong(error, &self.watch, &self.renders, recipe))?;
        if self.block.n_frames() < n_frames {
            let short = error::Error::new(error::Kind::Damaged, "the file ends before its counted end");
            return Err(short.at(self.at + self.block.n_frames() as u64).into());
        }
        let next = self.at + n_frames as u64;
        let chunk = |at| self.geometry.place(at, recipe.n_frames).chunk;
        // A chunk that is begun has all its time.
        self.left = match chunk(next) > chunk(self.at) {
            true => self.renders.deadline,
            false => left.saturating_sub(began.elapsed()),
        };
        self.at = next;
        self.renders.metrics.rendered_frames.add(n_frames as u64);
        Ok(&self.block)
    }
}

/// What went wrong, as a client hears it.
fn wrong(error: error::Error, watch: &Watch, renders: &Renders, recipe: &Recipe) -> Error {
    match watch.with(|watched| watched.stopped) {
        Some(Stopped::Changed) => {
            let changed = media::Error::Changed;
            renders.tell_silent(&recipe.track, &media::Silent::File(media::Error::Changed));
            changed.into()
        }
        Some(Stopped::Late) => Error::late(),
        None => error.into(),
    }
}
