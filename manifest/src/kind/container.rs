//! Containers: environment, ports, probes, hooks, resources. Written by `cargo xtask schema`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::shape::{Held, Mismatch, Shape, drawn, fill, give, shaped, take};
use super::*;
use crate::value::{IntOrString, Quantity};

/// A config map by its name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConfigMapEnvSource {
    /// Its name.
    pub name: Option<String>,
    /// Whether it may be missing.
    pub optional: Option<bool>,
}

impl Shape for ConfigMapEnvSource {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "name" => take(&mut self.name, value),
            "optional" => take(&mut self.optional, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "name", &self.name);
        give(map, "optional", &self.optional);
    }
}

/// A key of a config map.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConfigMapKeySelector {
    /// The key.
    pub key: String,
    /// The config map's name.
    pub name: Option<String>,
    /// Whether either may be missing.
    pub optional: Option<bool>,
}

impl Shape for ConfigMapKeySelector {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "key" => take(&mut self.key, value),
            "name" => take(&mut self.name, value),
            "optional" => take(&mut self.optional, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "key", &self.key);
        give(map, "name", &self.name);
        give(map, "optional", &self.optional);
    }
}

/// A program of the pod.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Container {
    /// Arguments of the command, in place of the image's.
    pub args: Vec<String>,
    /// The command, in place of the image's entry point; no shell is involved.
    pub command: Vec<String>,
    /// Environment variables; a later one may use an earlier one as $(NAME).
    pub env: Vec<EnvVar>,
    /// All keys of config maps and secrets as environment variables.
    pub env_from: Vec<EnvFromSource>,
    /// The image it runs.
    pub image: Option<String>,
    /// When the image is fetched: Always, IfNotPresent, Never.
    pub image_pull_policy: Option<String>,
    /// What is done after its start and before its end.
    pub lifecycle: Option<Lifecycle>,
    /// A check that it is alive; it is started again where that fails.
    pub liveness_probe: Option<Probe>,
    /// Its name, unique in the pod.
    pub name: String,
    /// The ports that it listens on.
    pub ports: Vec<ContainerPort>,
    /// A check that it is ready to serve.
    pub readiness_probe: Option<Probe>,
    /// Whether a change of resources restarts it.
    pub resize_policy: Vec<ContainerResizePolicy>,
    /// What it may use and is promised.
    pub resources: Option<ResourceRequirements>,
    /// Whether it is started again, where that differs from the pod's; Always makes an init container a sidecar.
    pub restart_policy: Option<String>,
    /// Whether it is started again, by exit code.
    pub restart_policy_rules: Vec<ContainerRestartRule>,
    /// User, groups, rights and protection of this container.
    pub security_context: Option<SecurityContext>,
    /// A check that it has started; the others wait for it.
    pub startup_probe: Option<Probe>,
    /// Whether its standard input stays open, for who attaches to it.
    pub stdin: Option<bool>,
    /// Whether its standard input closes when the first who types there leaves.
    pub stdin_once: Option<bool>,
    /// The file that its last message is read from.
    pub termination_message_path: Option<String>,
    /// Whether the end of the log stands in for a missing message: File, FallbackToLogsOnError.
    pub termination_message_policy: Option<String>,
    /// Whether it has a terminal.
    pub tty: Option<bool>,
    /// Block devices it is given.
    pub volume_devices: Vec<VolumeDevice>,
    /// Where the pod's volumes are mounted in it.
    pub volume_mounts: Vec<VolumeMount>,
    /// The directory it starts in; the image's if none is given.
    pub working_dir: Option<String>,
}

