//! Owner, mode, attributes and times of what a layer holds, in the order in which none of them undoes
//! another: to change an owner takes setuid bits and capabilities away, and everything a time.

use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, Gid, Mode, OFlags, RawMode, Stat, Timespec, Timestamps, UTIME_OMIT, Uid, XattrFlags};
use rustix::io::Errno;

use super::Outcome;
use super::member::{Kind, Member};
use super::pax::Time;
use super::tree::{Fault, fault};
use super::xattr::{Attributes, may_be_set};

/// Owner, mode and attributes of what is open. The times come last.
pub(super) fn of_open(opened: BorrowedFd<'_>, member: &Member, mode: u32, outcome: &mut Outcome) -> Result<(), Fault> {
    own(member, outcome, |uid, gid| rustix::fs::fchown(opened, uid, gid))?;
    rustix::fs::fchmod(opened, Mode::from_raw_mode(mode as RawMode)).map_err(fault("set the mode of"))?;
    attribute(member, outcome, |name, value| rustix::fs::fsetxattr(opened, name, value, XattrFlags::empty()))
}

/// All of what is not to be opened: a link, a device, a fifo.
pub(super) fn of_name(here: BorrowedFd<'_>, name: &[u8], member: &Member, outcome: &mut Outcome) -> Result<(), Fault> {
    let flags = AtFlags::SYMLINK_NOFOLLOW;
    own(member, outcome, |uid, gid| rustix::fs::chownat(here, name, uid, gid, flags))?;
    let path = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let held: OwnedFd = rustix::fs::openat(here, name, path, Mode::empty()).map_err(fault("open"))?;
    // Neither mode nor attributes are to be had by a descriptor that cannot read; by its name in /proc they are.
    let number = held.as_raw_fd();
    let way = format!("/proc/self/fd/{number}");
    if member.kind == Kind::Symlink {
        // The last step would lead on, so it is one by name.
        let number = here.as_raw_fd();
        let way = [format!("/proc/self/fd/{number}/").as_bytes(), name].concat();
        attribute(member, outcome, |name, value| {
            rustix::fs::lsetxattr(way.as_slice(), name, value, XattrFlags::empty())
        })?;
    } else {
        let mode = Mode::from_raw_mode(member.mode as RawMode);
        rustix::fs::chmod(&way, mode).map_err(fault("set the mode of"))?;
        attribute(member, outcome, |name, value| rustix::fs::setxattr(&way, name, value, XattrFlags::empty()))?;
    }
    rustix::fs::utimensat(here, name, &times(member.mtime), flags).map_err(fault("set the time of"))
}

/// The time of a file's last change, and no other.
pub(super) fn times(changed: Time) -> Timestamps {
    let last_modification = Timespec { tv_sec: changed.seconds, tv_nsec: changed.nanoseconds.into() };
    Timestamps { last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT }, last_modification }
}

fn own(
    member: &Member,
    outcome: &mut Outcome,
    change: impl Fn(Option<Uid>, Option<Gid>) -> Result<(), Errno>,
) -> Result<(), Fault> {
    // The greatest of them all means to leave it.
    let id = |id: u64| u32::try_from(id).ok().filter(|id| *id != u32::MAX);
    let (uid, gid) = (id(member.uid).map(Uid::from_raw), id(member.gid).map(Gid::from_raw));
    let mut squashed = uid.is_none() || gid.is_none();
    let refused = |errno| matches!(errno, Errno::INVAL | Errno::PERM);
    match change(uid, gid) {
        // An id that there is not here: then whoever unpacks owns it.
        Err(errno) if refused(errno) => {
            squashed = true;
            for change in [change(uid, None), change(None, gid)] {
                match change {
                    Err(errno) if refused(errno) => {}
                    changed => changed.map_err(fault("set the owner of"))?,
                }
            }
        }
        changed => changed.map_err(fault("set the owner of"))?,
    }
    // What is root's is its unpacker's, who is root to a container.
    outcome.squashed += u64::from(squashed && (member.uid, member.gid) != (0, 0));
    Ok(())
}

fn attribute(
    member: &Member,
    outcome: &mut Outcome,
    set: impl Fn(&[u8], &[u8]) -> Result<(), Errno>,
) -> Result<(), Fault> {
    for (name, value) in &member.xattrs {
        if !may_be_set(name) {
            continue;
        }
        match set(name, value) {
            // Not on this file system, or not for us.
            Err(Errno::OPNOTSUPP | Errno::PERM | Errno::ACCESS) => outcome.without(name),
            set => set.map_err(fault("set an attribute of"))?,
        }
    }
    Ok(())
}

/// What a directory is that the layer says nothing of: like the one below, or as usual.
pub(super) fn like(like: Option<Stat>) -> Member {
    Member {
        name: Vec::new(),
        kind: Kind::Directory,
        link: Vec::new(),
        mode: like.map_or(0o755, |like| like.st_mode & 0o7777),
        uid: like.map_or(0, |like| like.st_uid.into()),
        gid: like.map_or(0, |like| like.st_gid.into()),
        mtime: like.map_or(Time::default(), |like| Time {
            seconds: like.st_mtime,
            nanoseconds: u32::try_from(like.st_mtime_nsec).unwrap_or_default(),
        }),
        device: (0, 0),
        xattrs: Vec::new(),
        size: 0,
        map: None,
    }
}

/// The attributes that a file has.
pub(super) fn read_attributes(opened: BorrowedFd<'_>) -> Result<Attributes, Fault> {
    let mut names = vec![0; 64 << 10];
    let count = match rustix::fs::flistxattr(opened, &mut names[..]) {
        Err(Errno::OPNOTSUPP) => return Ok(Vec::new()),
        count => count.map_err(fault("look at the attributes of"))?,
    };
    let mut attributes = Vec::new();
    for name in names[..count].split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let mut value = vec![0; 64 << 10];
        match rustix::fs::fgetxattr(opened, name, &mut value[..]) {
            Err(Errno::NODATA) => {}
            count => {
                value.truncate(count.map_err(fault("look at the attributes of"))?);
                attributes.push((name.to_vec(), value));
            }
        }
    }
    Ok(attributes)
}
