//! How far a scan has come, as the API, pages and the terminal tell it.

use schemars::JsonSchema;
use serde::Serialize;

/// Whether a scan runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// None runs.
    #[default]
    Idle,
    /// One runs.
    Scanning,
}

/// How far the scan that runs has come, or the last one came.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Status {
    /// Whether a scan runs.
    pub state: Phase,
    /// Whether it was stopped before its end: the next one goes on.
    pub cancelled: bool,
    /// Sound files found.
    pub found: u64,
    /// Of these, those that are new or changed; none: it still looks for files.
    pub to_read: Option<u64>,
    /// Of these, read.
    pub read: u64,
    /// Of those found, skipped because nothing changed.
    pub unchanged: u64,
    /// Of those read, that could not be opened.
    pub unreadable: u64,
    /// Of those read, known tracks whose files lay elsewhere before.
    pub moved: u64,
    /// Tracks whose files are gone.
    pub gone: u64,
    /// Files found or read in a second, of late; none: it is not known yet.
    pub files_per_s: Option<f64>,
    /// Seconds until all is read; none: it is not known yet.
    pub left_s: Option<f64>,
    /// Folders and directories that could not be read, each with its reason.
    pub problems: Vec<String>,
    /// Whether changes are seen as they happen.
    pub watching: bool,
    /// Why some are not, so that they are seen only when all is looked through.
    pub unwatched: Option<String>,
    /// While the demo album is composed, how far that is.
    pub composing: Option<Composing>,
}

/// How many tracks of the demo album are there.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct Composing {
    /// Composed so far.
    pub done: u64,
    /// In all.
    pub total: u64,
}
