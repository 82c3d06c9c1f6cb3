//! The directory in which doctor tries things: its own while it lives, and nobody's once it has ended.

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;
use registry::{Lock, Sharing, tree};

use super::look::{nearest, words};

/// What it is called, before the pid of whose it is.
const NAME: &str = ".pod-doctor-";
/// How often one is made that another doctor, who swept, has taken for nobody's.
const TRIES: u32 = 5;

/// A directory of ours, locked as long as we have it.
pub(super) struct Room {
    path: PathBuf,
    _held: Lock,
}

impl Room {
    /// Makes one on the file system of this directory, and removes what doctors have left who were killed.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub(super) fn make(data: &Path) -> Result<Self, String> {
        data.ancestors().for_each(sweep);
        let path = nearest(data).join(format!("{NAME}{}", std::process::id()));
        for _ in 0..TRIES {
            let made = DirBuilder::new().mode(0o700).create(&path);
            made.map_err(|error| format!("cannot make {}: {error}", path.display()))?;
            if let Some(held) = Lock::try_take(&path, Sharing::Exclusive).map_err(|error| words(&error))? {
                return Ok(Self { path, _held: held });
            }
        }
        Err(format!("cannot lock {}", path.display()))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// # Errors
    /// What of it stays, in words.
    pub(super) fn remove(self) -> Result<(), String> {
        clear(&self.path)
    }
}

/// Removes those in this directory that nobody has locked. What cannot be removed is no reason not to look at the
/// machine: somebody else's stays theirs.
fn sweep(above: &Path) {
    for name in tree::names(above).unwrap_or_default() {
        let path = above.join(&name);
        let is_ours = |found: fs::Metadata| found.is_dir() && found.uid() == geteuid().as_raw();
        if name.to_string_lossy().starts_with(NAME)
            && fs::symlink_metadata(&path).is_ok_and(is_ours)
            && let Ok(Some(_held)) = Lock::try_take(&path, Sharing::Exclusive)
        {
            let _stays = clear(&path);
        }
    }
}

fn clear(path: &Path) -> Result<(), String> {
    // An overlay leaves a directory that nobody may list, who is not root in its namespace.
    let _not_there = fs::set_permissions(path.join("work/work"), Permissions::from_mode(0o700));
    tree::remove(path).map_err(|error| words(&error))
}
