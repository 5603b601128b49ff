//! Rendering one track of a job, from its fingerprint to the finished file.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::time::Duration;

use auralis_core::error::Kind;
use auralis_core::fingerprint::Fingerprint;
use auralis_core::flow::Source;
use auralis_core::plan::{Taste, Trim};

use super::active::Active;
use super::bundle::file_name;
use super::{Jobs, RESERVE};
use crate::catalog::{self, JobTrack, Measurable, State};
use crate::copy::{self, Going, Order, Unfinished};
use crate::disk;
use crate::error::chain;
use crate::events::Event;
use crate::measuring::taste_key;
use crate::media;
use crate::pool::panic_text;

/// How often a fingerprint that is being made is looked for.
const LOOK: Duration = Duration::from_millis(40);
/// Blocks rendered between two looks at the disk.
const BLOCKS: u64 = 64;

/// Why there is no file of a track.
#[derive(Debug)]
pub enum Ended {
    /// The job or the server ends.
    Stopped,
    /// This track cannot be rendered: why, in words for a listener.
    Track(String),
    /// No track can: why.
    Job(String),
}

impl Ended {
    /// It is of this track: why, and what is underneath for the log.
    fn track(track: &JobTrack, reason: String, cause: &dyn std::error::Error) -> Self {
        tracing::warn!(track_id = track.track_key, reason, error = chain(cause), "track not rendered");
        Ended::Track(reason)
    }

    fn catalog(error: catalog::Error) -> Self {
        tracing::error!(error = chain(&error), "job cannot go on");
        Ended::Job("the catalog failed; the server's log says why".to_owned())
    }
}

/// A track that is measured.
struct Known {
    file: Measurable,
    json: String,
}

impl Jobs {
    /// Renders the track at `place`; gives the bytes of its file. Alone it may take
    /// a second thread.
    pub(super) fn render(&self, job: &Active, place: u32, alone: bool) -> Result<u64, Ended> {
        let track = &job.tracks[place as usize];
        let rendered = catch_unwind(AssertUnwindSafe(|| self.track(job, track, alone)));
        rendered.unwrap_or_else(|panic| {
            tracing::error!(track_id = track.track_key, panic = panic_text(&*panic), "rendering panicked");
            Err(Ended::Track("rendering gave up on this track".to_owned()))
        })
    }

    fn track(&self, job: &Active, track: &JobTrack, alone: bool) -> Result<u64, Ended> {
        let known = self.known(job, &track.track_key)?;
        if job.told.with_album {
            self.measured(job)?;
        }
        let reference = match &job.told.reference {
            Some(key) => Some(self.known(job, key).map_err(|ended| match ended {
                Ended::Track(reason) => Ended::Job(format!("the track that it shall sound like: {reason}")),
                ended => ended,
            })?),
            None => None,
        };
        let catalog = &self.shared.catalog;
        let reference = reference.as_ref().map(|known| &*known.json);
        let taste = job.told.taste.clone();
        let taste = copy::in_company(catalog, known.file.row, taste, job.told.with_album, reference);
        self.copy(job, track, &known, taste.map_err(Ended::catalog)?, alone)
    }

