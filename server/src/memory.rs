//! How the system's allocator keeps memory: the one place where something is asked
//! of C directly.

/// Has it give back what large answers took. By itself glibc keeps what was freed,
/// up to 32 MiB a piece, in a heap for every thread that ever gave an answer
/// (mallopt(3)): several times what is in use.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "no safe wrapper of mallopt is to be had")]
pub fn give_back() {
    /// Bytes from which a piece is the system's own, and goes back to it.
    const LARGE: libc::c_int = 256 << 10;
    /// More heaps than that are of use to nobody.
    const MOST_HEAPS: usize = 4;
    let n_heaps = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_HEAPS);
    // SAFETY: mallopt takes two numbers and changes nothing but the allocator's
    // settings; no other thread runs yet. A setting that it refuses is left as it was.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
        libc::mallopt(libc::M_ARENA_MAX, n_heaps as libc::c_int);
    }
}

/// Other allocators do so by themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn give_back() {}
