//! The pause program: looking for it, and holding it.

use std::fs::{self, File};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::error::{Error, file};

/// Finds the pause program: the one named, or beside this program, in its PATH, in libexec.
pub(crate) fn find_pause(named: Option<PathBuf>) -> Result<PathBuf, Error> {
    if let Some(named) = named {
        return Ok(named);
    }
    let beside = std::env::current_exe().ok().and_then(|program| program.parent().map(Path::to_owned));
    let path = std::env::var_os("PATH").unwrap_or_default();
    beside
        .into_iter()
        .chain(std::env::split_paths(&path))
        .chain([PathBuf::from("/usr/libexec/podkit")])
        .map(|directory| directory.join("pause"))
        .find(|candidate| is_executable(candidate))
        .ok_or(Error::NoPause)
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// By descriptor, for who pause runs as may not be able to reach its path.
pub(super) fn open(pause: &Path) -> Result<OwnedFd, Error> {
    let opened = File::options().read(true).custom_flags(libc::O_PATH).open(pause);
    opened.map(OwnedFd::from).map_err(file("open", pause))
}
