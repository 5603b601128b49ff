//! `auralis serve`: opens the catalog, starts the scan and the workers, and
//! answers until it is told to end.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::Result;
use crate::alike::Alike;
use crate::art::Art;
use crate::catalog::{Catalog, Measurable, Owner};
use crate::config::Config;
use crate::demo;
use crate::error::chain;
use crate::events::Events;
use crate::gate::Gate;
use crate::handlers::House;
use crate::handlers::socket::Pings;
use crate::jobs::{Jobs, Share};
use crate::limits::Limits;
use crate::listen::{self, App, OnRequest};
use crate::measuring::{Measure, Measurers, measure, workers};
use crate::media::{Silent, bytes_of};
use crate::metrics::Metrics;
use crate::routes::routes;
use crate::scan::Scanner;
use crate::stream::{Chunks, OnBlock, Renders};
use crate::tls::Tls;

/// What tests put in place of the real thing, to see it fail.
#[derive(Clone)]
pub struct Seams {
    /// How tracks are measured.
    pub measure: Measure,
    /// Called with each admitted request before its handler.
    pub on_request: Option<OnRequest>,
    /// Called with each block before it is rendered.
    pub on_block: Option<OnBlock>,
    /// How many renders there may be at a time.
    pub n_places: Option<usize>,
    /// How long the frames of a chunk may take.
    pub deadline: Option<Duration>,
    /// How sockets are tried.
    pub pings: Pings,
}

impl Default for Seams {
    fn default() -> Self {
        Seams {
            measure: Arc::new(measure),
            on_request: None,
            on_block: None,
            n_places: None,
            deadline: None,
            pings: Pings::default(),
        }
    }
}

/// Serves until the process is told to end; says where on standard output
/// when it is ready.
pub fn run(config: Config) -> Result<()> {
    let config = config.checked()?;
    let address = config.address()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        // Before anything is written: a port in use leaves no trace.
        let listener = TcpListener::bind(address).await.map_err(|error| unbound(&config.listen, &error))?;
        let address = listener.local_addr()?;
        let (end, ending) = watch::channel(false);
        let asked = async {
            signal().await;
            tracing::info!("ending");
            let _ = end.send(true);
        };
        let ready = |tls: Option<&Tls>| {
            let mut lines = format!("Auralis is ready: http://{address}/\n");
            for line in tls.map(|tls| tls.told(address)).unwrap_or_default() {
                lines.push_str(&line);
                lines.push('\n');
            }
            let mut out = std::io::stdout();
            // Nobody may be reading.
            let _ = out.write_all(lines.as_bytes()).and_then(|()| out.flush());
        };
        let served = serve(config, listener, ending, Seams::default(), ready);
        tokio::pin!(served);
        tokio::select! {
            outcome = &mut served => outcome,
            () = asked => served.await,
        }
    })
}

/// Why the address cannot be had, and what to do.
fn unbound(listen: &str, error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            format!(
                "{listen} is in use, perhaps by another Auralis; end that one or choose another with --listen"
            )
        }
        std::io::ErrorKind::PermissionDenied => {
            format!(
                "no permission to listen on {listen}; ports below 1024 are the system's, choose another with --listen"
            )
        }
        std::io::ErrorKind::AddrNotAvailable => {
            format!("{listen} is not an address of this machine; choose another with --listen")
        }
        _ => format!("cannot listen on {listen}: {error}"),
    }
}

