//! A container as the OCI's runtime specification has it: pure. It is what another runtime is told, so
//! that the same container is run by that; our own takes the plan.
//!
//! What a runtime finds out by itself in ours (who a name is, where the pod's namespaces are) it has to be
//! told: [`Surroundings`].

mod resources;
mod seccomp;

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use oci_spec::runtime::{
    Capability, Linux, LinuxCapabilities, LinuxDevice, LinuxDeviceType, LinuxNamespace, LinuxNamespaceType, Mount,
    PosixRlimit, PosixRlimitBuilder, PosixRlimitType, Process, Root, Spec, User,
};

use crate::plan::{Attributes, Below, ContainerPlan, DeviceKind, Parts, Pids, Propagation, ReadOnly, What};

/// What a runtime has to be told besides the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surroundings {
    /// The root directory, whole, as the runtime sees it.
    pub root: PathBuf,
    /// Who the process becomes.
    pub user: u32,
    /// Its group.
    pub group: u32,
    /// Its further groups.
    pub groups: Vec<u32>,
    /// Its home, for an environment that has none.
    pub home: String,
    /// Where the pod's namespaces are, by the kernel's names; those that are not here the runtime is in already.
    pub namespaces: Vec<(Namespace, PathBuf)>,
    /// The pod's shared memory, as the runtime sees it.
    pub shm: PathBuf,
    /// The pod's message queues, likewise; none where the pod has none.
    pub mqueue: Option<PathBuf>,
    /// The cgroup in which the runtime is to run it, with its limits; none where it is to leave cgroups alone.
    pub cgroup: Option<PathBuf>,
    /// Whether the pod has the group that terminals belong to.
    pub has_terminals_group: bool,
}

/// A namespace of a pod that its containers share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Namespace {
    /// Network.
    Net,
    /// IPC.
    Ipc,
    /// Hostname.
    Uts,
    /// Processes; only where the plan has the pod's.
    Pid,
    /// Users.
    User,
}

/// What cannot be said in the specification.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unspeakable {
    /// The specification is text.
    #[error("another runtime cannot be told of {what} that is not UTF-8: {text}")]
    NotText {
        /// Of what.
        what: &'static str,
        /// As far as it is.
        text: String,
    },
    /// There is no such limit in the specification.
    #[error("another runtime cannot be told of the limit {0}")]
    Limit(String),
    /// A profile of a file is in another language than the specification's.
    #[error("another runtime cannot be told of a seccomp profile of a file")]
    Profile,
}

/// The specification of this container.
///
/// # Errors
/// When something of it cannot be said there.
///
/// # References
/// <https://github.com/opencontainers/runtime-spec>, version 1.0.2
pub fn spec(plan: &ContainerPlan, around: &Surroundings) -> Result<Spec, Unspeakable> {
    let parts = plan.parts();
    let mut root = Root::default();
    root.set_path(around.root.clone()).set_readonly(Some(parts.read_only));
    let mut spec = Spec::default();
    spec.set_version("1.0.2".to_owned())
        .set_root(Some(root))
        .set_hostname(None)
        .set_mounts(Some(mounts(parts, around)))
        .set_process(Some(process(parts, around)?))
        .set_linux(Some(linux(parts, around)?));
    Ok(spec)
}

fn text(what: &'static str, text: &OsStr) -> Result<String, Unspeakable> {
    let not = || Unspeakable::NotText { what, text: text.to_string_lossy().into_owned() };
    text.to_str().map(str::to_owned).ok_or_else(not)
}

fn process(parts: &Parts, around: &Surroundings) -> Result<Process, Unspeakable> {
    let ours = &parts.process;
    let mut user = User::default();
    user.set_uid(around.user).set_gid(around.group).set_umask(Some(ours.umask));
    user.set_additional_gids(Some(around.groups.clone()));
    let mut environment = Vec::with_capacity(ours.environment.len() + 1);
    for (key, value) in &ours.environment {
        environment.push(format!("{}={}", text("a variable", key)?, text("a variable", value)?));
    }
    if !ours.environment.iter().any(|(key, _)| key == "HOME") {
        environment.push(format!("HOME={}", around.home));
    }
    let words: Result<Vec<_>, _> = ours.command.iter().map(|word| text("a word of the command", word)).collect();
    let limits: Result<Vec<_>, _> = ours.limits.iter().map(|limit| rlimit(limit)).collect();
    let mut process = Process::default();
    process
        .set_terminal(Some(ours.terminal))
        .set_user(user)
        .set_args(Some(words?))
        .set_env(Some(environment))
        .set_cwd(ours.directory.clone())
        .set_capabilities(Some(capabilities(parts, around.user)))
        .set_rlimits(Some(limits?))
        .set_no_new_privileges(Some(ours.no_new_privileges))
        .set_oom_score_adj(ours.oom_score);
    Ok(process)
}

