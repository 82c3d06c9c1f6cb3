//! `pod cp`: files into workloads and out of them, without a program of theirs.
//!
//! Paths begin at the workload's root directory. As cp has it: what is copied to a directory that is there keeps
//! its name in it, else it is called as the destination is; `/.` at the end means what is in there.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, IsTerminal, stdin, stdout};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use clap::Args;
use launch::Identity;
use registry::{Found, Name, Registry};
use rustix::fs::{FileType, Gid, Mode, OFlags, Uid, fstat, open};
use rustix::io::Errno;

use super::exec;
use super::meant::meant;
use super::named;
use crate::copy::{Archive, CopyError, Links, Modes, Owner, Place, Tree, Walk, split, unpack};
use crate::error::Error;
use crate::sandbox;
use crate::volume::outside;

/// Copy files into workloads, or out of them.
#[derive(Debug, Args)]
pub struct Cp {
    /// FILE, or POD:FILE; - is an archive from our stdin
    source: OsString,

    /// POD:FILE, or FILE; - is an archive to our stdout
    destination: OsString,

    /// The workload [default: the only one, or what pause sees; of the pod of a manifest its default container]
    #[arg(short, long, value_name = "NAME")]
    container: Option<Name>,

    /// The namespace of a manifest's pod
    #[arg(short, long, value_name = "NAME")]
    namespace: Option<String>,

    /// Give files the permissions of new ones
    #[arg(long)]
    no_preserve: bool,
}

/// One side of a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Spec {
    Stream,
    Here(PathBuf),
    In(Name, PathBuf),
}

impl Spec {
    fn of(text: &OsStr) -> Result<Self, CopyError> {
        let bytes = text.as_bytes();
        if bytes == b"-" {
            return Ok(Self::Stream);
        }
        let colon = bytes.iter().position(|byte| *byte == b':');
        // What begins so is a path of here, whatever is in it.
        let Some(colon) = colon.filter(|_| !bytes.starts_with(b"/") && !bytes.starts_with(b".")) else {
            return if bytes.is_empty() { Err(CopyError::Empty) } else { Ok(Self::Here(text.into())) };
        };
        let pod = std::str::from_utf8(&bytes[..colon]).ok().and_then(|pod| pod.parse().ok());
        let path = OsStr::from_bytes(&bytes[colon + 1..]);
        match pod {
            None => Err(CopyError::Spec),
            Some(_) if path.is_empty() => Err(CopyError::Empty),
            Some(pod) => Ok(Self::In(pod, path.into())),
        }
    }
}

/// Tells of what was not copied, and is no reason to fail.
type Tell<'a> = &'a mut dyn FnMut(CopyError);

impl Cp {
    /// Copies.
    ///
    /// # Errors
    /// When there is no such pod, workload or file, or something may not be read or written.
    pub fn run(&self, registry: &Registry, tell: Tell<'_>) -> Result<(), Error> {
        let modes = |kept| if self.no_preserve { Modes::New } else { kept };
        match (Spec::of(&self.source)?, Spec::of(&self.destination)?) {
            (Spec::In(..), Spec::In(..)) => Err(CopyError::BothRemote.into()),
            (Spec::In(pod, path), to) => {
                let place = self.place(&named::found(registry, self.namespace.as_deref(), &pod)?)?;
                let called = called(&pod, &path);
                let found = place.find(&path).map_err(CopyError::file("find", &called))?;
                match to {
                    Spec::Here(to) => Ok(out(&found, (&path, &called), &to, modes(Modes::Safe), tell)?),
                    _ => stream(&found, (&path, &called), tell),
                }
            }
            (Spec::Here(from), Spec::In(pod, path)) => {
                let found = match open(&from, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()) {
                    Err(Errno::NOENT) => return Err(CopyError::NotLocal { path: from }.into()),
                    found => found.map_err(CopyError::file("open", &from))?,
                };
                let place = self.place(&named::found(registry, self.namespace.as_deref(), &pod)?)?;
                Ok(into(&found, &from, (&place, &path, &called(&pod, &path)), modes(Modes::All), tell)?)
            }
            (Spec::Stream, Spec::In(pod, path)) => {
                if stdin().is_terminal() {
                    return Err(Error::Terminal {
                        what: "read an archive from",
                        way_out: "hand it on by a pipe or < FILE",
                    });
                }
                let place = self.place(&named::found(registry, self.namespace.as_deref(), &pod)?)?;
                let called = called(&pod, &path);
                let directory = place.directory(&path).map_err(CopyError::file("open", &called))?;
                Ok(unpack(
                    stdin().lock(),
                    &mut Tree::new(directory, called, modes(Modes::All)).owned_by(place.owner()),
                    tell,
                )?)
            }
            _ => Err(CopyError::BothLocal.into()),
        }
    }

