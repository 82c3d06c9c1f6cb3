//! What a child tells its parent of how it went.

use std::ffi::c_void;
use std::num::NonZeroUsize;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};

use nix::errno::Errno;
use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, munmap};

use super::script::{Failure, STEPS};

/// What a child leaves for us, where both see it.
#[derive(Default)]
#[repr(C)]
pub(super) struct Report {
    /// 0 until something fails.
    step: AtomicU32,
    errno: AtomicI32,
    /// The kernel writes this at the clone that makes the command's process.
    pub(super) pidfd: AtomicI32,
    /// The pid of the process between the first child and the command's, if there is one.
    pub(super) between: AtomicI32,
}

impl Report {
    pub(super) fn failed(&self, failure: Failure) {
        self.errno.store(failure.errno as i32, Ordering::Relaxed);
        self.step.store(failure.step as u32, Ordering::Relaxed);
    }

    pub(super) fn failure(&self) -> Option<Failure> {
        let step = self.step.load(Ordering::Relaxed);
        let step = STEPS.iter().copied().find(|known| *known as u32 == step)?;
        Some(Failure { step, errno: Errno::from_raw(self.errno.load(Ordering::Relaxed)) })
    }
}

/// Where a report is: in memory of ours, where the child runs on that, else on a page of its own.
pub(super) enum Place {
    Here(Box<Report>),
    Shared(NonNull<c_void>),
}

const SIZE: NonZeroUsize = NonZeroUsize::new(4096).expect("not zero");

impl Place {
    /// A report that says that nothing has failed and no process was made.
    pub(super) fn new(child_has_our_memory: bool) -> Result<Self, Errno> {
        let place = if child_has_our_memory {
            Self::Here(Box::default())
        } else {
            let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
            // SAFETY: a new mapping where the kernel likes overlaps nothing.
            Self::Shared(unsafe { mmap_anonymous(None, SIZE, access, MapFlags::MAP_SHARED) }?)
        };
        place.report().pidfd.store(-1, Ordering::Relaxed);
        Ok(place)
    }

    pub(super) fn report(&self) -> &Report {
        match self {
            Self::Here(report) => report,
            // SAFETY: the page is mapped as long as `self` lives, aligned, larger than a Report, and
            // zeroes are one; both sides go through atomics.
            Self::Shared(page) => unsafe { page.cast::<Report>().as_ref() },
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Self::Shared(page) = self {
            // SAFETY: the mapping is ours, and the only borrow of it ends with `self`.
            let unmapped = unsafe { munmap(*page, SIZE.get()) };
            debug_assert_eq!(unmapped, Ok(()), "a mapping of our own can be unmapped");
        }
    }
}
