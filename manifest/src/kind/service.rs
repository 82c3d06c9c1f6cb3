//! Services. Written by `cargo xtask schema`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::shape::{Held, Mismatch, Shape, drawn, fill, give, shaped, take};
use super::*;
use crate::value::IntOrString;

/// How long a client's address counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClientIPConfig {
    /// `timeoutSeconds`.
    pub timeout_seconds: Option<i32>,
}

impl Shape for ClientIPConfig {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "timeoutSeconds" => take(&mut self.timeout_seconds, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "timeoutSeconds", &self.timeout_seconds);
    }
}

/// Where a load balancer is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LoadBalancerIngress {
    /// `hostname`.
    pub hostname: Option<String>,
    /// `ip`.
    pub ip: Option<String>,
    /// `ipMode`.
    pub ip_mode: Option<String>,
    /// `ports`.
    pub ports: Vec<PortStatus>,
}

impl Shape for LoadBalancerIngress {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "hostname" => take(&mut self.hostname, value),
            "ip" => take(&mut self.ip, value),
            "ipMode" => take(&mut self.ip_mode, value),
            "ports" => take(&mut self.ports, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "hostname", &self.hostname);
        give(map, "ip", &self.ip);
        give(map, "ipMode", &self.ip_mode);
        give(map, "ports", &self.ports);
    }
}

/// Where a load balancer is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LoadBalancerStatus {
    /// `ingress`.
    pub ingress: Vec<LoadBalancerIngress>,
}

impl Shape for LoadBalancerStatus {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "ingress" => take(&mut self.ingress, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "ingress", &self.ingress);
    }
}

/// A port of a load balancer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PortStatus {
    /// `error`.
    pub error: Option<String>,
    /// `port`.
    pub port: i32,
    /// `protocol`.
    pub protocol: String,
}

impl Shape for PortStatus {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "error" => take(&mut self.error, value),
            "port" => take(&mut self.port, value),
            "protocol" => take(&mut self.protocol, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "error", &self.error);
        give(map, "port", &self.port);
        give(map, "protocol", &self.protocol);
    }
}

/// A name and an address for pods.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Service {
    /// `apiVersion`.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
    /// `metadata`.
    pub metadata: ObjectMeta,
    /// `spec`.
    pub spec: Option<ServiceSpec>,
    /// `status`.
    pub status: Option<ServiceStatus>,
}

impl Shape for Service {
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

/// A port of a service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServicePort {
    /// `appProtocol`.
    pub app_protocol: Option<String>,
    /// `name`.
    pub name: Option<String>,
    /// `nodePort`.
    pub node_port: Option<i32>,
    /// `port`.
    pub port: i32,
    /// `protocol`.
    pub protocol: Option<String>,
    /// `targetPort`.
    pub target_port: Option<IntOrString>,
}

impl Shape for ServicePort {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "appProtocol" => take(&mut self.app_protocol, value),
            "name" => take(&mut self.name, value),
            "nodePort" => take(&mut self.node_port, value),
            "port" => take(&mut self.port, value),
            "protocol" => take(&mut self.protocol, value),
            "targetPort" => take(&mut self.target_port, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "appProtocol", &self.app_protocol);
        give(map, "name", &self.name);
        give(map, "nodePort", &self.node_port);
        give(map, "port", &self.port);
        give(map, "protocol", &self.protocol);
        give(map, "targetPort", &self.target_port);
    }
}

/// Which pods, and how they are reached.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServiceSpec {
    /// `allocateLoadBalancerNodePorts`.
    pub allocate_load_balancer_node_ports: Option<bool>,
    /// `clusterIP`.
    pub cluster_ip: Option<String>,
    /// `clusterIPs`.
    pub cluster_ips: Vec<String>,
    /// `externalIPs`.
    pub external_ips: Vec<String>,
    /// `externalName`.
    pub external_name: Option<String>,
    /// `externalTrafficPolicy`.
    pub external_traffic_policy: Option<String>,
    /// `healthCheckNodePort`.
    pub health_check_node_port: Option<i32>,
    /// `internalTrafficPolicy`.
    pub internal_traffic_policy: Option<String>,
    /// `ipFamilies`.
    pub ip_families: Vec<String>,
    /// `ipFamilyPolicy`.
    pub ip_family_policy: Option<String>,
    /// `loadBalancerClass`.
    pub load_balancer_class: Option<String>,
    /// `loadBalancerIP`.
    pub load_balancer_ip: Option<String>,
    /// `loadBalancerSourceRanges`.
    pub load_balancer_source_ranges: Vec<String>,
    /// `ports`.
    pub ports: Vec<ServicePort>,
    /// `publishNotReadyAddresses`.
    pub publish_not_ready_addresses: Option<bool>,
    /// `selector`.
    pub selector: BTreeMap<String, String>,
    /// `sessionAffinity`.
    pub session_affinity: Option<String>,
    /// `sessionAffinityConfig`.
    pub session_affinity_config: Option<SessionAffinityConfig>,
    /// `trafficDistribution`.
    pub traffic_distribution: Option<String>,
    /// `type`.
    pub r#type: Option<String>,
}

