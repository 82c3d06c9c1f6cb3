//! What a client and a pod's supervisor say to each other, in frames.

mod frame;
mod message;

pub(crate) use frame::{Frames, Receive, frame, receive, send};
pub use message::Refusal;
pub(crate) use message::{Answer, Request, Start, Word};
