//! `auralis serve`.

use std::path::PathBuf;

use clap::Args;

use super::{Outcome, settings};
use crate::config::{Config, LISTEN};

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
    /// Tracks measured at a time in the background [default: one per processor but one]
    #[arg(long, value_name = "N", env = "AURALIS_WORKERS", value_parser = clap::value_parser!(u8).range(1..))]
    workers: Option<u8>,
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
        workers: flags.workers.map(usize::from),
    };
    Ok(crate::serve::run(config)?)
}
