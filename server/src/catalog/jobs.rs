//! Jobs: what shall be rendered to files, and how far that is. Each change of
//! state names the states from which it leads, so that whatever races, one end
//! wins and the others see that it did.

use rusqlite::{OptionalExtension, Row, params};

use super::{Catalog, Page, Result, key, now};

/// Where a job is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// Its turn will come.
    Queued,
    /// It is being rendered.
    Processing,
    /// It can be fetched.
    Completed,
    /// Nothing came of it.
    Failed,
    /// Somebody wants it no more.
    Cancelled,
}

impl JobState {
    const ALL: [JobState; 5] =
        [JobState::Queued, JobState::Processing, JobState::Completed, JobState::Failed, JobState::Cancelled];

    /// Its name, as HTTP has it.
    pub fn name(self) -> &'static str {
        match self {
            JobState::Queued => "queued",
            JobState::Processing => "processing",
            JobState::Completed => "completed",
            JobState::Failed => "failed",
            JobState::Cancelled => "cancelled",
        }
    }

    /// Whether it stays so.
    pub fn is_end(self) -> bool {
        !matches!(self, JobState::Queued | JobState::Processing)
    }
}

/// A job.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its row.
    pub row: i64,
    /// Its opaque id.
    pub key: String,
    /// Where it is on its way.
    pub state: JobState,
    /// The name of the file that is fetched.
    pub name: String,
    /// How its tracks are rendered, as JSON.
    pub told: String,
    /// When it was asked for, in seconds since 1970.
    pub created_at: i64,
    /// When it was begun.
    pub started_at: Option<i64>,
    /// When it ended.
    pub ended_at: Option<i64>,
    /// Why it failed.
    pub reason: Option<String>,
    /// What it may take of the disk; when completed, what it takes.
    pub n_bytes: u64,
    /// Its tracks.
    pub n_tracks: u32,
    /// Of these, whose files are there.
    pub n_done: u32,
    /// Of these, of which there will be no file.
    pub n_faults: u32,
    /// The seconds of all of its tracks, and of those that are done.
    pub duration_s: (f64, f64),
}

/// One track of a job.
#[derive(Clone, Debug)]
pub struct JobTrack {
    /// Its place, from 0.
    pub place: u32,
    /// The track's id.
    pub track_key: String,
    /// Its title when the job was asked for.
    pub title: String,
    /// The name of its file, with its folders.
    pub name: String,
    /// How long it plays, in seconds.
    pub duration_s: f64,
    /// The bytes of its file, if it is there.
    pub n_bytes: Option<u64>,
    /// Why there is none.
    pub fault: Option<String>,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// The name of the file that is fetched.
    pub name: String,
    /// How its tracks are rendered, as JSON.
    pub told: String,
    /// What it may take of the disk.
    pub n_bytes: u64,
    /// Its tracks.
    pub tracks: Vec<JobTrack>,
}

/// What of the disk and of the queue jobs may have.
#[derive(Clone, Copy, Debug)]
pub struct JobShare {
    /// Bytes of all of them.
    pub n_bytes: u64,
    /// How many may wait or be rendered.
    pub n_jobs: u32,
}

/// What became of a new job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobQueued {
    /// It waits, under this id.
    Here(String),
    /// Too many wait.
    Full,
    /// The others leave it only so many bytes.
    NoRoom(u64),
}

const SELECT: &str = "
    SELECT j.id, j.key, j.state, j.name, j.told, j.created_at, j.started_at, j.ended_at, j.reason, j.n_bytes,
        (SELECT count(*) FROM job_track t WHERE t.job_id = j.id),
        (SELECT count(n_bytes) FROM job_track t WHERE t.job_id = j.id),
        (SELECT count(fault) FROM job_track t WHERE t.job_id = j.id),
        (SELECT coalesce(sum(duration_s), 0.0) FROM job_track t WHERE t.job_id = j.id),
        (SELECT coalesce(sum(duration_s), 0.0) FROM job_track t WHERE t.job_id = j.id
            AND (t.n_bytes NOT NULL OR t.fault NOT NULL))
    FROM job j";

