//! The bytes under a decoder: one medium, shared by the reader in use and the
//! one that replaces it, and an allowance so that no file can make a reader
//! read without end.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use symphonia::core::io::MediaSource;

use crate::error::{Error, Kind, Result};

/// Anything that bytes can be read from at any place: a file, a buffer, ranges
/// of a URL.
pub trait Media: Read + Seek + Send + Sync {}

impl<T: Read + Seek + Send + Sync + ?Sized> Media for T {}

/// The medium itself and what is left of its allowance.
struct Shared {
    media: Box<dyn Media>,
    /// Where the medium stands; `None` after a failure.
    at: Option<u64>,
    /// Bytes that may still be read before the next [`Handle::allow`].
    allowance: u64,
    /// Whether a read was refused for want of allowance.
    is_exhausted: bool,
}

/// A reader of the shared medium with a place of its own.
#[derive(Clone)]
pub(super) struct Handle {
    shared: Arc<Mutex<Shared>>,
    n_bytes: u64,
    at: u64,
}

impl Handle {
    /// Shares `media` of `n_bytes`, measured by seeking if not known.
    pub fn new(mut media: Box<dyn Media>, n_bytes: Option<u64>) -> Result<Self> {
        let n_bytes = match n_bytes {
            Some(n) => n,
            None => media
                .seek(SeekFrom::End(0))
                .map_err(|e| Error::new(Kind::Io, "the length of the file is not known").because(e))?,
        };
        let shared = Shared { media, at: None, allowance: 0, is_exhausted: false };
        Ok(Handle { shared: Arc::new(Mutex::new(shared)), n_bytes, at: 0 })
    }

    /// How many bytes there are.
    pub fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    /// The same medium, read from its first byte.
    pub fn rewound(&self) -> Self {
        Handle { at: 0, ..self.clone() }
    }

    /// Grants the next `n` bytes, and forgets what was left.
    pub fn allow(&self, n: u64) {
        let mut shared = self.lock();
        shared.allowance = n;
        shared.is_exhausted = false;
    }

    /// Whether a read was refused since the last [`Handle::allow`].
    pub fn is_exhausted(&self) -> bool {
        self.lock().is_exhausted
    }

    /// A reader that panicked left the medium at some place or other; `at`
    /// is only trusted after a read that returned, so the lock is usable.
    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Read for Handle {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.n_bytes.saturating_sub(self.at);
        let wanted = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        if wanted == 0 {
            return Ok(0);
        }
        let mut shared = self.lock();
        if shared.allowance == 0 {
            shared.is_exhausted = true;
            return Err(io::Error::other("the reader asks for too many bytes"));
        }
        if shared.at != Some(self.at) {
            shared.at = None;
            shared.media.seek(SeekFrom::Start(self.at))?;
        }
        shared.at = None;
        let n_read = shared.media.read(&mut buffer[..wanted])?;
        shared.allowance = shared.allowance.saturating_sub(n_read as u64);
        shared.at = Some(self.at + n_read as u64);
        drop(shared);
        self.at += n_read as u64;
        Ok(n_read)
    }
}

impl Seek for Handle {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.n_bytes.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

impl MediaSource for Handle {
    fn is_seekable(&self) -> bool {
        true
    }
    fn byte_len(&self) -> Option<u64> {
        Some(self.n_bytes)
    }
}
