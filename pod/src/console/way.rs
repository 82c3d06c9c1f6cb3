//! One of a workload's outputs, on its way to its log.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::packet::{LONGEST, Stream, would_wait};

/// One of a workload's outputs, and its log.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) stream: Stream,
    from: Option<OwnedFd>,
    log: OwnedFd,
    /// What has been read last, and how much of that has been logged.
    held: Vec<u8>,
    logged: usize,
}

impl Way {
    pub(super) fn new(stream: Stream, from: OwnedFd, log: OwnedFd) -> Self {
        Self { stream, from: Some(from), log, held: Vec::new(), logged: 0 }
    }

    /// Whether nothing more comes, and all has been logged.
    pub(super) fn is_over(&self) -> bool {
        self.from.is_none() && self.held.is_empty()
    }

    /// Where there may be more, when all that there was has been logged.
    pub(super) fn readable(&self) -> Option<BorrowedFd<'_>> {
        self.from.as_ref().filter(|_| self.held.is_empty()).map(AsFd::as_fd)
    }

    /// Where there has to be room.
    pub(super) fn writable(&self) -> Option<BorrowedFd<'_>> {
        (!self.held.is_empty()).then(|| self.log.as_fd())
    }

    /// Reads what there is, when all that there was has gone; nothing where there was none.
    pub(super) fn fill(&mut self) -> &[u8] {
        let Some(from) = self.from.as_ref().filter(|_| self.held.is_empty()) else { return &[] };
        self.held.resize(LONGEST, 0);
        let read = rustix::io::read(from, self.held.as_mut_slice());
        self.held.truncate(read.unwrap_or(0));
        self.logged = 0;
        match read {
            Ok(1..) => {}
            Err(errno) if would_wait(errno) => {}
            // Of a terminal that nobody has open any more there is an error to be read.
            Ok(0) | Err(_) => self.from = None,
        }
        &self.held
    }

    pub(super) fn log(&mut self) {
        if self.held.is_empty() {
            return;
        }
        match rustix::io::write(&self.log, &self.held[self.logged..]) {
            Ok(taken) => self.logged += taken,
            Err(errno) if would_wait(errno) => {}
            // Both of its ends are ours: there is no reason for it not to take anything.
            Err(_) => self.logged = self.held.len(),
        }
        if self.logged == self.held.len() {
            self.held.clear();
        }
    }
}
