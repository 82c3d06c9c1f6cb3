//! Where memory comes from under musl.
//!
//! musl's own allocator asks the kernel for every few pages, and gives them back at once: right for who stays, and a
//! fifth of a life of half a millisecond. dlmalloc keeps what it has been given. So a command has dlmalloc, which lives
//! in one range of addresses; who [`stay`]s has musl's from then on; and an address tells whose a piece is.
//!
//! # Safety
//! The range is ours, and grows upwards, by what has never been handed out before. dlmalloc is asked by one at a time:
//! its lock is held by nobody who may end or be cloned meanwhile, for what is cloned here allocates nothing.

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

fn is_for_range(layout: Layout) -> bool {
    layout.size() < LARGE && layout.align() <= PAGE && !STAYS.load(Ordering::Relaxed)
}

// SAFETY: each piece comes from one of two allocators, and goes back to the one whose range it is in.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if is_for_range(layout) {
            // SAFETY: the caller's layout has a size.
            let piece = unsafe { heap().malloc(layout.size(), layout.align()) };
            if !piece.is_null() {
                return piece;
            }
        }
        // SAFETY: as above.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if is_for_range(layout) {
            // SAFETY: the caller's layout has a size.
            let piece = unsafe { heap().calloc(layout.size(), layout.align()) };
            if !piece.is_null() {
                return piece;
            }
        }
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, piece: *mut u8, layout: Layout) {
        if is_in_range(piece) {
            // SAFETY: dlmalloc's, by its address, and of this layout, says the caller.
            unsafe { heap().free(piece, layout.size(), layout.align()) };
        } else {
            // SAFETY: musl's, by its address, and of this layout, says the caller.
            unsafe { System.dealloc(piece, layout) };
        }
    }

    unsafe fn realloc(&self, piece: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !is_in_range(piece) {
            // SAFETY: musl's, by its address, and of this layout, says the caller.
            return unsafe { System.realloc(piece, layout, size) };
        }
        if size < LARGE && !STAYS.load(Ordering::Relaxed) {
            // SAFETY: dlmalloc's, by its address, and of this layout, says the caller.
            let moved = unsafe { heap().realloc(piece, layout.size(), layout.align(), size) };
            if !moved.is_null() {
                return moved;
            }
        }
        // SAFETY: the caller promises that this size makes a layout.
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        // SAFETY: a layout with a size.
        let moved = unsafe { System.alloc(wanted) };
        if !moved.is_null() {
            // SAFETY: both are at least so long, and none is part of the other.
            unsafe { ptr::copy_nonoverlapping(piece, moved, layout.size().min(size)) };
            // SAFETY: dlmalloc's, of this layout, and used no more.
            unsafe { heap().free(piece, layout.size(), layout.align()) };
        }
        moved
    }
}

/// What dlmalloc has its memory from: one range of addresses, of which nothing is ever given back.
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
mod tests {
    use std::alloc::{GlobalAlloc, Layout};
    use std::{slice, thread};

    use super::{Heap, LARGE, is_in_range, stay};

    /// A piece, filled with a byte of its own.
    struct Piece {
        at: *mut u8,
        layout: Layout,
        byte: u8,
    }

    impl Piece {
        fn new(size: usize, align: usize, byte: u8) -> Self {
            let layout = Layout::from_size_align(size, align).expect("a layout");
            let at = if byte.is_multiple_of(2) {
                // SAFETY: no size is nought.
                unsafe { Heap.alloc(layout) }
            } else {
                // SAFETY: no size is nought.
                unsafe { Heap.alloc_zeroed(layout) }
            };
            assert!(!at.is_null() && at.addr().is_multiple_of(align));
            let mut piece = Self { at, layout, byte };
            assert!(byte.is_multiple_of(2) || piece.bytes().iter().all(|byte| *byte == 0), "zeroed");
            piece.bytes().fill(byte);
            piece
        }

        fn bytes(&mut self) -> &mut [u8] {
            // SAFETY: it is so long, and ours.
            unsafe { slice::from_raw_parts_mut(self.at, self.layout.size()) }
        }

        fn resize(&mut self, size: usize) {
            let kept = self.layout.size().min(size);
            // SAFETY: of this layout, and no size is nought.
            self.at = unsafe { Heap.realloc(self.at, self.layout, size) };
            self.layout = Layout::from_size_align(size, self.layout.align()).expect("a layout");
            let byte = self.byte;
            assert!(self.at.addr().is_multiple_of(self.layout.align()));
            assert!(self.bytes()[..kept].iter().all(|found| *found == byte), "what was in it is lost");
            self.bytes().fill(byte);
        }
    }

    impl Drop for Piece {
        fn drop(&mut self) {
            let byte = self.byte;
            assert!(self.bytes().iter().all(|found| *found == byte), "somebody else wrote into it");
            // SAFETY: of this layout, and dropped once.
            unsafe { Heap.dealloc(self.at, self.layout) };
        }
    }

    fn use_it(thread: u8) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for turn in 0..4000_usize {
            let byte = thread * 64 + u8::try_from(turn % 64).expect("less than 64");
            pieces.push(Piece::new(1 + turn * 7 % 3000, 1 << (turn % 8), byte));
            let old = turn * 31 % pieces.len();
            pieces[old].resize(1 + turn * 13 % 5000);
            if turn % 3 == 0 {
                pieces.swap_remove(turn * 17 % pieces.len());
                pieces.pop();
            }
        }
        pieces
    }

    /// One after the other, for who stays does so for good.
    #[test]
    fn no_two_have_one_piece_and_an_address_tells_whose_it_is() {
        let mut piece = Piece::new(100, 8, 2);
        assert!(is_in_range(piece.at));
        piece.resize(LARGE);
        assert!(!is_in_range(piece.at), "what is large is musl's");
        piece.resize(100);
        assert!(!is_in_range(piece.at), "and stays where it is");
        let mut piece = Piece::new(LARGE - 1, 4096, 3);
        assert!(is_in_range(piece.at));
        thread::scope(|scope| {
            for thread in 0..4 {
                scope.spawn(move || drop(use_it(thread)));
            }
        });
        let old = use_it(1);
        stay();
        assert!(!is_in_range(Piece::new(100, 8, 4).at), "who stays has musl's");
        assert!(!is_in_range(Piece::new(100, 8, 5).at));
        // From the one to the other, and given back to whose it is.
        piece.resize(LARGE / 2);
        assert!(old.iter().any(|piece| is_in_range(piece.at)));
        thread::scope(|scope| {
            for thread in 0..4 {
                scope.spawn(move || drop(use_it(thread)));
            }
        });
    }
}
