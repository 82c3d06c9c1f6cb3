//! Where memory comes from under musl.
//!
//! musl's own allocator asks the kernel for every few pages, and gives them back at once, which is a fifth of a life of
//! half a millisecond. So a command has two of its own, which keep what they have been given: small pieces are its
//! thread's (`small`), which takes no lock, others dlmalloc's. Both live in one range of addresses. Who [`stay`]s has musl's
//! from then on, or, where as much is needed again soon, a dlmalloc in another range, of which what is free at its end is
//! given back at rest ([`trim`]). What is large is musl's; and the address and the size of a piece tell whose it is.
//!
//! # Safety
//! The ranges are ours, and grow upwards, by what nobody has. dlmalloc and its range are asked by
//! one at a time: their lock is held by nobody who may end or be cloned meanwhile, for what is cloned here allocates nothing.

mod small;

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use dlmalloc::{Allocator, Dlmalloc};

/// How much each may ever have. What is not touched costs nothing.
const RANGE: usize = 1 << 30;
/// Pieces of this size have a mapping of their own with musl, which is as good.
const LARGE: usize = 128 << 10;
/// The same of who stays: what is as large may be room that is seldom used, and takes no memory there before it is.
const LARGE_OF_STAYERS: usize = 16 << 10;
const PAGE: usize = 4096;

static HEAP: Mutex<Dlmalloc<Range>> = Mutex::new(Dlmalloc::new_with_allocator(Range(&COMMANDS)));
static COMMANDS: Ground = Ground::new();
/// Of who stays.
static STAYING: Mutex<Dlmalloc<Range>> = Mutex::new(Dlmalloc::new_with_allocator(Range(&STAYERS)));
static STAYERS: Ground = Ground::new();
static STAYS: AtomicU8 = AtomicU8::new(COMMAND);
const COMMAND: u8 = 0;
const AT_ONCE: u8 = 1;
const AT_REST: u8 = 2;

/// The allocator of a program.
#[derive(Clone, Copy, Debug)]
pub struct Heap;

/// When who stays gives back memory that is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stay {
    /// At once.
    AtOnce,
    /// When it goes to rest: as much is needed again soon.
    AtRest,
}

/// From now on, memory that is free is given back.
pub(crate) fn stay(gives_back: Stay) {
    let gives_back = match gives_back {
        Stay::AtOnce => AT_ONCE,
        Stay::AtRest => AT_REST,
    };
    STAYS.store(gives_back, Ordering::Relaxed);
}

/// Gives back what is free of who stays.
pub(crate) fn trim() {
    // SAFETY: nobody else asks it meanwhile.
    unsafe { lock(&STAYING).trim(0) };
}

