//! Leaving no zombie behind, without waking up for it.
//!
//! A process that ignores SIGCHLD has its children reaped by the kernel: a dying child whose
//! parent ignores the signal releases itself (`do_notify_parent`, `autoreap`, `kernel/signal.c`),
//! and an orphan's exit signal becomes SIGCHLD when init adopts it. So a storm of orphans costs
//! the init no wake-up at all. What it costs is their exit status, which a pause does not want.

use crate::{Signal, sys};

/// Lets the kernel reap every child from here on, and clears the zombies that are there already.
///
/// The order matters: a child that ends between the two is the kernel's already.
pub fn leave_it_to_the_kernel() {
    sys::ignore(Signal::CHLD);
    while sys::reap_one() {}
}
