//! Reading /proc: every namespace that a process is in or something else holds.
//!
//! Processes come and go meanwhile. One that vanishes between two looks is no error; it is as if it had
//! ended before the first.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{Namespace, Resident};
use crate::error::Error;
use crate::sys;
use launch::Kind;
use registry::Name;
use registry::Registry;

/// Which namespace: no two of a kind have the same number at a time.
type Key = (Kind, u64);

/// Entries of `/proc/PID/ns` that are of processes to come.
const FOR_CHILDREN: [&str; 2] = ["pid_for_children", "time_for_children"];

/// All namespaces that could be seen.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Census {
    /// By kind, and by number within a kind.
    pub namespaces: Vec<Namespace>,
    /// How many processes we may not look at.
    pub hidden: usize,
}

impl Census {
    /// Looks at every process that our /proc shows, and at our mounts.
    ///
    /// # Errors
    /// When /proc cannot be read at all.
    ///
    /// # References
    /// namespaces(7), proc_pid_mountinfo(5)
    pub fn take() -> Result<Self, Error> {
        let mut found = Found::default();
        let mut hidden = 0;
        for pid in pids().map_err(|source| launch::Error::Proc { source })? {
            match found.add_process(pid) {
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => hidden += 1,
                // It has ended.
                Ok(()) | Err(_) => {}
            }
        }
        found.add_mounts(&fs::read("/proc/self/mountinfo").map_err(|source| launch::Error::Proc { source })?);
        let pods = pods();
        let namespaces = found.0.into_iter().map(|(key, (processes, held_by))| {
            let first = processes.iter().find_map(|pid| Resident::look(*pid).ok());
            let owner = owner(key, &processes, &held_by);
            let (kind, inode) = key;
            Namespace { kind, inode, owner, pod: pods.get(&key).cloned(), processes, first, held_by }
        });
        Ok(Self { namespaces: namespaces.collect(), hidden })
    }
}

/// The namespaces that a process is in.
pub(super) fn namespaces_of(pid: i32) -> io::Result<BTreeSet<Key>> {
    let mut keys = BTreeSet::new();
    for kind in Kind::all() {
        match fs::read_link(format!("/proc/{pid}/ns/{kind}")) {
            Ok(link) => keys.extend(key(&link)),
            // A kind that this kernel does not have, or of which a zombie has none any more.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(keys)
}

/// What has been seen so far: processes and other holders.
#[derive(Debug, Default)]
struct Found(BTreeMap<Key, (Vec<i32>, Vec<PathBuf>)>);

impl Found {
    fn add_process(&mut self, pid: i32) -> io::Result<()> {
        let inside = namespaces_of(pid)?;
        for entry in FOR_CHILDREN {
            self.hold(format!("/proc/{pid}/ns/{entry}").into(), |key| !inside.contains(&key));
        }
        for key in inside {
            self.0.entry(key).or_default().0.push(pid);
        }
        // What may be seen of a process's namespaces may be seen of its descriptors.
        for entry in fs::read_dir(format!("/proc/{pid}/fd"))? {
            self.hold(entry?.path(), |_| true);
        }
        Ok(())
    }

    /// Notes a link to a namespace that is worth noting.
    fn hold(&mut self, path: PathBuf, is_worth: impl Fn(Key) -> bool) {
        // Descriptors come and go too.
        if let Some(key) = fs::read_link(&path).ok().and_then(|link| key(&link)).filter(|key| is_worth(*key)) {
            self.0.entry(key).or_default().1.push(path);
        }
    }

    fn add_mounts(&mut self, mountinfo: &[u8]) {
        for line in mountinfo.split(|byte| *byte == b'\n') {
            if let Some((key, place)) = mounted(line) {
                self.0.entry(key).or_default().1.push(place);
            }
        }
    }
}

/// The namespace in a line of mountinfo that mounts one, and where.
fn mounted(line: &[u8]) -> Option<(Key, PathBuf)> {
    let mut words = line.split(|byte| *byte == b' ').skip(3);
    let (root, place) = (words.next()?, words.next()?);
    let file_system = words.skip_while(|word| *word != b"-").nth(1)?;
    (file_system == b"nsfs").then_some((key(Path::new(OsStr::from_bytes(root)))?, unescaped(place)))
}

/// What the kernel has written `\040` for, and its like.
fn unescaped(mut text: &[u8]) -> PathBuf {
    let mut plain = Vec::with_capacity(text.len());
    while let Some((byte, rest)) = text.split_first() {
        let digits = rest.get(..3).filter(|_| *byte == b'\\').and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(escaped) => {
                plain.push(escaped);
                text = &rest[3..];
            }
            None => {
                plain.push(*byte);
                text = rest;
            }
        }
    }
    std::ffi::OsString::from_vec(plain).into()
}

/// The namespace that a link of /proc names: `net:[4026531840]`.
fn key(link: &Path) -> Option<Key> {
    let (kind, number) = link.to_str()?.split_once(":[")?;
    Some((kind.parse().ok()?, number.strip_suffix(']')?.parse().ok()?))
}

/// The pids in /proc, in order.
fn pids() -> io::Result<Vec<i32>> {
    let entries: Vec<_> = fs::read_dir("/proc")?.collect::<io::Result<_>>()?;
    let mut pids: Vec<i32> = entries.iter().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    pids.sort_unstable();
    Ok(pids)
}

/// The pods of this user, by the namespaces of their pauses that are not ours too.
fn pods() -> BTreeMap<Key, Name> {
    let registry = Registry::of_this_user();
    let ours = namespaces_of(std::process::id().cast_signed()).unwrap_or_default();
    let mut pods = BTreeMap::new();
    // A registry that cannot be believed names nothing, and hides nothing of what is asked for.
    for name in registry.names().unwrap_or_default() {
        let Some(inside) =
            registry.pod(&name).and_then(|pod| pod.pause()).ok().and_then(|pause| namespaces_of(pause.pid).ok())
        else {
            continue;
        };
        pods.extend(inside.difference(&ours).map(|key| (*key, name.clone())));
    }
    pods
}

/// Asked of the first who still has it.
fn owner((kind, inode): Key, processes: &[i32], held_by: &[PathBuf]) -> Option<u32> {
    let entries = processes.iter().map(|pid| format!("/proc/{pid}/ns/{kind}").into());
    let files = entries.chain(held_by.iter().cloned());
    let open = |path: PathBuf| {
        let file = File::open(path).ok()?;
        (file.metadata().ok()?.ino() == inode).then_some(file)
    };
    let file = files.into_iter().find_map(open)?;
    sys::owner_uid(file.as_fd(), kind).ok()
}

impl Resident {
    fn look(pid: i32) -> io::Result<Self> {
        let status = fs::read(format!("/proc/{pid}/status"))?;
        let (name, uid) = name_and_uid(&status).ok_or_else(|| io::Error::other("no uid in its status"))?;
        let mut words = fs::read(format!("/proc/{pid}/cmdline"))?;
        words.truncate(words.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1));
        words.iter_mut().filter(|byte| **byte == 0).for_each(|byte| *byte = b' ');
        let command = if words.is_empty() { [b"[", name, b"]"].concat() } else { words };
        Ok(Self { pid, uid, command: std::ffi::OsString::from_vec(command) })
    }
}

