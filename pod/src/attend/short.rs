//! What a machine may be short of for a while: room on a disk, descriptors, memory.

use std::error::Error;
use std::io;

use nix::errno::Errno;

/// Whether this has failed because the machine is short of something, which it may have again.
pub(super) fn is_short(error: &(dyn Error + 'static)) -> bool {
    let mut causes = std::iter::successors(Some(error), |error: &&(dyn Error + 'static)| (*error).source());
    causes.any(|cause| {
        let said = cause.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error).map(Errno::from_raw);
        matches!(
            said.or_else(|| cause.downcast_ref::<Errno>().copied()),
            Some(Errno::ENOSPC | Errno::EDQUOT | Errno::EMFILE | Errno::ENFILE | Errno::ENOMEM)
        )
    })
}

#[cfg(test)]
mod tests {
    use registry::file;

    use super::*;
    use crate::error;

    #[test]
    fn room_may_come_back_and_a_file_does_not() {
        let failed = |errno: Errno| error::Error::from(file("write", "/x")(io::Error::from(errno)));
        assert!([Errno::ENOSPC, Errno::EMFILE].into_iter().all(|errno| is_short(&failed(errno))));
        assert!([Errno::ENOENT, Errno::EACCES].into_iter().all(|errno| !is_short(&failed(errno))));
        assert!(is_short(&Errno::ENOMEM) && !is_short(&Errno::EROFS));
    }
}
