//! Networks that nobody uses any more and nobody has removed: who was to stay with one was killed, somebody has removed a
//! pod's directory by hand, or the machine was started again. What there is of each is found and told; removing it is for who
//! makes or changes a pod next as far as that is marked, and for who is asked to clear away the rest.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use launch::{Origin, Reach};
use network::{Attachment, Held, Network, NetworkDirectory, Prefixed, own_network};
use registry::{Lock, Name, PodDirectory, Registry, RegistryError, Sharing, tree};

use super::error::ConnectError;
use super::ground::Ground;
use super::leave;
use crate::{recorded, resolver};

/// In a directory of pods: those that somebody works on.
const AT_WORK: &str = ".at-work";

/// A network, and what of it is nobody's.
#[derive(Debug)]
pub(crate) struct Unused {
    pub(crate) name: Name,
    /// Addresses, each with the word that they were taken under, that no pod has which there is.
    addresses: Vec<(Prefixed, String)>,
    /// Whether nobody has another.
    is_empty: bool,
    bridge: Option<String>,
    /// Who runs for it alone.
    processes: Vec<i32>,
}

impl fmt::Display for Unused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.name)?;
        let mut parts = Vec::new();
        if self.is_empty {
            parts.push("nobody is in it".to_owned());
        }
        if !self.addresses.is_empty() {
            let addresses: Vec<_> = self.addresses.iter().map(|(address, _)| address.ip.to_string()).collect();
            parts.push(format!("{} of pods that are gone", addresses.join(" ")));
        }
        if self.is_empty {
            parts.extend(self.bridge.iter().map(|bridge| format!("bridge {bridge}")));
            parts.extend(self.processes.iter().map(|pid| format!("process {pid}")));
        }
        f.write_str(&parts.join(", "))
    }
}

/// Looks for them, and changes nothing.
///
/// # Errors
/// It cannot be told whose something is.
pub(crate) fn unused(root: &Path) -> Result<Vec<Unused>, ConnectError> {
    let mut found = Vec::new();
    for directory in NetworkDirectory::all(root)? {
        let Some(held) = directory.hold_if_there()? else { continue };
        found.extend(look(root, &held)?);
    }
    Ok(found)
}

/// Removes them; hands back what went, and what could not.
pub(crate) fn clear(root: &Path) -> (Vec<Unused>, Vec<ConnectError>) {
    let (mut gone, mut troubles) = (Vec::new(), Vec::new());
    let directories = NetworkDirectory::all(root).unwrap_or_else(|error| {
        troubles.push(error.into());
        Vec::new()
    });
    for directory in directories {
        let held = directory.hold_if_there().map_err(ConnectError::from);
        match held.and_then(|held| held.map_or(Ok(None), |held| settle(root, held))) {
            Ok(unused) => gone.extend(unused),
            Err(error) => troubles.push(error),
        }
    }
    (gone, troubles)
}

fn settle(root: &Path, held: Held) -> Result<Option<Unused>, ConnectError> {
    let Some(unused) = look(root, &held)? else { return Ok(None) };
    for (address, word) in &unused.addresses {
        held.give_back(std::slice::from_ref(address), word)?;
    }
    if !unused.is_empty {
        let given: Vec<Prefixed> = unused.addresses.iter().map(|(address, _)| *address).collect();
        held.write_names(&given)?;
    } else if is_here(held.directory())? {
        leave::remove(held, &unused.name)?;
    } else {
        return Err(ConnectError::Left { network: Network::Bridge(unused.name) });
    }
    Ok(Some(unused))
}

/// Whether what there is of a network is to be removed from where we are, or went with the machine's last run.
fn is_here(directory: &NetworkDirectory) -> Result<bool, ConnectError> {
    let Some(record) = directory.record()? else { return Ok(true) };
    let here = Origin::here().map_err(|unseen| ConnectError::Holder(std::io::Error::other(unseen)))?;
    let is_past = directory.origin()?.is_some_and(|origin| matches!(origin.from_here(&here), Reach::Past));
    let is_held = Ground::found(directory)? != Ground::Here;
    Ok(is_past || is_held || own_network().is_ok_and(|ours| ours == record.inside))
}

/// What of a network is nobody's, if anything is. Nobody takes an address of it meanwhile.
fn look(root: &Path, held: &Held) -> Result<Option<Unused>, ConnectError> {
    let directory = held.directory();
    let Some(name) = directory.path().file_name().and_then(|name| name.to_str()?.parse().ok()) else {
        return Ok(None);
    };
    let taken = held.taken()?;
    let words = words(root)?;
    let (theirs, addresses): (Vec<_>, Vec<_>) = taken.into_iter().partition(|(_, word)| words.contains(word));
    let is_empty = theirs.is_empty();
    // Whoever stays with an empty one removes it when its time has come.
    let is_stayed_with = directory.mark().exists() && Lock::try_take(&directory.mark(), Sharing::Exclusive)?.is_none();
    if addresses.is_empty() && (!is_empty || is_stayed_with) {
        return Ok(None);
    }
    let bridge = directory.record()?.map(|record| record.bridge);
    let files = [directory.holder(), directory.pasta(), resolver::record(directory.path())];
    let mut processes = Vec::new();
    for file in files {
        processes.extend(recorded::living(&file).map_err(ConnectError::Holder)?.map(|process| process.pid));
    }
    Ok(Some(Unused { name, addresses, is_empty, bridge, processes }))
}

/// The words under which pods have addresses, also those that are being made and removed: a pod's is on record before it
/// has one.
fn words(root: &Path) -> Result<BTreeSet<String>, ConnectError> {
    let mut words = BTreeSet::new();
    let at_work = || tree::names(&root.join(AT_WORK));
    let mut add = |directory: PodDirectory| -> Result<(), RegistryError> {
        words.extend(directory.network::<Attachment>()?.and_then(|attachment| attachment.outside));
        Ok(())
    };
    // Before and after: they come from there, and go there.
    for name in at_work()? {
        add(PodDirectory::at(root.join(AT_WORK).join(name)))?;
    }
    for name in Registry::at(root.to_owned()).names()? {
        add(PodDirectory::at(root.join(name.as_str())))?;
    }
    for name in at_work()? {
        add(PodDirectory::at(root.join(AT_WORK).join(name)))?;
    }
    Ok(words)
}
