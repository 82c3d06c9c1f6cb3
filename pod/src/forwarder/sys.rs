//! Watching descriptors, and giving memory back.
//!
//! # Safety
//! A descriptor is watched by whoever owns it; the C library is asked with numbers.

use std::io;
use std::os::fd::OwnedFd;

use tokio::io::unix::AsyncFd;

/// A descriptor, watched for what it is ready for.
pub(super) type Watched = AsyncFd<OwnedFd>;

/// Watches a descriptor.
pub(super) fn watch(descriptor: OwnedFd) -> io::Result<Watched> {
    // SAFETY: the descriptor must stay open and the same while it is watched: an OwnedFd is for good,
    // and the AsyncFd owns it.
    let watched = unsafe { AsyncFd::register(descriptor) };
    watched.map_err(io::Error::from)
}

/// Gives free memory back to the kernel, which the C library would keep for later.
pub(super) fn give_memory_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: takes a number, and only touches what nobody has.
    unsafe {
        libc::malloc_trim(0)
    };
}