impl Shape for Container {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "args" => take(&mut self.args, value),
            "command" => take(&mut self.command, value),
            "env" => take(&mut self.env, value),
            "envFrom" => take(&mut self.env_from, value),
            "image" => take(&mut self.image, value),
            "imagePullPolicy" => take(&mut self.image_pull_policy, value),
            "lifecycle" => take(&mut self.lifecycle, value),
            "livenessProbe" => take(&mut self.liveness_probe, value),
            "name" => take(&mut self.name, value),
            "ports" => take(&mut self.ports, value),
            "readinessProbe" => take(&mut self.readiness_probe, value),
            "resizePolicy" => take(&mut self.resize_policy, value),
            "resources" => take(&mut self.resources, value),
            "restartPolicy" => take(&mut self.restart_policy, value),
            "restartPolicyRules" => take(&mut self.restart_policy_rules, value),
            "securityContext" => take(&mut self.security_context, value),
            "startupProbe" => take(&mut self.startup_probe, value),
            "stdin" => take(&mut self.stdin, value),
            "stdinOnce" => take(&mut self.stdin_once, value),
            "terminationMessagePath" => take(&mut self.termination_message_path, value),
            "terminationMessagePolicy" => take(&mut self.termination_message_policy, value),
            "tty" => take(&mut self.tty, value),
            "volumeDevices" => take(&mut self.volume_devices, value),
            "volumeMounts" => take(&mut self.volume_mounts, value),
            "workingDir" => take(&mut self.working_dir, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "args", &self.args);
        give(map, "command", &self.command);
        give(map, "env", &self.env);
        give(map, "envFrom", &self.env_from);
        give(map, "image", &self.image);
        give(map, "imagePullPolicy", &self.image_pull_policy);
        give(map, "lifecycle", &self.lifecycle);
        give(map, "livenessProbe", &self.liveness_probe);
        give(map, "name", &self.name);
        give(map, "ports", &self.ports);
        give(map, "readinessProbe", &self.readiness_probe);
        give(map, "resizePolicy", &self.resize_policy);
        give(map, "resources", &self.resources);
        give(map, "restartPolicy", &self.restart_policy);
        give(map, "restartPolicyRules", &self.restart_policy_rules);
        give(map, "securityContext", &self.security_context);
        give(map, "startupProbe", &self.startup_probe);
        give(map, "stdin", &self.stdin);
        give(map, "stdinOnce", &self.stdin_once);
        give(map, "terminationMessagePath", &self.termination_message_path);
        give(map, "terminationMessagePolicy", &self.termination_message_policy);
        give(map, "tty", &self.tty);
        give(map, "volumeDevices", &self.volume_devices);
        give(map, "volumeMounts", &self.volume_mounts);
        give(map, "workingDir", &self.working_dir);
    }
}

/// A port that a container listens on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContainerPort {
    /// Its number.
    pub container_port: i32,
    /// The address of the machine that hostPort is bound to; all if none is given.
    pub host_ip: Option<String>,
    /// The port of the machine that leads to it.
    pub host_port: Option<i32>,
    /// Its name, for probes and services.
    pub name: Option<String>,
    /// TCP, UDP or SCTP.
    pub protocol: Option<String>,
}

impl Shape for ContainerPort {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "containerPort" => take(&mut self.container_port, value),
            "hostIP" => take(&mut self.host_ip, value),
            "hostPort" => take(&mut self.host_port, value),
            "name" => take(&mut self.name, value),
            "protocol" => take(&mut self.protocol, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "containerPort", &self.container_port);
        give(map, "hostIP", &self.host_ip);
        give(map, "hostPort", &self.host_port);
        give(map, "name", &self.name);
        give(map, "protocol", &self.protocol);
    }
}

/// Whether a change of a resource restarts the container.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContainerResizePolicy {
    /// `resourceName`.
    pub resource_name: String,
    /// `restartPolicy`.
    pub restart_policy: String,
}

impl Shape for ContainerResizePolicy {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "resourceName" => take(&mut self.resource_name, value),
            "restartPolicy" => take(&mut self.restart_policy, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "resourceName", &self.resource_name);
        give(map, "restartPolicy", &self.restart_policy);
    }
}

/// A rule of restarting.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContainerRestartRule {
    /// What is done: Restart or RestartAllContainers.
    pub action: String,
    /// Which exit codes it is for.
    pub exit_codes: Option<ContainerRestartRuleOnExitCodes>,
}

impl Shape for ContainerRestartRule {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "action" => take(&mut self.action, value),
            "exitCodes" => take(&mut self.exit_codes, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "action", &self.action);
        give(map, "exitCodes", &self.exit_codes);
    }
}

/// Exit codes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContainerRestartRuleOnExitCodes {
    /// In or NotIn.
    pub operator: String,
    /// The codes.
    pub values: Vec<i32>,
}

impl Shape for ContainerRestartRuleOnExitCodes {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "operator" => take(&mut self.operator, value),
            "values" => take(&mut self.values, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "operator", &self.operator);
        give(map, "values", &self.values);
    }
}

/// Variables from all keys of an object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EnvFromSource {
    /// The config map.
    pub config_map_ref: Option<ConfigMapEnvSource>,
    /// What is put before every name.
    pub prefix: Option<String>,
    /// The secret.
    pub secret_ref: Option<SecretEnvSource>,
}

