//! How pods' directories come, change and go, so that whoever is killed wherever, the next command
//! that makes or changes a pod finds what is left and clears it away.
//!
//! A pod is made in `.at-work/creating-NAME` and renamed to `NAME` when it is whole. When all its
//! processes have ended it is renamed to `.at-work/deleting-NAME-PID`, and taken apart. So a directory
//! in there belongs to a command at work, which holds a lock on it, or to nobody. Whoever leaves
//! `.at-work` empty removes it with the last pod: to look whether anything is left takes no longer where
//! there are many pods, and to make it again takes longer than all else that is written of a pod.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use launch::{Origin, Reach};
use registry::{
    Attempt, Busy, Found, Lock, Name, PATIENCE, PodDirectory, Registry, RegistryError, Sharing, file, tree,
};

use crate::cgroup;
use crate::connect::{self, Emptied};
use crate::end;
use crate::error::Error;
use crate::instance;

/// The registry of this user, to be changed.
#[derive(Debug)]
pub struct Store {
    registry: Registry,
    here: Origin,
    emptied: Emptied,
}

const AT_WORK: &str = ".at-work";
const CREATING: &str = "creating-";
const DELETING: &str = "deleting-";
/// The links to a directory without directories in it; where they are not counted there is one.
const EMPTY: u64 = 2;
/// How long a process may be in the making whose maker was killed.
const IN_THE_MAKING: Duration = Duration::from_secs(2);

impl Store {
    /// Opens the registry of this user, making it when there is none.
    ///
    /// # Errors
    /// When the directory cannot be made or read, is not this user's alone, or nothing can be told of
    /// processes from here.
    pub fn open() -> Result<Self, Error> {
        let registry = Registry::of_this_user();
        let here = Origin::here().map_err(RegistryError::Blind)?;
        let root = registry.root();
        tree::make(root, 0o700)?;
        registry.is_ours()?;
        Ok(Self { registry, here, emptied: Emptied::Goes })
    }

    /// The same, by somebody who stays with networks that it leaves empty ([`connect::Staying`]).
    pub(crate) fn staying(self) -> Self {
        Self { emptied: Emptied::of_the_environment(), ..self }
    }

    /// What may be looked at.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// In which processes are counted.
    #[must_use]
    pub fn here(&self) -> &Origin {
        &self.here
    }

    /// Clears away what dead commands have left. What cannot be cleared away is told, and left to the
    /// next: it is no reason not to do what one is about to do.
    #[must_use]
    pub fn sweep(&self) -> Vec<Error> {
        let mut told = self.sweep_pods();
        let networks = connect::sweep(self.registry.root());
        told.extend(networks.into_iter().map(Error::from));
        self.leave();
        told
    }

    fn sweep_pods(&self) -> Vec<Error> {
        let at_work = self.at_work();
        match fs::symlink_metadata(&at_work) {
            Err(_) => return Vec::new(),
            Ok(found) if found.nlink() == EMPTY => return Vec::new(),
            Ok(_) => {}
        }
        // While nobody is between making a directory and locking it, what is not locked is nobody's.
        let nobody_claims = match Lock::try_take(self.registry.root(), Sharing::Exclusive) {
            Ok(Some(lock)) => lock,
            Ok(None) => return Vec::new(),
            Err(error) => return vec![error.into()],
        };
        let (mut nobodys, mut anothers) = (Vec::new(), Vec::new());
        let mut told = Vec::new();
        match tree::names(&at_work) {
            Err(error) => told.push(error.into()),
            Ok(entries) => {
                for entry in entries {
                    let directory = PodDirectory::at(at_work.join(entry));
                    match directory.try_lock() {
                        Ok(Attempt::Taken(lock)) => nobodys.push((directory, lock)),
                        Ok(Attempt::Busy(busy)) => anothers.push((directory, busy)),
                        Ok(Attempt::Gone) => {}
                        Err(error) => told.push(error.into()),
                    }
                }
            }
        }
        drop(nobody_claims);
        for (directory, busy) in anothers {
            match self.bequeathed(&directory, busy) {
                Ok(lock) => nobodys.extend(lock.map(|lock| (directory, lock))),
                Err(error) => told.push(error.into()),
            }
        }
        for (directory, lock) in nobodys {
            told.extend(self.demolish(&directory, &lock).err());
        }
        told
    }

    /// The lock of a command that was killed while a process of the pod was in the making, which has the lock
    /// until it has left word of itself.
    fn bequeathed(&self, directory: &PodDirectory, busy: Busy) -> Result<Option<Lock>, RegistryError> {
        // Of who is in another pid namespace it cannot be told whether they live.
        let is_here = directory.origin().is_ok_and(|origin| matches!(origin.from_here(&self.here), Reach::Here));
        if is_here { busy.take_over(IN_THE_MAKING) } else { Ok(None) }
    }

