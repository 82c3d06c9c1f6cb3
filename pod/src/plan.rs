//! What is wanted, as plain data; nothing here touches the kernel or a file.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use container::ContainerPlan;
use container::limits::Limits;
use launch::Kind;
use network::Network;
use registry::Name;
use serde::{Deserialize, Serialize};

use crate::publish::Publish;

/// A namespace that a pod's workloads share, or do not.
///
/// Without one, the workloads are in the host's network, IPC or UTS namespace; without `Pid` each
/// is PID 1 of a pid namespace of its own. That is what Kubernetes' `hostNetwork`, `hostIPC` and
/// `shareProcessNamespace: false` mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Share {
    /// Network devices, addresses, ports.
    Net,
    /// System V IPC, POSIX message queues, and /dev/shm.
    Ipc,
    /// The hostname.
    Uts,
    /// Process ids.
    Pid,
}

impl Share {
    /// What they are called, in the order of [`Share::ALL`].
    pub const NAMES: [&str; 4] = ["net", "ipc", "uts", "pid"];
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Net, Self::Ipc, Self::Uts, Self::Pid];

    /// The namespace's kind.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Self::Net => Kind::Net,
            Self::Ipc => Kind::Ipc,
            Self::Uts => Kind::Uts,
            Self::Pid => Kind::Pid,
        }
    }

    /// All of them: what a pod shares unless told otherwise.
    #[must_use]
    pub fn all() -> BTreeSet<Self> {
        Self::ALL.into()
    }
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::NAMES.iter().position(|name| *name == text);
        found.map(|index| Self::ALL[index]).ok_or_else(|| format!("{text:?} is none of {}", Self::NAMES.join(", ")))
    }
}

/// A hostname: DNS labels, with dots between, 64 bytes at most.
///
/// # References
/// sethostname(2); RFC 1123, section 2.1
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hostname(String);

impl Hostname {
    /// The name's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Hostname {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.len() <= 64 && text.split('.').all(|label| label.parse::<Name>().is_ok()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("{text:?} is no hostname (DNS labels with dots between, 64 bytes at most)"))
        }
    }
}

impl From<&Name> for Hostname {
    fn from(name: &Name) -> Self {
        Self(name.as_str().to_owned())
    }
}

/// A pod to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodPlan {
    name: Name,
    hostname: Hostname,
    share: BTreeSet<Share>,
    publish: Vec<Publish>,
    /// The network that it is in; where net is not shared, the host's.
    #[serde(default)]
    network: Network,
    #[serde(default)]
    wish: Wish,
    /// The name that is its own wherever it is asked from, where it has one.
    #[serde(default)]
    full: Option<String>,
    /// The uid of the object that it is the sandbox of.
    #[serde(default)]
    object: Option<String>,
    /// The namespace and the name of that.
    #[serde(default)]
    key: Option<(String, String)>,
    /// Whose processes those see that do not share the pod's.
    #[serde(default)]
    unshared: Unshared,
    #[serde(default)]
    users: Users,
    /// What its workloads may have of the machine together.
    #[serde(default)]
    limits: Limits,
}

/// What it means that a pod cannot be in its network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Wish {
    /// Somebody has asked for it: that there is no such pod.
    #[default]
    Asked,
    /// It is the usual one: that the pod is in none, which is told.
    Usual,
}

/// Whose ids the processes of a pod have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Users {
    /// Ours: the machine's, or for anybody but root those of a user namespace, without which they have no pods.
    #[default]
    Ours,
    /// Some that nobody else has, in a user namespace.
    SetApart,
}

/// Whose processes the workloads of a pod see that does not share them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Unshared {
    /// Each its own.
    #[default]
    Own,
    /// The machine's, among which they are.
    Hosts,
}

/// The parts of a pod contradict each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    /// A hostname was asked for, without a namespace to keep it in.
    #[error("a pod that does not share uts has the host's name, and no hostname of its own")]
    Hostname,
    /// A port was to be published, of a network that is the host's anyway.
    #[error("a pod that does not share net is in the host's network, where nothing has to be published")]
    Publish,
    /// A network was asked for that there is no namespace for, or a namespace for the host's network.
    #[error(
        "a pod is in the host's network where it does not share net, and only there: {network} and --share say otherwise"
    )]
    Network {
        /// The network that was asked for.
        network: Network,
    },
}

impl PodPlan {
    /// A pod of this name. Without a hostname it is called as the pod is.
    ///
    /// # Errors
    /// When a part needs a namespace that is not shared.
    pub fn new(
        name: Name,
        hostname: Option<Hostname>,
        share: BTreeSet<Share>,
        publish: Vec<Publish>,
    ) -> Result<Self, Contradiction> {
        if hostname.is_some() && !share.contains(&Share::Uts) {
            return Err(Contradiction::Hostname);
        }
        if !publish.is_empty() && !share.contains(&Share::Net) {
            return Err(Contradiction::Publish);
        }
        let hostname = hostname.unwrap_or_else(|| Hostname::from(&name));
        let network = if share.contains(&Share::Net) { Network::None } else { Network::Host };
        Ok(Self {
            name,
            hostname,
            share,
            publish,
            network,
            wish: Wish::Asked,
            full: None,
            object: None,
            key: None,
            unshared: Unshared::Own,
            users: Users::Ours,
            limits: Limits::default(),
        })
    }

