//! What can go wrong with a pod, and how it is said.

use std::io;
use std::path::PathBuf;

use launch::Unseen;
use nix::errno::Errno;
use reaper::ExitCode;
use registry::{Name, RegistryError};

use crate::console::ConsoleError;
use crate::control::Refusal;
use crate::copy::CopyError;
use crate::forwarder::{ForwardError, ForwarderError};
use crate::holders::Holder;
use crate::plan::Contradiction;
use crate::probe::ProberError;
use crate::publish::Publish;
use crate::resolver::ResolverError;

/// An operation on a pod that did not come about. Nothing of it is left behind.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The pod's parts contradict each other.
    #[error(transparent)]
    Contradiction(#[from] Contradiction),
    /// The pod cannot be connected to its network, or not be parted from it.
    #[error(transparent)]
    Connect(#[from] crate::connect::ConnectError),
    /// Something that manifests may want is not there.
    #[error("{what} is not there yet")]
    Unsupported {
        /// What.
        what: String,
    },
    /// Objects cannot be read or kept.
    #[error(transparent)]
    Objects(#[from] crate::objects::ObjectsError),
    /// A volume cannot be had.
    #[error(transparent)]
    Volume(#[from] crate::volume::VolumeError),
    /// Nobody can attend to a pod.
    #[error("cannot attend to pod {pod}")]
    Attend {
        /// The pod.
        pod: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Time cannot pass so fast.
    #[error("POD_CLOCK_SPEED is a whole number from 1 to 1000, not {written:?}")]
    ClockSpeed {
        /// What is written there.
        written: String,
    },
    /// No pod can be called so.
    #[error(transparent)]
    BadName(#[from] registry::InvalidName),
    /// There is a pod of that name, dead or alive.
    #[error("a pod named {name} exists already")]
    NameInUse {
        /// The name asked for.
        name: Name,
    },
    /// Another process is at work on the pod.
    #[error("another command is at work on pod {name}{}", by.map(|pid| format!(": process {pid}")).unwrap_or_default())]
    Busy {
        /// The pod.
        name: Name,
        /// The command's process, where it can be told.
        by: Option<i32>,
    },
    /// Every range of ids is some pod's.
    #[error("there are no ids left that could be set apart for a pod")]
    NoIds,
    /// A pod cannot have ids of its own.
    #[error("cannot give the pod ids of its own")]
    Ids(#[from] launch::open::ranges::RangesError),
    /// There is no such workload in the pod.
    #[error("no workload named {workload} in pod {pod}")]
    NoSuchWorkload {
        /// The pod.
        pod: Name,
        /// The name asked for.
        workload: Name,
    },
    /// The pod of a manifest has no such container.
    #[error("container {container} is not valid for pod {pod} out of: {containers}")]
    NoSuchContainer {
        /// The pod.
        pod: String,
        /// The name asked for.
        container: Name,
        /// Those that it has.
        containers: String,
    },
    /// More logs are to be followed than may be.
    #[error(
        "you are attempting to follow {wanted} log streams, but maximum allowed concurrency is {most}, use \
         --max-log-requests to increase the limit"
    )]
    TooManyLogs {
        /// How many.
        wanted: usize,
        /// How many may be.
        most: usize,
    },
    /// A command cannot be given an empty input.
    #[error("cannot open /dev/null for the command to read")]
    NoInput {
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Nothing was ever launched in the pod.
    #[error("no workload was ever launched in pod {pod}")]
    NoWorkload {
        /// The pod.
        pod: Name,
    },
    /// No workload was named, and there are several.
    #[error("a container name must be specified for pod {pod}, choose one of: [{}]", listed(workloads))]
    WhichWorkload {
        /// The pod.
        pod: Name,
        /// Its workloads.
        workloads: Vec<Name>,
    },
    /// The workload was launched once, or what it said before is not kept.
    #[error("previous terminated container {:?} in pod {:?} not found", workload.as_str(), pod.as_str())]
    NoPrevious {
        /// The pod.
        pod: Name,
        /// The workload.
        workload: Name,
    },
    /// Files were not copied.
    #[error(transparent)]
    Copied(#[from] CopyError),
    /// The workload has ended.
    #[error("workload {workload} of pod {pod} has ended")]
    WorkloadEnded {
        /// The pod.
        pod: Name,
        /// The workload.
        workload: Name,
    },
    /// A workload cannot have a control group, or not one with its limits.
    #[error(transparent)]
    Cgroup(#[from] container::cgroup::Error),
    /// Limits that contradict each other.
    #[error("--memory-swap is memory and swap together, and no less than --memory")]
    LessThanMemory,
    /// No workload's name can be made of the program's.
    #[error("no name can be made of {program:?}")]
    NoName {
        /// The program.
        program: std::ffi::OsString,
    },
    /// A file of variables has something else in it.
    #[error("cannot read {}: {line:?} has no name before the `=`", path.display())]
    EnvFile {
        /// The file.
        path: std::path::PathBuf,
        /// What.
        line: String,
    },
    /// A container's parts contradict each other.
    #[error(transparent)]
    NoContainer(#[from] container::Contradiction),
    /// Its runtime has not begun it.
    #[error("workload {workload} of pod {pod} has not begun: its runtime is still at it, or at its end")]
    NotYet {
        /// The pod.
        pod: Name,
        /// The workload.
        workload: Name,
    },
    /// An image's layers cannot be copied.
    #[error("cannot copy the image's layers to {}", path.display())]
    Copy {
        /// Where.
        path: std::path::PathBuf,
        /// Why.
        #[source]
        source: image::unpack::UnpackError,
    },
    /// Only a container has this.
    #[error("only a container can have that: there is no root directory for one")]
    NoRoot,
    /// A container would be made of files that its pod does not see.
    #[error("cannot make a container of what is in {path:?}: the pod has a {by} of its own")]
    Covered {
        /// What they are in.
        path: PathBuf,
        /// What lies over it.
        by: &'static str,
    },
    /// A container could not be made.
    #[error(transparent)]
    Container(#[from] container::Error),
    /// The registry, or what it has of a pod, cannot be used.
    #[error(transparent)]
    Registry(#[from] registry::RegistryError),
    /// A command is to start where we are, and that is nowhere.
    #[error("cannot start in the current directory")]
    Nowhere(#[source] io::Error),
    /// A program was not found.
    #[error("cannot find the {name} program")]
    NoProgram {
        /// Which.
        name: &'static str,
        /// Why.
        #[source]
        source: Option<io::Error>,
    },
    /// A port could not be published.
    #[error("cannot publish {publish}")]
    Publish {
        /// Which.
        publish: Publish,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Another port of the pod stands in that place.
    #[error("cannot publish {publish}: {there} is published already")]
    PublishedAlready {
        /// Which.
        publish: Publish,
        /// What there is.
        there: Publish,
    },
    /// Nothing that is published was meant.
    #[error("cannot remove {port}: pod {name} does not publish it")]
    NotPublished {
        /// The pod.
        name: Name,
        /// What was typed.
        port: String,
    },
    /// What is published is in a manifest.
    #[error("cannot change what pod {name} publishes: that is what its manifest says")]
    OfAManifest {
        /// The pod.
        name: Name,
    },
    /// Somebody else has made rules of what is published, once and for all.
    #[error(
        "cannot change what is published in network {network}: its plugin {plugin} was told of it when it was made"
    )]
    LedIn {
        /// The network.
        network: network::Network,
        /// The plugin.
        plugin: String,
    },
    /// The kernel refused a step of making the sandbox.
    #[error("cannot {step}")]
    Sandbox {
        /// Which.
        step: String,
        /// Why.
        #[source]
        source: Errno,
    },
    /// Something about mounts was refused to who may do it otherwise.
    #[error("cannot {step}")]
    Forbidden {
        /// What.
        step: String,
        /// Why.
        #[source]
        source: Errno,
    },
    /// The pod's supervisor did not start, or did not answer.
    #[error("cannot {operation} the supervisor of pod {name}")]
    Supervisor {
        /// What was to be done.
        operation: &'static str,
        /// The pod.
        name: Name,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The pod's supervisor is there, and does not answer.
    #[error("the supervisor of pod {name}{} does not answer", pid.map(|pid| format!(" (process {pid})")).unwrap_or_default())]
    Silent {
        /// The pod.
        name: Name,
        /// The supervisor's process, where it can be told.
        pid: Option<i32>,
    },
    /// The supervisor has ended before it answered; the pod is there.
    #[error("the supervisor of pod {name} has ended before it answered")]
    Unanswered {
        /// The pod.
        name: Name,
    },
    /// What a process behind a pod needs was not handed to it.
    #[error("not started as it ought to be: there is {what}")]
    Handed {
        /// What is there instead.
        what: &'static str,
    },
    /// The supervisor could not do what it was asked; it has said why.
    #[error("{}", .0.message)]
    Refused(Refusal),
    /// The process that carries published ports could not be started or asked.
    #[error(transparent)]
    Forwarder(#[from] ForwarderError),
    /// The process that a workload with a terminal or a stdin has could not be started, or not go on.
    #[error(transparent)]
    Console(#[from] ConsoleError),
    /// The process that asks in a pod's network could not be started, or not go on.
    #[error(transparent)]
    Prober(#[from] ProberError),
    /// We are attached to a workload no longer.
    #[error("cannot stay attached to workload {workload} of pod {pod}")]
    Attached {
        /// The pod.
        pod: Name,
        /// The workload.
        workload: Name,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A workload that we were attached to has ended, and nobody saw how.
    #[error("cannot tell how workload {workload} of pod {pod} has ended")]
    EndUnseen {
        /// The pod.
        pod: Name,
        /// The workload.
        workload: Name,
    },
    /// What a workload says is shown, and nothing else.
    #[error("of a workload in the foreground its own output is shown, and no json")]
    Foreground,
    /// What carries published ports could not go on.
    #[error(transparent)]
    Forward(#[from] ForwardError),
    /// A network's names cannot be resolved.
    #[error(transparent)]
    Resolver(#[from] ResolverError),
    /// The kernel refused something about a process.
    #[error("cannot {operation}")]
    Kernel {
        /// What was to be done.
        operation: &'static str,
        /// Why.
        #[source]
        source: Errno,
    },
    /// The pod's processes were killed, and are not gone.
    #[error("cannot end pod {name}{}", told(holders))]
    Stuck {
        /// The pod.
        name: Name,
        /// Who is not gone.
        holders: Vec<Holder>,
    },
    /// What was left of a pod was killed, and is not gone.
    #[error("cannot clear away {}{}", path.display(), told(holders))]
    Left {
        /// Where it is recorded.
        path: PathBuf,
        /// Who is not gone.
        holders: Vec<Holder>,
    },
    /// An image did not come.
    #[error(transparent)]
    Image(#[from] image::remote::RemoteError),
    /// The images that are here cannot be used.
    #[error(transparent)]
    Images(#[from] image::StoreError),
    /// An image cannot be had.
    #[error(transparent)]
    NoImage(Box<image::ImageError>),
    /// An image cannot be read from a file, or written to one.
    #[error(transparent)]
    Archive(Box<image::archive::ArchiveError>),
    /// An image has more names than the one that it is to lose.
    #[error("image {id} has {count} names")]
    ManyNames {
        /// The image.
        id: String,
        /// How many.
        count: usize,
    },
    /// A container stands on an image.
    #[error("image {image} is in use by container {container}")]
    ImageInUse {
        /// The image.
        image: String,
        /// The container.
        container: String,
    },
    /// What nobody needs any more is still there.
    #[error("what the images took is kept while the store is in use")]
    Later,
    /// A layer is not as its image has it.
    #[error("layer {layer}: {what}")]
    Unpacked {
        /// Which.
        layer: String,
        /// How.
        what: String,
    },
    /// Bytes are not for a terminal.
    #[error("cannot {what} a terminal")]
    Terminal {
        /// What was to be done.
        what: &'static str,
        /// What to do instead.
        way_out: &'static str,
    },
    /// Joining the pod failed.
    #[error(transparent)]
    Join(#[from] nsjoin::Error),
    /// The command could not be launched, or is lost.
    #[error(transparent)]
    Launch(#[from] launch::Error),
    /// What was handed to a process behind a pod could not be understood.
    #[error("cannot understand how to begin")]
    Hearing(#[source] io::Error),
    /// A pod by hand is not shown so.
    #[error("cannot show a pod as {word:?}: text and json is what there is")]
    NoFormat {
        /// What was asked for.
        word: String,
    },
    /// The output could not be written.
    #[error("cannot write the output")]
    Output(#[source] io::Error),
}

impl Error {
    /// What to exit with.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Contradiction(_) | Self::NoName { .. } | Self::NoContainer(_) | Self::NoRoot => ExitCode::Usage,
            Self::EnvFile { .. } | Self::NoFormat { .. } | Self::BadName(_) | Self::Foreground => ExitCode::Usage,
            Self::Container(error) => error.exit_code(),
            Self::Copied(error) => error.exit_code(),
            Self::Join(error) => error.exit_code(),
            Self::Launch(error) => error.exit_code(),
            Self::Refused(refusal) => refusal.exit_code(),
            _ => ExitCode::Failure,
        }
    }

    /// What is nearly always the reason, where one thing is.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::NoName { .. } => Some("--name gives one"),
            Self::NoRoot => Some("--image or --rootfs gives it one"),
            Self::Container(error) => error.hint(),
            Self::Covered { .. } => Some("$POD_STATE_DIR and $POD_DATA_DIR name other places"),
            Self::NoProgram { name: "pause", .. } => {
                Some("it is looked for beside this program, then in PATH; --pause names another")
            }
            Self::NoProgram { .. } => Some("it is looked for beside this program, then in PATH"),
            // What a newer one has made is not for us to forget.
            Self::Registry(error @ RegistryError::Unseen { source: Unseen::Record(_), .. })
                if error.hint().is_some() =>
            {
                error.hint()
            }
            Self::Registry(RegistryError::Unseen { source: Unseen::Record(_) | Unseen::Hidden { .. }, .. }) => {
                Some("`pod delete --force` forgets the pod, whatever runs of it")
            }
            Self::Registry(error) => error.hint(),
            Self::Connect(error) => error.hint(),
            Self::Nowhere(_) => Some("it may have been removed; --workdir names another"),
            Self::Foreground => Some("with --detach it is launched, and told of"),
            Self::Silent { .. } => Some("it may be stopped, or wait for a disk; `pod delete --now` does not ask it"),
            Self::Stuck { .. } => Some("run it again when they are; nothing is forgotten meanwhile"),
            Self::Publish { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                Some("ports below 1024 need root (net.ipv4.ip_unprivileged_port_start)")
            }
            Self::PublishedAlready { .. } => Some("--remove of that has the port lead elsewhere"),
            Self::OfAManifest { .. } => Some("change the manifest and apply it, or `pod edit` or `pod patch` the pod"),
            Self::Sandbox { source: Errno::EPERM | Errno::EUSERS | Errno::ENOSPC, .. } => {
                Some("needs root, or user namespaces for everybody (user.max_user_namespaces and the like)")
            }
            Self::Forbidden { .. } => Some(launch::Error::POLICY),
            Self::Cgroup(error) => error.hint(),
            Self::Image(error) => error.hint(),
            Self::Images(error) => error.hint(),
            Self::NoImage(error) => error.hint(),
            Self::Archive(error) => error.hint(),
            Self::ManyNames { .. } => Some("name the one that is to go, or --force all"),
            Self::ImageInUse { .. } => Some("remove the container first, or --force the image's name to go"),
            Self::Later => Some("`pod image prune` makes room when nothing is being pulled, loaded or started"),
            Self::Terminal { way_out, .. } => Some(way_out),
            Self::Join(error) => error.hint(),
            Self::Launch(error) => error.hint(),
            Self::Refused(refusal) => refusal.hint.as_deref(),
            _ => None,
        }
    }
}

impl Error {
    /// Whether it says that it cannot be told what runs.
    #[must_use]
    pub fn is_unseen(&self) -> bool {
        matches!(self, Self::Registry(RegistryError::Unseen { .. } | RegistryError::Blind(_)))
    }

    /// What was heard makes no sense, or nothing was.
    pub(crate) fn hearing(source: io::Error) -> Self {
        Self::Hearing(source)
    }
}

fn listed(names: &[Name]) -> String {
    names.iter().map(Name::as_str).collect::<Vec<_>>().join(" ")
}

fn told(holders: &[Holder]) -> String {
    let mut told = String::new();
    for (index, holder) in holders.iter().enumerate() {
        let sets_off = if index == 0 { ": " } else { "; " };
        // Whoever has a hundred left has one reason.
        if index == 3 {
            return format!("{told}{sets_off}and {} more", holders.len() - index);
        }
        told.push_str(&format!("{sets_off}{holder}"));
    }
    told
}

impl From<image::ImageError> for Error {
    fn from(error: image::ImageError) -> Self {
        Self::NoImage(Box::new(error))
    }
}

impl From<image::archive::ArchiveError> for Error {
    fn from(error: image::archive::ArchiveError) -> Self {
        Self::Archive(Box::new(error))
    }
}
