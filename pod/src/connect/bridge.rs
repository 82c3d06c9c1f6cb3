//! A bridge: made with the first pod that is connected to it, where networks are ([`ground`](super::ground)), removed
//! with the last.
//!
//! What a pod takes of it is a name in a directory (its address), and a pair of links that goes with the pod's network.
//! The pair is made by the sandbox's own process (`sandbox/lower.rs`) where that may make it, else by its maker; it
//! goes with the pod's network, so there is no moment in which it is there and would be nobody's.

use std::fs::{self, File};
use std::net::IpAddr;
use std::os::fd::AsRawFd;
use std::path::Path;

use launch::{Identity, Origin};
use network::message::{INSIDE, Messages, Pair};
use network::{
    Attachment, Held, Mac, Netlink, Network, NetworkDirectory, NetworkRecord, Prefixed, Range, hash, nft, pasta,
    unique_local,
};
use nix::errno::Errno;
use nsjoin::Target;
use registry::{Name, PodDirectory};

use super::error::ConnectError;
use super::ground::{Ground, Standing};
use super::{door, names, tables};
use crate::plan::PodPlan;
use crate::programs::Programs;
use crate::record::Missing;
use crate::wire::Wire;

/// What the link is called, inside.
const INTERFACE: &str = "eth0";
/// The longest packet, where nothing is known of the way out.
const USUAL_MTU: u32 = 1500;
/// A kernel's bridge has no more ports, the first of which has the number 1.
const PORTS: usize = 1023;

/// What a pod takes, and what the network lacks.
pub(super) struct Taken {
    pub(super) attachment: Attachment,
    pub(super) wire: Wire,
    /// Who holds the network, where somebody does.
    pub(super) holder: Option<Identity>,
    pub(super) missing: Vec<Missing>,
}

/// A bridge that is there.
struct Bridge {
    record: NetworkRecord,
    index: u32,
}

fn kernel(operation: &'static str, name: &Name) -> impl FnOnce(Errno) -> ConnectError {
    let network = Network::Bridge(name.clone());
    move |source| ConnectError::Kernel { operation, network, source }
}

/// Takes an address for the pod of this plan, making the network where there is none.
pub(super) fn take(
    root: &Path,
    name: &Name,
    plan: &PodPlan,
    directory: &PodDirectory,
    programs: &Programs,
) -> Result<Taken, ConnectError> {
    let network = Network::Bridge(name.clone());
    let files = NetworkDirectory::of(root, name);
    let mut attachment = Attachment::new(network.clone());
    if files.record()?.is_none() {
        // Whoever finds what is left of us sees to what is left of the network.
        directory.write_network(&attachment)?;
    }
    let held = files.hold()?;
    let standing = Ground::stand(&held, &network, programs)?;
    let bridge = ensure(&held, root, name, &standing)?;
    let number = random::<4>().map_err(kernel("choose a name in", name))?;
    let [a, b, c, d] = number;
    attachment.outside = Some(format!("{}{a:02x}{b:02x}{c:02x}{d:02x}", nft::LINKS));
    attachment.interface = Some(INTERFACE.to_owned());
    attachment.mtu = Some(bridge.record.mtu);
    attachment.gateways = bridge.record.range.gateway().iter().map(|gateway| gateway.ip).collect();
    // At the gateway they are resolved, if all goes well.
    attachment.resolvers.clone_from(&attachment.gateways);
    let mut taken = false;
    for addresses in bridge.record.range.candidates(plan.name().as_str()) {
        if held.is_taken(&addresses)? {
            continue;
        }
        attachment.mac = mac(&addresses);
        attachment.addresses = addresses;
        directory.write_network(&attachment)?;
        let word = attachment.outside.as_deref().unwrap_or_default();
        taken = held.count()? < PORTS && held.take(&attachment.addresses, word, &plan.names())?;
        break;
    }
    if !taken {
        return Err(ConnectError::Full { network });
    }
    held.write_names(&attachment.addresses)?;
    let Standing { ground, outer, .. } = standing;
    let wire = wire(outer, &attachment, bridge.index, u32::from_be_bytes(number));
    let without = |what: &str, reason| Missing { mount: format!("{what} network {network}"), reason };
    let mut missing: Vec<_> =
        bridge.record.no_way_out.iter().map(|reason| without("the way out of", reason.clone())).collect();
    let unguarded = bridge.record.unguarded.iter();
    missing.extend(unguarded.map(|reason| without("that nobody has another's address in", reason.clone())));
    let few = bridge.record.few_ids.iter();
    missing.extend(few.map(|reason| without("the ids of /etc/subuid and /etc/subgid in", reason.clone())));
    match names::resolve(&held, &bridge.record, ground, programs) {
        Ok(None) => {}
        Ok(Some(unread)) => missing.push(without("names beyond", unread)),
        Err(error) => {
            attachment.resolvers.clear();
            directory.write_network(&attachment)?;
            missing.push(without("names in", launch::complain::line(&error)));
        }
    }
    let holder = match ground {
        Ground::Held(holder) => Some(holder),
        Ground::Here | Ground::Gone => None,
    };
    Ok(Taken { attachment, wire, holder, missing })
}

