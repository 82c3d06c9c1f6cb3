//! From a Pod and what is known of its surroundings to a plan, purely: the last values before anything is
//! changed, and the only room that knows both vocabularies, Kubernetes' and the machine's.
//!
//! A [`PodPlan`] says what follows from the Pod alone. What a container's start needs besides (its image,
//! config maps and secrets, the pod's address) is settled at each start, into a [`Start`], for any of it
//! may be missing at first and be there later.

mod dns;
mod env;
mod ephemeral;
mod facts;
mod field;
mod file;
mod payload;
mod plan;
mod pod;
mod probe;
mod reason;
mod resources;
mod sandbox;
mod security;
mod start;
mod volume;

pub use dns::hosts;
pub use ephemeral::{containers as ephemeral, target};
pub use facts::{Facts, ImageFacts, NodeFacts};
pub(crate) use field::{of_pod as field, of_resource as resource};
pub use payload::{Content, File, payload};
pub use plan::*;
pub use pod::pod;
pub use reason::{Refusal, Rejection, Waiting};
pub use start::start;

#[cfg(test)]
mod tests;
