//! The way out of a network that is held: its packets are forwarded, bear one address, and pasta carries them.
//!
//! Nobody supervises it. Where pasta was killed, the next command that makes a pod of the network, or deletes one that is
//! not its last, starts it again.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use launch::Identity;
use launch::complain::line;
use launch::op::Op;
use network::pasta::{self, Inside};
use network::{NetworkDirectory, NetworkRecord, nft};
use nsjoin::{Kind, Target};
use registry::file;

use super::error::ConnectError;
use super::tables;
use crate::recorded;

/// What lets packets through; of the second, what was there is what IPv6 is left with.
const FORWARDING: [&std::ffi::CStr; 2] = [c"sys/net/ipv4/ip_forward", c"sys/net/ipv6/conf/all/forwarding"];

/// Sees to it that the network that this process holds has a way out; says why it has none.
pub(super) fn open(files: &NetworkDirectory, holder: Identity, record: &NetworkRecord) -> Result<(), String> {
    match recorded::living(&files.pasta()) {
        Ok(Some(_)) => return Ok(()),
        Ok(None) => {}
        Err(error) => return Err(format!("cannot look for pasta: {error}")),
    }
    let program = pasta::find().map_err(|error| line(&error))?;
    forward(holder)?;
    if let Err(why) = tables::load_inside(holder, &nft::way_out(&record.bridge, &record.range))
        && !pasta::tells_neighbours_apart(&program)
    {
        return Err(format!("{why}, and this pasta answers one address alone"));
    }
    start(&program, files, holder).map_err(|error| match error {
        ConnectError::Pasta(error) => line(&error),
        error => line(&error),
    })
}

fn forward(holder: Identity) -> Result<(), String> {
    let told = |why: &dyn std::fmt::Display| format!("cannot have its packets forwarded: {why}");
    let write = |file: &std::ffi::CStr| Op::Write { file: file.to_owned(), text: b"1".to_vec() };
    let kinds = [Kind::User, Kind::Net];
    let missed = nsjoin::errand(&Target::Process(holder), kinds, FORWARDING.map(write));
    let missed = missed.map_err(|error| told(&line(&error)))?;
    let is_first = |op: &Op| matches!(op, Op::Write { file, .. } if file.as_c_str() == FORWARDING[0]);
    missed.iter().find(|missed| is_first(&missed.op)).map_or(Ok(()), |missed| Err(told(&missed.errno.desc())))
}

fn start(program: &std::path::Path, files: &NetworkDirectory, holder: Identity) -> Result<(), ConnectError> {
    let namespace = |kind: &str| PathBuf::from(format!("/proc/{}/ns/{kind}", holder.pid));
    let network = namespace("net");
    let network: OwnedFd = File::open(&network).map_err(file("open", &network))?.into();
    let path = files.pasta();
    let record = File::options().write(true).create(true).truncate(true).mode(0o600).open(&path);
    let record = record.map_err(file("create", &path))?;
    // It stays when we end.
    let _carries = pasta::start(program, Inside { network, users: Some(&namespace("user")) }, record.into())?;
    Ok(())
}
