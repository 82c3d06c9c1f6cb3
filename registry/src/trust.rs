//! Whether what a directory says may be believed: whether nobody else could have written it.
//!
//! What was found of the directories above one is believed for a moment: who else could change that is root or we, and one
//! command asks it of the same few a dozen times.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::unistd::{getegid, geteuid};

use crate::error::{RegistryError, file};

/// How long it is believed.
const MOMENT: Duration = Duration::from_secs(1);
/// The directories in which nobody else can put one in the place of another, nor they in those above; and when that was seen.
static SAFE: Mutex<Vec<(PathBuf, Instant)>> = Mutex::new(Vec::new());

/// Why a directory is not ours alone: others could have written what is in it, or put it there.
/// `None` where they could not, and where there is none.
///
/// # Errors
/// When it cannot be found out.
pub fn doubt(root: &Path) -> Result<Option<String>, RegistryError> {
    match fs::symlink_metadata(root) {
        Ok(found) if !found.is_dir() => return Ok(Some("it is no directory".to_owned())),
        Ok(found) if found.uid() != geteuid().as_raw() => return Ok(Some(format!("uid {} owns it", found.uid()))),
        Ok(found) if found.mode() & 0o022 != 0 => return Ok(Some("others may write to it".to_owned())),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(file("look at", root)(error)),
    }
    let mut safe = SAFE.lock().unwrap_or_else(PoisonError::into_inner);
    safe.retain(|(_, seen)| seen.elapsed() < MOMENT);
    if root.parent().is_some_and(|parent| safe.iter().any(|(known, _)| known == parent)) {
        return Ok(None);
    }
    // Whoever may write to one above it may put another in its place.
    let above = root.ancestors().skip(1).find_map(|above| Some((above, fs::canonicalize(above).ok()?)));
    for directory in above.iter().flat_map(|(_, above)| above.ancestors()) {
        let found = fs::symlink_metadata(directory).map_err(file("look at", directory))?;
        if is_anybodys(&found) {
            return Ok(Some(format!("others may move it, for they may write to {}", directory.display())));
        }
    }
    // What is not there may be made by anybody; what is no whole path depends on where we are.
    let parent = above.map(|(above, _)| above).filter(|above| Some(*above) == root.parent() && above.is_absolute());
    safe.extend(parent.map(|parent| (parent.to_owned(), Instant::now())));
    Ok(None)
}

/// Whether somebody who is neither root nor we may put another directory in the place of one in this.
fn is_anybodys(found: &fs::Metadata) -> bool {
    const STICKY: u32 = 0o1000;
    // In a user namespace, who has no id in it owns what the outside's root does.
    const OVERFLOW: u32 = 65534;
    let (uid, mode) = (found.uid(), found.mode());
    let owner = uid == 0 || uid == geteuid().as_raw() || uid == OVERFLOW;
    let group = mode & 0o020 != 0 && found.gid() != 0 && found.gid() != getegid().as_raw();
    !owner || (mode & STICKY == 0 && (mode & 0o002 != 0 || group))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_others_may_write_to_is_doubted_as_soon_as_they_may() {
        let place = tempfile::tempdir().expect("a directory");
        let root = place.path().join("above/root");
        let doubted = || doubt(&root).expect("it can be looked at");
        assert_eq!(doubted(), None, "nothing is there");
        fs::create_dir_all(&root).expect("directories");
        assert_eq!((doubted(), doubted()), (None, None));
        let open = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("ours");
        open(&root, 0o777);
        assert_eq!(doubted().as_deref(), Some("others may write to it"));
        open(&root, 0o700);
        open(&place.path().join("above"), 0o777);
        std::thread::sleep(MOMENT);
        assert!(doubted().is_some_and(|why| why.starts_with("others may move it")));
    }
}
