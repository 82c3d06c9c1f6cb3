//! Opening the namespaces, each from where it is to come from, and comparing them with ours.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::linux::fs::MetadataExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use caps::{CapSet, Capability};
use nix::errno::Errno;

use super::pin::Pinned;
use crate::error::Error;
use crate::outcome::{Joined, Skipped};
use crate::plan::{Select, Source};
use crate::sys;
use launch::Kind;

/// A namespace to enter.
#[derive(Debug)]
pub(crate) struct OpenNamespace {
    pub(crate) kind: Kind,
    pub(crate) file: OwnedFd,
    pub(crate) inode: u64,
}

/// The namespaces to enter, in that order, and those to leave out.
#[derive(Debug)]
pub(crate) struct OpenNamespaces {
    pub(crate) open: Vec<OpenNamespace>,
    /// Whether every one of them is the pinned process's own, so that it leads to all at once.
    pub(crate) of_process: bool,
    pub(crate) shared: Vec<Kind>,
    pub(crate) skipped: Vec<Skipped>,
}

impl OpenNamespaces {
    pub(crate) fn joins(&self, kind: Kind) -> bool {
        self.open.iter().any(|namespace| namespace.kind == kind)
    }

    pub(crate) fn kinds(&self) -> Vec<Kind> {
        self.open.iter().map(|namespace| namespace.kind).collect()
    }

    pub(super) fn joined(&self) -> Vec<Joined> {
        self.open.iter().map(|namespace| Joined { kind: namespace.kind, inode: namespace.inode }).collect()
    }

    fn take(&mut self, kind: Kind, file: File, named: &str, us: &Ourselves) -> Result<(), Error> {
        let look_error = |source| Error::Namespace { kind, name: named.to_owned(), source };
        let inode = file.metadata().map_err(look_error)?.st_ino();
        if inode == us.inode(kind).map_err(look_error)? {
            self.shared.push(kind);
        } else {
            self.open.push(OpenNamespace { kind, file: file.into(), inode });
        }
        Ok(())
    }
}

/// This process, to compare with.
struct Ourselves(Option<OwnedFd>);

impl Ourselves {
    fn new() -> Self {
        Self(sys::pidfd_open(std::process::id().cast_signed()).ok())
    }

    /// The namespace of this kind that we are in.
    fn inode(&self, kind: Kind) -> io::Result<u64> {
        match self.0.as_ref().and_then(|us| sys::namespace_of_pidfd(us.as_fd(), kind.by_pidfd())) {
            Some(Ok(file)) => File::from(file).metadata(),
            Some(Err(_)) | None => std::fs::metadata(format!("/proc/self/ns/{kind}")),
        }
        .map(|found| found.st_ino())
    }
}

pub(super) fn open(
    pinned: &Pinned,
    select: &Select,
    sources: &BTreeMap<Kind, Source>,
    user_parent: bool,
) -> Result<OpenNamespaces, Error> {
    let mut found = OpenNamespaces { open: Vec::new(), of_process: true, shared: Vec::new(), skipped: Vec::new() };
    let us = Ourselves::new();
    for kind in Kind::all() {
        if kind == Kind::User && user_parent {
            continue;
        }
        if let Some(source) = sources.get(&kind) {
            found.of_process = false;
            let (file, named) = from(kind, source, pinned)?;
            found.take(kind, file, &named, &us)?;
        } else if wants(select, pinned, kind) {
            match theirs(pinned, kind, matches!(select, Select::These(_)))? {
                Ok((file, named)) => found.take(kind, file, &named, &us)?,
                Err(reason) => found.skipped.push(Skipped { kind, reason }),
            }
        }
    }
    if user_parent {
        found.of_process = false;
        let owner = owner(pinned, sources.get(&Kind::User), &found)?;
        found.take(Kind::User, owner, "the owning user namespace", &us)?;
        // The order of entering is that of the kinds.
        found.open.sort_by_key(|namespace| namespace.kind);
    }
    found.of_process &= matches!(pinned, Pinned::Process(_));
    Ok(found)
}

/// Every namespace that there is: its kind and inode.
pub(super) fn all(pinned: &Pinned) -> Result<BTreeSet<(Kind, u64)>, Error> {
    let mut found = BTreeSet::new();
    for kind in Kind::all() {
        if let Ok((file, name)) = theirs(pinned, kind, false)? {
            let inode = file.metadata().map_err(|source| Error::Namespace { kind, name, source })?.st_ino();
            found.insert((kind, inode));
        }
    }
    Ok(found)
}

fn wants(select: &Select, pinned: &Pinned, kind: Kind) -> bool {
    match (select, pinned) {
        (Select::All, _) => true,
        (Select::These(kinds), _) => kinds.contains(&kind),
        // Who names one namespace wants that one.
        (Select::Differing, Pinned::Namespace(_, of_kind, _)) => kind == *of_kind,
        (Select::Differing, Pinned::Nobody) => false,
        (Select::Differing, Pinned::Process(_) | Pinned::Directory(_)) => match kind {
            Kind::Net | Kind::Ipc | Kind::Uts | Kind::Pid => true,
            Kind::User => !caps::has_cap(None, CapSet::Effective, Capability::CAP_SYS_ADMIN).unwrap_or(false),
            Kind::Cgroup | Kind::Mount | Kind::Time => false,
        },
    }
}

