//! What reaches the supervisor, from its tasks and its worker.

use registry::Name;
use tokio::sync::mpsc::UnboundedSender;

use super::client::Asked;
use super::decide::Event;
use super::worker::Launched;
use crate::control::Refusal;
use crate::forwarder::Said;

/// Where it is told. Nobody hears it once the supervisor is at its end.
pub(super) type Tell = UnboundedSender<Heard>;

/// Something that has happened.
#[derive(Debug)]
pub(super) enum Heard {
    Event(Event),
    Asked(Asked),
    Launched(Name, Result<Launched, Refusal>),
    /// The process of this launch has come to its end.
    Readable(Name, u64),
    Forwarder(Said),
}