/// The name and the effective uid in `/proc/PID/status`; a name is whatever bytes a program likes.
fn name_and_uid(status: &[u8]) -> Option<(&[u8], u32)> {
    let field = |key: &[u8]| status.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(key));
    let uids = std::str::from_utf8(field(b"Uid:")?).ok()?;
    Some((field(b"Name:\t")?, uids.split_whitespace().nth(1)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_of_proc_name_namespaces_and_other_things() {
        for (link, expected) in [
            ("net:[4026531840]", Some((Kind::Net, 4_026_531_840))),
            ("mnt:[1]", Some((Kind::Mount, 1))),
            ("pipe:[7]", None),
            ("socket:[7]", None),
            ("net:[]", None),
            ("net:7", None),
            ("/net:[7]", None),
            ("anon_inode:[pidfd]", None),
        ] {
            assert_eq!(key(Path::new(link)), expected, "{link}");
        }
    }

    #[test]
    fn only_lines_of_nsfs_mount_namespaces() {
        for (line, expected) in [
            (
                &b"35 30 0:4 net:[4026532200] /run/netns/a\\040b rw shared:7 - nsfs nsfs rw"[..],
                Some(((Kind::Net, 4_026_532_200), &b"/run/netns/a b"[..])),
            ),
            (b"35 30 0:4 mnt:[7] /m rw - nsfs nsfs rw", Some(((Kind::Mount, 7), b"/m"))),
            (b"35 30 0:4 mnt:[7] /\xff\\134040 rw - nsfs nsfs rw", Some(((Kind::Mount, 7), b"/\xff\\040"))),
            (b"35 30 0:4 mnt:[7] /m\\ rw - nsfs nsfs rw", Some(((Kind::Mount, 7), b"/m\\"))),
            (b"35 30 0:4 net:[7] /run/netns/a rw - tmpfs nsfs rw", None),
            (b"35 30 0:4 / /run rw - nsfs nsfs rw", None),
            (b"35 30", None),
            (b"", None),
        ] {
            let expected = expected.map(|(key, place)| (key, PathBuf::from(OsStr::from_bytes(place))));
            assert_eq!(mounted(line), expected, "{}", line.escape_ascii());
        }
    }

    #[test]
    fn we_are_in_a_namespace_of_every_kind_that_we_have_an_entry_of() {
        let census = Census::take().expect("a /proc");
        let me = std::process::id().cast_signed();
        let mine = namespaces_of(me).expect("our own entries");
        assert!(mine.len() >= 6, "{mine:?}");
        for key in mine {
            let found = census.namespaces.iter().find(|it| (it.kind, it.inode) == key).expect("it is listed");
            assert!(found.processes.contains(&me), "{found:?}");
            assert!(found.first.is_some(), "{found:?}");
        }
    }
}
