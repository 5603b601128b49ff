//! The core of Auralis: everything between the bytes of a music file and the
//! sound a listener hears. It is compiled natively and to WebAssembly and gives
//! the same bits in both (law L1).
//!
//! ```text
//! bytes → decode → blocks → fingerprint → plan
//!                     └──────────────────→ chain → join → (resample) → sink
//! ```
//!
//! Reading order: [`units`], [`math`], [`error`] and [`block`] are the words;
//! [`flow`] and [`geometry`] the grammar; then the rooms in the order in which
//! sound passes through them.

#![forbid(unsafe_code)]

pub mod block;
pub mod error;
pub mod flow;
pub mod geometry;
pub mod math;
pub mod units;

pub mod chain;
#[cfg(feature = "decode")]
pub mod decode;
#[cfg(feature = "encode")]
pub mod encode;
pub mod fingerprint;
pub mod join;
pub mod meter;
pub mod plan;
pub mod player;
pub mod resample;
