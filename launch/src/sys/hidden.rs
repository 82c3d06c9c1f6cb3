//! Whether this process may be looked at, kept as it was while children on its memory change that.

use std::sync::Mutex;

/// How many spawn at once, and what was when the first of them began.
static SPAWNING: Mutex<(u32, libc::c_int)> = Mutex::new((0, 0));

/// As long as this lives, children that run on our memory may make us not dumpable, or become
/// somebody else, which does the same; with the last one it is again as it was.
///
/// # References
/// `PR_SET_DUMPABLE`(2const)
#[derive(Debug)]
pub(super) struct Hidden(());

impl Hidden {
    pub(super) fn remember() -> Self {
        let mut spawning = SPAWNING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if spawning.0 == 0 {
            // SAFETY: takes numbers.
            spawning.1 = unsafe { libc::prctl(libc::PR_GET_DUMPABLE, 0, 0, 0, 0) };
        }
        spawning.0 += 1;
        Self(())
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let mut spawning = SPAWNING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        spawning.0 -= 1;
        if spawning.0 == 0 && spawning.1 == 1 {
            // SAFETY: takes numbers. 1 is what everybody may set.
            unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 1, 0, 0, 0) };
        }
    }
}
