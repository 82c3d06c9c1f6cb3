//! Seeing that memory ran out in a group, and somebody was killed for it.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use rustix::event::{EventfdFlags, eventfd};

use super::error::Error;
use super::make::{file, write};
use super::{Cgroup, Directory};
use crate::limits::{Controller, Version};

/// How many processes of a group were killed because its memory had run out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OomKilled {
    /// So many, and at least one.
    pub kills: u64,
}

/// Watches a group for kills. Its descriptor is readable when there may have been one.
#[derive(Debug)]
pub struct OomWatch {
    told: Told,
    counter: File,
    version: Version,
}

/// By what the kernel tells.
#[derive(Debug)]
enum Told {
    /// In version 1.
    Event(OwnedFd),
    /// In version 2, whose file changes.
    Change(Inotify),
}

impl OomWatch {
    /// Watches from now on; what has been before is counted. `None` where memory is not counted.
    ///
    /// # Errors
    /// When it cannot be watched.
    ///
    /// # References
    /// The kernel's `Documentation/admin-guide/cgroup-v1/memory.rst`, "OOM Control";
    /// `Documentation/admin-guide/cgroup-v2.rst`, `memory.events`
    pub fn new(cgroup: &Cgroup) -> Result<Option<Self>, Error> {
        let Some(directory) = cgroup.of(Controller::Memory) else { return Ok(None) };
        let name = counter(directory.version);
        let failed = |source| Error::Read { path: directory.path.join(name), source };
        Self::of(directory, name).map(Some).map_err(failed)
    }

    /// That of a container of a supervisor before: by the directories that its group has.
    ///
    /// # Errors
    /// When it cannot be watched.
    pub fn again(directories: &[impl AsRef<Path>]) -> Result<Option<Self>, Error> {
        for path in directories.iter().map(AsRef::as_ref) {
            for version in [Version::One, Version::Two] {
                if path.join(counter(version)).is_file() {
                    let failed = |source| Error::Read { path: path.to_owned(), source };
                    let held = File::open(path).map_err(failed)?.into();
                    let directory = Directory { version, controllers: Vec::new(), path: path.to_owned(), held };
                    return Self::of(&directory, counter(version)).map(Some).map_err(failed);
                }
            }
        }
        Ok(None)
    }

    fn of(directory: &Directory, name: &str) -> io::Result<Self> {
        let group = directory.held.as_fd();
        let counter = File::from(file(group, name, OFlag::O_RDONLY)?);
        let told = match directory.version {
            Version::One => {
                let event = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
                let wish = format!("{} {}", event.as_raw_fd(), counter.as_raw_fd());
                write(group, "cgroup.event_control", &wish)?;
                Told::Event(event)
            }
            Version::Two => {
                let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
                let path = format!("/proc/self/fd/{}", counter.as_raw_fd());
                inotify.add_watch(path.as_str(), AddWatchFlags::IN_MODIFY)?;
                Told::Change(inotify)
            }
        };
        Ok(Self { told, counter, version: directory.version })
    }

    /// Takes what the descriptor was readable for; how many have been killed so far.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn seen(&mut self) -> io::Result<u64> {
        let drained = match &self.told {
            Told::Event(event) => nix::unistd::read(event, &mut [0; 8]).map(drop),
            Told::Change(inotify) => inotify.read_events().map(drop),
        };
        match drained {
            Ok(()) | Err(Errno::EAGAIN) => self.kills(),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Asked when the container has ended: whether anybody in it was killed because memory had run out.
    ///
    /// # Errors
    /// When it cannot be read: the group is gone.
    pub fn ended(&mut self) -> io::Result<Option<OomKilled>> {
        let kills = self.kills()?;
        Ok((kills > 0).then_some(OomKilled { kills }))
    }

    fn kills(&mut self) -> io::Result<u64> {
        let mut text = String::new();
        self.counter.rewind()?;
        self.counter.read_to_string(&mut text)?;
        kills_in(&text).ok_or_else(|| io::Error::other(format!("no count of kills in {}", counter(self.version))))
    }
}

impl AsFd for OomWatch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.told {
            Told::Event(event) => event.as_fd(),
            Told::Change(inotify) => inotify.as_fd(),
        }
    }
}

/// The file that counts kills.
pub(super) fn counter(version: Version) -> &'static str {
    match version {
        Version::One => "memory.oom_control",
        Version::Two => "memory.events",
    }
}

/// How many kills such a file tells of (Linux 4.13).
pub(super) fn kills_in(text: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix("oom_kill "))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_count_kills_in_a_line() {
        for (text, kills) in [
            ("oom_kill_disable 0\nunder_oom 0\noom_kill 0\n", Some(0)),
            ("oom_kill_disable 0\nunder_oom 1\noom_kill 3\n", Some(3)),
            ("low 0\nhigh 0\nmax 47\noom 2\noom_kill 2\noom_group_kill 1\n", Some(2)),
            ("low 0\nhigh 0\nmax 0\noom 5\n", None),
            ("oom_kill_disable 0\nunder_oom 0\n", None),
            ("oom_kill many\n", None),
        ] {
            assert_eq!(kills_in(text), kills, "{text:?}");
        }
    }
}
