//! Launching a container: from the plan of its start to what the sandbox's supervisor is asked for.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd};
use std::path::{Path, PathBuf};

use container::plan::{Attributes, Below, Mount, Parts, ReadOnly, Root, What};
use container::{ContainerPlan, plan::Device};
use launch::{Look, Seen};
use manifest::kind::Container;
use registry::{Name, PodDirectory, RegistryError, file};

use super::errand::Scene;
use super::termination;
use crate::compile::{ContainerSpec, ImageVolume, PidSharing, Refusal, Start, VolumeSource, Waiting, start, target};
use crate::error::Error;
use crate::instance;
use crate::machine::{LaunchFailure, Launched};
use crate::plan::{Conditions, Console, Part, Size, Typing, WorkloadPlan};
use crate::store::Store;
use crate::verbs::add::add;
use crate::volume::{Provided, VolumeError, Volumes, existing, mounted, root_of};

/// Why a container was not launched.
enum Trouble {
    Config(Refusal),
    Create(String),
    Start(String),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        match &error {
            Error::Refused(refusal) if refusal.is_of_a_step() => Self::Start(launch::complain::line(&error)),
            _ => Self::Create(launch::complain::line(&error)),
        }
    }
}

impl From<VolumeError> for Trouble {
    fn from(error: VolumeError) -> Self {
        Self::Config(Refusal { reason: Waiting::CreateContainerConfigError, message: launch::complain::line(&error) })
    }
}

impl Scene {
    /// Launches an instance of a container.
    ///
    /// # Errors
    /// It cannot be made, or its program cannot be started.
    pub(super) fn launch(&self, name: &str, instance: u32) -> Result<Launched, LaunchFailure> {
        let launched = self.try_launch(name, instance);
        launched.map_err(|trouble| match trouble {
            _ if self.has_fallen() => LaunchFailure::Fallen,
            Trouble::Config(refusal) => LaunchFailure::Create(refusal),
            Trouble::Create(message) => {
                LaunchFailure::Create(Refusal { reason: Waiting::CreateContainerError, message })
            }
            Trouble::Start(message) => LaunchFailure::Start(message),
        })
    }

    /// Whether who holds the sandbox has ended, or is on its way: then it still waits for all that run in there.
    fn has_fallen(&self) -> bool {
        match self.place.registry.pod(&self.place.sandbox()).and_then(|found| found.pause()) {
            Ok(pause) => Look::at(pause.pid).is_ok_and(|look| look.identity == pause && look.exiting),
            Err(error) => matches!(error, RegistryError::Dead { .. }),
        }
    }

    fn try_launch(&self, name: &str, instance: u32) -> Result<Launched, Trouble> {
        if self.runs(name, instance) {
            // Whoever launched it has not come to saying so.
            return Ok(Launched { id: self.id(name, instance) });
        }
        let missing = || Trouble::Create(format!("the pod has no container {name}"));
        let spec = self.plan.container(name).ok_or_else(missing)?;
        let mut facts = self.facts()?;
        let (images, prepared) = self.prepared(&spec.image).map_err(Error::from)?;
        facts.images.insert(spec.image.clone(), crate::gather::image(&spec.image, &prepared.image));
        let pause = self.pause().ok_or_else(|| Trouble::Create("the sandbox has ended".to_owned()))?;
        let volumes = self.volumes(Some(pause));
        let mut provided = BTreeMap::new();
        for (volume, path) in self.files_of_variables(name) {
            let Some(plan) = self.plan.volumes.iter().find(|known| known.name == volume) else { continue };
            let place = volumes.provide(plan, &self.pod, &facts)?;
            // What is not there is for who compiles to refuse.
            if let Ok(bytes) = read_part(root_of(pause.pid)?, &place.path, &path) {
                facts.files.insert((volume, path), bytes);
            }
        }
        let start = start(&self.pod, &self.plan, name, &facts).map_err(Trouble::Config)?;
        for volume in &self.plan.volumes {
            if start.mounts.iter().any(|mount| mount.volume == volume.name) {
                let place = match &volume.source {
                    VolumeSource::Image(image) => self.mount_image(&volumes, &volume.name, image)?,
                    _ => volumes.provide(volume, &self.pod, &facts)?,
                };
                provided.insert(volume.name.clone(), place);
            }
        }
        // That parts of volumes are there and within is seen now; who mounts them opens them again.
        let mounted = mounted(name, &start.mounts, &provided, root_of(pause.pid)?)?;
        let word = self.place.termination(name, instance);
        termination::make(&word)?;
        self.remember_instance(name, instance)?;
        let sandbox = self.place.sandbox();
        let directory = self.place.registry.directory(&sandbox);
        let writable = instance::make(&directory, &images, &prepared)?;
        let root = Root::Layers { lowers: prepared.lowers, writable };
        let parts = self.parts(spec, start, root.clone(), mounted.mounts, &word, &directory)?;
        let added = ContainerPlan::new(parts).map_err(Error::from).and_then(|container| {
            let console = self.containers().find(|it| it.name == name).as_ref().map(typed_at).unwrap_or_default();
            let plan = WorkloadPlan { target: self.target(name), ..workload(name, container, mounted.parts, console)? };
            add(&Store::open()?, &sandbox, plan, &self.programs)
        });
        if added.is_err() {
            // The error is what there is to tell; what stays goes with the pod.
            let _goes_with_the_pod = instance::remove_root(&directory, &root);
        }
        added?;
        Ok(Launched { id: self.id(name, instance) })
    }

