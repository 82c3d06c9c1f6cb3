//! One pod's directory: what is in it, by name.
//!
//! | entry | what |
//! |---|---|
//! | `origin` | the boot and the namespaces in which its processes were counted |
//! | `pod.json` | what was asked for, and what came of it |
//! | `pause`, `supervisor`, `forwarder`, `pasta`, `workloads/NAME/process` | who it is: its line of `/proc/PID/stat` and a sum |
//! | `workloads/NAME/spec.json`, `end.json` | what was launched, how it ended |
//! | `workloads/NAME/stdout`, `stderr` | the fifos that its output goes through |
//! | `workloads/NAME/console` | the process that stands before them, where it has a terminal or a stdin |
//! | `workloads/.NAME` | one that is being launched |
//! | `network.json` | what it is given in its network |
//! | `cni.json` | what plugins were asked to make for it, until they have undone it |
//! | `cgroups.json` | the directories of the control groups that were made for it |
//! | `logs/NAME/N.log` | the output of its Nth launch, in the CRI's log format; `N.log.1` and up is older |
//! | `etc/` | the pod's hostname, hosts and resolv.conf |
//! | `control`, `forwarder.sock` | the supervisor's socket, and the forwarder's |
//! | `supervisor.log` | what went wrong behind the pod |
//!
//! A process leaves word of itself before it becomes what it is to be, so there is none that the
//! directory does not know. The supervisor keeps its record locked for as long as it lives.

use std::path::{Path, PathBuf};

use crate::name::Name;

/// The directory of one pod, or of one in the making.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodDirectory {
    path: PathBuf,
}

/// A process of a pod that leaves word of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Process<'a> {
    /// The one that holds the namespaces.
    Pause,
    /// The one that owns the workloads.
    Supervisor,
    /// The one that carries what comes through published ports.
    Forwarder,
    /// The one that carries what goes out of it, where that is pasta.
    Pasta,
    /// The first process of a workload.
    Workload(&'a Name),
    /// And of one that is being launched.
    Draft(&'a Name),
    /// The one that stands between a workload's terminal, or its pipes, and its log.
    Console(&'a Name),
}

/// What the record of a workload's console is called, in its directory or its draft's.
const CONSOLE: &str = "console";

impl PodDirectory {
    /// In a workload's directory: the socket of its console, for who attaches to it.
    pub const DOOR: &'static str = "attach";

    /// The pod's directory at this path.
    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// The pod's directory, seen from inside it: for a process whose directory may be renamed.
    #[must_use]
    pub fn current() -> Self {
        Self { path: PathBuf::from(".") }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The supervisor's socket.
    #[must_use]
    pub fn control(&self) -> PathBuf {
        self.path.join("control")
    }

    /// Where the supervisor says what went wrong.
    #[must_use]
    pub fn supervisor_log(&self) -> PathBuf {
        self.path.join("supervisor.log")
    }

    /// The pod's own file of /etc.
    #[must_use]
    pub fn etc(&self, name: &str) -> PathBuf {
        self.path.join("etc").join(name)
    }

    /// A workload's directory.
    #[must_use]
    pub fn workload(&self, name: &Name) -> PathBuf {
        self.workloads().join(name.as_str())
    }

    /// The directory of a workload that is being launched; no name begins with a dot.
    #[must_use]
    pub fn draft(&self, name: &Name) -> PathBuf {
        self.workloads().join(format!(".{name}"))
    }

    /// Where the console of a workload that is being launched leaves word of itself.
    #[must_use]
    pub fn draft_console(&self, name: &Name) -> PathBuf {
        self.draft(name).join(CONSOLE)
    }

    /// Where the console of a workload that is being launched is to be found by who attaches to it.
    #[must_use]
    pub fn draft_door(&self, name: &Name) -> PathBuf {
        self.draft(name).join(Self::DOOR)
    }

    /// The directory of a workload's logs.
    #[must_use]
    pub fn logs(&self, name: &Name) -> PathBuf {
        self.all_logs().join(name.as_str())
    }

    /// Where the logs of all workloads are.
    #[must_use]
    pub fn all_logs(&self) -> PathBuf {
        self.path.join("logs")
    }

    /// The file in which a process leaves word of itself.
    #[must_use]
    pub fn process(&self, process: Process<'_>) -> PathBuf {
        match process {
            Process::Pause => self.path.join("pause"),
            Process::Supervisor => self.path.join("supervisor"),
            Process::Forwarder => self.path.join("forwarder"),
            Process::Pasta => self.path.join("pasta"),
            Process::Workload(name) => self.workload(name).join("process"),
            Process::Draft(name) => self.draft(name).join("process"),
            Process::Console(name) => self.workload(name).join(CONSOLE),
        }
    }

    /// Where it is said in which boot and namespaces its processes were counted.
    pub(crate) fn origin_file(&self) -> PathBuf {
        self.path.join("origin")
    }

    /// Where it is said what was asked for, and what came of it.
    pub(crate) fn pod_file(&self) -> PathBuf {
        self.path.join("pod.json")
    }

    /// Where all workloads are, and those that are being launched.
    pub(crate) fn workloads(&self) -> PathBuf {
        self.path.join("workloads")
    }

    /// What a workload was launched as, in its directory or its draft's.
    pub(crate) fn spec_file(workload: &Path) -> PathBuf {
        workload.join("spec.json")
    }

    /// Where it is said what it is given in its network.
    pub(crate) fn network_file(&self) -> PathBuf {
        self.path.join("network.json")
    }

    /// Where it is said what plugins were asked to make for it.
    pub(crate) fn cni_file(&self) -> PathBuf {
        self.path.join("cni.json")
    }

    /// Where it is said which control groups were made for it.
    pub(crate) fn cgroups_file(&self) -> PathBuf {
        self.path.join("cgroups.json")
    }

    /// How a workload has ended.
    pub(crate) fn end_file(&self, name: &Name) -> PathBuf {
        self.workload(name).join("end.json")
    }
}
