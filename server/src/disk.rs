//! How much room a disk has.

use std::path::Path;

/// Bytes that are free for us where `path` is; none: the system does not tell.
pub fn free(path: &Path) -> Option<u64> {
    #[cfg(target_os = "linux")]
    return rustix::fs::statvfs(path).ok().map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize));
    #[cfg(not(target_os = "linux"))]
    return Some(path).and(None);
}