impl Shape for EnvFromSource {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "configMapRef" => take(&mut self.config_map_ref, value),
            "prefix" => take(&mut self.prefix, value),
            "secretRef" => take(&mut self.secret_ref, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "configMapRef", &self.config_map_ref);
        give(map, "prefix", &self.prefix);
        give(map, "secretRef", &self.secret_ref);
    }
}

/// An environment variable.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EnvVar {
    /// Its name.
    pub name: String,
    /// Its value; $(NAME) is replaced, $$ is a dollar.
    pub value: Option<String>,
    /// Where its value comes from.
    pub value_from: Option<EnvVarSource>,
}

impl Shape for EnvVar {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "name" => take(&mut self.name, value),
            "value" => take(&mut self.value, value),
            "valueFrom" => take(&mut self.value_from, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "name", &self.name);
        give(map, "value", &self.value);
        give(map, "valueFrom", &self.value_from);
    }
}

/// Where a variable's value comes from; exactly one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EnvVarSource {
    /// A key of a config map.
    pub config_map_key_ref: Option<ConfigMapKeySelector>,
    /// A field of the pod.
    pub field_ref: Option<ObjectFieldSelector>,
    /// A variable in a file that an init container left in an emptyDir.
    pub file_key_ref: Option<FileKeySelector>,
    /// A limit or a request of a container.
    pub resource_field_ref: Option<ResourceFieldSelector>,
    /// A key of a secret.
    pub secret_key_ref: Option<SecretKeySelector>,
}

impl Shape for EnvVarSource {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "configMapKeyRef" => take(&mut self.config_map_key_ref, value),
            "fieldRef" => take(&mut self.field_ref, value),
            "fileKeyRef" => take(&mut self.file_key_ref, value),
            "resourceFieldRef" => take(&mut self.resource_field_ref, value),
            "secretKeyRef" => take(&mut self.secret_key_ref, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "configMapKeyRef", &self.config_map_key_ref);
        give(map, "fieldRef", &self.field_ref);
        give(map, "fileKeyRef", &self.file_key_ref);
        give(map, "resourceFieldRef", &self.resource_field_ref);
        give(map, "secretKeyRef", &self.secret_key_ref);
    }
}

/// A container that was put into a running pod, by pod debug.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EphemeralContainer {
    /// Arguments of its command.
    pub args: Vec<String>,
    /// What it runs, in place of the image's command.
    pub command: Vec<String>,
    /// Variables of its environment.
    pub env: Vec<EnvVar>,
    /// Config maps and secrets whose keys become variables.
    pub env_from: Vec<EnvFromSource>,
    /// The image that it is made of.
    pub image: Option<String>,
    /// When the image is fetched: Always, IfNotPresent, Never.
    pub image_pull_policy: Option<String>,
    /// What is done after its start and before its end.
    pub lifecycle: Option<Lifecycle>,
    /// A check that it is alive.
    pub liveness_probe: Option<Probe>,
    /// Its name, unique in the pod.
    pub name: String,
    /// The ports that it listens on.
    pub ports: Vec<ContainerPort>,
    /// A check that it is ready to serve.
    pub readiness_probe: Option<Probe>,
    /// Whether a change of resources restarts it.
    pub resize_policy: Vec<ContainerResizePolicy>,
    /// What it may use and is promised.
    pub resources: Option<ResourceRequirements>,
    /// Whether it is started again.
    pub restart_policy: Option<String>,
    /// Whether it is started again, by exit code.
    pub restart_policy_rules: Vec<ContainerRestartRule>,
    /// User, groups, rights and protection of this container.
    pub security_context: Option<SecurityContext>,
    /// A check that it has started.
    pub startup_probe: Option<Probe>,
    /// Whether its standard input stays open, for who attaches to it.
    pub stdin: Option<bool>,
    /// Whether its standard input closes when the first who types there leaves.
    pub stdin_once: Option<bool>,
    /// The container whose processes it sees, and with which it ends.
    pub target_container_name: Option<String>,
    /// The file that its last message is read from.
    pub termination_message_path: Option<String>,
    /// Whether the end of the log stands in for a missing message: File, FallbackToLogsOnError.
    pub termination_message_policy: Option<String>,
    /// Whether it has a terminal.
    pub tty: Option<bool>,
    /// Block devices it is given.
    pub volume_devices: Vec<VolumeDevice>,
    /// Where volumes are, in its directories.
    pub volume_mounts: Vec<VolumeMount>,
    /// The directory that it starts in.
    pub working_dir: Option<String>,
}

