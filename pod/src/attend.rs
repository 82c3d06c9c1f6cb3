//! Whoever attends to a pod of a manifest: a process for each, as a kubelet for one pod.
//!
//! It holds the machine that decides ([`crate::machine`]), does what that says by the means of pods made by hand (a
//! sandbox, a supervisor that owns the containers and their logs) and tells it what has happened. What is wanted of the
//! pod stands in its object, which is looked at whenever it changes: so there is nobody to be asked and no socket. It
//! may be killed at any time: what it knows stands beside the object, and whoever comes next goes on.

mod entry;
mod errand;
mod fetch;
mod follow;
mod found;
mod launch;
mod pace;
mod run;
mod short;
mod start;
mod sweep;
mod termination;
mod watch;

pub use entry::attend;
pub use follow::follow;
pub use sweep::sweep;