    /// What the workload sees.
    fn place(&self, found: &Found) -> Result<Place, Error> {
        let workload = match &self.container {
            Some(named) => Some(named.clone()),
            None => meant(found)?.map(|meant| meant.workload),
        };
        let process = exec::process(found, workload.as_ref())?;
        Place::of(process, owner(process))?.ok_or_else(|| match workload {
            Some(workload) => Error::WorkloadEnded { pod: found.name().clone(), workload },
            None => found.ended().into(),
        })
    }
}

/// Who root is in there, where we are root and that is somebody else.
fn owner(process: Identity) -> Option<Owner> {
    let first = |map: &str| -> Option<u32> {
        let map = fs::read_to_string(format!("/proc/{}/{map}", process.pid)).ok()?;
        outside(&map, 0).filter(|id| *id != 0)
    };
    let (user, group) = sandbox::is_admin().then(|| first("uid_map").zip(first("gid_map")))??;
    Some((Uid::from_raw(user), Gid::from_raw(group)))
}

/// A file of a pod's, as it was typed.
fn called(pod: &Name, path: &Path) -> PathBuf {
    let mut called = OsString::from(format!("{pod}:"));
    called.push(path);
    called.into()
}

/// Whether what is meant is what is in there, and the name that it has otherwise.
fn name_in(path: &Path) -> Option<&OsStr> {
    let bytes = path.as_os_str().as_bytes();
    // Components leave a dot at the end out.
    let means_contents = bytes == b"." || bytes.ends_with(b"/.");
    split(path).map(|(_, name)| name).filter(|_| !means_contents)
}

/// Where a copy goes: below this directory, under this name; without one, what is in there does.
type Goal<'a> = (OwnedFd, PathBuf, Option<&'a OsStr>);

fn copied(
    found: &OwnedFd,
    path: &Path,
    (directory, called, name): Goal<'_>,
    (links, modes, owner): (Links, Modes, Option<Owner>),
    tell: Tell<'_>,
) -> Result<(), CopyError> {
    let sink = &mut Tree::new(directory, called, modes).owned_by(owner);
    let mut walk = Walk { links, sink, tell };
    match name {
        Some(name) => walk.copy(found, name, path),
        None => walk.contents(found, path),
    }
}

/// Copies out of a workload. Of what is here only what was typed is found by a path.
fn out(
    found: &OwnedFd,
    (path, called): (&Path, &Path),
    to: &Path,
    modes: Modes,
    tell: Tell<'_>,
) -> Result<(), CopyError> {
    let directory = |path: &Path| {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        open(path, flags, Mode::empty()).map_err(CopyError::file("open", path))
    };
    let rules = (Links::Skipped, modes, None);
    match fs::metadata(to) {
        Ok(there) if there.is_dir() => {
            copied(found, called, (directory(to)?, to.to_owned(), name_in(path)), rules, tell)
        }
        // What is neither takes bytes, and has no name to be taken.
        Ok(there) if !there.is_file() => {
            let from = regular(found, called)?;
            let to_file = File::options().write(true).open(to);
            let copied = to_file.and_then(|mut file| io::copy(&mut &from, &mut file));
            copied.map(drop).map_err(|source| CopyError::Bytes { path: to.to_owned(), source })
        }
        there => {
            // A link of ours leads to the file that is meant.
            let to = if there.is_ok() { fs::canonicalize(to).unwrap_or_else(|_| to.to_owned()) } else { to.to_owned() };
            let (parent, name) = split(&to).ok_or(CopyError::Empty)?;
            copied(found, called, (directory(parent)?, parent.to_owned(), Some(name)), rules, tell)
        }
    }
}

