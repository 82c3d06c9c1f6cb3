//! Asking a container whether it is well, and telling it that it has begun or is to end: from outside, so nothing is
//! needed in its image.
//!
//! Connections are made in the pod's network by sockets that come from there; what the pod says is bounded in time and
//! length, and nothing of it is believed but whether it is yes or no.

mod exec;
mod grpc;
mod http;
mod outcome;
mod place;
mod tcp;
mod tls;

use std::time::Duration;

use tokio::time::timeout;

pub(crate) use exec::Command;
pub(crate) use outcome::Outcome;
pub(crate) use place::Place;

use crate::compile::{Handler, HttpGet, PortRef};

/// What of an answer is read, and of a command's output.
pub(crate) const MOST: usize = 10 << 10;

/// What is asked for: whether a container is well, or a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
        Handler::Http(get) => http::ask(get, purpose, place, patience).await,
        Handler::Tcp { .. } if purpose == Purpose::Hook => Outcome::Failure("invalid handler: tcpSocket".to_owned()),
        Handler::Tcp { host, port } => match number(port) {
            Ok(port) => tcp::ask(place, host.as_deref(), port, patience).await,
            Err(outcome) => outcome,
        },
        Handler::Grpc { port, service } => grpc::ask(place, *port, service, patience).await,
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
