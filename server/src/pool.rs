//! A few threads for work that computes: rendering. Work comes in slices; a
//! stream whose client is slow asks for no slice, and so holds no thread.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

/// Slices that may wait; more are refused, and the client told to come again.
const BACKLOG: usize = 256;

type Slice = Box<dyn FnOnce() + Send>;

/// Why a slice gave no answer.
#[derive(Debug)]
pub enum Undone {
    /// Too many wait already.
    Busy,
    /// It panicked, saying this.
    Panicked(String),
}

impl fmt::Display for Undone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Undone::Busy => f.write_str("too many renders wait already"),
            Undone::Panicked(message) => write!(f, "a render panicked: {message}"),
        }
    }
}

impl std::error::Error for Undone {}

/// Threads that take slices in the order of their coming.
#[derive(Clone)]
pub struct Pool {
    slices: SyncSender<Slice>,
}

impl Pool {
    /// `n_threads` threads called `name`; they end with the last handle.
    pub fn new(name: &str, n_threads: usize) -> std::io::Result<Self> {
        let (slices, waiting) = sync_channel::<Slice>(BACKLOG);
        let waiting = Arc::new(Mutex::new(waiting));
        for idx in 0..n_threads.max(1) {
            let waiting = Arc::clone(&waiting);
            std::thread::Builder::new().name(format!("{name}-{idx}")).spawn(move || work(&waiting))?;
        }
        Ok(Pool { slices })
    }

    /// Runs `slice` on one of the threads and gives its answer.
    pub async fn run<T: Send + 'static>(
        &self,
        slice: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Undone> {
        let (answer, answered) = oneshot::channel();
        let span = tracing::Span::current();
        let slice: Slice = Box::new(move || {
            // Nobody waits any more: the client is gone, the work is saved.
            if answer.is_closed() {
                return;
            }
            let outcome = span.in_scope(|| catch_unwind(AssertUnwindSafe(slice)));
            let _ = answer.send(outcome.map_err(|panic| Undone::Panicked(panic_text(&*panic))));
        });
        match self.slices.try_send(slice) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => return Err(Undone::Busy),
            Err(TrySendError::Disconnected(_)) => return Err(Undone::Panicked("no thread is left".into())),
        }
        answered.await.unwrap_or_else(|_| Err(Undone::Panicked("the slice was dropped".into())))
    }
}

fn work(waiting: &Mutex<Receiver<Slice>>) {
    loop {
        let slice = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match slice {
            Ok(slice) => slice(),
            Err(_) => return,
        }
    }
}

/// What a panic said.
pub fn panic_text(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panicking_slice_harms_no_other() {
        let pool = Pool::new("test", 1).unwrap();
        let panicked = pool.run(|| panic!("on purpose")).await.map(|(): ()| ());
        assert!(matches!(panicked, Err(Undone::Panicked(text)) if text == "on purpose"));
        assert_eq!(pool.run(|| 7).await.unwrap(), 7);
    }
}
