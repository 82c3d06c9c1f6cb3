//! The registry on disk: how pods' directories come, change and go, so that whoever is killed
//! wherever, the next command finds what is left and clears it away.
//!
//! A pod is made in `.at-work/creating-NAME` and renamed to `NAME` when it is whole; it is renamed to
//! `.at-work/deleting-NAME-PID` before it is taken apart. So a directory in there belongs to a command
//! at work, which holds a lock on it, or to nobody; what is nobody's is demolished. Whoever leaves
//! `.at-work` empty removes it, so that to look for what is left takes no longer where there are many pods.
//! Processes leave word of themselves in the directory before they become what they are to be, so
//! there is none that the directory does not know.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};
use nsjoin::{Name, Registry};

use crate::directory::{Lock, PodDirectory};
use crate::error::{Error, file};

/// The registry of this user, swept.
#[derive(Debug)]
pub struct Store {
    registry: Registry,
}

const AT_WORK: &str = ".at-work";
const CREATING: &str = "creating-";
const DELETING: &str = "deleting-";

impl Store {
    /// Opens the registry of this user, making it when there is none, and clears away what dead
    /// commands have left in it.
    ///
    /// # Errors
    /// When the directory cannot be made or read, or is not this user's alone.
    pub fn open() -> Result<Self, Error> {
        let store = Self { registry: Registry::of_this_user() };
        let root = store.registry.root();
        DirBuilder::new().recursive(true).mode(0o700).create(root).map_err(file("create", root))?;
        store.registry.is_ours()?;
        store.sweep()?;
        Ok(store)
    }

    /// Demolishes what belongs to no living command.
    fn sweep(&self) -> Result<(), Error> {
        let at_work = self.at_work();
        if fs::symlink_metadata(&at_work).is_err() {
            return Ok(());
        }
        // While nobody is between making a directory and locking it, what is not locked is nobody's.
        let nobody_claims = self.lock_claims(FlockArg::LockExclusive)?;
        let mut nobodys = Vec::new();
        for entry in entries(&at_work)? {
            let directory = PodDirectory::at(at_work.join(entry));
            nobodys.extend(directory.lock(FlockArg::LockExclusiveNonblock)?.map(|lock| (directory, lock)));
        }
        drop(nobody_claims);
        nobodys.into_iter().try_for_each(|(directory, lock)| directory.demolish(&lock))?;
        self.leave();
        Ok(())
    }

    /// Where the directories are that somebody works on.
    fn at_work(&self) -> PathBuf {
        self.registry.root().join(AT_WORK)
    }

    /// Puts a directory where one works on it, by this.
    fn enter(&self, put: impl Fn() -> io::Result<()>) -> io::Result<()> {
        loop {
            match DirBuilder::new().mode(0o700).create(self.at_work()) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
            match put() {
                // Somebody else has just left it, and taken it for empty.
                Err(error) if error.kind() == io::ErrorKind::NotFound && !self.at_work().exists() => {}
                put => return put,
            }
        }
    }

    /// Whoever leaves last removes what all have entered.
    fn leave(&self) {
        let _somebody_is_there = fs::remove_dir(self.at_work());
    }

    /// Locks the making of directories, not the directories.
    fn lock_claims(&self, how: FlockArg) -> Result<Lock, Error> {
        let root = self.registry.root();
        let opened = File::open(root).map_err(file("open", root))?;
        Flock::lock(opened, how).map_err(|(_, errno)| file("lock", root)(errno.into()))
    }