impl Shape for EphemeralContainer {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "args" => take(&mut self.args, value),
            "command" => take(&mut self.command, value),
            "env" => take(&mut self.env, value),
            "envFrom" => take(&mut self.env_from, value),
            "image" => take(&mut self.image, value),
            "imagePullPolicy" => take(&mut self.image_pull_policy, value),
            "lifecycle" => take(&mut self.lifecycle, value),
            "livenessProbe" => take(&mut self.liveness_probe, value),
            "name" => take(&mut self.name, value),
            "ports" => take(&mut self.ports, value),
            "readinessProbe" => take(&mut self.readiness_probe, value),
            "resizePolicy" => take(&mut self.resize_policy, value),
            "resources" => take(&mut self.resources, value),
            "restartPolicy" => take(&mut self.restart_policy, value),
            "restartPolicyRules" => take(&mut self.restart_policy_rules, value),
            "securityContext" => take(&mut self.security_context, value),
            "startupProbe" => take(&mut self.startup_probe, value),
            "stdin" => take(&mut self.stdin, value),
            "stdinOnce" => take(&mut self.stdin_once, value),
            "targetContainerName" => take(&mut self.target_container_name, value),
            "terminationMessagePath" => take(&mut self.termination_message_path, value),
            "terminationMessagePolicy" => take(&mut self.termination_message_policy, value),
            "tty" => take(&mut self.tty, value),
            "volumeDevices" => take(&mut self.volume_devices, value),
            "volumeMounts" => take(&mut self.volume_mounts, value),
            "workingDir" => take(&mut self.working_dir, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "args", &self.args);
        give(map, "command", &self.command);
        give(map, "env", &self.env);
        give(map, "envFrom", &self.env_from);
        give(map, "image", &self.image);
        give(map, "imagePullPolicy", &self.image_pull_policy);
        give(map, "lifecycle", &self.lifecycle);
        give(map, "livenessProbe", &self.liveness_probe);
        give(map, "name", &self.name);
        give(map, "ports", &self.ports);
        give(map, "readinessProbe", &self.readiness_probe);
        give(map, "resizePolicy", &self.resize_policy);
        give(map, "resources", &self.resources);
        give(map, "restartPolicy", &self.restart_policy);
        give(map, "restartPolicyRules", &self.restart_policy_rules);
        give(map, "securityContext", &self.security_context);
        give(map, "startupProbe", &self.startup_probe);
        give(map, "stdin", &self.stdin);
        give(map, "stdinOnce", &self.stdin_once);
        give(map, "targetContainerName", &self.target_container_name);
        give(map, "terminationMessagePath", &self.termination_message_path);
        give(map, "terminationMessagePolicy", &self.termination_message_policy);
        give(map, "tty", &self.tty);
        give(map, "volumeDevices", &self.volume_devices);
        give(map, "volumeMounts", &self.volume_mounts);
        give(map, "workingDir", &self.working_dir);
    }
}

/// A command in the container.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExecAction {
    /// The command and its arguments; no shell is involved.
    pub command: Vec<String>,
}

impl Shape for ExecAction {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "command" => take(&mut self.command, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "command", &self.command);
    }
}

/// A variable in a file on a volume.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FileKeySelector {
    /// The variable's name in the file.
    pub key: String,
    /// Whether file or variable may be missing.
    pub optional: Option<bool>,
    /// The file, relative to the volume.
    pub path: String,
    /// The volume.
    pub volume_name: String,
}

impl Shape for FileKeySelector {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "key" => take(&mut self.key, value),
            "optional" => take(&mut self.optional, value),
            "path" => take(&mut self.path, value),
            "volumeName" => take(&mut self.volume_name, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "key", &self.key);
        give(map, "optional", &self.optional);
        give(map, "path", &self.path);
        give(map, "volumeName", &self.volume_name);
    }
}

/// A call of the gRPC health service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GRPCAction {
    /// The port's number.
    pub port: i32,
    /// The name of the service that is asked about.
    pub service: Option<String>,
}

impl Shape for GRPCAction {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "port" => take(&mut self.port, value),
            "service" => take(&mut self.service, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "port", &self.port);
        give(map, "service", &self.service);
    }
}

