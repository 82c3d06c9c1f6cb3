//! The status of a Pod, from its machine.

use jiff::Timestamp;
use manifest::kind::{
    self, ContainerState, ContainerStateRunning, ContainerStateTerminated, ContainerStateWaiting, ContainerStatus,
    HostIP, Pod, PodCondition, PodIP, PodStatus, VolumeMountStatus,
};
use manifest::value::Time;

use super::resources;
use crate::compile::{ContainerSpec, NodeFacts, Quality, Role, Waiting};
use crate::machine::{Condition, Container, End, Machine, Shown, Stamp};

/// The Pod, with its status, and when it has to be gone if it was deleted.
#[must_use]
pub fn pod(pod: &Pod, machine: &Machine, node: &NodeFacts) -> Pod {
    let mut pod = pod.clone();
    if let Some(deleted) = machine.deleted() {
        pod.metadata.deletion_timestamp = Some(time(deleted.by));
        pod.metadata.deletion_grace_period_seconds = Some(deleted.grace.into());
    }
    pod.status = Some(status(&pod, machine, node));
    pod
}

fn status(pod: &Pod, machine: &Machine, node: &NodeFacts) -> PodStatus {
    let plan = machine.plan();
    // To delete it is to change what is wanted of it, too.
    let generation = match machine.deleted() {
        Some(_) => pod.metadata.generation.unwrap_or(plan.generation),
        None => plan.generation,
    };
    let of = |roles: &[Role]| -> Vec<ContainerStatus> {
        let both = machine.containers().iter().zip(&plan.containers);
        let these = both.filter(|(_, spec)| machine.is_taken() && roles.contains(&spec.role));
        these.map(|(container, spec)| one(container, spec, pod, machine)).collect()
    };
    let mut regular = of(&[Role::Regular]);
    regular.sort_by(|one, other| one.name.cmp(&other.name));
    let verdict = machine.verdict().filter(|_| machine.is_over());
    let addresses = match plan.sandbox.network {
        crate::compile::Network::Hosts if !machine.addresses().is_empty() => &node.addresses[..],
        _ => machine.addresses(),
    };
    let amounts = pod.spec.as_ref().map(resources::of_pod).unwrap_or_default();
    PodStatus {
        allocated_resources: amounts.requests.clone(),
        conditions: machine.conditions().iter().map(|it| condition(it, generation)).collect(),
        container_statuses: regular,
        init_container_statuses: of(&[Role::Init, Role::Sidecar]),
        ephemeral_container_statuses: of(&[Role::Ephemeral]),
        host_ip: node.addresses.first().map(ToString::to_string),
        host_ips: node.addresses.iter().map(|address| HostIP { ip: address.to_string() }).collect(),
        message: verdict.map(|verdict| verdict.message.clone()),
        observed_generation: Some(generation),
        phase: Some(machine.phase().to_string()),
        pod_ip: addresses.first().map(ToString::to_string),
        pod_ips: addresses.iter().map(|address| PodIP { ip: address.to_string() }).collect(),
        qos_class: Some(
            match plan.quality {
                Quality::Guaranteed => "Guaranteed",
                Quality::Burstable => "Burstable",
                Quality::BestEffort => "BestEffort",
            }
            .to_owned(),
        ),
        reason: verdict.map(|verdict| verdict.reason.clone()),
        resources: Some(amounts),
        start_time: Some(time(machine.began())),
        ..PodStatus::default()
    }
}

fn time(stamp: Stamp) -> Time {
    Time(Timestamp::from_second(stamp.wall).unwrap_or_default())
}

fn condition(condition: &Condition, generation: i64) -> PodCondition {
    PodCondition {
        last_probe_time: None,
        last_transition_time: Some(time(condition.since)),
        message: condition.message.clone(),
        observed_generation: Some(generation),
        reason: condition.reason.clone(),
        status: if condition.holds { "True" } else { "False" }.to_owned(),
        r#type: condition.kind.as_str().to_owned(),
    }
}

fn one(container: &Container, spec: &ContainerSpec, pod: &Pod, machine: &Machine) -> ContainerStatus {
    let said = said(pod, &spec.name);
    // Until a container was made of it, an image is no more than its name.
    let image = container.image.as_ref().filter(|_| container.instances > 0);
    let done = spec.role == Role::Init && container.ended().is_some_and(|end| end.code == 0);
    let made = said.filter(|_| container.instances > 0);
    ContainerStatus {
        allocated_resources: made.map(resources::requests).unwrap_or_default(),
        container_id: id(container),
        image: image.map_or_else(|| spec.image.clone(), |image| image.name.clone()),
        image_id: image.map(|image| image.id.clone()).unwrap_or_default(),
        last_state: Some(ContainerState { terminated: container.last().map(terminated), ..ContainerState::default() }),
        name: spec.name.clone(),
        // What is to end is ready when it has done so.
        ready: match spec.role {
            Role::Init => done,
            Role::Ephemeral => false,
            Role::Sidecar | Role::Regular => container.ready,
        },
        resources: made.and_then(|said| said.resources.clone()),
        restart_count: i32::try_from(container.restarts()).unwrap_or(i32::MAX),
        started: (spec.role != Role::Ephemeral).then_some(container.started),
        state: Some(state(container, machine)),
        volume_mounts: said.map(mounts).unwrap_or_default(),
        ..ContainerStatus::default()
    }
}

fn said<'a>(pod: &'a Pod, name: &str) -> Option<&'a kind::Container> {
    let spec = pod.spec.as_ref()?;
    spec.init_containers.iter().chain(&spec.containers).find(|container| container.name == name)
}

/// The instance that is shown, or that was shown last.
fn id(container: &Container) -> Option<String> {
    match container.shown {
        Shown::Running => container.id.clone(),
        Shown::Ended | Shown::Waiting { .. } => container.end.as_ref().and_then(|end| end.id.clone()),
    }
}

fn state(container: &Container, machine: &Machine) -> ContainerState {
    let mut state = ContainerState::default();
    match &container.shown {
        Shown::Running => {
            state.running = Some(ContainerStateRunning { started_at: container.since.map(time) });
        }
        Shown::Ended => state.terminated = container.end.as_ref().map(terminated),
        Shown::Waiting { reason, message } => {
            let initial = match machine.plan().init().next() {
                Some(_) => Waiting::PodInitializing,
                None => Waiting::ContainerCreating,
            };
            state.waiting = Some(ContainerStateWaiting {
                message: Some(message.clone()).filter(|message| !message.is_empty()),
                reason: Some(reason.unwrap_or(initial).to_string()),
            });
        }
    }
    state
}

fn terminated(end: &End) -> ContainerStateTerminated {
    ContainerStateTerminated {
        container_id: end.id.clone(),
        exit_code: end.code,
        finished_at: Some(time(end.finished)),
        message: Some(end.message.clone()).filter(|message| !message.is_empty()),
        reason: Some(end.reason.clone()),
        signal: None,
        started_at: Some(time(end.started.unwrap_or_default())),
    }
}

fn mounts(container: &kind::Container) -> Vec<VolumeMountStatus> {
    let status = |mount: &kind::VolumeMount| {
        let read_only = mount.read_only == Some(true);
        let recursive = mount.recursive_read_only.clone().unwrap_or_else(|| "Disabled".to_owned());
        VolumeMountStatus {
            mount_path: mount.mount_path.clone(),
            name: mount.name.clone(),
            read_only: read_only.then_some(true),
            recursive_read_only: read_only.then_some(recursive),
            ..VolumeMountStatus::default()
        }
    };
    container.volume_mounts.iter().map(status).collect()
}
