//! A pod in a network that plugins make.
//!
//! What is needed to undo it is in the pod's directory (`cni.json`) before the first plugin is run, and is removed when
//! all have undone what they did. They are asked for that while the pod's network is there, for some undo more then;
//! where that fails, or there is none any more, without it.

use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use launch::{Identity, Origin, Seen};
use network::cni::{CniError, CniPlaces, CniRecord, INTERFACE, PortMapping, Runtime};
use network::{Attachment, CniName};
use registry::{PodDirectory, Process};

use super::error::ConnectError;
use crate::plan::PodPlan;
use crate::publish::Transport;
use crate::sandbox::is_admin;

/// How long a plugin may take, where nobody says otherwise.
const PATIENCE: Duration = Duration::from_secs(30);
/// What says otherwise.
const VARIABLE: &str = "POD_CNI_TIMEOUT";

/// What plugins are to be asked for.
pub(super) fn prepare(plan: &PodPlan, name: &CniName) -> Result<CniRecord, ConnectError> {
    if !is_admin() {
        return Err(CniError::NotRoot.into());
    }
    patience()?;
    let places = CniPlaces::of_the_environment();
    let list = places.find(name.as_str())?;
    let container = word().map_err(ConnectError::Random)?;
    let (namespace, pod) = plan.key().unwrap_or(("default", plan.name().as_str()));
    let uid = plan.object().unwrap_or(&container).to_owned();
    // Those that plugins made for a cluster look for; none has to.
    let args = [
        ("IgnoreUnknown", "1"),
        ("K8S_POD_NAMESPACE", namespace),
        ("K8S_POD_NAME", pod),
        ("K8S_POD_INFRA_CONTAINER_ID", &container),
        ("K8S_POD_UID", &uid),
    ];
    let ports = plan.publish().iter().map(|publish| PortMapping {
        host_port: publish.host_port,
        container_port: publish.pod_port,
        protocol: match publish.protocol {
            Transport::Tcp => "tcp".to_owned(),
            Transport::Udp => "udp".to_owned(),
        },
        host_ip: Some(publish.address).filter(|address| !address.is_unspecified()),
    });
    let runtime = Runtime { ports: ports.collect(), bandwidth: None };
    Ok(CniRecord::new(list, places, container.clone(), &args, runtime)?)
}

/// Has plugins make the network of the pod that is held by this process.
pub(super) fn join(
    mut record: CniRecord,
    directory: &PodDirectory,
    pause: Identity,
    attachment: &mut Attachment,
) -> Result<(), ConnectError> {
    directory.write_cni(&record)?;
    let given = record.add(&network_of(pause), patience()?)?;
    directory.write_cni(&record)?;
    attachment.interface = Some(INTERFACE.to_owned());
    attachment.mac = given.mac;
    attachment.mtu = given.mtu;
    attachment.addresses = given.addresses;
    attachment.gateways = given.gateways;
    attachment.resolvers = given.resolvers;
    attachment.searches = given.searches;
    Ok(())
}

/// Asks plugins whether the network of the pod in this directory is as they made it; false where they cannot be asked,
/// or there is nothing to ask of.
///
/// # Errors
/// It is not.
pub(crate) fn check(directory: &PodDirectory, here: &Origin) -> Result<bool, ConnectError> {
    let Some(record) = directory.cni::<CniRecord>()? else { return Ok(false) };
    match living(directory, here) {
        Some(network) => Ok(record.check(&network, patience()?)?),
        None => Ok(false),
    }
}

/// Has plugins undo what they made for the pod in this directory, if there is something that they have not undone.
///
/// # Errors
/// They cannot. What they were asked for stays on record.
pub(crate) fn part(directory: &PodDirectory, here: &Origin) -> Result<(), ConnectError> {
    let Some(record) = directory.cni::<CniRecord>()? else { return Ok(()) };
    record.delete(living(directory, here).as_deref(), patience()?)?;
    Ok(directory.forget_cni()?)
}

/// The network of the pod, while there is one.
fn living(directory: &PodDirectory, here: &Origin) -> Option<PathBuf> {
    match directory.look(Process::Pause, here) {
        (Some(pause), Seen::Alive) => Some(network_of(pause)).filter(|network| is_network(network)),
        _ => None,
    }
}

/// A process that is about to be gone has none any more.
fn is_network(path: &Path) -> bool {
    std::fs::metadata(path).is_ok()
}

fn network_of(pause: Identity) -> PathBuf {
    format!("/proc/{}/ns/net", pause.pid).into()
}

/// How long a plugin may take.
fn patience() -> Result<Duration, ConnectError> {
    let Some(written) = env::var_os(VARIABLE) else { return Ok(PATIENCE) };
    let time = written.to_str().and_then(|text| humantime::parse_duration(text).ok()).filter(|time| !time.is_zero());
    time.ok_or_else(|| ConnectError::Patience { written: written.to_string_lossy().into_owned() })
}

/// A word that nobody else has.
fn word() -> io::Result<String> {
    let mut bytes = [0; 16];
    let mut filled = 0;
    while filled < bytes.len() {
        filled += rustix::rand::getrandom(&mut bytes[filled..], rustix::rand::GetRandomFlags::empty())?;
    }
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
