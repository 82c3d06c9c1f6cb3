//! The mounts of control groups, as we see them: read once, and again where the kernel says that mounts have changed.
//!
//! Who launches one container after the other would read them twice for each.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use procfs::process::MountInfo;

/// What was read, and the file that it was read from, by which the kernel tells of changes.
struct Known {
    file: File,
    mounts: Arc<[MountInfo]>,
}

static KNOWN: Mutex<Option<Known>> = Mutex::new(None);

/// Those of both versions, in the order in which they were mounted.
///
/// # Errors
/// They cannot be read.
///
/// # References
/// proc_pid_mountinfo(5); poll(2), `POLLPRI`
pub fn of_cgroups() -> io::Result<Arc<[MountInfo]>> {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = known.as_ref().filter(|known| is_as_it_was(&known.file)) {
        return Ok(Arc::clone(&known.mounts));
    }
    // What changes while it is read is told by this file, too, for it counts from when it was opened.
    let mut file = File::open("/proc/self/mountinfo")?;
    let mut text = Vec::with_capacity(1 << 13);
    file.read_to_end(&mut text)?;
    let mounts = read(&text)?;
    *known = Some(Known { file, mounts: Arc::clone(&mounts) });
    Ok(mounts)
}

fn is_as_it_was(file: &File) -> bool {
    let mut changes = [PollFd::new(file.as_fd(), PollFlags::POLLPRI)];
    // What the kernel has nothing to tell of is as it was; where it cannot be asked, nobody knows.
    poll(&mut changes, PollTimeout::ZERO) == Ok(0)
}

pub(crate) fn read(text: &[u8]) -> io::Result<Arc<[MountInfo]>> {
    // Not all of it through procfs, which takes no text that is not UTF-8: people mount what they like.
    let lines =
        text.split(|byte| *byte == b'\n').map(String::from_utf8_lossy).filter(|line| line.contains(" - cgroup"));
    lines.map(|line| MountInfo::from_line(&line).map_err(io::Error::other)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_control_groups_are_read_whatever_else_is_mounted() {
        let text = b"1 0 8:1 / / rw - ext4 /dev/sda rw\n\
            2 1 0:26 / /mnt/\xff rw shared:1 - tmpfs tmpfs rw\n\
            3 1 0:27 / /sys/fs/cgroup/cpu rw,nosuid - cgroup cgroup rw,cpu,cpuacct\n\
            4 1 0:28 /a /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
        let found = read(text).expect("mounts");
        let kinds: Vec<_> = found.iter().map(|mount| (mount.fs_type.as_str(), mount.root.as_str())).collect();
        assert_eq!(kinds, [("cgroup", "/"), ("cgroup2", "/a")]);
        assert!(read(b"3 1 - cgroup").is_err());
    }

    #[test]
    fn what_is_mounted_later_is_seen() {
        use nix::mount::{MntFlags, MsFlags, mount, umount2};
        use nix::sched::{CloneFlags, unshare};

        // Who may not mount sees nothing that is mounted later.
        std::thread::spawn(|| {
            if unshare(CloneFlags::CLONE_NEWNS).is_err() {
                return;
            }
            let none = None::<&str>;
            mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).expect("mounts of our own");
            let file = File::open("/proc/thread-self/mountinfo").expect("a file of ours");
            assert!(is_as_it_was(&file) && is_as_it_was(&file), "nothing was mounted");
            let place = tempfile::tempdir().expect("a directory");
            mount(Some("none"), place.path(), Some("tmpfs"), MsFlags::empty(), none).expect("a mount");
            assert!(!is_as_it_was(&file), "something was mounted");
            assert!(is_as_it_was(&file), "it is told once");
            umount2(place.path(), MntFlags::MNT_DETACH).expect("a mount of ours");
            assert!(!is_as_it_was(&file), "something was unmounted");
        })
        .join()
        .expect("it has not failed");
    }
}
