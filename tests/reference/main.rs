//! Real music, enhanced, on a meter that is not ours: ffmpeg's `ebur128` reads
//! true peaks under the ceiling, and the loudness and range that the plan had
//! promised. All of the corpus's music of 10 s or more, once; some of it by
//! other tastes too. And a made track whose sections differ absurdly.
//!
//! And what must not change a fingerprint, on most of it. `librosa_check.py`,
//! run by hand, ranks each descriptor beside librosa's: its table is
//! `librosa.md`.

mod invariance;
mod promises;
mod sections;
