//! The real `auralis` program, built once, and the server it runs.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;

use crate::root;

/// The path of the `auralis` program in the profile of these tests. The task
/// runner names one in `AURALIS_PROGRAM`; without that it is built here.
#[expect(clippy::expect_used, reason = "without the program there is nothing to test")]
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        if let Some(named) = std::env::var_os("AURALIS_PROGRAM") {
            return PathBuf::from(named);
        }
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
        build.current_dir(root()).args(["build", "--quiet", "-p", "auralis-server"]);
        if !cfg!(debug_assertions) {
            build.arg("--release");
        }
        if cfg!(feature = "mp3") {
            build.args(["--features", "mp3"]);
        }
        assert!(build.status().expect("cargo starts").success(), "the program does not build");
        // target/PROFILE/deps/this-test → target/PROFILE/auralis
        let test = std::env::current_exe().expect("a test knows its own path");
        let profile = test.ancestors().nth(2).expect("tests lie two folders deep in target");
        profile.join(format!("auralis{}", std::env::consts::EXE_SUFFIX))
    })
}

/// The program with nothing of this machine's settings.
pub fn auralis() -> Command {
    let mut command = Command::new(program());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AURALIS_") {
            command.env_remove(name);
        }
    }
    let nowhere = std::env::temp_dir().join("auralis-tests-nowhere");
    command.env("XDG_CONFIG_HOME", &nowhere).env("XDG_DATA_HOME", &nowhere);
    command.stdin(Stdio::null());
    command
}

/// The command that serves on a free port with its data in `data`.
pub fn serving<S: AsRef<OsStr>>(data: &Path, args: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(program());
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data).args(args);
    command
}

/// A running server; it is ended when this is dropped.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// The URL that it printed, without a slash at the end.
    pub url: String,
}

impl Server {
    /// Starts `auralis serve` on a free port with its data in `data`, and waits
    /// for the line that says it is ready.
    pub fn start<S: AsRef<OsStr>>(data: &Path, args: impl IntoIterator<Item = S>) -> Self {
        Server::run(serving(data, args))
    }

    /// The same for a command that [`serving`] made and a test changed.
    #[expect(clippy::expect_used, reason = "a server that does not start fails its test")]
    pub fn run(mut command: Command) -> Self {
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("the program starts");
        let mut line = String::new();
        let out = child.stdout.take().expect("its output is piped");
        BufReader::new(out).read_line(&mut line).expect("it prints text");
        let url = line.split_whitespace().find(|word| word.starts_with("http://"));
        let url = url.unwrap_or_else(|| panic!("the server said {line:?} instead of its address"));
        let url = url.trim_end_matches('/').to_owned();
        let mut address: SocketAddr =
            url.trim_start_matches("http://").parse().expect("it prints its address");
        if address.ip().is_unspecified() {
            // It listens everywhere; here is where it is asked.
            address.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        Server { child, address, url }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it ends by itself.
    #[expect(clippy::expect_used, reason = "a server that cannot be waited for fails its test")]
    pub fn wait(&mut self) -> ExitStatus {
        self.child.wait().expect("it can be waited for")
    }

    /// Ends it at once, as a power cut would.
    #[expect(clippy::expect_used, reason = "a server that cannot be ended fails its test")]
    pub fn kill(&mut self) {
        self.child.kill().expect("it can be ended");
        self.wait();
    }

    /// A request to it.
    pub fn get(&self, path: &str) -> crate::http::Response {
        crate::http::get(self.address, path)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself: then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
