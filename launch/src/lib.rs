//! From what is wanted of a command to a process: what it is executed from, who it runs as and in
//! which surroundings ([`Command`]), the script of what its process does, and the [`Child`].
//!
//! It knows nothing of whose namespaces are entered and why.

pub mod activation;
mod choice;
pub mod command;
pub mod complain;
mod credentials;
mod error;
mod failure;
mod identity;
mod kind;
mod limits;
pub mod lower;
pub mod names;
pub mod namespace;
pub mod op;
pub mod open;
mod origin;
pub mod pidfd;
#[allow(unsafe_code, reason = "what the kernel is handed by pointers; see the file's reasons")]
mod pointed;
pub mod ranges;
pub mod relay;
pub mod run;
mod script;
pub mod seccomp;
mod seen;
mod signals;
mod sum;
#[allow(unsafe_code, reason = "system calls that no crate wraps, and the child's code; see the file's # Safety")]
mod sys;
mod terminal;
mod variable;

pub use choice::{Cgroup, Copied, Environment, Label, OwnPids, OwnProc, Parent, Record, Session};
pub use command::Command;
pub use credentials::{
    Capabilities, Credentials, Id, Ids, InvalidCapability, InvalidId, Number, Rest, User, capabilities,
};
pub use error::{Error, Names};
pub use failure::{At, Failure, Missed};
pub use identity::{Identity, IdentityError, Look, RecordError};
pub use kind::{InvalidKind, Kind};
pub use limits::{InvalidLimit, Limit};
pub use origin::{Origin, Reach};
pub use pidfd::Pidfd;
pub use pointed::{CStrings, Filter};
pub use ranges::Ranges;
pub use run::{Child, Launched, OnDrop};
pub use script::{Need, Place, Script};
pub use seccomp::Seccomp;
pub use seen::{Seen, Unseen};
pub use signals::Inherited;
#[cfg(any(target_env = "musl", test))]
pub use sys::heap::{Heap, Stay};
pub use sys::{duplicate, give_memory_back, leave_identity, map_ids};
pub use terminal::{Guard, Terminal, Typed, in_background};
pub use variable::{InvalidVariable, variable};

/// Says that this process is here to stay: memory that is free is given back, at once or when it [goes to
/// rest](give_memory_back).
#[cfg(target_env = "musl")]
pub fn stay(gives_back: Stay) {
    sys::heap::stay(gives_back);
}
