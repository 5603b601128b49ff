//! The socket on which the house tells pages what happens.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::sync::broadcast::error::RecvError;
use warp::ws::{Message, WebSocket};

use super::House;
use crate::events::{Event, ended};

/// A page that takes nothing for this long is left.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a quiet socket is tried.
const PING: Duration = Duration::from_secs(30);
/// "Going away" (RFC 6455, §7.4.1).
const GOING_AWAY: u16 = 1001;

/// Tells events until the page or the server ends.
pub async fn tell(house: Arc<House>, socket: WebSocket) {
    let (mut to_page, mut from_page) = socket.split();
    let mut events = house.events.listen();
    let mut ending = house.ending.clone();
    let mut pings = tokio::time::interval(PING);
    let mut greeting = Some(Event::Scan(house.scanner.status()));
    loop {
        let message = if let Some(event) = greeting.take() {
            text(&event)
        } else {
            tokio::select! {
                event = events.recv() => match event {
                    Ok(event) => text(&event),
                    // It fell behind: what it missed is in the lists.
                    Err(RecvError::Lagged(_)) => text(&Event::Library),
                    Err(RecvError::Closed) => break,
                },
                said = from_page.next() => match said {
                    Some(Ok(message)) if !message.is_close() => continue,
                    _ => break,
                },
                _ = pings.tick() => Message::ping(Vec::new()),
                () = ended(&mut ending) => {
                    let goodbye = Message::close_with(GOING_AWAY, "the server ends");
                    let _ = tokio::time::timeout(PATIENCE, to_page.send(goodbye)).await;
                    break;
                }
            }
        };
        match tokio::time::timeout(PATIENCE, to_page.send(message)).await {
            Ok(Ok(())) => {}
            _ => break,
        }
    }
}

fn text(event: &Event) -> Message {
    // Events are plain structs, which always serialise.
    Message::text(serde_json::to_string(event).unwrap_or_default())
}
