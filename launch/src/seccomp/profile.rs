//! What a seccomp profile says: the format of the OCI's runtime specification, and what Docker and
//! Podman have added to it.

use std::env::consts::ARCH;

use caps::{Capability, CapsHashSet};
use seccompiler::{SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompRule};
use serde::{Deserialize, Deserializer};
use syscalls::Errno;

use super::SeccompError;

/// A profile.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Profile {
    default_action: Action,
    default_errno_ret: Option<u16>,
    default_errno: Option<String>,
    #[serde(default, deserialize_with = "null_is_none")]
    syscalls: Vec<Rule>,
}

/// What to do about some calls.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rule {
    #[serde(default, deserialize_with = "null_is_none")]
    names: Vec<String>,
    /// The old form, for one call.
    #[serde(default, deserialize_with = "null_is_none")]
    name: String,
    action: Action,
    errno_ret: Option<u16>,
    errno: Option<String>,
    #[serde(default, deserialize_with = "null_is_none")]
    args: Vec<Argument>,
    #[serde(default, deserialize_with = "null_is_none")]
    includes: Circumstances,
    #[serde(default, deserialize_with = "null_is_none")]
    excludes: Circumstances,
}

/// What a rule depends on, besides the call.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Circumstances {
    #[serde(default, deserialize_with = "null_is_none")]
    caps: Vec<String>,
    #[serde(default, deserialize_with = "null_is_none")]
    arches: Vec<String>,
    min_kernel: Option<Kernel>,
}

/// The circumstances that a command will be in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Here<'a> {
    pub(super) capabilities: &'a CapsHashSet,
    /// Major and minor version.
    pub(super) kernel: (u32, u32),
}

/// What to do about a call; the numbers are in another place of the profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
enum Action {
    #[serde(rename = "SCMP_ACT_ALLOW")]
    Allow,
    #[serde(rename = "SCMP_ACT_ERRNO")]
    Errno,
    #[serde(rename = "SCMP_ACT_KILL", alias = "SCMP_ACT_KILL_THREAD")]
    KillThread,
    #[serde(rename = "SCMP_ACT_KILL_PROCESS")]
    KillProcess,
    #[serde(rename = "SCMP_ACT_TRAP")]
    Trap,
    #[serde(rename = "SCMP_ACT_LOG")]
    Log,
    #[serde(rename = "SCMP_ACT_TRACE")]
    Trace,
    #[serde(rename = "SCMP_ACT_NOTIFY")]
    Notify,
}

/// A condition on one argument.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Argument {
    index: u8,
    /// What the argument is compared with, or the mask.
    value: u64,
    /// What the masked argument is compared with.
    #[serde(default)]
    value_two: u64,
    op: Comparison,
}

#[derive(Clone, Copy, Debug, Deserialize)]
enum Comparison {
    #[serde(rename = "SCMP_CMP_NE")]
    Ne,
    #[serde(rename = "SCMP_CMP_LT")]
    Lt,
    #[serde(rename = "SCMP_CMP_LE")]
    Le,
    #[serde(rename = "SCMP_CMP_EQ")]
    Eq,
    #[serde(rename = "SCMP_CMP_GE")]
    Ge,
    #[serde(rename = "SCMP_CMP_GT")]
    Gt,
    #[serde(rename = "SCMP_CMP_MASKED_EQ")]
    MaskedEq,
}

/// A version of the kernel, written as `4.8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
struct Kernel(u32, u32);

impl Profile {
    /// What is done about calls that no rule is about.
    pub(super) fn default_action(&self) -> Result<SeccompAction, SeccompError> {
        self.default_action.with(self.default_errno.as_deref(), self.default_errno_ret)
    }

    /// The rules that hold in these circumstances.
    pub(super) fn rules(&self, here: &Here<'_>) -> impl Iterator<Item = &Rule> {
        self.syscalls.iter().filter(|rule| rule.includes.all(here) && !rule.excludes.any(here))
    }
}

impl Rule {
    /// What is done about its calls.
    pub(super) fn action(&self) -> Result<SeccompAction, SeccompError> {
        self.action.with(self.errno.as_deref(), self.errno_ret)
    }

    /// The calls it is about.
    pub(super) fn names(&self) -> Result<impl Iterator<Item = &str>, SeccompError> {
        if self.names.is_empty() == self.name.is_empty() {
            return Err(SeccompError::Names);
        }
        Ok(self.names.iter().chain(Some(&self.name)).map(String::as_str).filter(|name| !name.is_empty()))
    }