impl Catalog {
    /// Puts a job at the end of the queue, if there is room for it.
    pub fn new_job(&self, new: &NewJob, share: JobShare) -> Result<JobQueued> {
        self.write(|db| {
            let (n_open, n_bytes): (u32, i64) = db
                .prepare_cached("SELECT count(iif(state < 2, 1, NULL)), coalesce(sum(n_bytes), 0) FROM job")?
                .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            if n_open >= share.n_jobs {
                return Ok(JobQueued::Full);
            }
            let left = share.n_bytes.saturating_sub(n_bytes as u64);
            if new.n_bytes > left {
                return Ok(JobQueued::NoRoom(left));
            }
            let random: i64 = db.query_row("SELECT random()", [], |row| row.get(0))?;
            let key = key(&[b"job", &now().to_le_bytes(), &random.to_le_bytes()]);
            db.prepare_cached("INSERT INTO job (key, name, told, created_at, n_bytes) VALUES (?1, ?2, ?3, ?4, ?5)")?
                .execute(params![key, new.name, new.told, now(), new.n_bytes as i64])?;
            let row = db.last_insert_rowid();
            let mut put = db.prepare_cached(
                "INSERT INTO job_track (job_id, place, track_key, title, name, duration_s) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?;
            for track in &new.tracks {
                let JobTrack { place, track_key, title, name, duration_s, .. } = track;
                put.execute(params![row, place, track_key, title, name, duration_s])?;
            }
            Ok(JobQueued::Here(key))
        })
    }

    /// A part of the jobs, the newest first.
    pub fn jobs(&self, limit: u32, offset: u64) -> Result<Page<Job>> {
        self.read(|db| {
            let total: i64 = db.query_row("SELECT count(*) FROM job", [], |row| row.get(0))?;
            let mut all = db.prepare_cached(&format!("{SELECT} ORDER BY j.id DESC LIMIT ?1 OFFSET ?2"))?;
            let rows = all.query_map((limit, i64::try_from(offset).unwrap_or(i64::MAX)), job)?;
            Ok(Page { items: rows.collect::<rusqlite::Result<_>>()?, total: total as u64 })
        })
    }

    /// The job with this id.
    pub fn job(&self, key: &str) -> Result<Option<Job>> {
        self.read(|db| {
            let mut one = db.prepare_cached(&format!("{SELECT} WHERE j.key = ?1"))?;
            Ok(one.query_row([key], job).optional()?)
        })
    }

    /// All jobs in the order in which they were asked for: those that have not ended,
    /// and those that have.
    pub fn open_jobs(&self) -> Result<(Vec<Job>, Vec<Job>)> {
        self.read(|db| {
            let mut all = db.prepare(&format!("{SELECT} ORDER BY j.id"))?;
            let jobs = all.query_map([], job)?.collect::<rusqlite::Result<Vec<_>>>()?;
            Ok(jobs.into_iter().partition(|job| !job.state.is_end()))
        })
    }

    /// The tracks of a job in their order.
    pub fn job_tracks(&self, row: i64) -> Result<Vec<JobTrack>> {
        self.read(|db| {
            let mut all = db.prepare_cached(
                "SELECT place, track_key, title, name, duration_s, n_bytes, fault FROM job_track
                 WHERE job_id = ?1 ORDER BY place",
            )?;
            let rows = all.query_map([row], track)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The first tracks of a job of which there is no file.
    pub fn job_faults(&self, row: i64, limit: u32) -> Result<Vec<JobTrack>> {
        self.read(|db| {
            let mut all = db.prepare_cached(
                "SELECT place, track_key, title, name, duration_s, n_bytes, fault FROM job_track
                 WHERE job_id = ?1 AND fault NOT NULL ORDER BY place LIMIT ?2",
            )?;
            let rows = all.query_map((row, limit), track)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// A job is being rendered. Returns whether it still shall be.
    pub fn begin_job(&self, key: &str) -> Result<bool> {
        self.write(|db| {
            let n_begun = db
                .prepare_cached(
                    "UPDATE job SET state = 1, started_at = coalesce(started_at, ?2) WHERE key = ?1 AND state IN (0, 1)",
                )?
                .execute(params![key, now()])?;
            Ok(n_begun > 0)
        })
    }

    /// What came of one track: its file's bytes, or why there is none; neither: it is
    /// to be rendered anew.
    pub fn put_job_track(
        &self,
        row: i64,
        place: u32,
        n_bytes: Option<u64>,
        fault: Option<&str>,
    ) -> Result<()> {
        self.write(|db| {
            let n_bytes = n_bytes.map(|n_bytes| n_bytes as i64);
            db.prepare_cached(
                "UPDATE job_track SET n_bytes = ?3, fault = ?4 WHERE job_id = ?1 AND place = ?2",
            )?
            .execute(params![row, place, n_bytes, fault])?;
            Ok(())
        })
    }

    /// A job ends like this. Returns whether it does: it may have ended before, or be
    /// deleted.
    pub fn end_job(&self, key: &str, state: JobState, reason: Option<&str>, n_bytes: u64) -> Result<bool> {
        self.write(|db| {
            let n_ended = db
                .prepare_cached(
                    "UPDATE job SET state = ?2, reason = ?3, n_bytes = ?4, ended_at = ?5 WHERE key = ?1 AND state IN (0, 1)",
                )?
                .execute(params![key, state as i64, reason, n_bytes as i64, now()])?;
            Ok(n_ended > 0)
        })
    }

    /// Forgets a job. Returns whether there was one.
    pub fn forget_job(&self, key: &str) -> Result<bool> {
        self.write(|db| Ok(db.prepare_cached("DELETE FROM job WHERE key = ?1")?.execute([key])? > 0))
    }

    /// Forgets the jobs that ended before this second; returns their ids.
    pub fn forget_jobs(&self, before: i64) -> Result<Vec<String>> {
        self.write(|db| {
            let mut gone =
                db.prepare_cached("DELETE FROM job WHERE state > 1 AND ended_at < ?1 RETURNING key")?;
            let keys = gone.query_map([before], |row| row.get(0))?;
            Ok(keys.collect::<rusqlite::Result<_>>()?)
        })
    }
}

fn job(row: &Row) -> rusqlite::Result<Job> {
    let state: usize = row.get::<_, i64>(2)? as usize;
    Ok(Job {
        row: row.get(0)?,
        key: row.get(1)?,
        state: *JobState::ALL.get(state).ok_or(rusqlite::Error::IntegralValueOutOfRange(2, state as i64))?,
        name: row.get(3)?,
        told: row.get(4)?,
        created_at: row.get(5)?,
        started_at: row.get(6)?,
        ended_at: row.get(7)?,
        reason: row.get(8)?,
        n_bytes: row.get::<_, i64>(9)? as u64,
        n_tracks: row.get(10)?,
        n_done: row.get(11)?,
        n_faults: row.get(12)?,
        duration_s: (row.get(13)?, row.get(14)?),
    })
}

fn track(row: &Row) -> rusqlite::Result<JobTrack> {
    Ok(JobTrack {
        place: row.get(0)?,
        track_key: row.get(1)?,
        title: row.get(2)?,
        name: row.get(3)?,
        duration_s: row.get(4)?,
        n_bytes: row.get::<_, Option<i64>>(5)?.map(|n_bytes| n_bytes as u64),
        fault: row.get(6)?,
    })
}
