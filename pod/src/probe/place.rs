//! Where is asked, seen from outside: the pod's network, and the container.

use std::net::IpAddr;
use std::time::Duration;

use super::exec::Command;
use super::launch::Prober;
use super::message::{Near, Question};
use super::{Outcome, Purpose};
use crate::compile::Handler;

/// A container, and how it is reached.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// Who asks in the pod's network.
    pub(crate) prober: Prober,
    /// The pod's address, in its own network.
    pub(crate) address: IpAddr,
    /// How a command is run in the container.
    pub(crate) command: Option<Command>,
}

impl Place {
    /// Has something asked over the network.
    pub(super) async fn ask(&self, handler: &Handler, purpose: Purpose, patience: Duration) -> Outcome {
        let known = match named(handler) {
            // Names are the machine's to look up, as they are the kubelet's.
            Some(name) => look_up(name).await.map(|address| (name.to_owned(), address)),
            None => None,
        };
        let near = Near { address: self.address, known };
        self.prober.ask(Question { handler: handler.clone(), purpose, near, patience }).await
    }
}

/// The host that a handler names, where it is no address.
fn named(handler: &Handler) -> Option<&str> {
    let host = match handler {
        Handler::Http(get) => get.host.as_deref(),
        Handler::Tcp { host, .. } => host.as_deref(),
        Handler::Exec { .. } | Handler::Grpc { .. } => None,
    };
    host.filter(|host| !host.is_empty() && host.trim_matches(['[', ']']).parse::<IpAddr>().is_err())
}

#[expect(clippy::disallowed_methods, reason = "only files and DNS are asked")]
async fn look_up(name: &str) -> Option<IpAddr> {
    launch::names::are_in_files();
    let found = tokio::net::lookup_host((name, 0)).await.ok();
    found.and_then(|mut found| found.next()).map(|found| found.ip())
}