    /// The conditions of which one has to be met; none where it is about any such call.
    pub(super) fn alternatives(&self) -> Result<Vec<SeccompRule>, SeccompError> {
        let conditions = self.args.iter().map(Argument::condition).collect::<Result<Vec<_>, _>>()?;
        let mut indices: Vec<_> = self.args.iter().map(|argument| argument.index).collect();
        indices.sort_unstable();
        indices.dedup();
        let groups = match conditions.len() {
            0 => Vec::new(),
            all if all == indices.len() => vec![conditions],
            _ => conditions.into_iter().map(|condition| vec![condition]).collect(),
        };
        groups.into_iter().map(|group| SeccompRule::new(group).map_err(SeccompError::Compile)).collect()
    }
}

impl Circumstances {
    /// Whether everything is so.
    fn all(&self, here: &Here<'_>) -> bool {
        (self.arches.is_empty() || self.arches.iter().any(|arch| arch == architecture()))
            && self.caps.iter().all(|name| here.has(name))
            && self.min_kernel.is_none_or(|least| least <= Kernel(here.kernel.0, here.kernel.1))
    }

    /// Whether anything is so.
    fn any(&self, here: &Here<'_>) -> bool {
        self.arches.iter().any(|arch| arch == architecture())
            || self.caps.iter().any(|name| here.has(name))
            || self.min_kernel.is_some_and(|least| least <= Kernel(here.kernel.0, here.kernel.1))
    }
}

impl Here<'_> {
    /// Nobody has a capability that is not known.
    fn has(&self, capability: &str) -> bool {
        capability.parse::<Capability>().is_ok_and(|known| self.capabilities.contains(&known))
    }
}

impl Action {
    fn with(self, name: Option<&str>, number: Option<u16>) -> Result<SeccompAction, SeccompError> {
        let named = name.filter(|name| !name.is_empty()).map(errno).transpose()?;
        let given = named.or(number).map(u32::from);
        let errno = given.unwrap_or(libc::EPERM.unsigned_abs());
        if given.is_some() && !matches!(self, Self::Errno | Self::Trace) {
            return Err(SeccompError::ErrnoOfOther);
        }
        Ok(match self {
            Self::Allow => SeccompAction::Allow,
            Self::Errno => SeccompAction::Errno(errno),
            Self::KillThread => SeccompAction::KillThread,
            Self::KillProcess => SeccompAction::KillProcess,
            Self::Trap => SeccompAction::Trap,
            Self::Log => SeccompAction::Log,
            Self::Trace => SeccompAction::Trace(errno),
            Self::Notify => return Err(SeccompError::Notify),
        })
    }
}

impl Argument {
    fn condition(&self) -> Result<SeccompCondition, SeccompError> {
        let (operator, value) = match self.op {
            Comparison::Ne => (SeccompCmpOp::Ne, self.value),
            Comparison::Lt => (SeccompCmpOp::Lt, self.value),
            Comparison::Le => (SeccompCmpOp::Le, self.value),
            Comparison::Eq => (SeccompCmpOp::Eq, self.value),
            Comparison::Ge => (SeccompCmpOp::Ge, self.value),
            Comparison::Gt => (SeccompCmpOp::Gt, self.value),
            Comparison::MaskedEq => (SeccompCmpOp::MaskedEq(self.value), self.value_two),
        };
        // The index is all that can be wrong with it.
        SeccompCondition::new(self.index, SeccompCmpArgLen::Qword, operator, value)
            .map_err(|_| SeccompError::Argument { index: self.index })
    }
}

impl TryFrom<String> for Kernel {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let parsed = text.split_once('.').and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
        parsed.map(|(major, minor)| Self(major, minor)).ok_or_else(|| format!("no version of a kernel: {text}"))
    }
}

/// This architecture, as Docker calls it.
fn architecture() -> &'static str {
    match ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// The number of an errno that is called so.
fn errno(name: &str) -> Result<u16, SeccompError> {
    let number = (1..4096).find(|number| Errno::new(i32::from(*number)).name() == Some(name));
    number.ok_or_else(|| SeccompError::UnknownErrno { name: name.to_owned() })
}

/// Go writes an empty list as null.
fn null_is_none<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    Option::deserialize(from).map(Option::unwrap_or_default)
}
