//! Asking for a job: what its files are called, what it may take of the disk, and
//! whether there is room.

use super::told::Told;
use super::{Jobs, MAX_OPEN, RESERVE};
use crate::catalog::{self, JobQueued, JobShare, JobTrack, NewJob, Track};
use crate::copy::{Taken, Template, fields, plain_name};
use crate::disk;
use crate::error::chain;
use crate::events::Event;

/// Tracks of one job at most.
pub const MAX_TRACKS: usize = 5_000;

/// What is asked for.
pub struct Asked {
    /// The tracks, in order.
    pub tracks: Vec<Track>,
    /// What they are together: an album, a playlist.
    pub title: String,
    /// What their files are called.
    pub template: Template,
    /// How they are rendered.
    pub told: Told,
}

/// What would come of a job.
#[derive(Debug)]
pub struct Preview {
    /// The name of the file that would be fetched.
    pub name: String,
    /// The name of the first track's file, with its folders; none: no track is there.
    pub first: Option<String>,
    /// Its tracks.
    pub n_tracks: usize,
    /// What it may take of the disk.
    pub n_bytes: u64,
}

/// Why a job is refused.
#[derive(Debug)]
pub enum Refused {
    /// Too many wait.
    Full,
    /// It may take so many bytes, and only so many are left of what jobs may have.
    NoShare(u64, u64),
    /// It may take so many bytes, and the disk has only so many.
    NoRoom(u64, u64),
    /// The catalog failed.
    Catalog(catalog::Error),
}

impl From<catalog::Error> for Refused {
    fn from(error: catalog::Error) -> Self {
        Refused::Catalog(error)
    }
}

impl Jobs {
    /// Puts a job into the queue; gives its id.
    pub fn ask(&self, asked: Asked) -> Result<String, Refused> {
        let new = self.new_job(asked)?;
        if let Some(free) = disk::free(self.shared.folders.root()) {
            let left = free.saturating_sub(RESERVE);
            if new.n_bytes > left {
                return Err(Refused::NoRoom(new.n_bytes, left));
            }
        }
        let share = JobShare { n_bytes: self.shared.share.n_bytes, n_jobs: MAX_OPEN };
        let key = match self.shared.catalog.new_job(&new, share)? {
            JobQueued::Here(key) => key,
            JobQueued::Full => return Err(Refused::Full),
            JobQueued::NoRoom(left) => return Err(Refused::NoShare(new.n_bytes, left)),
        };
        if let Some(job) = self.shared.catalog.job(&key)?
            && let Err(error) = self.enter(&job)
        {
            tracing::error!(error = chain(&error), "job not entered");
            self.shared.catalog.forget_job(&key)?;
            return Err(error.into());
        }
        self.shared.events.tell(Event::Jobs);
        Ok(key)
    }

    /// What would come of it, if it were asked for.
    pub fn preview(&self, asked: Asked) -> catalog::Result<Preview> {
        let NewJob { name, tracks, n_bytes, .. } = self.new_job(asked)?;
        let n_tracks = tracks.len();
        Ok(Preview { name, first: tracks.into_iter().next().map(|track| track.name), n_tracks, n_bytes })
    }

    fn new_job(&self, asked: Asked) -> catalog::Result<NewJob> {
        let Asked { tracks, title, template, told } = asked;
        let extension = told.extension();
        let (mut taken, mut n_bytes) = (Taken::default(), 0_u64);
        let mut rows = Vec::with_capacity(tracks.len());
        for (place, track) in (0..).zip(tracks) {
            // What went this very moment is named when its turn comes.
            let Some(file) = self.shared.catalog.measurable(&track.key)? else { continue };
            n_bytes = n_bytes.saturating_add(told.most_bytes(&track, &file));
            let name = taken.take(&template.fill(&fields(&track, &file, place + 1)), extension);
            rows.push(JobTrack {
                place: rows.len() as u32,
                track_key: track.key,
                title: track.title,
                name,
                duration_s: track.duration_s,
                n_bytes: None,
                fault: None,
            });
        }
        let name = match &rows[..] {
            [one] => one.name.rsplit('/').next().unwrap_or(&one.name).to_owned(),
            _ => format!("{}.zip", plain_name(&title)),
        };
        let told = serde_json::to_string(&told).map_err(catalog::Error::from)?;
        Ok(NewJob { name, told, n_bytes, tracks: rows })
    }
}
