//! System calls that no crate wraps.
//!
//! # Safety
//! Numbers in, a number out; no memory is handed over.

use nix::errno::Errno;

/// Makes a private System V message queue, and hands back its id.
///
/// # References
/// msgget(2)
pub(crate) fn make_queue() -> Result<i32, Errno> {
    // SAFETY: takes numbers.
    Errno::result(unsafe { libc::msgget(libc::IPC_PRIVATE, 0o600) })
}
