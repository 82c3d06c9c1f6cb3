//! Where pods are recorded, and how a pod's name leads to the process that holds its namespaces.
//!
//! The registry is a directory with one directory per pod; this file knows the one entry in it
//! that a joiner needs. `pod` owns the rest.

use std::env;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;

use crate::name::Name;
use launch::{Identity, IdentityError};

/// The directory of pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registry {
    root: PathBuf,
}

/// A pod's record cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// There is none of that name.
    #[error("no pod named {name} in {}", root.display())]
    NoSuchPod {
        /// The name asked for.
        name: Name,
        /// Where it was looked for.
        root: PathBuf,
    },
    /// The directory of pods belongs to somebody else, or others may write to it: what it says may
    /// be meant to lead us astray.
    #[error("the state directory {} is not ours alone", root.display())]
    NotOurs {
        /// Which.
        root: PathBuf,
    },
    /// The directory of pods could not be looked at.
    #[error("cannot look at the state directory {}", root.display())]
    Hidden {
        /// Which.
        root: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The record could not be read.
    #[error("cannot read the record of pod {name}")]
    Unreadable {
        /// The pod.
        name: Name,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The record is not what `pod` writes.
    #[error("the record of pod {name} is damaged")]
    Damaged {
        /// The pod.
        name: Name,
        /// How.
        #[source]
        source: IdentityError,
    },
}

impl Registry {
    /// The file, in a pod's directory, in which the pause process has left its line of
    /// `/proc/PID/stat` before it became pause.
    pub const PAUSE: &str = "pause";

    /// The registry of this user: `$POD_STATE_DIR`; else `/run/pod` for root, and for anybody else
    /// `$XDG_RUNTIME_DIR/pod` or, without that, `/tmp/pod-UID`.
    #[must_use]
    pub fn of_this_user() -> Self {
        let given = |variable| env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
        let root = given("POD_STATE_DIR").unwrap_or_else(|| {
            let uid = geteuid();
            if uid.is_root() {
                PathBuf::from("/run/pod")
            } else {
                given("XDG_RUNTIME_DIR")
                    .map_or_else(|| PathBuf::from(format!("/tmp/pod-{uid}")), |runtime| runtime.join("pod"))
            }
        });
        Self { root }
    }

    /// The directory that holds all.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Makes sure that nobody else could have written what is in it. Elsewhere than in /run,
    /// somebody may have made the directory before we did.
    ///
    /// # Errors
    /// When they could, or it cannot be found out; not when there is no such directory.
    pub fn is_ours(&self) -> Result<(), RegistryError> {
        match fs::symlink_metadata(&self.root) {
            Ok(found) if found.uid() != geteuid().as_raw() || found.mode() & 0o022 != 0 || !found.is_dir() => {
                Err(RegistryError::NotOurs { root: self.root.clone() })
            }
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(source) => Err(RegistryError::Hidden { root: self.root.clone(), source }),
        }
    }

    /// The directory of one pod.
    #[must_use]
    pub fn directory(&self, name: &Name) -> PathBuf {
        self.root.join(name.as_str())
    }

    /// The names of all pods, in order.
    ///
    /// # Errors
    /// When the directory of pods cannot be read or trusted; not when there is none.
    pub fn names(&self) -> Result<Vec<Name>, RegistryError> {
        self.is_ours()?;
        let hidden = |source| RegistryError::Hidden { root: self.root.clone(), source };
        let entries: Vec<_> = match fs::read_dir(&self.root) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.and_then(Iterator::collect).map_err(hidden)?,
        };
        let names = entries.into_iter().filter_map(|entry| entry.file_name().into_string().ok()?.try_into().ok());
        let mut names: Vec<Name> = names.collect();
        names.sort();
        Ok(names)
    }

    /// The process that holds the pod's namespaces, as recorded; it may be dead by now.
    ///
    /// # Errors
    /// When there is no such pod, or its record cannot be read, understood or trusted.
    pub fn pause(&self, name: &Name) -> Result<Identity, RegistryError> {
        self.is_ours()?;
        let line = fs::read(self.directory(name).join(Self::PAUSE)).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => RegistryError::NoSuchPod { name: name.clone(), root: self.root.clone() },
            _ => RegistryError::Unreadable { name: name.clone(), source },
        })?;
        Identity::from_stat(line.as_slice()).map_err(|source| RegistryError::Damaged { name: name.clone(), source })
    }
}
