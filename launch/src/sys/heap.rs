//! Where memory comes from under musl.
//!
//! musl's own allocator asks the kernel for every few pages, and gives them back at once: right for who stays, and a
//! fifth of a life of half a millisecond. So a command has two of its own, which keep what they have been given: small
//! pieces are its thread's (`small`), which takes no lock, others dlmalloc's. Both live in one range of addresses; who
//! [`stay`]s has musl's from then on; and the address and the size of a piece tell whose it is.
//!
//! # Safety
//! The range is ours, and grows upwards, by what has never been handed out before. dlmalloc and the range are asked by
//! one at a time: their lock is held by nobody who may end or be cloned meanwhile, for what is cloned here allocates nothing.

mod small;

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use dlmalloc::{Allocator, Dlmalloc};

/// How much dlmalloc may ever have. What is not touched costs nothing.
const RANGE: usize = 1 << 30;
/// Pieces of this size have a mapping of their own with musl, which is as good.
const LARGE: usize = 128 << 10;
const PAGE: usize = 4096;

static HEAP: Mutex<Dlmalloc<Range>> = Mutex::new(Dlmalloc::new_with_allocator(Range));
/// Where the range begins: 0 before there is one, [`NONE`] if none could be had.
static BEGIN: AtomicUsize = AtomicUsize::new(0);
const NONE: usize = 1;
/// How much of it has been handed out.
static USED: AtomicUsize = AtomicUsize::new(0);
static STAYS: AtomicBool = AtomicBool::new(false);

/// The allocator of a program.
#[derive(Clone, Copy, Debug)]
pub struct Heap;

/// From now on, memory that is free is given back.
pub(crate) fn stay() {
    STAYS.store(true, Ordering::Relaxed);
}

fn heap() -> MutexGuard<'static, Dlmalloc<Range>> {
    HEAP.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_in_range(piece: *mut u8) -> bool {
    let begin = BEGIN.load(Ordering::Relaxed);
    begin > NONE && piece.addr().wrapping_sub(begin) < RANGE
}

/// Who is asked for a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Thread(small::Class),
    Dlmalloc,
    Musl,
}

impl Asked {
    fn now(layout: Layout) -> Self {
        if STAYS.load(Ordering::Relaxed) { Self::Musl } else { Self::by(layout) }
    }

    /// Of what is in the range this is whose it is.
    fn by(layout: Layout) -> Self {
        match small::Class::of(layout) {
            Some(class) => Self::Thread(class),
            None if layout.size() < LARGE && layout.align() <= PAGE => Self::Dlmalloc,
            None => Self::Musl,
        }
    }
}

// SAFETY: each piece comes from one of three allocators, and goes back to the one that its range and its layout say.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let piece = match Asked::now(layout) {
            Asked::Thread(class) => small::take(class),
            // SAFETY: the caller's layout has a size.
            Asked::Dlmalloc => unsafe { heap().malloc(layout.size(), layout.align()) },
            Asked::Musl => ptr::null_mut(),
        };
        if piece.is_null() {
            // SAFETY: as above.
            return unsafe { System.alloc(layout) };
        }
        piece
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let piece = match Asked::now(layout) {
            Asked::Thread(class) => {
                let piece = small::take(class);
                if !piece.is_null() {
                    // SAFETY: a piece is at least as long as its layout.
                    unsafe { piece.write_bytes(0, layout.size()) };
                }
                piece
            }
            // SAFETY: the caller's layout has a size.
            Asked::Dlmalloc => unsafe { heap().calloc(layout.size(), layout.align()) },
            Asked::Musl => ptr::null_mut(),
        };
        if piece.is_null() {
            // SAFETY: as above.
            return unsafe { System.alloc_zeroed(layout) };
        }
        piece
    }

    unsafe fn dealloc(&self, piece: *mut u8, layout: Layout) {
        if !is_in_range(piece) {
            // SAFETY: musl's, by its address, and of this layout, says the caller.
            return unsafe { System.dealloc(piece, layout) };
        }
        match Asked::by(layout) {
            // SAFETY: of this class, by its address and its layout, and used no more.
            Asked::Thread(class) => unsafe { small::give(piece, class) },
            // SAFETY: dlmalloc's, by its address, and of this layout, says the caller.
            _ => unsafe { heap().free(piece, layout.size(), layout.align()) },
        }
    }

    unsafe fn realloc(&self, piece: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !is_in_range(piece) {
            // SAFETY: musl's, by its address, and of this layout, says the caller.
            return unsafe { System.realloc(piece, layout, size) };
        }
        // SAFETY: the caller promises that this size makes a layout.
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        match (Asked::by(layout), Asked::now(wanted)) {
            (Asked::Thread(class), Asked::Thread(same)) if class == same => return piece,
            (Asked::Dlmalloc, Asked::Dlmalloc) => {
                // SAFETY: dlmalloc's, by its address, and of this layout, says the caller.
                let moved = unsafe { heap().realloc(piece, layout.size(), layout.align(), size) };
                if !moved.is_null() {
                    return moved;
                }
            }
            _ => {}
        }
        // SAFETY: a layout with a size.
        let moved = unsafe { self.alloc(wanted) };
        if !moved.is_null() {
            // SAFETY: both are at least so long, and none is part of the other.
            unsafe { ptr::copy_nonoverlapping(piece, moved, layout.size().min(size)) };
            // SAFETY: of this layout, and used no more.
            unsafe { self.dealloc(piece, layout) };
        }
        moved
    }
}

/// What both have their memory from: one range of addresses, of which nothing is ever given back.
struct Range;

impl Range {
    /// Where the range begins, if there is one.
    fn begin() -> Option<usize> {
        let begin = match BEGIN.load(Ordering::Relaxed) {
            0 => {
                let begin = Self::reserve().unwrap_or(NONE);
                BEGIN.store(begin, Ordering::Relaxed);
                begin
            }
            begin => begin,
        };
        (begin != NONE).then_some(begin)
    }

    fn reserve() -> Option<usize> {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        // SAFETY: a new mapping, wherever the kernel has room.
        let range = unsafe { libc::mmap(ptr::null_mut(), RANGE, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0) };
        if range == libc::MAP_FAILED {
            return None;
        }
        // Who lives for a millisecond must not wait for two mebibytes of zeroes. Without huge pages there are none to refuse.
        // SAFETY: of the mapping that has just been made.
        let _no_huge_pages = unsafe { libc::madvise(range, RANGE, libc::MADV_NOHUGEPAGE) };
        Some(range.addr())
    }
}

// SAFETY: what is handed out is mapped, and nobody else's: the lock of the heap is held by who asks.
unsafe impl Allocator for Range {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        let used = USED.load(Ordering::Relaxed);
        match Self::begin() {
            Some(begin) if size <= RANGE - used => {
                USED.store(used + size, Ordering::Relaxed);
                (ptr::with_exposed_provenance_mut(begin + used), size, 0)
            }
            _ => (ptr::null_mut(), 0, 0),
        }
    }

    fn remap(&self, _: *mut u8, _: usize, _: usize, _: bool) -> *mut u8 {
        ptr::null_mut()
    }

    fn free_part(&self, _: *mut u8, _: usize, _: usize) -> bool {
        false
    }

    fn free(&self, _: *mut u8, _: usize) -> bool {
        false
    }

    fn can_release_part(&self, _: u32) -> bool {
        false
    }

    fn allocates_zeros(&self) -> bool {
        true
    }

    fn page_size(&self) -> usize {
        PAGE
    }
}

#[cfg(test)]
mod tests;
