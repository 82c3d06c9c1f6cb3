//! Putting the pod's own files of /etc back as soon as the host has replaced its own.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use launch::Identity;
use nix::errno::Errno;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use nix::unistd::read;
use registry::PodDirectory;
use tokio::io::unix::AsyncFd;
use tokio::time::sleep;

use super::etc;
use crate::sys;

/// How long between two looks, where nothing can be watched.
const LOOK: Duration = Duration::from_secs(5);

/// Looks after them for as long as the pod lives. Where nothing can be watched (a user may watch but so much), it is
/// looked now and then; where a file cannot be put back, whoever enters the pod next does that, and is told if it fails.
pub(crate) async fn look_after(pause: Identity, directory: PodDirectory) {
    let Ok(events) = watch() else {
        loop {
            sleep(LOOK).await;
            let _told_to_who_enters = etc::mend(pause, &directory);
        }
    };
    loop {
        let Ok(mut ready) = events.readable().await else { return };
        // Which of them it was, the files themselves tell.
        if let Ok(Err(_)) = ready.try_io(|events| drain(events.get_ref())) {
            return;
        }
        let _told_to_who_enters = etc::mend(pause, &directory);
    }
}

fn watch() -> io::Result<AsyncFd<OwnedFd>> {
    let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
    for directory in directories() {
        inotify
            .add_watch(&directory, AddWatchFlags::IN_MOVED_TO | AddWatchFlags::IN_CREATE | AddWatchFlags::IN_DELETE)?;
    }
    sys::watch(inotify.into())
}

/// Where the files are, and where links in their places lead.
fn directories() -> BTreeSet<PathBuf> {
    let real = etc::names().filter_map(|name| fs::canonicalize(Path::new("/etc").join(name)).ok());
    let parents = real.filter_map(|path| path.parent().map(Path::to_owned));
    parents.chain([PathBuf::from("/etc")]).collect()
}

fn drain(events: &OwnedFd) -> io::Result<()> {
    read(events, &mut [0; 4096]).map(drop).map_err(Errno::into)
}
