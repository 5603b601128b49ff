//! What happens in the house, told to every page that listens.

use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::{broadcast, watch};

use crate::scan::Status;

/// Events a slow listener may fall behind before it misses some.
const BACKLOG: usize = 256;

/// One thing that happened, as the socket says it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A scan began, went on or ended.
    Scan(Status),
    /// A track's fingerprint is there.
    Measured {
        /// The track.
        track_id: String,
    },
    /// A track could not be measured.
    Failed {
        /// The track.
        track_id: String,
        /// Why, in words for a listener.
        reason: String,
    },
    /// A rendering corrected what a track's plans promise.
    Trimmed {
        /// The track.
        track_id: String,
    },
    /// Tracks came or went.
    Library,
    /// What a listener made of a track is other than before.
    Changed {
        /// The track.
        track_id: String,
    },
    /// Playlists or their items are other than before.
    Playlists,
    /// The queue is other than before.
    Queue {
        /// The number of the change; the same: only the position is another.
        revision: u64,
    },
    /// A job is further, or at its end.
    Job(JobStatus),
    /// Jobs came or went.
    Jobs,
}

/// How far a job is.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct JobStatus {
    /// Which.
    pub job_id: String,
    /// Where it is on its way.
    #[schemars(extend("enum" = ["queued", "processing", "completed", "failed", "cancelled"]))]
    pub state: &'static str,
    /// How much of it is done.
    pub percent: f64,
    /// Seconds of music that are rendered in one, of late; null: it is not known yet.
    pub speed: Option<f64>,
    /// Seconds that it takes yet; null: it is not known yet.
    pub left_s: Option<f64>,
}

/// Where events are announced and heard.
#[derive(Clone, Debug)]
pub struct Events {
    sender: broadcast::Sender<Event>,
}

impl Default for Events {
    fn default() -> Self {
        Events { sender: broadcast::channel(BACKLOG).0 }
    }
}

impl Events {
    /// Tells whoever listens.
    pub fn tell(&self, event: Event) {
        // Nobody listening is fine.
        let _ = self.sender.send(event);
    }

    /// Hears what happens from now on.
    pub fn listen(&self) -> broadcast::Receiver<Event> {
        self.sender.subscribe()
    }
}

/// Waits until the server ends.
pub async fn ended(ending: &mut watch::Receiver<bool>) {
    // An error means that whoever could have said so is gone: it ended.
    let _ = ending.wait_for(|ends| *ends).await;
}
