//! The accept loop: own, because what hyper and warp offer ready-made has no
//! limit on connections and no time limit on headers.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tracing::Instrument;
use warp::filters::BoxedFilter;
use warp::http::{Method, Request};
use warp::reply::Response;

use crate::client::Client;
use crate::dressed::Dressed;
use crate::error::{Error, chain};
use crate::events::ended;
use crate::gate::Gate;
use crate::metrics::Metrics;
use crate::pool::panic_text;
use crate::tls::{Tls, Wire};

/// Connections at a time; more wait in the system's queue.
const MAX_CONNECTIONS: usize = 512;
/// A client that has not sent its headers by then is dropped.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// Requests that are still answered when the server ends get this long.
const DRAIN: Duration = Duration::from_secs(5);
/// After an accept that failed for want of a file handle.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A connection's place among all: whoever takes the connection over, as a
/// socket does, takes its place with it.
#[derive(Clone)]
pub struct Place(#[expect(dead_code, reason = "it is held, not read")] Arc<OwnedSemaphorePermit>);

/// Called with each admitted request before its handler; tests make it panic.
pub type OnRequest = Arc<dyn Fn(&Method, &str) + Send + Sync>;

/// What answers requests.
pub struct App {
    /// The routes.
    pub routes: BoxedFilter<(Response,)>,
    /// Who may ask.
    pub gate: Gate,
    /// Counts answers.
    pub metrics: Arc<Metrics>,
    /// Called before each handler.
    pub on_request: Option<OnRequest>,
    /// What secures connections; none: nothing does.
    pub tls: Option<Arc<Tls>>,
}

/// Serves `app` on `listener` until `shutdown` says `true`, then lets running
/// requests end.
pub async fn serve(listener: TcpListener, app: Arc<App>, mut shutdown: watch::Receiver<bool>) {
    let connections = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &connections) => accepted,
            () = ended(&mut shutdown) => break,
        };
        let (stream, peer, permit) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "connection not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Ok(local) = stream.local_addr() else { continue };
        let app = Arc::clone(&app);
        let tls = app.tls.clone();
        let served = Arc::new(AtomicBool::new(false));
        let is_served = Arc::clone(&served);
        let (place, client) = (Place(Arc::new(permit)), Client::of(peer.ip()));
        let service = service_fn(move |mut request: Request<Incoming>| {
            is_served.store(true, Ordering::Release);
            request.extensions_mut().insert(place.clone());
            request.extensions_mut().insert(client);
            answer(Arc::clone(&app), local, request)
        });
        let mut ending = shutdown.clone();
        tokio::spawn(async move {
            let Some(stream) = enter(tls, stream, &mut ending).await else { return };
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_TIMEOUT)
                .serve_connection(TokioIo::new(Dressed::new(stream, served)), service)
                .with_upgrades();
            tokio::pin!(connection);
            let outcome = tokio::select! {
                outcome = &mut connection => outcome,
                () = ended(&mut ending) => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = outcome {
                tracing::debug!(error = chain(&error), "connection ended");
            }
        });
    }
    drop(listener);
    // All permits together are there when no connection is.
    let drained = connections.acquire_many(MAX_CONNECTIONS as u32);
    if tokio::time::timeout(DRAIN, drained).await.is_err() {
        tracing::info!("requests that were still answered are cut");
    }
}

async fn accept(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let permit = Arc::clone(connections).acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, peer, permit))
}

/// What a client is spoken with; none if it never began, or the server ends first.
async fn enter(
    tls: Option<Arc<Tls>>,
    stream: TcpStream,
    ending: &mut watch::Receiver<bool>,
) -> Option<Box<dyn Wire>> {
    let Some(tls) = tls else { return Some(Box::new(stream)) };
    let entered = tokio::select! {
        entered = tokio::time::timeout(HEADER_TIMEOUT, tls.enter(stream)) => entered,
        () = ended(ending) => return None,
    };
    match entered {
        Ok(Ok(stream)) => Some(stream),
        Ok(Err(error)) => {
            tracing::debug!(error = chain(&error), "connection not secured");
            None
        }
        Err(_) => {
            tracing::debug!("connection not begun in time");
            None
        }
    }
}

/// Answers one request: whatever happens inside, an answer comes out.
async fn answer(
    app: Arc<App>,
    local: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response, Infallible> {
    let id = request_id();
    let span = tracing::info_span!("request", id, method = %request.method(), path = request.uri().path());
    let (parts, body) = request.into_parts();
    let asked = parts.headers.clone();
    let answered = async {
        match app.gate.admit(&parts, local.ip()) {
            Ok(Some(response)) => response,
            Ok(None) => handle(&app, Request::from_parts(parts, body)).await,
            Err(refused) => warp::Reply::into_response(refused),
        }
    };
    let mut response = answered.instrument(span.clone()).await;
    let _in_span = span.enter();
    app.metrics.requests.add(1);
    if let Some(error) = response.extensions_mut().remove::<Error>() {
        let is_wait = matches!(error.kind, "measuring" | "busy");
        if error.status.is_server_error() && !is_wait {
            app.metrics.errors.add(1);
            tracing::error!(
                request_id = id,
                status = error.status.as_u16(),
                error = chain(&error),
                "request failed"
            );
        } else {
            tracing::debug!(
                request_id = id,
                status = error.status.as_u16(),
                error = chain(&error),
                "request refused"
            );
        }
        response = error.answer(&id);
    }
    tracing::debug!(request_id = id, status = response.status().as_u16(), "answered");
    app.gate.dress(&mut response, &asked);
    Ok(response)
}

/// Runs the routes; a panic in any of them is this request's 500 and nobody
/// else's trouble.
async fn handle(app: &App, request: Request<Incoming>) -> Response {
    let handled = async {
        if let Some(on_request) = &app.on_request {
            on_request(request.method(), request.uri().path());
        }
        let Ok(response) = hyper::service::Service::call(
            &hyper_util::service::TowerToHyperService::new(warp::service(app.routes.clone())),
            request,
        )
        .await;
        response
    };
    match AssertUnwindSafe(handled).catch_unwind().await {
        Ok(response) => response,
        Err(panic) => {
            let cause = std::io::Error::other(format!("a handler panicked: {}", panic_text(&*panic)));
            warp::Reply::into_response(Error::unexpected(cause))
        }
    }
}

/// An id under which the log and the client know a request.
fn request_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{:08x}-{n:06x}", std::process::id())
}
