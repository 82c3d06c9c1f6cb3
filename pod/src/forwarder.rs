//! The forwarder: a process without privileges that carries the bytes and packets of a pod's published ports.
//!
//! It is launched into the pod's network ([`start`]) and given everything it has: the listeners, a
//! pidfd of the pod's pause process, with which it ends, and a socket at which a later supervisor
//! finds it ([`Forwarder::adopt`]). Listeners are held on both sides, so that either may die without a port
//! being lost: the one who is left, or who comes, gives them to the other.
//!
//! It runs as nobody, without a capability, behind a filter of its own (`filter.rs`): what comes in
//! over a published port is anybody's.

mod accept;
mod carry;
mod confine;
mod copy;
mod dial;
mod door;
mod filter;
mod forward;
mod hold;
mod launch;
mod limit;
mod listen;
mod means;
mod message;
mod obey;
mod packet;
mod pipes;
mod relay;
mod say;
#[allow(unsafe_code, reason = "watching descriptors, and the C library's heap; see the file's # Safety")]
mod sys;

pub(crate) use confine::{confine, take_control};
pub(crate) use door::{call, door};
pub(crate) use filter::{Work, install as confined};
pub use forward::{ForwardError, forward};
pub(crate) use hold::ready;
pub use hold::{Forwarder, ForwarderError, Said};
pub use launch::{Start, start};
pub(crate) use listen::listen_beside;
pub use listen::{Listening, listen};
pub use message::{Event, SOCKET};
pub(crate) use say::{hear, say};
