//! The server inside the test's own process: for what has to be put into it,
//! and for what it logs.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;

use auralis_server::config::Config;
use auralis_server::serve::{Seams, serve};
use auralis_server::tls::Tls;
use serde_json::Value;
use tokio::sync::watch;

/// A running server; it is ended when this is dropped.
pub struct Inside {
    pub address: SocketAddr,
    end: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Inside {
    /// Serves `library` on a free port, with `seams`.
    pub fn start(library: &Path, data: &Path, seams: Seams) -> Self {
        log();
        let mut config = Config::new(data.to_owned());
        config.libraries.push(library.to_owned());
        config.watch = false;
        let config = config.checked().expect("a configuration");
        let (end, ending) = watch::channel(false);
        let (ready, is_ready) = sync_channel(1);
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
                let address = listener.local_addr().expect("an address");
                let tell = |_: Option<&Tls>| ready.send(address).expect("the test waits");
                serve(config, listener, ending, seams, tell).await.expect("it serves");
            });
        });
        let address = is_ready.recv().expect("it says that it is ready");
        Inside { address, end, thread: Some(thread) }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        let _ = self.end.send(true);
        // A thread that panicked has said so.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Where the servers of this process log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn log() -> &'static Log {
    static LOG: OnceLock<Log> = OnceLock::new();
    LOG.get_or_init(|| {
        let log = Log::default();
        let writer = log.clone();
        tracing_subscriber::fmt().json().with_writer(move || writer.clone()).init();
        log
    })
}

/// All events logged so far in which `field` is `value`.
pub fn logged(field: &str, value: &str) -> Vec<Value> {
    all().filter(|event| event["fields"][field] == value).collect()
}

/// All events logged so far in requests for `path`.
pub fn logged_in(path: &str) -> Vec<Value> {
    all().filter(|event| event["span"]["path"] == path).collect()
}

fn all() -> impl Iterator<Item = Value> {
    let bytes = log().0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    events(&String::from_utf8_lossy(&bytes)).collect::<Vec<_>>().into_iter()
}

/// The events of a log of one object per line.
pub fn events(log: &str) -> impl Iterator<Item = Value> {
    log.lines().filter_map(|line| serde_json::from_str(line).ok())
}
