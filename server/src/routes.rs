//! Which address is answered by which handler. Everything under `/api` and
//! every method gets an answer; no rejection leaves this file.

use std::future::Future;
use std::str::FromStr;
use std::sync::Arc;

use bytes::{Buf, Bytes, BytesMut};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, Stream, StreamExt};
use warp::filters::BoxedFilter;
use warp::http::{Method, StatusCode, header};
use warp::path::FullPath;
use warp::reply::Response;
use warp::ws::Ws;
use warp::{Filter, Reply};

use crate::client::Client;
use crate::error::{Error, Result};
use crate::gate::MAX_BODY;
use crate::handlers::{
    Ask, House, Id, artwork, exchange, groups, health, items, jobs, library, listening, page, playlists,
    queue, search, similar, socket, sound, tracks,
};
use crate::listen::Place;
use crate::openapi::{self, Doc};
use crate::wire::MAX_SAID;

/// So many times the largest body are read before a larger one is cut off.
const PATIENCE: u64 = 4;

type Answer = BoxFuture<'static, Result<Response>>;
/// Answers, unless what stands in the address cannot be meant.
type Handler = Box<dyn Fn(&[&str], Ask) -> Option<Answer> + Send + Sync>;

/// One thing that can be asked for.
pub struct Operation {
    /// GET answers HEAD too.
    pub method: Method,
    /// Its address; what stands in braces is asked with.
    pub path: &'static str,
    handler: Handler,
    /// What the document says of it.
    doc: Option<&'static Doc>,
}

/// All there is.
pub fn operations() -> Vec<Operation> {
    vec![
        get("/api/health", plain(health::health)),
        get("/api/ready", plain(health::ready)),
        get("/api/version", plain(health::version)),
        get("/api/openapi.json", plain(health::openapi)),
        get("/metrics", plain(health::metrics)),
        get("/api/tracks", plain(tracks::list)),
        get("/api/tracks/{id}", of(tracks::one)),
        get("/api/tracks/{id}/lyrics", of(tracks::lyrics)),
        get("/api/tracks/{id}/file", of(sound::file)),
        get("/api/tracks/{id}/fingerprint", of(sound::fingerprint)),
        get("/api/tracks/{id}/plan", of(sound::plan)),
        get("/api/tracks/{id}/waveform", of(sound::waveform)),
        get("/api/tracks/{id}/similar", of(similar::list)),
        get("/api/tracks/{id}/radio", of(similar::radio)),
        get("/api/tracks/{id}/path", of(similar::path)),
        get("/api/tracks/{id}/artwork", of(artwork::of_track)),
        get("/api/tracks/{id}/artwork/colour", of(artwork::colour)),
        get("/api/tracks/{id}/stream", of(sound::stream)),
        get("/api/tracks/{id}/chunks/{k}", of_two(sound::chunk)),
        get("/api/albums", plain(groups::albums)),
        get("/api/albums/{id}", of(groups::album)),
        get("/api/artists", plain(groups::artists)),
        get("/api/artists/{id}", of(groups::artist)),
        get("/api/genres", plain(groups::genres)),
        get("/api/genres/{id}", of(groups::genre)),
        get("/api/search", plain(search::search)),
        get("/api/favorites", plain(listening::favorites)),
        put("/api/favorites/{id}", of(listening::favor)),
        delete("/api/favorites/{id}", of(listening::unfavor)),
        put("/api/tracks/{id}/rating", of(listening::rate)),
        delete("/api/tracks/{id}/rating", of(listening::unrate)),
        get("/api/tracks/{id}/taste", of(listening::track_taste)),
        put("/api/tracks/{id}/taste", of(listening::put_track_taste)),
        delete("/api/tracks/{id}/taste", of(listening::forget_track_taste)),
        get("/api/albums/{id}/artwork", of(artwork::of_album)),
        get("/api/albums/{id}/taste", of(listening::album_taste)),
        put("/api/albums/{id}/taste", of(listening::put_album_taste)),
        delete("/api/albums/{id}/taste", of(listening::forget_album_taste)),
        get("/api/history", plain(listening::history)),
        put("/api/history/{id}", of(listening::heard)),
        delete("/api/history/{id}", of(listening::unheard)),
        get("/api/playlists", plain(playlists::list)),
        post("/api/playlists", plain(playlists::create)),
        post("/api/playlists/import", plain(exchange::import)),
        get("/api/playlists/{id}", of(playlists::one)),
        put("/api/playlists/{id}", of(playlists::put)),
        delete("/api/playlists/{id}", of(playlists::delete)),
        get("/api/playlists/{id}/items", of(items::items)),
        post("/api/playlists/{id}/items", of(items::add)),
        post("/api/playlists/{id}/items/move", of(items::move_items)),
        post("/api/playlists/{id}/items/remove", of(items::remove)),
        delete("/api/playlists/{id}/items/{item}", of_two(items::remove_one)),
        post("/api/playlists/{id}/undo", of(items::undo)),
        get("/api/playlists/{id}/m3u8", of(exchange::export)),
        get("/api/queue", plain(queue::queue)),
        put("/api/queue", plain(queue::replace)),
        operation(Method::PATCH, "/api/queue", plain(queue::set)),
        post("/api/queue/items", plain(queue::add)),
        post("/api/queue/items/move", plain(queue::move_items)),
        post("/api/queue/items/remove", plain(queue::remove)),
        put("/api/queue/shuffle", plain(queue::shuffle)),
        post("/api/queue/undo", plain(queue::undo)),
        get("/api/jobs", plain(jobs::list)),
        post("/api/jobs", plain(jobs::create)),
        post("/api/jobs/preview", plain(jobs::preview)),
        get("/api/jobs/{id}", of(jobs::one)),
        delete("/api/jobs/{id}", of(jobs::delete)),
        post("/api/jobs/{id}/cancel", of(jobs::cancel)),
        get("/api/jobs/{id}/file", of(jobs::file)),
        get("/api/library/scan", plain(library::scan)),
        post("/api/library/scan", plain(library::start_scan)),
        delete("/api/library/scan", plain(library::stop_scan)),
        get("/api/library/missing", plain(library::missing)),
        delete("/api/library/missing", plain(library::forget_missing)),
        get("/api/library/folders", plain(library::folders)),
        get("/api/library/statistics", plain(library::statistics)),
        get("/api/library/faults", plain(library::faults)),
        post("/api/library/faults/retry", plain(library::retry)),
        post("/api/library/faults/{id}/retry", of(library::retry_one)),
    ]
}

