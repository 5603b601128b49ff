//! What a server uses of the machine while it is loaded, where the system tells it.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::time::{Duration, Instant};

/// How it stood when the load began.
pub struct Usage {
    pid: u32,
    begun: Instant,
    threads: BTreeMap<String, f64>,
    client: f64,
    resident: f64,
}

/// What was used since.
pub struct Used {
    /// MiB of memory, at most, more than before.
    pub grown_mib: f64,
    most: f64,
    /// Percent of one processor, by the names of threads.
    threads: BTreeMap<String, f64>,
    client: f64,
}

impl Usage {
    /// Of the server with this process id.
    pub fn of(pid: u32) -> Self {
        // From now on the most is counted anew.
        let _ = fs::write(format!("/proc/{pid}/clear_refs"), "5");
        let (threads, client) = (threads(pid), seconds("self"));
        Usage { pid, begun: Instant::now(), threads, client, resident: mebibytes(pid, "VmRSS:") }
    }

    /// Since then, in a load that was to last for `lasted`.
    pub fn since(&self, lasted: Duration) -> Used {
        let wall = self.begun.elapsed().max(lasted).as_secs_f64();
        let most = mebibytes(self.pid, "VmHWM:");
        let percent = |before: f64, after: f64| 100.0 * (after - before) / wall;
        let threads = threads(self.pid).into_iter().map(|(name, after)| {
            let before = self.threads.get(&name).copied().unwrap_or_default();
            (name, percent(before, after))
        });
        Used {
            grown_mib: most - self.resident,
            most,
            threads: threads.collect(),
            client: percent(self.client, seconds("self")),
        }
    }
}

impl fmt::Display for Used {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server: f64 = self.threads.values().sum();
        write!(f, "{:.0} MiB, {:+.0}; server {server:.0} % of a processor (", self.most, self.grown_mib)?;
        let busy = self.threads.iter().filter(|(_, percent)| **percent >= 0.5);
        for (idx, (name, percent)) in busy.enumerate() {
            write!(f, "{}{name} {percent:.0}", if idx == 0 { "" } else { ", " })?;
        }
        write!(f, "), listeners {:.0} %", self.client)
    }
}

/// Seconds of processor of each thread, those of one name together.
fn threads(pid: u32) -> BTreeMap<String, f64> {
    let mut all = BTreeMap::new();
    for thread in fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
        let id = format!("{pid}/task/{}", thread.file_name().to_string_lossy());
        let name = fs::read_to_string(format!("/proc/{id}/comm")).unwrap_or_default();
        let name = name.trim().trim_end_matches(|c: char| c.is_ascii_digit() || c == '-').to_owned();
        *all.entry(name).or_insert(0.0) += seconds(&id);
    }
    all
}

/// Seconds of processor: `utime` and `stime` of Linux's `stat`, in hundredths.
fn seconds(of: &str) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{of}/stat")).unwrap_or_default();
    // Behind the name, which may be anything, comes field 3.
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    let ticks: f64 = fields.skip(14 - 3).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    ticks / 100.0
}

/// A number of MiB from the status of a process.
fn mebibytes(pid: u32, name: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or_default() / 1_024.0
}
