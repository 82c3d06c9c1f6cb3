//! A pod with a way out by pasta.

use std::fs::File;
use std::net::IpAddr;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use launch::{Child, Identity};
use network::pasta::{self, INTERFACE, Inside};
use network::{Attachment, Netlink};
use nsjoin::Target;
use registry::{PodDirectory, Process, file};

use super::error::ConnectError;
use super::names::by_pasta;
use crate::sandbox::is_admin;

/// Whether a way out can be had at all, as far as that is told beforehand.
pub(super) fn prepare() -> Result<(), ConnectError> {
    pasta::find()?;
    Ok(())
}

/// Gives the pod that is held by this process a way out.
///
/// # Errors
/// There is none, and no process is left.
pub(crate) fn open(directory: &PodDirectory, pause: Identity) -> Result<Child, ConnectError> {
    let program = pasta::find()?;
    let namespace = |kind: &str| PathBuf::from(format!("/proc/{}/ns/{kind}", pause.pid));
    let network = namespace("net");
    let network: OwnedFd = File::open(&network).map_err(file("open", &network))?.into();
    let users = (!is_admin()).then(|| namespace("user"));
    let path = directory.process(Process::Pasta);
    let record = File::options().write(true).create(true).truncate(true).mode(0o600).open(&path);
    let record = record.map_err(file("create", &path))?;
    Ok(pasta::start(&program, Inside { network, users: users.as_deref() }, record.into())?)
}

/// Gives the pod that is held by this process a way out, and looks at what that gives.
pub(super) fn join(
    directory: &PodDirectory,
    pause: Identity,
    attachment: &mut Attachment,
    resolvers: &[IpAddr],
) -> Result<(), ConnectError> {
    let child = open(directory, pause)?;
    let looked = nsjoin::netlink(&Target::Process(pause))
        .map_err(|error| ConnectError::Enter(Box::new(error)))
        .and_then(|socket| network::look(&Netlink::from(socket), INTERFACE, attachment).map_err(ConnectError::Inside));
    let looked = looked.map(|_| {
        attachment.resolvers = by_pasta(resolvers);
    });
    if looked.is_err() {
        let _gone = child.kill().and_then(|()| child.wait());
    }
    looked
}
