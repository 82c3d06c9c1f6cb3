//! Whether this process may be looked at, kept as it was while a child on its memory changes that.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Held as long as a child runs on our memory.
static SPAWNING: Mutex<()> = Mutex::new(());

/// As long as this lives, a child that runs on our memory may make us not dumpable, or become
/// somebody else, which does the same; afterwards it is again as it was.
///
/// There is one such child at a time: what is not dumpable has files in /proc that are root's, and another child, which
/// is not there yet, could not write to its own.
///
/// # References
/// `PR_SET_DUMPABLE`(2const)
#[derive(Debug)]
pub(super) struct Hidden {
    before: libc::c_int,
    _one_at_a_time: MutexGuard<'static, ()>,
}

impl Hidden {
    pub(super) fn remember() -> Self {
        let one_at_a_time = SPAWNING.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: takes numbers.
        let before = unsafe { libc::prctl(libc::PR_GET_DUMPABLE, 0, 0, 0, 0) };
        Self { before, _one_at_a_time: one_at_a_time }
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        if self.before == 1 {
            // SAFETY: takes numbers. 1 is what everybody may set.
            unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 1, 0, 0, 0) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_else_has_a_child_on_our_memory_meanwhile() {
        let _hidden = Hidden::remember();
        assert!(SPAWNING.try_lock().is_err());
    }
}
