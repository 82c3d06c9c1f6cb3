//! Leaving no zombie behind, without waking up for it.
//!
//! A process that ignores SIGCHLD has its children reaped by the kernel: a dying child whose
//! parent ignores the signal releases itself (`do_notify_parent`, `autoreap`, `kernel/signal.c`),
//! and an orphan's exit signal becomes SIGCHLD when init adopts it. So a storm of orphans costs
//! the init no wake-up at all. What it costs is their exit status, which a pause does not want.

use core::time::Duration;

use crate::sys::file::{self, Await};
use crate::sys::process::{self, Fork};
use crate::sys::signals::{self, Disposition};
use crate::{Signal, WaitStatus, sys};

/// Lets the kernel reap every child from here on, and clears the zombies that are there already.
///
/// The order matters: a child that ends between the two is the kernel's already.
pub fn leave_it_to_the_kernel() {
    sys::ignore(Signal::CHLD);
    while sys::reap_one() {}
}

/// Whether the kernel tells how a child ended that it has reaped: tried with a child. SIGCHLD is ignored afterwards.
///
/// # References
/// `PIDFD_GET_INFO` with `PIDFD_INFO_EXIT`, Linux 6.15
#[must_use]
pub fn kernel_tells() -> bool {
    const CODE: u8 = 7;
    if signals::dispose(Signal::CHLD, Disposition::Ignore).is_err() {
        return false;
    }
    match process::fork() {
        Ok(Fork::Child) => sys::exit(CODE),
        Ok(Fork::Parent { pidfd: Some(pidfd), .. }) => {
            let mut status = None;
            // It hangs up when it has ended, and is reaped a moment later.
            for _ in 0..100 {
                let [ended] = file::wait([Await::Input(pidfd.number())], Some(Duration::from_secs(1)));
                status = process::reaped_status(&pidfd);
                if !ended || status.is_some() {
                    break;
                }
                let _a_moment = file::wait([], Some(Duration::from_micros(50)));
            }
            status == Some(WaitStatus::Exited(CODE))
        }
        Ok(Fork::Parent { pidfd: None, .. }) | Err(_) => false,
    }
}
