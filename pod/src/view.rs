//! A pod as it is now, as plain data: what is recorded, and what the kernel says of it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::SystemTime;

use nsjoin::{Identity, Kind, Name};
use serde::Serialize;

use crate::directory::{PodDirectory, Workload};
use crate::error::Error;
use crate::plan::Share;
use crate::publish::Publish;
use crate::record::{Missing, timestamp};
use crate::store::Store;

/// A pod.
#[derive(Clone, Debug, Serialize)]
pub struct PodView {
    /// Its name.
    pub name: Name,
    /// Whether it is there.
    pub status: PodStatus,
    /// The hostname inside; none where the host's is shared.
    pub hostname: Option<String>,
    /// When it was made, RFC 3339.
    #[serde(with = "timestamp")]
    pub created: SystemTime,
    /// The namespaces that its workloads share.
    pub share: Vec<Share>,
    /// The process that holds them.
    pub pause: Option<Identity>,
    /// The inode of each of the pause process's namespaces; empty when it has ended.
    pub namespaces: BTreeMap<&'static str, u64>,
    /// Its published ports.
    pub publish: Vec<Publish>,
    /// What the sandbox has to do without.
    pub missing: Vec<Missing>,
    /// Its workloads, by name.
    pub workloads: Vec<WorkloadView>,
    /// Where it is recorded.
    pub directory: PathBuf,
}

/// Whether a pod is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum PodStatus {
    /// Its pause process holds the namespaces.
    Running,
    /// Its pause process has ended, and everything in the pod with it.
    Dead,
}

/// A workload of a pod.
#[derive(Clone, Debug, Serialize)]
pub struct WorkloadView {
    /// Its name.
    pub name: Name,
    /// Whether it runs.
    pub status: WorkloadStatus,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Its main process, as the host counts.
    pub process: Option<Identity>,
    /// When it was launched, RFC 3339.
    #[serde(with = "timestamp")]
    pub started: SystemTime,
    /// When it ended, RFC 3339, if somebody saw it.
    pub ended: Option<String>,
    /// Its exit code, if it ended by itself and somebody saw it.
    pub exit_code: Option<u8>,
    /// The signal that ended it, if somebody saw it.
    pub signal: Option<String>,
    /// Where its output is.
    pub log: PathBuf,
}

/// Whether a workload runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum WorkloadStatus {
    /// It does.
    Running,
    /// It has ended.
    Exited,
}

impl PodView {
    /// Looks at a pod.
    ///
    /// # Errors
    /// When its records cannot be read or understood.
    pub fn of(directory: &PodDirectory) -> Result<Self, Error> {
        let record = directory.record()?;
        let plan = record.plan;
        let pause = directory.pause()?;
        let alive = pause.filter(|pause| matches!(pause.look(), launch::Seen::Alive));
        let workloads = directory.workloads()?.into_iter().map(|workload| WorkloadView::of(workload, directory));
        Ok(Self {
            status: if alive.is_some() { PodStatus::Running } else { PodStatus::Dead },
            hostname: plan.shares(Share::Uts).then(|| plan.hostname().as_str().to_owned()),
            created: record.created,
            share: plan.share().iter().copied().collect(),
            pause,
            namespaces: alive.map(namespaces).unwrap_or_default(),
            publish: plan.publish().to_vec(),
            missing: record.missing,
            workloads: workloads.collect(),
            directory: directory.path().to_owned(),
            name: plan.name().clone(),
        })
    }

    /// Looks at all pods, in the order of their names.
    ///
    /// # Errors
    /// When their records cannot be read or understood.
    pub fn all(store: &Store) -> Result<Vec<Self>, Error> {
        let mut views = Vec::new();
        for name in store.names()? {
            match store.pod(&name).and_then(|directory| Self::of(&directory)) {
                // Deleted since it was listed.
                Err(_) if store.pod(&name).is_err() => {}
                view => views.push(view?),
            }
        }
        Ok(views)
    }
}

impl WorkloadView {
    fn of(workload: Workload, directory: &PodDirectory) -> Self {
        let Workload { record, process, end } = workload;
        let running = end.is_none() && process.is_some_and(|it| matches!(it.look(), launch::Seen::Alive));
        let plan = record.plan;
        let words = std::iter::once(&plan.program).chain(&plan.arguments);
        Self {
            status: if running { WorkloadStatus::Running } else { WorkloadStatus::Exited },
            command: words.map(|word| word.to_string_lossy().into_owned()).collect(),
            process,
            started: record.started,
            ended: end.map(|end| humantime::format_rfc3339_millis(end.ended).to_string()),
            exit_code: end.and_then(|end| end.exit_code),
            signal: end.and_then(|end| end.signal()).map(|signal| signal.to_string()),
            log: directory.log(&plan.name),
            name: plan.name,
        }
    }
}

/// The inodes of a process's namespaces, of those kinds that the kernel has and we may look at.
fn namespaces(process: Identity) -> BTreeMap<&'static str, u64> {
    let inode = |kind: Kind| {
        let file = std::fs::metadata(format!("/proc/{}/ns/{kind}", process.pid)).ok()?;
        Some((kind.name(), std::os::unix::fs::MetadataExt::ino(&file)))
    };
    Kind::all().filter_map(inode).collect()
}
