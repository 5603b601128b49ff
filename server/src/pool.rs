//! A few threads for work that computes. Work comes in slices; a stream whose
//! client is slow asks for no slice, and so holds no thread. Clients take turns:
//! who asks for much waits for who asks for little.

use std::any::Any;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::client::Client;

/// For each thread that hangs, as a read of a disk that is gone may, another is
/// started; so many times over at most.
const MAX_SPARES: usize = 8;

type Work = Box<dyn FnOnce() + Send>;

/// Why a slice gave no answer.
#[derive(Debug)]
pub enum Undone {
    /// Too many wait already.
    Busy,
    /// It took longer than it may.
    Late,
    /// It panicked, saying this.
    Panicked(String),
}

impl fmt::Display for Undone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Undone::Busy => f.write_str("too much work waits already"),
            Undone::Late => f.write_str("work took longer than it may"),
            Undone::Panicked(message) => write!(f, "work panicked: {message}"),
        }
    }
}

impl std::error::Error for Undone {}

/// Where a slice is.
const WAITS: u8 = 0;
const RUNS: u8 = 1;
const HANGS: u8 = 2;
const DONE: u8 = 3;

/// A slice of somebody's work.
struct Slice {
    work: Work,
    place: Arc<AtomicU8>,
}

#[derive(Default)]
struct Queue {
    /// What each client waits for.
    waiting: HashMap<Client, VecDeque<Slice>>,
    /// Clients that wait, in the order of their turns.
    turns: VecDeque<Client>,
    n_waiting: usize,
    n_threads: usize,
    /// Threads that hang, as far as is known.
    n_hanging: usize,
    /// The last handle is gone.
    is_over: bool,
}

struct Shared {
    name: String,
    n_threads: usize,
    backlog: usize,
    queue: Mutex<Queue>,
    wake: Condvar,
}

/// The threads; they end with the last handle.
#[derive(Clone)]
pub struct Pool {
    handle: Arc<Handle>,
}

struct Handle(Arc<Shared>);

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.queue().is_over = true;
        self.0.wake.notify_all();
    }
}

impl Pool {
    /// `n_threads` threads called `name`, for which `backlog` slices may wait.
    pub fn new(name: &str, n_threads: usize, backlog: usize) -> std::io::Result<Self> {
        let n_threads = n_threads.max(1);
        let shared = Arc::new(Shared {
            name: name.to_owned(),
            n_threads,
            backlog,
            queue: Mutex::default(),
            wake: Condvar::new(),
        });
        for _ in 0..n_threads {
            Shared::start(&shared)?;
        }
        Ok(Pool { handle: Arc::new(Handle(shared)) })
    }

