//! From users and groups to numbers, as the command's user namespace has them.
//!
//! Names are looked up in the target's files, below its root and by nobody's symbolic link out of it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use nix::fcntl::OFlag;
use reaper::accounts::{Account, Group};

use super::below::open_below;
use crate::credentials::{Credentials, Id, Ids, Number, Rest, User};
use crate::error::Error;

/// The ids to take; what is not there stays.
#[derive(Debug, Default)]
pub struct OpenIds {
    /// The user id.
    pub user: Option<Number>,
    /// The group id.
    pub group: Option<Number>,
    /// The supplementary groups; none at all is an empty list.
    pub groups: Option<Vec<u32>>,
    /// Whether it was asked for these groups; else it is no error that they cannot be had.
    pub groups_asked: bool,
    /// Where the user is at home, as the files have it.
    pub home: Option<String>,
}

/// Larger than any such file that people keep by hand.
const LARGEST: u64 = 4 << 20;

/// Where ids are looked up.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The process that may be followed.
    pub followed: Option<i32>,
    /// Opens the root directory below which the files are.
    pub root: &'a dyn Fn() -> io::Result<OwnedFd>,
    /// Whether a user namespace is entered.
    pub joins_user: bool,
    /// Whether it is that of the followed process.
    pub mapped: bool,
}

impl std::fmt::Debug for Scene<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { followed, root: _, joins_user, mapped } = self;
        f.debug_struct("Scene")
            .field("followed", followed)
            .field("joins_user", joins_user)
            .field("mapped", mapped)
            .finish_non_exhaustive()
    }
}

/// The ids that these credentials lead to.
///
/// # Errors
/// When there is no such user or group, or none to follow; when files cannot be read.
pub fn open(credentials: &Credentials, scene: &Scene<'_>) -> Result<OpenIds, Error> {
    let into_user = scene.joins_user;
    let mut files = Files::of(scene.root);
    let follow = |which| follow(scene.followed, which, scene.mapped);
    let mut ids = OpenIds::default();
    if into_user && !matches!(credentials.ids, Ids::Parts { rest: Rest::Kept, .. }) {
        ids = OpenIds {
            user: Some(Number::Usual(0)),
            group: Some(Number::Usual(0)),
            groups: Some(Vec::new()),
            groups_asked: false,
            home: None,
        };
    }
    let group_number = |files: &mut Files, group: &Id| match group {
        Id::Number(number) => Ok(*number),
        Id::Name(name) => files.group(name),
        Id::Follow => follow("Gid"),
    };
    match &credentials.ids {
        Ids::Parts { user, group, .. } => {
            if let Some(user) = user {
                let number = match user {
                    Id::Number(number) => *number,
                    Id::Name(name) => files.user(name)?.uid,
                    Id::Follow => follow("Uid")?,
                };
                ids.user = Some(Number::Asked(number));
            }
            if let Some(group) = group {
                ids.group = Some(Number::Asked(group_number(&mut files, group)?));
                (ids.groups, ids.groups_asked) = (Some(Vec::new()), true);
            }
        }
        Ids::User(User { user, group }) => {
            let entry = match user {
                Id::Name(name) => files.user(name)?,
                Id::Number(uid) => files.user_of(*uid)?,
                Id::Follow => files.user_of(follow("Uid")?)?,
            };
            let gid = match group {
                Some(group) => group_number(&mut files, group)?,
                None if *user == Id::Follow => follow("Gid")?,
                None => entry.gid,
            };
            let mut groups = vec![gid];
            if let (None, Some(name)) = (group, &entry.name) {
                groups.extend(files.groups_of(name)?.into_iter().filter(|other| *other != gid));
            }
            ids = OpenIds {
                user: Some(Number::Asked(entry.uid)),
                group: Some(Number::Asked(gid)),
                groups: Some(groups),
                groups_asked: true,
                home: entry.home,
            };
        }
    }
    // Where groups cannot be changed at all, that there are to be none beyond the one is what there is.
    let beyond = |group: &u32| ids.group != Some(Number::Asked(*group));
    if into_user && gave_up_setgroups(scene.followed) && !ids.groups.iter().flatten().any(beyond) {
        ids.groups_asked = false;
    }
    if let Some(groups) = &credentials.groups {
        let numbers = groups.iter().map(|group| group_number(&mut files, group));
        (ids.groups, ids.groups_asked) = (Some(numbers.collect::<Result<_, _>>()?), true);
    }
    Ok(ids)
}

/// Whether the target's user namespace was made by somebody who had to give up changing groups for it.
///
/// # References
/// `/proc/PID/setgroups`, user_namespaces(7)
fn gave_up_setgroups(process: Option<i32>) -> bool {
    let path = process.map(|pid| format!("/proc/{pid}/setgroups"));
    path.is_some_and(|path| fs::read_to_string(path).is_ok_and(|text| text.trim() == "deny"))
}

