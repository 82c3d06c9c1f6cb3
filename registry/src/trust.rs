//! Whether what a directory says may be believed: whether nobody else could have written it.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::unistd::{getegid, geteuid};

use crate::error::{RegistryError, file};

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
    // Whoever may write to one above it may put another in its place.
    let above = root.ancestors().skip(1).find_map(|above| fs::canonicalize(above).ok());
    for directory in above.iter().flat_map(|above| above.ancestors()) {
        let found = fs::symlink_metadata(directory).map_err(file("look at", directory))?;
        if is_anybodys(&found) {
            return Ok(Some(format!("others may move it, for they may write to {}", directory.display())));
        }
    }
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
