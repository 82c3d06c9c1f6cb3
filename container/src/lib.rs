//! One container with a root of its own, in a sandbox that exists: what it is ([`ContainerPlan`]), as
//! data that cannot contradict itself.
//!
//! It knows nothing of images and of Kubernetes.

pub mod cgroup;
pub mod limits;
pub mod plan;

pub use plan::{ContainerPlan, Contradiction, Parts};
