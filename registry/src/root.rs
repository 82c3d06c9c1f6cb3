//! The directory of a user's pods: where it is, whether what it says may be believed, who is in it.

use std::env;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use launch::{Identity, Look, Origin, Seen};
use nix::unistd::geteuid;

use crate::error::{RegistryError, file};
use crate::layout::{PodDirectory, Process};
use crate::lock::{Lock, Sharing};
use crate::name::Name;
use crate::tree;
use crate::trust;

/// The directory of pods. Looking at it changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registry {
    root: PathBuf,
}

/// Where somebody who is not root may have pods, the first first.
///
/// Whoever has a session with a runtime directory has it without the variable, too, when cron or ssh
/// runs something for them; and what they made before they had a session is theirs still. So of these
/// the first counts that has a pod in it.
fn candidates() -> Vec<PathBuf> {
    let uid = geteuid();
    let session = PathBuf::from(format!("/run/user/{uid}"));
    let given = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|given| given.is_absolute());
    let runtime = given.filter(|given| *given != session).into_iter().chain([session]);
    runtime.map(|runtime| runtime.join("pod")).chain([PathBuf::from(format!("/tmp/pod-{uid}"))]).collect()
}

impl Registry {
    /// The registry of this user: `$POD_STATE_DIR`; else `/run/pod` for root, and for anybody else
    /// `$XDG_RUNTIME_DIR/pod`, `/run/user/UID/pod` or `/tmp/pod-UID`, whichever has pods; where none
    /// has, the first whose parent is there, and which they find without the variable as well.
    #[must_use]
    pub fn of_this_user() -> Self {
        let given = env::var_os("POD_STATE_DIR").filter(|value| !value.is_empty()).map(PathBuf::from);
        let root = given.unwrap_or_else(|| if geteuid().is_root() { PathBuf::from("/run/pod") } else { own_root() });
        // Where we are does not matter to who we hand it to.
        Self { root: std::path::absolute(&root).unwrap_or(root) }
    }

    /// The registry in this directory.
    #[must_use]
    pub fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// The directory that holds all.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Makes sure that nobody else could have written what is in it, or put it there. Elsewhere than
    /// in /run, somebody may have made the directory before we did.
    ///
    /// # Errors
    /// When they could, or it cannot be found out; not when there is no such directory.
    pub fn is_ours(&self) -> Result<(), RegistryError> {
        match trust::doubt(&self.root)? {
            None => Ok(()),
            Some(why) => Err(RegistryError::NotOurs { root: self.root.clone(), why }),
        }
    }

    /// The directory of one pod, which need not be there.
    #[must_use]
    pub fn directory(&self, name: &Name) -> PodDirectory {
        PodDirectory::at(self.root.join(name.as_str()))
    }

    /// The directory of a pod that exists.
    ///
    /// # Errors
    /// When it does not, or the registry cannot be trusted.
    pub fn pod(&self, name: &Name) -> Result<PodDirectory, RegistryError> {
        self.is_ours()?;
        let directory = self.directory(name);
        match fs::symlink_metadata(directory.path()) {
            Ok(found) if found.is_dir() => Ok(directory),
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(file("look at", directory.path())(error)),
            _ => Err(self.no_such(name)),
        }
    }

    /// That there is no such pod here.
    #[must_use]
    pub fn no_such(&self, name: &Name) -> RegistryError {
        RegistryError::NoSuchPod { name: name.clone(), root: self.root.clone() }
    }

    /// The names of all pods, in order.
    ///
    /// # Errors
    /// When the directory of pods cannot be read or trusted; not when there is none.
    pub fn names(&self) -> Result<Vec<Name>, RegistryError> {
        self.is_ours()?;
        let names = tree::names(&self.root)?.into_iter();
        let mut names: Vec<Name> = names.filter_map(|name| name.into_string().ok()?.try_into().ok()).collect();
        names.sort();
        Ok(names)
    }

    /// The process that holds the pod's namespaces.
    ///
    /// # Errors
    /// When there is no such pod, its process has ended, or that cannot be told.
    pub fn pause(&self, name: &Name) -> Result<Identity, RegistryError> {
        let directory = self.pod(name)?;
        let here = Origin::here().map_err(RegistryError::Blind)?;
        let (identity, seen) = directory.look(Process::Pause, &here);
        match (identity, seen) {
            (Some(identity), Seen::Alive) => Ok(identity),
            (_, Seen::Unknown(source)) => Err(RegistryError::Unseen { name: name.clone(), source }),
            _ => Err(self.ended(name)),
        }
    }

    /// What is to be said of a pod whose pause process has ended.
    #[must_use]
    pub fn ended(&self, name: &Name) -> RegistryError {
        let directory = self.directory(name);
        if fs::symlink_metadata(directory.path()).is_err() {
            return self.no_such(name);
        }
        let name = name.clone();
        // Whoever is at work on one that has ended takes it apart.
        match Lock::try_take(directory.path(), Sharing::Shared) {
            Ok(None) => RegistryError::Deleting { name },
            // Or has done so, and somebody has made another of its name since.
            Ok(Some(_)) if self.pause_is_there(&name) => RegistryError::Deleting { name },
            Ok(Some(_)) | Err(_) => RegistryError::Dead { name },
        }
    }

    /// Why nothing can be done with a pod, if that is the reason: it has ended, or is not there.
    #[must_use]
    pub fn gone(&self, name: &Name) -> Option<RegistryError> {
        use RegistryError::{Dead, Deleting, NoSuchPod};
        match self.pause(name) {
            // It waits for what is left in its pid namespace.
            Ok(pause) if Look::at(pause.pid).is_ok_and(|look| look.exiting) => Some(self.ended(name)),
            pause => pause.err().filter(|error| matches!(error, Dead { .. } | Deleting { .. } | NoSuchPod { .. })),
        }
    }

    fn pause_is_there(&self, name: &Name) -> bool {
        let pause = self.directory(name).recorded(Process::Pause);
        pause.is_ok_and(|pause| pause.is_some_and(|pause| matches!(pause.look(), Seen::Alive)))
    }
}

/// Where this user, who is not root, has pods, or would have them.
fn own_root() -> PathBuf {
    let candidates = candidates();
    let has_pods = |root: &&PathBuf| tree::names(root).is_ok_and(|names| !names.is_empty());
    if let Some(root) = candidates.iter().find(has_pods) {
        return root.clone();
    }
    // The last but one is the session's, which is there or not; the last is always.
    let mut usual = candidates.into_iter().rev().take(2).rev();
    let (session, elsewhere) = (usual.next().unwrap_or_default(), usual.next().unwrap_or_default());
    let is_there = session.parent().and_then(|runtime| fs::metadata(runtime).ok());
    if is_there.is_some_and(|found| found.uid() == geteuid().as_raw()) { session } else { elsewhere }
}