/// A file that was found, to be read.
fn regular(found: &OwnedFd, path: &Path) -> Result<File, CopyError> {
    let stat = fstat(found).map_err(CopyError::file("look at", path))?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(CopyError::NoFile { path: path.to_owned() });
    }
    let again = format!("/proc/self/fd/{}", found.as_raw_fd());
    let opened = open(again, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty());
    Ok(opened.map_err(CopyError::file("open", path))?.into())
}

/// Copies into a workload.
fn into(
    found: &OwnedFd,
    from: &Path,
    (place, path, called): (&Place, &Path, &Path),
    modes: Modes,
    tell: Tell<'_>,
) -> Result<(), CopyError> {
    let rules = (Links::Kept, modes, place.owner());
    let there = match place.find(path) {
        Err(Errno::NOENT) => None,
        there => Some(there.map_err(CopyError::file("find", called))?),
    };
    let kind = there.as_ref().map(fstat).transpose().map_err(CopyError::file("look at", called))?;
    match kind.map(|stat| FileType::from_raw_mode(stat.st_mode)) {
        Some(FileType::Directory) => {
            let directory = place.directory(path).map_err(CopyError::file("open", called))?;
            copied(found, from, (directory, called.to_owned(), name_in(from)), rules, tell)
        }
        // Whoever writes to a device there would be us, and not who is in there.
        Some(other) if other != FileType::RegularFile => Err(CopyError::NoFile { path: called.to_owned() }),
        _ => {
            let (parent, name) = split(path).ok_or(CopyError::Empty)?;
            let directory = place.directory(parent).map_err(CopyError::file("find the directory of", called))?;
            let above = called.parent().unwrap_or(called).to_owned();
            copied(found, from, (directory, above, Some(name)), rules, tell)
        }
    }
}

/// Writes an archive to our stdout.
fn stream(found: &OwnedFd, (path, called): (&Path, &Path), tell: Tell<'_>) -> Result<(), Error> {
    if stdout().is_terminal() {
        return Err(Error::Terminal { what: "write an archive to", way_out: "hand it on by a pipe or > FILE" });
    }
    let mut archive = Archive::new(io::BufWriter::with_capacity(1 << 16, stdout().lock()));
    let mut walk = Walk { links: Links::Kept, sink: &mut archive, tell };
    let walked = match name_in(path) {
        Some(name) => walk.copy(found, name, called),
        None => walk.contents(found, called),
    };
    walked.and_then(|()| archive.finish()).map_err(|error| match error {
        CopyError::Archive { operation: "write", source } => Error::Output(source),
        error => error.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_is_what_stands_before_a_colon() {
        let inside = |path: &str| Ok(Spec::In("web".parse().expect("a name"), path.into()));
        for (text, spec) in [
            ("-", Ok(Spec::Stream)),
            ("file", Ok(Spec::Here("file".into()))),
            ("./web:x", Ok(Spec::Here("./web:x".into()))),
            ("/a:b", Ok(Spec::Here("/a:b".into()))),
            ("web:/etc/hosts", inside("/etc/hosts")),
            ("web:a:b", inside("a:b")),
            ("", Err("filepath can not be empty")),
            ("web:", Err("filepath can not be empty")),
            (":/x", Err("filespec must match the canonical format: [POD:]file/path")),
            ("ns/web:/x", Err("filespec must match the canonical format: [POD:]file/path")),
        ] {
            let read = Spec::of(text.as_ref()).map_err(|error| error.to_string());
            assert_eq!(read, spec.map_err(str::to_owned), "{text}");
        }
    }

    #[test]
    fn a_dot_at_the_end_means_what_is_in_there() {
        for (path, name) in
            [("/a/b", Some("b")), ("/a/b/", Some("b")), ("/a/.", None), (".", None), ("/", None), ("..", None)]
        {
            assert_eq!(name_in(Path::new(path)), name.map(OsStr::new), "{path}");
        }
    }
}
