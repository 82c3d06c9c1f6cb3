//! What a child tells its parent of how it went.

use std::ffi::c_void;
use std::num::NonZeroUsize;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicI32, AtomicU16, AtomicU32, Ordering};

use nix::errno::Errno;
use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, munmap};

/// More steps than any script has.
pub(super) const STEPS: usize = 512;

/// What a child leaves for us, where both see it.
#[repr(C)]
pub(super) struct Report {
    /// The place of the step that failed, and one more; 0 until one does.
    failed: AtomicU32,
    errno: AtomicI32,
    /// The kernel writes this at the clone that makes the command's process.
    pub(super) pidfd: AtomicI32,
    /// The pid of the process between the first child and the command's, if there is one.
    pub(super) between: AtomicI32,
    /// Not 0 once all is done but the executing, if there is any. Told beforehand: that it came back is
    /// told by `failed`.
    done: AtomicU32,
    /// Not 0 where a file to execute was there, and its interpreter was not.
    lacks_interpreter: AtomicU32,
    /// Why each step was done without; 0 where it was not.
    missed: [AtomicU16; STEPS],
}

/// A step that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Failed {
    /// Its place.
    pub(super) step: usize,
    pub(super) errno: Errno,
    pub(super) lacks_interpreter: bool,
}

impl Report {
    const fn new() -> Self {
        Self {
            failed: AtomicU32::new(0),
            errno: AtomicI32::new(0),
            pidfd: AtomicI32::new(-1),
            between: AtomicI32::new(0),
            done: AtomicU32::new(0),
            lacks_interpreter: AtomicU32::new(0),
            missed: [const { AtomicU16::new(0) }; STEPS],
        }
    }

    #[allow(clippy::cast_possible_truncation, reason = "less than STEPS")]
    pub(super) fn fail(&self, step: usize, errno: Errno) {
        self.errno.store(errno as i32, Ordering::Relaxed);
        self.failed.store(step as u32 + 1, Ordering::Relaxed);
    }

    /// What failed, and why it did.
    pub(super) fn failure(&self) -> Option<Failed> {
        let step = usize::try_from(self.failed.load(Ordering::Relaxed)).ok()?.checked_sub(1)?;
        let errno = Errno::from_raw(self.errno.load(Ordering::Relaxed));
        Some(Failed { step, errno, lacks_interpreter: self.lacks_interpreter.load(Ordering::Relaxed) != 0 })
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "errnos are from 1 to 4095")]
    pub(super) fn miss(&self, step: usize, errno: Errno) {
        if let Some(place) = self.missed.get(step) {
            place.store(errno as i32 as u16, Ordering::Relaxed);
        }
    }

    /// Why a step was done without, if it was.
    pub(super) fn missed(&self, step: usize) -> Option<Errno> {
        let errno = self.missed.get(step)?.load(Ordering::Relaxed);
        (errno != 0).then(|| Errno::from_raw(errno.into()))
    }

    pub(super) fn finish(&self) {
        self.done.store(1, Ordering::Relaxed);
    }

    pub(super) fn miss_interpreter(&self) {
        self.lacks_interpreter.store(1, Ordering::Relaxed);
    }

    pub(super) fn finished(&self) -> bool {
        self.done.load(Ordering::Relaxed) != 0
    }
}

/// Where a report is: in memory of ours, where the child runs on that, else on a page of its own.
pub(super) enum Site {
    Here(Box<Report>),
    Shared(NonNull<c_void>),
}

const SIZE: NonZeroUsize = NonZeroUsize::new(4096).expect("not zero");
const _: () = assert!(size_of::<Report>() <= SIZE.get());

impl Site {
    /// A report that says that nothing has failed and no process was made.
    pub(super) fn new(child_has_our_memory: bool) -> Result<Self, Errno> {
        if child_has_our_memory {
            return Ok(Self::Here(Box::new(Report::new())));
        }
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: a new mapping where the kernel likes overlaps nothing.
        let site = Self::Shared(unsafe { mmap_anonymous(None, SIZE, access, MapFlags::MAP_SHARED) }?);
        site.report().pidfd.store(-1, Ordering::Relaxed);
        Ok(site)
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

impl Drop for Site {
    fn drop(&mut self) {
        if let Self::Shared(page) = self {
            // SAFETY: the mapping is ours, and the only borrow of it ends with `self`.
            let unmapped = unsafe { munmap(*page, SIZE.get()) };
            debug_assert_eq!(unmapped, Ok(()), "a mapping of our own can be unmapped");
        }
    }
}
