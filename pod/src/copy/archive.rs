//! tar streams: written, and read.

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};

use rustix::fs::Timespec;
use tar::{Builder, EntryType, Header};

use super::error::CopyError;
use super::tree::Tree;
use super::{Meta, Sink, Tell};

/// An archive that is written.
pub(crate) struct Archive<W: Write> {
    builder: Builder<W>,
    at: PathBuf,
}

fn failed(operation: &'static str) -> impl FnOnce(io::Error) -> CopyError {
    move |source| CopyError::Archive { operation, source }
}

impl<W: Write> Archive<W> {
    pub(crate) fn new(to: W) -> Self {
        Self { builder: Builder::new(to), at: PathBuf::new() }
    }

    /// Writes its end.
    pub(crate) fn finish(self) -> Result<(), CopyError> {
        let mut to = self.builder.into_inner().map_err(failed("write"))?;
        to.flush().map_err(failed("write"))
    }

    fn append(&mut self, kind: EntryType, name: &OsStr, meta: &Meta, from: impl Read) -> Result<(), CopyError> {
        let mut header = header(kind, meta);
        self.builder.append_data(&mut header, self.at.join(name), from).map_err(failed("write"))
    }
}

fn header(kind: EntryType, meta: &Meta) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(meta.mode);
    header.set_uid(meta.user.into());
    header.set_gid(meta.group.into());
    header.set_mtime(u64::try_from(meta.changed.tv_sec).unwrap_or(0));
    header.set_size(if kind == EntryType::Regular { meta.size } else { 0 });
    header
}

impl<W: Write> Sink for Archive<W> {
    fn enter(&mut self, name: &OsStr, meta: &Meta) -> Result<(), CopyError> {
        // A directory's name ends in a slash, for those who look at nothing else.
        self.append(EntryType::Directory, Path::new(name).join("").as_os_str(), meta, io::empty())?;
        self.at.push(name);
        Ok(())
    }

    fn leave(&mut self, _meta: &Meta) -> Result<(), CopyError> {
        self.at.pop();
        Ok(())
    }

    fn file(&mut self, name: &OsStr, meta: &Meta, from: &mut dyn Read) -> Result<(), CopyError> {
        // Its size is written before it: what grows is cut, what shrinks is filled up.
        let exactly = from.chain(io::repeat(0)).take(meta.size);
        self.append(EntryType::Regular, name, meta, exactly)
    }

    fn link(&mut self, name: &OsStr, meta: &Meta, to: &Path) -> Result<(), CopyError> {
        let mut header = header(EntryType::Symlink, meta);
        self.builder.append_link(&mut header, self.at.join(name), to).map_err(failed("write"))
    }
}

/// Copies what an archive has to below a directory. Of what it says of where, only names count.
pub(crate) fn unpack(from: impl Read, tree: &mut Tree, tell: Tell<'_>) -> Result<(), CopyError> {
    let mut archive = tar::Archive::new(from);
    for entry in archive.entries().map_err(failed("read"))? {
        let mut entry = entry.map_err(failed("read"))?;
        let path = entry.path().map_err(failed("read"))?.into_owned();
        let Some(names) = names(&path) else {
            tell(CopyError::Outside { path });
            continue;
        };
        let meta = meta(entry.header());
        let kind = entry.header().entry_type();
        let Some((name, through)) = names.split_last() else {
            continue;
        };
        for directory in through {
            tree.enter(directory.as_ref(), &meta)?;
        }
        match kind {
            EntryType::Directory => {
                tree.enter(name.as_ref(), &meta)?;
                tree.leave(&meta)?;
            }
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                tree.file(name.as_ref(), &meta, &mut entry)?;
            }
            EntryType::Symlink => {
                let to = entry.link_name().map_err(failed("read"))?.unwrap_or_default().into_owned();
                tree.link(name.as_ref(), &meta, &to)?;
            }
            EntryType::Link => {
                let to = entry.link_name().map_err(failed("read"))?.unwrap_or_default().into_owned();
                match self::names(&to) {
                    Some(names) => tree.hard_link(&names.iter().collect::<PathBuf>(), name.as_ref())?,
                    None => tell(CopyError::Outside { path: to }),
                }
            }
            EntryType::Char | EntryType::Block => tell(CopyError::Special { kind: "device", path }),
            EntryType::Fifo => tell(CopyError::Special { kind: "fifo", path }),
            _ => {}
        }
        for _ in through {
            tree.leave(&through_meta())?;
        }
    }
    Ok(())
}

