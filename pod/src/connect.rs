//! A pod and its network: what it is given before there is a sandbox, what is still to be done when there is one, and
//! what is given back when nothing runs any more.
//!
//! What a network gives is on record in the pod's directory (`network.json`) before it is taken, so whoever removes
//! the directory, of a pod or of one that never was, knows what to give back.

mod bridge;
mod cni;
mod door;
mod error;
mod ground;
mod leave;
mod names;
mod pasta;
mod stay;
mod tables;
mod unused;
mod usual;

use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::Path;

use launch::{Identity, Origin};
use network::cni::CniRecord;
use network::{Attachment, Network};
use registry::PodDirectory;

use crate::plan::PodPlan;
use crate::programs::Programs;
use crate::record::Missing;
use crate::sandbox::{self, Users};
use crate::wire::Wire;

pub(crate) use cni::{check, part};
pub use error::ConnectError;
pub(crate) use pasta::open;
pub(crate) use stay::{Emptied, Staying, VARIABLE as STAYS, sweep};
pub(crate) use unused::{Unused, clear, unused};
pub(crate) use usual::{CHOSEN, VARIABLE, chosen, of};

/// A resolver asks no more.
const MOST_SERVERS: usize = 3;

/// What a pod has of its network.
#[derive(Debug)]
pub(crate) struct Connection {
    /// What it is given, as far as that is known.
    attachment: Attachment,
    /// What is done for it by its own process, or by its maker.
    wire: Option<Wire>,
    /// Who holds the network, where somebody does: the pod is in a user namespace of theirs.
    holder: Option<Identity>,
    /// What it has to do without.
    missing: Vec<Missing>,
    /// What is to be done once there is a sandbox, and for which pod.
    rest: Option<(Rest, PodPlan)>,
}

/// What can only be done once there is a sandbox.
#[derive(Debug)]
enum Rest {
    /// To have plugins make the network.
    Cni(Box<CniRecord>),
    /// To give it a way out.
    Pasta,
}

/// Takes what the network gives to the pod of this plan, which is in the making in this directory, of those that are
/// recorded below `root`.
///
/// # Errors
/// It cannot be had. What was taken by then is on record.
pub(crate) fn prepare(
    root: &Path,
    plan: &PodPlan,
    directory: &PodDirectory,
    programs: &Programs,
) -> Result<Connection, ConnectError> {
    let attachment = Attachment::new(plan.network().clone());
    match plan.network() {
        Network::None | Network::Host => Ok(Connection::of(attachment, None)),
        Network::Bridge(name) => {
            let taken = bridge::take(root, name, plan, directory, programs)?;
            let bridge::Taken { attachment, wire, holder, missing } = taken;
            Ok(Connection { attachment, wire: Some(wire), holder, missing, rest: None })
        }
        Network::Pasta => {
            pasta::prepare()?;
            Ok(Connection::of(attachment, Some((Rest::Pasta, plan.clone()))))
        }
        Network::Cni(name) => {
            let rest = Rest::Cni(Box::new(cni::prepare(plan, name)?));
            Ok(Connection::of(attachment, Some((rest, plan.clone()))))
        }
    }
}

/// Gives back what was taken for a pod that is to be there without its network, and says that it is, and why.
///
/// # Errors
/// It cannot be given back, or not be written down.
pub(crate) fn do_without(
    root: &Path,
    plan: &PodPlan,
    directory: &PodDirectory,
    here: &Origin,
    why: &ConnectError,
) -> Result<Connection, ConnectError> {
    release(root, directory, here, Emptied::Goes)?;
    let attachment = Attachment::new(Network::None);
    directory.write_network(&attachment)?;
    let missing = Missing { mount: format!("network {}", plan.network()), reason: launch::complain::line(why) };
    Ok(Connection { attachment, wire: None, holder: None, missing: vec![missing], rest: None })
}

impl Connection {
    fn of(attachment: Attachment, rest: Option<(Rest, PodPlan)>) -> Self {
        Self { attachment, wire: None, holder: None, missing: Vec::new(), rest }
    }

