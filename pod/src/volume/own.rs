//! The group that owns a pod's volumes.
//!
//! A container may be at work in what is walked here, so every step is from a descriptor to a name, and no link is
//! followed.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use nix::dir::Dir;
use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat};
use nix::unistd::{Gid, Uid, fchownat};

use super::error::{VolumeError, file};

/// Who is to own what is in a volume.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Owner {
    /// The user, where it is not us.
    pub(crate) user: Option<u32>,
    /// The group, which may then do what the owner may.
    pub(crate) group: Option<u32>,
    /// Whether nobody is to write to it.
    pub(crate) read_only: bool,
    /// Whether a volume whose own directory is right is taken to be right below.
    pub(crate) on_root_mismatch: bool,
}

const SETGID: u32 = 0o2000;

impl Owner {
    /// Makes a directory theirs, with all that is in it.
    ///
    /// # Errors
    /// Owners or modes cannot be changed.
    pub(crate) fn take(self, directory: &Path) -> Result<(), VolumeError> {
        if self.user.is_none() && self.group.is_none() {
            return Ok(());
        }
        if self.on_root_mismatch && self.has(directory)? {
            return Ok(());
        }
        let flags = libc::O_PATH | libc::O_DIRECTORY | libc::O_NOFOLLOW;
        let opened = File::options().read(true).custom_flags(flags).open(directory);
        let opened = OwnedFd::from(opened.map_err(file("open", directory))?);
        self.walk(opened.as_fd()).map_err(|errno| file("change the owner of", directory)(errno.into()))
    }

    /// Whether a volume's own directory is as it has to be.
    fn has(self, directory: &Path) -> Result<bool, VolumeError> {
        let found = fs::symlink_metadata(directory).map_err(file("look at", directory))?;
        let bits = self.bits(true);
        let owned = self.user.is_none_or(|user| found.uid() == user);
        Ok(owned && self.group.is_none_or(|group| found.gid() == group) && found.mode() & bits == bits)
    }

    /// What the group may do.
    fn bits(self, directory: bool) -> u32 {
        if self.group.is_none() {
            return 0;
        }
        let may = if self.read_only { 0o440 } else { 0o660 };
        if directory { may | 0o110 | SETGID } else { may }
    }

    fn walk(self, directory: BorrowedFd<'_>) -> nix::Result<()> {
        // What is below comes first: a directory that is right is right below, too.
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let mut listed = Dir::from_fd(openat(directory, ".", flags, Mode::empty())?)?;
        for entry in listed.iter().collect::<nix::Result<Vec<_>>>()? {
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
            let found = match openat(directory, name, flags, Mode::empty()) {
                // Somebody has removed it since.
                Err(nix::errno::Errno::ENOENT) => continue,
                found => found?,
            };
            if kind(&fstat(&found)?) == SFlag::S_IFDIR {
                self.walk(found.as_fd())?;
            } else {
                self.own(found.as_fd())?;
            }
        }
        self.own(directory)
    }

    fn own(self, opened: BorrowedFd<'_>) -> nix::Result<()> {
        let found = fstat(opened)?;
        let (user, group) = (self.user.map(Uid::from_raw), self.group.map(Gid::from_raw));
        fchownat(opened, "", user, group, AtFlags::AT_EMPTY_PATH)?;
        if kind(&found) == SFlag::S_IFLNK {
            return Ok(());
        }
        let mode = found.st_mode & 0o7777;
        let wanted = mode | self.bits(kind(&found) == SFlag::S_IFDIR);
        // Changing owners may have taken bits away, too.
        chmod(opened, wanted)
    }
}

fn kind(found: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(found.st_mode & SFlag::S_IFMT.bits())
}

/// What is open by its path alone has its mode changed by way of /proc, which leads to it and nowhere else.
fn chmod(opened: BorrowedFd<'_>, mode: u32) -> nix::Result<()> {
    let path = format!("/proc/self/fd/{}", opened.as_raw_fd());
    let permissions = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(mode);
    fs::set_permissions(path, permissions).map_err(|error| {
        let errno = error.raw_os_error().unwrap_or(libc::EIO);
        nix::errno::Errno::from_raw(errno)
    })
}

/// Which id an id of the pod is outside, by the maps of its user namespace; `None` where it has no such id.
///
/// # References
/// user_namespaces(7): inside, outside, how many
pub(crate) fn outside(map: &str, id: u32) -> Option<u32> {
    map.lines().find_map(|line| {
        let mut numbers = line.split_whitespace().map_while(|number| number.parse::<u32>().ok());
        let (first, outside, length) = (numbers.next()?, numbers.next()?, numbers.next()?);
        let offset = id.checked_sub(first).filter(|offset| *offset < length)?;
        outside.checked_add(offset)
    })
}

/// The map of groups of a process's user namespace; none where every id is what it is.
///
/// # Errors
/// It cannot be read.
pub(crate) fn groups_of(pid: i32) -> Result<Option<String>, VolumeError> {
    let path = format!("/proc/{pid}/gid_map");
    match fs::read_to_string(&path) {
        Ok(map) => Ok(Some(map)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(file("read", path)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn ids_are_found_in_maps() {
        let map = "         0       1000          1\n         1     100000      65536\n";
        assert_eq!((outside(map, 0), outside(map, 2000), outside(map, 70000)), (Some(1000), Some(101_999), None));
        assert_eq!(outside("         0          0 4294967295\n", 7), Some(7));
    }

    #[test]
    fn a_group_may_do_with_all_that_is_there_what_the_owner_may() {
        let place = tempfile::tempdir().expect("a directory");
        let volume = place.path().join("volume");
        fs::create_dir_all(volume.join("d")).expect("ours");
        fs::write(volume.join("d/f"), "").expect("ours");
        fs::write(place.path().join("other"), "").expect("ours");
        symlink("../other", volume.join("link")).expect("ours");
        fs::set_permissions(volume.join("d/f"), fs::Permissions::from_mode(0o600)).expect("ours");
        fs::set_permissions(place.path().join("other"), fs::Permissions::from_mode(0o600)).expect("ours");
        // Where we may give nothing away, it is our own group.
        let group = if nix::unistd::geteuid().is_root() { 4321 } else { nix::unistd::getegid().as_raw() };
        let owner = Owner { group: Some(group), ..Owner::default() };
        owner.take(&volume).expect("ours");
        let found = |path: &str| {
            let found = fs::symlink_metadata(place.path().join(path)).expect("there");
            (found.gid(), found.mode() & 0o7777)
        };
        assert_eq!(found("volume/d/f"), (group, 0o660));
        assert_eq!(found("volume/link").0, group);
        assert_eq!(found("other").1, 0o600, "what a link leads to is not the volume's");
        for directory in ["volume", "volume/d"] {
            let (owns, mode) = found(directory);
            assert_eq!((owns, mode & 0o2770), (group, 0o2770), "{directory}: {mode:o}");
        }
        // What is right at the top is right below, to whoever wants it so.
        fs::set_permissions(volume.join("d/f"), fs::Permissions::from_mode(0o600)).expect("ours");
        Owner { on_root_mismatch: true, ..owner }.take(&volume).expect("ours");
        assert_eq!(found("volume/d/f").1, 0o600);
        Owner { read_only: true, ..owner }.take(&volume).expect("ours");
        assert_eq!(found("volume/d/f").1, 0o640);
    }
}
