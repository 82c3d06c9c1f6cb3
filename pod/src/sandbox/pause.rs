//! The pause program, held.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use registry::file;

use crate::error::Error;

/// By descriptor, for who pause runs as may not be able to reach its path.
pub(super) fn open(pause: &Path) -> Result<OwnedFd, Error> {
    let opened = File::options().read(true).custom_flags(libc::O_PATH).open(pause);
    Ok(opened.map(OwnedFd::from).map_err(file("open", pause))?)
}
