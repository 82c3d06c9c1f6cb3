//! What happens to a pod by itself: its object changes, its processes end.

use std::fs::DirBuilder;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use launch::{Identity, Pidfd};
use nix::errno::Errno;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use nix::unistd::read;
use tokio::io::unix::AsyncFd;
use tokio::time::sleep;

use crate::sys;

/// The objects that a pod may be made of.
pub(super) enum Objects {
    /// The kernel tells of changes.
    Watched(AsyncFd<OwnedFd>),
    /// A user may have only so many to tell (fs.inotify.max_user_instances, 128 as a rule): it is looked now and then.
    LookedAt,
}

/// How long between two looks.
const LOOK: Duration = Duration::from_secs(2);

/// Watches the objects of a namespace.
///
/// # Errors
/// Nothing can be watched.
pub(super) fn objects(data: &Path, namespace: &str) -> io::Result<Objects> {
    let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK);
    let mut all_told = inotify.is_ok();
    for kind in ["pods", "configmaps", "secrets"] {
        let directory: PathBuf = data.join("objects").join(namespace).join(kind);
        // One that is to come is watched from before.
        DirBuilder::new().recursive(true).mode(0o700).create(&directory)?;
        let Ok(inotify) = &inotify else { continue };
        match inotify.add_watch(&directory, AddWatchFlags::IN_MOVED_TO | AddWatchFlags::IN_DELETE) {
            Ok(_) => {}
            Err(errno) if is_for_want_of_room(errno) => all_told = false,
            Err(errno) => return Err(errno.into()),
        }
    }
    match inotify {
        Ok(inotify) if all_told => sys::watch(inotify.into()).map(Objects::Watched),
        Err(errno) if !is_for_want_of_room(errno) => Err(errno.into()),
        _ => Ok(Objects::LookedAt),
    }
}

fn is_for_want_of_room(errno: Errno) -> bool {
    matches!(errno, Errno::EMFILE | Errno::ENFILE | Errno::ENOSPC | Errno::ENOMEM)
}

/// Waits until one of them has changed, or may have.
pub(super) async fn changed(objects: &Objects) -> io::Result<()> {
    let Objects::Watched(events) = objects else {
        sleep(LOOK).await;
        return Ok(());
    };
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
