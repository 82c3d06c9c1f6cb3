//! Where the bridge of a network is: in the network that we stand in, for who may make links there; or else in one that
//! is held by a pause of its own, with a user namespace in which we may.
//!
//! Each network that is held has a holder of its own, so that two of them have nothing in common but the machine. It is
//! on record in the network's directory before it is what it is to be, and ends with the network.

use std::io;
use std::os::unix::fs::MetadataExt;

use caps::{CapSet, Capability};
use launch::{Identity, Origin, Reach};
use network::{Held, Netlink, Network, NetworkDirectory, own_network};
use nix::errno::Errno;
use nsjoin::Target;

use super::error::ConnectError;
use crate::programs::Programs;
use crate::recorded::{self, Ended};
use crate::sandbox::{hold_network, is_admin};

/// Where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ground {
    /// Here.
    Here,
    /// Where this process is.
    Held(Identity),
    /// Where a process was that has ended.
    Gone,
}

/// What is asked of the kernel there.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) ground: Ground,
    pub(super) outer: Netlink,
    /// The network, by its inode.
    pub(super) inside: u64,
    /// Why there are not all ids in it that were set apart, where it has just been made.
    pub(super) few_ids: Option<String>,
}

impl Ground {
    /// Where the bridge of this network is, or would be.
    ///
    /// # Errors
    /// It cannot be told whether its holder lives.
    pub(super) fn found(files: &NetworkDirectory) -> Result<Self, ConnectError> {
        let path = files.holder();
        if !path.try_exists().map_err(ConnectError::Holder)? {
            return Ok(Self::Here);
        }
        // One that is counted elsewhere would be found nowhere here, and may live all the same.
        let unseen = |unseen| ConnectError::Holder(io::Error::other(unseen));
        let here = Origin::here().map_err(unseen)?;
        match files.origin()?.map(|origin| origin.from_here(&here)) {
            Some(Reach::Past) => return Ok(Self::Gone),
            Some(Reach::Elsewhere(why)) => return Err(unseen(why)),
            Some(Reach::Here) | None => {}
        }
        let living = recorded::living(&path).map_err(ConnectError::Holder)?;
        Ok(living.map_or(Self::Gone, Self::Held))
    }

    /// Takes a stand, for who is to connect somebody to this network.
    ///
    /// # Errors
    /// There is nowhere to stand.
    pub(super) fn stand(held: &Held, network: &Network, programs: &Programs) -> Result<Standing, ConnectError> {
        let files = held.directory();
        match Self::found(files)? {
            Self::Held(holder) => Standing::at(holder, network, None),
            Self::Here if may_make_links() => {
                let inside = own_network().map_err(|source| ConnectError::Look { network: network.clone(), source })?;
                let outer = Netlink::open().map_err(kernel("ask the kernel about networks for", network))?;
                Ok(Standing { ground: Self::Here, outer, inside, few_ids: None })
            }
            Self::Here | Self::Gone if is_admin() => Err(ConnectError::NotOurs { network: network.clone() }),
            Self::Here if files.record()?.is_some() && !held.is_empty()? => {
                Err(ConnectError::Elsewhere { network: network.clone() })
            }
            Self::Here | Self::Gone => {
                // What was about the one before leads nowhere.
                end(files)?;
                let (holder, few_ids) = hold(held, network, programs)?;
                Standing::at(holder, network, few_ids)
            }
        }
    }

    /// The process that a resolver is started by: that of a network where we are is ours.
    ///
    /// # Errors
    /// We do not find ourselves.
    pub(super) fn process(self, inside: u64) -> std::io::Result<Option<Identity>> {
        match self {
            Self::Held(holder) => Ok(Some(holder)),
            // From another network namespace it can be told what is new, and not be started.
            Self::Here if own_network().is_ok_and(|ours| ours == inside) => {
                Identity::of(std::process::id().cast_signed()).map(Some)
            }
            Self::Here | Self::Gone => Ok(None),
        }
    }
}

impl Standing {
    fn at(holder: Identity, network: &Network, few_ids: Option<String>) -> Result<Self, ConnectError> {
        let look = |source| ConnectError::Look { network: network.clone(), source };
        let inside = std::fs::metadata(format!("/proc/{}/ns/net", holder.pid)).map_err(look)?.ino();
        let outer = Netlink::from(nsjoin::netlink(&Target::Process(holder)).map_err(Box::new)?);
        Ok(Self { ground: Ground::Held(holder), outer, inside, few_ids })
    }
}

fn hold(held: &Held, network: &Network, programs: &Programs) -> Result<(Identity, Option<String>), ConnectError> {
    let cannot = |error: crate::error::Error| ConnectError::Hold { network: network.clone(), source: Box::new(error) };
    let program = programs.pause().map_err(cannot)?;
    held.write_origin(&Origin::here().map_err(|unseen| ConnectError::Holder(io::Error::other(unseen)))?)?;
    let (child, missing) = hold_network(&program, &held.directory().holder()).map_err(cannot)?;
    let holder = child.identity().ok_or_else(|| ConnectError::Holder(Errno::ESRCH.into()))?;
    Ok((holder, missing.map(|missing| missing.reason)))
}

/// Ends who resolves this network's names, who leads out of it and who holds it, as far as anybody does.
///
/// # Errors
/// It cannot be told who it is, or one does not end.
pub(super) fn end(files: &NetworkDirectory) -> Result<(), ConnectError> {
    crate::resolver::end(files.path())?;
    for record in [files.pasta(), files.holder()] {
        match recorded::end(&record).map_err(ConnectError::Holder)? {
            Ended::Gone => {}
            Ended::Stays(pid) => return Err(ConnectError::Remains(pid)),
        }
    }
    Ok(())
}

/// Whether we may make links in the network that we are in, and networks for their other ends.
pub(super) fn may_make_links() -> bool {
    let has = |capability| caps::has_cap(None, CapSet::Effective, capability).unwrap_or(false);
    has(Capability::CAP_NET_ADMIN) && has(Capability::CAP_SYS_ADMIN)
}

fn kernel(operation: &'static str, network: &Network) -> impl FnOnce(Errno) -> ConnectError {
    let network = network.clone();
    move |source| ConnectError::Kernel { operation, network, source }
}