    /// The pod's name.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// The hostname inside, where uts is shared.
    #[must_use]
    pub fn hostname(&self) -> &Hostname {
        &self.hostname
    }

    /// Whether the workloads share this namespace.
    #[must_use]
    pub fn shares(&self, share: Share) -> bool {
        self.share.contains(&share)
    }

    /// The shared namespaces.
    #[must_use]
    pub fn share(&self) -> &BTreeSet<Share> {
        &self.share
    }

    /// The published ports.
    #[must_use]
    pub fn publish(&self) -> &[Publish] {
        &self.publish
    }

    /// The network that it is in.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// What it is called by others in its network: a pod by hand by its name; that of an object by the object's, in
    /// `default` alone or with its namespace, and by its full name where it has one.
    #[must_use]
    pub(crate) fn names(&self) -> Vec<String> {
        let Some((namespace, name)) = self.key() else { return vec![self.name.to_string()] };
        let mut names = Vec::new();
        names.extend((namespace == "default").then(|| name.to_owned()));
        names.push(format!("{name}.{namespace}"));
        if let Some(full) = &self.full {
            // HOST.SUBDOMAIN.NAMESPACE.svc.DOMAIN, and each beginning of it that still says which.
            let labels: Vec<&str> = full.split('.').collect();
            let beginnings = [2, 3, labels.len()].into_iter().filter(|length| *length <= labels.len());
            let beginnings = beginnings.filter(|length| *length > 2 || namespace == "default");
            names.extend(beginnings.map(|length| labels[..length].join(".")));
        }
        names
    }

    /// The same pod, with this name that is its own wherever it is asked from.
    #[must_use]
    pub(crate) fn called(self, full: Option<String>) -> Self {
        Self { full, ..self }
    }

    /// The same pod, in this network.
    ///
    /// # Errors
    /// The host's network is wanted in a namespace of its own, or another without one.
    pub fn connected(self, network: Network) -> Result<Self, Contradiction> {
        if network.is_own() != self.shares(Share::Net) {
            return Err(Contradiction::Network { network });
        }
        Ok(Self { network, ..self })
    }

    /// The same pod, which means this by its network.
    #[must_use]
    pub(crate) fn wishing(self, wish: Wish) -> Self {
        Self { wish, ..self }
    }

    /// What it means that it cannot be in its network.
    #[must_use]
    pub(crate) fn wish(&self) -> Wish {
        self.wish
    }

    /// The uid of the object that it is the sandbox of; none of a pod by hand.
    #[must_use]
    pub fn object(&self) -> Option<&str> {
        self.object.as_deref()
    }

    /// The namespace and the name of that object.
    #[must_use]
    pub(crate) fn key(&self) -> Option<(&str, &str)> {
        self.key.as_ref().map(|(namespace, name)| (namespace.as_str(), name.as_str()))
    }

    /// The same pod, as the sandbox of the object of this uid, namespace and name.
    #[must_use]
    pub(crate) fn of_object(self, uid: String, namespace: String, name: String) -> Self {
        Self { object: Some(uid), key: Some((namespace, name)), ..self }
    }

    /// The same pod, whose workloads see these processes where they share none.
    #[must_use]
    pub(crate) fn seeing(self, unshared: Unshared) -> Self {
        Self { unshared, ..self }
    }

    /// The same pod, with these ids.
    #[must_use]
    pub(crate) fn having(self, users: Users) -> Self {
        Self { users, ..self }
    }

    /// The same pod, whose workloads may have no more together.
    #[must_use]
    pub(crate) fn within(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// What its workloads may have together.
    #[must_use]
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whose ids its processes have.
    #[must_use]
    pub(crate) fn users(&self) -> Users {
        self.users
    }

    /// Whether its workloads are among the machine's processes.
    #[must_use]
    pub(crate) fn has_hosts_pids(&self) -> bool {
        self.unshared == Unshared::Hosts && !self.shares(Share::Pid)
    }

    /// The same pod, with these as its published ports: those that the kernel has given.
    #[must_use]
    pub(crate) fn published_at(self, publish: Vec<Publish>) -> Self {
        Self { publish, ..self }
    }
}

/// A workload to be launched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkloadPlan {
    /// Its name, unique among those that run in the pod.
    pub name: Name,
    /// The program, looked up in the PATH of the environment.
    pub program: OsString,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Its whole environment.
    pub environment: Vec<(OsString, OsString)>,
    /// Where it starts.
    pub directory: OsString,
    /// What it inherits from whoever asks for it, and not from the supervisor, which somebody else
    /// may have needed first.
    #[serde(default)]
    pub conditions: Conditions,
    /// The root directory of its own that it has, and all else that is a container's; one that has none is a
    /// program of the host.
    #[serde(default)]
    pub container: Option<ContainerPlan>,
    /// The program that runs the container, where we do not do that ourselves.
    #[serde(default)]
    pub runtime: Option<PathBuf>,
    /// How much of the machine a program of the host may have; what a container may have is its own.
    #[serde(default)]
    pub limits: Limits,
    /// What it reads what is typed from.
    #[serde(default)]
    pub console: Console,
    /// Who types there.
    #[serde(default)]
    pub typing: Typing,
    /// The container whose processes it sees as its own, where it is not all of the pod's.
    #[serde(default)]
    pub target: Option<Name>,
    /// What of the container's mounts is a part of a volume.
    #[serde(default)]
    pub parts: Vec<Part>,
    /// Whether its share of processor time is a wish: where no control group is ours, it is done without.
    #[serde(default)]
    pub wishes_shares: bool,
}