/// Root has at once what anybody may have; others only by executing what gives it to them.
fn capabilities(parts: &Parts, user: u32) -> LinuxCapabilities {
    let all: std::collections::HashSet<Capability> = parts
        .process
        .capabilities
        .iter()
        .filter_map(|one| one.to_string().trim_start_matches("CAP_").parse().ok())
        .collect();
    let at_once = if user == 0 { all.clone() } else { std::collections::HashSet::new() };
    let mut sets = LinuxCapabilities::default();
    sets.set_bounding(Some(all))
        .set_effective(Some(at_once.clone()))
        .set_permitted(Some(at_once))
        .set_inheritable(Some(std::collections::HashSet::new()))
        .set_ambient(Some(std::collections::HashSet::new()));
    sets
}

/// `NAME=SOFT:HARD` as the specification has it.
pub(crate) fn rlimit(limit: &str) -> Result<PosixRlimit, Unspeakable> {
    use PosixRlimitType as Type;
    let unspeakable = || Unspeakable::Limit(limit.to_owned());
    let number = |text: &str| if text == "unlimited" { Some(u64::MAX) } else { text.parse().ok() };
    let (name, values) = limit.split_once('=').ok_or_else(unspeakable)?;
    let (soft, hard) = values.split_once(':').unwrap_or((values, values));
    let kind = match name {
        "as" => Type::RlimitAs,
        "core" => Type::RlimitCore,
        "cpu" => Type::RlimitCpu,
        "data" => Type::RlimitData,
        "fsize" => Type::RlimitFsize,
        "locks" => Type::RlimitLocks,
        "memlock" => Type::RlimitMemlock,
        "msgqueue" => Type::RlimitMsgqueue,
        "nice" => Type::RlimitNice,
        "nofile" => Type::RlimitNofile,
        "nproc" => Type::RlimitNproc,
        "rss" => Type::RlimitRss,
        "rtprio" => Type::RlimitRtprio,
        "rttime" => Type::RlimitRttime,
        "sigpending" => Type::RlimitSigpending,
        "stack" => Type::RlimitStack,
        _ => return Err(unspeakable()),
    };
    let (soft, hard) = (number(soft).ok_or_else(unspeakable)?, number(hard).ok_or_else(unspeakable)?);
    PosixRlimitBuilder::default().typ(kind).soft(soft).hard(hard).build().map_err(|_| unspeakable())
}

fn mounts(parts: &Parts, around: &Surroundings) -> Vec<Mount> {
    let mut mounts = Vec::with_capacity(parts.mounts.len() + parts.devices.len());
    for mount in &parts.mounts {
        let mut options = attributes(mount.attributes);
        let bind = |source: &Path, along: Below, options: &mut Vec<String>| {
            options.push(if along == Below::Along { "rbind" } else { "bind" }.to_owned());
            options.push(propagation(mount.propagation, along).to_owned());
            ("bind", source.to_owned())
        };
        let (kind, source) = match &mount.what {
            What::Bind { source, below } => bind(source, *below, &mut options),
            What::PodsShm => bind(&around.shm, Below::Left, &mut options),
            What::PodsMqueue => match &around.mqueue {
                Some(mqueue) => bind(mqueue, Below::Left, &mut options),
                None => continue,
            },
            What::Tmpfs { size, mode } => {
                options.push(format!("mode={mode:o}"));
                options.extend(size.map(|size| format!("size={size}")));
                ("tmpfs", "tmpfs".into())
            }
            What::Devpts => {
                let usual = ["newinstance", "ptmxmode=0666", "mode=0620"];
                options.extend(usual.map(str::to_owned));
                // Where ids are mapped there may be no such group.
                options.extend(around.has_terminals_group.then(|| "gid=5".to_owned()));
                ("devpts", "devpts".into())
            }
            What::Proc => ("proc", "proc".into()),
            // Whose network it is not, may not mount it.
            What::Sysfs => ("sysfs", "sysfs".into()),
            What::Cgroup => ("cgroup", "cgroup".into()),
        };
        let mut told = Mount::default();
        told.set_destination(mount.at.clone())
            .set_typ(Some(kind.to_owned()))
            .set_source(Some(source))
            .set_options(Some(options));
        mounts.push(told);
    }
    mounts
}