/// Of a directory that an archive only leads through.
fn through_meta() -> Meta {
    Meta { mode: 0o755, user: 0, group: 0, changed: Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_NOW }, size: 0 }
}

fn meta(header: &Header) -> Meta {
    let number = |number: io::Result<u64>| u32::try_from(number.unwrap_or(0)).unwrap_or(0);
    Meta {
        mode: header.mode().unwrap_or(0o644) & 0o7777,
        user: number(header.uid()),
        group: number(header.gid()),
        changed: Timespec {
            tv_sec: header.mtime().ok().and_then(|time| i64::try_from(time).ok()).unwrap_or(0),
            tv_nsec: 0,
        },
        size: header.size().unwrap_or(0),
    }
}

/// The names that a path in an archive consists of; `None` where it leads out.
fn names(path: &Path) -> Option<Vec<std::ffi::OsString>> {
    let mut names = Vec::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => names.push(name.to_owned()),
            Component::RootDir | Component::CurDir => {}
            Component::ParentDir | Component::Prefix(_) => return None,
        }
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::copy::Modes;
    use std::fs;

    fn archive(entries: &[(EntryType, &str, &str)]) -> Vec<u8> {
        let mut builder = Builder::new(Vec::new());
        for (kind, path, text) in entries {
            let mut header = Header::new_gnu();
            header.set_entry_type(*kind);
            header.set_mode(0o644);
            let is_file = *kind == EntryType::Regular;
            header.set_size(if is_file { text.len() as u64 } else { 0 });
            // As it is, whatever that is.
            header.as_gnu_mut().expect("gnu").name[..path.len()].copy_from_slice(path.as_bytes());
            if !is_file {
                header.as_gnu_mut().expect("gnu").linkname[..text.len()].copy_from_slice(text.as_bytes());
            }
            header.set_cksum();
            builder.append(&header, if is_file { text.as_bytes() } else { b"" }).expect("room");
        }
        builder.into_inner().expect("room")
    }

    #[test]
    fn an_archive_writes_below_its_destination_and_nowhere_else() {
        use EntryType as Is;
        let place = tempfile::tempdir().expect("a directory");
        let (outside, inside) = (place.path().join("outside"), place.path().join("inside"));
        fs::create_dir(&outside).expect("a directory");
        fs::write(outside.join("kept"), "as it was").expect("a file");
        let lead_out = outside.to_str().expect("text");
        for (entries, refused, skipped) in [
            (vec![(Is::Regular, "../outside/new", "x")], false, 1),
            (vec![(Is::Regular, "a/../../outside/new", "x")], false, 1),
            (vec![(Is::Regular, "/etc/new", "below")], false, 0),
            (vec![(Is::Symlink, "out", lead_out), (Is::Regular, "out/new", "x")], true, 0),
            (vec![(Is::Symlink, "out", lead_out), (Is::Directory, "out/new", "")], true, 0),
            (vec![(Is::Symlink, "out", "../outside/kept"), (Is::Regular, "out", "new")], false, 0),
            (vec![(Is::Link, "hard", "../outside/kept")], false, 1),
            (vec![(Is::Symlink, "out", lead_out), (Is::Link, "hard", "out/kept")], true, 0),
            (vec![(Is::Fifo, "fifo", ""), (Is::Char, "null", "")], false, 2),
        ] {
            fs::create_dir(&inside).expect("a directory");
            let directory = fs::File::open(&inside).expect("a directory");
            let mut tree = Tree::new(directory.into(), inside.clone(), Modes::All);
            let mut told = Vec::new();
            let unpacked = unpack(archive(&entries).as_slice(), &mut tree, &mut |error| told.push(error));
            assert_eq!((unpacked.is_err(), told.len()), (refused, skipped), "{entries:?}: {unpacked:?} {told:?}");
            assert_eq!(fs::read_to_string(outside.join("kept")).expect("a file"), "as it was");
            assert_eq!(fs::read_dir(&outside).expect("a directory").count(), 1, "{entries:?}");
            let left = fs::read_dir(&inside).expect("a directory").map(|entry| entry.expect("one").file_name());
            let drafts: Vec<_> = left.filter(|name| name.to_string_lossy().starts_with(".pod-cp")).collect();
            assert!(drafts.is_empty(), "{drafts:?}");
            fs::remove_dir_all(&inside).expect("a directory");
        }
    }
}
