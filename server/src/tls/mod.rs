//! HTTPS: browsers give an AudioWorklet to secure origins only. One port speaks
//! both, since car radios, speakers and scripts have nothing to check a
//! certificate with.

mod own;
mod pair;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use tokio_rustls::TlsAcceptor;

use self::own::Own;
pub use self::own::addresses;
use self::pair::Pair;
use crate::Result;
use crate::config::Config;
use crate::events::ended;

/// The first byte of a TLS connection (RFC 8446, §5.1); no request begins so.
const HANDSHAKE: u8 = 0x16;
/// From one look at the files of a given certificate to the next.
const LOOK: Duration = Duration::from_secs(5);
/// From one look at the end of the server's own to the next.
const OWN_LOOK: Duration = Duration::from_secs(10 * 60);
/// So many of a certificate's names are shown.
const N_SHOWN: usize = 4;

/// What a client is spoken with, secured or not.
pub trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// What secures connections.
pub struct Tls {
    source: Source,
    port: u16,
    now: RwLock<Now>,
}

/// Where its certificate comes from.
enum Source {
    Given { cert: PathBuf, key: PathBuf },
    Own(Own),
}

/// The certificate in use.
#[derive(Clone)]
struct Now {
    pair: Arc<Pair>,
    acceptor: TlsAcceptor,
}

/// What tells one state of two files from another.
type Stamp = [Option<(SystemTime, u64)>; 2];

impl Tls {
    /// With the pair that `config` names; none if it names none.
    pub fn given(config: &Config, listening: SocketAddr) -> Result<Option<Self>> {
        let (Some(cert), Some(key)) = (config.tls_cert.clone(), config.tls_key.clone()) else {
            return Ok(None);
        };
        let now = RwLock::new(Now::of(Pair::read(&cert, &key)?)?);
        Ok(Some(Tls { source: Source::Given { cert, key }, port: listening.port(), now }))
    }

    /// With the server's own pair, where others than this machine may ask.
    pub fn own(config: &Config, listening: SocketAddr) -> Result<Option<Self>> {
        if listening.ip().to_canonical().is_loopback() {
            return Ok(None);
        }
        let own = Own::new(&config.data, &config.hosts);
        let now = RwLock::new(Now::of(own.pair()?)?);
        Ok(Some(Tls { source: Source::Own(own), port: listening.port(), now }))
    }

    fn now(&self) -> Now {
        self.now.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The port that speaks both.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What a person must know to open the page over https, a line each.
    pub fn told(&self, listening: SocketAddr) -> Vec<String> {
        let now = self.now();
        let names = match &self.source {
            Source::Given { .. } => {
                now.pair.names.iter().filter(|name| !name.starts_with('*')).cloned().collect()
            }
            Source::Own(_) if !listening.ip().is_unspecified() => vec![listening.ip().to_string()],
            Source::Own(_) => {
                let own = gethostname::gethostname().to_string_lossy().to_lowercase();
                let addresses = addresses().into_iter().filter(IpAddr::is_ipv4);
                std::iter::once(format!("{own}.local")).chain(addresses.map(|own| own.to_string())).collect()
            }
        };
        let urls: Vec<_> = names.iter().take(N_SHOWN).map(|name| https(name, self.port)).collect();
        vec![
            format!("Over https: {}", urls.join(" ")),
            format!("SHA-256 fingerprint of its certificate: {}", now.pair.fingerprint()),
        ]
    }

    /// Renews the certificate as its files or its end want it, until the server
    /// ends.
    pub async fn keep(self: Arc<Self>, mut ending: watch::Receiver<bool>) {
        let mut ticks = tokio::time::interval(match self.source {
            Source::Given { .. } => LOOK,
            Source::Own(_) => OWN_LOOK,
        });
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut used = self.source.stamp();
        let mut seen = used;
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = ended(&mut ending) => return,
            }
            let tls = Arc::clone(&self);
            let looked = tokio::task::spawn_blocking(move || {
                let found = tls.source.stamp();
                // What was just being written is let finish.
                if tls.is_old(used, found) && found == seen {
                    tls.renew();
                    used = found;
                }
                (used, found)
            });
            // It did not panic, or has said so.
            (used, seen) = looked.await.unwrap_or((used, seen));
        }
    }

    fn is_old(&self, used: Stamp, found: Stamp) -> bool {
        match &self.source {
            Source::Given { .. } => used != found,
            Source::Own(_) => own::is_ending(&self.now().pair),
        }
    }

    /// Takes a new certificate, or stays with the present one and says why.
    fn renew(&self) {
        let pair = match &self.source {
            Source::Given { cert, key } => Pair::read(cert, key),
            Source::Own(own) => own.pair(),
        };
        match pair.and_then(Now::of) {
            Ok(now) => {
                tracing::info!(
                    fingerprint = now.pair.fingerprint(),
                    "another certificate is used from now on"
                );
                *self.now.write().unwrap_or_else(PoisonError::into_inner) = now;
            }
            Err(error) => tracing::error!(%error, "the certificate before is used further"),
        }
    }

    /// Takes a connection up in the way in which its client begins.
    pub async fn enter(&self, stream: TcpStream) -> std::io::Result<Box<dyn Wire>> {
        let mut first = [0];
        if stream.peek(&mut first).await? == 0 || first[0] != HANDSHAKE {
            return Ok(Box::new(stream));
        }
        let acceptor = self.now().acceptor;
        Ok(Box::new(acceptor.accept(stream).await?))
    }
}

impl Now {
    fn of(pair: Pair) -> Result<Self> {
        Ok(Now { acceptor: TlsAcceptor::from(pair.config()?), pair: Arc::new(pair) })
    }
}

impl Source {
    fn stamp(&self) -> Stamp {
        let of = |path: &Path| {
            let found = std::fs::metadata(path).ok()?;
            Some((found.modified().ok()?, found.len()))
        };
        match self {
            Source::Given { cert, key } => [of(cert), of(key)],
            Source::Own(_) => [None; 2],
        }
    }
}

/// An address over https.
pub fn https(name: &str, port: u16) -> String {
    let name =
        if name.contains(':') && !name.starts_with('[') { format!("[{name}]") } else { name.to_owned() };
    if port == 443 { format!("https://{name}/") } else { format!("https://{name}:{port}/") }
}
