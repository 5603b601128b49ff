//! `auralis serve`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::BoolishValueParser;

use super::{Outcome, settings};
use crate::config::{ART_CACHE, Config, JOBS_DISK, LISTEN};

/// What to serve, where and to whom.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  auralis serve                                      plays a demo album
  auralis serve --library ~/Music --library /mnt/more
  auralis serve --listen 0.0.0.0:8765 --host nas     for the whole house")]
pub struct Flags {
    /// A folder of music; may be given several times [default: a demo album]
    #[arg(long, value_name = "DIR", env = "AURALIS_LIBRARY")]
    library: Vec<PathBuf>,
    /// Where the catalog is kept [default: auralis in ~/.local/share]
    #[arg(long, value_name = "DIR", env = "AURALIS_DATA")]
    data: Option<PathBuf>,
    /// Address and port; port 0 picks a free one
    #[arg(long, value_name = "ADDR", env = "AURALIS_LISTEN", default_value = LISTEN)]
    listen: String,
    /// A further name under which the server may be asked; may be given several times
    #[arg(long, value_name = "NAME", env = "AURALIS_HOST", value_delimiter = ',')]
    host: Vec<String>,
    /// An origin whose pages may read answers, exactly as browsers send it; may be given several times
    #[arg(long, value_name = "ORIGIN", env = "AURALIS_CORS_ORIGIN", value_delimiter = ',')]
    cors_origin: Vec<String>,
    /// A certificate for https, in PEM [default: the server's own, when others than this machine may ask]
    #[arg(long, value_name = "FILE", env = "AURALIS_TLS_CERT")]
    tls_cert: Option<PathBuf>,
    /// The key of that certificate, in PEM
    #[arg(long, value_name = "FILE", env = "AURALIS_TLS_KEY")]
    tls_key: Option<PathBuf>,
    /// Tracks measured at a time in the background [default: one per processor but one]
    #[arg(long, value_name = "N", env = "AURALIS_WORKERS", value_parser = clap::value_parser!(u8).range(1..))]
    workers: Option<u8>,
    /// Reads the library at the start and when asked, not when its files change
    #[arg(long, env = "AURALIS_NO_WATCH", value_parser = BoolishValueParser::new())]
    no_watch: bool,
    /// Minutes from one look through all files to the next, for changes on disks
    /// that tell of none; 0: never
    #[arg(long, value_name = "MIN", env = "AURALIS_RESCAN", default_value = "15", value_parser = minutes)]
    rescan: Duration,
    /// Disk space for small copies of covers, in MiB; 0 keeps none
    #[arg(long, value_name = "MIB", env = "AURALIS_ART_CACHE", default_value_t = ART_CACHE)]
    art_cache: u32,
    /// Lets every client ask as often as it likes: for a proxy that limits them
    /// itself, and behind which all are one
    #[arg(long, env = "AURALIS_NO_LIMITS", value_parser = BoolishValueParser::new())]
    no_limits: bool,
    /// Disk space for what jobs render, in MiB
    #[arg(long, value_name = "MIB", env = "AURALIS_JOBS_DISK", default_value_t = JOBS_DISK)]
    jobs_disk: u32,
    /// Hours for which what came of a job is kept
    #[arg(long, value_name = "H", env = "AURALIS_JOBS_KEEP", default_value = "24", value_parser = hours)]
    jobs_keep: Duration,
}

fn minutes(text: &str) -> Result<Duration, String> {
    let minutes: Option<f64> = text.trim().parse().ok().filter(|minutes| (0.0..=1e6).contains(minutes));
    let minutes = minutes.ok_or("it must be a number of minutes, or 0")?;
    Ok(Duration::from_secs_f64(60.0 * minutes))
}

fn hours(text: &str) -> Result<Duration, String> {
    let hours: Option<f64> = text.trim().parse().ok().filter(|hours| (0.0..=1e6).contains(hours));
    Ok(Duration::from_secs_f64(3_600.0 * hours.ok_or("it must be a number of hours, or 0")?))
}

/// Serves until the process is told to end.
pub fn serve(flags: Flags) -> Outcome<()> {
    crate::logs::start();
    let config = Config {
        libraries: flags.library,
        data: flags.data.unwrap_or_else(settings::data_folder),
        listen: flags.listen,
        hosts: flags.host,
        cors_origins: flags.cors_origin,
        tls_cert: flags.tls_cert,
        tls_key: flags.tls_key,
        workers: flags.workers.map(usize::from),
        watch: !flags.no_watch,
        rescan: Some(flags.rescan).filter(|rescan| !rescan.is_zero()),
        art_cache: flags.art_cache,
        limits: !flags.no_limits,
        jobs_disk: flags.jobs_disk,
        jobs_keep: flags.jobs_keep,
    };
    Ok(crate::serve::run(config)?)
}
