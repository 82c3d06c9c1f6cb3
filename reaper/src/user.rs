//! Users and groups by name, as /etc/passwd and /etc/group of the container have them.

use core::ffi::CStr;

use crate::accounts::{Account, Group};
use crate::plan::User;
use crate::sys::file;
use crate::{sys::Errno, text};

/// Why there is no such user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// No line of /etc/passwd has the name.
    User,
    /// No line of /etc/group has the name.
    Group,
    /// It is in more groups than we can carry.
    TooManyGroups,
    /// A file could not be read.
    Unreadable(Errno),
}

/// The user that `USER[:GROUP]` means. A number needs no line in any file.
///
/// # Errors
/// Why there is none.
pub fn find(text: &[u8]) -> Result<User, Unknown> {
    let (name, group) = text::split_once(text, b':').map_or((text, None), |(user, group)| (user, Some(group)));
    let mut of_passwd = None;
    let read = each_line(c"/etc/passwd", |line| {
        if let Some(account) = Account::of(line)
            && of_passwd.is_none()
            && (account.name == name || text::number(name) == Some(account.uid))
        {
            of_passwd = Some((account.uid, account.gid, Name::of(account.name)));
        }
    });
    let (uid, gid, login) = match (of_passwd, text::number(name)) {
        (Some((uid, gid, login)), _) => (uid, gid, login),
        (None, Some(uid)) => (uid, 0, None),
        (None, None) => return Err(read.map_or_else(Unknown::Unreadable, |()| Unknown::User)),
    };
    let gid = group.map_or(Ok(gid), find_group)?;
    let mut user = User::new(uid, gid);
    let mut fits = user.add_group(gid);
    // Who names a group wants that one alone.
    if let (Some(login), None) = (login, group) {
        // A container may have no such file.
        let _no_groups = each_line(c"/etc/group", |line| {
            if let Some(group) = Group::of(line).filter(|group| group.has(login.bytes())) {
                fits &= user.add_group(group.gid);
            }
        });
    }
    if fits { Ok(user) } else { Err(Unknown::TooManyGroups) }
}

fn find_group(name: &[u8]) -> Result<u32, Unknown> {
    if let Some(gid) = text::number(name) {
        return Ok(gid);
    }
    let mut found = None;
    each_line(c"/etc/group", |line| {
        if found.is_none() {
            found = Group::of(line).filter(|group| group.name == name).map(|group| group.gid);
        }
    })
    .map_err(Unknown::Unreadable)?;
    found.ok_or(Unknown::Group)
}

/// A login name, kept while the line that it stood in is gone.
#[derive(Clone, Copy)]
struct Name([u8; 64], usize);

impl Name {
    fn of(name: &[u8]) -> Option<Self> {
        let mut kept = Self([0; 64], name.len());
        kept.0.get_mut(..name.len())?.copy_from_slice(name);
        Some(kept)
    }

    fn bytes(&self) -> &[u8] {
        &self.0[..self.1]
    }
}

/// Calls this with each line of a file; of one that is longer than a page, with what fits.
fn each_line(path: &CStr, mut call: impl FnMut(&[u8])) -> Result<(), Errno> {
    let file = file::open(path)?;
    let mut buffer = [0_u8; 4096];
    let mut held = 0;
    let mut skipping = false;
    loop {
        let read = file::read(file.number(), &mut buffer[held..])?;
        if read == 0 {
            if held > 0 && !skipping {
                call(&buffer[..held]);
            }
            return Ok(());
        }
        held += read;
        let mut start = 0;
        while let Some(length) = buffer[start..held].iter().position(|byte| *byte == b'\n') {
            if !skipping {
                call(&buffer[start..start + length]);
            }
            skipping = false;
            start += length + 1;
        }
        buffer.copy_within(start..held, 0);
        held -= start;
        if held == buffer.len() {
            if !skipping {
                call(&buffer);
            }
            (held, skipping) = (0, true);
        }
    }
}
