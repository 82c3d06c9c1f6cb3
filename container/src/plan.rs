//! What a container is, as plain data. A plan whose parts contradict each other cannot be made
//! ([`ContainerPlan::new`]), nor read.
//!
//! Paths are text: what no OCI runtime could be told is refused.

mod mounts;
mod process;
mod root;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use mounts::{Attributes, Below, Device, DeviceKind, MASKED, Mount, Propagation, READ_ONLY, ReadOnly, What};
pub use process::{Capabilities, InvalidUser, Memberships, Named, Process, Seccomp, User};
pub use root::{Root, Writable};

use crate::limits::Limits;

/// A container that makes sense, made by [`ContainerPlan::new`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct ContainerPlan(Box<Parts>);

/// What a container is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parts {
    /// Its root directory.
    pub root: Root,
    /// Whether nothing may be written below its root, but for what is mounted there.
    pub read_only: bool,
    /// What is mounted below its root, in this order.
    pub mounts: Vec<Mount>,
    /// Its devices, in the /dev that is mounted.
    pub devices: Vec<Device>,
    /// What nobody may read.
    pub masked: Vec<PathBuf>,
    /// What nobody may write to.
    pub read_only_paths: Vec<PathBuf>,
    /// Its process.
    pub process: Process,
    /// What is set of the pod's kernel, as `net.ipv4.ip_forward`.
    pub sysctls: BTreeMap<String, String>,
    /// Whether it counts processes by itself.
    pub pids: Pids,
    /// What it may use of the machine.
    pub limits: Limits,
    /// The number of the signal that asks it to end.
    pub stop_signal: u8,
}

/// The pid namespace of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pids {
    /// One of its own, within the pod's: its process is 1.
    Own,
    /// That of the pod's pause, whose process is 1.
    Pods,
    /// That of who launches it: it sees the machine's processes.
    Hosts,
}

/// Parts that contradict each other, or mean nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Contradiction {
    /// There is nothing to execute.
    #[error("no command is given, and the image has none")]
    NoCommand,
    /// There is nothing to see.
    #[error("a root directory of no layers")]
    NoLayers,
    /// It depends on where somebody stands, or on what somebody has linked.
    #[error("{what} is not an absolute path without `..`: {path}")]
    Relative {
        /// What it is the path of.
        what: &'static str,
        /// As it was given.
        path: String,
    },
    /// Nobody else could be told of it.
    #[error("{what} is not UTF-8: {path:?}")]
    NotText {
        /// What it is the path of.
        what: &'static str,
        /// As far as it is.
        path: PathBuf,
    },
    /// The root is what everything else is mounted in.
    #[error("nothing can be mounted over the root directory")]
    OverRoot,
    /// Of two mounts one is not seen.
    #[error("two mounts at {0}")]
    Twice(PathBuf),
    /// What the kernel says of itself would be what the container says.
    #[error("nothing can be mounted below /proc: {0}")]
    InProc(PathBuf),
    /// A device is found where devices are.
    #[error("a device is below /dev: {0}")]
    NoDevice(PathBuf),
    /// No process can have it.
    #[error("a variable's name is neither empty nor has a `=` in it: {0:?}")]
    Variable(String),
    /// No process can have it.
    #[error("a zero byte in {0}")]
    ZeroByte(&'static str),
    /// It would be that of the whole machine.
    #[error("{0} is not a pod's to set: only net.*, kernel.sem, kernel.shm*, kernel.msg* and fs.mqueue.* are")]
    HostsSysctl(String),
    /// There are 64.
    #[error("no signal has the number {0}")]
    Signal(u8),
    /// The kernel knows no other values.
    #[error("an OOM score adjustment is -1000 to 1000: {0}")]
    OomScore(i32),
    /// It is nine bits.
    #[error("a umask is 0 to 0777 in octal digits: {0:o}")]
    Umask(u32),
}

impl ContainerPlan {
    /// The plan, if it makes sense.
    ///
    /// # Errors
    /// When parts contradict each other or mean nothing.
    pub fn new(parts: Parts) -> Result<Self, Contradiction> {
        parts.check()?;
        Ok(Self(Box::new(parts)))
    }

    /// What it is made of.
    #[must_use]
    pub fn parts(&self) -> &Parts {
        &self.0
    }

    /// To change it, and plan anew.
    #[must_use]
    pub fn into_parts(self) -> Parts {
        *self.0
    }
}

impl From<ContainerPlan> for Parts {
    fn from(plan: ContainerPlan) -> Self {
        plan.into_parts()
    }
}

impl TryFrom<Parts> for ContainerPlan {
    type Error = Contradiction;

