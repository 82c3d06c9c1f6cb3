//! A process on record in the directory of a network, which is no pod's: found again by whoever comes, and ended with the
//! network.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use launch::{Identity, Pidfd};
use reaper::Signal;

/// How long one that was killed may take to be gone.
const PATIENCE: Duration = Duration::from_secs(5);

/// What came of ending one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Nobody is there.
    Gone,
    /// This one is, though it was killed.
    Stays(i32),
}

/// Who has left word in this file, unless it has ended.
///
/// # Errors
/// It cannot be told.
pub(crate) fn living(record: &Path) -> io::Result<Option<Identity>> {
    Ok(pinned(record)?.map(|(identity, _)| identity))
}

/// Ends who has left word in this file, and forgets it.
///
/// # Errors
/// It cannot be told who it is, or not be killed.
pub(crate) fn end(record: &Path) -> io::Result<Ended> {
    if let Some((identity, pidfd)) = pinned(record)? {
        pidfd.signal(Signal::KILL)?;
        if !pidfd.ended_within(PATIENCE)? {
            return Ok(Ended::Stays(identity.pid));
        }
    }
    match fs::remove_file(record) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(Ended::Gone),
    }
}

fn pinned(record: &Path) -> io::Result<Option<(Identity, Pidfd)>> {
    let record = match fs::read(record) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        record => record?,
    };
    // A record that was not finished is of a process that has not become what it was to be, and ends by itself.
    let Some(identity) = Identity::from_record(&record).ok().flatten() else { return Ok(None) };
    let Some(pidfd) = Pidfd::of(identity).map_err(io::Error::other)? else { return Ok(None) };
    // One that nobody has reaped has ended all the same.
    let has_ended = pidfd.ended_within(Duration::ZERO)?;
    Ok((!has_ended).then_some((identity, pidfd)))
}
