//! Pods. Written by `cargo xtask schema`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::shape::{Held, Mismatch, Shape, drawn, fill, give, shaped, take};
use super::*;
use crate::value::Quantity;

/// A line of /etc/hosts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HostAlias {
    /// The names.
    pub hostnames: Vec<String>,
    /// Their address.
    pub ip: String,
}

impl Shape for HostAlias {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "hostnames" => take(&mut self.hostnames, value),
            "ip" => take(&mut self.ip, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "hostnames", &self.hostnames);
        give(map, "ip", &self.ip);
    }
}

/// A set of containers that share a network, IPC and a hostname, and come and go together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pod {
    /// The group and version that the object is written in.
    pub api_version: String,
    /// What the object is.
    pub kind: String,
    /// Its name, namespace, labels and annotations.
    pub metadata: ObjectMeta,
    /// What is to run, and how.
    pub spec: Option<PodSpec>,
    /// What pod has seen of it.
    pub status: Option<PodStatus>,
}

impl Shape for Pod {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "apiVersion" => take(&mut self.api_version, value),
            "kind" => take(&mut self.kind, value),
            "metadata" => take(&mut self.metadata, value),
            "spec" => take(&mut self.spec, value),
            "status" => take(&mut self.status, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        if !self.api_version.is_empty() {
            give(map, "apiVersion", &self.api_version);
        }
        if !self.kind.is_empty() {
            give(map, "kind", &self.kind);
        }
        if !self.metadata.is_empty() {
            give(map, "metadata", &self.metadata);
        }
        give(map, "spec", &self.spec);
        give(map, "status", &self.status);
    }
}

/// What /etc/resolv.conf has beyond its policy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodDNSConfig {
    /// Addresses of name servers.
    pub nameservers: Vec<String>,
    /// Options of the resolver.
    pub options: Vec<PodDNSConfigOption>,
    /// Domains to search.
    pub searches: Vec<String>,
}

impl Shape for PodDNSConfig {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "nameservers" => take(&mut self.nameservers, value),
            "options" => take(&mut self.options, value),
            "searches" => take(&mut self.searches, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "nameservers", &self.nameservers);
        give(map, "options", &self.options);
        give(map, "searches", &self.searches);
    }
}

/// An option of the resolver.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodDNSConfigOption {
    /// Its name.
    pub name: Option<String>,
    /// Its value.
    pub value: Option<String>,
}

impl Shape for PodDNSConfigOption {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "name" => take(&mut self.name, value),
            "value" => take(&mut self.value, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "name", &self.name);
        give(map, "value", &self.value);
    }
}

/// The system that containers are for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodOS {
    /// linux or windows; windows is refused.
    pub name: String,
}

impl Shape for PodOS {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "name" => take(&mut self.name, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "name", &self.name);
    }
}

/// A condition that somebody else sets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodReadinessGate {
    /// Its type.
    pub condition_type: String,
}

impl Shape for PodReadinessGate {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "conditionType" => take(&mut self.condition_type, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "conditionType", &self.condition_type);
    }
}

/// A device claimed from a driver.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodResourceClaim {
    /// `name`.
    pub name: String,
    /// `resourceClaimName`.
    pub resource_claim_name: Option<String>,
    /// `resourceClaimTemplateName`.
    pub resource_claim_template_name: Option<String>,
}

impl Shape for PodResourceClaim {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "name" => take(&mut self.name, value),
            "resourceClaimName" => take(&mut self.resource_claim_name, value),
            "resourceClaimTemplateName" => take(&mut self.resource_claim_template_name, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "name", &self.name);
        give(map, "resourceClaimName", &self.resource_claim_name);
        give(map, "resourceClaimTemplateName", &self.resource_claim_template_name);
    }
}

/// A condition without which the pod is not placed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodSchedulingGate {
    /// `name`.
    pub name: String,
}

impl Shape for PodSchedulingGate {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "name" => take(&mut self.name, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "name", &self.name);
    }
}

/// Pods that are placed together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodSchedulingGroup {
    /// `podGroupName`.
    pub pod_group_name: Option<String>,
}

impl Shape for PodSchedulingGroup {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "podGroupName" => take(&mut self.pod_group_name, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "podGroupName", &self.pod_group_name);
    }
}