fn operation(method: Method, path: &'static str, handler: Handler) -> Operation {
    let doc = openapi::doc(&method, path);
    Operation { method, path, handler, doc }
}

fn get(path: &'static str, handler: Handler) -> Operation {
    operation(Method::GET, path, handler)
}

fn post(path: &'static str, handler: Handler) -> Operation {
    operation(Method::POST, path, handler)
}

fn put(path: &'static str, handler: Handler) -> Operation {
    operation(Method::PUT, path, handler)
}

fn delete(path: &'static str, handler: Handler) -> Operation {
    operation(Method::DELETE, path, handler)
}

/// A handler that needs nothing of the address.
fn plain<F>(handler: impl Fn(Ask) -> F + Send + Sync + 'static) -> Handler
where
    F: Future<Output = Result<Response>> + Send + 'static,
{
    Box::new(move |_, ask| Some(handler(ask).boxed()))
}

/// A handler about one thing.
fn of<F>(handler: impl Fn(Id, Ask) -> F + Send + Sync + 'static) -> Handler
where
    F: Future<Output = Result<Response>> + Send + 'static,
{
    Box::new(move |given, ask| Some(handler(given.first()?.parse().ok()?, ask).boxed()))
}

/// A handler about one thing of another.
fn of_two<T: FromStr, F>(handler: impl Fn(Id, T, Ask) -> F + Send + Sync + 'static) -> Handler
where
    F: Future<Output = Result<Response>> + Send + 'static,
{
    Box::new(move |given, ask| match given {
        [one, two] => Some(handler(one.parse().ok()?, two.parse().ok()?, ask).boxed()),
        _ => None,
    })
}

impl Operation {
    /// What stands in the braces of its address, if `path` is one of it.
    fn given<'a>(&self, path: &'a str) -> Option<Vec<&'a str>> {
        let mut given = Vec::new();
        let (mut own, mut asked) = (self.path.split('/'), path.split('/'));
        loop {
            match (own.next(), asked.next()) {
                (None, None) => return Some(given),
                (Some(own), Some(asked)) if own.starts_with('{') && !asked.is_empty() => given.push(asked),
                (own, asked) if own == asked => {}
                _ => return None,
            }
        }
    }

    /// Refuses what the document does not name.
    fn check(&self, ask: &Ask) -> Result<()> {
        if !ask.query.is_empty() && !self.doc.is_some_and(Doc::has_query) {
            return Err(Error::bad_request("in the query: nothing can be asked for here"));
        }
        if !ask.body.is_empty() && !self.doc.is_some_and(Doc::has_body) {
            return Err(Error::bad_request("in the body: nothing is to be told here"));
        }
        Ok(())
    }

    fn answers(&self, method: &Method) -> bool {
        self.method == *method || self.method == Method::GET && *method == Method::HEAD
    }
}

/// All routes of `house`.
pub fn routes(house: Arc<House>) -> BoxedFilter<(Response,)> {
    let operations = Arc::new(operations());
    let place = warp::ext::optional::<Place>();
    let socket = {
        let house = Arc::clone(&house);
        let path = warp::path!("ws").and(warp::ws()).and(warp::ext::get::<Client>()).and(place);
        path.map(move |ws: Ws, client, place| {
            let house = Arc::clone(&house);
            // Above what may be said, so that who says too much can be told.
            let ws = ws.max_message_size(16 * MAX_SAID).max_frame_size(16 * MAX_SAID);
            let served = move |socket| async move {
                socket::serve(house, client, socket).await;
                drop::<Option<Place>>(place);
            };
            ws.on_upgrade(served).into_response()
        })
    };
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    let rest = warp::ext::get::<Client>()
        .and(warp::path::full())
        .and(warp::method())
        .and(warp::header::headers_cloned())
        .and(query)
        .and(warp::body::stream())
        .then(move |client, path: FullPath, method, headers, query, body| {
            let (house, operations) = (Arc::clone(&house), Arc::clone(&operations));
            async move {
                let answer = async {
                    let body = whole(body).await?;
                    let ask = Ask { house, client, method, headers, query, body };
                    answer(&operations, path.as_str(), ask).await
                };
                answer.await.unwrap_or_else(Reply::into_response)
            }
        });
    socket.or(rest).unify().boxed()
}

/// A request's body, if it is not too large: the gate knows what was told of
/// it, not what comes.
async fn whole(body: impl Stream<Item = std::result::Result<impl Buf, warp::Error>>) -> Result<Bytes> {
    let mut whole = BytesMut::new();
    let mut n_bytes = 0_u64;
    let mut body = std::pin::pin!(body);
    while let Some(piece) = body.next().await {
        let mut piece = piece.map_err(|error| Error::bad_request("the request broke off").because(error))?;
        n_bytes += piece.remaining() as u64;
        // Read on for a while, unkept: who is still sending hears no answer.
        if n_bytes > PATIENCE * MAX_BODY {
            break;
        }
        while n_bytes <= MAX_BODY && piece.has_remaining() {
            let n_read = {
                let chunk = piece.chunk();
                whole.extend_from_slice(chunk);
                chunk.len()
            };
            piece.advance(n_read);
        }
    }
    if n_bytes > MAX_BODY {
        let detail = format!("a request body may have {MAX_BODY} bytes at most");
        return Err(Error::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail));
    }
    Ok(whole.freeze())
}

