//! A user namespace with all ids that this user may give: made once, and entered by its descriptor.
//!
//! To map more ids than one's own takes newuidmap and newgidmap, which have the right to, and look up in
//! /etc/subuid and /etc/subgid whether it is granted. They write the maps of a process that is in the
//! namespace; it ends when they have, and the descriptor keeps the namespace.
//!
//! Whoever is the root of such a namespace gives its ids to others within it by itself: that takes no program.

use std::ffi::CString;
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, Command, Stdio};

use nix::errno::Errno;
use nix::unistd::{getegid, geteuid};

use super::our_proc;
use crate::failure::Failure;
use crate::kind::Kind;
use crate::names;
use crate::op::{Entry, Op};
use crate::ranges::{Range, Ranges, parse, words};
use crate::run;
use crate::script::Script;
use crate::sys::holder::Holder;

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum RangesError {
    /// A file of ranges cannot be read.
    #[error("cannot read {path}")]
    File {
        /// Which.
        path: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The namespace cannot be made.
    #[error("cannot make a user namespace")]
    Namespace(#[source] Errno),
    /// A program that maps ids cannot be run.
    #[error("cannot run {program}")]
    Program {
        /// Which.
        program: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// They are not ours to give.
    #[error("cannot map the ids from {first} on")]
    Map {
        /// The first.
        first: u32,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It cannot be told which ids a namespace has.
    #[error("cannot read {path}")]
    Held {
        /// Which of its files.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// They cannot be given on.
    #[error("cannot map the ids of a user namespace within it")]
    Within(#[source] Errno),
    /// It does not map them.
    #[error("{program} maps no ids: {why}")]
    Refused {
        /// Which.
        program: &'static str,
        /// What it says.
        why: String,
    },
}

const MAPPERS: [(&str, &str); 2] = [("newuidmap", "/etc/subuid"), ("newgidmap", "/etc/subgid")];

impl Ranges {
    /// Those that were set apart for who we are; `None` where none were.
    ///
    /// # Errors
    /// When the files that say so cannot be read.
    pub fn of_this_user() -> Result<Option<Self>, RangesError> {
        let read = |path: &'static str| match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            read => read.map_err(|source| RangesError::File { path, source }),
        };
        let [uids, gids] = MAPPERS.map(|(_, path)| read(path));
        let (uids, gids) = (uids?, gids?);
        // Most have none, and need not be looked up by name.
        if uids.trim().is_empty() || gids.trim().is_empty() {
            return Ok(None);
        }
        let uid = geteuid();
        let name = names::this_user().map(|user| user.name);
        let of = |text: &str| parse(text, name.as_deref(), uid.as_raw());
        let (uids, gids) = (of(&uids), of(&gids));
        Ok((!uids.is_empty() && !gids.is_empty()).then_some(Self { uids, gids }))
    }

    /// A new user namespace in which root is who we are, and the other ids are these.
    ///
    /// # Errors
    /// When the kernel makes none, or the ids are not mapped.
    pub fn namespace(&self) -> Result<OwnedFd, RangesError> {
        let holder = Holder::in_new_users(None).map_err(RangesError::Namespace)?;
        let own = [geteuid().as_raw(), getegid().as_raw()];
        let started = [0, 1].map(|which| {
            let (program, ranges) = (MAPPERS[which].0, [&self.uids, &self.gids][which]);
            start(program, &words(holder.pid(), own[which], ranges))
        });
        for ((program, _), child) in MAPPERS.into_iter().zip(started) {
            let failed = |source| RangesError::Program { program, source };
            let ended = child.and_then(Child::wait_with_output).map_err(failed)?;
            if !ended.status.success() {
                let said = String::from_utf8_lossy(&ended.stderr);
                let why = said.lines().next().map_or_else(|| ended.status.to_string(), str::to_owned);
                return Err(RangesError::Refused { program, why });
            }
        }
        held(&holder)
    }
}

/// A new user namespace whose ids, from 0 on, are those from this one on, as root may have it.
///
/// # Errors
/// When the kernel makes none, or we may not give those ids.
pub fn namespace_of(range: Range) -> Result<OwnedFd, RangesError> {
    let holder = Holder::in_new_users(None).map_err(RangesError::Namespace)?;
    for map in ["uid_map", "gid_map"] {
        let line = format!("0 {} {}\n", range.first, range.count);
        fs::write(format!("/proc/{}/{map}", holder.pid()), line)
            .map_err(|source| RangesError::Map { first: range.first, source })?;
    }
    held(&holder)
}

/// A new user namespace that belongs to that of this process, whose ids are all of that one's, by the same numbers. Hands
/// back what they are, too: a line each, as in a map.
///
/// # Errors
/// When that namespace is not ours to enter, or the kernel makes none.
pub fn namespace_within(process: i32) -> Result<(OwnedFd, [String; 2]), RangesError> {
    let read = |name: &str| {
        let path = format!("/proc/{process}/{name}");
        fs::read_to_string(&path).map_err(|source| RangesError::Held { path, source })
    };
    let maps = [read("uid_map")?, read("gid_map")?].map(|map| same(&map));
    let path = format!("/proc/{process}/ns/user");
    let outer = File::open(&path).map_err(|source| RangesError::Held { path, source })?;
    let holder = Holder::in_new_users(Some(outer.as_fd())).map_err(RangesError::Namespace)?;
    // Only who is in the outer one may write them, and by a file that was opened in there.
    let proc =
        our_proc().map_err(|error| RangesError::Held { path: "/proc".into(), source: io::Error::other(error) })?;
    let mut script = Script::new(proc);
    let file = script.hold(outer);
    script.must(Op::Enter { all_of: None, namespaces: vec![Entry { kind: Kind::User, file }] });
    for (name, map) in ["uid_map", "gid_map"].into_iter().zip(&maps) {
        let file = CString::new(format!("{}/{name}", holder.pid())).unwrap_or_default();
        script.must(Op::Write { file, text: map.clone().into_bytes() });
    }
    run::errand(script).map_err(|Failure { errno, .. }| RangesError::Within(errno))?;
    Ok((held(&holder)?, maps))
}

/// The map by which all ids of a namespace are themselves in one within it.
fn same(map: &str) -> String {
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        let (first, count) = (words.next()?, words.nth(1)?);
        Some(format!("{first} {first} {count}\n"))
    };
    map.lines().filter_map(line).collect()
}

fn held(holder: &Holder) -> Result<OwnedFd, RangesError> {
    let path = format!("/proc/{}/ns/user", holder.pid());
    let opened = File::open(path).map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)));
    opened.map(OwnedFd::from).map_err(RangesError::Namespace)
}

fn start(program: &str, words: &[String]) -> io::Result<Child> {
    Command::new(program).args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_the_same_within() {
        let outer = "         0       1000          1\n         1     100000      65536\n";
        assert_eq!(same(outer), "0 0 1\n1 1 65536\n");
        assert_eq!(same(""), "");
    }
}