/// What a pod runs, and how.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodSpec {
    /// Seconds after which the pod is ended and has failed.
    pub active_deadline_seconds: Option<i64>,
    /// Which nodes and neighbours it prefers.
    pub affinity: Option<Affinity>,
    /// Whether a token for the cluster's API is mounted.
    pub automount_service_account_token: Option<bool>,
    /// The programs that make up the pod; at least one.
    pub containers: Vec<Container>,
    /// Name servers, search domains and options for /etc/resolv.conf.
    pub dns_config: Option<PodDNSConfig>,
    /// Where /etc/resolv.conf comes from: ClusterFirst, ClusterFirstWithHostNet, Default, None.
    pub dns_policy: Option<String>,
    /// Whether the services of the namespace become environment variables.
    pub enable_service_links: Option<bool>,
    /// Containers that were put into a running pod to look into it: by pod debug, never by a manifest.
    pub ephemeral_containers: Vec<EphemeralContainer>,
    /// Lines for /etc/hosts.
    pub host_aliases: Vec<HostAlias>,
    /// Share the machine's IPC, /dev/shm and /dev/mqueue.
    pub host_ipc: Option<bool>,
    /// Share the machine's network and hostname.
    pub host_network: Option<bool>,
    /// See and signal the machine's processes.
    pub host_pid: Option<bool>,
    /// false: in a user namespace of its own.
    pub host_users: Option<bool>,
    /// The hostname; the pod's name if none is given.
    pub hostname: Option<String>,
    /// The hostname whatever else is said of it.
    pub hostname_override: Option<String>,
    /// Secrets with the registries' passwords.
    pub image_pull_secrets: Vec<LocalObjectReference>,
    /// Programs that run to their end, one after the other, before the containers start; or, with restartPolicy Always, beside them.
    pub init_containers: Vec<Container>,
    /// The node it is to run on.
    pub node_name: Option<String>,
    /// Labels that its node must have.
    pub node_selector: BTreeMap<String, String>,
    /// The system that the containers are for; anything but linux is refused.
    pub os: Option<PodOS>,
    /// What its sandbox costs beyond its containers.
    pub overhead: BTreeMap<String, Quantity>,
    /// Whether others may be evicted for it.
    pub preemption_policy: Option<String>,
    /// How important it is to a scheduler.
    pub priority: Option<i32>,
    /// The name of its priority.
    pub priority_class_name: Option<String>,
    /// Conditions that somebody else has to set before it is ready.
    pub readiness_gates: Vec<PodReadinessGate>,
    /// Devices claimed from a driver.
    pub resource_claims: Vec<PodResourceClaim>,
    /// What all containers together may use and are promised.
    pub resources: Option<ResourceRequirements>,
    /// Whether containers that ended are started again: Always, OnFailure, Never.
    pub restart_policy: Option<String>,
    /// The OCI runtime that runs the containers; podkit's own if none is given.
    pub runtime_class_name: Option<String>,
    /// Who places it.
    pub scheduler_name: Option<String>,
    /// Conditions without which it is not placed.
    pub scheduling_gates: Vec<PodSchedulingGate>,
    /// Pods that are to be placed together.
    pub scheduling_group: Option<PodSchedulingGroup>,
    /// Users, groups and rights for all containers.
    pub security_context: Option<PodSecurityContext>,
    /// The old name of serviceAccountName.
    pub service_account: Option<String>,
    /// The account it speaks to the cluster's API as.
    pub service_account_name: Option<String>,
    /// Whether the hostname is the full name with subdomain and domain.
    pub set_hostname_as_fqdn: Option<bool>,
    /// Whether the containers see and signal each other's processes.
    pub share_process_namespace: Option<bool>,
    /// The domain below which other pods find it by its hostname.
    pub subdomain: Option<String>,
    /// Seconds between TERM and KILL.
    pub termination_grace_period_seconds: Option<i64>,
    /// Which tainted nodes it may run on.
    pub tolerations: Vec<Toleration>,
    /// How pods alike are spread over nodes.
    pub topology_spread_constraints: Vec<TopologySpreadConstraint>,
    /// What containers can mount.
    pub volumes: Vec<Volume>,
}

