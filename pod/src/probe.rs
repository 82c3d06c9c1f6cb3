//! Asking a container whether it is well, and telling it that it has begun or is to end: from outside, so nothing is
//! needed in its image.
//!
//! What goes over the network is asked by a process of its own in the pod's network, one for each pod that has such
//! questions (`Prober`): as nobody, without a capability, behind a filter of system calls, for what the pod says is
//! anybody's. It is bounded in time and length, and nothing of it is believed but whether it is yes or no.

mod error;
mod exec;
mod grpc;
mod http;
mod launch;
mod message;
mod near;
mod outcome;
mod place;
mod serve;
mod tcp;
mod tls;

use std::time::Duration;

use tokio::time::timeout;

pub use error::ProberError;
pub(crate) use exec::Command;
pub(crate) use launch::{Prober, Start};
pub(crate) use outcome::Outcome;
pub(crate) use place::Place;
use serde::{Deserialize, Serialize};
pub use serve::serve;

use message::Near;

use crate::compile::{Handler, HttpGet, PortRef};

/// What of an answer is read, and of a command's output.
pub(crate) const MOST: usize = 10 << 10;

/// What is asked for: whether a container is well, or a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Purpose {
    /// The status of an answer counts.
    Probe,
    /// Any answer will do.
    Hook,
}

/// Asks once. It takes no longer than it may.
pub(crate) async fn ask(handler: &Handler, purpose: Purpose, place: &Place, patience: Duration) -> Outcome {
    match handler {
        Handler::Exec { command } => exec::ask(place, command, patience).await,
        Handler::Http(_) | Handler::Tcp { .. } | Handler::Grpc { .. } => place.ask(handler, purpose, patience).await,
    }
}

/// The same, within the pod's network.
async fn answer(handler: &Handler, purpose: Purpose, near: &Near, patience: Duration) -> Outcome {
    match handler {
        Handler::Exec { .. } => Outcome::Error("a command is not run from here".to_owned()),
        Handler::Http(get) => http::ask(get, purpose, near, patience).await,
        Handler::Tcp { .. } if purpose == Purpose::Hook => Outcome::Failure("invalid handler: tcpSocket".to_owned()),
        Handler::Tcp { host, port } => match number(port) {
            Ok(port) => tcp::ask(near, host.as_deref(), port, patience).await,
            Err(outcome) => outcome,
        },
        Handler::Grpc { port, service } => grpc::ask(near, *port, service, patience).await,
    }
}

fn number(port: &PortRef) -> Result<u16, Outcome> {
    match port {
        PortRef::Number(number) => Ok(*number),
        PortRef::Unknown(name) => Err(Outcome::Error(format!("couldn't find port: {name:?}"))),
    }
}

/// Does it within a time, or says this.
async fn within<T>(patience: Duration, late: impl FnOnce() -> T, work: impl Future<Output = T>) -> T {
    timeout(patience, work).await.unwrap_or_else(|_| late())
}

/// A time as Go writes it: `1s`, `500ms`.
fn seconds(patience: Duration) -> String {
    if patience.subsec_millis() == 0 {
        format!("{}s", patience.as_secs())
    } else {
        format!("{}ms", patience.as_millis())
    }
}

/// Where a request goes.
fn port_of(get: &HttpGet) -> Result<u16, Outcome> {
    number(&get.port)
}

#[cfg(test)]
mod tests;
