//! Which node: noted, for there is one. Written by `cargo xtask schema`.

use serde_json::{Map, Value};

use super::shape::{Held, Mismatch, Shape, drawn, fill, give, shaped, take};
use super::*;

/// Which nodes and neighbours are preferred.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Affinity {
    /// `nodeAffinity`.
    pub node_affinity: Option<NodeAffinity>,
    /// `podAffinity`.
    pub pod_affinity: Option<PodAffinity>,
    /// `podAntiAffinity`.
    pub pod_anti_affinity: Option<PodAntiAffinity>,
}

impl Shape for Affinity {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "nodeAffinity" => take(&mut self.node_affinity, value),
            "podAffinity" => take(&mut self.pod_affinity, value),
            "podAntiAffinity" => take(&mut self.pod_anti_affinity, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "nodeAffinity", &self.node_affinity);
        give(map, "podAffinity", &self.pod_affinity);
        give(map, "podAntiAffinity", &self.pod_anti_affinity);
    }
}

/// Which nodes are preferred.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeAffinity {
    /// `preferredDuringSchedulingIgnoredDuringExecution`.
    pub preferred_during_scheduling_ignored_during_execution: Vec<PreferredSchedulingTerm>,
    /// `requiredDuringSchedulingIgnoredDuringExecution`.
    pub required_during_scheduling_ignored_during_execution: Option<NodeSelector>,
}

impl Shape for NodeAffinity {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "preferredDuringSchedulingIgnoredDuringExecution" => {
                take(&mut self.preferred_during_scheduling_ignored_during_execution, value)
            }
            "requiredDuringSchedulingIgnoredDuringExecution" => {
                take(&mut self.required_during_scheduling_ignored_during_execution, value)
            }
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(
            map,
            "preferredDuringSchedulingIgnoredDuringExecution",
            &self.preferred_during_scheduling_ignored_during_execution,
        );
        give(
            map,
            "requiredDuringSchedulingIgnoredDuringExecution",
            &self.required_during_scheduling_ignored_during_execution,
        );
    }
}

/// Labels a node must have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeSelector {
    /// `nodeSelectorTerms`.
    pub node_selector_terms: Vec<NodeSelectorTerm>,
}

impl Shape for NodeSelector {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "nodeSelectorTerms" => take(&mut self.node_selector_terms, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "nodeSelectorTerms", &self.node_selector_terms);
    }
}

/// A label a node must have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeSelectorRequirement {
    /// `key`.
    pub key: String,
    /// `operator`.
    pub operator: String,
    /// `values`.
    pub values: Vec<String>,
}

impl Shape for NodeSelectorRequirement {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "key" => take(&mut self.key, value),
            "operator" => take(&mut self.operator, value),
            "values" => take(&mut self.values, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "key", &self.key);
        give(map, "operator", &self.operator);
        give(map, "values", &self.values);
    }
}

/// Labels a node must have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeSelectorTerm {
    /// `matchExpressions`.
    pub match_expressions: Vec<NodeSelectorRequirement>,
    /// `matchFields`.
    pub match_fields: Vec<NodeSelectorRequirement>,
}

impl Shape for NodeSelectorTerm {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "matchExpressions" => take(&mut self.match_expressions, value),
            "matchFields" => take(&mut self.match_fields, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "matchExpressions", &self.match_expressions);
        give(map, "matchFields", &self.match_fields);
    }
}

/// Which neighbours are preferred.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodAffinity {
    /// `preferredDuringSchedulingIgnoredDuringExecution`.
    pub preferred_during_scheduling_ignored_during_execution: Vec<WeightedPodAffinityTerm>,
    /// `requiredDuringSchedulingIgnoredDuringExecution`.
    pub required_during_scheduling_ignored_during_execution: Vec<PodAffinityTerm>,
}

impl Shape for PodAffinity {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "preferredDuringSchedulingIgnoredDuringExecution" => {
                take(&mut self.preferred_during_scheduling_ignored_during_execution, value)
            }
            "requiredDuringSchedulingIgnoredDuringExecution" => {
                take(&mut self.required_during_scheduling_ignored_during_execution, value)
            }
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(
            map,
            "preferredDuringSchedulingIgnoredDuringExecution",
            &self.preferred_during_scheduling_ignored_during_execution,
        );
        give(
            map,
            "requiredDuringSchedulingIgnoredDuringExecution",
            &self.required_during_scheduling_ignored_during_execution,
        );
    }
}

/// A neighbour.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodAffinityTerm {
    /// `labelSelector`.
    pub label_selector: Option<LabelSelector>,
    /// `matchLabelKeys`.
    pub match_label_keys: Vec<String>,
    /// `mismatchLabelKeys`.
    pub mismatch_label_keys: Vec<String>,
    /// `namespaceSelector`.
    pub namespace_selector: Option<LabelSelector>,
    /// `namespaces`.
    pub namespaces: Vec<String>,
    /// `topologyKey`.
    pub topology_key: String,
}