    /// Whether this very instance runs: it was remembered before it was launched, and the one before it has ended.
    fn runs(&self, name: &str, instance: u32) -> bool {
        let process = named(name).and_then(|name| self.process(&name));
        self.instance_of(name) == Some(instance) && process.is_some_and(|process| matches!(process.look(), Seen::Alive))
    }

    /// The files of an image, which was fetched before the container's own.
    fn mount_image(&self, volumes: &Volumes<'_>, name: &str, image: &ImageVolume) -> Result<Provided, Trouble> {
        let (images, prepared) = self.prepared(&image.image).map_err(Error::from)?;
        let directory = self.place.registry.directory(&self.place.sandbox());
        // As a container of it would have it stay, and for as long as the sandbox does.
        volumes.image(name, &prepared, || Ok(instance::make(&directory, &images, &prepared).map(drop)?))
    }

    /// The files of volumes that variables of a container are read from.
    fn files_of_variables(&self, name: &str) -> Vec<(String, String)> {
        let container = self.containers().find(|it| it.name == name);
        let from = container.into_iter().flat_map(|it| it.env).filter_map(|variable| variable.value_from);
        let files = from.filter_map(|from| from.file_key_ref);
        files.map(|file| (file.volume_name, file.path)).collect()
    }

    pub(super) fn containers(&self) -> impl Iterator<Item = Container> {
        let spec = self.pod.spec.iter();
        spec.flat_map(|spec| {
            let written = spec.init_containers.iter().chain(&spec.containers).cloned();
            written.chain(crate::compile::ephemeral(spec))
        })
    }

    /// The container whose processes this one is to see, where they do not all see each other's.
    fn target(&self, name: &str) -> Option<Name> {
        let apart = self.plan.sandbox.pids == PidSharing::Containers;
        self.pod.spec.as_ref().filter(|_| apart).and_then(|spec| target(spec, name)).and_then(named)
    }

    /// What an instance of a container is called: the same, whoever asks.
    pub(super) fn id(&self, name: &str, instance: u32) -> String {
        let whole = format!("{}/{name}/{instance}", self.place.uid);
        format!("podkit://{}", image::Algorithm::Sha256.digest(whole.as_bytes()).hex())
    }

    /// Before it is there, so that whoever finds it knows which it is.
    fn remember_instance(&self, name: &str, instance: u32) -> Result<(), Error> {
        let path = self.place.instance(name);
        let directory = path.parent().unwrap_or(&path);
        fs::create_dir_all(directory).map_err(file("create", directory))?;
        fs::write(&path, instance.to_string()).map_err(file("write", &path))?;
        Ok(())
    }

    fn parts(
        &self,
        spec: &ContainerSpec,
        mut start: Start,
        root: Root,
        volumes: Vec<Mount>,
        word: &Path,
        directory: &PodDirectory,
    ) -> Result<Parts, Error> {
        let mut mounts = Mount::usual();
        mounts.extend(etc(directory)?);
        let word = fs::canonicalize(word).map_err(file("find", word))?;
        let at = Path::new("/").join(&spec.termination.path);
        mounts.push(Mount::new(at, What::Bind { source: word, below: Below::Left }, Attributes::default()));
        for mount in volumes {
            mounts.retain(|usual| usual.at != mount.at);
            mounts.push(mount);
        }
        start.process.oom_score = start.process.oom_score.map(rank);
        // What is mounted in another mount comes after it.
        mounts.sort_by_key(|mount| mount.at.components().count());
        let mut parts = Parts::usual(root, start.process);
        parts.mounts = mounts;
        parts.devices = Device::usual();
        if start.privileged {
            open_up(&mut parts);
        }
        parts.read_only = start.read_only;
        parts.pids = start.pids;
        parts.limits = start.limits;
        parts.stop_signal = start.stop_signal;
        parts.sysctls = self.plan.sandbox.sysctls.clone();
        if start.unmasked {
            parts.masked.clear();
            parts.read_only_paths.clear();
        }
        Ok(parts)
    }
}