    /// Runs `slice` on one of the threads when it is `client`'s turn, and gives its
    /// answer. Who stops waiting takes it back, if it has not begun.
    pub async fn run<T: Send + 'static>(
        &self,
        client: Client,
        within: Duration,
        slice: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Undone> {
        let (answer, answered) = oneshot::channel();
        let span = tracing::Span::current();
        let work: Work = Box::new(move || {
            // Nobody waits any more: the client is gone, the work is saved.
            if answer.is_closed() {
                return;
            }
            let outcome = span.in_scope(|| catch_unwind(AssertUnwindSafe(slice)));
            let _ = answer.send(outcome.map_err(|panic| Undone::Panicked(panic_text(&*panic))));
        });
        let shared = &self.handle.0;
        let place = Arc::new(AtomicU8::new(WAITS));
        shared.put(client, Slice { work, place: Arc::clone(&place) })?;
        match tokio::time::timeout(within, answered).await {
            Ok(outcome) => outcome.unwrap_or_else(|_| Err(Undone::Panicked("the slice was dropped".into()))),
            Err(_) => {
                shared.hangs(&place);
                Err(Undone::Late)
            }
        }
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(shared: &Arc<Self>) -> std::io::Result<()> {
        let idx = {
            let mut queue = shared.queue();
            queue.n_threads += 1;
            queue.n_threads - 1
        };
        let own = Arc::clone(shared);
        let started = std::thread::Builder::new().name(format!("{}-{idx}", shared.name)).spawn(move || {
            while let Some(slice) = own.next() {
                slice.place.store(RUNS, Ordering::Release);
                (slice.work)();
                if slice.place.swap(DONE, Ordering::AcqRel) == HANGS {
                    own.queue().n_hanging -= 1;
                }
            }
        });
        if started.is_err() {
            shared.queue().n_threads -= 1;
        }
        started.map(drop)
    }

    fn put(&self, client: Client, slice: Slice) -> Result<(), Undone> {
        let mut queue = self.queue();
        if queue.n_waiting >= self.backlog {
            return Err(Undone::Busy);
        }
        queue.n_waiting += 1;
        let own = queue.waiting.entry(client).or_default();
        let had_none = own.is_empty();
        own.push_back(slice);
        if had_none {
            queue.turns.push_back(client);
        }
        drop(queue);
        self.wake.notify_one();
        Ok(())
    }

    /// Waits for the next slice; none: this thread is one too many, or it is over.
    fn next(&self) -> Option<Slice> {
        let mut queue = self.queue();
        loop {
            if queue.n_threads > self.n_threads + queue.n_hanging || queue.is_over {
                queue.n_threads -= 1;
                return None;
            }
            if let Some(slice) = queue.take() {
                return Some(slice);
            }
            queue = self.wake.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// If this slice runs still, its thread hangs: another takes its place until it
    /// comes back.
    fn hangs(self: &Arc<Self>, place: &AtomicU8) {
        {
            let mut queue = self.queue();
            let may = queue.n_hanging < MAX_SPARES * self.n_threads;
            if !may || place.compare_exchange(RUNS, HANGS, Ordering::AcqRel, Ordering::Acquire).is_err() {
                return;
            }
            queue.n_hanging += 1;
        }
        tracing::warn!(pool = self.name, "a thread hangs; another takes its place");
        if let Err(error) = Shared::start(self) {
            tracing::error!(%error, "no other thread can be started");
        }
    }
}

impl Queue {
    /// The first slice of the client whose turn it is; after that the next one's.
    fn take(&mut self) -> Option<Slice> {
        let client = self.turns.pop_front()?;
        let own = self.waiting.get_mut(&client)?;
        let slice = own.pop_front();
        if own.is_empty() {
            self.waiting.remove(&client);
        } else {
            self.turns.push_back(client);
        }
        self.n_waiting -= usize::from(slice.is_some());
        slice
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
    use std::sync::mpsc;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn client(n: u8) -> Client {
        Client::of([192, 0, 2, n].into())
    }

    #[tokio::test]
    async fn a_panicking_slice_harms_no_other() {
        let pool = Pool::new("test", 1, 8).unwrap();
        let panicked = pool.run(client(1), LONG, || panic!("on purpose")).await.map(|(): ()| ());
        assert!(matches!(panicked, Err(Undone::Panicked(text)) if text == "on purpose"));
        assert_eq!(pool.run(client(1), LONG, || 7).await.unwrap(), 7);
    }

    /// One thread that is held until the other end of the channel goes.
    async fn held(pool: &Pool) -> mpsc::Sender<()> {
        let (hold, held) = mpsc::channel::<()>();
        let (begun, has_begun) = oneshot::channel();
        let pool = pool.clone();
        tokio::spawn(async move {
            let slice = move || {
                let _ = begun.send(());
                let _ = held.recv();
            };
            let _ = pool.run(client(9), LONG, slice).await;
        });
        has_begun.await.unwrap();
        hold
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn who_asks_for_much_waits_for_who_asks_for_little() {
        let pool = Pool::new("test", 1, 64).unwrap();
        let hold = held(&pool).await;
        let (done, order) = mpsc::channel();
        let mut asked = Vec::new();
        for who in [1, 1, 1, 1, 1, 1, 2, 3, 2] {
            let (own, done) = (pool.clone(), done.clone());
            asked.push(tokio::spawn(async move {
                own.run(client(who), LONG, move || done.send(who).unwrap()).await.unwrap();
            }));
            // Each waits before the next comes.
            let n_asked = asked.len();
            while pool.handle.0.queue().n_waiting < n_asked {
                tokio::task::yield_now().await;
            }
        }
        drop(hold);
        for one in asked {
            one.await.unwrap();
        }
        assert_eq!(order.try_iter().collect::<Vec<_>>(), [1, 2, 3, 1, 2, 1, 1, 1, 1]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_thread_that_hangs_is_replaced_until_it_comes_back() {
        let pool = Pool::new("test", 1, 8).unwrap();
        let (hold, held) = mpsc::channel::<()>();
        let late = pool.run(client(1), Duration::from_millis(20), move || held.recv()).await;
        assert!(matches!(late, Err(Undone::Late)));
        assert_eq!(pool.run(client(1), LONG, || 7).await.unwrap(), 7, "another thread works on");
        drop(hold);
        while pool.handle.0.queue().n_threads > 1 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(pool.handle.0.queue().n_hanging, 0);
        assert_eq!(pool.run(client(1), LONG, || 8).await.unwrap(), 8);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_nobody_waits_for_is_not_done() {
        let pool = Pool::new("test", 1, 2).unwrap();
        let hold = held(&pool).await;
        let (done, was_done) = mpsc::channel::<()>();
        {
            let given_up = pool.run(client(1), LONG, move || done.send(()));
            let _ = tokio::time::timeout(Duration::from_millis(5), given_up).await;
        }
        let other = tokio::spawn({
            let pool = pool.clone();
            async move { pool.run(client(2), LONG, || 7).await }
        });
        while pool.handle.0.queue().n_waiting < 2 {
            tokio::task::yield_now().await;
        }
        assert!(matches!(pool.run(client(3), LONG, || 8).await, Err(Undone::Busy)), "no more may wait");
        drop(hold);
        assert_eq!(other.await.unwrap().unwrap(), 7);
        assert!(was_done.recv().is_err());
    }
}