impl Shape for PodAffinityTerm {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "labelSelector" => take(&mut self.label_selector, value),
            "matchLabelKeys" => take(&mut self.match_label_keys, value),
            "mismatchLabelKeys" => take(&mut self.mismatch_label_keys, value),
            "namespaceSelector" => take(&mut self.namespace_selector, value),
            "namespaces" => take(&mut self.namespaces, value),
            "topologyKey" => take(&mut self.topology_key, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "labelSelector", &self.label_selector);
        give(map, "matchLabelKeys", &self.match_label_keys);
        give(map, "mismatchLabelKeys", &self.mismatch_label_keys);
        give(map, "namespaceSelector", &self.namespace_selector);
        give(map, "namespaces", &self.namespaces);
        give(map, "topologyKey", &self.topology_key);
    }
}

/// Which neighbours are avoided.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodAntiAffinity {
    /// `preferredDuringSchedulingIgnoredDuringExecution`.
    pub preferred_during_scheduling_ignored_during_execution: Vec<WeightedPodAffinityTerm>,
    /// `requiredDuringSchedulingIgnoredDuringExecution`.
    pub required_during_scheduling_ignored_during_execution: Vec<PodAffinityTerm>,
}

impl Shape for PodAntiAffinity {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "preferredDuringSchedulingIgnoredDuringExecution" => {
                take(&mut self.preferred_during_scheduling_ignored_during_execution, value)
            }
            "requiredDuringSchedulingIgnoredDuringExecution" => {
                take(&mut self.required_during_scheduling_ignored_during_execution, value)
            }
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(
            map,
            "preferredDuringSchedulingIgnoredDuringExecution",
            &self.preferred_during_scheduling_ignored_during_execution,
        );
        give(
            map,
            "requiredDuringSchedulingIgnoredDuringExecution",
            &self.required_during_scheduling_ignored_during_execution,
        );
    }
}

/// A preference with its weight.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PreferredSchedulingTerm {
    /// `preference`.
    pub preference: Option<NodeSelectorTerm>,
    /// `weight`.
    pub weight: i32,
}

impl Shape for PreferredSchedulingTerm {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "preference" => take(&mut self.preference, value),
            "weight" => take(&mut self.weight, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "preference", &self.preference);
        give(map, "weight", &self.weight);
    }
}

/// A taint that does not keep the pod from a node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Toleration {
    /// `effect`.
    pub effect: Option<String>,
    /// `key`.
    pub key: Option<String>,
    /// `operator`.
    pub operator: Option<String>,
    /// `tolerationSeconds`.
    pub toleration_seconds: Option<i64>,
    /// `value`.
    pub value: Option<String>,
}

impl Shape for Toleration {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "effect" => take(&mut self.effect, value),
            "key" => take(&mut self.key, value),
            "operator" => take(&mut self.operator, value),
            "tolerationSeconds" => take(&mut self.toleration_seconds, value),
            "value" => take(&mut self.value, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "effect", &self.effect);
        give(map, "key", &self.key);
        give(map, "operator", &self.operator);
        give(map, "tolerationSeconds", &self.toleration_seconds);
        give(map, "value", &self.value);
    }
}

/// How pods alike are spread.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopologySpreadConstraint {
    /// `labelSelector`.
    pub label_selector: Option<LabelSelector>,
    /// `matchLabelKeys`.
    pub match_label_keys: Vec<String>,
    /// `maxSkew`.
    pub max_skew: i32,
    /// `minDomains`.
    pub min_domains: Option<i32>,
    /// `nodeAffinityPolicy`.
    pub node_affinity_policy: Option<String>,
    /// `nodeTaintsPolicy`.
    pub node_taints_policy: Option<String>,
    /// `topologyKey`.
    pub topology_key: String,
    /// `whenUnsatisfiable`.
    pub when_unsatisfiable: String,
}

impl Shape for TopologySpreadConstraint {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "labelSelector" => take(&mut self.label_selector, value),
            "matchLabelKeys" => take(&mut self.match_label_keys, value),
            "maxSkew" => take(&mut self.max_skew, value),
            "minDomains" => take(&mut self.min_domains, value),
            "nodeAffinityPolicy" => take(&mut self.node_affinity_policy, value),
            "nodeTaintsPolicy" => take(&mut self.node_taints_policy, value),
            "topologyKey" => take(&mut self.topology_key, value),
            "whenUnsatisfiable" => take(&mut self.when_unsatisfiable, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "labelSelector", &self.label_selector);
        give(map, "matchLabelKeys", &self.match_label_keys);
        give(map, "maxSkew", &self.max_skew);
        give(map, "minDomains", &self.min_domains);
        give(map, "nodeAffinityPolicy", &self.node_affinity_policy);
        give(map, "nodeTaintsPolicy", &self.node_taints_policy);
        give(map, "topologyKey", &self.topology_key);
        give(map, "whenUnsatisfiable", &self.when_unsatisfiable);
    }
}

/// A neighbour with its weight.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WeightedPodAffinityTerm {
    /// `podAffinityTerm`.
    pub pod_affinity_term: Option<PodAffinityTerm>,
    /// `weight`.
    pub weight: i32,
}

impl Shape for WeightedPodAffinityTerm {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "podAffinityTerm" => take(&mut self.pod_affinity_term, value),
            "weight" => take(&mut self.weight, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "podAffinityTerm", &self.pod_affinity_term);
        give(map, "weight", &self.weight);
    }
}

shaped! { Affinity NodeAffinity NodeSelector NodeSelectorRequirement NodeSelectorTerm PodAffinity PodAffinityTerm PodAntiAffinity PreferredSchedulingTerm Toleration TopologySpreadConstraint WeightedPodAffinityTerm }
