//! Files written below a directory, by one name each.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, Gid, Mode, OFlags, Timestamps, Uid, chownat, fchmod, futimens, mkdirat, openat, renameat, symlinkat,
    unlinkat,
};
use rustix::io::Errno;

use super::error::CopyError;
use super::{Meta, Sink};

/// What becomes of the permissions of files that are copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Modes {
    /// They are kept, but for the bits that make a program somebody else's: whoever copies has not made them.
    Safe,
    /// They are kept.
    All,
    /// They are those of new files.
    New,
}

/// Whose what is made is, where that is not who makes it: a user and a group.
pub(crate) type Owner = (Uid, Gid);

/// A directory that is written below.
pub(crate) struct Tree {
    /// From the first to the one that is written to now, each with whether we have made it.
    directories: Vec<(OwnedFd, bool)>,
    /// Where that is, for whoever is told of it.
    at: PathBuf,
    modes: Modes,
    owner: Option<Owner>,
    drafts: u32,
}

impl Tree {
    /// Below this directory, which is called so.
    pub(crate) fn new(directory: OwnedFd, called: PathBuf, modes: Modes) -> Self {
        Self { directories: vec![(directory, false)], at: called, modes, owner: None, drafts: 0 }
    }

    /// What is made there is theirs.
    pub(crate) fn owned_by(self, owner: Option<Owner>) -> Self {
        Self { owner, ..self }
    }

    /// Gives away what is new.
    fn give(&self, new: &OsStr, name: &OsStr) -> Result<(), CopyError> {
        let Some((user, group)) = self.owner else { return Ok(()) };
        let given = chownat(self.here(), new, Some(user), Some(group), AtFlags::SYMLINK_NOFOLLOW);
        given.map_err(self.failed("give away", name))
    }

    fn here(&self) -> &OwnedFd {
        // The first is never left.
        &self.directories[self.directories.len() - 1].0
    }

    fn failed(&self, operation: &'static str, name: &OsStr) -> impl FnOnce(Errno) -> CopyError {
        CopyError::file(operation, self.at.join(name))
    }

    fn mode(&self, meta: &Meta) -> Option<Mode> {
        match self.modes {
            Modes::Safe => Some(Mode::from_raw_mode(meta.mode & 0o777)),
            Modes::All => Some(Mode::from_raw_mode(meta.mode & 0o7777)),
            Modes::New => None,
        }
    }

    /// A name that nobody has yet, in the directory that is written to.
    fn draft(&mut self) -> OsString {
        self.drafts += 1;
        format!(".pod-cp-{}-{}", std::process::id(), self.drafts).into()
    }

    /// Gives what is new the name of what is old, if anything has that.
    fn put(&self, draft: &OsStr, name: &OsStr) -> Result<(), CopyError> {
        let put = renameat(self.here(), draft, self.here(), name);
        if put.is_err() {
            // What was refused its name is nothing.
            let _gone = unlinkat(self.here(), draft, AtFlags::empty());
        }
        put.map_err(self.failed("write", name))
    }

    /// Makes what is already written below here a name of its own, too.
    pub(super) fn hard_link(&mut self, from: &Path, name: &OsStr) -> Result<(), CopyError> {
        let failed = |operation| CopyError::file(operation, from);
        let names: Vec<_> = from.components().map(|part| part.as_os_str().to_owned()).collect();
        let Some((last, through)) = names.split_last() else { return Ok(()) };
        let mut directory =
            self.directories[0].0.try_clone().map_err(|source| CopyError::Bytes { path: from.into(), source })?;
        for name in through {
            let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::RDONLY | OFlags::CLOEXEC;
            directory = openat(&directory, name, flags, Mode::empty()).map_err(failed("open"))?;
        }
        let draft = self.draft();
        rustix::fs::linkat(&directory, last, self.here(), &draft, AtFlags::empty()).map_err(failed("link to"))?;
        self.put(&draft, name)
    }
}

impl Sink for Tree {
    fn enter(&mut self, name: &OsStr, _meta: &Meta) -> Result<(), CopyError> {
        let made = match mkdirat(self.here(), name, Mode::RWXU) {
            Ok(()) => {
                self.give(name, name)?;
                true
            }
            Err(Errno::EXIST) => false,
            Err(errno) => return Err(self.failed("make the directory", name)(errno)),
        };
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::RDONLY | OFlags::CLOEXEC;
        let entered =
            openat(self.here(), name, flags, Mode::empty()).map_err(self.failed("open the directory", name))?;
        self.directories.push((entered, made));
        self.at.push(name);
        Ok(())
    }

    fn leave(&mut self, meta: &Meta) -> Result<(), CopyError> {
        if self.directories.len() < 2 {
            return Ok(());
        }
        let Some((directory, made)) = self.directories.pop() else { return Ok(()) };
        let failed = CopyError::file("set the mode of", self.at.clone());
        if made {
            let mode = self.mode(meta).unwrap_or(Mode::from_raw_mode(0o777).difference(umask()));
            fchmod(&directory, mode).map_err(failed)?;
            keep_time(&directory, meta);
        }
        self.at.pop();
        Ok(())
    }

    fn file(&mut self, name: &OsStr, meta: &Meta, from: &mut dyn Read) -> Result<(), CopyError> {
        let draft = self.draft();
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::WRONLY | OFlags::CLOEXEC;
        let file = openat(self.here(), &draft, flags, Mode::RUSR | Mode::WUSR).map_err(self.failed("make", name))?;
        let mut file = File::from(file);
        // Before it has a mode by which it could be run as somebody.
        self.give(&draft, name)?;
        let written = io::copy(from, &mut file).map_err(|source| CopyError::Bytes { path: self.at.join(name), source });
        let written = written.and_then(|_| {
            let mode = self.mode(meta).unwrap_or(Mode::from_raw_mode(0o666).difference(umask()));
            fchmod(&file, mode).map_err(self.failed("set the mode of", name))
        });
        if written.is_err() {
            let _gone = unlinkat(self.here(), &draft, AtFlags::empty());
        }
        written?;
        keep_time(&file, meta);
        self.put(&draft, name)
    }

    fn link(&mut self, name: &OsStr, _meta: &Meta, to: &Path) -> Result<(), CopyError> {
        let draft = self.draft();
        symlinkat(to, self.here(), &draft).map_err(self.failed("make the link", name))?;
        self.give(&draft, name)?;
        self.put(&draft, name)
    }
}

/// Has a file be as old as what it was copied from. One that cannot be is as new as it is.
fn keep_time(file: &impl std::os::fd::AsFd, meta: &Meta) {
    let _as_new = futimens(file, &Timestamps { last_access: meta.changed, last_modification: meta.changed });
}

/// What new files are made without.
fn umask() -> Mode {
    let mask = rustix::process::umask(Mode::empty());
    rustix::process::umask(mask);
    mask
}
