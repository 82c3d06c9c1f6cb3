//! Where a pod would rather be: nodes, neighbours, and how it is spread. It means nothing on one machine, and is looked at
//! all the same, so that a manifest that is right here is right in a cluster.

use super::{Found, Path, meta, names};
use crate::kind::{Affinity, NodeSelectorRequirement, NodeSelectorTerm, PodAffinityTerm, TopologySpreadConstraint};

pub(super) fn affinity(affinity: &Affinity, path: &Path, found: &mut Found) {
    if let Some(node) = &affinity.node_affinity {
        let path = path.child("nodeAffinity");
        if let Some(required) = &node.required_during_scheduling_ignored_during_execution {
            let at = path.child("requiredDuringSchedulingIgnoredDuringExecution").child("nodeSelectorTerms");
            if required.node_selector_terms.is_empty() {
                found.required(&at, "must have at least one node selector term");
            }
            for (index, term) in required.node_selector_terms.iter().enumerate() {
                self::term(term, &at.index(index), found);
            }
        }
        for (index, preferred) in node.preferred_during_scheduling_ignored_during_execution.iter().enumerate() {
            let at = path.child("preferredDuringSchedulingIgnoredDuringExecution").index(index);
            weight(preferred.weight, &at, found);
            if let Some(preference) = &preferred.preference {
                term(preference, &at.child("preference"), found);
            }
        }
    }
    let pods = affinity.pod_affinity.as_ref().map(|pods| {
        let required = &pods.required_during_scheduling_ignored_during_execution;
        ("podAffinity", required, &pods.preferred_during_scheduling_ignored_during_execution)
    });
    let others = affinity.pod_anti_affinity.as_ref().map(|pods| {
        let required = &pods.required_during_scheduling_ignored_during_execution;
        ("podAntiAffinity", required, &pods.preferred_during_scheduling_ignored_during_execution)
    });
    for (name, required, preferred) in pods.into_iter().chain(others) {
        let path = path.child(name);
        for (index, term) in required.iter().enumerate() {
            neighbours(term, &path.child("requiredDuringSchedulingIgnoredDuringExecution").index(index), found);
        }
        for (index, weighted) in preferred.iter().enumerate() {
            let at = path.child("preferredDuringSchedulingIgnoredDuringExecution").index(index);
            weight(weighted.weight, &at, found);
            if let Some(term) = &weighted.pod_affinity_term {
                neighbours(term, &at.child("podAffinityTerm"), found);
            }
        }
    }
}

fn weight(weight: i32, path: &Path, found: &mut Found) {
    if !(1..=100).contains(&weight) {
        found.value(&path.child("weight"), weight, "must be in the range 1-100");
    }
}

/// Labels and fields of a node.
fn term(term: &NodeSelectorTerm, path: &Path, found: &mut Found) {
    for (index, requirement) in term.match_expressions.iter().enumerate() {
        labels(requirement, &path.child("matchExpressions").index(index), found);
    }
    for (index, requirement) in term.match_fields.iter().enumerate() {
        fields(requirement, &path.child("matchFields").index(index), found);
    }
}

