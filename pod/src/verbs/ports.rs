//! The published ports of a pod that lives, changed: by whoever supervises it, who has the listeners.

use std::net::{IpAddr, Ipv6Addr};
use std::os::unix::net::UnixStream;
use std::thread::sleep;
use std::time::Duration;

use launch::Seen;
use network::Network;
use network::cni::CniRecord;
use registry::{Found, Lock, Process, RegistryError};

use crate::compile::{self, Protocol};
use crate::control::{Answer, Request};
use crate::error::Error;
use crate::plan::{Contradiction, PodPlan, Share};
use crate::programs::Programs;
use crate::publish::{Publish, Transport};
use crate::store::Store;
use crate::supervisor;

/// How often a supervisor is asked that is killed before it answers.
const TRIES: u32 = 20;
/// How long between.
const BREATH: Duration = Duration::from_millis(10);

/// The ports that lead into the sandbox of this pod of a manifest.
///
/// # Errors
/// One of them is of a kind that is not there.
pub(crate) fn of(plan: &compile::PodPlan) -> Result<Vec<Publish>, Error> {
    let mut published = Vec::new();
    for port in plan.published() {
        let protocol = match port.protocol {
            Protocol::TCP => Transport::Tcp,
            Protocol::UDP => Transport::Udp,
            Protocol::SCTP => return Err(Error::Unsupported { what: "a hostPort of SCTP".to_owned() }),
        };
        let address = port.address.unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED));
        let host_port = port.host.unwrap_or_default();
        published.push(Publish { address, host_port, pod_port: port.container, protocol });
    }
    Ok(published)
}

/// A pod whose ports nobody else changes.
#[derive(Debug)]
pub(crate) struct Changing<'a> {
    store: &'a Store,
    programs: &'a Programs,
    found: Found,
    lock: Lock,
}

/// Ports that a supervisor keeps for us, as long as this is there.
#[derive(Debug)]
pub(crate) struct Reserved {
    _held_open: UnixStream,
}

impl<'a> Changing<'a> {
    /// This pod, which is locked.
    pub(crate) fn of(store: &'a Store, programs: &'a Programs, (found, lock): (Found, Lock)) -> Self {
        Self { store, programs, found, lock }
    }

    /// The pod.
    pub(crate) fn found(&self) -> &Found {
        &self.found
    }

    /// Publishes these ports and no others; hands them back, with the numbers that the kernel has chosen.
    ///
    /// # Errors
    /// It cannot be done; all is as before then.
    pub(crate) fn publish(self, ports: &[Publish]) -> Result<Vec<Publish>, Error> {
        self.ask(&Request::Publish(ports.to_vec())).map(|(published, _)| published)
    }

    /// Has these kept for us, to be published.
    ///
    /// # Errors
    /// One of them cannot be had.
    pub(crate) fn reserve(self, ports: &[Publish]) -> Result<Reserved, Error> {
        let (_, stream) = self.ask(&Request::Reserve(ports.to_vec()))?;
        Ok(Reserved { _held_open: stream })
    }

    fn ask(self, request: &Request) -> Result<(Vec<Publish>, UnixStream), Error> {
        let Self { store, programs, found, lock } = self;
        let (name, directory) = (found.name(), found.directory());
        for _ in 0..TRIES {
            match directory.look(Process::Pause, store.here()).1 {
                Seen::Alive => {}
                Seen::Ended => {
                    drop(lock);
                    return Err(found.ended().into());
                }
                Seen::Unknown(source) => return Err(RegistryError::Unseen { name: name.clone(), source }.into()),
            }
            supervisor::ensure(programs, name, directory, &[])?;
            let Some(called) = supervisor::call(name, directory)? else {
                sleep(BREATH);
                continue;
            };
            match called.ask(request, &[])? {
                Some(Answer::Published(ports)) => return Ok((ports, called.into_stream())),
                // A pod that ends meanwhile is the reason for whatever did not go well in it.
                Some(Answer::Refused(refusal)) => {
                    drop(lock);
                    return Err(found.gone().map_or(Error::Refused(refusal), Error::from));
                }
                // It has ended before it answered; whoever comes next is asked the same.
                _ => sleep(BREATH),
            }
        }
        Err(Error::Unanswered { name: name.clone() })
    }
}

/// Refuses to change the ports of a pod that has none of its own, or whose network leads them in by rules that cannot be
/// changed.
///
/// # Errors
/// That it is refused, or that it cannot be told.
pub(crate) fn may_change(plan: &PodPlan, found: &Found) -> Result<(), Error> {
    if !plan.shares(Share::Net) {
        return Err(Contradiction::Publish.into());
    }
    let Network::Cni(_) = plan.network() else { return Ok(()) };
    let record = found.directory().cni::<CniRecord>()?;
    match record.as_ref().and_then(|record| record.that_lead_in().next()) {
        Some(plugin) => Err(Error::LedIn { network: plan.network().clone(), plugin: plugin.to_owned() }),
        None => Ok(()),
    }
}