    /// What it is given, and what it has to do without, where nothing is left to be done.
    pub(crate) fn given(self) -> (Attachment, Vec<Missing>) {
        (self.attachment, self.missing)
    }

    /// What it is given, as far as that is known: what /etc/hosts and /etc/resolv.conf have.
    pub(crate) fn attachment(&self) -> &Attachment {
        &self.attachment
    }

    /// In which user namespace a sandbox has to be that is to be connected so, where it makes a difference.
    pub(crate) fn users(&self) -> Users {
        self.holder.map_or(Users::Ours, Users::Within)
    }

    /// What the sandbox's own process does to be connected.
    pub(crate) fn take_wire(&mut self) -> Option<Wire> {
        self.wire.take()
    }

    /// Does what can only be done once there is a sandbox, held by this process; hands back what it is given, and
    /// what it has to do without.
    ///
    /// # Errors
    /// It cannot be done. What was taken by then is on record.
    pub(crate) fn complete(
        self,
        directory: &PodDirectory,
        pause: Identity,
        _programs: &Programs,
    ) -> Result<(Attachment, Vec<Missing>), ConnectError> {
        let Self { mut attachment, wire, holder: _, mut missing, rest } = self;
        if let Some(wire) = wire {
            bridge::join(&wire, pause, &attachment)?;
        }
        let Some((rest, plan)) = rest else { return Ok((attachment, missing)) };
        let (resolv_conf, unread) = machines();
        missing.extend(unread.map(|reason| Missing { mount: "the machine's name servers".to_owned(), reason }));
        let machines = resolvers(&resolv_conf);
        match rest {
            Rest::Cni(record) => {
                cni::join(*record, directory, pause, &mut attachment)?;
                if attachment.resolvers.is_empty() {
                    let others = machines.into_iter().filter(|server| !server.is_loopback());
                    attachment.resolvers = others.take(MOST_SERVERS).collect();
                }
            }
            Rest::Pasta => pasta::join(directory, pause, &mut attachment, &machines)?,
        }
        directory.write_network(&attachment)?;
        sandbox::rewrite(&plan, directory, &attachment)?;
        Ok((attachment, missing))
    }
}

/// The machine's /etc/resolv.conf, and why it cannot be read: that there is none says that nobody is asked, and is no
/// reason.
pub(crate) fn machines() -> (String, Option<String>) {
    const PATH: &str = "/etc/resolv.conf";
    match fs::read_to_string(PATH) {
        Ok(text) => (text, None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => (String::new(), None),
        Err(error) => (String::new(), Some(format!("cannot read {PATH}: {error}"))),
    }
}

/// The name servers that a resolv.conf names.
fn resolvers(text: &str) -> Vec<IpAddr> {
    let server = |line: &str| {
        let mut words = line.split_whitespace();
        // An address may say by which link it is reached, of the machine's, which a pod has not.
        if words.next() == Some("nameserver") { words.next()?.parse().ok() } else { None }
    };
    text.lines().filter_map(server).collect()
}

/// Gives back what the network has given to the pod in this directory, of which nothing runs any more; what was given
/// back before is not there to be given back again.
///
/// # Errors
/// It cannot be given back.
pub(crate) fn release(
    root: &Path,
    directory: &PodDirectory,
    here: &Origin,
    emptied: Emptied,
) -> Result<(), ConnectError> {
    part(directory, here)?;
    let Some(attachment) = directory.network::<Attachment>()? else { return Ok(()) };
    match &attachment.network {
        Network::Bridge(name) => leave::give_back(root, name, &attachment, emptied),
        Network::None | Network::Host | Network::Pasta | Network::Cni(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_servers_are_those_that_anybody_may_ask() {
        let text = "# nameserver 1.1.1.1\nsearch a\nnameserver 127.0.0.53\n nameserver  fd00::1 # x\nnameserver fe80::1%eth0\n";
        let found: Vec<String> = resolvers(text).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["127.0.0.53", "fd00::1"]);
    }
}
