//! One container with a root of its own, in a sandbox that exists: what it is ([`ContainerPlan`]), as
//! data that cannot contradict itself, and from there to its process ([`Opened`]).
//!
//! It knows nothing of images and of Kubernetes.

pub mod cgroup;
mod error;
pub mod limits;
mod lower;
mod open;
pub mod plan;
mod run;
pub mod runtime;
pub mod spec;

pub use error::Error;
pub use open::{Attached, Opened, Sandbox, Terminal, command, home};
pub use plan::{ContainerPlan, Contradiction, Parts};
pub use run::Launched;
