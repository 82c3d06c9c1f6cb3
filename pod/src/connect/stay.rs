//! Networks that stay for a while when their last pod has gone: to make one anew takes longer than all else that makes a
//! pod, and to remove it longer than all else that deletes one, and who applies again does both.
//!
//! Whoever has attended to the last pod stays with the network: a process that is there already, which has nothing else to
//! do any more. It has a lock on the network's mark, and removes the network when that has been there for as long as
//! networks stay; if it is killed meanwhile, whoever makes or changes a pod next does so. Asked to end (TERM), it removes
//! it at once.

use std::env;
use std::fs;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, SystemTime};

use network::{NetworkDirectory, NetworkRecord, own_network};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use registry::{Lock, Name, Sharing};

use super::error::ConnectError;
use super::ground::Ground;
use super::leave;
use crate::sys;

/// In the environment: how long they stay.
pub(crate) const VARIABLE: &str = "POD_NETWORK_STAYS";
/// How long that is, where nobody says otherwise.
const STAYS: Duration = Duration::from_secs(30);

/// What becomes of a network whose last pod goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Emptied {
    /// It goes with it.
    Goes,
    /// It is marked, for who stays with it.
    Stays,
}

impl Emptied {
    /// As somebody has it who would stay.
    pub(crate) fn of_the_environment() -> Self {
        // Who says no time was told so when there was somebody to be told.
        let stays = Staying::of_the_environment().unwrap_or(STAYS);
        if stays.is_zero() { Self::Goes } else { Self::Stays }
    }
}

/// Networks that are empty, as far as nobody else sees to them.
#[derive(Debug, Default)]
pub(crate) struct Staying(Vec<Kept>);

/// One of them.
#[derive(Debug)]
struct Kept {
    name: Name,
    /// What it was when we began to stay: it is made anew if others come who are somewhere else.
    record: Option<NetworkRecord>,
    _mark: Lock,
}

impl Staying {
    /// For how long that is.
    ///
    /// # Errors
    /// What the environment says is no time.
    pub(crate) fn of_the_environment() -> Result<Duration, ConnectError> {
        let Some(written) = env::var_os(VARIABLE) else { return Ok(STAYS) };
        let time = written.to_str().and_then(|text| humantime::parse_duration(text).ok());
        time.ok_or_else(|| ConnectError::Stays { written: written.to_string_lossy().into_owned() })
    }

    /// Who asks us to end is heard from now on, and does not end us: before anybody is told that the pod is gone.
    ///
    /// # Errors
    /// They cannot be heard.
    pub(crate) fn hear() -> Result<&'static OwnedFd, ConnectError> {
        sys::asked_to_end().map_err(ConnectError::Signals)
    }

    /// Stays with what is empty, as far as nobody else does.
    ///
    /// # Errors
    /// It cannot be told which networks there are.
    pub(crate) fn with_what_is_empty(root: &Path) -> Result<Self, ConnectError> {
        let mut kept = Vec::new();
        for directory in NetworkDirectory::all(root)? {
            let Some(mark) = Lock::try_take(&directory.mark(), Sharing::Exclusive)? else { continue };
            let Some(name) = directory.path().file_name().and_then(|name| name.to_str()?.parse().ok()) else {
                continue;
            };
            kept.push(Kept { name, record: directory.record()?, _mark: mark });
        }
        Ok(Self(kept))
    }

    /// Removes those that are still empty at once.
    ///
    /// # Errors
    /// One of them cannot be removed.
    pub(crate) fn gone_at_once(self, root: &Path) -> Result<(), ConnectError> {
        let of = |kept: &Kept| NetworkDirectory::of(root, &kept.name);
        self.0.into_iter().try_for_each(|kept| settle(&of(&kept), &kept.name, kept.record.as_ref()))
    }

    /// Whether there is anything to stay with.
    pub(crate) fn is_with_any(&self) -> bool {
        !self.0.is_empty()
    }

    /// Waits until it is time, and removes those that are still empty then.
    ///
    /// # Errors
    /// One of them cannot be removed.
    pub(crate) fn until_they_go(self, root: &Path) -> Result<(), ConnectError> {
        let stays = Self::of_the_environment()?;
        let asked = Self::hear()?;
        self.0.into_iter().try_for_each(|kept| kept.until_it_goes(root, stays, asked))
    }
}

impl Kept {
    fn until_it_goes(self, root: &Path, stays: Duration, asked: &OwnedFd) -> Result<(), ConnectError> {
        let directory = NetworkDirectory::of(root, &self.name);
        loop {
            let left = left(&directory, stays);
            if !left.is_some_and(|left| waited(asked, left)) {
                return settle(&directory, &self.name, self.record.as_ref());
            }
        }
    }
}

/// For how long it is still to stay; it need not be there any more.
fn left(directory: &NetworkDirectory, stays: Duration) -> Option<Duration> {
    let marked = fs::symlink_metadata(directory.mark()).ok()?.modified().ok()?;
    // A clock that somebody has set back makes it stay for no longer than it would from now on.
    let age = SystemTime::now().duration_since(marked).unwrap_or_default();
    stays.checked_sub(age).filter(|left| !left.is_zero())
}

/// Waits for so long; not, or no longer, where somebody has asked us to end.
fn waited(asked: &OwnedFd, time: Duration) -> bool {
    // Rounded up, so that it is over then.
    let time = PollTimeout::try_from(time + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX);
    match poll(&mut [PollFd::new(asked.as_fd(), PollFlags::POLLIN)], time) {
        Ok(0) | Err(Errno::EINTR) => true,
        Ok(_) | Err(_) => false,
    }
}

/// Removes a network that is marked and empty; of one that has pods again, its mark.
fn settle(directory: &NetworkDirectory, name: &Name, before: Option<&NetworkRecord>) -> Result<(), ConnectError> {
    let Some(held) = directory.hold_if_there()? else {
        // Somebody has removed all that was on record, by hand.
        return before.map_or(Ok(()), |before| leave::unmake(before, name));
    };
    let record = directory.record()?;
    let elsewhere = before.filter(|before| record.as_ref().is_some_and(|record| record.inside != before.inside));
    if let Some(before) = elsewhere {
        // It was made anew by others, who could not reach what we have.
        return leave::unmake(before, name);
    }
    if held.is_empty()? { leave::remove(held, name) } else { Ok(held.mark_empty(false)?) }
}

/// Removes networks that are empty and that nobody stays with any more, who was killed; those that were made where we are,
/// or are held.
/// What cannot be removed is told.
pub(crate) fn sweep(root: &Path) -> Vec<ConnectError> {
    let found = match Staying::with_what_is_empty(root) {
        Ok(found) => found.0,
        Err(error) => return vec![error],
    };
    let settled = found.into_iter().filter_map(|kept| {
        let directory = NetworkDirectory::of(root, &kept.name);
        let is_held = Ground::found(&directory).is_ok_and(|ground| ground != Ground::Here);
        let is_here = own_network().ok() == kept.record.as_ref().map(|record| record.inside);
        (is_held || is_here).then(|| settle(&directory, &kept.name, None))
    });
    settled.filter_map(Result::err).collect()
}
