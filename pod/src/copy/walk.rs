//! Files read, from a directory that somebody changes meanwhile.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Dir, FileType, Mode, OFlags, Stat, Timespec, fstat, fstatfs, openat, readlinkat};
use rustix::io::Errno;

use super::error::CopyError;
use super::{Meta, Sink, Tell};

/// What becomes of symbolic links below what is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Links {
    /// They are copied as they are.
    Kept,
    /// They are told of: where they are copied to, they would lead where nobody has looked.
    Skipped,
}

/// File systems that are the kernel's own words, which have neither size nor end.
const OF_THE_KERNEL: [i64; 2] = [0x9fa0, 0x6265_6572];

/// A walk that hands on what it finds.
pub(crate) struct Walk<'a, S: Sink> {
    pub(crate) links: Links,
    pub(crate) sink: &'a mut S,
    pub(crate) tell: Tell<'a>,
}

impl<S: Sink> Walk<'_, S> {
    /// Copies what was found, under this name.
    pub(crate) fn copy(&mut self, found: &OwnedFd, name: &OsStr, path: &Path) -> Result<(), CopyError> {
        let stat = fstat(found).map_err(CopyError::file("look at", path))?;
        let meta = meta(&stat);
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => {
                self.sink.enter(name, &meta)?;
                self.contents(found, path)?;
                self.sink.leave(&meta)
            }
            FileType::RegularFile => {
                let mut file = again(found).map_err(CopyError::file("open", path))?;
                self.sink.file(name, &meta, &mut file)
            }
            FileType::Symlink => {
                let to = readlinkat(found, "", Vec::new()).map_err(CopyError::file("read the link", path))?;
                let to = PathBuf::from(OsString::from_vec(to.into_bytes()));
                match self.links {
                    Links::Kept => self.sink.link(name, &meta, &to),
                    Links::Skipped => {
                        (self.tell)(CopyError::Link { path: path.to_owned(), to });
                        Ok(())
                    }
                }
            }
            other => {
                (self.tell)(CopyError::Special { kind: kind(other), path: path.to_owned() });
                Ok(())
            }
        }
    }

    /// Copies what is in a directory that was found.
    pub(crate) fn contents(&mut self, found: &OwnedFd, path: &Path) -> Result<(), CopyError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = openat(found, ".", flags, Mode::empty()).map_err(CopyError::file("open", path))?;
        let mut names: Vec<OsString> = Vec::new();
        for entry in Dir::read_from(&opened).map_err(CopyError::file("list", path))? {
            let entry = entry.map_err(CopyError::file("list", path))?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name != "." && name != ".." {
                names.push(name.to_owned());
            }
        }
        names.sort();
        for name in names {
            let path = path.join(&name);
            let looked_at = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let found = match openat(&opened, &name, looked_at, Mode::empty()) {
                // It was removed since it was listed.
                Err(Errno::NOENT) => continue,
                found => found.map_err(CopyError::file("look at", &path))?,
            };
            if is_the_kernels(&found) {
                (self.tell)(CopyError::Special { kind: "the kernel's own", path });
                continue;
            }
            self.copy(&found, &name, &path)?;
        }
        Ok(())
    }
}

/// Opens for reading what was found to be a file, and nothing else that may bear its name by now.
fn again(found: &OwnedFd) -> Result<File, Errno> {
    let path = format!("/proc/self/fd/{}", found.as_raw_fd());
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::open(path, flags, Mode::empty())?))
}

fn is_the_kernels(found: &OwnedFd) -> bool {
    #[allow(clippy::unnecessary_cast, reason = "its width differs between architectures")]
    fstatfs(found).is_ok_and(|stat| OF_THE_KERNEL.contains(&(stat.f_type as i64)))
}

pub(super) fn meta(stat: &Stat) -> Meta {
    Meta {
        mode: stat.st_mode & 0o7777,
        user: stat.st_uid,
        group: stat.st_gid,
        changed: Timespec { tv_sec: stat.st_mtime, tv_nsec: i64::try_from(stat.st_mtime_nsec).unwrap_or(0) },
        size: u64::try_from(stat.st_size).unwrap_or(0),
    }
}

fn kind(file: FileType) -> &'static str {
    match file {
        FileType::Fifo => "fifo",
        FileType::Socket => "socket",
        FileType::CharacterDevice | FileType::BlockDevice => "device",
        _ => "what is no file",
    }
}
