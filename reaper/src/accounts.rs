//! Lines of /etc/passwd and of /etc/group.

use crate::text;

/// A user, as a line of /etc/passwd has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account<'a> {
    /// The login name.
    pub name: &'a [u8],
    /// The user id.
    pub uid: u32,
    /// The primary group's id.
    pub gid: u32,
    /// The home directory; `None` where that is no absolute path.
    pub home: Option<&'a [u8]>,
}

impl<'a> Account<'a> {
    /// `NAME:PASSWORD:UID:GID:WORDS:HOME:SHELL`, of which everything after the group may be missing;
    /// `None` for what is no such line.
    #[must_use]
    pub fn of(line: &'a [u8]) -> Option<Self> {
        let mut fields = line.split(|byte| *byte == b':');
        let name = fields.next()?;
        let uid = text::number(fields.nth(1)?)?;
        let gid = text::number(fields.next()?)?;
        let home = fields.nth(1).filter(|home| home.starts_with(b"/"));
        Some(Self { name, uid, gid, home })
    }
}

/// A group, as a line of /etc/group has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// Its id.
    pub gid: u32,
    members: &'a [u8],
}

impl<'a> Group<'a> {
    /// `NAME:PASSWORD:GID:MEMBER,…`; `None` for what is no such line.
    #[must_use]
    pub fn of(line: &'a [u8]) -> Option<Self> {
        let mut fields = line.split(|byte| *byte == b':');
        let name = fields.next()?;
        let gid = text::number(fields.nth(1)?)?;
        Some(Self { name, gid, members: fields.next().unwrap_or_default() })
    }

    /// Whether this login name is among its members.
    #[must_use]
    pub fn has(&self, login: &[u8]) -> bool {
        self.members.split(|byte| *byte == b',').any(|member| member == login)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_line_of_passwd_is_passed_over() {
        for line in ["", "#", "root", "root:x", "root:x:0", "root:x:a:0", "root:x:+1:0", "+::::::"] {
            assert_eq!(Account::of(line.as_bytes()), None, "{line}");
        }
        let account = Account::of(b"www:x:33:34:www:/var/www:/bin/sh");
        assert_eq!(account, Some(Account { name: b"www", uid: 33, gid: 34, home: Some(b"/var/www") }));
        for line in ["x:x:1:1", "x:x:1:1:", "x:x:1:1:words:", "x:x:1:1:words:here"] {
            assert_eq!(Account::of(line.as_bytes()).map(|account| account.home), Some(None), "{line}");
        }
    }

    #[test]
    fn a_group_has_who_is_named_whole() {
        for line in ["", "web", "web:x", "web:x:w:a"] {
            assert_eq!(Group::of(line.as_bytes()), None, "{line}");
        }
        let group = Group::of(b"web:x:7:alice,bob").expect("a line");
        assert_eq!((group.name, group.gid), (&b"web"[..], 7));
        assert!(group.has(b"alice") && group.has(b"bob") && !group.has(b"bo") && !group.has(b"carol"));
        assert!(!Group::of(b"web:x:7").expect("a line").has(b"alice"));
    }
}