/// A request over HTTP.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HTTPGetAction {
    /// The host; the pod's address if none is given.
    pub host: Option<String>,
    /// Headers to send.
    pub http_headers: Vec<HTTPHeader>,
    /// The path.
    pub path: Option<String>,
    /// The port, by number or by its name in the container.
    pub port: Option<IntOrString>,
    /// HTTP or HTTPS; certificates are not verified.
    pub scheme: Option<String>,
}

impl Shape for HTTPGetAction {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "host" => take(&mut self.host, value),
            "httpHeaders" => take(&mut self.http_headers, value),
            "path" => take(&mut self.path, value),
            "port" => take(&mut self.port, value),
            "scheme" => take(&mut self.scheme, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "host", &self.host);
        give(map, "httpHeaders", &self.http_headers);
        give(map, "path", &self.path);
        give(map, "port", &self.port);
        give(map, "scheme", &self.scheme);
    }
}

/// A header of HTTP.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HTTPHeader {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl Shape for HTTPHeader {
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

/// What is done at a container's start and end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lifecycle {
    /// Run at once after the start; the container is killed if it fails.
    pub post_start: Option<LifecycleHandler>,
    /// Run before TERM is sent, within the grace period.
    pub pre_stop: Option<LifecycleHandler>,
    /// The signal that asks it to end, in place of the image's or TERM.
    pub stop_signal: Option<String>,
}

impl Shape for Lifecycle {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "postStart" => take(&mut self.post_start, value),
            "preStop" => take(&mut self.pre_stop, value),
            "stopSignal" => take(&mut self.stop_signal, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "postStart", &self.post_start);
        give(map, "preStop", &self.pre_stop);
        give(map, "stopSignal", &self.stop_signal);
    }
}

/// What is done: exactly one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LifecycleHandler {
    /// A command in the container.
    pub exec: Option<ExecAction>,
    /// A request over HTTP to the container.
    pub http_get: Option<HTTPGetAction>,
    /// Nothing, for some seconds.
    pub sleep: Option<SleepAction>,
    /// A connection.
    pub tcp_socket: Option<TCPSocketAction>,
}

impl Shape for LifecycleHandler {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "exec" => take(&mut self.exec, value),
            "httpGet" => take(&mut self.http_get, value),
            "sleep" => take(&mut self.sleep, value),
            "tcpSocket" => take(&mut self.tcp_socket, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "exec", &self.exec);
        give(map, "httpGet", &self.http_get);
        give(map, "sleep", &self.sleep);
        give(map, "tcpSocket", &self.tcp_socket);
    }
}

/// A field of the pod.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ObjectFieldSelector {
    /// The version its path is of.
    pub api_version: Option<String>,
    /// Its path, such as metadata.name or metadata.labels['app'].
    pub field_path: String,
}

impl Shape for ObjectFieldSelector {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "apiVersion" => take(&mut self.api_version, value),
            "fieldPath" => take(&mut self.field_path, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "apiVersion", &self.api_version);
        give(map, "fieldPath", &self.field_path);
    }
}

/// A check that is repeated.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Probe {
    /// A command in the container; 0 is success.
    pub exec: Option<ExecAction>,
    /// How many failures in a row count.
    pub failure_threshold: Option<i32>,
    /// A call of the gRPC health service.
    pub grpc: Option<GRPCAction>,
    /// A request over HTTP; 200 to 399 are success.
    pub http_get: Option<HTTPGetAction>,
    /// Seconds from the start to the first check.
    pub initial_delay_seconds: Option<i32>,
    /// Seconds between checks.
    pub period_seconds: Option<i32>,
    /// How many successes in a row count after a failure.
    pub success_threshold: Option<i32>,
    /// A connection over TCP.
    pub tcp_socket: Option<TCPSocketAction>,
    /// Seconds between TERM and KILL when this check ends the container.
    pub termination_grace_period_seconds: Option<i64>,
    /// Seconds after which a check has failed.
    pub timeout_seconds: Option<i32>,
}

