//! Waiting until files have changed that tell how objects do, or whoever reads our output has enough of it; or looking at
//! one of them again and again, which is for who waits some milliseconds.

use std::cell::Cell;
use std::fs;
use std::io::{self, stdout};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

use crate::error::Error;

/// How long between two looks where the kernel tells of changes, and where it does not.
const SELDOM: Duration = Duration::from_secs(5);
const OFTEN: Duration = Duration::from_millis(200);

/// Directories that the kernel tells of.
#[derive(Debug)]
pub(crate) struct Changes {
    /// A user may have only so many.
    inotify: Option<Inotify>,
    all_told: Cell<bool>,
}

impl Changes {
    /// Of none so far.
    pub(crate) fn new() -> Self {
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK).ok();
        Self { all_told: Cell::new(inotify.is_some()), inotify }
    }

    /// Has the kernel tell what comes to a directory and goes from it; of one that is not there yet, that it comes.
    pub(crate) fn heed(&self, directory: &Path) {
        let Some(inotify) = &self.inotify else { return };
        let flags = AddWatchFlags::IN_CREATE | AddWatchFlags::IN_MOVED_TO | AddWatchFlags::IN_DELETE;
        for there in directory.ancestors() {
            match inotify.add_watch(there, flags | AddWatchFlags::IN_DELETE_SELF) {
                Ok(_) => return,
                Err(Errno::ENOENT | Errno::ENOTDIR) => {}
                Err(_for_want_of_room) => break,
            }
        }
        self.all_told.set(false);
    }

    /// Waits until something may have changed, at most until a time; looking again tells what.
    ///
    /// # Errors
    /// Nobody reads our output any more.
    pub(crate) fn wait(&self, until: Option<Instant>) -> Result<(), Error> {
        let seldom = if self.all_told.get() { SELDOM } else { OFTEN };
        let left = until.map_or(seldom, |until| until.saturating_duration_since(Instant::now()).min(seldom));
        let out = stdout();
        let mut files = vec![PollFd::new(out.as_fd(), PollFlags::empty())];
        files.extend(self.inotify.as_ref().map(|inotify| PollFd::new(inotify.as_fd(), PollFlags::POLLIN)));
        // Part of a millisecond is a whole one: without it the last would be spent looking.
        let timeout = PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX);
        match poll(&mut files, timeout) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(source) => return Err(Error::Kernel { operation: "wait for changes", source }),
        }
        let gone = PollFlags::POLLERR | PollFlags::POLLNVAL;
        if files[0].revents().is_some_and(|happened| happened.intersects(gone)) {
            return Err(Error::Output(io::ErrorKind::BrokenPipe.into()));
        }
        // What has happened is seen by looking.
        while let Some(Ok(events)) = self.inotify.as_ref().map(Inotify::read_events) {
            if events.is_empty() {
                break;
            }
        }
        Ok(())
    }
}

/// A file that is put in the place of the one before it when it changes, and is looked at so often that it is not read each
/// time.
#[derive(Debug)]
pub(crate) struct Glance {
    path: PathBuf,
    /// Which it was when it was read last, and when that was.
    read: Option<(Which, Instant)>,
}

/// By its inode, and since when it is called so.
type Which = (u64, i64, i64);

/// How long it is believed that it is the same: by a clock of some milliseconds two may be alike.
const ALIKE: Duration = Duration::from_millis(50);

impl Glance {
    /// At this file, which need not be there.
    pub(crate) fn at(path: PathBuf) -> Self {
        Self { path, read: None }
    }

    /// Whether it is there and what was read last, by who reads it now if it is not.
    pub(crate) fn is_as_before(&mut self) -> bool {
        self.is_as_before_at(Instant::now())
    }

    fn is_as_before_at(&mut self, now: Instant) -> bool {
        // What cannot be looked at is for who reads it to tell.
        let Ok(found) = fs::metadata(&self.path) else {
            self.read = None;
            return false;
        };
        let which = (found.ino(), found.ctime(), found.ctime_nsec());
        if self.read.is_some_and(|(read, at)| read == which && now.duration_since(at) < ALIKE) {
            return true;
        }
        self.read = Some((which, now));
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_was_put_in_the_place_of_is_not_as_before() {
        let place = tempfile::tempdir().expect("a directory");
        let (path, draft) = (place.path().join("file"), place.path().join("draft"));
        let (mut glance, now) = (Glance::at(path.clone()), Instant::now());
        let put = || fs::write(&draft, "the same").and_then(|()| fs::rename(&draft, &path)).expect("a file");
        assert!(!glance.is_as_before_at(now) && !glance.is_as_before_at(now), "nothing is there");
        for _ in 0..3 {
            put();
            assert!(!glance.is_as_before_at(now));
            assert!(glance.is_as_before_at(now));
        }
        assert!(!glance.is_as_before_at(now + ALIKE), "it may be another all the same");
        fs::remove_file(&path).expect("a file");
        assert!(!glance.is_as_before_at(now));
    }
}
