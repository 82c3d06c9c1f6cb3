//! One start of a container: what its process is made of by now.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use container::plan::{Pids, Process};
use manifest::kind::{Container, Pod, PodSpec, VolumeMount};
use manifest::value::expand;
use reaper::Signal;

use super::env::{self, Environment};
use super::facts::{Facts, ImageFacts};
use super::plan::{MountPlan, MountPropagation, PidSharing, PodPlan, Recursive, Start};
use super::pod::all_containers;
use super::reason::Refusal;
use super::resources;
use super::security::Context;

/// The start of a container whose image is here.
///
/// # Errors
/// Where something that it is to be made of is missing, or contradicts itself.
pub fn start(pod: &Pod, plan: &PodPlan, name: &str, facts: &Facts) -> Result<Start, Refusal> {
    let none = PodSpec::default();
    let spec = pod.spec.as_ref().unwrap_or(&none);
    let ephemeral = super::ephemeral::containers(spec);
    let all = all_containers(spec).map(|(container, _)| container).chain(&ephemeral);
    let found = all.into_iter().find(|container| container.name == name);
    let container = found.ok_or_else(|| Refusal::create(format!("the pod has no container {name}")))?;
    let image = container.image.as_ref().and_then(|image| facts.images.get(image)).cloned().unwrap_or_default();
    let said = env::said(pod, plan, container, facts)?;
    let context = Context::of(pod, plan, container);
    let user = context.user(&image)?;
    let mounts = mounts(container, &said)?;
    let directory = container.working_dir.as_ref().filter(|it| !it.is_empty()).or(image.directory.as_ref());
    let environment = env::given(container, plan, &image).with(&said);
    let process = Process {
        command: command(container, &image, &said)?,
        environment: environment.iter().map(|(name, value)| (name.into(), value.into())).collect(),
        directory: Path::new("/").join(directory.map(String::as_str).unwrap_or_default()),
        user,
        capabilities: context.capabilities()?,
        no_new_privileges: context.own.allow_privilege_escalation == Some(false),
        seccomp: context.seccomp(facts),
        limits: Vec::new(),
        umask: 0o022,
        oom_score: Some(resources::oom_score(container, spec, facts.node.memory)),
        terminal: container.tty == Some(true),
    };
    Ok(Start {
        process,
        pids: match plan.sandbox.pids {
            // Who is to see another's processes has no others.
            PidSharing::Containers if super::ephemeral::target(spec, name).is_some() => Pids::Pods,
            PidSharing::Containers => Pids::Own,
            PidSharing::Pods => Pids::Pods,
            PidSharing::Hosts => Pids::Hosts,
        },
        mounts,
        read_only: context.own.read_only_root_filesystem == Some(true),
        privileged: context.privileged(),
        unmasked: context.privileged() || context.own.proc_mount.as_deref() == Some("Unmasked"),
        limits: resources::of_container(container, spec),
        stop_signal: stop_signal(container, &image)?,
    })
}

/// The image's words, in place of which the Pod's stand: a command of its own has no use for the image's words.
fn command(container: &Container, image: &ImageFacts, said: &Environment) -> Result<Vec<OsString>, Refusal> {
    let expanded = |words: &[String]| -> Vec<OsString> {
        words.iter().map(|word| expand(word, |name| said.get(name)).into()).collect()
    };
    let plain = |words: &[String]| -> Vec<OsString> { words.iter().map(OsString::from).collect() };
    let (program, arguments) = match (container.command.as_slice(), container.args.as_slice()) {
        ([], []) => (plain(&image.entrypoint), plain(&image.command)),
        ([], args) => (plain(&image.entrypoint), expanded(args)),
        (command, args) => (expanded(command), expanded(args)),
    };
    let words: Vec<_> = program.into_iter().chain(arguments).collect();
    if words.is_empty() { Err(Refusal::create("no command specified")) } else { Ok(words) }
}

fn stop_signal(container: &Container, image: &ImageFacts) -> Result<u8, Refusal> {
    let said = container.lifecycle.as_ref().and_then(|lifecycle| lifecycle.stop_signal.as_ref());
    let Some(text) = said.or(image.stop_signal.as_ref()).filter(|text| !text.is_empty()) else {
        return Ok(Signal::TERM.number());
    };
    let signal = Signal::parse(text.as_bytes()).map(Signal::number);
    signal.ok_or_else(|| Refusal::create(format!("no signal is called {text:?}")))
}

/// The volumes, those below others after them.
fn mounts(container: &Container, said: &Environment) -> Result<Vec<MountPlan>, Refusal> {
    let mut mounts =
        container.volume_mounts.iter().map(|one| mount(one, container, said)).collect::<Result<Vec<_>, _>>()?;
    mounts.sort_by_key(|mount| mount.at.components().count());
    Ok(mounts)
}

fn mount(mount: &VolumeMount, container: &Container, said: &Environment) -> Result<MountPlan, Refusal> {
    let text = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let sub_path = match text(&mount.sub_path_expr) {
        Some(written) => Some(inserted(&written, said)?),
        None => text(&mount.sub_path),
    };
    if let Some(path) = &sub_path
        && (path.starts_with('/') || Path::new(path).components().any(|part| part == Component::ParentDir))
    {
        let (name, container) = (&mount.name, &container.name);
        let message = format!("failed to prepare subPath for volumeMount {name:?} of container {container:?}");
        return Err(Refusal::config(message));
    }
    Ok(MountPlan {
        volume: mount.name.clone(),
        at: PathBuf::from("/").join(&mount.mount_path),
        sub_path,
        read_only: mount.read_only == Some(true),
        recursive: match mount.recursive_read_only.as_deref() {
            Some("Enabled") => Recursive::Enabled,
            Some("IfPossible") => Recursive::IfPossible,
            _ => Recursive::Disabled,
        },
        propagation: match mount.mount_propagation.as_deref() {
            Some("HostToContainer") => MountPropagation::HostToContainer,
            Some("Bidirectional") => MountPropagation::Bidirectional,
            _ => MountPropagation::None,
        },
    })
}

/// The path with its variables: one that is not there, or empty, is an error here.
fn inserted(written: &str, said: &Environment) -> Result<String, Refusal> {
    let missing = std::cell::RefCell::new(Vec::new());
    let path = expand(written, |name| {
        let value = said.get(name).filter(|value| !value.is_empty());
        if value.is_none() {
            missing.borrow_mut().push(name.to_owned());
        }
        value
    });
    let missing = missing.into_inner();
    if missing.is_empty() {
        Ok(path)
    } else {
        Err(Refusal::config(format!("missing value for {}", missing.join(", "))))
    }
}