/// The address of the link of whoever has these.
fn mac(addresses: &[Prefixed]) -> Option<Mac> {
    addresses.iter().find_map(|address| match address.ip {
        IpAddr::V4(ip) => Some(Mac::of(ip)),
        IpAddr::V6(_) => None,
    })
}

/// What is sent for a pair of links, whose number is nobody else's.
fn wire(outer: Netlink, attachment: &Attachment, bridge: u32, random: u32) -> Wire {
    let pair = Pair {
        outside: attachment.outside.as_deref().unwrap_or_default(),
        index: 0x4000_0000 | random >> 2,
        bridge,
        inside: INTERFACE,
        mac: attachment.mac.unwrap_or(Mac([0; 6])),
        mtu: attachment.mtu.unwrap_or(USUAL_MTU),
    };
    let mut inside = Messages::new().up(INSIDE);
    for address in &attachment.addresses {
        inside = inside.address(INSIDE, *address);
    }
    for gateway in &attachment.gateways {
        inside = inside.way_out(INSIDE, *gateway);
    }
    Wire { outer, pair: Messages::new().pair(&pair).into_bytes(), inside: inside.into_bytes().0 }
}

/// Connects a pod that is there already, held by this process.
pub(super) fn join(wire: &Wire, pause: Identity, attachment: &Attachment) -> Result<(), ConnectError> {
    let network = || attachment.network.clone();
    let failed = |operation| move |source| ConnectError::Kernel { operation, network: network(), source };
    let path = format!("/proc/{}/ns/net", pause.pid);
    let inner = File::open(path).map_err(|source| ConnectError::Look { network: network(), source })?;
    let (mut pair, at) = wire.pair.clone();
    if let Some(place) = at.and_then(|at| pair.get_mut(at..at + 4)) {
        place.copy_from_slice(&inner.as_raw_fd().to_ne_bytes());
    }
    wire.outer.tell_bytes(&pair).map_err(failed("make the links of the pod in"))?;
    let inside = Netlink::from(nsjoin::netlink(&Target::Process(pause)).map_err(Box::new)?);
    inside.tell_bytes(&wire.inside).map_err(failed("set the addresses of the pod in"))
}

/// Sees to it that the bridge is there, and its way out, if there can be one.
fn ensure(held: &Held, root: &Path, name: &Name, standing: &Standing) -> Result<Bridge, ConnectError> {
    let network = || Network::Bridge(name.clone());
    let record = match held.directory().record()? {
        Some(record) if record.inside == standing.inside => {
            let link = standing.outer.link(&record.bridge).map_err(kernel("look for the bridge of", name))?;
            // It is brought up when all else is done.
            if let Some(link) = link.filter(|link| link.is_up) {
                let record = match standing.ground {
                    Ground::Here => record,
                    Ground::Held(_) | Ground::Gone => open(held, &record, record.unguarded.clone(), standing)?,
                };
                return Ok(Bridge { record, index: link.index });
            }
            record
        }
        // Who held it has ended. Those who were connected by it are not any more; others are to find it as it was.
        Some(record) if standing.ground != Ground::Here => {
            let record = NetworkRecord { inside: standing.inside, few_ids: standing.few_ids.clone(), ..record };
            held.write(&record)?;
            record
        }
        Some(_) if !held.is_empty()? => return Err(ConnectError::Elsewhere { network: network() }),
        _ => {
            // One that stays where others have left it would answer them, and nobody here.
            crate::resolver::end(held.directory().path())?;
            let record = choose(root, held, name, standing)?;
            if standing.ground == Ground::Here {
                // Whoever finds it when the machine was started again knows that there is nothing else of it.
                held.write_origin(
                    &Origin::here().map_err(|unseen| ConnectError::Holder(std::io::Error::other(unseen)))?,
                )?;
            }
            held.write(&record)?;
            record
        }
    };
    make(held, record, name, standing)
}

