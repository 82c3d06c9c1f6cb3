//! Users, rights and protection. Written by `cargo xtask schema`.

use serde_json::{Map, Value};

use super::shape::{Held, Mismatch, Shape, drawn, fill, give, shaped, take};

/// An AppArmor profile.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AppArmorProfile {
    /// The loaded profile's name, for Localhost.
    pub localhost_profile: Option<String>,
    /// RuntimeDefault, Unconfined or Localhost.
    pub r#type: String,
}

impl Shape for AppArmorProfile {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "localhostProfile" => take(&mut self.localhost_profile, value),
            "type" => take(&mut self.r#type, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "localhostProfile", &self.localhost_profile);
        give(map, "type", &self.r#type);
    }
}

/// Capabilities beyond and less than the default ones.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Capabilities {
    /// Added; ALL for all.
    pub add: Vec<String>,
    /// Dropped; ALL for all.
    pub drop: Vec<String>,
}

impl Shape for Capabilities {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "add" => take(&mut self.add, value),
            "drop" => take(&mut self.drop, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "add", &self.add);
        give(map, "drop", &self.drop);
    }
}

/// Users, groups and rights for all containers of the pod.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodSecurityContext {
    /// Their AppArmor profile.
    pub app_armor_profile: Option<AppArmorProfile>,
    /// A group that volumes belong to and processes are in.
    pub fs_group: Option<i64>,
    /// Whether ownership is set again where it is right at the top: OnRootMismatch, Always.
    pub fs_group_change_policy: Option<String>,
    /// The group's id they run as.
    pub run_as_group: Option<i64>,
    /// Refuse to start them as root.
    pub run_as_non_root: Option<bool>,
    /// The user's id they run as.
    pub run_as_user: Option<i64>,
    /// How volumes get their label: MountOption, Recursive.
    pub se_linux_change_policy: Option<String>,
    /// Their SELinux label.
    pub se_linux_options: Option<SELinuxOptions>,
    /// Their seccomp profile.
    pub seccomp_profile: Option<SeccompProfile>,
    /// Further groups they are in.
    pub supplemental_groups: Vec<i64>,
    /// Whether the image's groups are added: Merge, Strict.
    pub supplemental_groups_policy: Option<String>,
    /// Kernel settings of the pod's namespaces.
    pub sysctls: Vec<Sysctl>,
    /// What Windows needs.
    pub windows_options: Option<WindowsSecurityContextOptions>,
}

impl Shape for PodSecurityContext {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "appArmorProfile" => take(&mut self.app_armor_profile, value),
            "fsGroup" => take(&mut self.fs_group, value),
            "fsGroupChangePolicy" => take(&mut self.fs_group_change_policy, value),
            "runAsGroup" => take(&mut self.run_as_group, value),
            "runAsNonRoot" => take(&mut self.run_as_non_root, value),
            "runAsUser" => take(&mut self.run_as_user, value),
            "seLinuxChangePolicy" => take(&mut self.se_linux_change_policy, value),
            "seLinuxOptions" => take(&mut self.se_linux_options, value),
            "seccompProfile" => take(&mut self.seccomp_profile, value),
            "supplementalGroups" => take(&mut self.supplemental_groups, value),
            "supplementalGroupsPolicy" => take(&mut self.supplemental_groups_policy, value),
            "sysctls" => take(&mut self.sysctls, value),
            "windowsOptions" => take(&mut self.windows_options, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "appArmorProfile", &self.app_armor_profile);
        give(map, "fsGroup", &self.fs_group);
        give(map, "fsGroupChangePolicy", &self.fs_group_change_policy);
        give(map, "runAsGroup", &self.run_as_group);
        give(map, "runAsNonRoot", &self.run_as_non_root);
        give(map, "runAsUser", &self.run_as_user);
        give(map, "seLinuxChangePolicy", &self.se_linux_change_policy);
        give(map, "seLinuxOptions", &self.se_linux_options);
        give(map, "seccompProfile", &self.seccomp_profile);
        give(map, "supplementalGroups", &self.supplemental_groups);
        give(map, "supplementalGroupsPolicy", &self.supplemental_groups_policy);
        give(map, "sysctls", &self.sysctls);
        give(map, "windowsOptions", &self.windows_options);
    }
}

/// An SELinux label.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SELinuxOptions {
    /// Its level.
    pub level: Option<String>,
    /// Its role.
    pub role: Option<String>,
    /// Its type.
    pub r#type: Option<String>,
    /// Its user.
    pub user: Option<String>,
}

