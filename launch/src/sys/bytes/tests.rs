//! What the functions in the place of musl's do, held against Rust's own.

use std::cmp::Ordering;
use std::ffi::{c_int, c_void};

use super::{bcmp, memcmp, memcpy, memmove, memset};

/// Longer than all that is a case of its own, and some steps of the loop.
const LONGEST: usize = 330;
/// What lies around, so that a byte too many is seen.
const AROUND: usize = 80;

fn text(seed: usize) -> Vec<u8> {
    (0..LONGEST + 2 * AROUND).map(|at| u8::try_from((at * 131 + seed * 7 + at / 13) % 251).expect("a byte")).collect()
}

fn at(text: &mut [u8], place: usize) -> *mut c_void {
    text[place..].as_mut_ptr().cast()
}

#[test]
fn as_many_bytes_are_copied_as_were_asked_for_and_none_around_them() {
    for length in 0..=LONGEST {
        for (from, to) in [(0, 0), (1, 16), (15, 3), (AROUND, AROUND - 1)] {
            let (mut source, mut target) = (text(1), text(2));
            let mut expected = target.clone();
            expected[to..to + length].copy_from_slice(&source[from..from + length]);
            // SAFETY: both are so long, and neither is part of the other.
            let back = unsafe { memcpy(at(&mut target, to), at(&mut source, from), length) };
            assert_eq!(back, at(&mut target, to));
            assert!(target == expected, "{length} bytes from {from} to {to}");
        }
    }
}

#[test]
fn what_overlaps_is_moved_whole_to_either_side() {
    for length in 0..=LONGEST {
        for shift in [0, 1, 2, 7, 15, 16, 31, 63, 64, 65, AROUND] {
            for (from, to) in [(AROUND, AROUND - shift), (AROUND, AROUND + shift)] {
                let mut moved = text(3);
                let mut expected = moved.clone();
                expected.copy_within(from..from + length, to);
                let (source, target) = (at(&mut moved, from).cast_const(), at(&mut moved, to));
                // SAFETY: both are so long.
                unsafe { memmove(target, source, length) };
                assert!(moved == expected, "{length} bytes from {from} to {to}");
            }
        }
    }
}

#[test]
fn as_many_bytes_are_filled_as_were_asked_for_and_none_around_them() {
    for length in 0..=LONGEST {
        for (place, byte) in [(0, 0), (1, 255), (AROUND, 0x1_5a)] {
            let mut filled = text(4);
            let mut expected = filled.clone();
            expected[place..place + length].fill(u8::try_from(byte & 0xff).expect("a byte"));
            // SAFETY: it is so long.
            unsafe { memset(at(&mut filled, place), byte, length) };
            assert!(filled == expected, "{length} times {byte} at {place}");
        }
    }
}

#[test]
fn the_first_byte_that_differs_decides_which_is_less() {
    let sign = |found: c_int| found.cmp(&0);
    for length in 0..=LONGEST {
        let (mut one, mut other) = (text(5), text(5));
        // What comes after is not looked at.
        other[3 + length] ^= 0x80;
        let (left, right) = (at(&mut one, 3).cast_const(), at(&mut other, 3).cast_const());
        // SAFETY: both are so long.
        let (found, same) = unsafe { (memcmp(left, right, length), bcmp(left, right, length)) };
        assert_eq!((sign(found), same), (Ordering::Equal, 0), "{length} bytes alike");
        for place in 0..length {
            let mut other = one.clone();
            other[3 + place] ^= 0x80;
            // A later one that differs the other way round has no say.
            other[3 + length - 1] = if place + 1 == length { other[3 + place] } else { 255 - other[3 + place] };
            let expected = one[3..3 + length].cmp(&other[3..3 + length]);
            let (left, right) = (at(&mut one, 3).cast_const(), at(&mut other, 3).cast_const());
            // SAFETY: both are so long.
            let (found, same) = unsafe { (memcmp(left, right, length), bcmp(left, right, length)) };
            assert_eq!(sign(found), expected, "{length} bytes, {place} differs");
            assert_ne!(same, 0);
        }
    }
}
