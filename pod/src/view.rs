//! A pod as it is now, as plain data.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::SystemTime;

use launch::Identity;
use network::Network;
use registry::Name;
use serde::Serialize;

use crate::plan::Share;
use crate::publish::Publish;
use crate::record::{Missing, Reason, timestamp};

/// A pod.
#[derive(Clone, Debug, Serialize)]
pub struct PodView {
    /// Its name.
    pub name: Name,
    /// Whether it is there.
    pub status: PodStatus,
    /// Why that is not just what it is: what is damaged, or why it cannot be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The hostname inside; none where the host's is shared.
    pub hostname: Option<String>,
    /// When it was made, RFC 3339.
    #[serde(with = "timestamp")]
    pub created: SystemTime,
    /// The namespaces that its workloads share.
    pub share: Vec<Share>,
    /// The process that holds them.
    pub pause: Option<Identity>,
    /// The inode of each of the pause process's namespaces; empty when it has ended, or nobody asked.
    pub namespaces: BTreeMap<&'static str, u64>,
    /// The network that it is in.
    pub network: Network,
    /// Its addresses there.
    pub addresses: Vec<IpAddr>,
    /// Its published ports.
    pub publish: Vec<Publish>,
    /// Whether these are carried: not while whoever does has ended, until the next command that
    /// changes the pod.
    pub carried: bool,
    /// What the sandbox has to do without.
    pub missing: Vec<Missing>,
    /// Its workloads, by name.
    pub workloads: Vec<WorkloadView>,
    /// Where it is recorded.
    pub directory: PathBuf,
    /// The uid of the object that it is the sandbox of; none of a pod by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
}

/// Whether a pod is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum PodStatus {
    /// Its pause process holds the namespaces.
    Running,
    /// Its pause process has ended, and everything in the pod with it.
    Dead,
    /// It cannot be told.
    Unknown,
    /// What is recorded of it cannot be read.
    Damaged,
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
    /// Its exit code, if it ended by itself and somebody saw it; 137 where the kernel killed it
    /// because its memory had run out.
    pub exit_code: Option<u8>,
    /// The signal that ended it, if somebody saw it.
    pub signal: Option<String>,
    /// Why it ended, beyond how: `OOMKilled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_reason: Option<Reason>,
    /// What it has to do without.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Missing>,
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
    /// It cannot be told.
    Unknown,
}
