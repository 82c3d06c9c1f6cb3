//! The supervisor: one process per pod that owns its workloads and holds its published ports.
//!
//! It is started when a pod first needs it, by a port to publish or a workload to launch, and ends
//! when the pause process does. Who attends to the pod of a manifest is its supervisor, too, unless there is one. It works in the pod's directory, which it never names by path, for a
//! pod may be renamed. What it does is decided by a machine ([`decide`]) that is told what has
//! happened; what that says is done here, the rest by a thread of its own, for launching and
//! recording may wait for a disk.
//!
//! It may be killed at any time. It keeps its record locked while it lives, so there is one, and
//! everybody can tell; the workloads' output goes through fifos that the workloads themselves hold
//! open, so they neither end nor lose a line; listeners are held by the forwarder, too. The next one
//! finds all of it where it was.

mod act;
mod adopt;
mod client;
mod decide;
mod door;
mod entry;
mod heard;
mod log;
mod notes;
mod pod;
mod ports;
mod start;
mod wires;
mod worker;
mod workloads;

pub use entry::supervise;
pub(crate) use entry::{become_nobodys_child, host};
pub(crate) use notes::{Note, Notes};
pub(crate) use start::{Called, Service, call, ensure, is_living};
pub(crate) use worker::RECORDED;

/// Says what went wrong where nobody waits for an answer, and goes on with this.
fn complain<T>(error: impl std::error::Error, otherwise: T) -> T {
    launch::complain::complain("pod", &error, None);
    otherwise
}