/// Serves on `listener` until `ending` says `true`; calls `ready`, with what
/// secures connections, when requests are answered.
pub async fn serve(
    config: Config,
    listener: TcpListener,
    ending: watch::Receiver<bool>,
    seams: Seams,
    ready: impl FnOnce(Option<&Tls>),
) -> Result<()> {
    let address = listener.local_addr()?;
    // Before anything is written, too.
    let given = Tls::given(&config, address)?;
    let cpus = std::thread::available_parallelism().ok().map(usize::from);
    let n_workers = config.workers.unwrap_or_else(|| workers(cpus));
    let data = config.data.clone();
    let opened = move || -> Result<_> {
        Ok((Owner::of(&data)?, Catalog::open(&data, auralis_core::fingerprint::VERSION)?))
    };
    let (_owner, catalog) = tokio::task::spawn_blocking(opened).await??;
    let tls = match given {
        Some(given) => Some(given),
        None => Tls::own(&config, address)?,
    };
    let tls = tls.map(Arc::new);
    let events = Events::default();
    let metrics = Arc::new(Metrics::default());
    let measurers = Measurers::new(catalog.clone(), events.clone(), Arc::clone(&metrics), seams.measure);
    let found = {
        let measurers = measurers.clone();
        move || measurers.look()
    };
    let scanner = Scanner::new(catalog.clone(), events.clone(), found);
    let mut threads = measurers.start(n_workers)?;
    if config.watch {
        threads.push(scanner.watch(config.rescan)?);
    }
    threads.push(scanner.start()?);
    threads.push(fill(&config, &catalog, &scanner)?);
    let share = Share { n_bytes: u64::from(config.jobs_disk) << 20, keep: config.jobs_keep };
    let jobs = {
        let (catalog, measurers, events) = (catalog.clone(), measurers.clone(), events.clone());
        let root = config.data.join("jobs");
        let opened = move || Jobs::open(catalog, measurers, events, root, share);
        tokio::task::spawn_blocking(opened).await??
    };
    threads.extend(jobs.start(cpus.unwrap_or(1))?);
    let house = House {
        catalog,
        alike: Alike::default(),
        art: Art::new(config.data.join("art"), u64::from(config.art_cache) << 20, Arc::clone(&metrics))?,
        measurers: measurers.clone(),
        scanner: scanner.clone(),
        jobs: jobs.clone(),
        renders: renders(cpus.unwrap_or(1), &scanner, Arc::clone(&metrics))?.with(
            seams.n_places,
            seams.deadline,
            seams.on_block,
        ),
        chunks: Arc::new(Chunks::new()?),
        limits: Arc::new(Limits::new(config.limits)),
        events,
        pings: seams.pings,
        metrics: Arc::clone(&metrics),
        ending: ending.clone(),
        https_port: tls.as_ref().map(|tls| tls.port()),
    };
    let gate = Gate::new(&config.hosts, &config.cors_origins);
    let app = App {
        routes: routes(Arc::new(house)),
        gate,
        metrics,
        on_request: seams.on_request,
        tls: tls.clone(),
    };
    let kept = tls.clone().map(|tls| tokio::spawn(tls.keep(ending.clone())));
    ready(tls.as_deref());
    listen::serve(listener, Arc::new(app), ending).await;
    if let Some(kept) = kept {
        // It ends with the server, and has said so if it panicked.
        let _ = kept.await;
    }
    scanner.stop();
    measurers.stop();
    jobs.stop();
    tokio::task::spawn_blocking(move || {
        for thread in threads {
            // A thread that panicked has said so; there is nothing left to end.
            let _ = thread.join();
        }
    })
    .await?;
    Ok(())
}

/// Who renders; a file that cannot be opened is looked for.
fn renders(n_cpus: usize, scanner: &Scanner, metrics: Arc<Metrics>) -> std::io::Result<Renders> {
    let scanner = scanner.clone();
    let on_silent = move |track: &Measurable, silent: &Silent| {
        if let Silent::File(error) = silent {
            tracing::warn!(track_id = track.key, error = chain(error), "file looked for");
            scanner.ask();
        }
    };
    Renders::new(n_cpus, metrics, Arc::new(on_silent))
}

/// Opens the library, or composes the demo album where none is configured, and
/// has it scanned; all of it beside the answering of requests.
fn fill(
    config: &Config,
    catalog: &Catalog,
    scanner: &Scanner,
) -> std::io::Result<std::thread::JoinHandle<()>> {
    let (config, catalog, scanner) = (config.clone(), catalog.clone(), scanner.clone());
    std::thread::Builder::new().name("fill".to_owned()).spawn(move || {
        let filled = || -> Result<()> {
            if config.libraries.is_empty() {
                return compose(&config.data, &catalog, &scanner);
            }
            let folders: Vec<Vec<u8>> = config.libraries.iter().map(|path| bytes_of(path)).collect();
            catalog.open_folders(&folders)?;
            Ok(())
        };
        match filled() {
            Ok(()) => scanner.ask(),
            Err(error) => tracing::error!(error = chain(&*error), "library not opened"),
        }
    })
}

/// Opens the demo album's folder and composes what is missing there; each track
/// is listed as soon as it is done.
fn compose(data: &Path, catalog: &Catalog, scanner: &Scanner) -> Result<()> {
    let folder = demo::folder(data);
    std::fs::create_dir_all(&folder)
        .map_err(|error| format!("the demo album needs the folder {}: {error}", folder.display()))?;
    let folder = folder.canonicalize()?;
    catalog.open_folders(&[bytes_of(&folder)])?;
    let (n_tracks, n_there) = demo::count(&folder);
    if n_there == n_tracks {
        return Ok(());
    }
    tracing::info!(folder = %folder.display(), "composing the demo album");
    let tell =
        |n_done: usize| scanner.composing((n_done < n_tracks).then_some((n_done as u64, n_tracks as u64)));
    tell(n_there);
    let composed = demo::ensure(&folder, &|step| {
        if let Some(step) = step {
            tracing::info!("composed {} of {}: {}", step.n_done, step.n_tracks, step.title);
            tell(step.n_done);
            scanner.ask();
        }
        !scanner.stopped()
    });
    scanner.composing(None);
    composed
}

/// Waits for Ctrl-C or, on Unix, for the signal that ends services.
async fn signal() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupted => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    let _ = interrupted.await;
}
