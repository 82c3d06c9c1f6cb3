//! Whose namespaces: the ways to say it. Nothing is looked up here.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::container::Container;
use launch::Identity;
use registry::Name;

/// Whose namespaces are joined. Resolved once, when the plan is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Whoever has this pid when the plan is opened.
    Pid(i32),
    /// The process of this pid and of no other inode of the pidfd file system (Linux 6.9), which
    /// getino(1) and stat(1) print: one that only has its pid is refused.
    PidInode(i32, u64),
    /// This very process; one that only has its pid is refused.
    Process(Identity),
    /// The process of a pidfd that this program has open under this number.
    Pidfd(i32),
    /// The pause process of a pod of this user.
    Pod(Name),
    /// The first process of a container.
    Container(Container),
    /// A pod of this name or, where there is none, a container whose id this begins.
    PodOrContainer(Name, Container),
    /// A file: a pid file, a namespace, or a directory of namespaces whose entries are named as in
    /// `/proc/PID/ns`. Which, the file itself tells.
    Path(PathBuf),
}

/// What was given names no target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no target: {why}")]
pub struct InvalidTarget {
    text: String,
    why: String,
}

/// As many hexadecimal digits of a container's id as engines show.
const SHORT_ID: usize = 12;

impl Target {
    /// What a word names, as [`Target::from_str`] has it; a path need not be UTF-8.
    ///
    /// # Errors
    /// When it names nothing.
    pub fn of_word(word: &OsStr) -> Result<Self, InvalidTarget> {
        match word.to_str() {
            Some(text) => text.parse(),
            None if word.as_bytes().starts_with(b"/") || word.as_bytes().starts_with(b".") => {
                Ok(Self::Path(word.into()))
            }
            None => Err(InvalidTarget { text: word.to_string_lossy().into_owned(), why: "it is not UTF-8".to_owned() }),
        }
    }
}

impl FromStr for Target {
    type Err = InvalidTarget;

    /// A number is a pid, `PID:INODE` one with its inode, `fd/N` a pidfd, `pod/NAME` a pod, `docker/…`,
    /// `podman/…`, `containerd/…` and `container/…` a container; what begins with `/` or `.` is a path;
    /// anything else a pod's name or, from 12 hexadecimal digits on, a container's id.
    fn from_str(text: &str) -> Result<Self, InvalidTarget> {
        let invalid = |why: String| InvalidTarget { text: text.to_owned(), why };
        if text.starts_with(['/', '.']) {
            return Ok(Self::Path(text.into()));
        }
        if let Some((kind, rest)) = text.split_once('/') {
            return match kind {
                "pod" => rest.parse().map(Self::Pod).map_err(|error| invalid(format!("{error}"))),
                "fd" => number(rest).map(Self::Pidfd).ok_or_else(|| invalid("fd/ wants a number".to_owned())),
                _ => text.parse().map(Self::Container).map_err(|error| invalid(format!("{error}"))),
            };
        }
        if let Some((pid, inode)) = text.split_once(':') {
            return match (pid_of(pid), inode.parse()) {
                (Some(pid), Ok(inode)) => Ok(Self::PidInode(pid, inode)),
                _ => Err(invalid("not PID:INODE".to_owned())),
            };
        }
        let looks_like_an_id = text.len() >= SHORT_ID && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !looks_like_an_id && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return pid_of(text).map(Self::Pid).ok_or_else(|| invalid("it is no pid".to_owned()));
        }
        let container = looks_like_an_id.then(|| format!("container/{text}").parse().ok()).flatten();
        match (text.parse::<Name>(), container) {
            (Ok(name), Some(container)) => Ok(Self::PodOrContainer(name, container)),
            (Ok(name), None) => Ok(Self::Pod(name)),
            // Longer than a name may be: an id in full has 64 digits.
            (Err(_), Some(container)) => Ok(Self::Container(container)),
            (Err(error), None) => Err(invalid(format!("neither a pid nor a pod: {error}"))),
        }
    }
}

fn number(text: &str) -> Option<i32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

fn pid_of(text: &str) -> Option<i32> {
    number(text).filter(|pid| *pid > 0)
}

/// A target as messages name it.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pid(pid) | Self::PidInode(pid, _) | Self::Process(Identity { pid, .. }) => write!(f, "pid {pid}"),
            Self::Pidfd(number) => write!(f, "the process of descriptor {number}"),
            Self::Pod(name) | Self::PodOrContainer(name, _) => write!(f, "pod {name}"),
            Self::Container(container) => write!(f, "container {container}"),
            Self::Path(path) => write!(f, "{}", Path::display(path)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_told_apart_by_their_looks() {
        let name = |text: &str| text.parse::<Name>().expect("a name");
        let bare = |text: &str| text.parse::<Container>().expect("a container");
        let container = |text: &str| Target::Container(bare(text));
        let id = "3f2a9cdd0b1e".repeat(6)[..64].to_owned();
        for (text, target) in [
            ("1", Target::Pid(1)),
            ("42:4711", Target::PidInode(42, 4711)),
            ("web", Target::Pod(name("web"))),
            ("pod/web", Target::Pod(name("web"))),
            ("pod/7", Target::Pod(name("7"))),
            ("fd/3", Target::Pidfd(3)),
            ("docker/web", container("docker/web")),
            ("container/3f2a", container("container/3f2a")),
            ("3f2a9cdd0b1e", Target::PodOrContainer(name("3f2a9cdd0b1e"), bare("container/3f2a9cdd0b1e"))),
            ("123456789012", Target::PodOrContainer(name("123456789012"), bare("container/123456789012"))),
            (&id, container(&format!("container/{id}"))),
            ("/run/app.pid", Target::Path("/run/app.pid".into())),
            ("./ns", Target::Path("./ns".into())),
        ] {
            assert_eq!(text.parse(), Ok(target), "{text}");
        }
    }

    #[test]
    fn what_names_no_target_is_refused() {
        for text in
            ["", "0", "-1", "99999999999", "Web", "pod/", "a/b", "1 2", "1:", ":1", "0:1", "1:x", "fd/", "fd/-1"]
        {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }
}
