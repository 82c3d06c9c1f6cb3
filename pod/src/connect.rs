//! A pod and its network: what it is given before there is a sandbox, what is still to be done when there is one, and
//! what is given back when nothing runs any more.
//!
//! What a network gives is on record in the pod's directory (`network.json`) before it is taken, so whoever removes
//! the directory, of a pod or of one that never was, knows what to give back.

mod bridge;
mod error;
mod usual;

use std::net::IpAddr;
use std::path::Path;

use launch::Identity;
use network::{Attachment, Network};
use registry::PodDirectory;

use crate::plan::PodPlan;
use crate::programs::Programs;
use crate::record::Missing;
use crate::wire::Wire;

pub use error::ConnectError;
pub(crate) use usual::{CHOSEN, VARIABLE, chosen, of};

/// What a pod has of its network.
#[derive(Debug)]
pub(crate) struct Connection {
    /// What it is given, as far as that is known.
    attachment: Attachment,
    /// What its own process does for it.
    wire: Option<Wire>,
    /// What it has to do without.
    missing: Vec<Missing>,
}

/// Takes what the network gives to the pod of this plan, which is in the making in this directory, of those that are
/// recorded below `root`.
///
/// # Errors
/// It cannot be had. What was taken by then is on record.
pub(crate) fn prepare(root: &Path, plan: &PodPlan, directory: &PodDirectory) -> Result<Connection, ConnectError> {
    let attachment = Attachment::new(plan.network().clone());
    match plan.network() {
        Network::None | Network::Host => Ok(Connection { attachment, wire: None, missing: Vec::new() }),
        Network::Bridge(name) => {
            let taken = bridge::take(root, name, plan, directory)?;
            let missing = taken.missing.into_iter().collect();
            Ok(Connection { attachment: taken.attachment, wire: Some(taken.wire), missing })
        }
        other => Err(ConnectError::NotYet { network: other.clone() }),
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
    why: &ConnectError,
) -> Result<Connection, ConnectError> {
    release(root, directory)?;
    let attachment = Attachment::new(Network::None);
    directory.write_network(&attachment)?;
    let missing = Missing { mount: format!("network {}", plan.network()), reason: launch::complain::line(why) };
    Ok(Connection { attachment, wire: None, missing: vec![missing] })
}

impl Connection {
    /// What it is given, and what it has to do without, where nothing is left to be done.
    pub(crate) fn given(self) -> (Attachment, Vec<Missing>) {
        (self.attachment, self.missing)
    }

    /// Its addresses, as far as they are known: those of /etc/hosts.
    pub(crate) fn addresses(&self) -> Vec<IpAddr> {
        self.attachment.ips()
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
        _directory: &PodDirectory,
        pause: Identity,
        _programs: &Programs,
    ) -> Result<(Attachment, Vec<Missing>), ConnectError> {
        if let Some(wire) = self.wire {
            bridge::join(&wire, pause, &self.attachment)?;
        }
        Ok((self.attachment, self.missing))
    }
}

/// Gives back what the network has given to the pod in this directory, of which nothing runs any more; what was given
/// back before is not there to be given back again.
///
/// # Errors
/// It cannot be given back.
pub(crate) fn release(root: &Path, directory: &PodDirectory) -> Result<(), ConnectError> {
    let Some(attachment) = directory.network::<Attachment>()? else { return Ok(()) };
    match &attachment.network {
        Network::Bridge(name) => bridge::give_back(root, name, &attachment),
        Network::None | Network::Host | Network::Pasta | Network::Cni(_) => Ok(()),
    }
}
