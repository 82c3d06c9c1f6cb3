//! What containers and pods may use of the machine.

use std::collections::BTreeMap;

use container::limits::{self, HugePage, Limits, Resources};
use manifest::kind::{Container, PodSpec, ResourceRequirements};
use manifest::value::Quantity;

use super::plan::{Quality, Role};
use super::pod::all_containers;

/// How a pod ranks.
pub(super) fn quality(spec: &PodSpec) -> Quality {
    let of_pod = spec.resources.as_ref().map(resources).filter(|it| *it != Resources::default());
    let all = match of_pod {
        Some(of_pod) => vec![of_pod],
        None => all_containers(spec).map(|(container, _)| of(container)).collect(),
    };
    match limits::Quality::of(&all) {
        limits::Quality::Guaranteed => Quality::Guaranteed,
        limits::Quality::Burstable => Quality::Burstable,
        limits::Quality::BestEffort => Quality::BestEffort,
    }
}

/// What all of a pod may use together: at any time the containers that run then, or what is said of the pod itself.
pub(super) fn of_pod(spec: &PodSpec) -> Limits {
    let (mut sidecars, mut most) = (Resources::default(), Resources::default());
    for container in &spec.init_containers {
        if role(container, true) == Role::Sidecar {
            sidecars = sum(sidecars, of(container));
            most = largest(most, sidecars);
        } else {
            most = largest(most, sum(sidecars, of(container)));
        }
    }
    let along = spec.containers.iter().map(of).fold(sidecars, sum);
    let mut whole = largest(most, along);
    // What one container may use without limit the pod may.
    let beside = spec.init_containers.iter().filter(|container| role(container, true) == Role::Sidecar);
    let running: Vec<Resources> = spec.containers.iter().chain(beside).map(of).collect();
    let all = |limit: fn(&Resources) -> Option<u64>| running.iter().all(|one| limit(one).is_some_and(|it| it > 0));
    whole.cpu_limit = whole.cpu_limit.filter(|_| all(|one| one.cpu_limit));
    whole.memory_limit = whole.memory_limit.filter(|_| all(|one| one.memory_limit));
    if let Some(said) = &spec.resources {
        let said = resources(said);
        whole.cpu_request = said.cpu_request.or(whole.cpu_request);
        whole.memory_request = said.memory_request.or(whole.memory_request);
        whole.cpu_limit = said.cpu_limit.or(whole.cpu_limit);
        whole.memory_limit = said.memory_limit.or(whole.memory_limit);
    }
    Limits { huge_pages: huge_pages_of_pod(spec), ..Limits::of_pod(&[whole]) }
}

/// What a container may use; where it says nothing, what its pod may.
pub(super) fn of_container(container: &Container, spec: &PodSpec) -> Limits {
    let mut own = of(container);
    if let Some(of_pod) = spec.resources.as_ref().map(resources) {
        own.cpu_limit = own.cpu_limit.or(of_pod.cpu_limit);
        own.memory_limit = own.memory_limit.or(of_pod.memory_limit);
    }
    let huge = container.resources.as_ref().map(|it| huge_pages(&it.limits)).unwrap_or_default();
    Limits { huge_pages: huge, ..Limits::of_container(own) }
}

/// How readily a container is killed when the machine runs out of memory.
pub(super) fn oom_score(container: &Container, spec: &PodSpec, memory: u64) -> i32 {
    let ranked = match quality(spec) {
        Quality::Guaranteed => limits::Quality::Guaranteed,
        Quality::Burstable => limits::Quality::Burstable,
        Quality::BestEffort => limits::Quality::BestEffort,
    };
    let score = |container: &Container| {
        let own = of(container);
        ranked.oom_score_adj(own.memory_request.or(own.memory_limit).unwrap_or(0), memory)
    };
    let own = score(container);
    let is_sidecar = spec.init_containers.iter().any(|it| it.name == container.name && role(it, true) == Role::Sidecar);
    if !is_sidecar {
        return own;
    }
    // A sidecar outlives those that it serves.
    spec.containers.iter().map(score).min().map_or(own, |lowest| own.min(lowest))
}

pub(super) fn role(container: &Container, is_init: bool) -> Role {
    match (is_init, container.restart_policy.as_deref()) {
        (false, _) => Role::Regular,
        (true, Some("Always")) => Role::Sidecar,
        (true, _) => Role::Init,
    }
}

fn of(container: &Container) -> Resources {
    container.resources.as_ref().map(resources).unwrap_or_default()
}

fn resources(said: &ResourceRequirements) -> Resources {
    let milli = |of: &BTreeMap<String, Quantity>| of.get("cpu").map(|it| u64::try_from(it.milli()).unwrap_or(0));
    let whole = |of: &BTreeMap<String, Quantity>| of.get("memory").map(|it| u64::try_from(it.value()).unwrap_or(0));
    Resources {
        cpu_request: milli(&said.requests),
        cpu_limit: milli(&said.limits),
        memory_request: whole(&said.requests),
        memory_limit: whole(&said.limits),
    }
}

fn sum(one: Resources, other: Resources) -> Resources {
    combined(one, other, u64::saturating_add)
}

fn largest(one: Resources, other: Resources) -> Resources {
    combined(one, other, u64::max)
}

fn combined(one: Resources, other: Resources, how: fn(u64, u64) -> u64) -> Resources {
    let both = |one: Option<u64>, other: Option<u64>| match (one, other) {
        (Some(one), Some(other)) => Some(how(one, other)),
        (one, other) => one.or(other),
    };
    Resources {
        cpu_request: both(one.cpu_request, other.cpu_request),
        cpu_limit: both(one.cpu_limit, other.cpu_limit),
        memory_request: both(one.memory_request, other.memory_request),
        memory_limit: both(one.memory_limit, other.memory_limit),
    }
}

/// `hugepages-2Mi`: the size in KiB.
pub(super) fn huge_page(name: &str) -> Option<u64> {
    let size: Quantity = name.strip_prefix("hugepages-")?.parse().ok()?;
    u64::try_from(size.value()).ok().map(|bytes| bytes >> 10)
}

fn huge_pages(limits: &BTreeMap<String, Quantity>) -> BTreeMap<HugePage, u64> {
    let sized = |(name, amount): (&String, &Quantity)| {
        Some((HugePage::of_kib(huge_page(name)?), u64::try_from(amount.value()).ok()?))
    };
    limits.iter().filter_map(sized).collect()
}

fn huge_pages_of_pod(spec: &PodSpec) -> BTreeMap<HugePage, u64> {
    if let Some(said) = spec.resources.as_ref().map(|it| huge_pages(&it.limits)).filter(|said| !said.is_empty()) {
        return said;
    }
    let mut whole: BTreeMap<HugePage, u64> = BTreeMap::new();
    for container in &spec.containers {
        for (size, amount) in container.resources.iter().flat_map(|it| huge_pages(&it.limits)) {
            *whole.entry(size).or_default() += amount;
        }
    }
    for container in &spec.init_containers {
        for (size, amount) in container.resources.iter().flat_map(|it| huge_pages(&it.limits)) {
            let most = whole.entry(size).or_default();
            *most = (*most).max(amount);
        }
    }
    whole
}