/// How readily a container is killed that is to be killed so readily: less readily than we are only where the kernel
/// lets us say so, which is found by saying it of ourselves.
fn rank(wanted: i32) -> i32 {
    const OURS: &str = "/proc/self/oom_score_adj";
    let own = fs::read_to_string(OURS).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0);
    if wanted >= own {
        return wanted;
    }
    if fs::write(OURS, wanted.to_string()).is_err() {
        return own;
    }
    // Up again is where anybody may go.
    let _own = fs::write(OURS, own.to_string());
    wanted
}

/// Gives a container what the machine has: its devices, and the kernel's objects and control groups to be written to.
fn open_up(parts: &mut Parts) {
    for mount in parts.mounts.iter_mut().filter(|mount| matches!(mount.what, What::Sysfs | What::Cgroup)) {
        mount.attributes.read_only = ReadOnly::No;
    }
    let taken = |at: &Path| {
        parts.devices.iter().any(|device| device.at == at) || parts.mounts.iter().any(|mount| mount.at == at)
    };
    let more: Vec<_> = crate::gather::devices().into_iter().filter(|device| !taken(&device.at)).collect();
    parts.devices.extend(more);
}

/// A file of a volume, as far as anybody would write variables into one.
fn read_part(root: impl AsFd, volume: &Path, path: &str) -> io::Result<Vec<u8>> {
    const MOST: u64 = 1 << 20;
    let opened = existing(root, volume, path)?;
    // It is open by its path alone; a fifo would have us wait for its other end.
    let name = format!("/proc/self/fd/{}", opened.as_raw_fd());
    if !fs::metadata(&name)?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut bytes = Vec::new();
    File::open(name)?.take(MOST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The pod's own files; those of the host in place of what it has not.
fn etc(directory: &PodDirectory) -> Result<Vec<Mount>, Error> {
    let record: crate::record::PodRecord = directory.pod()?;
    let mut mounts = Vec::new();
    for (share, name) in [
        (crate::plan::Share::Uts, "hostname"),
        (crate::plan::Share::Net, "hosts"),
        (crate::plan::Share::Net, "resolv.conf"),
    ] {
        let at = Path::new("/etc").join(name);
        let own = record.plan.shares(share);
        let path = if own { directory.etc(name) } else { at.clone() };
        let source = match fs::canonicalize(&path) {
            // Not every host has each.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !own => continue,
            found => found.map_err(file("find", &path))?,
        };
        mounts.push(Mount::new(at, What::Bind { source, below: Below::Left }, Attributes::default()));
    }
    Ok(mounts)
}

/// What a container reads what is typed from, and who types there.
fn typed_at(container: &Container) -> (Console, Typing) {
    let console = match (container.tty, container.stdin) {
        (Some(true), _) => Console::Terminal(Size::default()),
        (_, Some(true)) => Console::Pipe,
        _ => Console::None,
    };
    let typing = match (container.stdin, container.stdin_once) {
        (Some(true), Some(true)) => Typing::Once,
        (Some(true), _) => Typing::Always,
        _ => Typing::Never,
    };
    (console, typing)
}

fn workload(
    name: &str,
    container: ContainerPlan,
    parts: Vec<Part>,
    (console, typing): (Console, Typing),
) -> Result<WorkloadPlan, Error> {
    let process = container.parts().process.clone();
    let mut words = process.command.into_iter();
    Ok(WorkloadPlan {
        name: name.to_owned().try_into().map_err(Error::from)?,
        program: words.next().unwrap_or_default(),
        arguments: words.collect::<Vec<OsString>>(),
        environment: process.environment,
        directory: PathBuf::from(&process.directory).into(),
        conditions: Conditions::default(),
        container: Some(container),
        limits: container::limits::Limits::default(),
        parts,
        wishes_shares: true,
        runtime: None,
        console,
        typing,
        target: None,
    })
}

/// A container's name, as its sandbox has it.
pub(super) fn named(container: &str) -> Option<Name> {
    container.parse().ok()
}
