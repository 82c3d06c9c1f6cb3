//! What follows from a Pod alone.

use manifest::kind::{Container, Pod, PodSpec};

use super::facts::NodeFacts;
use super::plan::{
    ContainerSpec, FsGroup, HookPlan, PodPlan, Pull, Restart, RestartAction, RestartRule, Role, TerminationMessage,
};
use super::reason::Rejection;
use super::{probe, resources, sandbox, security, volume};

/// The plan of a pod: of one that has its defaults and was found valid.
///
/// # Errors
/// Where the pod cannot be had on this machine: it has failed, then.
pub fn pod(pod: &Pod, node: &NodeFacts) -> Result<PodPlan, Rejection> {
    let none = PodSpec::default();
    let spec = pod.spec.as_ref().unwrap_or(&none);
    let context = spec.security_context.clone().unwrap_or_default();
    let restart = spec.restart_policy.as_deref().and_then(restart).unwrap_or(Restart::Always);
    let grace = seconds(spec.termination_grace_period_seconds, 30);
    security::check_apparmor(spec)?;
    let ephemeral = super::ephemeral::containers(spec);
    let containers =
        all_containers(spec).map(|(container, is_init)| container_spec(container, is_init, restart)).chain(
            ephemeral.iter().map(|one| ContainerSpec { role: Role::Ephemeral, ..container_spec(one, false, restart) }),
        );
    Ok(PodPlan {
        namespace: pod.metadata.namespace.clone().unwrap_or_else(|| "default".to_owned()),
        name: pod.metadata.name.clone().unwrap_or_default(),
        uid: pod.metadata.uid.clone().unwrap_or_default(),
        generation: pod.metadata.generation.unwrap_or(1),
        restart,
        grace,
        deadline: spec.active_deadline_seconds.and_then(|seconds| u64::try_from(seconds).ok()),
        sandbox: sandbox::sandbox(pod, spec, node)?,
        volumes: volume::volumes(pod, spec)?,
        fs_group: context.fs_group.and_then(|id| u32::try_from(id).ok()).map(|id| FsGroup {
            id,
            on_root_mismatch: context.fs_group_change_policy.as_deref() == Some("OnRootMismatch"),
        }),
        containers: containers.collect(),
        quality: resources::quality(spec),
        limits: resources::of_pod(spec),
        readiness_gates: spec.readiness_gates.iter().map(|gate| gate.condition_type.clone()).collect(),
    })
}

/// The containers of a pod, init containers first, and whether each is one of them.
pub(super) fn all_containers(spec: &PodSpec) -> impl Iterator<Item = (&Container, bool)> {
    let init = spec.init_containers.iter().map(|container| (container, true));
    init.chain(spec.containers.iter().map(|container| (container, false)))
}

/// Seconds that nothing waits longer than, and no less than one.
fn seconds(given: Option<i64>, otherwise: u32) -> u32 {
    given.map_or(otherwise, |given| if given < 0 { 1 } else { u32::try_from(given).unwrap_or(u32::MAX) })
}

fn container_spec(container: &Container, is_init: bool, of_pod: Restart) -> ContainerSpec {
    let own = container.restart_policy.as_deref().and_then(restart);
    let role = match (is_init, own) {
        (true, Some(Restart::Always)) => Role::Sidecar,
        (true, _) => Role::Init,
        (false, _) => Role::Regular,
    };
    let lifecycle = container.lifecycle.clone().unwrap_or_default();
    let hook = |handler: Option<_>| -> Option<HookPlan> { handler.and_then(|it| probe::hook(&it, container)) };
    ContainerSpec {
        name: container.name.clone(),
        role,
        image: container.image.clone().unwrap_or_default(),
        pull: pull(container.image_pull_policy.as_deref()),
        restart: own.unwrap_or(of_pod),
        rules: container.restart_policy_rules.iter().map(rule).collect(),
        probes: probe::probes(container),
        post_start: hook(lifecycle.post_start),
        pre_stop: hook(lifecycle.pre_stop),
        ports: container.ports.iter().filter_map(sandbox::port).collect(),
        termination: TerminationMessage {
            path: container.termination_message_path.clone().unwrap_or_else(|| "/dev/termination-log".to_owned()),
            or_log: container.termination_message_policy.as_deref() == Some("FallbackToLogsOnError"),
        },
        stdin: container.stdin.unwrap_or_default(),
        stdin_once: container.stdin_once.unwrap_or_default(),
        tty: container.tty.unwrap_or_default(),
    }
}

fn rule(rule: &manifest::kind::ContainerRestartRule) -> RestartRule {
    let codes = rule.exit_codes.clone().unwrap_or_default();
    RestartRule {
        action: match rule.action.as_str() {
            "RestartAllContainers" => RestartAction::AllContainers,
            _ => RestartAction::Container,
        },
        inside: codes.operator != "NotIn",
        codes: codes.values,
    }
}

fn restart(text: &str) -> Option<Restart> {
    match text {
        "Always" => Some(Restart::Always),
        "OnFailure" => Some(Restart::OnFailure),
        "Never" => Some(Restart::Never),
        _ => None,
    }
}

pub(super) fn pull(text: Option<&str>) -> Pull {
    match text {
        Some("Always") => Pull::Always,
        Some("Never") => Pull::Never,
        _ => Pull::IfNotPresent,
    }
}
