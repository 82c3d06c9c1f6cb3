//! Layers laid flat: copied into one directory as an overlay would show them, for machines and file systems
//! on which there is none. Where the file system can, files share their blocks with those of the layers.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::attributes::{self, like, read_attributes};
use super::member::{Kind, Member};
use super::tree::{Fault, fault, open, read_link};
use super::{Outcome, UnpackError};
use crate::marks::OverlayMarks;

/// Copies layers, the topmost first, into a directory that is empty.
pub(crate) fn lay_flat(layers: &[impl AsRef<Path>], into: &Path, marks: OverlayMarks) -> Result<Outcome, UnpackError> {
    let open = |path: &Path| {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        rustix::fs::openat(rustix::fs::CWD, path, flags, Mode::empty()).map_err(io::Error::from)
    };
    let layers = layers.iter().map(|path| open(path.as_ref())).collect::<io::Result<Vec<_>>>()?;
    let root = open(into)?;
    let copy = rustix::io::fcntl_dupfd_cloexec(&root, 0).map_err(io::Error::from)?;
    let mut flat = Flat { root: copy, marks, linked: HashMap::new(), outcome: Outcome::default() };
    let mut way = Vec::new();
    let done = flat.directory(&layers, root.as_fd(), &mut way);
    done.map_err(|fault| UnpackError::Entry {
        operation: fault.operation,
        name: way.escape_ascii().to_string(),
        source: fault.source,
    })?;
    Ok(flat.outcome)
}

struct Flat {
    root: OwnedFd,
    marks: OverlayMarks,
    /// Of files that have several names in a layer, the first that was copied.
    linked: HashMap<(u64, u64), Vec<u8>>,
    outcome: Outcome,
}

impl Flat {
    /// Copies what these directories have together; the way is to what is being copied, and stays there
    /// when that fails.
    fn directory(&mut self, layers: &[OwnedFd], to: BorrowedFd<'_>, way: &mut Vec<u8>) -> Result<(), Fault> {
        let mut names: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
        for (index, layer) in layers.iter().enumerate() {
            let entries = Dir::read_from(layer).map_err(fault("list"))?;
            for entry in entries {
                let entry = entry.map_err(fault("list"))?;
                let name = entry.file_name().to_bytes();
                if name != b"." && name != b".." {
                    names.entry(name.to_owned()).or_insert(index);
                }
            }
        }
        for (name, index) in names {
            let length = way.len();
            if !way.is_empty() {
                way.push(b'/');
            }
            way.extend_from_slice(&name);
            self.entry(&layers[index..], &name, to, way)?;
            way.truncate(length);
        }
        Ok(())
    }

    /// What the first of these layers has of a name, and of a directory what the others have.
    fn entry(&mut self, layers: &[OwnedFd], name: &[u8], to: BorrowedFd<'_>, way: &mut Vec<u8>) -> Result<(), Fault> {
        let Some((first, below)) = layers.split_first() else { return Ok(()) };
        let first = first.as_fd();
        let found = look(first, name)?;
        match FileType::from_raw_mode(found.st_mode) {
            FileType::CharacterDevice if found.st_rdev == 0 => Ok(()),
            FileType::Directory => {
                let stacked = self.stacked(open(first, name)?, below, name)?;
                rustix::fs::mkdirat(to, name, Mode::from_raw_mode(0o700)).map_err(fault("create"))?;
                let made = open(to, name)?;
                self.directory(&stacked, made.as_fd(), way)?;
                let mut member = like(Some(found));
                member.xattrs = read_attributes(stacked[0].as_fd())?;
                attributes::of_open(made.as_fd(), &member, member.mode, &mut self.outcome)?;
                rustix::fs::futimens(&made, &attributes::times(member.mtime)).map_err(fault("set the time of"))
            }
            kind => self.file(first, name, to, (kind, found), way),
        }
    }

    /// A directory and those that show through it.
    fn stacked(&self, first: OwnedFd, below: &[OwnedFd], name: &[u8]) -> Result<Vec<OwnedFd>, Fault> {
        let mut stacked = vec![first];
        for layer in below {
            if self.marks.hide(stacked[stacked.len() - 1].as_fd()).map_err(fault("look at the attributes of"))? {
                break;
            }
            match rustix::fs::statat(layer, name, AtFlags::SYMLINK_NOFOLLOW) {
                Err(Errno::NOENT) => {}
                Ok(found) if FileType::from_raw_mode(found.st_mode) == FileType::Directory => {
                    stacked.push(open(layer.as_fd(), name)?);
                }
                // Something that hides what is further below.
                Ok(_) => break,
                Err(errno) => return Err(fault("look at")(errno)),
            }
        }
        Ok(stacked)
    }