/// The target's effective id; as its user namespace has it, where that one is joined.
fn follow(process: Option<i32>, which: &'static str, mapped: bool) -> Result<u32, Error> {
    let pid = process.ok_or(Error::NoProcess { what: "ids" })?;
    let failed = |source| Error::Look { pid, source };
    let status = fs::read_to_string(format!("/proc/{pid}/status")).map_err(failed)?;
    let line = status.lines().find_map(|line| line.strip_prefix(which)?.strip_prefix(':'));
    let outside = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
    let outside: u32 = outside.ok_or_else(|| failed(io::Error::other("no ids in its status")))?;
    if !mapped {
        return Ok(outside);
    }
    let map = if which == "Uid" { "uid_map" } else { "gid_map" };
    let text = fs::read_to_string(format!("/proc/{pid}/{map}")).map_err(failed)?;
    inside(&text, outside).ok_or(Error::Unmapped { pid, id: outside })
}

/// Where a map of ids leads one of the outside.
///
/// # References
/// user_namespaces(7): inside, outside, how many
fn inside(map: &str, outside: u32) -> Option<u32> {
    map.lines().find_map(|line| {
        let mut numbers = line.split_whitespace().filter_map(|number| number.parse::<u32>().ok());
        let (first_inside, first_outside, length) = (numbers.next()?, numbers.next()?, numbers.next()?);
        let offset = outside.checked_sub(first_outside)?;
        first_inside.checked_add(offset).filter(|_| offset < length)
    })
}

/// Who `/etc/passwd` has, or a number that it has not.
struct Entry {
    name: Option<Vec<u8>>,
    uid: u32,
    gid: u32,
    home: Option<String>,
}

/// The `/etc/passwd` and `/etc/group` below a root directory, which is opened when they are asked for.
struct Files<'a> {
    open: &'a dyn Fn() -> io::Result<OwnedFd>,
    root: Option<OwnedFd>,
}

impl<'a> Files<'a> {
    fn of(open: &'a dyn Fn() -> io::Result<OwnedFd>) -> Self {
        Self { open, root: None }
    }

    fn user(&mut self, name: &str) -> Result<Entry, Error> {
        let text = self.read("etc/passwd")?;
        let account = lines(&text).filter_map(Account::of).find(|account| account.name == name.as_bytes());
        account.map(Entry::from).ok_or_else(|| Error::NoSuchUser { name: name.to_owned() })
    }

    /// The user of this number, whose files may say nothing of it: then it has group 0 and no other.
    fn user_of(&mut self, uid: u32) -> Result<Entry, Error> {
        let nameless = Entry { name: None, uid, gid: 0, home: None };
        match self.read("etc/passwd") {
            Ok(text) => {
                let account = lines(&text).filter_map(Account::of).find(|account| account.uid == uid);
                Ok(account.map_or(nameless, Entry::from))
            }
            Err(Error::Users { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(nameless),
            Err(error) => Err(error),
        }
    }

    fn group(&mut self, name: &str) -> Result<u32, Error> {
        let text = self.read("etc/group")?;
        let found = lines(&text).filter_map(Group::of).find(|group| group.name == name.as_bytes());
        found.map(|group| group.gid).ok_or_else(|| Error::NoSuchGroup { name: name.to_owned() })
    }

    /// The groups that have this user as a member.
    fn groups_of(&mut self, user: &[u8]) -> Result<Vec<u32>, Error> {
        let text = match self.read("etc/group") {
            Err(Error::Users { source, .. }) if source.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            read => read?,
        };
        Ok(lines(&text).filter_map(Group::of).filter(|group| group.has(user)).map(|group| group.gid).collect())
    }

    /// Reads a file below the target's root; a symbolic link does not lead out of there.
    fn read(&mut self, name: &'static str) -> Result<Vec<u8>, Error> {
        let failed = |source: io::Error| Error::Users { name, source };
        let root = match &self.root {
            Some(root) => root,
            None => self.root.insert((self.open)().map_err(failed)?),
        };
        let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK;
        let opened = open_below(root.as_fd(), Path::new(name), flags);
        let file = File::from(opened.map_err(|errno| failed(errno.into()))?);
        if !file.metadata().map_err(failed)?.is_file() {
            return Err(failed(io::Error::other("it is no file")));
        }
        let mut text = Vec::new();
        file.take(LARGEST).read_to_end(&mut text).map_err(failed)?;
        Ok(text)
    }
}

impl From<Account<'_>> for Entry {
    fn from(account: Account<'_>) -> Self {
        let home = account.home.map(|home| String::from_utf8_lossy(home).into_owned());
        Self { name: Some(account.name.to_owned()), uid: account.uid, gid: account.gid, home }
    }
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_the_outside_are_led_inside() {
        let map = "         0       1000          1\n         1     100000      65536\n";
        for (outside, expected) in
            [(1000, Some(0)), (100_000, Some(1)), (165_535, Some(65_536)), (165_536, None), (0, None)]
        {
            assert_eq!(inside(map, outside), expected, "{outside}");
        }
        assert_eq!(inside("", 0), None);
        assert_eq!(inside("0 0 4294967295", 4_294_967_294), Some(4_294_967_294));
    }
}
