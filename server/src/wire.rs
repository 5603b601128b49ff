//! What crosses the socket at `/ws`, apart from what happens in the house: what a
//! client says, what it is told of its stream, and how sound is packed. The
//! page's types are made of this.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most that a client may say at a time, in bytes.
pub const MAX_SAID: usize = 4 << 10;
/// Frames of sound in one message at most.
pub const MAX_FRAMES: usize = 8_192;
/// The most that may be granted and not used, in bytes: it is far more than any
/// client needs to hold.
pub const MAX_CREDIT: u64 = 64 << 20;

/// What a client says.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Play this track; what played is over.
    Play {
        /// The track.
        track_id: String,
        /// From this frame on; past the end: the end.
        #[serde(default)]
        frame: u64,
        /// How it shall sound.
        #[serde(default)]
        taste: Wish,
        /// Whether it is enhanced at all.
        #[serde(default = "yes")]
        enhanced: bool,
    },
    /// Send no more for now.
    Pause {},
    /// Go on where it was.
    Resume {},
    /// Go on at another frame.
    Seek {
        /// That frame; past the end: the end.
        frame: u64,
    },
    /// It is over.
    Stop {},
    /// Let it sound otherwise.
    Set {
        /// How it shall sound.
        #[serde(default)]
        taste: Wish,
        /// Whether it is enhanced at all.
        #[serde(default = "yes")]
        enhanced: bool,
        /// From this frame on; none: the next that was not sent.
        frame: Option<u64>,
    },
    /// So many bytes of sound more may be sent: whole messages, header included.
    Credit {
        /// How many.
        bytes: u64,
    },
    /// Is anybody there?
    Ping {},
}

fn yes() -> bool {
    true
}

/// How a track shall sound: a taste, or the id of a plan.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    /// The character.
    pub preset: Option<String>,
    /// How much of it, 0 to 1.
    pub intensity: Option<f32>,
    /// Loudness to aim for, in LUFS.
    pub target_lufs: Option<f32>,
    /// Whether its album's tracks keep their balance.
    pub album: Option<bool>,
    /// The id of a track that it shall sound like.
    pub reference: Option<String>,
    /// The id of a plan that was handed out, in place of all of these.
    pub plan: Option<String>,
}

/// Where a stream is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlaybackState {
    /// Nothing was asked for.
    #[default]
    Idle,
    /// It is being opened, or waits for its turn.
    Loading,
    /// It is sent, as far as there is credit.
    Playing,
    /// It is held.
    Paused,
    /// It is over.
    Stopped,
    /// It failed.
    Error,
}

/// Why a stream is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It was sent up to its end.
    Completed,
    /// The client wanted no more of it, or something else.
    Stopped,
    /// It could not go on.
    Failed,
}

/// What a client is told of its stream.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Told {
    /// The stream is in this state from now on. No message of an epoch before this
    /// one follows.
    State {
        /// The state.
        state: PlaybackState,
        /// Counts what was played, sought and set.
        epoch: u32,
        /// The next frame that will be sent.
        frame: u64,
    },
    /// The stream is open: what its sound is.
    Opened {
        /// Which stream.
        epoch: u32,
        /// Of which track.
        track_id: String,
        /// By which plan; none: it is not enhanced.
        plan_id: Option<String>,
        /// Frames per second.
        rate: u32,
        /// Frames of the track.
        n_frames: u64,
        /// The first that is sent.
        frame: u64,
    },
    /// The stream is over.
    Ended {
        /// Which stream.
        epoch: u32,
        /// Why.
        reason: Reason,
        /// Frames that were sent of it.
        frames: u64,
    },
    /// Something went wrong.
    Error {
        /// What kind of problem, as the last part of its type over HTTP.
        code: String,
        /// What it is and what to do.
        message: String,
        /// Where to go on, if that may help.
        #[serde(skip_serializing_if = "Option::is_none")]
        recovery_frame: Option<u64>,
    },
    /// Somebody is.
    Pong,
}

/// What stands before the samples of a message: of each channel, left then right,
/// `frames` little-endian 32-bit floats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Which stream.
    pub epoch: u32,
    /// Counts its messages, from 0.
    pub sequence: u32,
    /// The first frame of the track in it.
    pub first_frame: u64,
    /// How many.
    pub frames: u32,
    /// What else is to be known.
    pub flags: u32,
}

impl Header {
    /// Its bytes.
    pub const LEN: usize = 24;
    /// Among the flags: with it the track ends.
    pub const LAST: u32 = 1;
    /// Its fields, each with the byte it begins at and how many it has.
    pub const FIELDS: [(&'static str, usize, usize); 5] =
        [("epoch", 0, 4), ("sequence", 4, 4), ("first_frame", 8, 8), ("frames", 16, 4), ("flags", 20, 4)];

    /// As it is sent, all little-endian.
    pub fn bytes(&self) -> [u8; Header::LEN] {
        let Header { epoch, sequence, first_frame, frames, flags } = *self;
        let values = [epoch.into(), sequence.into(), first_frame, frames.into(), u64::from(flags)];
        let mut bytes = [0; Header::LEN];
        for ((_, at, len), value) in Header::FIELDS.into_iter().zip(values) {
            bytes[at..at + len].copy_from_slice(&u64::to_le_bytes(value)[..len]);
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_has_each_field_at_its_place() {
        let header =
            Header { epoch: 0x0102, sequence: 3, first_frame: 0x0405_0607_0809, frames: 0x0a0b, flags: 1 };
        let expected = [2, 1, 0, 0, 3, 0, 0, 0, 9, 8, 7, 6, 5, 4, 0, 0, 11, 10, 0, 0, 1, 0, 0, 0];
        assert_eq!(header.bytes(), expected);
    }

    #[test]
    fn what_is_unknown_is_refused() {
        let read = |text: &str| serde_json::from_str::<Command>(text);
        assert!(matches!(
            read(r#"{"command":"play","track_id":"x","taste":{"preset":"warm"}}"#),
            Ok(Command::Play { frame: 0, enhanced: true, .. })
        ));
        for bad in [
            r#"{"command":"dance"}"#,
            r#"{"command":"play"}"#,
            r#"{"command":"pause","now":true}"#,
            r#"{"command":"seek","frame":-1}"#,
            r#"{"command":"seek","frame":1.5}"#,
            r#"{"command":"credit","bytes":99999999999999999999999}"#,
            r#"{"command":"set","taste":{"bass":1}}"#,
            r#"["play"]"#,
            "",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
