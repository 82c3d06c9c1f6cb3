//! Control groups of our own: one for a pod, and one within for each of its containers, in whichever
//! hierarchies there are and as far as they are ours to use.
//!
//! [`Machine::look`] finds where groups can be made, [`Machine::pod`] names those of a pod, and
//! [`PodCgroup::make`] makes the one of a container: made, limited, and held for a process to be born
//! in or to join. Whoever makes one records [`PodCgroup::directories`] before, so that [`remove`] finds
//! what somebody has left who was killed.
//!
//! Nothing is changed but directories that we have made; of what lies above them only this: a
//! controller that a limit needs is passed on to us by the group that we make ours in.

mod above;
mod error;
mod look;
mod make;
mod oom;
mod place;
mod remove;
mod usage;

use std::os::fd::OwnedFd;
use std::path::PathBuf;

use launch::open::cgroup::{Cgroups, OpenCgroup};

use crate::limits::{Controller, Version};

pub use crate::limits::Limits;
pub use above::Above;
pub use error::{Error, Lack, Missed};
pub use look::Machine;
pub use make::{Made, PodCgroup};
pub use oom::{OomCounter, OomKilled};
pub use remove::remove;
pub use usage::Usage;

/// What is told of a container's group beside what limits ask for: what it uses, and that memory ran
/// out.
pub const TOLD: [Controller; 3] = [Controller::Memory, Controller::Cpu, Controller::Pids];

/// The group of a container: a directory in each of the hierarchies that are needed for it.
#[derive(Debug)]
pub struct Cgroup {
    directories: Vec<Directory>,
}

#[derive(Debug)]
struct Directory {
    version: Version,
    /// Of a hierarchy of version 1 its own; of that of version 2 those which the group has.
    controllers: Vec<String>,
    path: PathBuf,
    held: OwnedFd,
}

impl Cgroup {
    /// For a process to be born in, or to join.
    ///
    /// # Errors
    /// When nobody may be put there.
    pub fn to_join(&self) -> Result<Cgroups, Error> {
        let mut cgroups = Cgroups::default();
        for directory in &self.directories {
            let failed = |source| Error::Join { path: directory.path.clone(), source };
            let held = directory.held.try_clone().map_err(failed)?;
            let open = OpenCgroup::of(held, directory.path.clone()).map_err(failed)?;
            match directory.version {
                Version::One => cgroups.others.push(open),
                Version::Two => cgroups.unified = Some(open),
            }
        }
        Ok(cgroups)
    }

    /// Its directories.
    #[must_use]
    pub fn directories(&self) -> Vec<PathBuf> {
        self.directories.iter().map(|directory| directory.path.clone()).collect()
    }

    /// Whether this controller counts for it.
    #[must_use]
    pub fn has(&self, controller: Controller) -> bool {
        self.of(controller).is_some()
    }

    fn of(&self, controller: Controller) -> Option<&Directory> {
        self.directories.iter().find(|directory| directory.has(controller.name(directory.version)))
    }

    fn unified(&self) -> Option<&Directory> {
        self.directories.iter().find(|directory| directory.version == Version::Two)
    }
}

impl Directory {
    fn has(&self, controller: &str) -> bool {
        self.controllers.iter().any(|one| one == controller)
    }
}
