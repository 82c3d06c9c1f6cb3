//! Looking at pods: what is recorded, and what the kernel says of it. Changes nothing.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::UNIX_EPOCH;

use launch::{Identity, Kind, Origin, Seen};
use network::{Attachment, Network};
use registry::{Name, PodDirectory, Process, Registry, RegistryError};

use crate::error::Error;
use crate::plan::Share;
use crate::record::{EndRecord, PodRecord, WorkloadRecord, log_name};
use crate::view::{PodStatus, PodView, WorkloadStatus, WorkloadView};

/// How closely to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// For a row of a table.
    Row,
    /// For all there is to know: also at the namespaces, which takes as long as all else.
    Whole,
}

/// Looks at a pod.
///
/// # Errors
/// When there is no such pod, or its records cannot be read or understood.
pub fn pod(registry: &Registry, name: &Name) -> Result<PodView, Error> {
    let found = registry.pod(name)?;
    let here = Origin::here().map_err(RegistryError::Blind)?;
    let view = look(found.directory(), &here, Depth::Whole);
    // One that is deleted while we look is neither damaged nor dead, and is not another of its name.
    if found.is_there()? { view } else { Err(found.ended().into()) }
}

/// Looks at all pods, in the order of their names. One whose records cannot be read is shown as that.
///
/// # Errors
/// When the registry cannot be read or trusted, or nothing can be told of any process.
pub fn pods(registry: &Registry, depth: Depth) -> Result<Vec<PodView>, Error> {
    let names = registry.names()?;
    let here = Origin::here().map_err(RegistryError::Blind)?;
    let mut views = Vec::new();
    for name in names {
        let found = match registry.found(&name) {
            Ok(found) => found,
            // Deleted since it was listed, or no pod.
            Err(RegistryError::NoSuchPod { .. }) => continue,
            Err(error) => return Err(error.into()),
        };
        let view = look(found.directory(), &here, depth);
        if found.is_there()? {
            views.push(view.unwrap_or_else(|error| damaged(name, found.directory(), &error)));
        }
    }
    Ok(views)
}

/// What there is to say of a pod of which nothing can be read.
fn damaged(name: Name, directory: &PodDirectory, error: &Error) -> PodView {
    let status = match error {
        Error::Registry(RegistryError::OtherVersion { .. }) => PodStatus::Unknown,
        _ => PodStatus::Damaged,
    };
    let created = fs::symlink_metadata(directory.path()).and_then(|found| found.modified()).unwrap_or(UNIX_EPOCH);
    PodView {
        name,
        status,
        reason: Some(launch::complain::line(error)),
        hostname: None,
        created,
        share: Vec::new(),
        pause: None,
        namespaces: BTreeMap::new(),
        network: Network::None,
        addresses: Vec::new(),
        publish: Vec::new(),
        carried: false,
        missing: Vec::new(),
        workloads: Vec::new(),
        directory: directory.path().to_owned(),
        object: None,
    }
}

fn look(directory: &PodDirectory, here: &Origin, depth: Depth) -> Result<PodView, Error> {
    let PodRecord { plan, created, missing, .. } = directory.pod()?;
    let (pause, seen) = directory.look(Process::Pause, here);
    let (status, reason) = match seen {
        Seen::Alive => (PodStatus::Running, None),
        Seen::Ended => (PodStatus::Dead, None),
        Seen::Unknown(unseen) => (PodStatus::Unknown, Some(launch::complain::line(&unseen))),
    };
    let attachment = match plan.network() {
        network @ (Network::None | Network::Host) => Attachment::new(network.clone()),
        network => directory.network()?.unwrap_or_else(|| Attachment::new(network.clone())),
    };
    let carried = !plan.publish().is_empty()
        && status == PodStatus::Running
        && matches!(directory.look(Process::Forwarder, here).1, Seen::Alive);
    let names = directory.workload_names()?;
    let workloads: Result<Vec<_>, Error> = names.iter().map(|name| workload(directory, here, name)).collect();
    let shows_namespaces = depth == Depth::Whole && status == PodStatus::Running;
    Ok(PodView {
        namespaces: pause.filter(|_| shows_namespaces).map(namespaces).unwrap_or_default(),
        status,
        reason,
        hostname: plan.shares(Share::Uts).then(|| plan.hostname().as_str().to_owned()),
        created,
        share: plan.share().iter().copied().collect(),
        pause,
        addresses: attachment.ips(),
        network: attachment.network,
        publish: plan.publish().to_vec(),
        carried,
        missing,
        workloads: workloads?.into_iter().flatten().collect(),
        directory: directory.path().to_owned(),
        object: plan.object().map(str::to_owned),
        name: plan.name().clone(),
    })
}

/// Looks at a workload; `None` when there is none of that name.
pub(crate) fn workload(directory: &PodDirectory, here: &Origin, name: &Name) -> Result<Option<WorkloadView>, Error> {
    let Some(WorkloadRecord { plan, started, number, missing }) = directory.spec(name)? else { return Ok(None) };
    let end: Option<EndRecord> = directory.end(name)?;
    let (process, seen) = directory.look(Process::Workload(name), here);
    let status = match (end, seen) {
        (Some(_), _) | (None, Seen::Ended) => WorkloadStatus::Exited,
        (None, Seen::Alive) => WorkloadStatus::Running,
        (None, Seen::Unknown(_)) => WorkloadStatus::Unknown,
    };
    let words = std::iter::once(&plan.program).chain(&plan.arguments);
    Ok(Some(WorkloadView {
        status,
        command: words.map(|word| word.to_string_lossy().into_owned()).collect(),
        process,
        started,
        ended: end.map(|end| humantime::format_rfc3339_millis(end.ended).to_string()),
        exit_code: end.and_then(|end| end.told_code()),
        signal: end.and_then(|end| end.signal()).map(|signal| signal.to_string()),
        end_reason: end.and_then(|end| end.reason),
        missing,
        log: directory.logs(name).join(log_name(number)),
        name: plan.name,
    }))
}

/// The inodes of a process's namespaces, of those kinds that the kernel has and we may look at.
fn namespaces(process: Identity) -> BTreeMap<&'static str, u64> {
    let inode = |kind: Kind| {
        let file = fs::metadata(format!("/proc/{}/ns/{kind}", process.pid)).ok()?;
        Some((kind.name(), file.ino()))
    };
    Kind::all().filter_map(inode).collect()
}
