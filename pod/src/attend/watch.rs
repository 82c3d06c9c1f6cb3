//! What happens to a pod by itself: its object changes, its processes end.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use launch::{Identity, Pidfd};
use nix::unistd::read;
use tokio::io::unix::AsyncFd;
use tokio::time::sleep;

use crate::{objects, sys};

/// A bell that we listen at.
pub(super) struct Bell {
    path: PathBuf,
    /// Nothing where there can be no bell: a file system need not have fifos.
    heard: Option<AsyncFd<OwnedFd>>,
}

/// How long between two looks where there can be no bell.
const LOOK: Duration = Duration::from_secs(2);

impl Bell {
    /// From now on no ringing of it is missed.
    pub(super) fn listen(path: PathBuf) -> Self {
        let heard = objects::hang(&path).and_then(|()| listen(&path)).ok();
        Self { path, heard }
    }

    /// Waits until something has changed, or may have: the bell was rung.
    pub(super) async fn rung(&mut self) {
        match &self.heard {
            Some(heard) => {
                // Where it cannot be waited for, the time has passed all the same.
                let _hung_up = heard.readable().await;
                // Whatever somebody writes there would ring it for ever.
                let _nobodys = read(heard.get_ref(), &mut [0; 4096]);
            }
            None => sleep(LOOK).await,
        }
        self.heard = listen(&self.path).ok();
    }
}

fn listen(path: &Path) -> io::Result<AsyncFd<OwnedFd>> {
    objects::listen(path).and_then(sys::watch)
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
