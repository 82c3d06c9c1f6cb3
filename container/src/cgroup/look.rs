//! Finding where groups of ours can be made.

use std::fs;
use std::path::{Path, PathBuf};

use launch::open::cgroup::{Group, hierarchies};
use nix::fcntl::AtFlags;
use nix::unistd::{AccessFlags, faccessat};

use super::error::Error;
use super::make::{PodCgroup, Site};
use super::place::{candidates, is_wanted};
use crate::limits::{Controller, Version};

/// The hierarchies of this machine, and where in them we can make groups.
#[derive(Clone, Debug)]
pub struct Machine {
    hierarchies: Vec<(launch::open::cgroup::Hierarchy, Option<PathBuf>)>,
}

impl Machine {
    /// Looks at what is mounted, and where we are ourselves.
    ///
    /// # Errors
    /// When that cannot be read.
    ///
    /// # References
    /// cgroups(7), `cgroup_namespaces`(7)
    pub fn look() -> Result<Self, Error> {
        let groups = Group::all_of(std::process::id().cast_signed());
        let groups = groups.map_err(|source| Error::Look(launch::Error::Proc { source }))?;
        let found = hierarchies().map_err(Error::Look)?;
        let place = |hierarchy: launch::open::cgroup::Hierarchy| {
            let parent = candidates(&hierarchy, &groups).into_iter().find(|path| is_ours_to_divide(path));
            (hierarchy, parent)
        };
        Ok(Self { hierarchies: found.into_iter().map(place).collect() })
    }

    /// The group of the pod that has this name among all that make groups here. Nothing is made yet.
    #[must_use]
    pub fn pod(&self, name: &str) -> PodCgroup {
        PodCgroup::new(self.clone(), name)
    }

    /// Where groups of ours would have this controller; `None` where none can have it.
    #[must_use]
    pub fn place_of(&self, controller: Controller) -> Option<(Version, PathBuf)> {
        let has = |site: &Site| site.controllers.iter().any(|one| one == controller.name(site.version));
        let found = self.sites(&[controller]).into_iter().filter(has);
        found.filter_map(|site| Some((site.version, site.parent?))).next()
    }

    /// Where groups are made for who wants these controllers, and where they would be if it were ours.
    pub(super) fn sites(&self, wanted: &[Controller]) -> Vec<Site> {
        let is_unified_mounted = self.hierarchies.iter().any(|(hierarchy, _)| hierarchy.controllers.is_none());
        let wanted = self.hierarchies.iter().filter(|(one, _)| is_wanted(one, is_unified_mounted, wanted));
        let site = |(hierarchy, parent): &(launch::open::cgroup::Hierarchy, Option<PathBuf>)| {
            let (version, controllers) = match (&hierarchy.controllers, parent) {
                (Some(own), _) => (Version::One, own.clone()),
                (None, parent) => (Version::Two, names_in(parent.as_ref().unwrap_or(&hierarchy.mounted))),
            };
            Site { version, controllers, mounted: hierarchy.mounted.clone(), parent: parent.clone() }
        };
        wanted.map(site).collect()
    }

    /// Every directory in which groups of ours can be.
    pub(super) fn parents(&self) -> impl Iterator<Item = &Path> {
        self.hierarchies.iter().filter_map(|(_, parent)| parent.as_deref())
    }
}

/// Whether we may make groups in there, and put processes into these.
fn is_ours_to_divide(directory: &Path) -> bool {
    let may = |path: &Path| faccessat(nix::fcntl::AT_FDCWD, path, AccessFlags::W_OK, AtFlags::AT_EACCESS).is_ok();
    may(directory) && may(&directory.join("cgroup.procs"))
}

/// The controllers that a group of version 2 has.
fn names_in(directory: &Path) -> Vec<String> {
    let text = fs::read_to_string(directory.join("cgroup.controllers")).unwrap_or_default();
    text.split_whitespace().map(str::to_owned).collect()
}
