//! Jobs.

use auralis_core::encode::Format;
use schemars::JsonSchema;
use serde::Serialize;

use crate::catalog::{Job, JobState, JobTrack};
use crate::events::JobStatus;
use crate::jobs::Preview;

/// A job.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Job")]
pub struct JobDto {
    /// Its id.
    pub id: String,
    #[schemars(extend("enum" = ["queued", "processing", "completed", "failed", "cancelled"]))]
    state: &'static str,
    /// The name of the file that is fetched: a ZIP where there are several tracks.
    name: String,
    /// How its tracks are written; null: as FLAC at the depth of each.
    #[schemars(extend("enum" = Format::ALL.map(Format::name)))]
    format: Option<String>,
    n_tracks: u32,
    /// Of these, whose files are there.
    n_done: u32,
    /// Of these, of which there is none; the first of them are told in `faults`.
    n_faults: u32,
    faults: Vec<JobFaultDto>,
    /// How much of it is done.
    percent: f64,
    /// Seconds of music that are rendered in one, of late; null: it is not known.
    speed: Option<f64>,
    /// Seconds that it takes yet; null: it is not known.
    left_s: Option<f64>,
    /// Why it failed, in words.
    reason: Option<String>,
    /// Bytes of the disk: what it may take; when it is completed, what it takes.
    n_bytes: u64,
    /// Times are in seconds since 1970.
    created_at: i64,
    started_at: Option<i64>,
    ended_at: Option<i64>,
    /// From when on it is gone; null: it has not ended.
    expires_at: Option<i64>,
}

/// What would come of a job.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "JobPreview")]
pub struct JobPreviewDto {
    /// The name of the file that would be fetched: a ZIP where there are several tracks.
    name: String,
    /// The name of the first track's file in it, with its folders; null: none is there.
    first: Option<String>,
    n_tracks: usize,
    /// Bytes of the disk that it may take.
    n_bytes: u64,
}

impl From<Preview> for JobPreviewDto {
    fn from(Preview { name, first, n_tracks, n_bytes }: Preview) -> Self {
        JobPreviewDto { name, first, n_tracks, n_bytes }
    }
}

/// A track of a job of which there is no file.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "JobFault")]
pub struct JobFaultDto {
    track_id: String,
    title: String,
    /// Why, in words.
    reason: String,
}

impl JobDto {
    /// A job that is so far, in this format, kept for so many seconds.
    pub fn new(
        job: Job,
        status: JobStatus,
        faults: Vec<JobTrack>,
        format: Option<String>,
        keep_s: f64,
    ) -> Self {
        let fault = |track: JobTrack| {
            let reason = track.fault?;
            Some(JobFaultDto { track_id: track.track_key, title: track.title, reason })
        };
        JobDto {
            id: job.key,
            state: status.state,
            name: job.name,
            format,
            n_tracks: job.n_tracks,
            n_done: job.n_done,
            n_faults: job.n_faults,
            faults: faults.into_iter().filter_map(fault).collect(),
            percent: if job.state == JobState::Completed { 100.0 } else { status.percent },
            speed: status.speed,
            left_s: status.left_s,
            reason: job.reason,
            n_bytes: job.n_bytes,
            created_at: job.created_at,
            started_at: job.started_at,
            ended_at: job.ended_at,
            expires_at: job.ended_at.map(|at| at.saturating_add(keep_s.ceil() as i64)),
        }
    }
}
