//! Processes told apart, and held: who one is ([`Identity`]), and a descriptor of it ([`Pidfd`]).

mod identity;
mod origin;
mod pidfd;
#[allow(unsafe_code, reason = "system calls that no crate wraps; see the file's # Safety")]
pub mod sys;

pub use identity::{Identity, IdentityError, Look, RecordError, SUM_LENGTH, Seen, Unseen, sum_of};
pub use origin::{Origin, Reach};
pub use pidfd::Pidfd;
