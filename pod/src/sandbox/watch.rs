//! Putting the pod's own files of /etc back as soon as the host has replaced its own.
//!
//! The kernel tells by a signal (dnotify). inotify has no need of one, but of those a user may have 128, and each pod
//! would take one for as long as it lives.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use launch::Identity;
use nix::errno::Errno;
use nix::unistd::read;
use registry::PodDirectory;
use tokio::io::unix::AsyncFd;
use tokio::time::sleep;

use super::etc;
use crate::sys;

/// How long between two looks, where nothing can be watched.
const LOOK: Duration = Duration::from_secs(5);

/// Directories that the kernel tells of.
struct Watch {
    told: AsyncFd<BorrowedFd<'static>>,
    _held: Vec<OwnedFd>,
}

/// Looks after them for as long as the pod lives. Where the kernel tells of no directories (`fs.dir-notify-enable`), it
/// is looked now and then; where a file cannot be put back, whoever enters the pod next does that, and is told if it
/// fails.
pub(crate) async fn look_after(pause: Identity, directory: PodDirectory) {
    let Ok(watch) = Watch::new() else {
        loop {
            sleep(LOOK).await;
            let _told_to_who_enters = etc::mend(pause, &directory);
        }
    };
    loop {
        let Ok(mut ready) = watch.told.readable().await else { return };
        // Which of them it was, the files themselves tell.
        if let Ok(Err(_)) = ready.try_io(|told| drain(*told.get_ref())) {
            return;
        }
        let _told_to_who_enters = etc::mend(pause, &directory);
    }
}

impl Watch {
    fn new() -> io::Result<Self> {
        let held = directories().into_iter().map(|path| File::open(path).map(OwnedFd::from));
        let held = held.collect::<io::Result<Vec<_>>>()?;
        let told = sys::watch_kept(sys::stirred(&held)?.as_fd())?;
        Ok(Self { told, _held: held })
    }
}

/// Where the files are, and where links in their places lead.
fn directories() -> BTreeSet<PathBuf> {
    let real = etc::names().filter_map(|name| fs::canonicalize(Path::new("/etc").join(name)).ok());
    let parents = real.filter_map(|path| path.parent().map(Path::to_owned));
    parents.chain([PathBuf::from("/etc")]).collect()
}

fn drain(told: BorrowedFd<'_>) -> io::Result<()> {
    read(told, &mut [0; 8]).map(drop).map_err(Errno::into)
}
