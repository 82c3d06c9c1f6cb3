//! Going on with what a workload says: woken by its logs, by the end of its process and by the end of who reads
//! us, and by the clock only where there is nothing else to wait for.
//!
//! It has said all when its process has ended and its fifos are empty: the supervisor takes out of them what it
//! has logged, and not before.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::time::{Duration, Instant};

use launch::{Origin, Pidfd, Seen};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use registry::{Found, Name, Process, RegistryError};

use super::entry::{Entry, Shower};
use super::read::Launch;
use crate::error::Error;
use crate::record::WorkloadRecord;

/// How long until the next look, where nothing tells.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// How long what has been said last may take to be logged: whoever reads the fifos may have been killed, and who
/// was left behind may keep half a line there for good.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// How long until the next look at a process that nothing can be told of.
const SELDOM: Duration = Duration::from_secs(1);

/// A workload that is followed.
pub(super) struct Follow<'a> {
    found: &'a Found,
    workload: &'a Name,
    here: Origin,
    watch: Inotify,
    until: Until,
}

/// How far it is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// To the end of a launch after which there is no further one.
    NoMore,
    /// To the end of the first.
    Ended,
}

/// Whether a launch goes on.
enum Goes {
    /// It does, and its process can be waited for.
    On(Pidfd),
    /// Whether it does cannot be told.
    Unknown,
    /// It does not.
    Ended,
}

impl<'a> Follow<'a> {
    /// Begins to watch: before anything is read, so that nothing is missed.
    pub(super) fn new(found: &'a Found, workload: &'a Name) -> Result<Self, Error> {
        let failed = |source| Error::Kernel { operation: "watch the log", source };
        let watch = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK).map_err(failed)?;
        let logs = found.directory().logs(workload);
        let flags = AddWatchFlags::IN_MODIFY | AddWatchFlags::IN_CREATE | AddWatchFlags::IN_MOVED_TO;
        watch.add_watch(&logs, flags).map_err(failed)?;
        let here = Origin::here().map_err(RegistryError::Blind)?;
        Ok(Self { found, workload, here, watch, until: Until::NoMore })
    }

    /// The same, so far.
    pub(super) fn until(self, until: Until) -> Self {
        Self { until, ..self }
    }

    /// Shows what is said until the workload has ended and there is no further launch; says which was the last.
    pub(super) fn run<O: Write, E: Write>(
        &self,
        mut launch: Launch,
        shower: &mut Shower<'_, O, E>,
    ) -> Result<u32, Error> {
        let mut patience: Option<Instant> = None;
        loop {
            // In this order: what is said before the end is seen is read after that.
            let goes = if patience.is_some() { Goes::Ended } else { self.goes(launch.number)? };
            let has_more = self.has_more(launch.number);
            loop {
                if !launch.read(|entry: Entry<'_>| shower.show(entry))? {
                    return Ok(launch.number);
                }
                if !launch.renew()? {
                    break;
                }
            }
            shower.flush()?;
            let (process, timeout) = match &goes {
                Goes::On(pidfd) => (Some(pidfd.as_fd()), None),
                Goes::Unknown => (None, Some(SELDOM)),
                Goes::Ended => {
                    let until = *patience.get_or_insert_with(|| Instant::now() + LAST_WORDS);
                    if !has_more || Instant::now() >= until {
                        launch.rest(|entry| shower.show(entry))?;
                        match self.next(launch.number)? {
                            None => return Ok(launch.number),
                            Some(next) => (launch, patience) = (next, None),
                        }
                        continue;
                    }
                    (None, Some(LOOK_AGAIN))
                }
            };
            if self.wait(process, timeout)? {
                return Ok(launch.number);
            }
        }
    }

    /// Waits for something to be said, the process to end, or so long; whether nobody reads us any more.
    fn wait(&self, process: Option<BorrowedFd<'_>>, timeout: Option<Duration>) -> Result<bool, Error> {
        let out = rustix::stdio::stdout();
        let mut files = vec![PollFd::new(out, PollFlags::empty()), PollFd::new(self.watch.as_fd(), PollFlags::POLLIN)];
        files.extend(process.map(|process| PollFd::new(process, PollFlags::POLLIN)));
        let timeout = timeout.map_or(PollTimeout::NONE, |time| PollTimeout::try_from(time).unwrap_or(PollTimeout::MAX));
        match poll(&mut files, timeout) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(source) => return Err(Error::Kernel { operation: "wait for the log", source }),
        }
        let unread = files[0].revents().is_some_and(|seen| seen.contains(PollFlags::POLLERR));
        // What has happened is seen by looking.
        while self.watch.read_events().is_ok_and(|events| !events.is_empty()) {}
        Ok(unread)
    }

    /// Whether this launch goes on: whoever came after it makes an end of it.
    fn goes(&self, number: u32) -> Result<Goes, Error> {
        let directory = self.found.directory();
        if !self.found.is_there()? || self.number()? != Some(number) {
            return Ok(Goes::Ended);
        }
        let (identity, seen) = directory.look(Process::Workload(self.workload), &self.here);
        match (identity, seen) {
            (Some(identity), Seen::Alive) => {
                let pidfd = Pidfd::of(identity).map_err(RegistryError::Blind)?;
                // Who has changed hands meanwhile is another launch's.
                Ok(pidfd.filter(|_| self.number().is_ok_and(|now| now == Some(number))).map_or(Goes::Ended, Goes::On))
            }
            (_, Seen::Unknown(_)) => Ok(Goes::Unknown),
            _ => Ok(Goes::Ended),
        }
    }

    fn number(&self) -> Result<Option<u32>, Error> {
        let record: Option<WorkloadRecord> = self.found.directory().spec(self.workload)?;
        Ok(record.map(|record| record.number))
    }

    /// Whether anything of what this launch has said is still to be logged.
    fn has_more(&self, number: u32) -> bool {
        let directory = self.found.directory().workload(self.workload);
        let waits = |stream: &str| -> io::Result<bool> {
            let fifo = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(directory.join(stream))?;
            Ok(rustix::io::ioctl_fionread(&fifo)? > 0)
        };
        // What stands before the fifos may still have something for them.
        let console =
            || matches!(self.found.directory().look(Process::Console(self.workload), &self.here).1, Seen::Alive);
        // Those of another launch, or of a pod that is not there any more, say nothing of this one.
        self.number().is_ok_and(|now| now == Some(number))
            && (console() || ["stdout", "stderr"].into_iter().any(|stream| waits(stream).unwrap_or(false)))
    }

    /// The launch after this one, if there is one by now.
    fn next(&self, number: u32) -> Result<Option<Launch>, Error> {
        if self.until == Until::Ended || !self.found.is_there()? {
            return Ok(None);
        }
        match self.number()? {
            Some(now) if now > number => Ok(Some(Launch::open(self.found.directory(), self.workload, now)?)),
            _ => Ok(None),
        }
    }
}