fn lock(heap: &'static Mutex<Dlmalloc<Range>>) -> MutexGuard<'static, Dlmalloc<Range>> {
    heap.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Who is asked for a piece.
#[derive(Clone, Copy)]
enum Asked {
    Thread(small::Class),
    Dlmalloc(&'static Mutex<Dlmalloc<Range>>),
    Musl,
}

impl Asked {
    fn now(layout: Layout) -> Self {
        match STAYS.load(Ordering::Relaxed) {
            COMMAND => Self::of_commands(layout),
            AT_REST if layout.size() < LARGE_OF_STAYERS && layout.align() <= PAGE => Self::Dlmalloc(&STAYING),
            _ => Self::Musl,
        }
    }

    /// Whose a piece is.
    fn by(piece: *mut u8, layout: Layout) -> Self {
        if COMMANDS.has(piece) {
            return Self::of_commands(layout);
        }
        if STAYERS.has(piece) { Self::Dlmalloc(&STAYING) } else { Self::Musl }
    }

    fn of_commands(layout: Layout) -> Self {
        match small::Class::of(layout) {
            Some(class) => Self::Thread(class),
            None if layout.size() < LARGE && layout.align() <= PAGE => Self::Dlmalloc(&HEAP),
            None => Self::Musl,
        }
    }
}

// SAFETY: each piece comes from one of several allocators, and goes back to the one that its range and its layout say.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let piece = match Asked::now(layout) {
            Asked::Thread(class) => small::take(class),
            // SAFETY: the caller's layout has a size.
            Asked::Dlmalloc(heap) => unsafe { lock(heap).malloc(layout.size(), layout.align()) },
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
            Asked::Dlmalloc(heap) => unsafe { lock(heap).calloc(layout.size(), layout.align()) },
            Asked::Musl => ptr::null_mut(),
        };
        if piece.is_null() {
            // SAFETY: as above.
            return unsafe { System.alloc_zeroed(layout) };
        }
        piece
    }

    unsafe fn dealloc(&self, piece: *mut u8, layout: Layout) {
        match Asked::by(piece, layout) {
            // SAFETY: of this class, by its address and its layout, and used no more.
            Asked::Thread(class) => unsafe { small::give(piece, class) },
            // SAFETY: its own, by its address, and of this layout, says the caller.
            Asked::Dlmalloc(heap) => unsafe { lock(heap).free(piece, layout.size(), layout.align()) },
            // SAFETY: as above.
            Asked::Musl => unsafe { System.dealloc(piece, layout) },
        }
    }

    unsafe fn realloc(&self, piece: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller promises that this size makes a layout.
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        match (Asked::by(piece, layout), Asked::now(wanted)) {
            // SAFETY: musl's, by its address, and of this layout, says the caller.
            (Asked::Musl, _) => return unsafe { System.realloc(piece, layout, size) },
            (Asked::Thread(class), Asked::Thread(same)) if class == same => return piece,
            (Asked::Dlmalloc(heap), Asked::Dlmalloc(same)) if ptr::eq(heap, same) => {
                // SAFETY: its own, by its address, and of this layout, says the caller.
                let moved = unsafe { lock(heap).realloc(piece, layout.size(), layout.align(), size) };
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

/// A range of addresses, and how much of it has been handed out.
#[derive(Debug)]
struct Ground {
    /// Where it begins: 0 before there is one, [`NONE`] if none could be had.
    begin: AtomicUsize,
    used: AtomicUsize,
}

const NONE: usize = 1;

impl Ground {
    const fn new() -> Self {
        Self { begin: AtomicUsize::new(0), used: AtomicUsize::new(0) }
    }

    fn has(&self, piece: *mut u8) -> bool {
        let begin = self.begin.load(Ordering::Relaxed);
        begin > NONE && piece.addr().wrapping_sub(begin) < RANGE
    }

    /// Where it begins, if there is one.
    fn begin(&self) -> Option<usize> {
        let begin = match self.begin.load(Ordering::Relaxed) {
            0 => {
                let begin = Self::reserve().unwrap_or(NONE);
                self.begin.store(begin, Ordering::Relaxed);
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
        // Who lives for a millisecond must not wait for two mebibytes of zeroes, nor keep as much who stays. Without huge
        // pages there are none to refuse.
        // SAFETY: of the mapping that has just been made.
        let _no_huge_pages = unsafe { libc::madvise(range, RANGE, libc::MADV_NOHUGEPAGE) };
        Some(range.addr())
    }

    /// Takes back what is free from there on, if that is the last that was handed out.
    fn take_back(&self, from: usize, until: usize) -> bool {
        let begin = self.begin.load(Ordering::Relaxed);
        if begin <= NONE || begin + self.used.load(Ordering::Relaxed) != until || from < begin {
            return false;
        }
        // What is handed out again has to be zeroes.
        // SAFETY: of the range, and nobody's any more, says who hands it back.
        if unsafe { libc::madvise(ptr::with_exposed_provenance_mut(from), until - from, libc::MADV_DONTNEED) } != 0 {
            return false;
        }
        self.used.store(from - begin, Ordering::Relaxed);
        true
    }
}

/// What pieces are cut off from.
#[derive(Debug)]
struct Range(&'static Ground);

// SAFETY: what is handed out is mapped, and nobody else's: the lock of the heap is held by who asks.
unsafe impl Allocator for Range {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        let used = self.0.used.load(Ordering::Relaxed);
        match self.0.begin() {
            Some(begin) if size <= RANGE - used => {
                self.0.used.store(used + size, Ordering::Relaxed);
                (ptr::with_exposed_provenance_mut(begin + used), size, 0)
            }
            _ => (ptr::null_mut(), 0, 0),
        }
    }

    fn remap(&self, _: *mut u8, _: usize, _: usize, _: bool) -> *mut u8 {
        ptr::null_mut()
    }

    fn free_part(&self, piece: *mut u8, old: usize, new: usize) -> bool {
        self.0.take_back(piece.addr() + new, piece.addr() + old)
    }

    fn free(&self, piece: *mut u8, size: usize) -> bool {
        self.0.take_back(piece.addr(), piece.addr() + size)
    }

    /// Commands keep what they have been given.
    fn can_release_part(&self, _: u32) -> bool {
        ptr::eq(self.0, &raw const STAYERS)
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
