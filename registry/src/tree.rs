//! Directories listed and removed. What cannot be closed or removed is an error, never a panic.

use std::ffi::{CStr, OsString};
use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use nix::dir::{Dir, Type};
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag};
use nix::sys::stat::Mode;
use nix::unistd::{UnlinkatFlags, unlinkat};

use crate::error::{RegistryError, file};

/// How often a directory is made that somebody removes each time.
const TRIES: u32 = 100;

/// The names in a directory; none where there is no such directory.
///
/// # Errors
/// When it cannot be read.
pub fn names(path: &Path) -> Result<Vec<OsString>, RegistryError> {
    let list = || -> Result<Vec<OsString>, Errno> {
        let mut opened = open(AT_FDCWD, path)?;
        let entries: Result<Vec<_>, Errno> = opened.iter().collect();
        let names = entries?.into_iter().map(|entry| entry.file_name().to_bytes().to_owned());
        Ok(names.filter(|name| !is_dots(name)).map(OsString::from_vec).collect())
    };
    match list() {
        Err(Errno::ENOENT) => Ok(Vec::new()),
        listed => listed.map_err(|errno| file("list", path)(errno.into())),
    }
}

/// Makes a directory, and those above it, unless they are there.
///
/// # Errors
/// When one cannot be made; not when another process removes one meanwhile.
pub fn make(path: &Path, mode: u32) -> Result<(), RegistryError> {
    let mut tries = TRIES;
    loop {
        tries -= 1;
        match DirBuilder::new().recursive(true).mode(mode).create(path) {
            // What was in the way, or above, is gone again.
            Err(error) if tries > 0 && is_fleeting(&error, path) => {}
            made => return made.map_err(file("create", path)),
        }
    }
}

fn is_fleeting(error: &io::Error, path: &Path) -> bool {
    match error.kind() {
        ErrorKind::NotFound => true,
        ErrorKind::AlreadyExists => {
            fs::metadata(path).map_or_else(|error| error.kind() == ErrorKind::NotFound, |it| it.is_dir())
        }
        _ => false,
    }
}

/// Removes what is at a path, whatever it is, with all below it. Links are removed, not followed.
///
/// # Errors
/// When something of it cannot be removed; not when there is nothing.
pub fn remove(path: &Path) -> Result<(), RegistryError> {
    let removed = remove_below(AT_FDCWD, path);
    removed.map_err(|errno| file("remove", path)(io::Error::from(errno)))
}

/// The same of what is called so in a directory that is open.
///
/// # Errors
/// When something of it cannot be removed; not when there is nothing.
pub fn remove_below<P: ?Sized + nix::NixPath>(parent: BorrowedFd<'_>, path: &P) -> Result<(), Errno> {
    match unlinkat(parent, path, UnlinkatFlags::NoRemoveDir) {
        Ok(()) | Err(Errno::ENOENT) => return Ok(()),
        // What POSIX says of a directory, and what Linux does.
        Err(Errno::EPERM | Errno::EISDIR) => {}
        Err(errno) => return Err(errno),
    }
    let mut opened = match open(parent, path) {
        Err(Errno::ENOENT) => return Ok(()),
        opened => opened?,
    };
    let entries: Result<Vec<_>, Errno> = opened.iter().collect();
    for entry in entries?.iter().filter(|entry| !is_dots(entry.file_name().to_bytes())) {
        let name: &CStr = entry.file_name();
        if entry.file_type() == Some(Type::Directory) {
            remove_below(opened.as_fd(), name)?;
        } else {
            match unlinkat(&opened, name, UnlinkatFlags::NoRemoveDir) {
                Err(Errno::EISDIR | Errno::EPERM) => remove_below(opened.as_fd(), name)?,
                Err(Errno::ENOENT) => {}
                removed => removed?,
            }
        }
    }
    match unlinkat(parent, path, UnlinkatFlags::RemoveDir) {
        Err(Errno::ENOENT) => Ok(()),
        removed => removed,
    }
}

fn open<P: ?Sized + nix::NixPath>(parent: BorrowedFd<'_>, path: &P) -> Result<Dir, Errno> {
    Dir::openat(parent, path, OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC, Mode::empty())
}

fn is_dots(name: &[u8]) -> bool {
    matches!(name, b"." | b"..")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_directory_is_made_beside_somebody_who_removes_it() {
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("a/b");
        std::thread::scope(|scope| {
            let remover = scope.spawn(|| {
                let until = std::time::Instant::now() + std::time::Duration::from_millis(200);
                while std::time::Instant::now() < until {
                    // What is made meanwhile may be in its way.
                    let _raced = remove(&place.path().join("a"));
                }
            });
            while !remover.is_finished() {
                make(&path, 0o700).expect("it can be made");
            }
        });
        make(&path, 0o700).expect("it can be made");
        fs::write(path.join("file"), "x").expect("a file");
        assert!(matches!(make(&path.join("file"), 0o700), Err(RegistryError::File { operation: "create", .. })));
    }

    #[test]
    fn a_tree_goes_whole_and_nothing_that_it_links_to() {
        let place = tempfile::tempdir().expect("a directory");
        let kept = place.path().join("kept");
        let tree = place.path().join("tree");
        fs::create_dir_all(tree.join("a/b")).expect("directories");
        fs::create_dir(&kept).expect("a directory");
        fs::write(kept.join("file"), "x").expect("a file");
        fs::write(tree.join("a/file"), "x").expect("a file");
        symlink(&kept, tree.join("a/b/link")).expect("a link");
        nix::unistd::mkfifo(&tree.join("fifo"), Mode::S_IRWXU).expect("a fifo");
        remove(&tree).expect("a tree of ours");
        assert!(!tree.exists());
        assert!(kept.join("file").exists());
        remove(&tree).expect("nothing is no error");
        let link = place.path().join("link");
        symlink(&kept, &link).expect("a link");
        remove(&link).expect("a link");
        assert_eq!(names(place.path()).expect("a directory"), ["kept"]);
    }
}