impl Shape for ServiceSpec {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "allocateLoadBalancerNodePorts" => take(&mut self.allocate_load_balancer_node_ports, value),
            "clusterIP" => take(&mut self.cluster_ip, value),
            "clusterIPs" => take(&mut self.cluster_ips, value),
            "externalIPs" => take(&mut self.external_ips, value),
            "externalName" => take(&mut self.external_name, value),
            "externalTrafficPolicy" => take(&mut self.external_traffic_policy, value),
            "healthCheckNodePort" => take(&mut self.health_check_node_port, value),
            "internalTrafficPolicy" => take(&mut self.internal_traffic_policy, value),
            "ipFamilies" => take(&mut self.ip_families, value),
            "ipFamilyPolicy" => take(&mut self.ip_family_policy, value),
            "loadBalancerClass" => take(&mut self.load_balancer_class, value),
            "loadBalancerIP" => take(&mut self.load_balancer_ip, value),
            "loadBalancerSourceRanges" => take(&mut self.load_balancer_source_ranges, value),
            "ports" => take(&mut self.ports, value),
            "publishNotReadyAddresses" => take(&mut self.publish_not_ready_addresses, value),
            "selector" => take(&mut self.selector, value),
            "sessionAffinity" => take(&mut self.session_affinity, value),
            "sessionAffinityConfig" => take(&mut self.session_affinity_config, value),
            "trafficDistribution" => take(&mut self.traffic_distribution, value),
            "type" => take(&mut self.r#type, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "allocateLoadBalancerNodePorts", &self.allocate_load_balancer_node_ports);
        give(map, "clusterIP", &self.cluster_ip);
        give(map, "clusterIPs", &self.cluster_ips);
        give(map, "externalIPs", &self.external_ips);
        give(map, "externalName", &self.external_name);
        give(map, "externalTrafficPolicy", &self.external_traffic_policy);
        give(map, "healthCheckNodePort", &self.health_check_node_port);
        give(map, "internalTrafficPolicy", &self.internal_traffic_policy);
        give(map, "ipFamilies", &self.ip_families);
        give(map, "ipFamilyPolicy", &self.ip_family_policy);
        give(map, "loadBalancerClass", &self.load_balancer_class);
        give(map, "loadBalancerIP", &self.load_balancer_ip);
        give(map, "loadBalancerSourceRanges", &self.load_balancer_source_ranges);
        give(map, "ports", &self.ports);
        give(map, "publishNotReadyAddresses", &self.publish_not_ready_addresses);
        give(map, "selector", &self.selector);
        give(map, "sessionAffinity", &self.session_affinity);
        give(map, "sessionAffinityConfig", &self.session_affinity_config);
        give(map, "trafficDistribution", &self.traffic_distribution);
        give(map, "type", &self.r#type);
    }
}

/// What a service was given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServiceStatus {
    /// `conditions`.
    pub conditions: Vec<Condition>,
    /// `loadBalancer`.
    pub load_balancer: Option<LoadBalancerStatus>,
}

impl Shape for ServiceStatus {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "conditions" => take(&mut self.conditions, value),
            "loadBalancer" => take(&mut self.load_balancer, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "conditions", &self.conditions);
        give(map, "loadBalancer", &self.load_balancer);
    }
}

/// How long a client stays with a pod.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SessionAffinityConfig {
    /// `clientIP`.
    pub client_ip: Option<ClientIPConfig>,
}

impl Shape for SessionAffinityConfig {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "clientIP" => take(&mut self.client_ip, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "clientIP", &self.client_ip);
    }
}

shaped! { ClientIPConfig LoadBalancerIngress LoadBalancerStatus PortStatus Service ServicePort ServiceSpec ServiceStatus SessionAffinityConfig }
