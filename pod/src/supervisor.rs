//! The supervisor: one process per pod that owns its workloads and its published ports.
//!
//! It is started when a pod first needs it, by a port to publish or a workload to launch, and ends
//! when the pause process does. It works in the pod's directory, which it never names by path, for
//! a pod in the making is renamed. It is single-threaded; what it waits for, it waits for at once.
//!
//! Its listeners are made by whoever starts it, in the host's network; it then enters the pod's
//! network and dials there. A socket stays in the network it was made in.

mod entry;
mod log;
mod proxy;
mod start;
mod workloads;

pub use entry::supervise;
pub(crate) use start::{ask, ensure, listen, start};