/// What a workload reads what is typed from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Console {
    /// Nothing is: its stdin is /dev/null.
    #[default]
    None,
    /// A pipe.
    Pipe,
    /// A terminal of its own, of this size in the beginning.
    Terminal(Size),
}

/// Who types at a workload that has something to read that from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Typing {
    /// Whoever is attached; with the first who types there it ends when they have gone.
    #[default]
    Once,
    /// Whoever is attached; it has no end.
    Always,
    /// Nobody.
    Never,
}

/// How large a terminal is, in characters; nothing where that is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// How high.
    pub rows: u16,
    /// How wide.
    pub columns: u16,
}

/// A part of a volume in a container: opened when it is mounted, and never by a path that leads out of the volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Where it is mounted.
    pub at: PathBuf,
    /// The volume, as the pod sees it.
    pub volume: PathBuf,
    /// Its path in the volume.
    pub path: String,
}

impl WorkloadPlan {
    /// How much of the machine it may have.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        self.container.as_ref().map_or(&self.limits, |container| &container.parts().limits)
    }
}

/// What a process inherits and can see nowhere written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conditions {
    /// The mode bits that files are made without.
    pub umask: Option<u32>,
    /// How far it steps back for others.
    pub nice: Option<i32>,
    /// Resource limits, as `NAME=SOFT:HARD`.
    pub limits: Vec<String>,
}

/// A workload's name, from that of its program: the file's name, as far as it is a DNS label; `None`
/// when nothing of it is.
#[must_use]
pub fn name_after(program: &OsStr) -> Option<Name> {
    let file = Path::new(program).file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let label: String = file.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
    let label = label.trim_matches('-');
    label.get(..label.len().min(63)).unwrap_or_default().trim_end_matches('-').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostnames_are_labels_with_dots() {
        let long = format!("{}.a", "a".repeat(62));
        for good in ["web", "web.example", "1", &long] {
            assert!(good.parse::<Hostname>().is_ok(), "{good}");
        }
        let too_long = format!("{}.aa", "a".repeat(62));
        for bad in ["", ".", "web.", ".web", "a..b", "Web", "a_b", &too_long] {
            assert!(bad.parse::<Hostname>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_workload_is_called_as_its_program_is() {
        let long = "x".repeat(80);
        let cut = "x".repeat(63);
        for (program, name) in [
            ("nginx", "nginx"),
            ("/usr/sbin/nginx", "nginx"),
            ("./my_app.sh", "my-app-sh"),
            ("Python3", "python3"),
            ("_x_", "x"),
            (&long, &cut),
        ] {
            assert_eq!(name_after(program.as_ref()).expect(program).as_str(), name);
        }
        for program in ["", "/", "..", "___", "é"] {
            assert!(name_after(program.as_ref()).is_none(), "{program}");
        }
    }

    #[test]
    fn parts_that_need_a_namespace_need_it_shared() {
        let name: Name = "web".parse().expect("a name");
        let pod = |hostname: Option<&str>, share: &[Share], publish: &[&str]| {
            PodPlan::new(
                name.clone(),
                hostname.map(|name| name.parse().expect("a hostname")),
                share.iter().copied().collect(),
                publish.iter().map(|ports| ports.parse().expect("ports")).collect(),
            )
        };
        assert!(pod(Some("x"), &[Share::Uts], &[]).is_ok());
        assert_eq!(pod(Some("x"), &[Share::Net], &[]), Err(Contradiction::Hostname));
        assert!(pod(None, &[Share::Net], &["1:1"]).is_ok());
        assert_eq!(pod(None, &[Share::Uts], &["1:1"]), Err(Contradiction::Publish));
        assert_eq!(pod(None, &[], &[]).expect("a pod").hostname().as_str(), "web");
        let connected = |share: &[Share], network: Network| pod(None, share, &[]).expect("a pod").connected(network);
        assert!(connected(&[Share::Net], Network::Pasta).is_ok_and(|pod| *pod.network() == Network::Pasta));
        assert!(connected(&[], Network::Host).is_ok());
        let network = Network::Host;
        assert_eq!(connected(&[Share::Net], Network::Host), Err(Contradiction::Network { network }));
        let network = Network::None;
        assert_eq!(connected(&[], Network::None), Err(Contradiction::Network { network }));
    }
}
