//! What containers say, each followed by a thread of its own from one launch to the next.

use std::collections::BTreeMap;
use std::io::{self, stderr, stdout};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use launch::Identity;
use launch::complain::complain;
use nix::errno::Errno;
use registry::{Name, Process, Registry};
use rustix::event::{EventfdFlags, eventfd};

use super::lines::Lines;
use crate::error::Error;
use crate::record::WorkloadRecord;
use crate::verbs::logs::follow;

/// Readable when somebody who spoke has ended.
#[derive(Clone, Debug)]
pub(super) struct Wake(Arc<OwnedFd>);

impl Wake {
    pub(super) fn new() -> Result<Self, Errno> {
        let made = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK);
        made.map(|made| Self(Arc::new(made))).map_err(|errno| Errno::from_raw(errno.raw_os_error()))
    }

    fn call(&self) {
        // One that is full says so already.
        let _full = rustix::io::write(&self.0, &1_u64.to_ne_bytes());
    }

    pub(super) fn heard(&self) {
        let _empty = rustix::io::read(&self.0, &mut [0; 8]);
    }
}

impl AsFd for Wake {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// A launch of a container: in which sandbox, and which it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Launched {
    pause: Identity,
    number: u32,
}

/// The containers of a pod, as far as they have spoken.
#[derive(Debug)]
pub(super) struct Tails {
    registry: Registry,
    sandbox: Name,
    /// What comes before each line.
    pod: String,
    wake: Wake,
    going: BTreeMap<String, JoinHandle<Option<u32>>>,
    /// The last launch that was followed.
    followed: BTreeMap<String, Launched>,
}

impl Tails {
    pub(super) fn new(registry: Registry, sandbox: Name, pod: String, wake: Wake) -> Self {
        Self { registry, sandbox, pod, wake, going: BTreeMap::new(), followed: BTreeMap::new() }
    }

    /// Follows whoever has been launched and is not followed.
    pub(super) fn look<'a>(&mut self, containers: impl Iterator<Item = &'a str>) {
        for container in containers {
            if self.going.get(container).is_some_and(|going| !going.is_finished()) {
                continue;
            }
            if let Some(Ok(Some(last))) = self.going.remove(container).map(JoinHandle::join)
                && let Some(followed) = self.followed.get_mut(container)
            {
                followed.number = followed.number.max(last);
            }
            let Some((name, launched)) = self.launched(container) else { continue };
            let before = self.followed.get(container).filter(|before| before.pause == launched.pause).copied();
            if before.is_some_and(|before| before.number >= launched.number) {
                continue;
            }
            self.followed.insert(container.to_owned(), launched);
            self.follow(container, name, before.map_or(0, |before| before.number + 1));
        }
    }

    /// Whether nobody was followed any more when it was looked last: who has ended since may have been launched again.
    pub(super) fn are_done(&self) -> bool {
        self.going.is_empty()
    }

    fn launched(&self, container: &str) -> Option<(Name, Launched)> {
        let directory = self.registry.directory(&self.sandbox);
        let name: Name = container.parse().ok()?;
        let pause = directory.recorded(Process::Pause).ok().flatten()?;
        let record: WorkloadRecord = directory.spec(&name).ok().flatten()?;
        Some((name, Launched { pause, number: record.number }))
    }

    fn follow(&mut self, container: &str, name: Name, first: u32) {
        let (registry, sandbox, wake) = (self.registry.clone(), self.sandbox.clone(), self.wake.clone());
        let prefix = format!("[pod/{}/{container}] ", self.pod);
        let run = move || {
            let (mut out, mut err) = (Lines::new(stdout()), Lines::new(stderr()));
            let last = registry
                .pod(&sandbox)
                .map_err(Error::from)
                .and_then(|found| follow(&found, &name, first, prefix, &mut out, &mut err));
            let ended = out.end().and(err.end());
            wake.call();
            match (last, ended) {
                (Ok(last), Ok(())) => Some(last),
                // A sandbox that is gone has said all.
                (Err(Error::Registry(_)), _) => None,
                (Err(Error::Output(error)), _) | (_, Err(error)) if error.kind() == io::ErrorKind::BrokenPipe => None,
                (Err(error), _) => {
                    complain("pod", &error, error.hint());
                    None
                }
                (_, Err(error)) => {
                    complain("pod", &error, None);
                    None
                }
            }
        };
        match thread::Builder::new().name("pod-log".to_owned()).spawn(run) {
            Ok(going) => drop(self.going.insert(container.to_owned(), going)),
            Err(error) => complain("pod", &error, None),
        }
    }
}