fn labels(requirement: &NodeSelectorRequirement, path: &Path, found: &mut Found) {
    let values = path.child("values");
    match requirement.operator.as_str() {
        "In" | "NotIn" if requirement.values.is_empty() => {
            found.required(&values, "must be specified when `operator` is 'In' or 'NotIn'");
        }
        "Exists" | "DoesNotExist" if !requirement.values.is_empty() => {
            found.forbidden(&values, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
        }
        "Gt" | "Lt" if requirement.values.len() != 1 => {
            found.required(&values, "must be specified single value when `operator` is 'Lt' or 'Gt'");
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
        other => found.value(&path.child("operator"), other, "not a valid selector operator"),
    }
    found.named(&path.child("key"), &requirement.key, names::qualified(&requirement.key));
    for (index, value) in requirement.values.iter().enumerate() {
        found.named(&values.index(index), value, names::label_value(value));
    }
}

fn fields(requirement: &NodeSelectorRequirement, path: &Path, found: &mut Found) {
    match requirement.operator.as_str() {
        "In" | "NotIn" if requirement.values.len() != 1 => {
            let detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
            found.required(&path.child("values"), detail);
        }
        "In" | "NotIn" => {}
        other => found.value(&path.child("operator"), other, "not a valid selector operator"),
    }
    if requirement.key != "metadata.name" {
        found.value(&path.child("key"), requirement.key.as_str(), "not a valid field selector key");
        return;
    }
    for (index, value) in requirement.values.iter().enumerate() {
        found.named(&path.child("values").index(index), value, names::subdomain(value));
    }
}

/// Pods that it wants to be near to, or far from.
fn neighbours(term: &PodAffinityTerm, path: &Path, found: &mut Found) {
    for (name, selector) in [("labelSelector", &term.label_selector), ("namespaceSelector", &term.namespace_selector)] {
        if let Some(selector) = selector {
            meta::selector(selector, &path.child(name), found);
        }
    }
    for (index, namespace) in term.namespaces.iter().enumerate() {
        found.named(&path.child("namespaces").index(index), namespace, names::label(namespace));
    }
    for (name, keys) in [("matchLabelKeys", &term.match_label_keys), ("mismatchLabelKeys", &term.mismatch_label_keys)] {
        keys_of(keys, term.label_selector.is_some(), &path.child(name), found);
    }
    topology(&term.topology_key, path, found);
}

fn topology(key: &str, path: &Path, found: &mut Found) {
    let at = path.child("topologyKey");
    if key.is_empty() {
        found.required(&at, "can not be empty");
    } else {
        found.named(&at, key, names::qualified(key));
    }
}

/// Labels by whose values pods are grouped further.
fn keys_of(keys: &[String], selects: bool, path: &Path, found: &mut Found) {
    if !keys.is_empty() && !selects {
        found.forbidden(path, "must not be specified when labelSelector is not set");
    }
    for (index, key) in keys.iter().enumerate() {
        found.named(&path.index(index), key, names::qualified(key));
    }
}

/// How pods alike are spread.
pub(super) fn spread(constraints: &[TopologySpreadConstraint], path: &Path, found: &mut Found) {
    for (index, constraint) in constraints.iter().enumerate() {
        let path = path.index(index);
        if constraint.max_skew <= 0 {
            found.value(&path.child("maxSkew"), constraint.max_skew, "must be greater than zero");
        }
        topology(&constraint.topology_key, &path, found);
        let unsatisfiable = constraint.when_unsatisfiable.as_str();
        found.one_of(&path.child("whenUnsatisfiable"), unsatisfiable, &["DoNotSchedule", "ScheduleAnyway"]);
        let same = |other: &TopologySpreadConstraint| {
            other.topology_key == constraint.topology_key && other.when_unsatisfiable == unsatisfiable
        };
        if constraints[..index].iter().any(same) {
            let pair = format!("{{{}, {unsatisfiable}}}", constraint.topology_key);
            found.duplicate(&path.child("{topologyKey, whenUnsatisfiable}"), pair);
        }
        if let Some(domains) = constraint.min_domains {
            let at = path.child("minDomains");
            if domains <= 0 {
                found.value(&at, domains, "must be greater than zero");
            }
            if unsatisfiable != "DoNotSchedule" {
                let detail = format!("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {unsatisfiable}");
                found.value(&at, domains, detail);
            }
        }
        let policies = [
            ("nodeAffinityPolicy", &constraint.node_affinity_policy),
            ("nodeTaintsPolicy", &constraint.node_taints_policy),
        ];
        for (name, policy) in policies {
            if let Some(policy) = policy {
                found.one_of(&path.child(name), policy, &["Honor", "Ignore"]);
            }
        }
        keys_of(
            &constraint.match_label_keys,
            constraint.label_selector.is_some(),
            &path.child("matchLabelKeys"),
            found,
        );
        if let Some(selector) = &constraint.label_selector {
            meta::selector(selector, &path.child("labelSelector"), found);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::read::{Validate, read};

    fn troubles(spec: &str) -> Vec<String> {
        let text = format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec:\n  containers: [{{name: a, image: i}}]\n  {spec}\n"
        );
        let written = read(&text, "m", &Default::default()).remove(0).unwrap();
        let mut object = written.decode(Validate::Strict).unwrap().object;
        object.set_defaults();
        object.check().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn nodes_and_neighbours_are_looked_at() {
        let node =
            "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: TERMS}}}";
        let at = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms";
        let node = |terms: &str| troubles(&node.replace("TERMS", terms));
        assert!(
            node("[{matchExpressions: [{key: a/b, operator: In, values: [c]}, {key: d, operator: Exists}]}]")
                .is_empty()
        );
        assert_eq!(node("[]"), [format!("{at}: Required value: must have at least one node selector term")]);
        assert_eq!(
            node("[{matchExpressions: [{key: a, operator: Gt}]}]"),
            [format!(
                "{at}[0].matchExpressions[0].values: Required value: must be specified single value when `operator` is 'Lt' or 'Gt'"
            )]
        );
        assert_eq!(
            node("[{matchFields: [{key: x, operator: Is, values: [a]}]}]"),
            [
                format!("{at}[0].matchFields[0].operator: Invalid value: \"Is\": not a valid selector operator"),
                format!("{at}[0].matchFields[0].key: Invalid value: \"x\": not a valid field selector key")
            ]
        );
        let anti = "affinity: {podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 0, podAffinityTerm: {topologyKey: \"\"}}]}}";
        let at = "spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0]";
        assert_eq!(
            troubles(anti),
            [
                format!("{at}.weight: Invalid value: 0: must be in the range 1-100"),
                format!("{at}.podAffinityTerm.topologyKey: Required value: can not be empty")
            ]
        );
    }

    #[test]
    fn how_pods_are_spread_is_looked_at() {
        let one = "{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, minDomains: 2, labelSelector: {}}";
        assert!(troubles(&format!("topologySpreadConstraints: [{one}]")).is_empty());
        let wrong =
            "{maxSkew: 0, topologyKey: zone, whenUnsatisfiable: Never, nodeTaintsPolicy: Nope, matchLabelKeys: [a]}";
        let at = "spec.topologySpreadConstraints[0]";
        assert_eq!(
            troubles(&format!("topologySpreadConstraints: [{wrong}]")),
            [
                format!("{at}.maxSkew: Invalid value: 0: must be greater than zero"),
                format!(
                    "{at}.whenUnsatisfiable: Unsupported value: \"Never\": supported values: \"DoNotSchedule\", \"ScheduleAnyway\""
                ),
                format!("{at}.nodeTaintsPolicy: Unsupported value: \"Nope\": supported values: \"Honor\", \"Ignore\""),
                format!("{at}.matchLabelKeys: Forbidden: must not be specified when labelSelector is not set"),
            ]
        );
        assert_eq!(
            troubles(&format!("topologySpreadConstraints: [{one}, {one}]")),
            [
                "spec.topologySpreadConstraints[1].{topologyKey, whenUnsatisfiable}: Duplicate value: \"{zone, DoNotSchedule}\""
            ]
        );
    }
}
