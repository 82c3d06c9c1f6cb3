//! A pod's group that is there, held: the next container's is made in it by one step in each hierarchy, where nothing has
//! changed since the last was.

use std::os::fd::AsFd;

use nix::fcntl::openat;
use nix::sys::stat::{Mode, mkdirat};

use super::error::{Error, Lack, Missed};
use super::make::{DIRECTORY, Made, controllers_of};
use super::remove::remove;
use super::{Cgroup, Directory};
use crate::limits::{Controller, Limits, Version};

/// A pod's group, and what it was made for.
#[derive(Debug)]
pub struct Above {
    group: Cgroup,
    /// What the container needs that was made in it, in order.
    controllers: Vec<Controller>,
    /// What that did without.
    missed: Vec<Missed>,
}

fn in_order(must: &[Controller], may: &[Controller]) -> Vec<Controller> {
    let mut all: Vec<_> = must.iter().chain(may).copied().collect();
    all.sort();
    all.dedup();
    all
}

impl Above {
    pub(super) fn new(
        directories: Vec<Directory>,
        must: &[Controller],
        may: &[Controller],
        missed: Vec<Missed>,
    ) -> Self {
        Self { group: Cgroup { directories }, controllers: in_order(must, may), missed }
    }

    /// Limits it.
    pub(super) fn limit(&self, limits: &Limits) -> Result<(), Error> {
        let missing = limits.controllers().into_iter().find(|controller| !self.group.has(*controller));
        if let Some(controller) = missing {
            let missed = self.missed.iter().find(|missed| missed.controller == controller);
            let lack = missed.map_or(Lack::NotHere, |missed| missed.lack.clone());
            return Err(Error::Lacking { controller, lack });
        }
        self.group.set(limits)
    }

    /// Makes the group of another container as [`PodCgroup::make`](super::PodCgroup::make) does, where the pod's own, which
    /// has these limits already, is as it was. `None` where it is not, something is there under that name, or the container
    /// needs something else than the one before it: what is made by then is for who makes it anew to remove.
    ///
    /// # Errors
    /// When a limit cannot be set. Nothing of the container's is left then.
    pub fn make(
        &self,
        container: &str,
        limits: &Limits,
        together: &Limits,
        told: &[Controller],
    ) -> Result<Option<Made>, Error> {
        let own = limits.controllers();
        let must: Vec<_> = own.iter().copied().chain(together.controllers()).collect();
        // What the one before could do without may be what this one needs; and a cpuset of version 1 has to be filled first.
        let lacks = self.missed.iter().any(|missed| own.contains(&missed.controller));
        if lacks || in_order(&must, told) != self.controllers || self.group.has(Controller::CpuSet) {
            return Ok(None);
        }
        let made: Option<Vec<_>> = self.group.directories.iter().map(|above| above.step(container)).collect();
        let Some(directories) = made else { return Ok(None) };
        let cgroup = Cgroup { directories };
        // Somebody may have the pod's group pass on less since.
        let is_missed = |one: &Controller| self.missed.iter().any(|missed| missed.controller == *one);
        if self.controllers.iter().any(|one| !cgroup.has(*one) && !is_missed(one)) {
            return Ok(None);
        }
        if let Err(error) = cgroup.set(limits) {
            // The error is what there is to tell; what stays goes with the pod.
            let _goes_with_the_pod = remove(&cgroup.directories());
            return Err(error);
        }
        Ok(Some(Made { cgroup, missed: self.missed.clone(), above: None }))
    }
}

impl Directory {
    /// Makes a group in this one, that was not there.
    fn step(&self, name: &str) -> Option<Self> {
        mkdirat(&self.held, name, Mode::from_bits_truncate(0o755)).ok()?;
        let held = openat(&self.held, name, DIRECTORY, Mode::empty()).ok()?;
        let path = self.path.join(name);
        let controllers = match self.version {
            Version::One => self.controllers.clone(),
            Version::Two => controllers_of(held.as_fd(), &path).ok()??,
        };
        Some(Self { version: self.version, controllers, path, held })
    }
}
