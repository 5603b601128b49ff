//! Calls into decoders that are not ours: a panic is caught (where panics
//! unwind; in WebAssembly the Worker is replaced), an error is translated.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use symphonia::core::errors::Error as Foreign;

use super::media::Handle;
use crate::error::{Error, Kind, Result};

/// Runs `f`; a panic becomes [`Kind::Damaged`]. What `f` touched must not be
/// used again after that.
pub(super) fn guarded<T>(what: &str, f: impl FnOnce() -> T) -> Result<T> {
    catch_unwind(AssertUnwindSafe(f)).map_err(|panic| {
        let said = said(panic.as_ref());
        Error::new(Kind::Damaged, format!("the bytes made the {what} panic: {said}"))
    })
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

/// Our error for one of symphonia's, met while doing `what`.
pub(super) fn translate(error: Foreign, handle: &Handle, what: &str) -> Error {
    if handle.is_exhausted() {
        let message = format!("{what}: the file asks for more bytes to be read than any sound file needs");
        return Error::new(Kind::Limit, message).because(error);
    }
    let (kind, reason) = match &error {
        Foreign::IoError(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
            (Kind::Damaged, "the file ends too early".to_string())
        }
        Foreign::IoError(e) if e.get_ref().is_some_and(|inner| inner.is::<Foreign>()) => {
            (Kind::Damaged, e.to_string())
        }
        Foreign::IoError(e) => (Kind::Io, e.to_string()),
        Foreign::DecodeError(why) => (Kind::Damaged, (*why).to_string()),
        Foreign::Unsupported(why) => (Kind::Unsupported, (*why).to_string()),
        Foreign::LimitError(why) => (Kind::Limit, (*why).to_string()),
        other => (Kind::Damaged, other.to_string()),
    };
    Error::new(kind, format!("{what}: {reason}")).because(error)
}
