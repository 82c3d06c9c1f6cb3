//! Small pieces: each thread has lists of those that are free, one for each size, and takes no lock for what is on them.
//!
//! What a list lacks is cut off a block of the range. What is given back goes to the thread that gives it, whoever has
//! taken it; what one has many of goes on to everybody, so that who takes only what another gives has it back.

use std::alloc::Layout;
use std::cell::UnsafeCell;
use std::ptr;
use std::sync::{Mutex, PoisonError};

use dlmalloc::Allocator;

use super::{COMMANDS, HEAP, Range, lock};

/// Sizes are multiples of this, and so are addresses.
const GRAIN: usize = 16;
/// The largest.
const LARGEST: usize = 1024;
const CLASSES: usize = LARGEST / GRAIN;
/// How much of the range a thread has at once. What is not touched costs nothing.
const BLOCK: usize = 64 << 10;
/// How many pieces go on to everybody at once.
const MANY: usize = 64;

/// A size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Class(usize);

impl Class {
    /// The size for this layout, if that is small.
    pub(super) fn of(layout: Layout) -> Option<Self> {
        let is_small = layout.size() <= LARGEST && layout.align() <= GRAIN;
        is_small.then(|| Self(layout.size().saturating_sub(1) / GRAIN))
    }

    fn size(self) -> usize {
        (self.0 + 1) * GRAIN
    }
}

/// What is in a piece that is free.
struct Free {
    next: *mut Free,
    /// In the first of many that everybody may take: the first of the next many.
    next_many: *mut Free,
}
const _: () = assert!(size_of::<Free>() <= GRAIN);

/// What is free of one size.
#[derive(Clone, Copy)]
struct List {
    first: *mut Free,
    /// How many.
    length: usize,
}

/// What a thread has.
struct Own {
    lists: [List; CLASSES],
    /// What is left of the block.
    at: *mut u8,
    left: usize,
}

thread_local! {
    /// Not dropped: what a thread leaves that ends is lost to who ends with it.
    static OWN: UnsafeCell<Own> = const {
        UnsafeCell::new(Own { lists: [List { first: ptr::null_mut(), length: 0 }; CLASSES], at: ptr::null_mut(), left: 0 })
    };
}

/// What everybody may take, many at once.
struct Shared([*mut Free; CLASSES]);

// SAFETY: these are pieces that nobody has.
unsafe impl Send for Shared {}

static SHARED: Mutex<Shared> = Mutex::new(Shared([ptr::null_mut(); CLASSES]));

/// Lends what this thread has; nothing that is done with it comes back here.
fn with_own<T>(work: impl FnOnce(&mut Own) -> T) -> T {
    // SAFETY: this thread's own, and borrowed by one at a time: no work calls the allocator, nor does a signal's handler.
    OWN.with(|own| work(unsafe { &mut *own.get() }))
}

/// A piece that nobody has; null if there is no room for one.
pub(super) fn take(class: Class) -> *mut u8 {
    with_own(|own| {
        let list = &mut own.lists[class.0];
        if list.first.is_null() {
            let many = take_many(class);
            if many.is_null() {
                return own.cut(class.size());
            }
            *list = List { first: many, length: MANY };
        }
        let piece = list.first;
        // SAFETY: what is on a list is free, and has its next in it.
        list.first = unsafe { (*piece).next };
        list.length -= 1;
        piece.cast()
    })
}

/// Takes a piece back.
///
/// # Safety
/// It was [taken](take) as one of this class, and nobody uses it any more.
pub(super) unsafe fn give(piece: *mut u8, class: Class) {
    let piece = piece.cast::<Free>();
    with_own(|own| {
        let list = &mut own.lists[class.0];
        if list.length == MANY {
            // SAFETY: the first of a list of free pieces of this class, which are nobody's from now on.
            unsafe { give_many(list.first, class) };
            *list = List { first: ptr::null_mut(), length: 0 };
        }
        // SAFETY: it is nobody's, aligned, and long enough.
        unsafe { piece.write(Free { next: list.first, next_many: ptr::null_mut() }) };
        list.first = piece;
        list.length += 1;
    });
}

impl Own {
    /// Cuts a piece off the block, or off a new one.
    fn cut(&mut self, size: usize) -> *mut u8 {
        if self.left < size {
            // What is left of the old one is lost: less than the largest piece.
            let range = lock(&HEAP);
            let (block, length, _) = Range(&COMMANDS).alloc(BLOCK);
            drop(range);
            if block.is_null() {
                return block;
            }
            (self.at, self.left) = (block, length);
        }
        let piece = self.at;
        self.at = piece.wrapping_add(size);
        self.left -= size;
        piece
    }
}

/// The first of many that somebody has given; null if there are none.
fn take_many(class: Class) -> *mut Free {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    let first = shared.0[class.0];
    if !first.is_null() {
        // SAFETY: what is there is free, and the first of many.
        shared.0[class.0] = unsafe { (*first).next_many };
    }
    first
}

/// Gives many to everybody.
///
/// # Safety
/// The first of a list of pieces of this class that nobody has.
unsafe fn give_many(first: *mut Free, class: Class) {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: it is free, says the caller.
    unsafe { (*first).next_many = shared.0[class.0] };
    shared.0[class.0] = first;
}
