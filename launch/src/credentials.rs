//! Who the command runs as, and with which rights: as plain data, nothing looked up.

use std::str::FromStr;

use caps::{Capability, CapsHashSet};

/// A user or a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Id {
    /// This number, as the user namespace of the command has it.
    Number(u32),
    /// The number of this name in the target's `/etc/passwd` or `/etc/group`.
    Name(String),
    /// The target's own, as the user namespace of the command has it.
    Follow,
}

/// Text that can be neither a user nor a group.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither an id (0 to 4294967294) nor a name")]
pub struct InvalidId(String);

impl FromStr for Id {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let invalid = || InvalidId(text.to_owned());
        // The last number of all means none to the kernel.
        let number = |text: &str| text.parse().ok().filter(|id| *id != u32::MAX);
        match text.bytes().next() {
            None | Some(b'-' | b'+') => Err(invalid()),
            // What begins as a number is one: no name may hide a mistyped id.
            Some(b'0'..=b'9') => number(text).map(Self::Number).ok_or_else(invalid),
            Some(_) if text.contains([':', ',', '/', '\n']) => Err(invalid()),
            Some(_) if text == "follow" => Ok(Self::Follow),
            Some(_) => Ok(Self::Name(text.to_owned())),
        }
    }
}

/// A user in full: with the group, and the groups that the target's files give it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Who.
    pub user: Id,
    /// The group, and then no other; `None` is all that `/etc/passwd` and `/etc/group` have for the user.
    pub group: Option<Id>,
}

impl FromStr for User {
    type Err = InvalidId;

    /// `USER[:GROUP]`, both a number, a name or `follow`.
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let (user, group) = match text.split_once(':') {
            Some((user, group)) => (user, Some(group.parse()?)),
            None => (text, None),
        };
        Ok(Self { user: user.parse()?, group })
    }
}

/// Which ids the command gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ids {
    /// The user's, groups included.
    User(User),
    /// What is named here.
    Parts {
        /// The user id.
        user: Option<Id>,
        /// The group id; the supplementary groups are given up with it.
        group: Option<Id>,
        /// What becomes of that which is not named.
        rest: Rest,
    },
}

/// What becomes of ids of which nothing was said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rest {
    /// They become those of root where a user namespace is joined, if it has such.
    #[default]
    Usual,
    /// They stay as they are.
    Kept,
}

impl Default for Ids {
    fn default() -> Self {
        Self::Parts { user: None, group: None, rest: Rest::Usual }
    }
}

/// A number to be taken as an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// It was asked for: that it cannot be had is an error.
    Asked(u32),
    /// It is what is usual: where the namespace has no such id, all stays as it is.
    Usual(u32),
}

/// What changes about capabilities. The sets of the command are what we have, or what joining a user
/// namespace gives, without what is dropped, with what is added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Removed from every set, the bounding set among them.
    pub drop: CapsHashSet,
    /// Not removed, though it is in `drop`; it has to be among those that there are.
    pub add: CapsHashSet,
    /// Raised in the ambient set, so that a command that does not run as root keeps it; not removed either.
    pub ambient: CapsHashSet,
    /// Whether all that a joined user namespace gives are raised in the ambient set.
    pub keep: bool,
}

/// Who the command runs as, and with which rights.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credentials {
    /// User and group.
    pub ids: Ids,
    /// The supplementary groups, instead of those that `ids` leads to.
    pub groups: Option<Vec<Id>>,
    /// Capabilities.
    pub capabilities: Capabilities,
    /// Whether it and its children may never gain privileges by executing a file.
    pub no_new_privileges: bool,
}

/// A capability that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no capability is called {0:?}")]
pub struct InvalidCapability(String);

/// The capabilities in a list with commas, with or without `CAP_`, in any case; `all` is all.
///
/// # Errors
/// When there is none of that name.
pub fn capabilities(text: &str) -> Result<CapsHashSet, InvalidCapability> {
    let mut found = CapsHashSet::new();
    for name in text.split(',') {
        let upper = name.trim().to_ascii_uppercase();
        if upper == "ALL" {
            found.extend(caps::all());
            continue;
        }
        let canonical = if upper.starts_with("CAP_") { upper } else { format!("CAP_{upper}") };
        found.insert(canonical.parse::<Capability>().map_err(|_| InvalidCapability(name.to_owned()))?);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_numbers_names_or_follow() {
        for (text, id) in [
            ("0", Id::Number(0)),
            ("4294967294", Id::Number(4_294_967_294)),
            ("www-data", Id::Name("www-data".to_owned())),
            ("follow", Id::Follow),
        ] {
            assert_eq!(text.parse(), Ok(id), "{text}");
        }
        // CVE-2026-30892: what cannot be read in full must not become some other user.
        for text in ["", "-1", "+1", "4294967295", "4294967296", "1x", "0x10", "1 ", "a:b", "a/b", "a,b"] {
            assert!(text.parse::<Id>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_user_may_have_a_group_and_nothing_more() {
        let user: User = "1:2".parse().expect("a user");
        assert_eq!(user, User { user: Id::Number(1), group: Some(Id::Number(2)) });
        assert_eq!("www".parse::<User>().expect("a user").group, None);
        for text in ["", ":", "1:", ":1", "1:2:3", "1:-2", "1:2x"] {
            assert!(text.parse::<User>().is_err(), "{text}");
        }
    }

    #[test]
    fn capabilities_go_by_many_spellings() {
        let two = CapsHashSet::from([Capability::CAP_NET_ADMIN, Capability::CAP_KILL]);
        assert_eq!(capabilities("net_admin,CAP_KILL"), Ok(two));
        assert_eq!(capabilities("all"), Ok(caps::all()));
        for text in ["", "net", "CAP_", "cap_cap_kill", "kill,"] {
            assert!(capabilities(text).is_err(), "{text}");
        }
    }
}
