//! One who listens: reads a stream as fast as it is played, and notes when it had
//! nothing to play.

use std::io::Result;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout_at};

use super::wire::Wire;

/// So much sound is there before it plays, and is kept while it plays.
const AHEAD_S: f64 = 2.0;
/// When so much is left, more is read.
const LOW_S: f64 = 1.5;
/// The bytes of a WAV before its sound.
const HEADER: u64 = 44;
/// Who waits longer has lost its stream.
const LOST: Duration = Duration::from_secs(10);

/// What one heard.
#[derive(Clone, Copy, Debug, Default)]
pub struct Played {
    /// From asking to the first byte of sound.
    pub first_ms: f64,
    /// From asking to the beginning of play.
    pub ready_ms: f64,
    /// How often there was nothing to play.
    pub n_missed: usize,
    /// How long at most.
    pub worst_ms: f64,
}

/// The `n`th asks for the stream at `path` at `begin`, and plays it until `end`; an
/// error is a stream that was lost.
pub async fn play(
    address: SocketAddr,
    n: usize,
    path: String,
    bytes_per_s: f64,
    begin: Instant,
    end: Instant,
) -> Result<Played> {
    sleep_until(begin).await;
    let mut wire = Wire::connect(address, n).await?;
    let mut played = Played::default();
    let asked = Instant::now();
    wire.get(&path).await?;
    let mut n_received = 0_u64;
    // When the first byte is played; it moves when there was nothing to play.
    let mut zero: Option<Instant> = None;
    while Instant::now() < end {
        let received_s = n_received.saturating_sub(HEADER) as f64 / bytes_per_s;
        // By then what was received has been played.
        let dry = zero.map(|zero| zero + Duration::from_secs_f64(received_s));
        if let Some(dry) = dry.filter(|dry| *dry > Instant::now() + Duration::from_secs_f64(AHEAD_S)) {
            sleep_until((dry - Duration::from_secs_f64(LOW_S)).min(end)).await;
            continue;
        }
        let read = timeout_at(Instant::now() + LOST, wire.read()).await?;
        let (n_read, now) = (read?.len(), Instant::now());
        if n_read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if n_received <= HEADER && n_received + n_read as u64 > HEADER {
            played.first_ms = milliseconds(now - asked);
        }
        n_received += n_read as u64;
        match (zero, dry) {
            (Some(zero_was), Some(dry)) if now > dry => {
                played.n_missed += 1;
                played.worst_ms = played.worst_ms.max(milliseconds(now - dry));
                zero = Some(zero_was + (now - dry));
            }
            (None, _) if n_received.saturating_sub(HEADER) as f64 >= AHEAD_S * bytes_per_s => {
                played.ready_ms = milliseconds(now - asked);
                zero = Some(now);
            }
            _ => {}
        }
    }
    if zero.is_none() {
        return Err(std::io::Error::other("it never had enough to begin"));
    }
    Ok(played)
}

pub fn milliseconds(time: Duration) -> f64 {
    1_000.0 * time.as_secs_f64()
}