    fn try_from(parts: Parts) -> Result<Self, Contradiction> {
        Self::new(parts)
    }
}

impl Parts {
    /// The parts of a container as it usually is, with this root and this process, in the pod's pid namespace.
    #[must_use]
    pub fn usual(root: Root, process: Process) -> Self {
        Self {
            root,
            read_only: false,
            mounts: Mount::usual(),
            devices: Device::usual(),
            masked: MASKED.map(PathBuf::from).to_vec(),
            read_only_paths: READ_ONLY.map(PathBuf::from).to_vec(),
            process,
            sysctls: BTreeMap::new(),
            pids: Pids::Pods,
            limits: Limits::default(),
            stop_signal: 15,
        }
    }

    fn check(&self) -> Result<(), Contradiction> {
        if let Root::Layers { lowers, .. } = &self.root
            && lowers.is_empty()
        {
            return Err(Contradiction::NoLayers);
        }
        self.root.paths().into_iter().try_for_each(|(what, path)| absolute(what, path))?;
        self.check_mounts()?;
        for path in self.masked.iter().chain(&self.read_only_paths) {
            absolute("a protected path", path)?;
        }
        self.process.check()?;
        if let Some(hosts) = self.sysctls.keys().find(|name| !is_namespaced(name)) {
            return Err(Contradiction::HostsSysctl(hosts.clone()));
        }
        if !(1..=64).contains(&self.stop_signal) {
            return Err(Contradiction::Signal(self.stop_signal));
        }
        Ok(())
    }

    fn check_mounts(&self) -> Result<(), Contradiction> {
        let mut places = BTreeSet::new();
        for Mount { at, what, .. } in &self.mounts {
            absolute("a mount's place", at)?;
            if let What::Bind { source, .. } = what {
                absolute("a mount's source", source)?;
            }
            let at: PathBuf = at.components().collect();
            if at == Path::new("/") {
                return Err(Contradiction::OverRoot);
            }
            if *what != What::Proc && at.starts_with("/proc") {
                return Err(Contradiction::InProc(at));
            }
            if !places.insert(at.clone()) {
                return Err(Contradiction::Twice(at));
            }
        }
        for device in &self.devices {
            absolute("a device", &device.at)?;
            absolute("a device's source", &device.source)?;
            if device.at.parent().is_none_or(|parent| !parent.starts_with("/dev")) {
                return Err(Contradiction::NoDevice(device.at.clone()));
            }
            if !places.insert(device.at.clone()) {
                return Err(Contradiction::Twice(device.at.clone()));
            }
        }
        Ok(())
    }
}

impl Process {
    fn check(&self) -> Result<(), Contradiction> {
        absolute("the working directory", &self.directory)?;
        if self.command.first().is_none_or(|program| program.is_empty()) {
            return Err(Contradiction::NoCommand);
        }
        let zero = |text: &OsStr| text.as_bytes().contains(&0);
        if self.command.iter().any(|word| zero(word)) {
            return Err(Contradiction::ZeroByte("the command"));
        }
        for (key, value) in &self.environment {
            if key.is_empty() || key.as_bytes().contains(&b'=') {
                return Err(Contradiction::Variable(key.to_string_lossy().into_owned()));
            }
            if zero(key) || zero(value) {
                return Err(Contradiction::ZeroByte("the environment"));
            }
        }
        if let Seccomp::Localhost(profile) = &self.seccomp {
            absolute("the seccomp profile", profile)?;
        }
        if let Some(score) = self.oom_score.filter(|score| !(-1000..=1000).contains(score)) {
            return Err(Contradiction::OomScore(score));
        }
        if self.umask > 0o777 { Err(Contradiction::Umask(self.umask)) } else { Ok(()) }
    }
}

fn absolute(what: &'static str, path: &Path) -> Result<(), Contradiction> {
    let Some(text) = path.to_str() else { return Err(Contradiction::NotText { what, path: path.to_owned() }) };
    if text.contains('\0') {
        return Err(Contradiction::ZeroByte(what));
    }
    if !path.is_absolute() || path.components().any(|part| part == Component::ParentDir) {
        return Err(Contradiction::Relative { what, path: text.to_owned() });
    }
    Ok(())
}

/// Whether each IPC or network namespace has one of its own.
fn is_namespaced(name: &str) -> bool {
    let name = name.replace('/', ".");
    let has_dots = name.split('.').all(|part| !part.is_empty() && part != "..");
    has_dots
        && (name == "kernel.sem"
            || ["net.", "kernel.shm", "kernel.msg", "fs.mqueue."].iter().any(|start| name.starts_with(start)))
}

#[cfg(test)]
mod tests;
