//! A script: what a process does on its way to becoming a command, laid out beforehand, with every
//! descriptor that it takes. Whoever drops it closes them.

use std::ffi::c_int;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use crate::kind::Kind;
use crate::op::{Fd, Op};

/// What a process does, in the order of doing.
#[derive(Debug)]
pub struct Script {
    pub(crate) birth: Birth,
    pub(crate) steps: Vec<Step>,
    files: Vec<Held>,
    /// Our /proc, for inside there may be another, or none, or a fake.
    proc: OwnedFd,
}

/// A descriptor that a script takes.
#[derive(Debug)]
enum Held {
    /// From the beginning.
    Ours(OwnedFd),
    /// Once the process has made it: its number, or -1.
    Made(Arc<AtomicI32>),
}

/// How the process is born.
#[derive(Debug, Default)]
pub(crate) struct Birth {
    make: c_int,
    /// The directory of the unified hierarchy's cgroup that it is born in.
    pub(crate) cgroup: Option<Fd>,
}

/// An operation, and what it means that it cannot be done.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) op: Op,
    pub(crate) need: Need,
    /// Only where the step of this index was done without.
    pub(crate) instead_of: Option<Place>,
}

/// Whether a process without it is what was wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// No.
    Must,
    /// Yes, where the kernel says that it cannot be had; and that it was done without is told.
    Prefer,
}

/// Where in a script a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(pub(crate) usize);

impl Script {
    /// A script of a process that does nothing yet, and counts pids and ids by this /proc.
    #[must_use]
    pub fn new(proc: OwnedFd) -> Self {
        Self { birth: Birth::default(), steps: Vec::with_capacity(32), files: Vec::with_capacity(16), proc }
    }

    /// Has the process born in new namespaces of these kinds.
    pub fn make(&mut self, kinds: impl IntoIterator<Item = Kind>) {
        self.birth.make = kinds.into_iter().fold(self.birth.make, |flags, kind| flags | kind.flag());
    }

    /// Has the process born in the cgroup of this directory, where the kernel can do that.
    pub fn born_in(&mut self, cgroup: Fd) {
        self.birth.cgroup = Some(cgroup);
    }

    /// Takes a descriptor over.
    pub fn hold(&mut self, file: impl Into<OwnedFd>) -> Fd {
        self.files.push(Held::Ours(file.into()));
        Fd(self.files.len() - 1)
    }

    /// A descriptor that the process itself will make ([`Op::Make`]).
    pub fn to_be_made(&mut self) -> Fd {
        self.files.push(Held::Made(Arc::new(AtomicI32::new(-1))));
        Fd(self.files.len() - 1)
    }

    /// Where the number will be of one that the process makes.
    pub(crate) fn made(&self, fd: Fd) -> Option<Arc<AtomicI32>> {
        match &self.files[fd.0] {
            Held::Ours(_) => None,
            Held::Made(number) => Some(Arc::clone(number)),
        }
    }

    /// Adds what has to be done.
    pub fn must(&mut self, op: Op) -> Place {
        self.add(op, Need::Must, None)
    }

    /// Adds what may be done without.
    pub fn prefer(&mut self, op: Op) -> Place {
        self.add(op, Need::Prefer, None)
    }

    /// Adds what is done only where that other step was done without.
    pub fn instead(&mut self, of: Place, op: Op, need: Need) -> Place {
        self.add(op, need, Some(of))
    }

    fn add(&mut self, op: Op, need: Need, instead_of: Option<Place>) -> Place {
        self.steps.push(Step { op, need, instead_of });
        Place(self.steps.len() - 1)
    }

    /// Adds the closing of all descriptors from this number on but those.
    pub fn close(&mut self, first: u32, kept: impl IntoIterator<Item = Fd>) {
        let mut kept: Vec<_> = kept.into_iter().collect();
        kept.sort_by_key(|fd| self.number(*fd));
        self.must(Op::Close { first, kept });
    }

    /// What is done, in the words for its failing.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        self.steps.iter().map(|step| step.op.to_string()).collect()
    }

    /// The number of a descriptor.
    pub(crate) fn number(&self, fd: Fd) -> RawFd {
        match &self.files[fd.0] {
            Held::Ours(file) => file.as_raw_fd(),
            Held::Made(number) => number.load(Ordering::Relaxed),
        }
    }

    /// In the process: what it has made.
    pub(crate) fn keep(&self, fd: Fd, made: RawFd) {
        if let Held::Made(number) = &self.files[fd.0] {
            number.store(made, Ordering::Relaxed);
        }
    }

    pub(crate) fn proc(&self) -> RawFd {
        self.proc.as_raw_fd()
    }

    pub(crate) fn into_steps(self) -> Vec<Step> {
        self.steps
    }

    /// Forgets the descriptors, which somebody has closed under us.
    pub(crate) fn forget_files(self) -> Vec<Step> {
        std::mem::forget((self.files, self.proc));
        self.steps
    }

    /// Whether only a child of the process that is made can become the command.
    pub(crate) fn forks(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.op, Op::Fork(_)))
    }

    /// Whether the process cannot run on our memory: the time namespace is entered only by one with
    /// memory of its own.
    pub(crate) fn needs_memory_of_its_own(&self) -> bool {
        let enters_time = |step: &Step| match &step.op {
            Op::Enter { namespaces, .. } => namespaces.iter().any(|entry| entry.kind == Kind::Time),
            _ => false,
        };
        self.steps.iter().any(enters_time)
    }
}

impl Birth {
    /// The flags of the namespaces to make.
    pub(crate) fn make(&self) -> c_int {
        self.make
    }
}
