//! Seeing that memory ran out in a group, and somebody was killed for it.
//!
//! The kernel is asked once, when a container has ended. To be told before would take an inotify for each container, of
//! which a user may have 128, or an eventfd, and nobody would do anything about it sooner.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::fd::AsFd;
use std::path::Path;

use nix::fcntl::OFlag;

use super::error::Error;
use super::make::file;
use super::{Cgroup, Directory};
use crate::limits::{Controller, Version};

/// How many processes of a group were killed because its memory had run out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OomKilled {
    /// So many, and at least one.
    pub kills: u64,
}

/// Where the kernel counts the kills of a group; held, for the group may be gone when it is asked.
#[derive(Debug)]
pub struct OomCounter {
    counter: File,
    version: Version,
}

impl OomCounter {
    /// That of a group. `None` where memory is not counted.
    ///
    /// # Errors
    /// When it cannot be opened.
    ///
    /// # References
    /// The kernel's `Documentation/admin-guide/cgroup-v1/memory.rst`, "OOM Control";
    /// `Documentation/admin-guide/cgroup-v2.rst`, `memory.events`
    pub fn new(cgroup: &Cgroup) -> Result<Option<Self>, Error> {
        let Some(directory) = cgroup.of(Controller::Memory) else { return Ok(None) };
        Self::of(directory).map(Some)
    }

    /// That of a container of a supervisor before: by the directories that its group has.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn again(directories: &[impl AsRef<Path>]) -> Result<Option<Self>, Error> {
        for path in directories.iter().map(AsRef::as_ref) {
            for version in [Version::One, Version::Two] {
                let name = counter(version);
                if path.join(name).is_file() {
                    let failed = |source| Error::Read { path: path.to_owned(), source };
                    let held = File::open(path).map_err(failed)?.into();
                    let directory = Directory { version, controllers: Vec::new(), path: path.to_owned(), held };
                    return Self::of(&directory).map(Some);
                }
            }
        }
        Ok(None)
    }

    fn of(directory: &Directory) -> Result<Self, Error> {
        let name = counter(directory.version);
        let failed = |source| Error::Read { path: directory.path.join(name), source };
        let counter = file(directory.held.as_fd(), name, OFlag::O_RDONLY).map_err(failed)?.into();
        Ok(Self { counter, version: directory.version })
    }

    /// Asked when the container has ended: whether anybody in it was killed because memory had run out.
    ///
    /// # Errors
    /// When it cannot be read: the group is gone.
    pub fn killed(&mut self) -> io::Result<Option<OomKilled>> {
        let mut text = String::new();
        self.counter.rewind()?;
        self.counter.read_to_string(&mut text)?;
        let untold = || io::Error::other(format!("no count of kills in {}", counter(self.version)));
        let kills = kills_in(&text).ok_or_else(untold)?;
        Ok((kills > 0).then_some(OomKilled { kills }))
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
