//! Removing groups of ours, with whatever is in them, in bounded time.

use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use launch::{Identity, Pidfd};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use nix::sys::statfs::{CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC, fstatfs};
use reaper::Signal;

use super::error::Error;
use super::make::write;
use super::place::OURS;

/// How long killed processes may take to be gone.
const PATIENCE: Duration = Duration::from_secs(5);
/// The shortest and the longest time between two tries.
const BREATHS: [Duration; 2] = [Duration::from_micros(200), Duration::from_millis(20)];

/// Removes these groups, all that are in them, and every process in any of them. One that is not
/// there is none to remove.
///
/// # Errors
/// When one stays: its processes do not end, or it is no group of ours.
pub fn remove(directories: &[PathBuf]) -> Result<(), Error> {
    let mut first = Ok(());
    for directory in directories {
        let removed = remove_one(directory);
        first = first.and(removed);
    }
    first
}

/// Removes one; and the directory of all our groups, where it was the last.
pub(super) fn remove_one(directory: &Path) -> Result<(), Error> {
    let failed = |source| Error::Remove { path: directory.to_owned(), source };
    if !is_ours(directory) {
        return Err(failed(io::Error::other("it is none of ours")));
    }
    match open(directory, OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC, Mode::empty()) {
        Err(Errno::ENOENT | Errno::ENOTDIR) => {}
        Err(errno) => return Err(failed(errno.into())),
        Ok(group) => {
            let kind = fstatfs(&group).map_err(|errno| failed(errno.into()))?.filesystem_type();
            if kind != CGROUP_SUPER_MAGIC && kind != CGROUP2_SUPER_MAGIC {
                return Err(failed(io::Error::other("it is no cgroup")));
            }
            take_apart(directory, group.as_fd(), Instant::now() + PATIENCE).map_err(failed)?;
        }
    }
    if let Some(above) = directory.parent().filter(|above| above.ends_with(OURS)) {
        // Not while there are others of ours in it.
        let _others_are_there = fs::remove_dir(above);
    }
    Ok(())
}

/// Whether a path is one that we would give a group.
fn is_ours(directory: &Path) -> bool {
    directory.is_absolute()
        && directory.ancestors().skip(1).take(2).any(|above| above.ends_with(OURS))
        && !directory.components().any(|part| part == std::path::Component::ParentDir)
}

fn take_apart(directory: &Path, group: BorrowedFd<'_>, deadline: Instant) -> io::Result<()> {
    let [mut breath, longest] = BREATHS;
    loop {
        // It goes at once, nearly always.
        match fs::remove_dir(directory) {
            Err(error) if matches!(error.raw_os_error(), Some(libc::EBUSY | libc::ENOTEMPTY)) => {
                if Instant::now() >= deadline {
                    return Err(error);
                }
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => return Ok(()),
        }
        end_members(directory, group)?;
        for within in groups_within(directory)? {
            let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
            match open(&within, flags, Mode::empty()) {
                Ok(group) => take_apart(&within, group.as_fd(), deadline)?,
                Err(Errno::ENOENT) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        sleep(breath);
        breath = (breath * 2).min(longest);
    }
}

fn groups_within(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// Kills whatever is in a group: in version 2 at once, in version 1 one by one, and where processes
/// are counted, none that is killed makes another meanwhile.
fn end_members(directory: &Path, group: BorrowedFd<'_>) -> io::Result<()> {
    if write(group, "cgroup.kill", "1").is_ok() {
        return Ok(());
    }
    // Not every hierarchy counts them.
    let _counts_none = write(group, "pids.max", "0");
    for pid in members(directory)? {
        let Ok(identity) = Identity::of(pid) else { continue };
        let Ok(Some(pidfd)) = Pidfd::of(identity) else { continue };
        // Who is still told of now, and is the one that is held, is no other process that has got its pid.
        if members(directory)?.contains(&pid) {
            pidfd.signal(Signal::KILL)?;
        }
    }
    Ok(())
}

/// Those that can be seen from here; of one in a pid namespace that we are not in nothing but 0 is told.
fn members(directory: &Path) -> io::Result<Vec<i32>> {
    match fs::read_to_string(directory.join("cgroup.procs")) {
        Ok(text) => Ok(text.lines().filter_map(|line| line.parse().ok()).filter(|pid| *pid > 0).collect()),
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ENODEV)) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_where_ours_stand_is_removed() {
        for (path, ours) in [
            ("/sys/fs/cgroup/pod/web-1", true),
            ("/sys/fs/cgroup/pod/web-1/app", true),
            ("/sys/fs/cgroup/user.slice/pod/web-1", true),
            ("/sys/fs/cgroup/pod", false),
            ("/sys/fs/cgroup/system.slice", false),
            ("/sys/fs/cgroup/system.slice/x.service", false),
            ("/sys/fs/cgroup/pod/../system.slice", false),
            ("pod/web-1", false),
        ] {
            assert_eq!(is_ours(Path::new(path)), ours, "{path}");
        }
        assert!(remove_one(Path::new("/sys/fs/cgroup/system.slice")).is_err());
    }

    #[test]
    fn a_directory_that_is_no_group_stays() {
        let directory = tempfile::tempdir().expect("a directory");
        let looks_like_one = directory.path().join("pod/web");
        fs::create_dir_all(&looks_like_one).expect("directories");
        assert!(
            remove(std::slice::from_ref(&looks_like_one))
                .expect_err("no group")
                .to_string()
                .contains("cannot remove cgroup")
        );
        assert!(looks_like_one.exists());
        assert!(remove(&[directory.path().join("pod/none")]).is_ok(), "what is not there is gone");
    }
}