    fn file(
        &mut self,
        from: BorrowedFd<'_>,
        name: &[u8],
        to: BorrowedFd<'_>,
        (kind, found): (FileType, Stat),
        way: &[u8],
    ) -> Result<(), Fault> {
        if found.st_nlink > 1 {
            let file = (found.st_dev, found.st_ino);
            if let Some(other) = self.linked.get(&file) {
                let linked = rustix::fs::linkat(&self.root, other.as_slice(), to, name, AtFlags::empty());
                return linked.map_err(fault("link"));
            }
            self.linked.insert(file, way.to_owned());
        }
        let mut member = like(Some(found));
        match kind {
            FileType::RegularFile => return self.regular(from, name, to, member),
            FileType::Symlink => {
                let target = read_link(from, name)?;
                rustix::fs::symlinkat(target.as_slice(), to, name).map_err(fault("create"))?;
                member.kind = Kind::Symlink;
            }
            kind => match rustix::fs::mknodat(to, name, kind, Mode::from_raw_mode(0o600), found.st_rdev) {
                // Only the machine's root may make devices.
                Err(Errno::PERM) if kind != FileType::Fifo => {
                    self.outcome.devices += 1;
                    return Ok(());
                }
                made => {
                    made.map_err(fault("create"))?;
                    member.kind = if kind == FileType::Fifo { Kind::Fifo } else { Kind::CharacterDevice };
                }
            },
        }
        attributes::of_name(to, name, &member, &mut self.outcome)
    }

    fn regular(
        &mut self,
        from: BorrowedFd<'_>,
        name: &[u8],
        to: BorrowedFd<'_>,
        mut member: Member,
    ) -> Result<(), Fault> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let original = rustix::fs::openat(from, name, flags, Mode::empty()).map_err(fault("open"))?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let copy = rustix::fs::openat(to, name, flags, Mode::from_raw_mode(0o600)).map_err(fault("create"))?;
        member.xattrs = read_attributes(original.as_fd())?;
        let (original, copy) = (File::from(original), File::from(copy));
        if rustix::fs::ioctl_ficlone(&copy, &original).is_err() {
            let copied = io::copy(&mut &original, &mut &copy);
            copied.map_err(|source| Fault { operation: "copy", source })?;
        }
        attributes::of_open(copy.as_fd(), &member, member.mode, &mut self.outcome)?;
        rustix::fs::futimens(&copy, &attributes::times(member.mtime)).map_err(fault("set the time of"))
    }
}

fn look(here: BorrowedFd<'_>, name: &[u8]) -> Result<Stat, Fault> {
    rustix::fs::statat(here, name, AtFlags::SYMLINK_NOFOLLOW).map_err(fault("look at"))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::time::{Duration, SystemTime};

    use rustix::fs::XattrFlags;

    use super::*;

    #[test]
    fn layers_are_laid_flat_as_an_overlay_shows_them() {
        let place = tempfile::tempdir().expect("a directory");
        let [low, high, into] = ["low", "high", "into"].map(|name| place.path().join(name));
        for (path, text) in [
            (low.join("both/file"), "low"),
            (low.join("both/low"), "low"),
            (low.join("both/gone"), "low"),
            (low.join("opaque/low"), "low"),
            (low.join("was-directory/x"), "low"),
            (low.join("was-file"), "low"),
            (high.join("both/file"), "high"),
            (high.join("opaque/high"), "high"),
            (high.join("was-directory"), "high"),
            (high.join("was-file/x"), "high"),
        ] {
            fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            fs::write(path, text).expect("a file");
        }
        fs::create_dir(&into).expect("a directory");
        let hide = |path: &Path| {
            rustix::fs::mknodat(rustix::fs::CWD, path, FileType::CharacterDevice, Mode::empty(), 0)
                .expect("a whiteout");
        };
        hide(&high.join("both/gone"));
        hide(&high.join("never-there"));
        let set = rustix::fs::setxattr(high.join("opaque"), OverlayMarks::User.opaque(), b"y", XattrFlags::empty());
        set.expect("an attribute");
        fs::hard_link(low.join("both/low"), low.join("linked")).expect("a link");
        symlink("both/low", low.join("way")).expect("a link");
        fs::set_permissions(low.join("both/low"), fs::Permissions::from_mode(0o4751)).expect("ours");
        fs::set_permissions(high.join("both"), fs::Permissions::from_mode(0o711)).expect("ours");
        let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        File::open(low.join("both/low")).and_then(|file| file.set_modified(then)).expect("ours");
        lay_flat(&[&high, &low], &into, OverlayMarks::User).expect("a copy");

        let mut found = Vec::new();
        let mut todo = vec![into.clone()];
        while let Some(path) = todo.pop() {
            for entry in fs::read_dir(path).expect("a directory").map(|entry| entry.expect("an entry")) {
                if entry.file_type().expect("a kind").is_dir() {
                    todo.push(entry.path());
                } else {
                    let name = entry.path().strip_prefix(&into).expect("below").display().to_string();
                    found.push(format!("{name} {}", fs::read_to_string(entry.path()).expect("a text")));
                }
            }
        }
        found.sort();
        let expected = [
            "both/file high",
            "both/low low",
            "linked low",
            "opaque/high high",
            "was-directory high",
            "was-file/x high",
            "way low",
        ];
        assert_eq!(found, expected);
        let copied = fs::metadata(into.join("both/low")).expect("a file");
        assert_eq!((copied.mode() & 0o7777, copied.modified().expect("a time"), copied.nlink()), (0o4751, then, 2));
        assert_eq!(fs::metadata(into.join("linked")).expect("a file").ino(), copied.ino());
        assert_eq!(fs::metadata(into.join("both")).expect("a directory").mode() & 0o777, 0o711);
        assert_eq!(fs::read_link(into.join("way")).expect("a link"), Path::new("both/low"));
        let mut value = [0; 8];
        let marked = rustix::fs::getxattr(into.join("opaque"), OverlayMarks::User.opaque(), &mut value);
        assert_eq!(marked, Err(Errno::NODATA), "it hides nothing any more");
    }
}
