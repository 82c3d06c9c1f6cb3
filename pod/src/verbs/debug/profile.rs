//! What a container may do that looks into others: kubectl's profiles.

use std::str::FromStr;

use serde_json::{Value, json};

use crate::answer::Complaint;

/// What kubectl says where no profile is named.
pub(super) const DEPRECATED: &str = "--profile=legacy is deprecated and will be removed in the future. It is recommended to explicitly specify a \
     profile, for example \"--profile=general\".";

/// What it may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Profile {
    /// What any container may.
    Legacy,
    /// That, and trace processes.
    General,
    /// What any container may, by the standard of that name.
    Baseline,
    /// As little as there can be.
    Restricted,
    /// Change the network.
    NetAdmin,
    /// All.
    SysAdmin,
}

impl FromStr for Profile {
    type Err = Complaint;

    fn from_str(text: &str) -> Result<Self, Complaint> {
        Ok(match text {
            "legacy" => Self::Legacy,
            "general" => Self::General,
            "baseline" => Self::Baseline,
            "restricted" => Self::Restricted,
            "netadmin" => Self::NetAdmin,
            "sysadmin" => Self::SysAdmin,
            other => return Err(Complaint::Plain(format!("unknown profile: {other}"))),
        })
    }
}

impl Profile {
    /// Has a container be so.
    pub(super) fn apply(self, container: &mut Value) {
        let context = match self {
            Self::Legacy | Self::Baseline => return,
            Self::General => json!({ "capabilities": { "add": ["SYS_PTRACE"] } }),
            Self::NetAdmin => json!({ "capabilities": { "add": ["NET_ADMIN", "NET_RAW"] } }),
            Self::SysAdmin => json!({ "privileged": true }),
            Self::Restricted => json!({ "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] },
                "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" } }),
        };
        container["securityContext"] = context;
    }

    /// Whether the containers of a copy see each other's processes, where nothing is said of that.
    pub(super) fn shares(self) -> bool {
        self != Self::Legacy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_kubectls() {
        for (name, context) in [
            ("legacy", Value::Null),
            ("baseline", Value::Null),
            ("general", json!({ "capabilities": { "add": ["SYS_PTRACE"] } })),
            ("netadmin", json!({ "capabilities": { "add": ["NET_ADMIN", "NET_RAW"] } })),
            ("sysadmin", json!({ "privileged": true })),
        ] {
            let mut container = json!({});
            name.parse::<Profile>().expect("a profile").apply(&mut container);
            assert_eq!(container["securityContext"], context, "{name}");
        }
        assert!("nosuch".parse::<Profile>().is_err());
    }
}