    /// Ends what was made of a pod that is not one (yet, or any more), and removes its directory.
    fn demolish(&self, directory: &PodDirectory, _lock: &Lock) -> Result<(), Error> {
        // Whatever else lies about here made nothing.
        if fs::symlink_metadata(directory.path()).is_ok_and(|found| found.is_dir()) {
            let name = directory.path().file_name();
            // What is being deleted has been seen to end.
            if name.is_some_and(|name| name.as_encoded_bytes().starts_with(CREATING.as_bytes())) {
                // While its network is there more of it can be undone; what this cannot is tried below.
                let _tried_again = connect::part(directory, &self.here);
                end::end_draft(directory, &self.here)?;
            }
            connect::release(self.registry.root(), directory, &self.here, self.emptied)?;
            cgroup::clear_all(directory)?;
            instance::remove_all(directory)?;
        }
        Ok(tree::remove(directory.path())?)
    }

    /// Where the directories are that somebody works on.
    pub(crate) fn at_work(&self) -> PathBuf {
        self.registry.root().join(AT_WORK)
    }

    /// Puts a directory where one works on it, by this, which fails for want of something only if it is
    /// where one works that is wanting.
    fn enter(&self, put: impl Fn() -> io::Result<()>) -> io::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match DirBuilder::new().mode(0o700).create(self.at_work()) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
            match put() {
                // Somebody else has just left it, and taken it for empty; a third may have made it again since.
                Err(error) if error.kind() == io::ErrorKind::NotFound && Instant::now() < deadline => {}
                put => return put,
            }
        }
    }

    /// Whoever leaves last removes what all have entered; where there are pods, somebody is to come.
    pub(crate) fn leave(&self) {
        if fs::metadata(self.registry.root()).is_ok_and(|found| found.nlink() <= EMPTY + 1) {
            let _somebody_is_there = fs::remove_dir(self.at_work());
        }
    }

    /// A pod that exists, and the right to change it.
    ///
    /// # Errors
    /// When it does not exist, or ceases to while we wait for another command.
    pub(crate) fn locked(&self, name: &Name) -> Result<(Found, Lock), Error> {
        let found = self.registry.pod(name)?;
        match self.lock(&found)? {
            Some(lock) => Ok((found, lock)),
            None => Err(found.ended().into()),
        }
    }

    /// The right to change a pod that was found; `None` when it is not there any more.
    pub(crate) fn lock(&self, found: &Found) -> Result<Option<Lock>, Error> {
        found.lock().map_err(|error| match error {
            RegistryError::Locked { by, .. } => Error::Busy { name: found.name().clone(), by },
            error => error.into(),
        })
    }

    /// Claims a name, by an empty directory that nobody else sees as a pod.
    pub(crate) fn claim(&self, name: &Name) -> Result<Claim<'_>, Error> {
        if fs::symlink_metadata(self.registry.directory(name).path()).is_ok() {
            return Err(Error::NameInUse { name: name.clone() });
        }
        let directory = PodDirectory::at(self.at_work().join(format!("{CREATING}{name}")));
        let busy = |by| Error::Busy { name: name.clone(), by };
        let root = self.registry.root();
        let _no_sweeping =
            Lock::take(root, Sharing::Shared)?.ok_or_else(|| file("lock", root)(io::ErrorKind::NotFound.into()))?;
        match self.enter(|| DirBuilder::new().mode(0o700).create(directory.path())) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(busy(None)),
            made => made.map_err(file("create", directory.path()))?,
        }
        let Attempt::Taken(lock) = directory.try_lock()? else { return Err(busy(None)) };
        let claim = Claim { store: self, name: name.clone(), directory, lock: Some(lock) };
        claim.directory.write_origin(&self.here)?;
        Ok(claim)
    }

    /// Forgets a pod of which nothing runs any more: its name is free.
    pub(crate) fn forget(&self, name: &Name, directory: &PodDirectory, lock: &Lock) -> Result<(), Error> {
        let doomed = PodDirectory::at(self.at_work().join(format!("{DELETING}{name}-{}", std::process::id())));
        let entered = self.enter(|| fs::rename(directory.path(), doomed.path()));
        entered.map_err(file("remove", directory.path()))?;
        let removed = self.demolish(&doomed, lock);
        self.leave();
        removed
    }
}

/// A name that is taken and not yet a pod; dropped unused, it takes all that was made with it.
#[derive(Debug)]
pub(crate) struct Claim<'a> {
    store: &'a Store,
    name: Name,
    directory: PodDirectory,
    /// Taken when it has become a pod.
    lock: Option<Lock>,
}

impl Claim<'_> {
    pub(crate) fn directory(&self) -> &PodDirectory {
        &self.directory
    }

    /// Makes it a pod, which is still locked.
    pub(crate) fn commit(mut self) -> Result<(PodDirectory, Option<Lock>), Error> {
        let pod = self.store.registry.directory(&self.name);
        // A pod's directory is never empty, so this replaces none.
        match fs::rename(self.directory.path(), pod.path()) {
            Err(error) if matches!(error.raw_os_error(), Some(libc::ENOTEMPTY | libc::EEXIST | libc::ENOTDIR)) => {
                return Err(Error::NameInUse { name: self.name.clone() });
            }
            renamed => renamed.map_err(file("create", pod.path()))?,
        }
        Ok((pod, self.lock.take()))
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if let Some(lock) = self.lock.take() {
            // Whoever drops a claim has an error to tell already; what this leaves, the next command sweeps.
            let _swept_later = self.store.demolish(&self.directory, &lock);
            self.store.leave();
        }
    }
}
