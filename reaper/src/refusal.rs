//! Why there is no init.

use crate::launch::Failure;
use crate::sys::Errno;

/// Why there is no init.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The main child could not be started.
    Launch(Failure),
    /// The kernel would not have it.
    Kernel(&'static str, Errno),
    /// [`Reaping::Kernel`](crate::plan::Reaping::Kernel) was asked for, and the kernel cannot tell how a
    /// child ended that it reaped.
    CannotReap,
}
