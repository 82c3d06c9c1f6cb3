//! Watching descriptors.
//!
//! # Safety
//! A descriptor is watched by whoever owns it.

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
