//! The files that a process sees, below a root that nothing leads out of.

use std::os::fd::{AsFd, OwnedFd};
use std::path::{Component, Path};
use std::time::Duration;

use launch::open::below::open_below;
use launch::{Identity, Pidfd};
use nix::fcntl::OFlag;
use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;

use super::error::CopyError;
use super::tree::Owner;

/// A root directory: a workload's, or ours.
#[derive(Debug)]
pub(crate) struct Place {
    root: OwnedFd,
    owner: Option<Owner>,
}

impl Place {
    /// What this process sees; `None` when it has ended, whoever has its pid now. What is made there is its owner's.
    pub(crate) fn of(process: Identity, owner: Option<Owner>) -> Result<Option<Self>, CopyError> {
        let path = format!("/proc/{}/root", process.pid);
        // Pinned before and looked at afterwards: between, its pid is nobody else's.
        let Ok(Some(pidfd)) = Pidfd::of(process) else { return Ok(None) };
        let root = open(&path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
        match (root, pidfd.ended_within(Duration::ZERO)) {
            (_, Ok(true)) => Ok(None),
            (Ok(root), _) => Ok(Some(Self { root, owner })),
            (Err(errno), _) => Err(CopyError::file("open", path)(errno)),
        }
    }

    /// Whose what is made there is, where that is not who we are.
    pub(crate) fn owner(&self) -> Option<Owner> {
        self.owner
    }

    /// What is at this path, for looking at it or into it; links lead where they lead inside.
    pub(crate) fn find(&self, path: &Path) -> Result<OwnedFd, Errno> {
        let path: &Path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        open_below(self.root.as_fd(), path, OFlag::O_PATH).map_err(|errno| Errno::from_raw_os_error(errno as i32))
    }

    /// The directory at this path.
    pub(crate) fn directory(&self, path: &Path) -> Result<OwnedFd, Errno> {
        let found = self.find(path)?;
        rustix::fs::openat(&found, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
    }
}

/// The directory that a path leads through, and the name in it; without one where the path ends in no name.
pub(crate) fn split(path: &Path) -> Option<(&Path, &std::ffi::OsStr)> {
    match path.components().next_back()? {
        Component::Normal(name) => {
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            Some((parent.unwrap_or(Path::new(".")), name))
        }
        _ => None,
    }
}