    /// The names of all pods, in order.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn names(&self) -> Result<Vec<Name>, Error> {
        let entries = entries(self.registry.root())?;
        let mut names: Vec<Name> = entries.into_iter().filter_map(|entry| entry.try_into().ok()).collect();
        names.sort();
        Ok(names)
    }

    /// The directory of a pod that exists.
    ///
    /// # Errors
    /// When it does not.
    pub fn pod(&self, name: &Name) -> Result<PodDirectory, Error> {
        let path = self.registry.directory(name).path().to_owned();
        if path.is_dir() { Ok(PodDirectory::at(path)) } else { Err(self.no_such(name)) }
    }

    /// The directory of a pod that exists, and the right to change it.
    ///
    /// # Errors
    /// When it does not exist, or ceases to while we wait for another command.
    pub(crate) fn locked(&self, name: &Name) -> Result<(PodDirectory, Lock), Error> {
        let directory = self.pod(name)?;
        match directory.lock(FlockArg::LockExclusive)? {
            Some(lock) => Ok((directory, lock)),
            None => Err(self.no_such(name)),
        }
    }

    fn no_such(&self, name: &Name) -> Error {
        Error::NoSuchPod { name: name.clone(), root: self.registry.root().to_owned() }
    }

    /// Claims a name, by an empty directory that nobody else sees as a pod.
    pub(crate) fn claim(&self, name: &Name) -> Result<Claim<'_>, Error> {
        if self.registry.directory(name).path().to_owned().exists() {
            return Err(Error::NameInUse { name: name.clone() });
        }
        let directory = PodDirectory::at(self.at_work().join(format!("{CREATING}{name}")));
        let busy = || Error::Busy { name: name.clone() };
        let _no_sweeping = self.lock_claims(FlockArg::LockShared)?;
        match self.enter(|| DirBuilder::new().mode(0o700).create(directory.path())) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(busy()),
            made => made.map_err(file("create", directory.path()))?,
        }
        let lock = directory.lock(FlockArg::LockExclusiveNonblock)?.ok_or_else(busy)?;
        let here = launch::Origin::here().map_err(nsjoin::RegistryError::Blind)?;
        registry::PodDirectory::at(directory.path().to_owned()).write_origin(&here)?;
        Ok(Claim { store: self, name: name.clone(), directory, lock, fate: Fate::Demolish })
    }

    /// Takes a pod apart: nothing of it runs afterwards, and its name is free.
    pub(crate) fn remove(&self, name: &Name, directory: &PodDirectory, lock: Lock) -> Result<(), Error> {
        let doomed = PodDirectory::at(self.at_work().join(format!("{DELETING}{name}-{}", std::process::id())));
        let entered = self.enter(|| fs::rename(directory.path(), doomed.path()));
        entered.map_err(file("remove", directory.path()))?;
        doomed.demolish(&lock)?;
        self.leave();
        Ok(())
    }
}

/// The names in a directory.
fn entries(directory: &Path) -> Result<Vec<String>, Error> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(file("list", directory))?,
    };
    let entries: io::Result<Vec<_>> = entries.collect();
    let names = entries.map_err(file("list", directory))?.into_iter();
    Ok(names.filter_map(|entry| entry.file_name().into_string().ok()).collect())
}

/// A name that is taken and not yet a pod; dropped unused, it takes all that was made with it.
#[derive(Debug)]
pub(crate) struct Claim<'a> {
    store: &'a Store,
    name: Name,
    directory: PodDirectory,
    lock: Lock,
    fate: Fate,
}

/// What becomes of a claim's directory when the claim is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Demolish,
    Keep,
}

impl Claim<'_> {
    pub(crate) fn directory(&self) -> &PodDirectory {
        &self.directory
    }

    /// The lock on the directory; what is handed a copy of it holds it too.
    pub(crate) fn lock(&self) -> &File {
        &self.lock
    }

    /// Makes it a pod.
    pub(crate) fn commit(mut self) -> Result<PodDirectory, Error> {
        let path = self.store.registry.directory(&self.name).path().to_owned();
        // A pod's directory is never empty, so this replaces none.
        match fs::rename(self.directory.path(), &path) {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
                return Err(Error::NameInUse { name: self.name.clone() });
            }
            renamed => renamed.map_err(file("create", &path))?,
        }
        self.fate = Fate::Keep;
        self.store.leave();
        Ok(PodDirectory::at(path))
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if self.fate == Fate::Demolish {
            // Whoever drops a claim has an error to tell already; what this leaves, the next command sweeps.
            let _swept_later = self.directory.demolish(&self.lock);
            self.store.leave();
        }
    }
}