async fn answer(operations: &[Operation], path: &str, ask: Ask) -> Result<Response> {
    let here: Vec<_> = operations.iter().filter_map(|one| Some((one, one.given(path)?))).collect();
    if here.is_empty() {
        return elsewhere(path, ask).await;
    }
    // What is spelt out comes before what stands for anything.
    let fewest = here.iter().map(|(_, given)| given.len()).min();
    let here: Vec<_> = here.into_iter().filter(|(_, given)| Some(given.len()) == fewest).collect();
    match here.iter().find(|(operation, _)| operation.answers(&ask.method)) {
        Some((operation, given)) => {
            operation.check(&ask)?;
            match (operation.handler)(given, ask) {
                Some(answer) => answer.await,
                None => Err(nothing_here()),
            }
        }
        None => {
            let allowed: Vec<&str> =
                here.iter()
                    .map(|(operation, _)| {
                        if operation.method == Method::GET { "GET, HEAD" } else { operation.method.as_str() }
                    })
                    .collect();
            Err(Error::method_not_allowed(&allowed.join(", ")))
        }
    }
}

fn nothing_here() -> Error {
    Error::not_found("there is nothing at this address of the API")
}

/// What no operation answers: the page's files, or nothing.
async fn elsewhere(path: &str, ask: Ask) -> Result<Response> {
    if path == "/ws" {
        return Err(Error::new(
            StatusCode::UPGRADE_REQUIRED,
            "upgrade-required",
            "this address speaks WebSocket only",
        )
        .with(header::UPGRADE, "websocket"));
    }
    if path == "/api" || path.starts_with("/api/") {
        return Err(nothing_here());
    }
    if !matches!(ask.method, Method::GET | Method::HEAD) {
        return Err(Error::method_not_allowed("GET, HEAD"));
    }
    page::file(path.trim_start_matches('/').to_owned(), ask).await
}
