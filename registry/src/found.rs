//! A pod as a command has found it. Its directory is held open: whoever bears its name later is
//! another, and nothing is said of that one which was seen of this.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use launch::{Identity, Look, Origin, Seen};

use crate::error::{RegistryError, file};
use crate::layout::{PodDirectory, Process};
use crate::lock::{Lock, Sharing};
use crate::name::Name;

/// A pod that was found by its name.
#[derive(Debug)]
pub struct Found {
    root: PathBuf,
    name: Name,
    directory: PodDirectory,
    /// While it is open, no other directory is given its inode.
    held: File,
}

impl Found {
    /// The pod of this name; who asks has made sure that the registry is to be trusted.
    pub(crate) fn at(root: &Path, name: &Name) -> Result<Self, RegistryError> {
        let directory = PodDirectory::at(root.join(name.as_str()));
        let options = libc::O_PATH | libc::O_DIRECTORY | libc::O_NOFOLLOW;
        match File::options().read(true).custom_flags(options).open(directory.path()) {
            Ok(held) => Ok(Self { root: root.to_owned(), name: name.clone(), directory, held }),
            Err(error) if matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ENOTDIR | libc::ELOOP)) => {
                Err(no_such(root, name))
            }
            Err(error) => Err(file("look at", directory.path())(error)),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// Its directory, as long as it [is there](Self::is_there).
    #[must_use]
    pub fn directory(&self) -> &PodDirectory {
        &self.directory
    }

    /// Whether its name still leads to it. What was read of it before is its own if this is true afterwards,
    /// for a pod never comes back.
    ///
    /// # Errors
    /// When it cannot be told.
    pub fn is_there(&self) -> Result<bool, RegistryError> {
        let failed = |error| file("look at", self.directory.path())(error);
        let held = self.held.metadata().map_err(failed)?;
        match fs::symlink_metadata(self.directory.path()) {
            Ok(now) => Ok((now.dev(), now.ino()) == (held.dev(), held.ino())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(failed(error)),
        }
    }

    /// Locks it, waiting for who else has it; `None` when it is not there any more.
    ///
    /// # Errors
    /// When it cannot be locked, or somebody has it for too long.
    pub fn lock(&self) -> Result<Option<Lock>, RegistryError> {
        let lock = self.directory.lock();
        // What is locked by now may be another of its name.
        if self.is_there()? { lock } else { Ok(None) }
    }

    /// The process that holds the pod's namespaces.
    ///
    /// # Errors
    /// When its process has ended, or that cannot be told, or it is not there any more.
    pub fn pause(&self) -> Result<Identity, RegistryError> {
        let here = Origin::here().map_err(RegistryError::Blind)?;
        let (identity, seen) = self.directory.look(Process::Pause, &here);
        if !self.is_there()? {
            return Err(no_such(&self.root, &self.name));
        }
        match (identity, seen) {
            (Some(identity), Seen::Alive) => Ok(identity),
            (_, Seen::Unknown(source)) => Err(RegistryError::Unseen { name: self.name.clone(), source }),
            _ => Err(self.ended()),
        }
    }

    /// What is to be said of it, now that its pause process has ended.
    #[must_use]
    pub fn ended(&self) -> RegistryError {
        let name = self.name.clone();
        match Lock::try_take(self.directory.path(), Sharing::Shared) {
            // Whoever takes it apart holds the lock until it is not there any more.
            Ok(lock) => match self.is_there() {
                Ok(false) => no_such(&self.root, &self.name),
                Ok(true) if lock.is_none() => RegistryError::Deleting { name },
                Ok(true) => RegistryError::Dead { name },
                Err(error) => error,
            },
            Err(error) => error,
        }
    }

    /// Why nothing can be done with it, if that is the reason: it has ended, or is not there any more.
    #[must_use]
    pub fn gone(&self) -> Option<RegistryError> {
        use RegistryError::{Dead, Deleting, NoSuchPod};
        match self.pause() {
            // It waits for what is left in its pid namespace.
            Ok(pause) if Look::at(pause.pid).is_ok_and(|look| look.exiting) => Some(self.ended()),
            pause => pause.err().filter(|error| matches!(error, Dead { .. } | Deleting { .. } | NoSuchPod { .. })),
        }
    }
}

fn no_such(root: &Path, name: &Name) -> RegistryError {
    RegistryError::NoSuchPod { name: name.clone(), root: root.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Registry;

    fn registry() -> (tempfile::TempDir, Registry, Name) {
        // Everybody may write to /tmp, but only we to what is ours there.
        let place = tempfile::tempdir().expect("a directory");
        let registry = Registry::at(place.path().join("pods"));
        fs::create_dir(registry.root()).expect("a directory");
        (place, registry, "web".parse().expect("a name"))
    }

    /// A pod that has ended.
    fn make(registry: &Registry, name: &Name) -> PodDirectory {
        let directory = registry.directory(name);
        fs::create_dir(directory.path()).expect("a directory");
        directory.write_origin(&Origin::here().expect("we are somewhere")).expect("a record");
        directory
    }

    #[test]
    fn a_pod_that_has_ended_is_dead_unless_somebody_takes_it_apart() {
        let (_place, registry, name) = registry();
        let directory = make(&registry, &name);
        let found = registry.pod(&name).expect("a pod");
        assert!(matches!(found.pause(), Err(RegistryError::Dead { .. })), "{:?}", found.pause());
        let lock = directory.lock().expect("a lock");
        assert!(matches!(found.pause(), Err(RegistryError::Deleting { .. })), "{:?}", found.pause());
        drop(lock);
        fs::remove_dir_all(directory.path()).expect("a directory");
        assert!(matches!(found.pause(), Err(RegistryError::NoSuchPod { .. })), "{:?}", found.pause());
    }

    #[test]
    fn of_another_of_its_name_nothing_is_said() {
        let (_place, registry, name) = registry();
        let directory = make(&registry, &name);
        let found = registry.pod(&name).expect("a pod");
        // A file system that has given an inode back gives it to the next.
        for _ in 0..3 {
            fs::remove_dir_all(directory.path()).expect("a directory");
            make(&registry, &name);
            assert!(found.lock().expect("no failure").is_none());
            let _anothers = directory.lock().expect("a lock");
            assert!(!found.is_there().expect("it can be told"));
            for said in [found.pause().expect_err("no pause"), found.ended(), found.gone().expect("a reason")] {
                assert!(matches!(said, RegistryError::NoSuchPod { .. }), "{said}");
            }
        }
    }

    #[test]
    fn what_is_no_directory_is_no_pod() {
        let (_place, registry, name) = registry();
        let path = registry.directory(&name).path().to_owned();
        fs::write(&path, "").expect("a file");
        assert!(matches!(registry.pod(&name), Err(RegistryError::NoSuchPod { .. })));
        fs::remove_file(&path).expect("a file");
        std::os::unix::fs::symlink("/", &path).expect("a link");
        assert!(matches!(registry.pod(&name), Err(RegistryError::NoSuchPod { .. })));
    }
}
