//! A part of a volume: found without leaving the volume, whatever is linked in it and whoever changes that meanwhile.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2};
use nix::sys::stat::{FchmodatFlags, Mode, fchmodat, fstat, mkdirat};

/// Opens a part of a volume by its path in it. What is not there is made: a directory, with the mode of the volume's own.
///
/// # Errors
/// The path leads out of the volume, or cannot be made.
///
/// # References
/// openat2(2), Linux 5.6; CVE-2017-1002101, CVE-2021-25741
pub(super) fn open(volume: BorrowedFd<'_>, path: &str) -> io::Result<OwnedFd> {
    let path = Path::new(path);
    if path.as_os_str().is_empty()
        || !path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
    {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no path within the volume"));
    }
    match below(volume, path) {
        Err(Errno::ENOENT) => {}
        opened => return opened.map_err(io::Error::from),
    }
    let mode = Mode::from_bits_truncate(fstat(volume)?.st_mode & 0o777);
    let (mut above, mut walked) = (volume.try_clone_to_owned()?, PathBuf::new());
    for part in path.components() {
        walked.push(part);
        above = match below(volume, &walked) {
            Ok(found) => found,
            Err(Errno::ENOENT) => {
                make(above.as_fd(), part.as_os_str().as_ref(), mode)?;
                below(volume, &walked)?
            }
            Err(errno) => return Err(errno.into()),
        };
    }
    Ok(above)
}

/// Opens a part of a volume that is there.
///
/// # Errors
/// It is not, or the path leads out of the volume.
pub(super) fn existing(volume: BorrowedFd<'_>, path: &str) -> io::Result<OwnedFd> {
    Ok(below(volume, Path::new(path))?)
}

fn make(above: BorrowedFd<'_>, name: &Path, mode: Mode) -> io::Result<()> {
    match mkdirat(above, name, mode) {
        Err(Errno::EEXIST) => Ok(()),
        Err(errno) => Err(errno.into()),
        // Whatever our umask.
        Ok(()) => Ok(fchmodat(above, name, mode, FchmodatFlags::FollowSymlink)?),
    }
}

/// What a path leads to without leaving the volume by any link.
fn below(volume: BorrowedFd<'_>, path: &Path) -> nix::Result<OwnedFd> {
    let resolve = ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_MAGICLINKS;
    let how = OpenHow::new().flags(OFlag::O_PATH | OFlag::O_CLOEXEC).resolve(resolve);
    // Somebody who renames things meanwhile has the kernel ask for another try.
    for _ in 0..16 {
        match openat2(volume, path, how) {
            Err(Errno::EAGAIN) => {}
            opened => return opened,
        }
    }
    Err(Errno::EAGAIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, File};
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    #[test]
    fn a_part_is_found_or_made_and_never_outside() {
        let place = tempfile::tempdir().expect("a directory");
        let volume = place.path().join("volume");
        fs::create_dir_all(volume.join("a/b")).expect("ours");
        fs::create_dir(place.path().join("outside")).expect("ours");
        fs::write(volume.join("file"), "x").expect("ours");
        fs::set_permissions(&volume, fs::Permissions::from_mode(0o777)).expect("ours");
        symlink("a/b", volume.join("inner")).expect("ours");
        symlink("../outside", volume.join("out")).expect("ours");
        symlink(place.path().join("outside"), volume.join("absolute")).expect("ours");
        symlink("nowhere", volume.join("dangling")).expect("ours");
        let root = File::open(&volume).expect("ours");
        let inode = |path: &Path| fs::metadata(path).expect("there").ino();
        let opened = |path: &str| open(root.as_fd(), path).map(|it| fstat(&it).expect("open").st_ino);
        assert_eq!(opened("a/b").ok(), Some(inode(&volume.join("a/b"))));
        assert_eq!(opened("inner").ok(), Some(inode(&volume.join("a/b"))));
        assert_eq!(opened("file").ok(), Some(inode(&volume.join("file"))));
        assert_eq!(opened("new/one").ok(), Some(inode(&volume.join("new/one"))));
        assert_eq!(fs::metadata(volume.join("new")).expect("made").permissions().mode() & 0o777, 0o777);
        for path in [
            "out",
            "out/x",
            "absolute",
            "absolute/x",
            "../outside",
            "/etc",
            "",
            "a/../../outside",
            "file/x",
            "dangling/x",
        ] {
            assert!(opened(path).is_err(), "{path}");
        }
        assert_eq!(fs::read_dir(place.path().join("outside")).expect("there").count(), 0);
    }
}
