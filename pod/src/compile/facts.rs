//! What is known of a pod's surroundings: gathered by who compiles, never looked for in here.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

use manifest::kind::{ConfigMap, Secret};

/// What has been gathered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// The machine.
    pub node: NodeFacts,
    /// The config maps of the pod's namespace that it names, as far as there are.
    pub config_maps: BTreeMap<String, ConfigMap>,
    /// The secrets of the pod's namespace that it names, as far as there are.
    pub secrets: BTreeMap<String, Secret>,
    /// The images that are here, by the name that the pod has for them.
    pub images: BTreeMap<String, ImageFacts>,
    /// The pod's addresses, once it has any: the first is the one that is shown.
    pub addresses: Vec<IpAddr>,
    /// Files of environment variables in emptyDir volumes, by volume and path.
    pub files: BTreeMap<(String, String), Vec<u8>>,
}

/// The machine, as a cluster would know a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeFacts {
    /// Its name.
    pub name: String,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// Thousandths of processors.
    pub cpu: u64,
    /// Bytes of memory.
    pub memory: u64,
    /// Bytes of disk that pods may use.
    pub ephemeral_storage: u64,
    /// Its /etc/resolv.conf.
    pub resolv_conf: String,
    /// Its /etc/hosts, for pods in its network.
    pub hosts: String,
    /// The directory that seccomp profiles are in.
    pub seccomp: PathBuf,
}

/// What an image says of how its program is to run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageFacts {
    /// Its id.
    pub id: String,
    /// The name that it is known by.
    pub name: String,
    /// Words before those of the command.
    pub entrypoint: Vec<String>,
    /// The usual words after them.
    pub command: Vec<String>,
    /// Variables, in order.
    pub environment: Vec<(String, String)>,
    /// Where its program stands.
    pub directory: Option<String>,
    /// Who runs it, as it was written: `nginx`, `101:101`.
    pub user: Option<String>,
    /// The signal that asks it to end, as it was written.
    pub stop_signal: Option<String>,
}
