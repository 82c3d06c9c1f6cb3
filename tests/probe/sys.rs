//! System calls that no crate wraps.
//!
//! # Safety
//! Numbers in, a number out; no memory is handed over, and no code of ours to call.

use nix::errno::Errno;

/// Ignores a signal.
///
/// # References
/// signal(2)
pub(crate) fn ignore(signal: i32) -> Result<(), Errno> {
    // SAFETY: an ignored signal runs no code of ours.
    let before = unsafe { libc::signal(signal, libc::SIG_IGN) };
    if before == libc::SIG_ERR { Err(Errno::last()) } else { Ok(()) }
}

/// Makes a private System V message queue, and hands back its id.
///
/// # References
/// msgget(2)
pub(crate) fn make_queue() -> Result<i32, Errno> {
    // SAFETY: takes numbers.
    Errno::result(unsafe { libc::msgget(libc::IPC_PRIVATE, 0o600) })
}