impl Shape for Probe {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "exec" => take(&mut self.exec, value),
            "failureThreshold" => take(&mut self.failure_threshold, value),
            "grpc" => take(&mut self.grpc, value),
            "httpGet" => take(&mut self.http_get, value),
            "initialDelaySeconds" => take(&mut self.initial_delay_seconds, value),
            "periodSeconds" => take(&mut self.period_seconds, value),
            "successThreshold" => take(&mut self.success_threshold, value),
            "tcpSocket" => take(&mut self.tcp_socket, value),
            "terminationGracePeriodSeconds" => take(&mut self.termination_grace_period_seconds, value),
            "timeoutSeconds" => take(&mut self.timeout_seconds, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "exec", &self.exec);
        give(map, "failureThreshold", &self.failure_threshold);
        give(map, "grpc", &self.grpc);
        give(map, "httpGet", &self.http_get);
        give(map, "initialDelaySeconds", &self.initial_delay_seconds);
        give(map, "periodSeconds", &self.period_seconds);
        give(map, "successThreshold", &self.success_threshold);
        give(map, "tcpSocket", &self.tcp_socket);
        give(map, "terminationGracePeriodSeconds", &self.termination_grace_period_seconds);
        give(map, "timeoutSeconds", &self.timeout_seconds);
    }
}

/// A device claimed from a driver.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResourceClaim {
    /// `name`.
    pub name: String,
    /// `request`.
    pub request: Option<String>,
}

impl Shape for ResourceClaim {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "name" => take(&mut self.name, value),
            "request" => take(&mut self.request, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "name", &self.name);
        give(map, "request", &self.request);
    }
}

/// A limit or request of a container.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResourceFieldSelector {
    /// The container; the one that asks, if none is given.
    pub container_name: Option<String>,
    /// The unit it is told in.
    pub divisor: Option<Quantity>,
    /// Which one, such as limits.cpu.
    pub resource: String,
}

impl Shape for ResourceFieldSelector {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "containerName" => take(&mut self.container_name, value),
            "divisor" => take(&mut self.divisor, value),
            "resource" => take(&mut self.resource, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "containerName", &self.container_name);
        give(map, "divisor", &self.divisor);
        give(map, "resource", &self.resource);
    }
}

/// What may be used, and what is promised.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResourceRequirements {
    /// Devices claimed from a driver.
    pub claims: Vec<ResourceClaim>,
    /// The most that may be used, by resource: cpu, memory, hugepages-SIZE.
    pub limits: BTreeMap<String, Quantity>,
    /// What is promised, by resource; the limit if none is given.
    pub requests: BTreeMap<String, Quantity>,
}

impl Shape for ResourceRequirements {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "claims" => take(&mut self.claims, value),
            "limits" => take(&mut self.limits, value),
            "requests" => take(&mut self.requests, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "claims", &self.claims);
        give(map, "limits", &self.limits);
        give(map, "requests", &self.requests);
    }
}

/// A secret by its name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SecretEnvSource {
    /// Its name.
    pub name: Option<String>,
    /// Whether it may be missing.
    pub optional: Option<bool>,
}

impl Shape for SecretEnvSource {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "name" => take(&mut self.name, value),
            "optional" => take(&mut self.optional, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "name", &self.name);
        give(map, "optional", &self.optional);
    }
}

/// A key of a secret.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SecretKeySelector {
    /// The key.
    pub key: String,
    /// The secret's name.
    pub name: Option<String>,
    /// Whether either may be missing.
    pub optional: Option<bool>,
}

impl Shape for SecretKeySelector {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "key" => take(&mut self.key, value),
            "name" => take(&mut self.name, value),
            "optional" => take(&mut self.optional, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "key", &self.key);
        give(map, "name", &self.name);
        give(map, "optional", &self.optional);
    }
}

/// A pause.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SleepAction {
    /// How long.
    pub seconds: i64,
}

impl Shape for SleepAction {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "seconds" => take(&mut self.seconds, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "seconds", &self.seconds);
    }
}

/// A connection over TCP that is opened and closed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TCPSocketAction {
    /// The host; the pod's address if none is given.
    pub host: Option<String>,
    /// The port, by number or by its name in the container.
    pub port: Option<IntOrString>,
}

impl Shape for TCPSocketAction {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "host" => take(&mut self.host, value),
            "port" => take(&mut self.port, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "host", &self.host);
        give(map, "port", &self.port);
    }
}

shaped! { ConfigMapEnvSource ConfigMapKeySelector Container ContainerPort ContainerResizePolicy ContainerRestartRule ContainerRestartRuleOnExitCodes EnvFromSource EnvVar EnvVarSource EphemeralContainer ExecAction FileKeySelector GRPCAction HTTPGetAction HTTPHeader Lifecycle LifecycleHandler ObjectFieldSelector Probe ResourceClaim ResourceFieldSelector ResourceRequirements SecretEnvSource SecretKeySelector SleepAction TCPSocketAction }
