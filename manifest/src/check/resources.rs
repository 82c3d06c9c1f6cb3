//! What containers may use and are promised.

use std::collections::BTreeMap;

use super::{Found, Path, names};
use crate::kind::{PodSpec, ResourceRequirements};
use crate::value::Quantity;

const PAGES: &str = "hugepages-";

pub(super) fn container(resources: &ResourceRequirements, path: &Path, found: &mut Found) {
    let limits = path.child("limits");
    let requests = path.child("requests");
    for (name, limit) in &resources.limits {
        amount(name, limit, &limits.key(name), found);
    }
    for (name, request) in &resources.requests {
        amount(name, request, &requests.key(name), found);
        within(name, request, resources.limits.get(name), &requests, &limits, found);
    }
    let names = || resources.limits.keys().chain(resources.requests.keys());
    if names().any(|name| name.starts_with(PAGES)) && !names().any(|name| name == "cpu" || name == "memory") {
        found.forbidden(path, "HugePages require cpu or memory");
    }
    for (index, claim) in resources.claims.iter().enumerate() {
        if claim.name.is_empty() {
            found.required(&path.child("claims").index(index), "");
        }
    }
}

/// Resources of which more may be promised than there are.
fn may_overcommit(name: &str) -> bool {
    is_native(name) && !name.starts_with(PAGES)
}

fn within(name: &str, request: &Quantity, limit: Option<&Quantity>, requests: &Path, limits: &Path, found: &mut Found) {
    match limit {
        Some(limit) if request != limit && !may_overcommit(name) => {
            found.value(requests, request.to_string(), format!("must be equal to {name} limit of {limit}"));
        }
        Some(limit) if request > limit => {
            found.value(
                requests,
                request.to_string(),
                format!("must be less than or equal to {name} limit of {limit}"),
            );
        }
        None if !may_overcommit(name) => found.required(limits, "Limit must be set for non overcommitable resources"),
        _ => {}
    }
}

fn is_native(name: &str) -> bool {
    !name.contains('/') || name.starts_with("kubernetes.io/") || name.contains(".kubernetes.io/")
}

fn amount(name: &str, amount: &Quantity, path: &Path, found: &mut Found) {
    let troubles = names::qualified(name);
    let standard = matches!(name, "cpu" | "memory" | "ephemeral-storage") || name.starts_with(PAGES);
    if !troubles.is_empty() {
        found.named(path, name, troubles);
    } else if !name.contains('/') && !standard {
        found.value(path, name, "must be a standard resource type or fully qualified");
        found.value(path, name, "must be a standard resource for containers");
    }
    quantity(name, amount, path, found);
}

fn quantity(name: &str, amount: &Quantity, path: &Path, found: &mut Found) {
    if amount.is_negative() {
        found.value(path, amount.to_string(), "must be greater than or equal to 0");
    }
    if name.contains('/') && !is_native(name) && !amount.is_whole() {
        found.value(path, amount.to_string(), "must be an integer");
    }
    if let Some(size) = name.strip_prefix(PAGES) {
        let Ok(size) = size.parse::<Quantity>() else {
            return found.value(path, name, "must be a standard resource for containers");
        };
        if size.value() > 0 && amount.value() % size.value() != 0 {
            found.value(path, amount.to_string(), format!("must be a multiple of page size {}", size.value()));
        }
    }
}

/// A list of amounts with nothing to compare them with.
pub(super) fn amounts(all: &BTreeMap<String, Quantity>, path: &Path, found: &mut Found) {
    for (name, one) in all {
        amount(name, one, &path.key(name), found);
    }
}

/// What a pod as a whole may use: at least what its containers are promised and each may use.
pub(super) fn pod_level(pod: &PodSpec, resources: &ResourceRequirements, path: &Path, found: &mut Found) {
    let supported = |name: &str| matches!(name, "cpu" | "memory") || name.starts_with(PAGES);
    for (field, all) in [("limits", &resources.limits), ("requests", &resources.requests)] {
        for (name, one) in all {
            let path = path.child(field).key(name);
            if !supported(name) {
                found
                    .add(&path, super::Trouble::Unsupported(name.as_str().into(), vec!["cpu", "hugepages-", "memory"]));
            }
            quantity(name, one, &path, found);
        }
    }
    for (name, request) in &resources.requests {
        within(name, request, resources.limits.get(name), &path.child("requests"), &path.child("limits"), found);
        let each = pod.containers.iter().filter_map(|one| one.resources.as_ref()?.requests.get(name));
        let sum = each.fold(Quantity::default(), |sum, one| sum.plus(*one));
        if sum > *request {
            let detail = format!("must be greater than or equal to aggregate container requests of {sum}");
            found.value(&path.child("requests").key(name), request.to_string(), detail);
        }
    }
    for (name, limit) in &resources.limits {
        for (index, container) in pod.containers.iter().enumerate() {
            let own = container.resources.as_ref().and_then(|one| one.limits.get(name));
            if let Some(own) = own.filter(|own| *own > limit) {
                let at = Path(path.0.replace("resources", "containers"))
                    .index(index)
                    .child("resources")
                    .child("limits")
                    .key(name);
                found.value(&at, own.to_string(), format!("must be less than or equal to pod limits of {limit}"));
            }
        }
    }
}