/// The target's namespace of this kind, and its name; or why it is left out.
fn theirs(pinned: &Pinned, kind: Kind, must: bool) -> Result<Result<(File, String), &'static str>, Error> {
    match pinned {
        Pinned::Nobody => Ok(Err("there is no target")),
        Pinned::Process(process) => {
            let pid = process.identity.pid;
            // No path to be walked, and no doubt whose it is.
            if let Some(file) = process.namespace(kind) {
                return Ok(Ok((file.into(), format!("pid {pid}"))));
            }
            match File::open(format!("/proc/{pid}/ns/{kind}")) {
                Ok(file) => Ok(Ok((file, format!("pid {pid}")))),
                Err(error) if error.kind() == io::ErrorKind::NotFound && must => Err(Error::NoSuchKind { kind }),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Err("this kernel has none")),
                Err(source) => Err(Error::Open { kind, pid, source }),
            }
        }
        Pinned::Directory(directory) => {
            let path = directory.join(kind.name());
            match open_file(kind, &path) {
                Err(Error::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                    let missing = || Error::NotInDirectory { kind, directory: directory.clone() };
                    if must { Err(missing()) } else { Ok(Err("the directory has none")) }
                }
                opened => opened.map(Ok),
            }
        }
        Pinned::Namespace(path, of_kind, file) if *of_kind == kind => {
            let copy = file.try_clone().map_err(|source| Error::File { path: path.clone(), source })?;
            Ok(Ok((copy, path.display().to_string())))
        }
        Pinned::Namespace(path, of_kind, _) if must => {
            Err(Error::WrongKind { path: path.clone(), wanted: kind, found: *of_kind })
        }
        Pinned::Namespace(..) => Ok(Err("the target is another namespace")),
    }
}

/// A namespace that is not simply the target's.
fn from(kind: Kind, source: &Source, pinned: &Pinned) -> Result<(File, String), Error> {
    match source {
        Source::File(path) => open_file(kind, path),
        Source::Id(id) => {
            let file = by_id(*id).map_err(|source| Error::NamespaceId { id: *id, source })?;
            match sys::kind_of(file.as_fd()) {
                Some(found) if found == kind => Ok((file, format!("id {id}"))),
                Some(found) => Err(Error::WrongKind { path: PathBuf::from(format!(":{id}")), wanted: kind, found }),
                None => Err(Error::NotANamespace { path: PathBuf::from(format!(":{id}")) }),
            }
        }
        Source::Socket(number) => {
            let Pinned::Process(process) = pinned else {
                return Err(launch::Error::NoProcess { what: "sockets" }.into());
            };
            let error = |source| Error::Socket { number: *number, pid: process.identity.pid, source };
            let socket = process.descriptor(*number).map_err(error)?;
            let file = sys::namespace_of_socket(socket.as_fd()).map_err(error)?;
            Ok((file.into(), format!("socket {number}")))
        }
    }
}

/// The namespace of this id: from the kernel or, where that wants to know more of it, from who is in it.
fn by_id(id: u64) -> Result<File, Errno> {
    match sys::namespace_by_id(id) {
        Ok(file) => Ok(file.into()),
        Err(Errno::ESTALE) => among_processes(id).ok_or(Errno::ESTALE),
        Err(errno) => Err(errno),
    }
}

/// The namespace of this id among those of all processes that we may look at.
fn among_processes(id: u64) -> Option<File> {
    let processes = std::fs::read_dir("/proc").ok()?.flatten().map(|entry| entry.path().join("ns"));
    let paths = processes.flat_map(|directory| Kind::all().map(move |kind| directory.join(kind.name())));
    let mut files = paths.filter_map(|path| File::open(path).ok());
    files.find(|file| sys::id_of_namespace(file.as_fd()) == Ok(id))
}

fn open_file(kind: Kind, path: &Path) -> Result<(File, String), Error> {
    let opened = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path);
    let file = opened.map_err(|source| Error::File { path: path.to_owned(), source })?;
    match sys::kind_of(file.as_fd()) {
        Some(found) if found == kind => Ok((file, path.display().to_string())),
        Some(found) => Err(Error::WrongKind { path: path.to_owned(), wanted: kind, found }),
        None => Err(Error::NotANamespace { path: path.to_owned() }),
    }
}

/// The parent of the user namespace that is named; where none is, the owner of one that is to be
/// entered, and else the parent of the target's.
fn owner(pinned: &Pinned, user: Option<&Source>, found: &OpenNamespaces) -> Result<File, Error> {
    let failed = |source| Error::Owner { source };
    if let Some(source) = user {
        let (file, _) = from(Kind::User, source, pinned)?;
        return Ok(sys::owner_of(file.as_fd()).map_err(failed)?.into());
    }
    if let Ok((file, _)) = theirs(pinned, Kind::User, false)? {
        return Ok(sys::owner_of(file.as_fd()).map_err(failed)?.into());
    }
    match found.open.first() {
        Some(namespace) => Ok(sys::owner_of(namespace.file.as_fd()).map_err(failed)?.into()),
        None => Err(launch::Error::NoProcess { what: "a user namespace" }.into()),
    }
}
