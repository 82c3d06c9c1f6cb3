//! No piece has two owners, and each goes back to whose it is.

use std::alloc::{GlobalAlloc, Layout};
use std::sync::atomic::Ordering;
use std::{slice, thread};

use super::{COMMANDS, Heap, LARGE, LARGE_OF_STAYERS, STAYERS, Stay, stay, trim};

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

/// How much more of the range is in use after so many pieces were taken by one thread and given by another.
fn passed_on(turns: usize) -> usize {
    let before = COMMANDS.used.load(Ordering::Relaxed);
    thread::scope(|scope| {
        let (sender, receiver) = std::sync::mpsc::sync_channel::<Vec<usize>>(1);
        let layout = Layout::from_size_align(100, 8).expect("a layout");
        scope.spawn(move || {
            for pieces in receiver {
                for piece in pieces {
                    // SAFETY: taken by the other, of this layout, and handed over.
                    unsafe { Heap.dealloc(std::ptr::with_exposed_provenance_mut(piece), layout) };
                }
            }
        });
        for _ in 0..turns {
            // SAFETY: no size is nought.
            let pieces = (0..1000).map(|_| unsafe { Heap.alloc(layout) }.expose_provenance()).collect();
            sender.send(pieces).expect("who gives them");
        }
    });
    COMMANDS.used.load(Ordering::Relaxed) - before
}

/// One after the other, for who stays does so for good.
#[test]
fn no_two_have_one_piece_and_an_address_tells_whose_it_is() {
    let used = passed_on(200);
    assert!(used < 2 << 20, "{used} bytes for twenty megabytes that went by");
    let mut piece = Piece::new(100, 8, 2);
    assert!(COMMANDS.has(piece.at));
    piece.resize(LARGE);
    assert!(!COMMANDS.has(piece.at), "what is large is musl's");
    piece.resize(100);
    assert!(!COMMANDS.has(piece.at), "and stays where it is");
    let mut piece = Piece::new(LARGE - 1, 4096, 3);
    assert!(COMMANDS.has(piece.at));
    thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || drop(use_it(thread)));
        }
    });
    let old = use_it(1);
    stay(Stay::AtOnce);
    assert!(!COMMANDS.has(Piece::new(100, 8, 4).at) && !STAYERS.has(Piece::new(100, 8, 5).at), "it is musl's");
    stay(Stay::AtRest);
    for byte in [4, 5] {
        let piece = Piece::new(100, 8, byte);
        assert!(STAYERS.has(piece.at) && !COMMANDS.has(piece.at), "who stays has one of their own");
    }
    // From the one to the other, and given back to whose it is.
    piece.resize(LARGE_OF_STAYERS / 2);
    assert!(STAYERS.has(piece.at) && old.iter().any(|piece| COMMANDS.has(piece.at)));
    thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || drop(use_it(thread)));
        }
    });
    drop((0..80).map(|byte| Piece::new(LARGE_OF_STAYERS - 1, 8, byte)).collect::<Vec<_>>());
    let used = || STAYERS.used.load(Ordering::Relaxed);
    assert!(used() > 80 * (LARGE_OF_STAYERS - 1), "a megabyte is kept for what comes next");
    trim();
    assert!(used() < 20 * LARGE_OF_STAYERS, "{} bytes are kept, and half of one piece is in use", used());
    // What was given back is as good as new.
    drop(use_it(2));
}
