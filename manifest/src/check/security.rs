//! Users, rights and protection of pods and containers.

use super::pod::Seen;
use super::{Found, Path};
use crate::kind::{AppArmorProfile, PodSecurityContext, PodSpec, SeccompProfile, SecurityContext};

const IDS: i64 = i32::MAX as i64;

pub(super) fn container(context: &SecurityContext, pod: &PodSpec, path: &Path, found: &mut Found) {
    for (field, id) in [("runAsUser", context.run_as_user), ("runAsGroup", context.run_as_group)] {
        if let Some(id) = id {
            found.range(&path.child(field), id, 0, IDS);
        }
    }
    if let Some(mount) = context.proc_mount.as_deref().filter(|mount| !mount.is_empty()) {
        let at = path.child("procMount");
        found.one_of(&at, mount, &["Default", "Unmasked"]);
        if mount == "Unmasked" && pod.host_users != Some(false) {
            found.value(&at, mount, "`hostUsers` must be false to use `Unmasked`");
        }
    }
    seccomp(context.seccomp_profile.as_ref(), &path.child("seccompProfile"), found);
    if context.allow_privilege_escalation == Some(false) {
        let at = path.child("allowPrivilegeEscalation");
        if context.privileged == Some(true) {
            found.value(&at, false, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true");
        }
        let added = context.capabilities.iter().flat_map(|capabilities| &capabilities.add);
        if added.clone().any(|name| name == "CAP_SYS_ADMIN" || name == "SYS_ADMIN") {
            found.value(
                &at,
                false,
                "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN",
            );
        }
    }
    app_armor(context.app_armor_profile.as_ref(), &path.child("appArmorProfile"), found);
}

pub(super) fn pod(pod: &PodSpec, path: &Path, found: &mut Found) {
    let Some(context) = &pod.security_context else { return };
    host(pod, path, found);
    for (field, id) in
        [("fsGroup", context.fs_group), ("runAsUser", context.run_as_user), ("runAsGroup", context.run_as_group)]
    {
        if let Some(id) = id {
            found.range(&path.child(field), id, 0, IDS);
        }
    }
    for (index, group) in context.supplemental_groups.iter().enumerate() {
        found.range(&path.child("supplementalGroups").index(index), *group, 0, IDS);
    }
    sysctls(context, pod, path, found);
    if let Some(policy) = &context.fs_group_change_policy {
        found.one_of(&path.child("fsGroupChangePolicy"), policy, &["Always", "OnRootMismatch"]);
    }
    seccomp(context.seccomp_profile.as_ref(), &path.child("seccompProfile"), found);
    if let Some(policy) = &context.supplemental_groups_policy {
        found.one_of(&path.child("supplementalGroupsPolicy"), policy, &["Merge", "Strict"]);
    }
    if let Some(policy) = &context.se_linux_change_policy {
        found.one_of(&path.child("seLinuxChangePolicy"), policy, &["MountOption", "Recursive"]);
    }
    app_armor(context.app_armor_profile.as_ref(), &path.child("appArmorProfile"), found);
}

/// What contradicts sharing the machine's namespaces.
fn host(pod: &PodSpec, path: &Path, found: &mut Found) {
    if pod.host_network == Some(true) {
        let root = Path(path.0.trim_end_matches(".securityContext").to_owned());
        for (field, containers) in [("containers", &pod.containers), ("initContainers", &pod.init_containers)] {
            for (number, container) in containers.iter().enumerate() {
                for (index, port) in container.ports.iter().enumerate() {
                    let host = port.host_port.unwrap_or(port.container_port);
                    if host != port.container_port {
                        let at = root.child(field).index(number).child("ports").index(index).child("containerPort");
                        found.value(&at, port.container_port, "must match `hostPort` when `hostNetwork` is true");
                    }
                }
            }
        }
    }
    if pod.share_process_namespace == Some(true) && pod.host_pid == Some(true) {
        let at = path.child("shareProcessNamespace");
        found.value(&at, true, "ShareProcessNamespace and HostPID cannot both be enabled");
    }
    if pod.host_users == Some(false) {
        let shared = [("hostNetwork", pod.host_network), ("hostPID", pod.host_pid), ("hostIPC", pod.host_ipc)];
        for (field, _) in shared.into_iter().filter(|(_, shared)| *shared == Some(true)) {
            found.forbidden(
                &path.child("hostUsers").child(field),
                format!("when `hostUsers` is false, `{field}` must be false"),
            );
        }
    }
}

fn sysctls(context: &PodSecurityContext, pod: &PodSpec, path: &Path, found: &mut Found) {
    const EXPRESSION: &str = r"^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";
    let mut names = Seen::new();
    for (index, sysctl) in context.sysctls.iter().enumerate() {
        let path = path.child("sysctls").index(index).child("name");
        let name = sysctl.name.as_str();
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let segment = |part: &str| {
            part.bytes().next().is_some_and(plain)
                && part.bytes().last().is_some_and(plain)
                && part.bytes().all(|byte| plain(byte) || matches!(byte, b'-' | b'_'))
        };
        if name.is_empty() {
            found.required(&path, "");
        } else if name.len() > 253 || !name.split(['.', '/']).all(segment) {
            found.value(&path, name, format!("must have at most 253 characters and match regex {EXPRESSION}"));
        } else if !names.first(&name.replace('/', ".")) {
            found.duplicate(&path, name);
        }
        for (shared, prefix, word) in [(pod.host_network, "net.", "hostNetwork"), (pod.host_ipc, "kernel.", "hostIPC")]
        {
            if shared == Some(true) && name.starts_with(prefix) && !name.starts_with("kernel.hostname") {
                found.value(&path, name, format!("may not be specified when '{word}' is true"));
            }
        }
    }
}

fn seccomp(profile: Option<&SeccompProfile>, path: &Path, found: &mut Found) {
    let Some(profile) = profile else { return };
    let file = profile.localhost_profile.as_deref();
    match profile.r#type.as_str() {
        "" => found.required(&path.child("type"), "type is required when seccompProfile is set"),
        kind => {
            found.one_of(&path.child("type"), kind, &["Localhost", "RuntimeDefault", "Unconfined"]);
            localhost(kind, file, "seccomp", path, found);
        }
    }
}

fn app_armor(profile: Option<&AppArmorProfile>, path: &Path, found: &mut Found) {
    let Some(profile) = profile else { return };
    match profile.r#type.as_str() {
        "" => found.required(&path.child("type"), "type is required when appArmorProfile is set"),
        kind => {
            found.one_of(&path.child("type"), kind, &["Localhost", "RuntimeDefault", "Unconfined"]);
            localhost(kind, profile.localhost_profile.as_deref(), "AppArmor", path, found);
        }
    }
}

/// A profile of this machine has a name, others have none.
fn localhost(kind: &str, file: Option<&str>, what: &str, path: &Path, found: &mut Found) {
    let at = path.child("localhostProfile");
    match (kind, file) {
        ("Localhost", None | Some("")) => {
            found.required(&at, &format!("must be set when {what} type is Localhost"));
        }
        ("Localhost", Some(file)) if what == "seccomp" => super::container::descends(file, &at, found),
        ("Localhost", _) | (_, None) => {}
        (_, Some(file)) => found.value(&at, file, format!("can only be set when {what} type is Localhost")),
    }
}
