//! Which address is answered by which handler. Everything under `/api` and
//! every method gets an answer; no rejection leaves this file.

use std::future::Future;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use warp::filters::BoxedFilter;
use warp::http::{Method, StatusCode, header};
use warp::reply::Response;
use warp::ws::Ws;
use warp::{Filter, Reply};

use crate::error::{Error, Result};
use crate::handlers::{Ask, House, Id, health, library, page, similar, socket, sound, tracks};
use crate::listen::Place;

/// All routes of `house`.
pub fn routes(house: Arc<House>) -> BoxedFilter<(Response,)> {
    let ask = ask(Arc::clone(&house));
    macro_rules! at {
        ($path:expr => $answer:expr) => {
            $path.and(ask.clone()).then($answer).map(reply).boxed()
        };
    }
    let system = at!(warp::path!("api" / "health") => read(health::health))
        .or(at!(warp::path!("api" / "ready") => read(health::ready)))
        .unify()
        .or(at!(warp::path!("api" / "version") => read(health::version)))
        .unify()
        .or(at!(warp::path!("metrics") => read(health::metrics)))
        .unify();
    let lists = at!(warp::path!("api" / "tracks") => read(tracks::list))
        .or(at!(warp::path!("api" / "tracks" / Id) => read_of(tracks::one)))
        .unify()
        .or(at!(warp::path!("api" / "albums") => read(tracks::albums)))
        .unify()
        .or(at!(warp::path!("api" / "albums" / Id) => read_of(tracks::album)))
        .unify();
    let sounds = at!(warp::path!("api" / "tracks" / Id / "file") => read_of(sound::file))
        .or(at!(warp::path!("api" / "tracks" / Id / "fingerprint") => read_of(sound::fingerprint)))
        .unify()
        .or(at!(warp::path!("api" / "tracks" / Id / "plan") => read_of(sound::plan)))
        .unify()
        .or(at!(warp::path!("api" / "tracks" / Id / "waveform") => read_of(sound::waveform)))
        .unify()
        .or(at!(warp::path!("api" / "tracks" / Id / "similar") => read_of(similar::list)))
        .unify()
        .or(at!(warp::path!("api" / "tracks" / Id / "artwork") => read_of(sound::artwork)))
        .unify()
        .or(at!(warp::path!("api" / "tracks" / Id / "stream") => read_of(sound::stream)))
        .unify()
        .or(at!(warp::path!("api" / "tracks" / Id / "chunks" / u64) => chunk))
        .unify();
    let work =
        at!(warp::path!("api" / "library" / "scan") => read_or(Method::POST, "GET, HEAD, POST", library::scan, library::start_scan))
            .or(at!(warp::path!("api" / "library" / "missing")
                => read_or(Method::DELETE, "GET, HEAD, DELETE", library::missing, library::forget_missing)))
            .unify()
            .or(at!(warp::path!("api" / "library" / "faults") => read(library::faults)))
            .unify()
            .or(at!(warp::path!("api" / "library" / "faults" / "retry") => post(library::retry)))
            .unify();
    let place = warp::ext::optional::<Place>();
    let events = warp::path!("ws").and(warp::ws()).and(place).map(move |ws: Ws, place| {
        let house = Arc::clone(&house);
        // Pages only listen: what they send is small or an attack.
        let ws = ws.max_message_size(4 << 10).max_frame_size(4 << 10);
        let told = |socket| async move {
            socket::tell(house, socket).await;
            drop::<Option<Place>>(place);
        };
        ws.on_upgrade(told).into_response()
    });
    let rest = warp::path::full().and(ask.clone()).then(elsewhere).map(reply);
    system.or(lists).unify().or(sounds).unify().or(work).unify().or(events).unify().or(rest).unify().boxed()
}

/// What every handler is given.
fn ask(house: Arc<House>) -> BoxedFilter<(Ask,)> {
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    warp::method()
        .and(warp::header::headers_cloned())
        .and(query)
        .map(move |method, headers, query| Ask { house: Arc::clone(&house), method, headers, query })
        .boxed()
}

fn reply(answer: Result<Response>) -> Response {
    answer.unwrap_or_else(Reply::into_response)
}

type Answer = BoxFuture<'static, Result<Response>>;

fn is_read(ask: &Ask) -> bool {
    matches!(ask.method, Method::GET | Method::HEAD)
}

fn refuse(allow: &'static str) -> Answer {
    async move { Err(Error::method_not_allowed(allow)) }.boxed()
}

/// An address that is read.
fn read<F>(handler: impl Fn(Ask) -> F + Clone + Send + Sync + 'static) -> impl Fn(Ask) -> Answer + Clone
where
    F: Future<Output = Result<Response>> + Send + 'static,
{
    move |ask| if is_read(&ask) { handler(ask).boxed() } else { refuse("GET, HEAD") }
}

/// An address of one thing that is read.
fn read_of<F>(
    handler: impl Fn(Id, Ask) -> F + Clone + Send + Sync + 'static,
) -> impl Fn(Id, Ask) -> Answer + Clone
where
    F: Future<Output = Result<Response>> + Send + 'static,
{
    move |id, ask| if is_read(&ask) { handler(id, ask).boxed() } else { refuse("GET, HEAD") }
}

/// An address where something is started.
fn post<F>(handler: impl Fn(Ask) -> F + Clone + Send + Sync + 'static) -> impl Fn(Ask) -> Answer + Clone
where
    F: Future<Output = Result<Response>> + Send + 'static,
{
    move |ask| if ask.method == Method::POST { handler(ask).boxed() } else { refuse("POST") }
}

/// An address that is read, and where something is done by another method.
fn read_or<F, G>(
    method: Method,
    allow: &'static str,
    reader: impl Fn(Ask) -> F + Clone + Send + Sync + 'static,
    doer: impl Fn(Ask) -> G + Clone + Send + Sync + 'static,
) -> impl Fn(Ask) -> Answer + Clone
where
    F: Future<Output = Result<Response>> + Send + 'static,
    G: Future<Output = Result<Response>> + Send + 'static,
{
    move |ask| match &ask.method {
        asked if *asked == method => doer(ask).boxed(),
        _ if is_read(&ask) => reader(ask).boxed(),
        _ => refuse(allow),
    }
}

fn chunk(id: Id, k: u64, ask: Ask) -> Answer {
    if is_read(&ask) { sound::chunk(id, k, ask).boxed() } else { refuse("GET, HEAD") }
}

/// What no route above answers: the page's files, or nothing.
async fn elsewhere(path: warp::path::FullPath, ask: Ask) -> Result<Response> {
    let path = path.as_str();
    if path == "/ws" {
        return Err(Error::new(
            StatusCode::UPGRADE_REQUIRED,
            "upgrade-required",
            "this address speaks WebSocket only",
        )
        .with(header::UPGRADE, "websocket"));
    }
    if path == "/api" || path.starts_with("/api/") {
        return Err(Error::not_found("there is nothing at this address of the API"));
    }
    if !is_read(&ask) {
        return Err(Error::method_not_allowed("GET, HEAD"));
    }
    page::file(path.trim_start_matches('/').to_owned(), ask).await
}
