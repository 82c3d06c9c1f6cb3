//! The sandbox that a container comes into: a process that holds its namespaces, pinned.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::linux::fs::MetadataExt;
use std::os::unix::fs::OpenOptionsExt;

use caps::{CapSet, Capability};
use launch::{Identity, Kind, Pidfd};

use crate::error::Error;
use crate::lower::Namespace;

/// A pod's namespaces, by the process that holds them.
#[derive(Debug)]
pub struct Sandbox {
    holder: Pidfd,
    pid: i32,
    namespaces: Vec<Namespace>,
    root: OwnedFd,
    own_users: bool,
    /// Whose pid namespace is that of a container, where it is not the sandbox's.
    counts: Option<(Pidfd, Namespace)>,
}

impl Sandbox {
    /// Pins this process, and opens what it is in that we are not in.
    ///
    /// # Errors
    /// When it has ended, or may not be looked at.
    pub fn open(holder: Identity) -> Result<Self, Error> {
        let pinned = Pidfd::of(holder).map_err(Error::Unseen)?.ok_or(Error::Ended)?;
        let pid = holder.pid;
        let mut namespaces = Vec::new();
        for kind in Kind::all() {
            let file = match File::open(format!("/proc/{pid}/ns/{kind}")) {
                // Not every kernel has each.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                opened => opened.map_err(Error::Look)?,
            };
            let inode = file.metadata().map_err(Error::Look)?.st_ino();
            let ours = fs::metadata(format!("/proc/self/ns/{kind}")).map_err(Error::Look)?.st_ino();
            if inode != ours {
                namespaces.push(Namespace { kind, file: file.into(), inode });
            }
        }
        let flags = libc::O_PATH | libc::O_DIRECTORY;
        let root = File::options().read(true).custom_flags(flags).open(format!("/proc/{pid}/root"));
        let root = root.map_err(Error::Look)?.into();
        let own_users = namespaces.iter().any(|one| one.kind == Kind::User);
        let sandbox = Self { holder: pinned, pid, namespaces, root, own_users, counts: None };
        // What was read by pid was its own, if it has not ended meanwhile.
        sandbox.still_there()?;
        Ok(sandbox)
    }

    /// The same, but a container that counts its processes as the pod does counts them as this one does.
    ///
    /// # Errors
    /// When that one has ended, or may not be looked at.
    pub fn counting_as(self, one: Identity) -> Result<Self, Error> {
        let pinned = Pidfd::of(one).map_err(Error::Unseen)?.ok_or(Error::Ended)?;
        let file = File::open(format!("/proc/{}/ns/{}", one.pid, Kind::Pid)).map_err(Error::Look)?;
        let inode = file.metadata().map_err(Error::Look)?.st_ino();
        let counts = Some((pinned, Namespace { kind: Kind::Pid, file: file.into(), inode }));
        let sandbox = Self { counts, ..self };
        sandbox.still_there()?;
        Ok(sandbox)
    }

    /// Whose pid namespace it is then, with a pidfd of theirs.
    pub(crate) fn counts(&self) -> Result<Option<(OwnedFd, Namespace)>, Error> {
        let copy = |(pinned, one): &(Pidfd, Namespace)| {
            let file = one.file.try_clone().map_err(Error::Look)?;
            let pidfd = pinned.as_fd().try_clone_to_owned().map_err(Error::Look)?;
            Ok((pidfd, Namespace { kind: one.kind, file, inode: one.inode }))
        };
        self.counts.as_ref().map(copy).transpose()
    }

    fn still_there(&self) -> Result<(), Error> {
        for one in [Some(&self.holder), self.counts.as_ref().map(|(one, _)| one)].into_iter().flatten() {
            match one.ended_within(std::time::Duration::ZERO) {
                Ok(false) => {}
                Ok(true) => return Err(Error::Ended),
                Err(errno) => return Err(Error::Look(errno.into())),
            }
        }
        Ok(())
    }

    pub(crate) fn has_own_users(&self) -> bool {
        self.own_users
    }

    /// Whether it has ids that were set apart for it by somebody who may give any: by root.
    pub(crate) fn is_mapped(&self) -> bool {
        self.own_users && caps::has_cap(None, CapSet::Effective, Capability::CAP_SYS_ADMIN).unwrap_or(false)
    }

    /// Its user namespace, if that is its own.
    pub(super) fn users(&self) -> Result<Option<OwnedFd>, Error> {
        let users = self.namespaces.iter().find(|one| one.kind == Kind::User);
        users.map(|users| users.file.try_clone().map_err(Error::Look)).transpose()
    }

    /// Who its root is outside: user and group.
    pub(super) fn root_outside(&self) -> Result<(u32, u32), Error> {
        let of = |map: &str| {
            let text = self.text(map)?.unwrap_or_default();
            let first = text.split_whitespace().nth(1).and_then(|id| id.parse().ok());
            first.ok_or_else(|| Error::Look(io::ErrorKind::InvalidData.into()))
        };
        Ok((of("uid_map")?, of("gid_map")?))
    }

    /// Whether it may change groups, as who was given a user namespace without a right may not.
    pub(super) fn may_set_groups(&self) -> Result<bool, Error> {
        Ok(self.text("setgroups")?.is_none_or(|text| text.trim() != "deny"))
    }

    /// Whether its user namespace has this group.
    pub(super) fn has_group(&self, group: u32) -> Result<bool, Error> {
        let has = |map: String| {
            map.lines().any(|line| {
                let mut numbers = line.split_whitespace().map_while(|number| number.parse::<u32>().ok());
                match (numbers.next(), numbers.next(), numbers.next()) {
                    (Some(first), Some(_), Some(length)) => group.checked_sub(first).is_some_and(|at| at < length),
                    _ => false,
                }
            })
        };
        Ok(self.text("gid_map")?.is_none_or(has))
    }

    /// A file of /proc that kernels without user namespaces do not have.
    fn text(&self, name: &str) -> Result<Option<String>, Error> {
        let found = match fs::read_to_string(format!("/proc/{}/{name}", self.pid)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            read => Some(read.map_err(Error::Look)?),
        };
        self.still_there()?;
        Ok(found)
    }

    pub(crate) fn pidfd(&self) -> Result<OwnedFd, Error> {
        self.holder.as_fd().try_clone_to_owned().map_err(Error::Look)
    }

    pub(crate) fn root(&self) -> Result<OwnedFd, Error> {
        self.root.try_clone().map_err(Error::Look)
    }

    /// Those of its namespaces that we are not in, of these kinds.
    pub(crate) fn namespaces(&self, wanted: impl Fn(Kind) -> bool) -> Result<Vec<Namespace>, Error> {
        let copy = |one: &Namespace| {
            let file = one.file.try_clone().map_err(Error::Look)?;
            Ok(Namespace { kind: one.kind, file, inode: one.inode })
        };
        self.namespaces.iter().filter(|one| wanted(one.kind)).map(copy).collect()
    }

    pub(crate) fn enters_pids(&self) -> bool {
        self.counts.is_some() || self.namespaces.iter().any(|one| one.kind == Kind::Pid)
    }
}
