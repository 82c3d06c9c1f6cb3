//! A bridge: made in the network that we stand in with the first pod that is connected to it, removed with the last.
//!
//! What a pod takes of it is a name in a directory (its address), and a pair of links that goes with the pod's network.
//! The pair is made by the sandbox's own process (`sandbox/lower.rs`), so there is no moment in which it is there
//! and would be nobody's.

use std::fs::{self, File};
use std::io::Write;
use std::net::IpAddr;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process::{Command, Stdio};

use caps::{CapSet, Capability};
use launch::Identity;
use network::message::{INSIDE, Messages, Pair};
use network::{
    Attachment, Held, Mac, Netlink, Network, NetworkDirectory, NetworkRecord, Prefixed, Range, hash, nft, own_network,
    unique_local,
};
use nix::errno::Errno;
use nsjoin::Target;
use registry::{Name, PodDirectory};

use super::error::ConnectError;
use super::names;
use super::stay::Emptied;
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
    if !may_make_links() {
        return Err(ConnectError::NotOurs { network });
    }
    let files = NetworkDirectory::of(root, name);
    let mut attachment = Attachment::new(network.clone());
    if files.record()?.is_none() {
        // Whoever finds what is left of us sees to what is left of the network.
        directory.write_network(&attachment)?;
    }
    let outer = Netlink::open().map_err(kernel("ask the kernel about networks for", name))?;
    let held = files.hold()?;
    let bridge = ensure(&held, root, name, &outer)?;
    let number = random::<4>().map_err(kernel("choose a name in", name))?;
    let [a, b, c, d] = number;
    attachment.outside = Some(format!("podv-{a:02x}{b:02x}{c:02x}{d:02x}"));
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
    held.write_names()?;
    let wire = wire(outer, &attachment, bridge.index, u32::from_be_bytes(number));
    let without = |what: &str, reason| Missing { mount: format!("{what} network {network}"), reason };
    let mut missing: Vec<_> =
        bridge.record.no_way_out.iter().map(|reason| without("the way out of", reason.clone())).collect();
    if let Err(error) = names::resolve(&held, &bridge.record, programs) {
        attachment.resolvers.clear();
        directory.write_network(&attachment)?;
        missing.push(without("names in", launch::complain::line(&error)));
    }
    Ok(Taken { attachment, wire, missing })
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

/// Sees to it that the bridge is there.
fn ensure(held: &Held, root: &Path, name: &Name, outer: &Netlink) -> Result<Bridge, ConnectError> {
    let network = || Network::Bridge(name.clone());
    let inside = own_network().map_err(|source| ConnectError::Look { network: network(), source })?;
    let record = match held.directory().record()? {
        Some(record) if record.inside == inside => {
            let link = outer.link(&record.bridge).map_err(kernel("look for the bridge of", name))?;
            // It is brought up when all else is done.
            if let Some(link) = link.filter(|link| link.is_up) {
                return Ok(Bridge { record, index: link.index });
            }
            record
        }
        Some(_) if !held.is_empty()? => return Err(ConnectError::Elsewhere { network: network() }),
        _ => {
            let record = choose(root, held, name, inside, outer)?;
            held.write(&record)?;
            record
        }
    };
    make(held, record, name, outer)
}

/// Chooses what a new network is to be.
fn choose(root: &Path, held: &Held, name: &Name, inside: u64, outer: &Netlink) -> Result<NetworkRecord, ConnectError> {
    let network = Network::Bridge(name.clone());
    let routes = outer.routes().map_err(kernel("ask for routes for", name))?;
    let mut taken: Vec<Prefixed> = routes.iter().map(|route| route.to).collect();
    for other in NetworkDirectory::all(root)? {
        taken.extend(other.record()?.map(|record| record.range.whole()));
    }
    let v6 = match has_ipv6() {
        true => Some(unique_local(random().map_err(kernel("choose a range for", name))?)),
        false => None,
    };
    let range = Range::free(&taken, v6).ok_or(ConnectError::NoRange { network })?;
    let way_out = routes.iter().find(|route| route.to.prefix == 0 && route.by.is_some()).and_then(|route| route.by);
    let links = outer.links().map_err(kernel("ask for links for", name))?;
    let mtu = links.iter().find(|link| Some(link.index) == way_out).map_or(USUAL_MTU, |link| link.mtu);
    // One for each directory of pods and each name, so that what is left of it can be found by them.
    let bridge = format!("{}{:08x}", nft::BRIDGES, hash(&held.directory().path().to_string_lossy()));
    Ok(NetworkRecord { range, bridge, mtu: mtu.max(1280), inside, no_way_out: None })
}

