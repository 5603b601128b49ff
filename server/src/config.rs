//! What the server is told before it starts, checked before anything happens.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;

use crate::Result;

/// How often the whole library is looked through when nothing is said.
pub const RESCAN: Duration = Duration::from_secs(15 * 60);

/// The address when none is given: this machine only.
pub const LISTEN: &str = "127.0.0.1:8765";

/// Disk space for thumbnails when none is given, in MiB.
pub const ART_CACHE: u32 = 256;

/// Disk space for what jobs render when none is given, in MiB.
pub const JOBS_DISK: u32 = 20_480;

/// How long that is kept when nothing is said.
pub const JOBS_KEEP: Duration = Duration::from_secs(24 * 60 * 60);

/// What `auralis serve` is told by flags, environment and file.
#[derive(Clone, Debug)]
pub struct Config {
    /// Folders of music; none: the demo album plays.
    pub libraries: Vec<PathBuf>,
    /// Where the catalog lives.
    pub data: PathBuf,
    /// Address and port; port 0 picks a free one.
    pub listen: String,
    /// Names under which the server may be asked, besides its own.
    pub hosts: Vec<String>,
    /// Origins whose pages may read answers: exact, `scheme://host[:port]`.
    pub cors_origins: Vec<String>,
    /// The certificate for https, in PEM; none: the server's own, where others than
    /// this machine may ask.
    pub tls_cert: Option<PathBuf>,
    /// Its key; there is both or neither.
    pub tls_key: Option<PathBuf>,
    /// Background workers; none: as many as the machine allows.
    pub workers: Option<usize>,
    /// Whether changes in the library are seen by itself.
    pub watch: bool,
    /// How often all of it is looked through, for changes of which nobody tells;
    /// none: never.
    pub rescan: Option<Duration>,
    /// Disk space for thumbnails, in MiB; 0 keeps none.
    pub art_cache: u32,
    /// Whether each client's share of what is dear is limited.
    pub limits: bool,
    /// Disk space for what jobs render, in MiB.
    pub jobs_disk: u32,
    /// How long what came of a job is kept.
    pub jobs_keep: Duration,
}

impl Config {
    /// A configuration with this data folder and the defaults for all else.
    pub fn new(data: PathBuf) -> Self {
        Config {
            libraries: Vec::new(),
            data,
            listen: LISTEN.to_owned(),
            hosts: Vec::new(),
            cors_origins: Vec::new(),
            tls_cert: None,
            tls_key: None,
            workers: None,
            watch: true,
            rescan: Some(RESCAN),
            art_cache: ART_CACHE,
            limits: true,
            jobs_disk: JOBS_DISK,
            jobs_keep: JOBS_KEEP,
        }
    }

    /// The same with absolute paths, or what is wrong with it and what to do.
    pub fn checked(mut self) -> Result<Self> {
        for library in &mut self.libraries {
            let shown = library.display().to_string();
            let metadata = std::fs::metadata(&*library).map_err(|error| match error.kind() {
                std::io::ErrorKind::NotFound => {
                    format!("the library {shown} does not exist; check the path given to --library")
                }
                std::io::ErrorKind::PermissionDenied => {
                    format!(
                        "no permission to read the library {shown}; change its permissions or choose another"
                    )
                }
                _ => format!("the library {shown} cannot be read: {error}"),
            })?;
            if !metadata.is_dir() {
                return Err(format!(
                    "the library {shown} is not a folder; give --library the folder it is in"
                )
                .into());
            }
            *library = library
                .canonicalize()
                .map_err(|error| format!("the library {shown} cannot be read: {error}"))?;
        }
        for origin in &self.cors_origins {
            check_origin(origin)?;
        }
        for host in &self.hosts {
            if host.is_empty() || host.contains(|c: char| c.is_whitespace() || "/*@?#".contains(c)) {
                return Err(format!(
                    "--host {host:?} is not a name; give it like nas.example, without scheme or path"
                )
                .into());
            }
        }
        match (&self.tls_cert, &self.tls_key) {
            (Some(_), None) => {
                Err("--tls-cert needs the certificate's key too; name its file with --tls-key")?
            }
            (None, Some(_)) => Err("--tls-key needs its certificate too; name its file with --tls-cert")?,
            _ => {}
        }
        Ok(self)
    }

    /// The address to listen on.
    pub fn address(&self) -> Result<SocketAddr> {
        let unusable = format!("--listen {:?} is not an address; give it like {LISTEN}", self.listen);
        self.listen
            .to_socket_addrs()
            .ok()
            .and_then(|mut addresses| addresses.next())
            .ok_or_else(|| unusable.into())
    }
}

/// An origin is exactly what browsers send: a scheme, a host and perhaps a port.
fn check_origin(origin: &str) -> Result<()> {
    let rest = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    match rest {
        Some(rest) if !rest.is_empty() && !rest.contains(['/', '*', '?', '#', '@', ' ', ',']) => Ok(()),
        _ => Err(format!(
            "--cors-origin {origin:?} is not an origin; give each exactly as browsers send it, like https://music.example \
             (there is no wildcard)"
        )
        .into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_exact() {
        for good in ["http://a", "https://a.example:8443", "http://[::1]:3000"] {
            assert!(check_origin(good).is_ok(), "{good}");
        }
        for bad in ["*", "null", "a.example", "https://*.example", "https://a/", "https://", "ftp://a"] {
            assert!(check_origin(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_missing_library_is_named_with_the_way_out() {
        let mut config = Config::new("data".into());
        config.libraries.push("/no/such/folder".into());
        let error = config.checked().unwrap_err().to_string();
        assert!(error.contains("/no/such/folder") && error.contains("--library"), "{error}");
    }
}
