//! The core in the browser, built twice: [`analyst`] for the Worker (decodes,
//! measures, plans) and [`engine`] for the worklet (renders, numbers only).
//! No sound is made here: both only carry it between JavaScript and the core.

#[cfg(feature = "analyst")]
pub mod ahead;
#[cfg(feature = "analyst")]
pub mod analyst;
#[cfg(feature = "engine")]
mod batch;
#[cfg(feature = "engine")]
pub mod engine;
#[cfg(feature = "engine")]
mod fade;
#[cfg(feature = "analyst")]
mod remote;
