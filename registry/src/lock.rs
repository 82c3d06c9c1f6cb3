//! Locks on directories, which the kernel drops with the process that holds them.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

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
        Ok(match Self::attempt(path, sharing)? {
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
            match Self::attempt(path, sharing)? {
                Attempt::Taken(lock) => return Ok(Some(lock)),
                Attempt::Gone => return Ok(None),
                Attempt::Busy(opened) if Instant::now() >= deadline => {
                    return Err(RegistryError::Locked { path: path.to_owned(), by: holder(&opened) });
                }
                Attempt::Busy(_) => {
                    sleep(breath);
                    breath = (breath * 2).min(Duration::from_millis(20));
                }
            }
        }
    }

    fn attempt(path: &Path, sharing: Sharing) -> Result<Attempt, RegistryError> {
        // A fifo would have us wait for its other end.
        let options = libc::O_NONBLOCK | libc::O_NOFOLLOW;
        let opened = match File::options().read(true).custom_flags(options).open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Attempt::Gone),
            opened => opened.map_err(file("open", path))?,
        };
        let locked = match sharing {
            Sharing::Exclusive => opened.try_lock(),
            Sharing::Shared => opened.try_lock_shared(),
        };
        match locked {
            Err(TryLockError::WouldBlock) => return Ok(Attempt::Busy(opened)),
            Err(TryLockError::Error(error)) => return Err(file("lock", path)(error)),
            Ok(()) => {}
        }
        // While we waited, whoever had it may have renamed or removed it.
        let meant = opened.metadata().map_err(file("look at", path))?;
        match fs::symlink_metadata(path) {
            Ok(now) if (now.dev(), now.ino()) == (meant.dev(), meant.ino()) => {
                Ok(Attempt::Taken(Self { locked: opened }))
            }
            Ok(_) => Ok(Attempt::Gone),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Attempt::Gone),
            Err(error) => Err(file("look at", path)(error)),
        }
    }

    /// What is locked; who is handed a copy of it holds the lock, too.
    #[must_use]
    pub fn file(&self) -> &File {
        &self.locked
    }
}

enum Attempt {
    Taken(Lock),
    /// Somebody else has it locked.
    Busy(File),
    Gone,
}

/// A process that has this locked, as far as /proc tells.
///
/// # References
/// proc_locks(5)
fn holder(locked: &File) -> Option<i32> {
    let inode = format!(":{}", locked.metadata().ok()?.ino());
    let locks = fs::read_to_string("/proc/locks").ok()?;
    let mut fields = locks.lines().map(|line| line.split_ascii_whitespace().collect::<Vec<_>>());
    let line = fields.find(|it| it.get(1) == Some(&"FLOCK") && it.get(5).is_some_and(|it| it.ends_with(&inode)))?;
    line.get(4)?.parse().ok().filter(|pid| *pid > 0)
}

#[cfg(test)]
mod tests {
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
        assert_eq!(holder(only.file()), Some(std::process::id().cast_signed()));
    }

    #[test]
    fn what_is_gone_is_not_locked() {
        let place = tempfile::tempdir().expect("a directory");
        let gone = place.path().join("gone");
        assert!(Lock::take(&gone, Sharing::Exclusive).expect("no failure").is_none());
    }
}
