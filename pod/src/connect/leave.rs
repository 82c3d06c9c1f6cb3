//! Leaving a bridge: an address is given back, and whoever gives back the last one removes what there was for all.

use std::io::{self, Write};
use std::path::Path;

use launch::complain;
use network::message::Messages;
use network::{Attachment, Held, Netlink, Network, NetworkDirectory, NetworkRecord, nft, own_network};
use nix::errno::Errno;
use registry::Name;

use super::error::ConnectError;
use super::ground::{self, Ground};
use super::stay::Emptied;
use super::{door, names, tables};
use crate::programs::Programs;

/// Gives back what a pod has taken; whoever is the last takes the network along, or stays with it for a while.
pub(super) fn give_back(
    root: &Path,
    name: &Name,
    attachment: &Attachment,
    emptied: Emptied,
) -> Result<(), ConnectError> {
    let files = NetworkDirectory::of(root, name);
    // Whoever removed the network may have been kept from the rest.
    let Some(held) = files.hold_if_there()? else { return Ok(files.leave()?) };
    let word = attachment.outside.as_deref().unwrap_or_default();
    held.give_back(&attachment.addresses, word)?;
    let record = held.directory().record()?;
    let is_empty = held.is_empty()?;
    if !is_empty || emptied == Emptied::Stays && record.is_some() {
        held.write_names(&attachment.addresses)?;
        if is_empty {
            held.mark_empty(true)?;
        }
        if let (Some(record), Ok(programs)) = (record, Programs::of_pod(None)) {
            see_to_the_rest(&held, &record, &programs);
        }
        return Ok(());
    }
    remove(held, name)
}

/// Has what is there for others go on. Who comes next sees to it, too, or says why that cannot be done; who goes is gone,
/// and that it may still be known by its name is all that there is to say.
fn see_to_the_rest(held: &Held, record: &NetworkRecord, programs: &Programs) {
    let (files, name) = (held.directory(), held.directory().path().file_name().unwrap_or_default().display());
    let warn = |line: String| {
        let _unheard = writeln!(io::stderr(), "warning: names of network bridge:{name} are not as they are: {line}");
    };
    let ground = match Ground::found(files) {
        Ok(ground) => ground,
        Err(error) => return warn(complain::line(&error)),
    };
    if let Err(error) = names::resolve(held, record, ground, programs) {
        warn(complain::line(&error));
    }
    if let Ground::Held(holder) = ground {
        // Why there is no way out is told to who comes by it.
        let _shut = door::open(files, holder, record);
    }
}

/// Removes a network that has no pods.
pub(super) fn remove(held: Held, name: &Name) -> Result<(), ConnectError> {
    let ground = Ground::found(held.directory())?;
    ground::end(held.directory())?;
    // What was in a network that somebody held goes with that.
    if let (Some(record), Ground::Here) = (held.directory().record()?, ground) {
        unmake(&record, name)?;
    }
    Ok(held.remove()?)
}

/// Removes the bridge and its tables. In another network there is nothing that we could remove; it goes with that.
pub(super) fn unmake(record: &NetworkRecord, name: &Name) -> Result<(), ConnectError> {
    let network = Network::Bridge(name.clone());
    let kernel = |operation| {
        let network = network.clone();
        move |source| ConnectError::Kernel { operation, network, source }
    };
    let look = |source| ConnectError::Look { network: network.clone(), source };
    if own_network().map_err(look)? != record.inside {
        return Ok(());
    }
    let outer = Netlink::open().map_err(kernel("ask the kernel about networks for"))?;
    match outer.tell(&Messages::new().remove(&record.bridge)) {
        Ok(()) | Err(Errno::ENODEV) => {}
        failed => failed.map_err(kernel("remove the bridge of"))?,
    }
    match removed(record) {
        // What has no way out may have tables all the same, of a way that was cut short; where it has none because there
        // is no nft there are none either.
        Err(why) if record.no_way_out.is_none() => Err(ConnectError::Tables { network, why }),
        _ => Ok(()),
    }
}

/// Removes both tables; where that cannot be done at once, each by itself, for a kernel that has no guards has nothing to
/// remove of them.
fn removed(record: &NetworkRecord) -> Result<(), String> {
    let Err(_) = tables::load(&nft::removed(&record.bridge)) else { return Ok(()) };
    tables::load(&nft::without_way_out(&record.bridge))?;
    match tables::load(&nft::unguarded(&record.bridge)) {
        Err(why) if record.unguarded.is_none() && !why.contains("not supported") => Err(why),
        _ => Ok(()),
    }
}
