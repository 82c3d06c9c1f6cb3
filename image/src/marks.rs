//! How a layer says what it hides of those below it.

use std::os::fd::BorrowedFd;

use rustix::io::Errno;
use serde::{Deserialize, Serialize};

/// How a layer says what an overlay is to hide of the layers below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OverlayMarks {
    /// By `trusted.overlay.*`, which only the machine's root may write.
    Trusted,
    /// By `user.overlay.*`; such an overlay is mounted with `userxattr`.
    User,
}

impl OverlayMarks {
    /// The attribute of a directory that hides what is below it.
    #[must_use]
    pub const fn opaque(self) -> &'static std::ffi::CStr {
        match self {
            Self::Trusted => c"trusted.overlay.opaque",
            Self::User => c"user.overlay.opaque",
        }
    }

    /// Whether this directory hides what is below it.
    pub(crate) fn hide(self, directory: BorrowedFd<'_>) -> Result<bool, Errno> {
        let mut value = [0; 1];
        match rustix::fs::fgetxattr(directory, self.opaque(), &mut value) {
            Ok(count) => Ok(&value[..count] == b"y"),
            Err(Errno::NODATA | Errno::OPNOTSUPP | Errno::RANGE) => Ok(false),
            Err(errno) => Err(errno),
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Trusted => "trusted",
            Self::User => "user",
        }
    }
}