fn attributes(attributes: Attributes) -> Vec<String> {
    let Attributes { read_only, nosuid, nodev, noexec } = attributes;
    let read_only = match read_only {
        ReadOnly::No => None,
        ReadOnly::Itself => Some("ro"),
        ReadOnly::AllBelow => Some("rro"),
    };
    let flags = [(nosuid, "nosuid"), (nodev, "nodev"), (noexec, "noexec")];
    let flags = flags.into_iter().filter(|(set, _)| *set).map(|(_, name)| name);
    // Older runtimes know nothing of what is below.
    let both = (read_only == Some("rro")).then_some("ro");
    flags.chain(both).chain(read_only).map(str::to_owned).collect()
}

fn propagation(propagation: Propagation, below: Below) -> &'static str {
    match (propagation, below) {
        (Propagation::Private, Below::Left) => "private",
        (Propagation::Private, Below::Along) => "rprivate",
        (Propagation::Slave, Below::Left) => "slave",
        (Propagation::Slave, Below::Along) => "rslave",
        (Propagation::Shared, Below::Left) => "shared",
        (Propagation::Shared, Below::Along) => "rshared",
    }
}

fn linux(parts: &Parts, around: &Surroundings) -> Result<Linux, Unspeakable> {
    let namespace = |kind, path: Option<PathBuf>| {
        let mut namespace = LinuxNamespace::default();
        namespace.set_typ(kind).set_path(path);
        namespace
    };
    let mut namespaces = vec![namespace(LinuxNamespaceType::Mount, None)];
    if parts.pids == Pids::Own {
        namespaces.push(namespace(LinuxNamespaceType::Pid, None));
    }
    namespaces.push(namespace(LinuxNamespaceType::Cgroup, None));
    for (kind, path) in &around.namespaces {
        let kind = match kind {
            Namespace::Net => LinuxNamespaceType::Network,
            Namespace::Ipc => LinuxNamespaceType::Ipc,
            Namespace::Uts => LinuxNamespaceType::Uts,
            Namespace::User => LinuxNamespaceType::User,
            Namespace::Pid if parts.pids != Pids::Pods => continue,
            Namespace::Pid => LinuxNamespaceType::Pid,
        };
        namespaces.push(namespace(kind, Some(path.clone())));
    }
    let shown = |paths: &[PathBuf]| paths.iter().map(|path| path.to_string_lossy().into_owned()).collect::<Vec<_>>();
    let sysctls: HashMap<String, String> = parts.sysctls.clone().into_iter().collect();
    let mut linux = Linux::default();
    linux
        .set_namespaces(Some(namespaces))
        .set_sysctl((!sysctls.is_empty()).then_some(sysctls))
        .set_resources(around.cgroup.is_some().then(|| resources::resources(parts)))
        .set_cgroups_path(around.cgroup.clone())
        .set_devices(Some(parts.devices.iter().map(device).collect()))
        .set_masked_paths(Some(shown(&parts.masked)))
        .set_readonly_paths(Some(shown(&parts.read_only_paths)))
        .set_rootfs_propagation(Some("private".to_owned()))
        .set_seccomp(seccomp::seccomp(&parts.process)?);
    Ok(linux)
}

fn device(device: &crate::plan::Device) -> LinuxDevice {
    let mut told = LinuxDevice::default();
    let kind = match device.kind {
        DeviceKind::Character => LinuxDeviceType::C,
        DeviceKind::Block => LinuxDeviceType::B,
    };
    told.set_path(device.at.clone())
        .set_typ(kind)
        .set_major(i64::from(device.major))
        .set_minor(i64::from(device.minor))
        .set_file_mode(Some(device.mode))
        .set_uid(Some(0))
        .set_gid(Some(0));
    told
}

#[cfg(test)]
mod tests;