/// Makes the bridge, or what of it was not made by whoever was killed at that.
fn make(held: &Held, mut record: NetworkRecord, name: &Name, outer: &Netlink) -> Result<Bridge, ConnectError> {
    let made = || kernel("make the bridge of", name);
    let own = mac(&record.range.gateway()).unwrap_or(Mac([0; 6]));
    outer.tell(&Messages::new().bridge(&record.bridge, own, record.mtu)).map_err(made())?;
    let link = outer.link(&record.bridge).map_err(made())?.ok_or(Errno::ENODEV).map_err(made())?;
    for address in record.range.gateway() {
        outer
            .tell(&Messages::new().address(link.index, address))
            .map_err(kernel("give an address to the bridge of", name))?;
    }
    let no_way_out = open(&record).err();
    if record.no_way_out != no_way_out {
        record.no_way_out = no_way_out;
        held.write(&record)?;
    }
    outer.tell(&Messages::new().up(link.index)).map_err(made())?;
    Ok(Bridge { record, index: link.index })
}

/// Lets packets out; says why that cannot be.
fn open(record: &NetworkRecord) -> Result<(), String> {
    run_nft(&nft::way_out(&record.bridge, &record.range))?;
    // What is to come through has to be let through; of IPv6 that is the machine's to say, for a machine that forwards it
    // heeds no router any more.
    let forward = "/proc/sys/net/ipv4/ip_forward";
    match fs::read_to_string(forward) {
        Ok(text) if text.trim() == "1" => Ok(()),
        _ => fs::write(forward, "1").map_err(|error| format!("cannot write {forward}: {error}")),
    }
}

fn run_nft(text: &str) -> Result<(), String> {
    let start = |program: &str| {
        Command::new(program)
            .args(["-f", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
    };
    // Who is no administrator need not have it in their PATH.
    let started = start("nft").or_else(|error| start("/usr/sbin/nft").map_err(|_| error));
    let mut child = started.map_err(|error| format!("cannot run nft: {error}"))?;
    let wrote = child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(text.as_bytes()));
    let ended = child.wait_with_output().map_err(|error| format!("cannot run nft: {error}"))?;
    if ended.status.success() && wrote.is_ok() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ended.stderr);
    Err(format!("nft: {}", said.lines().next().unwrap_or("it came to no end")))
}

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
        held.write_names()?;
        if is_empty {
            held.mark_empty(true)?;
        }
        if let (Some(record), Ok(programs)) = (record, Programs::of_pod(None)) {
            // Who comes next tells it, or says why that cannot be done; who goes is gone.
            let _untold = names::resolve(&held, &record, &programs);
        }
        return Ok(());
    }
    remove(held, name)
}

/// Removes a network that has no pods.
pub(super) fn remove(held: Held, name: &Name) -> Result<(), ConnectError> {
    crate::resolver::end(held.directory().path())?;
    if let Some(record) = held.directory().record()? {
        unmake(&record, name)?;
    }
    Ok(held.remove()?)
}

/// Removes the bridge and its tables. In another network there is nothing that we could remove; it goes with that.
pub(super) fn unmake(record: &NetworkRecord, name: &Name) -> Result<(), ConnectError> {
    let inside = own_network();
    if !inside.is_ok_and(|inside| inside == record.inside) {
        return Ok(());
    }
    let outer = Netlink::open().map_err(kernel("ask the kernel about networks for", name))?;
    match outer.tell(&Messages::new().remove(&record.bridge)) {
        Ok(()) | Err(Errno::ENODEV) => {}
        failed => failed.map_err(kernel("remove the bridge of", name))?,
    }
    if record.no_way_out.is_some() {
        return Ok(());
    }
    let network = Network::Bridge(name.clone());
    run_nft(&nft::removed(&record.bridge)).map_err(|why| ConnectError::Tables { network, why })
}

/// Whether we may make links in the network that we are in, and networks for their other ends.
pub(super) fn may_make_links() -> bool {
    let has = |capability| caps::has_cap(None, CapSet::Effective, capability).unwrap_or(false);
    has(Capability::CAP_NET_ADMIN) && has(Capability::CAP_SYS_ADMIN)
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
