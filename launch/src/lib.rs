//! Processes told apart, and held: who one is ([`Identity`]), and a descriptor of it ([`Pidfd`]).

mod identity;
mod pidfd;
#[allow(unsafe_code, reason = "system calls that no crate wraps; see the file's # Safety")]
pub mod sys;

pub use identity::{Identity, IdentityError, Look};
pub use pidfd::Pidfd;