impl Shape for PodSpec {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "activeDeadlineSeconds" => take(&mut self.active_deadline_seconds, value),
            "affinity" => take(&mut self.affinity, value),
            "automountServiceAccountToken" => take(&mut self.automount_service_account_token, value),
            "containers" => take(&mut self.containers, value),
            "dnsConfig" => take(&mut self.dns_config, value),
            "dnsPolicy" => take(&mut self.dns_policy, value),
            "enableServiceLinks" => take(&mut self.enable_service_links, value),
            "ephemeralContainers" => take(&mut self.ephemeral_containers, value),
            "hostAliases" => take(&mut self.host_aliases, value),
            "hostIPC" => take(&mut self.host_ipc, value),
            "hostNetwork" => take(&mut self.host_network, value),
            "hostPID" => take(&mut self.host_pid, value),
            "hostUsers" => take(&mut self.host_users, value),
            "hostname" => take(&mut self.hostname, value),
            "hostnameOverride" => take(&mut self.hostname_override, value),
            "imagePullSecrets" => take(&mut self.image_pull_secrets, value),
            "initContainers" => take(&mut self.init_containers, value),
            "nodeName" => take(&mut self.node_name, value),
            "nodeSelector" => take(&mut self.node_selector, value),
            "os" => take(&mut self.os, value),
            "overhead" => take(&mut self.overhead, value),
            "preemptionPolicy" => take(&mut self.preemption_policy, value),
            "priority" => take(&mut self.priority, value),
            "priorityClassName" => take(&mut self.priority_class_name, value),
            "readinessGates" => take(&mut self.readiness_gates, value),
            "resourceClaims" => take(&mut self.resource_claims, value),
            "resources" => take(&mut self.resources, value),
            "restartPolicy" => take(&mut self.restart_policy, value),
            "runtimeClassName" => take(&mut self.runtime_class_name, value),
            "schedulerName" => take(&mut self.scheduler_name, value),
            "schedulingGates" => take(&mut self.scheduling_gates, value),
            "schedulingGroup" => take(&mut self.scheduling_group, value),
            "securityContext" => take(&mut self.security_context, value),
            "serviceAccount" => take(&mut self.service_account, value),
            "serviceAccountName" => take(&mut self.service_account_name, value),
            "setHostnameAsFQDN" => take(&mut self.set_hostname_as_fqdn, value),
            "shareProcessNamespace" => take(&mut self.share_process_namespace, value),
            "subdomain" => take(&mut self.subdomain, value),
            "terminationGracePeriodSeconds" => take(&mut self.termination_grace_period_seconds, value),
            "tolerations" => take(&mut self.tolerations, value),
            "topologySpreadConstraints" => take(&mut self.topology_spread_constraints, value),
            "volumes" => take(&mut self.volumes, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "activeDeadlineSeconds", &self.active_deadline_seconds);
        give(map, "affinity", &self.affinity);
        give(map, "automountServiceAccountToken", &self.automount_service_account_token);
        give(map, "containers", &self.containers);
        give(map, "dnsConfig", &self.dns_config);
        give(map, "dnsPolicy", &self.dns_policy);
        give(map, "enableServiceLinks", &self.enable_service_links);
        give(map, "ephemeralContainers", &self.ephemeral_containers);
        give(map, "hostAliases", &self.host_aliases);
        give(map, "hostIPC", &self.host_ipc);
        give(map, "hostNetwork", &self.host_network);
        give(map, "hostPID", &self.host_pid);
        give(map, "hostUsers", &self.host_users);
        give(map, "hostname", &self.hostname);
        give(map, "hostnameOverride", &self.hostname_override);
        give(map, "imagePullSecrets", &self.image_pull_secrets);
        give(map, "initContainers", &self.init_containers);
        give(map, "nodeName", &self.node_name);
        give(map, "nodeSelector", &self.node_selector);
        give(map, "os", &self.os);
        give(map, "overhead", &self.overhead);
        give(map, "preemptionPolicy", &self.preemption_policy);
        give(map, "priority", &self.priority);
        give(map, "priorityClassName", &self.priority_class_name);
        give(map, "readinessGates", &self.readiness_gates);
        give(map, "resourceClaims", &self.resource_claims);
        give(map, "resources", &self.resources);
        give(map, "restartPolicy", &self.restart_policy);
        give(map, "runtimeClassName", &self.runtime_class_name);
        give(map, "schedulerName", &self.scheduler_name);
        give(map, "schedulingGates", &self.scheduling_gates);
        give(map, "schedulingGroup", &self.scheduling_group);
        give(map, "securityContext", &self.security_context);
        give(map, "serviceAccount", &self.service_account);
        give(map, "serviceAccountName", &self.service_account_name);
        give(map, "setHostnameAsFQDN", &self.set_hostname_as_fqdn);
        give(map, "shareProcessNamespace", &self.share_process_namespace);
        give(map, "subdomain", &self.subdomain);
        give(map, "terminationGracePeriodSeconds", &self.termination_grace_period_seconds);
        give(map, "tolerations", &self.tolerations);
        give(map, "topologySpreadConstraints", &self.topology_spread_constraints);
        give(map, "volumes", &self.volumes);
    }
}

/// What a pod is like.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodTemplateSpec {
    /// `metadata`.
    pub metadata: ObjectMeta,
    /// `spec`.
    pub spec: Option<PodSpec>,
}

impl Shape for PodTemplateSpec {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "metadata" => take(&mut self.metadata, value),
            "spec" => take(&mut self.spec, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        if !self.metadata.is_empty() {
            give(map, "metadata", &self.metadata);
        }
        give(map, "spec", &self.spec);
    }
}

shaped! { HostAlias Pod PodDNSConfig PodDNSConfigOption PodOS PodReadinessGate PodResourceClaim PodSchedulingGate PodSchedulingGroup PodSpec PodTemplateSpec }
