//! Locks on directories, which the kernel drops with the process that holds them.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use launch::Look;

use crate::error::{RegistryError, file};

/// A lock on what is at a path. It goes when it is dropped, and with the process that holds it.
///
/// # References
/// flock(2)
#[derive(Debug)]
pub struct Lock {
    locked: File,
}

/// Who else may have the lock at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// Nobody.
    Exclusive,
    /// Who shares it, too.
    Shared,
}

/// How long commands wait for each other. What one does under a lock takes milliseconds.
pub const PATIENCE: Duration = Duration::from_secs(10);

impl Lock {
    /// Locks what is at a path, if nobody else has it locked; `None` where somebody has, or where the
    /// path leads to something else (or nowhere) by the time that it is locked.
    ///
    /// # Errors
    /// When it cannot be opened or locked.
    pub fn try_take(path: &Path, sharing: Sharing) -> Result<Option<Self>, RegistryError> {
        Ok(match Attempt::at(path, sharing)? {
            Attempt::Taken(lock) => Some(lock),
            Attempt::Gone | Attempt::Busy(_) => None,
        })
    }

    /// Locks what is at a path, waiting for who else has it; `None` when it is not there any more.
    ///
    /// # Errors
    /// When it cannot be opened or locked, or [`PATIENCE`] is at its end.
    pub fn take(path: &Path, sharing: Sharing) -> Result<Option<Self>, RegistryError> {
        Self::take_within(path, sharing, PATIENCE)
    }

    /// The same with a patience of one's own, where work under the lock takes longer.
    ///
    /// # Errors
    /// When it cannot be opened or locked, or the patience is at its end.
    pub fn take_within(path: &Path, sharing: Sharing, patience: Duration) -> Result<Option<Self>, RegistryError> {
        let deadline = Instant::now() + patience;
        let mut breath = Duration::from_micros(200);
        loop {
            match Attempt::at(path, sharing)? {
                Attempt::Taken(lock) => return Ok(Some(lock)),
                Attempt::Gone => return Ok(None),
                Attempt::Busy(busy) if Instant::now() >= deadline => {
                    return Err(RegistryError::Locked { path: path.to_owned(), by: taker(&busy.opened) });
                }
                Attempt::Busy(_) => {
                    sleep(breath);
                    breath = (breath * 2).min(Duration::from_millis(20));
                }
            }
        }
    }

    /// What is locked; who is handed a copy of it holds the lock, too.
    #[must_use]
    pub fn file(&self) -> &File {
        &self.locked
    }
}

/// What came of trying to lock something.
#[derive(Debug)]
pub enum Attempt {
    /// It is locked.
    Taken(Lock),
    /// Somebody else has it locked.
    Busy(Busy),
    /// It is not there, or not any more.
    Gone,
}

impl Attempt {
    /// Tries once to lock what is at a path.
    ///
    /// # Errors
    /// When it cannot be opened or locked.
    pub fn at(path: &Path, sharing: Sharing) -> Result<Self, RegistryError> {
        // A fifo would have us wait for its other end.
        let options = libc::O_NONBLOCK | libc::O_NOFOLLOW;
        match File::options().read(true).custom_flags(options).open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::Gone),
            opened => Busy { path: path.to_owned(), opened: opened.map_err(file("open", path))? }.attempt(sharing),
        }
    }
}

/// What somebody else has locked, held open.
#[derive(Debug)]
pub struct Busy {
    path: PathBuf,
    opened: File,
}

impl Busy {
    fn attempt(self, sharing: Sharing) -> Result<Attempt, RegistryError> {
        let locked = match sharing {
            Sharing::Exclusive => self.opened.try_lock(),
            Sharing::Shared => self.opened.try_lock_shared(),
        };
        let path = &self.path;
        match locked {
            Err(TryLockError::WouldBlock) => return Ok(Attempt::Busy(self)),
            Err(TryLockError::Error(error)) => return Err(file("lock", path)(error)),
            Ok(()) => {}
        }
        // While we waited, whoever had it may have renamed or removed it.
        let meant = self.opened.metadata().map_err(file("look at", path))?;
        match fs::symlink_metadata(path) {
            Ok(now) if (now.dev(), now.ino()) == (meant.dev(), meant.ino()) => {
                Ok(Attempt::Taken(Lock { locked: self.opened }))
            }
            Ok(_) => Ok(Attempt::Gone),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Attempt::Gone),
            Err(error) => Err(file("look at", path)(error)),
        }
    }

    /// Takes the lock over from who has taken it and ended. A child of theirs may have it still, which is
    /// about to execute or to end: so long it is waited for. `None` where who has taken it lives, or nothing
    /// is there any more, or the child is not done by then.
    ///
    /// # Errors
    /// When it cannot be locked.
    pub fn take_over(self, patience: Duration) -> Result<Option<Lock>, RegistryError> {
        let deadline = Instant::now() + patience;
        let mut busy = self;
        // Who has ended, and been reaped, has no pid to be told.
        while taker(&busy.opened).is_none_or(has_ended) && Instant::now() < deadline {
            busy = match busy.attempt(Sharing::Exclusive)? {
                Attempt::Taken(lock) => return Ok(Some(lock)),
                Attempt::Gone => return Ok(None),
                Attempt::Busy(busy) => busy,
            };
            sleep(Duration::from_millis(1));
        }
        Ok(None)
    }
}

