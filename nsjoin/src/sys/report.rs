//! The page on which a child tells its parent how it went.

use std::ffi::c_void;
use std::num::NonZeroUsize;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};

use nix::errno::Errno;
use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, munmap};

use super::script::{Failure, STEPS};

/// What a child leaves for us, on a page that both see, whether they share the rest or not.
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

pub(super) struct ReportPage(NonNull<c_void>);

const SIZE: NonZeroUsize = NonZeroUsize::new(4096).expect("not zero");

impl ReportPage {
    pub(super) fn new() -> Result<Self, Errno> {
        // SAFETY: a new mapping where the kernel likes overlaps nothing.
        let page =
            unsafe { mmap_anonymous(None, SIZE, ProtFlags::PROT_READ | ProtFlags::PROT_WRITE, MapFlags::MAP_SHARED) }?;
        let page = Self(page);
        page.report().pidfd.store(-1, Ordering::Relaxed);
        Ok(page)
    }

    pub(super) fn report(&self) -> &Report {
        // SAFETY: the page is mapped as long as `self` lives, aligned, larger than a Report, and
        // zeroes are one; both sides go through atomics.
        unsafe { self.0.cast::<Report>().as_ref() }
    }
}

impl Drop for ReportPage {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and the only borrow of it ends with `self`.
        let unmapped = unsafe { munmap(self.0, SIZE.get()) };
        debug_assert_eq!(unmapped, Ok(()), "a mapping of our own can be unmapped");
    }
}