impl Shape for SELinuxOptions {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "level" => take(&mut self.level, value),
            "role" => take(&mut self.role, value),
            "type" => take(&mut self.r#type, value),
            "user" => take(&mut self.user, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "level", &self.level);
        give(map, "role", &self.role);
        give(map, "type", &self.r#type);
        give(map, "user", &self.user);
    }
}

/// A seccomp profile.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SeccompProfile {
    /// The profile's file, for Localhost.
    pub localhost_profile: Option<String>,
    /// RuntimeDefault, Unconfined or Localhost.
    pub r#type: String,
}

impl Shape for SeccompProfile {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "localhostProfile" => take(&mut self.localhost_profile, value),
            "type" => take(&mut self.r#type, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "localhostProfile", &self.localhost_profile);
        give(map, "type", &self.r#type);
    }
}

/// User, groups, rights and protection of a container.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SecurityContext {
    /// false: no new privileges by executing a program.
    pub allow_privilege_escalation: Option<bool>,
    /// Its AppArmor profile.
    pub app_armor_profile: Option<AppArmorProfile>,
    /// Capabilities added to and dropped from the default ones.
    pub capabilities: Option<Capabilities>,
    /// All capabilities, all devices, nothing masked.
    pub privileged: Option<bool>,
    /// Whether /proc is masked: Default, Unmasked.
    pub proc_mount: Option<String>,
    /// Whether its root can only be read.
    pub read_only_root_filesystem: Option<bool>,
    /// The group's id it runs as.
    pub run_as_group: Option<i64>,
    /// Refuse to start it as root.
    pub run_as_non_root: Option<bool>,
    /// The user's id it runs as.
    pub run_as_user: Option<i64>,
    /// Its SELinux label.
    pub se_linux_options: Option<SELinuxOptions>,
    /// Its seccomp profile.
    pub seccomp_profile: Option<SeccompProfile>,
    /// What Windows needs.
    pub windows_options: Option<WindowsSecurityContextOptions>,
}

impl Shape for SecurityContext {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "allowPrivilegeEscalation" => take(&mut self.allow_privilege_escalation, value),
            "appArmorProfile" => take(&mut self.app_armor_profile, value),
            "capabilities" => take(&mut self.capabilities, value),
            "privileged" => take(&mut self.privileged, value),
            "procMount" => take(&mut self.proc_mount, value),
            "readOnlyRootFilesystem" => take(&mut self.read_only_root_filesystem, value),
            "runAsGroup" => take(&mut self.run_as_group, value),
            "runAsNonRoot" => take(&mut self.run_as_non_root, value),
            "runAsUser" => take(&mut self.run_as_user, value),
            "seLinuxOptions" => take(&mut self.se_linux_options, value),
            "seccompProfile" => take(&mut self.seccomp_profile, value),
            "windowsOptions" => take(&mut self.windows_options, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "allowPrivilegeEscalation", &self.allow_privilege_escalation);
        give(map, "appArmorProfile", &self.app_armor_profile);
        give(map, "capabilities", &self.capabilities);
        give(map, "privileged", &self.privileged);
        give(map, "procMount", &self.proc_mount);
        give(map, "readOnlyRootFilesystem", &self.read_only_root_filesystem);
        give(map, "runAsGroup", &self.run_as_group);
        give(map, "runAsNonRoot", &self.run_as_non_root);
        give(map, "runAsUser", &self.run_as_user);
        give(map, "seLinuxOptions", &self.se_linux_options);
        give(map, "seccompProfile", &self.seccomp_profile);
        give(map, "windowsOptions", &self.windows_options);
    }
}

/// A kernel setting.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sysctl {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl Shape for Sysctl {
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

/// What Windows needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WindowsSecurityContextOptions {
    /// `gmsaCredentialSpec`.
    pub gmsa_credential_spec: Option<String>,
    /// `gmsaCredentialSpecName`.
    pub gmsa_credential_spec_name: Option<String>,
    /// `hostProcess`.
    pub host_process: Option<bool>,
    /// `runAsUserName`.
    pub run_as_user_name: Option<String>,
}

impl Shape for WindowsSecurityContextOptions {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "gmsaCredentialSpec" => take(&mut self.gmsa_credential_spec, value),
            "gmsaCredentialSpecName" => take(&mut self.gmsa_credential_spec_name, value),
            "hostProcess" => take(&mut self.host_process, value),
            "runAsUserName" => take(&mut self.run_as_user_name, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "gmsaCredentialSpec", &self.gmsa_credential_spec);
        give(map, "gmsaCredentialSpecName", &self.gmsa_credential_spec_name);
        give(map, "hostProcess", &self.host_process);
        give(map, "runAsUserName", &self.run_as_user_name);
    }
}

shaped! { AppArmorProfile Capabilities PodSecurityContext SELinuxOptions SeccompProfile SecurityContext Sysctl WindowsSecurityContextOptions }
