//! The process of a container: what is executed, as whom, with which rights.

use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;

use caps::{Capability, CapsHashSet};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The first process of a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// The command, looked up in the `PATH` of its environment inside, and its arguments.
    pub command: Vec<OsString>,
    /// Its whole environment. `HOME` is added, from the container's own passwd, where it is not there.
    pub environment: Vec<(OsString, OsString)>,
    /// Where it stands; made, where it is not there.
    pub directory: PathBuf,
    /// Who it runs as.
    pub user: User,
    /// Which capabilities it, or what it executes, may have. Only root has them at once.
    pub capabilities: Capabilities,
    /// Whether it may never gain privileges by executing a file.
    pub no_new_privileges: bool,
    /// Which system calls it may make.
    pub seccomp: Seccomp,
    /// Resource limits, as `NAME=SOFT:HARD`; others are those of who launches it.
    pub limits: Vec<String>,
    /// The mode bits that files are made without.
    pub umask: u32,
    /// How readily it is killed when memory is short; `None` is as readily as who launches it.
    pub oom_score: Option<i32>,
    /// Whether it has a terminal.
    pub terminal: bool,
}

/// Who a container runs as, as its own passwd and group have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Who.
    pub user: Named,
    /// The group; `None` is what passwd has for the user, else 0.
    pub group: Option<Named>,
    /// Further groups.
    pub additional: Vec<Named>,
    /// Whether it is in the groups, too, that the files have for the user.
    #[serde(default)]
    pub memberships: Memberships,
}

/// Whether a process is in the groups that its container's files have for its user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Memberships {
    /// It is.
    #[default]
    Files,
    /// It is in those alone that it was given.
    Given,
}

/// A user or a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Named {
    /// This number, whether anybody is called so or not.
    Number(u32),
    /// The number of this name.
    Name(String),
}

/// Text that names no user.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no user: an id or a name, and maybe a colon and a group")]
pub struct InvalidUser(String);

impl User {
    /// Root, with root's groups.
    #[must_use]
    pub fn root() -> Self {
        Self { user: Named::Number(0), group: None, additional: Vec::new(), memberships: Memberships::Files }
    }
}

impl FromStr for User {
    type Err = InvalidUser;

    /// `USER[:GROUP]`, each a number or a name.
    fn from_str(text: &str) -> Result<Self, InvalidUser> {
        let named = |part: &str| {
            // The last number of all means none to the kernel.
            let number = part.parse().ok().filter(|id| *id != u32::MAX);
            match part.bytes().next() {
                Some(b'0'..=b'9') => number.map(Named::Number),
                None | Some(b'-' | b'+') => None,
                Some(_) if part.contains([':', ',', '/', '\n', '\0']) => None,
                Some(_) => Some(Named::Name(part.to_owned())),
            }
        };
        let invalid = || InvalidUser(text.to_owned());
        let (user, group) = text.split_once(':').map_or((text, None), |(user, group)| (user, Some(group)));
        let group = group.map(|group| named(group).ok_or_else(invalid)).transpose()?;
        Ok(Self { user: named(user).ok_or_else(invalid)?, group, ..Self::root() })
    }
}

/// A set of capabilities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities(u64);

impl Capabilities {
    /// Those of every container, unless it is said otherwise.
    #[must_use]
    pub fn usual() -> Self {
        [
            Capability::CAP_AUDIT_WRITE,
            Capability::CAP_CHOWN,
            Capability::CAP_DAC_OVERRIDE,
            Capability::CAP_FOWNER,
            Capability::CAP_FSETID,
            Capability::CAP_KILL,
            Capability::CAP_MKNOD,
            Capability::CAP_NET_BIND_SERVICE,
            Capability::CAP_NET_RAW,
            Capability::CAP_SETFCAP,
            Capability::CAP_SETGID,
            Capability::CAP_SETPCAP,
            Capability::CAP_SETUID,
            Capability::CAP_SYS_CHROOT,
        ]
        .into_iter()
        .collect()
    }

    /// All that there are.
    #[must_use]
    pub fn all() -> Self {
        caps::all().into_iter().collect()
    }

    /// With these too.
    #[must_use]
    pub fn with(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Without these.
    #[must_use]
    pub fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// Whether this is one of them.
    #[must_use]
    pub fn has(self, capability: Capability) -> bool {
        self.0 & capability.bitmask() != 0
    }

    /// Each, in the kernel's order.
    pub fn iter(self) -> impl Iterator<Item = Capability> {
        let mut all: Vec<_> = caps::all().into_iter().filter(|one| self.has(*one)).collect();
        all.sort_unstable_by_key(|one| one.bitmask());
        all.into_iter()
    }

    /// As others have it.
    #[must_use]
    pub fn set(self) -> CapsHashSet {
        self.iter().collect()
    }
}

impl FromIterator<Capability> for Capabilities {
    fn from_iter<T: IntoIterator<Item = Capability>>(all: T) -> Self {
        Self(all.into_iter().fold(0, |set, one| set | one.bitmask()))
    }
}

impl Serialize for Capabilities {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(|one| one.to_string()))
    }
}

impl<'de> Deserialize<'de> for Capabilities {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        names.iter().map(|name| name.parse::<Capability>().map_err(D::Error::custom)).collect()
    }
}

/// Which system calls may be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Seccomp {
    /// All but those that lead out of containers, and those that its capabilities do not free.
    RuntimeDefault,
    /// All.
    Unconfined,
    /// As the profile in this file has it.
    Localhost(PathBuf),
}
