//! One error for the whole core, made for the caller's next move: its
//! [`Kind`] says what to do, its message says what happened, its source why.

use std::fmt;

/// What the caller can do about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The format or feature is not supported: skip this file.
    Unsupported,
    /// The bytes are not what they claim to be: skip this file.
    Damaged,
    /// A parameter is out of range: correct it and call again.
    Invalid,
    /// Reading or writing failed underneath: retry or tell the user.
    Io,
    /// The work was stopped by the caller.
    Cancelled,
    /// A limit on size, time or memory was reached: skip this file.
    Limit,
}

impl Kind {
    /// The kind as one lower-case word, as it crosses borders.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Unsupported => "unsupported",
            Kind::Damaged => "damaged",
            Kind::Invalid => "invalid",
            Kind::Io => "io",
            Kind::Cancelled => "cancelled",
            Kind::Limit => "limit",
        }
    }
}

/// A failure in the core.
#[derive(Debug)]
pub struct Error {
    /// What the caller can do.
    pub kind: Kind,
    /// What happened, in lower case without a full stop; no path, no secret.
    pub message: String,
    /// The frame at which it happened, where that is known.
    pub frame: Option<u64>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of `kind` that says `message`.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Error { kind, message: message.into(), frame: None, source: None }
    }

    /// The same error, at `frame`.
    #[must_use]
    pub fn at(mut self, frame: u64) -> Self {
        self.frame = Some(frame);
        self
    }

    /// The same error, caused by `source`.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// A parameter is out of range.
    pub fn invalid(message: impl Into<String>) -> Self {
        Error::new(Kind::Invalid, message)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match self.frame {
            Some(frame) => write!(f, " (at frame {frame})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// The result of anything in the core that can fail.
pub type Result<T> = std::result::Result<T, Error>;
