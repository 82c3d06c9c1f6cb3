//! What the containers of a pod share.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// What the containers of a pod share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SandboxPlan {
    /// Whose network they are in.
    pub network: Network,
    /// Whether IPC is the machine's.
    pub host_ipc: bool,
    /// Who counts their processes.
    pub pids: PidSharing,
    /// Whose ids their processes have.
    pub users: Users,
    /// Whether a container of it is privileged.
    pub privileged: bool,
    /// Its names.
    pub names: Names,
    /// What /etc/resolv.conf has.
    pub dns: Dns,
    /// What it has beside the resolvers of the pod's network, where those are wanted and there are some.
    #[serde(default)]
    pub cluster_dns: Option<Dns>,
    /// Further lines of /etc/hosts: an address and its names.
    pub host_aliases: Vec<(String, Vec<String>)>,
    /// What is set of the kernel in its namespaces.
    pub sysctls: BTreeMap<String, String>,
}

/// Whose network a pod is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Network {
    /// One of its own.
    Pods,
    /// The machine's.
    Hosts,
}

/// Who counts the processes of a pod's containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PidSharing {
    /// Each container by itself.
    Containers,
    /// The pod, whose pause is 1.
    Pods,
    /// The machine.
    Hosts,
}

/// Whose ids the processes of a pod have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Users {
    /// The machine's.
    Hosts,
    /// 65536 of its own.
    Pods,
}

/// What a pod is called, from inside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    /// What the kernel says.
    pub hostname: String,
    /// The first name in /etc/hosts, where it is a longer one.
    pub full: Option<String>,
    /// The short one.
    pub short: String,
}

/// What /etc/resolv.conf has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dns {
    /// The servers that are asked.
    pub nameservers: Vec<String>,
    /// What is tried behind short names.
    pub searches: Vec<String>,
    /// Options, with their values.
    pub options: Vec<(String, Option<String>)>,
}

/// A port of a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortPlan {
    /// Its name.
    pub name: Option<String>,
    /// Its number, in the pod's network.
    pub container: u16,
    /// Its number on the machine, where it is published.
    pub host: Option<u16>,
    /// The machine's address that it is published on: all where none is said.
    pub address: Option<IpAddr>,
    /// What is spoken on it.
    pub protocol: Protocol,
}

/// What is spoken on a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::upper_case_acronyms, reason = "as Kubernetes spells them")]
pub enum Protocol {
    /// Streams.
    TCP,
    /// Packets.
    UDP,
    /// Streams of packets.
    SCTP,
}