/// Who was killed and has not come to its end yet has ended, too: nothing can keep it from that.
fn has_ended(pid: i32) -> bool {
    // In this order: what was pending is taken just before the end begins.
    is_killed(pid)
        || Look::at(pid).map_or_else(|error| error.kind() == io::ErrorKind::NotFound, |it| it.zombie || it.exiting)
}

/// # References
/// proc_pid_status(5), `SigPnd`, `ShdPnd`
fn is_killed(pid: i32) -> bool {
    const KILL: u64 = 1 << 8;
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let pending = status.lines().filter_map(|line| line.strip_prefix("SigPnd:").or(line.strip_prefix("ShdPnd:")));
    pending.filter_map(|mask| u64::from_str_radix(mask.trim(), 16).ok()).any(|mask| mask & KILL != 0)
}

/// The process that has locked this, as far as /proc tells: not who has a copy of the lock.
///
/// # References
/// proc_locks(5)
fn taker(locked: &File) -> Option<i32> {
    let inode = format!(":{}", locked.metadata().ok()?.ino());
    let locks = fs::read_to_string("/proc/locks").ok()?;
    let mut fields = locks.lines().map(|line| line.split_ascii_whitespace().collect::<Vec<_>>());
    let line = fields.find(|it| it.get(1) == Some(&"FLOCK") && it.get(5).is_some_and(|it| it.ends_with(&inode)))?;
    line.get(4)?.parse().ok().filter(|pid| *pid > 0)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn one_has_it_or_many_share_it() {
        let place = tempfile::tempdir().expect("a directory");
        let take = |sharing| Lock::try_take(place.path(), sharing).expect("a directory can be locked");
        let first = take(Sharing::Shared).expect("nobody has it");
        assert!(take(Sharing::Shared).is_some());
        assert!(take(Sharing::Exclusive).is_none());
        drop(first);
        let only = take(Sharing::Exclusive).expect("nobody has it any more");
        assert!(take(Sharing::Shared).is_none());
        assert_eq!(taker(only.file()), Some(std::process::id().cast_signed()));
    }

    #[test]
    fn who_was_killed_has_ended() {
        let mut child = Command::new("sleep").arg("1000").spawn().expect("a child");
        let pid = child.id().cast_signed();
        assert!(!has_ended(pid));
        child.kill().expect("our own child");
        assert!(has_ended(pid));
        child.wait().expect("our own child");
        assert!(has_ended(pid));
    }

    #[test]
    fn what_is_gone_is_not_locked() {
        let place = tempfile::tempdir().expect("a directory");
        let gone = place.path().join("gone");
        assert!(Lock::take(&gone, Sharing::Exclusive).expect("no failure").is_none());
    }

    #[test]
    fn what_a_child_has_of_a_lock_is_waited_for() {
        let place = tempfile::tempdir().expect("a directory");
        let busy = || match Attempt::at(place.path(), Sharing::Exclusive).expect("no failure") {
            Attempt::Busy(busy) => busy,
            tried => panic!("nobody has it locked: {tried:?}"),
        };
        // Who has taken it has ended by the time that flock(1) comes back; the child has a copy.
        let locked = |child: &str| {
            let script = format!("exec 9<{}; flock 9; ({child}) >/dev/null 2>&1 &", place.path().display());
            assert!(Command::new("sh").args(["-c", &script]).status().expect("a shell").success());
        };
        locked("exec sleep 0.3");
        assert!(busy().take_over(Duration::from_secs(10)).expect("no failure").is_some());
        locked("exec sleep 0.6");
        assert!(busy().take_over(Duration::from_millis(20)).expect("no failure").is_none());
        let ours = Lock::take(place.path(), Sharing::Exclusive).expect("no failure");
        let before = Instant::now();
        assert!(busy().take_over(Duration::from_secs(60)).expect("no failure").is_none());
        assert!(before.elapsed() < Duration::from_secs(30), "who lives is not waited for");
        drop(ours);
    }
}
