//! One start of a container: all that its process is made of.

use std::path::PathBuf;

use container::limits::Limits;
use container::plan::{Pids, Process};
use serde::{Deserialize, Serialize};

/// One start of a container, but for its root directory and where its volumes are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// Its process.
    pub process: Process,
    /// Who counts its processes.
    pub pids: Pids,
    /// Its volumes, in the order of mounting.
    pub mounts: Vec<MountPlan>,
    /// Whether nothing may be written below its root, but for what is mounted there.
    pub read_only: bool,
    /// Whether it may do what the machine's root may: it sees all devices, and all of /sys and /proc.
    pub privileged: bool,
    /// Whether all of /proc may be read and written.
    pub unmasked: bool,
    /// What it may use of the machine.
    pub limits: Limits,
    /// The number of the signal that asks it to end.
    pub stop_signal: u8,
}

/// A volume in a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MountPlan {
    /// The volume.
    pub volume: String,
    /// Where, as the container sees it.
    pub at: PathBuf,
    /// What of the volume, where it is not all: a relative path without `..`, its variables replaced.
    pub sub_path: Option<String>,
    /// Whether nobody may write to it.
    pub read_only: bool,
    /// Whether that goes for what is mounted below it, too.
    pub recursive: Recursive,
    /// What of each other's mounts it and the machine see.
    pub propagation: MountPropagation,
}

/// Whether what is mounted below a read-only volume is read-only, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Recursive {
    /// It is as it is.
    Disabled,
    /// It is, where the kernel can do that.
    IfPossible,
    /// It is, or the container is not started.
    Enabled,
}

/// What a volume and the machine see of each other's mounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MountPropagation {
    /// Nothing.
    None,
    /// The container sees what the machine mounts.
    HostToContainer,
    /// Each sees what the other mounts.
    Bidirectional,
}
