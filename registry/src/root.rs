//! The directory of a user's pods: where it is, whether what it says may be believed, who is in it.

use std::env;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;

use crate::error::RegistryError;
use crate::found::Found;
use crate::layout::PodDirectory;
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

    /// A pod that exists.
    ///
    /// # Errors
    /// When it does not, or the registry cannot be trusted.
    pub fn pod(&self, name: &Name) -> Result<Found, RegistryError> {
        self.is_ours()?;
        self.found(name)
    }

    /// A pod that exists, where one knows that the registry [is ours](Self::is_ours): of many, say, whose
    /// [names](Self::names) it has told.
    ///
    /// # Errors
    /// When it does not.
    pub fn found(&self, name: &Name) -> Result<Found, RegistryError> {
        Found::at(&self.root, name)
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