    /// Waits until all of the job is measured: what an album comes to is known then.
    fn measured(&self, job: &Active) -> Result<(), Ended> {
        if job.is_measured.load(Ordering::Relaxed) {
            return Ok(());
        }
        for track in &job.tracks {
            match self.known(job, &track.track_key) {
                Ok(_) | Err(Ended::Track(_)) => {}
                Err(ended) => return Err(ended),
            }
        }
        job.is_measured.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// The fingerprint of a track, waited for if it is still to be made.
    fn known(&self, job: &Active, key: &str) -> Result<Known, Ended> {
        let catalog = &self.shared.catalog;
        let mut is_told = false;
        loop {
            if self.is_over(job) {
                return Err(Ended::Stopped);
            }
            let gone = || Ended::Track("it is no longer in the library".to_owned());
            let found = catalog.track(key).map_err(Ended::catalog)?.ok_or_else(gone)?;
            let file = catalog.measurable(key).map_err(Ended::catalog)?.ok_or_else(gone)?;
            match found.state {
                State::Measured => {
                    if let Some(json) = catalog.fingerprint(key).map_err(Ended::catalog)? {
                        return Ok(Known { file, json });
                    }
                }
                State::Missing => return Err(Ended::Track("its file is no longer there".to_owned())),
                State::Failed => {
                    let fault = found.fault.as_deref().unwrap_or("for no reason that is known");
                    return Err(Ended::Track(format!("it could not be measured: {fault}")));
                }
                State::Waiting if !is_told => {
                    // Before those that nobody asks for, after those that somebody hears.
                    self.shared.measurers.looked_at(&[file.row]);
                    is_told = true;
                }
                State::Waiting => {}
            }
            std::thread::sleep(LOOK);
        }
    }

    fn copy(
        &self,
        job: &Active,
        track: &JobTrack,
        known: &Known,
        taste: Taste,
        alone: bool,
    ) -> Result<u64, Ended> {
        let print: Fingerprint =
            serde_json::from_str(&known.json).map_err(|error| Ended::catalog(error.into()))?;
        let sound = media::sound(&known.file).map_err(|error| silent(track, error))?;
        let bits = sound.whole().bits_per_sample();
        let format = job.told.format_at(bits);
        let taste = copy::under_ceiling(taste, format);
        let key = taste_key(&taste).map_err(|error| Ended::catalog(error.into()))?;
        let trim = self.shared.catalog.trim(known.file.row, &key).map_err(Ended::catalog)?;
        let order = Order {
            print: &print,
            bits,
            taste: &taste,
            trim,
            format,
            bit_rate: job.told.bit_rate,
            in_two: alone,
        };
        let place = job.folder.path().join(file_name(track.place, format.extension()));
        let beside = place.with_extension("partial");
        let mut file = Unfinished::new(place, beside);
        let source: Box<dyn Source + Send> = Box::new(sound);
        let path = file.path().to_owned();
        let mut watch = Watch { jobs: self, job, track, path, order: &order, n_looks: 0, no_room: None };
        let made = copy::render(source, &order, &mut file, &mut |going| watch.goes_on(going));
        let no_room = watch.no_room.take();
        let made = made.map_err(|failure| match failure {
            copy::Failure::Stopped => no_room.map_or(Ended::Stopped, Ended::Job),
            // Its folder is gone already.
            _ if self.is_over(job) => Ended::Stopped,
            copy::Failure::Unwritten(error) => unwritten(&error),
            copy::Failure::Unread(error) => silent(track, media::Silent::Sound(error)),
            copy::Failure::Unfit(error) => Ended::track(track, error.to_string(), &error),
        })?;
        self.tag(track, known, &file)
            .map_err(|ended| if self.is_over(job) { Ended::Stopped } else { ended })?;
        // What changed while it was read is of neither.
        media::open(&known.file).map_err(|error| silent(track, media::Silent::File(error)))?;
        let n_bytes = file.finish().map_err(|error| match self.is_over(job) {
            true => Ended::Stopped,
            false => unwritten(&error),
        })?;
        if trim.is_none() && format.ceiling_dbtp().is_none() {
            self.learn(known, &key, made.trim).map_err(Ended::catalog)?;
        }
        Ok(n_bytes)
    }

    /// Copies the tags and the picture.
    fn tag(&self, track: &JobTrack, known: &Known, file: &Unfinished) -> Result<(), Ended> {
        let mut tags = match copy::tags::read(&media::full_path(&known.file)) {
            Ok(tags) => tags,
            Err(error) => {
                tracing::warn!(track_id = track.track_key, error = chain(&*error), "tags not copied");
                None
            }
        };
        if !known.file.is_whole() {
            // The file's own are of all its tracks together.
            let found = self.shared.catalog.track(&track.track_key).map_err(Ended::catalog)?;
            tags = found.map(|found| copy::tags::of_part(tags, &found));
        }
        let Some(tags) = tags else { return Ok(()) };
        copy::tags::write(&tags, file.path()).map_err(|error| match copy::of_system(&*error) {
            Some(error) => unwritten(&error),
            None => Ended::track(track, "its tags cannot be written".to_owned(), &Words(chain(&*error))),
        })
    }

    /// What this rendering taught is taken up by page and stream too.
    fn learn(&self, known: &Known, taste: &str, trim: Trim) -> catalog::Result<()> {
        let is_stored = self.shared.catalog.put_trim(&known.file, taste, Some(trim))?;
        if is_stored && trim != Trim::default() {
            self.shared.events.tell(Event::Trimmed { track_id: known.file.key.clone() });
        }
        Ok(())
    }
}

/// Watches a rendering.
struct Watch<'a> {
    jobs: &'a Jobs,
    job: &'a Active,
    track: &'a JobTrack,
    path: std::path::PathBuf,
    order: &'a Order<'a>,
    n_looks: u64,
    /// Why the disk lets it go no further.
    no_room: Option<String>,
}

impl Watch<'_> {
    fn goes_on(&mut self, going: Going) -> bool {
        let share = going.n_done as f64 / self.order.print.n_frames.max(1) as f64;
        // Nobody knows beforehand whether it is rendered once more.
        let share = match (self.order.trim, going.again) {
            (Some(_), _) => share,
            (None, false) => 0.5 * share,
            (None, true) => 0.5 + 0.5 * share,
        };
        self.job.going(self.track.place, share);
        self.n_looks += 1;
        if self.n_looks % BLOCKS == 1 {
            self.no_room = self.look();
        }
        self.no_room.is_none() && !self.jobs.is_over(self.job)
    }

    /// Whether the disk has no room for more.
    fn look(&self) -> Option<String> {
        let n_bytes = std::fs::metadata(&self.path).map_or(0, |metadata| metadata.len());
        if self.job.written() + n_bytes > self.job.n_bytes {
            return Some("it takes more of the disk than was foreseen".to_owned());
        }
        let free = disk::free(self.jobs.shared.folders.root())?;
        (free < RESERVE).then(|| FULL.to_owned())
    }
}

const FULL: &str = "the disk of the data folder is full: make room, then ask again";

/// Why a track does not sound, in words for a listener: no path, nothing of the
/// system's.
fn silent(track: &JobTrack, error: media::Silent) -> Ended {
    match error {
        media::Silent::File(error) => Ended::track(track, error.to_string(), &error),
        media::Silent::Sound(error) if error.kind == Kind::Io => {
            Ended::track(track, "the file cannot be read".to_owned(), &error)
        }
        media::Silent::Sound(error) => Ended::track(track, error.to_string(), &error),
    }
}

/// Why nothing can be written.
fn unwritten(error: &std::io::Error) -> Ended {
    tracing::error!(error = chain(error), "job not written");
    Ended::Job(match error.kind() {
        std::io::ErrorKind::StorageFull => FULL.to_owned(),
        _ => "its files cannot be written; the server's log says why".to_owned(),
    })
}

/// An error that is only words by now.
#[derive(Debug)]
struct Words(String);

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Words {}
