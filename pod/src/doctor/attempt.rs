//! What the kernel lets us do, found by doing it: in a process of its own that ends then, with all the namespaces and
//! mounts that it has made.

use std::env;
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::path::Path;

use launch::open::ranges::namespace_of;
use launch::ranges::Range;
use network::message::{Messages, Pair};
use network::{Mac, Netlink};
use nix::mount::{MsFlags, mount, umount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getegid, geteuid};
use rustix::mount::OpenTreeFlags;
use serde::{Deserialize, Serialize};

use crate::sandbox::is_admin;

/// What came of it; why not, where it could not be done.
#[derive(Debug, Deserialize, Serialize)]
pub struct Tried {
    /// Namespaces of all the kinds that a pod has.
    pub(super) namespaces: Result<(), String>,
    /// A bridge in such a network, and a pair of links with one end at it.
    pub(super) bridge: Result<(), String>,
    /// An overlay of a directory of this file system that is written to.
    pub(super) overlay: Result<(), String>,
    /// A user namespace of many ids; only for who needs none for a pod.
    pub(super) ids: Option<Result<(), String>>,
    /// A mount of that directory with such ids.
    pub(super) mapped: Option<Result<(), String>>,
}

/// Tries it all in this directory, which is ours and empty. What has been made in it is removed.
#[must_use]
pub fn attempt(directory: &Path) -> Tried {
    // Before there is a pid namespace: whoever is made after that has other numbers to us.
    let (ids, mapped) = if is_admin() { map(directory) } else { (None, None) };
    let namespaces = enter().map_err(told("make"));
    let bridge = match &namespaces {
        Ok(()) => bridge().map_err(told("make one")),
        Err(why) => Err(why.clone()),
    };
    let overlay = match &namespaces {
        Ok(()) => overlay(directory).map_err(told("mount")),
        Err(why) => Err(why.clone()),
    };
    Tried { namespaces, bridge, overlay, ids, mapped }
}

fn told(operation: &'static str) -> impl Fn(io::Error) -> String {
    move |error| format!("cannot {operation}: {error}")
}

type Answer = Option<Result<(), String>>;

/// Any ids will do: nothing is given to them.
const IDS: Range = Range { first: 1 << 20, count: 1 << 16 };

fn map(directory: &Path) -> (Answer, Answer) {
    let users = match namespace_of(IDS) {
        Ok(users) => users,
        Err(error) => {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            let why = format!("{error}{cause}");
            return (Some(Err(why.clone())), Some(Err(why)));
        }
    };
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    let mount = rustix::mount::open_tree(rustix::fs::CWD, directory, flags).map_err(io::Error::from);
    let mapped = mount.and_then(|mount| Ok(launch::map_ids(mount.as_fd(), users.as_fd())?));
    (Some(Ok(())), Some(mapped.map_err(told("mount"))))
}

/// Enters new namespaces, of which we are the root.
fn enter() -> io::Result<()> {
    let (uid, gid, admin) = (geteuid(), getegid(), is_admin());
    let own = if admin { CloneFlags::empty() } else { CloneFlags::CLONE_NEWUSER };
    let kinds = [
        CloneFlags::CLONE_NEWNS,
        CloneFlags::CLONE_NEWNET,
        CloneFlags::CLONE_NEWIPC,
        CloneFlags::CLONE_NEWUTS,
        CloneFlags::CLONE_NEWPID,
    ];
    unshare(kinds.into_iter().fold(own, CloneFlags::union))?;
    if !admin {
        fs::write("/proc/self/setgroups", "deny")?;
        fs::write("/proc/self/uid_map", format!("0 {uid} 1\n"))?;
        fs::write("/proc/self/gid_map", format!("0 {gid} 1\n"))?;
    }
    let nothing: Option<&str> = None;
    Ok(mount(nothing, "/", nothing, MsFlags::MS_REC | MsFlags::MS_PRIVATE, nothing)?)
}

/// Makes what a network of pods is made of, in the network that we have just made, and connects another to it.
fn bridge() -> io::Result<()> {
    const BRIDGE: &str = "tried";
    let network = Netlink::open()?;
    network.tell(&Messages::new().bridge(BRIDGE, Mac([2, 0, 0, 0, 0, 1]), 1500))?;
    let bridge = network.link(BRIDGE)?.ok_or(io::ErrorKind::NotFound)?.index;
    let (inside, mac) = ("inside", Mac([2, 0, 0, 0, 0, 2]));
    let pair = Pair { outside: "outside", index: 1 << 20, bridge, inside, mac, mtu: 1500 };
    let (mut bytes, at) = Messages::new().pair(&pair).into_bytes();
    unshare(CloneFlags::CLONE_NEWNET)?;
    let here = File::open("/proc/self/ns/net")?;
    if let Some(place) = at.and_then(|at| bytes.get_mut(at..at + 4)) {
        place.copy_from_slice(&here.as_raw_fd().to_ne_bytes());
    }
    Ok(network.tell_bytes(&bytes)?)
}

/// Mounts an overlay of what is in this directory, and writes to it.
fn overlay(directory: &Path) -> io::Result<()> {
    // The kernel takes a list of paths, in which those of people might mean something else.
    env::set_current_dir(directory)?;
    for name in ["lower", "upper", "work", "merged"] {
        fs::create_dir(name)?;
    }
    fs::write("lower/file", "below")?;
    let marks = if is_admin() && geteuid().is_root() && of_the_machine() { "" } else { ",userxattr" };
    let options = format!("lowerdir=lower,upperdir=upper,workdir=work{marks}");
    mount(Some("overlay"), "merged", Some("overlay"), MsFlags::empty(), Some(options.as_str()))?;
    let written = fs::write("merged/file", "above").and_then(|()| fs::read_to_string("upper/file"));
    let removed = fs::remove_file("merged/file");
    umount("merged")?;
    match written?.as_str() {
        "above" => removed,
        other => Err(io::Error::other(format!("what is written to it becomes {other:?}"))),
    }
}

/// Whether we are in the machine's own user namespace, who alone may set `trusted` attributes.
fn of_the_machine() -> bool {
    fs::read_to_string("/proc/self/uid_map").is_ok_and(|map| map.split_whitespace().eq(["0", "0", "4294967295"]))
}