/// Chooses what a new network is to be.
fn choose(root: &Path, held: &Held, name: &Name, standing: &Standing) -> Result<NetworkRecord, ConnectError> {
    let network = Network::Bridge(name.clone());
    // Wherever it is to be, it is the machine's own that pods are to reach.
    let here = Netlink::open().map_err(kernel("ask the kernel about networks for", name))?;
    let routes = here.routes().map_err(kernel("ask for routes for", name))?;
    let mut taken: Vec<Prefixed> = routes.iter().map(|route| route.to).collect();
    for other in NetworkDirectory::all(root)? {
        taken.extend(other.record()?.map(|record| record.range.whole()));
    }
    let v6 = match has_ipv6() {
        true => Some(unique_local(random().map_err(kernel("choose a range for", name))?)),
        false => None,
    };
    let range = Range::free(&taken, v6).ok_or(ConnectError::NoRange { network })?;
    let mtu = match standing.ground {
        Ground::Here => {
            let way_out = routes.iter().find(|route| route.to.prefix == 0 && route.by.is_some());
            let links = here.links().map_err(kernel("ask for links for", name))?;
            links.iter().find(|link| way_out.is_some_and(|way| way.by == Some(link.index))).map(|link| link.mtu)
        }
        Ground::Held(_) | Ground::Gone => Some(pasta::MTU),
    };
    // One for each directory of pods and each name, so that what is left of it can be found by them.
    let bridge = format!("{}{:08x}", nft::BRIDGES, hash(&held.directory().path().to_string_lossy()));
    let (inside, few_ids, mtu) = (standing.inside, standing.few_ids.clone(), mtu.unwrap_or(USUAL_MTU).max(1280));
    Ok(NetworkRecord { range, bridge, mtu, inside, no_way_out: None, unguarded: None, few_ids })
}

/// Makes the bridge, or what of it was not made by whoever was killed at that.
fn make(held: &Held, record: NetworkRecord, name: &Name, standing: &Standing) -> Result<Bridge, ConnectError> {
    let outer = &standing.outer;
    let made = || kernel("make the bridge of", name);
    let own = mac(&record.range.gateway()).unwrap_or(Mac([0; 6]));
    outer.tell(&Messages::new().bridge(&record.bridge, own, record.mtu)).map_err(made())?;
    let link = outer.link(&record.bridge).map_err(made())?.ok_or(Errno::ENODEV).map_err(made())?;
    for address in record.range.gateway() {
        outer
            .tell(&Messages::new().address(link.index, address))
            .map_err(kernel("give an address to the bridge of", name))?;
    }
    let unguarded = match standing.ground {
        Ground::Held(holder) => tables::load_inside(holder, &nft::guard(&record.bridge, &record.range)).err(),
        // With its way out.
        Ground::Here | Ground::Gone => None,
    };
    let record = open(held, &record, unguarded, standing)?;
    outer.tell(&Messages::new().up(link.index)).map_err(made())?;
    Ok(Bridge { record, index: link.index })
}

/// Sees to the way out of a network, and of one where we are to its guard; what there is not, and why, is on record.
fn open(
    held: &Held,
    record: &NetworkRecord,
    unguarded: Option<String>,
    standing: &Standing,
) -> Result<NetworkRecord, ConnectError> {
    let (opened, unguarded) = match standing.ground {
        Ground::Held(holder) => (door::open(held.directory(), holder, record), unguarded),
        Ground::Here | Ground::Gone => open_here(record),
    };
    let seen_to = NetworkRecord { no_way_out: opened.err(), unguarded, ..record.clone() };
    if seen_to != *record {
        held.write(&seen_to)?;
    }
    Ok(seen_to)
}

/// Lets packets out, and keeps addresses to those who have them; says why one or the other cannot be.
fn open_here(record: &NetworkRecord) -> (Result<(), String>, Option<String>) {
    let (way_out, guard) = (nft::way_out(&record.bridge, &record.range), nft::guard(&record.bridge, &record.range));
    // Both at once are half as much to wait for; a kernel that has but one of them has none then.
    let unguarded = tables::load(&(way_out.clone() + &guard)).err();
    let opened = if unguarded.is_some() { tables::load(&way_out) } else { Ok(()) };
    (opened.and_then(|()| forward()), unguarded)
}

fn forward() -> Result<(), String> {
    // What is to come through has to be let through; of IPv6 that is the machine's to say, for a machine that forwards it
    // heeds no router any more.
    let forward = "/proc/sys/net/ipv4/ip_forward";
    match fs::read_to_string(forward) {
        Ok(text) if text.trim() == "1" => Ok(()),
        _ => fs::write(forward, "1").map_err(|error| format!("cannot write {forward}: {error}")),
    }
}

fn has_ipv6() -> bool {
    fs::read_to_string("/proc/sys/net/ipv6/conf/all/disable_ipv6").is_ok_and(|text| text.trim() == "0")
}

fn random<const N: usize>() -> Result<[u8; N], Errno> {
    let mut bytes = [0; N];
    rustix::rand::getrandom(&mut bytes[..], rustix::rand::GetRandomFlags::empty())
        .map_err(|errno| Errno::from_raw(errno.raw_os_error()))?;
    Ok(bytes)
}
