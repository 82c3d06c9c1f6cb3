//! What of the machine a pod has, as its status says it.

use std::collections::{BTreeMap, BTreeSet};

use manifest::kind::{Container, PodSpec, ResourceRequirements};
use manifest::value::Quantity;

type Amounts = BTreeMap<String, Quantity>;

/// What the whole of a pod asks for and is held to: what was said of the pod, else what its containers come to. A limit
/// is one of the pod where each container has one.
pub(super) fn of_pod(spec: &PodSpec) -> ResourceRequirements {
    let own = spec.resources.clone().unwrap_or_default();
    let requests = over(together(spec, |said| &said.requests), own.requests);
    let mut limits = together(spec, |said| &said.limits);
    let everywhere = |name: &String| all(spec).all(|container| of(container, |said| &said.limits).contains_key(name));
    limits.retain(|name, _| everywhere(name));
    ResourceRequirements { limits: over(limits, own.limits), requests, ..ResourceRequirements::default() }
}

/// What a container asks for.
pub(super) fn requests(container: &Container) -> Amounts {
    of(container, |said| &said.requests)
}

fn all(spec: &PodSpec) -> impl Iterator<Item = &Container> {
    spec.init_containers.iter().chain(&spec.containers)
}

fn of(container: &Container, which: fn(&ResourceRequirements) -> &Amounts) -> Amounts {
    container.resources.as_ref().map(which).cloned().unwrap_or_default()
}

fn over(mut these: Amounts, those: Amounts) -> Amounts {
    these.extend(those);
    these
}

/// Those that run side by side together; or, if that is more, one that has to end first with the sidecars before it.
fn together(spec: &PodSpec, which: fn(&ResourceRequirements) -> &Amounts) -> Amounts {
    let (mut most, mut sidecars) = (Amounts::new(), Amounts::new());
    for container in &spec.init_containers {
        let with = sum(&sidecars, &of(container, which));
        if container.restart_policy.as_deref() == Some("Always") {
            sidecars = with;
        } else {
            most = largest(&most, &with);
        }
    }
    let beside = spec.containers.iter().fold(sidecars, |sum_, container| sum(&sum_, &of(container, which)));
    largest(&most, &beside)
}

fn sum(one: &Amounts, other: &Amounts) -> Amounts {
    combined(one, other, Quantity::plus)
}

fn largest(one: &Amounts, other: &Amounts) -> Amounts {
    combined(one, other, Ord::max)
}

fn combined(one: &Amounts, other: &Amounts, how: fn(Quantity, Quantity) -> Quantity) -> Amounts {
    let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    let both = |name: &String| match (one.get(name).copied(), other.get(name).copied()) {
        (Some(one), Some(other)) => Some(how(one, other)),
        (one, other) => one.or(other),
    };
    names.into_iter().filter_map(|name| Some((name.clone(), both(name)?))).collect()
}

#[cfg(test)]
mod tests {
    use manifest::kind::Object;
    use manifest::read::{Validate, read};

    use super::*;

    fn said(spec: &str) -> (String, String) {
        let text = format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {spec}");
        let written = read(&text, "test.yaml", &Default::default()).remove(0).expect("a document");
        let mut object = written.decode(Validate::Strict).expect("a pod").object;
        object.set_defaults();
        let Object::Pod(pod) = object else { panic!("no pod") };
        let found = of_pod(pod.spec.as_ref().expect("a spec"));
        let words = |amounts: Amounts| {
            let word = |(name, amount)| format!("{name}={amount}");
            amounts.into_iter().map(word).collect::<Vec<_>>().join(" ")
        };
        (words(found.requests), words(found.limits))
    }

    #[test]
    fn a_pod_has_what_its_containers_have_together() {
        let one = "{name: a, image: i, resources: {requests: {cpu: 100m, memory: 32Mi}, limits: {memory: 64Mi}}}";
        let other = "{name: b, image: i, resources: {requests: {cpu: 200m}, limits: {cpu: 1, memory: 64Mi}}}";
        let first = "{name: c, image: i, resources: {requests: {cpu: 2}, limits: {memory: 1Gi}}}";
        let sidecar = "{name: d, image: i, restartPolicy: Always, resources: {requests: {cpu: 50m}}}";
        for (spec, requests, limits) in [
            (format!("{{containers: [{one}]}}"), "cpu=100m memory=32Mi", "memory=64Mi"),
            (format!("{{containers: [{one}, {other}]}}"), "cpu=300m memory=96Mi", "memory=128Mi"),
            (format!("{{initContainers: [{first}], containers: [{other}]}}"), "cpu=2 memory=1Gi", "memory=1Gi"),
            (format!("{{initContainers: [{sidecar}, {first}], containers: [{one}]}}"), "cpu=2050m memory=1Gi", ""),
            (
                format!("{{resources: {{limits: {{cpu: 3}}}}, containers: [{one}]}}"),
                "cpu=100m memory=32Mi",
                "cpu=3 memory=64Mi",
            ),
            ("{containers: [{name: a, image: i}]}".to_owned(), "", ""),
        ] {
            assert_eq!(said(&spec), (requests.to_owned(), limits.to_owned()), "{spec}");
        }
    }
}
