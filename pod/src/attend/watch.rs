//! What happens to a pod by itself: its object changes, its processes end.

use std::fs::DirBuilder;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use launch::{Identity, Pidfd};
use nix::errno::Errno;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use nix::unistd::read;
use tokio::io::unix::AsyncFd;

use crate::sys;

/// Watches the objects that a pod may be made of: those of its namespace.
///
/// # Errors
/// Nothing can be watched.
pub(super) fn objects(data: &Path, namespace: &str) -> io::Result<AsyncFd<OwnedFd>> {
    let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
    for kind in ["pods", "configmaps", "secrets"] {
        let directory: PathBuf = data.join("objects").join(namespace).join(kind);
        // One that is to come is watched from before.
        DirBuilder::new().recursive(true).mode(0o700).create(&directory)?;
        inotify.add_watch(&directory, AddWatchFlags::IN_MOVED_TO | AddWatchFlags::IN_DELETE)?;
    }
    sys::watch(inotify.into())
}

/// Waits until one of them has changed.
pub(super) async fn changed(events: &AsyncFd<OwnedFd>) -> io::Result<()> {
    let mut ready = events.readable().await?;
    let drain = |events: &AsyncFd<OwnedFd>| read(events.get_ref(), &mut [0; 4096]).map(drop).map_err(Errno::into);
    match ready.try_io(drain) {
        Ok(read) => read,
        Err(_would_block) => Ok(()),
    }
}

/// Waits for the end of a process; of one that has ended, or is another by now, not at all.
pub(super) async fn end_of(process: Identity) {
    let Ok(Some(pidfd)) = Pidfd::of(process) else { return };
    let Ok(copy) = pidfd.as_fd().try_clone_to_owned() else { return };
    if let Ok(watched) = sys::watch(copy) {
        // Where it cannot be watched, nothing else can be told of it either.
        let _ended = watched.readable().await;
    }
}
