//! Copying, filling and comparing under musl, in the place of musl's own.
//!
//! musl copies by `rep movs`, which takes as long to begin as a hundred bytes take, and compares byte by byte. What reads
//! a megabyte of text does little else than copy and compare a few bytes, and takes half as long with these. They use
//! what every x86-64 has: to ask what more this one has takes an instruction that a virtual machine traps.
//!
//! # Safety
//! Each has the contract of its namesake in C. What is loaded is part of what the caller owns: the first and the last
//! bytes of it, which may overlap. Of one step all is loaded before anything is stored. The empty assembly in each loop
//! keeps the compiler from seeing the function in its own body and calling it.

#![allow(clippy::multiple_unsafe_ops_per_block, reason = "all of a block are the same, of neighbouring places")]

use std::arch::asm;
use std::arch::x86_64::{__m128i, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_set1_epi8, _mm_storeu_si128};
use std::ffi::{c_int, c_void};

/// What is loaded and stored at once.
const WORD: usize = size_of::<__m128i>();
/// What a loop does in one turn.
const STEP: usize = 4 * WORD;
/// All of a word's bytes are alike.
const ALIKE: c_int = 0xffff;

/// Nothing, of which the compiler does not know that.
#[inline(always)]
fn keep_the_loop() {
    // SAFETY: no instruction at all.
    unsafe { asm!("", options(nostack, preserves_flags)) }
}

/// # Safety
/// Sixteen bytes may be read there.
unsafe fn load(from: *const u8) -> __m128i {
    // SAFETY: the caller's word.
    unsafe { _mm_loadu_si128(from.cast()) }
}

/// # Safety
/// Sixteen bytes may be written there.
unsafe fn store(to: *mut u8, word: __m128i) {
    // SAFETY: the caller's word.
    unsafe { _mm_storeu_si128(to.cast(), word) }
}

/// # Safety
/// As many bytes as four words have may be read there.
unsafe fn load_step(from: *const u8) -> [__m128i; 4] {
    // SAFETY: the caller's word.
    unsafe { [load(from), load(from.add(WORD)), load(from.add(2 * WORD)), load(from.add(3 * WORD))] }
}

/// # Safety
/// As many bytes as four words have may be written there.
unsafe fn store_step(to: *mut u8, [first, second, third, fourth]: [__m128i; 4]) {
    // SAFETY: the caller's word.
    unsafe {
        store(to, first);
        store(to.add(WORD), second);
        store(to.add(2 * WORD), third);
        store(to.add(3 * WORD), fourth);
    }
}

/// Copies the first and the last `T` of what is at least as long as one and at most as long as two.
///
/// # Safety
/// As of [`copy`].
unsafe fn copy_ends<T>(to: *mut u8, from: *const u8, length: usize) {
    let last = length - size_of::<T>();
    // SAFETY: both are within `length`.
    unsafe {
        let (head, tail) = (from.cast::<T>().read_unaligned(), from.add(last).cast::<T>().read_unaligned());
        to.cast::<T>().write_unaligned(head);
        to.add(last).cast::<T>().write_unaligned(tail);
    }
}

/// # Safety
/// `length` bytes may be read there, and written there; they may overlap.
unsafe fn copy(to: *mut u8, from: *const u8, length: usize) {
    // SAFETY: each case loads and stores within `length`.
    unsafe {
        match length {
            0 => {}
            1 => to.write(from.read()),
            2..4 => copy_ends::<u16>(to, from, length),
            4..8 => copy_ends::<u32>(to, from, length),
            8..=16 => copy_ends::<u64>(to, from, length),
            17..=32 => copy_ends::<__m128i>(to, from, length),
            33..=STEP => copy_ends::<[__m128i; 2]>(to, from, length),
            _ => copy_many(to, from, length),
        }
    }
}

/// # Safety
/// As of [`copy`], of more bytes than a step has.
unsafe fn copy_many(to: *mut u8, from: *const u8, length: usize) {
    let last = length - STEP;
    // SAFETY: `at` and `last` are places of whole steps.
    unsafe {
        // Forwards, unless that would overwrite what is still to be read.
        if to.addr().wrapping_sub(from.addr()) >= length {
            let tail = load_step(from.add(last));
            let mut at = 0;
            while at < last {
                keep_the_loop();
                store_step(to.add(at), load_step(from.add(at)));
                at += STEP;
            }
            store_step(to.add(last), tail);
        } else {
            let head = load_step(from);
            let mut at = last;
            while at > 0 {
                keep_the_loop();
                store_step(to.add(at), load_step(from.add(at)));
                at = at.saturating_sub(STEP);
            }
            store_step(to, head);
        }
    }
}

/// # Safety
/// `length` bytes may be written there.
unsafe fn fill(to: *mut u8, byte: u8, length: usize) {
    let many = u64::from(byte) * 0x0101_0101_0101_0101;
    #[allow(clippy::cast_possible_truncation, reason = "all of its bytes are the same")]
    let (four, two) = (many as u32, many as u16);
    // SAFETY: each case stores within `length`.
    unsafe {
        let word = _mm_set1_epi8(byte.cast_signed());
        match length {
            0 => {}
            1 => to.write(byte),
            2..4 => store_ends(to, two, length),
            4..8 => store_ends(to, four, length),
            8..16 => store_ends(to, many, length),
            16..=32 => store_ends(to, word, length),
            33..=STEP => store_ends(to, [word; 2], length),
            _ => {
                let (last, mut at) = (length - STEP, 0);
                while at < last {
                    keep_the_loop();
                    store_step(to.add(at), [word; 4]);
                    at += STEP;
                }
                store_step(to.add(last), [word; 4]);
            }
        }
    }
}

/// Stores a `T` as the first and as the last of what is at least as long as one and at most as long as two.
///
/// # Safety
/// As of [`fill`].
unsafe fn store_ends<T: Copy>(to: *mut u8, value: T, length: usize) {
    // SAFETY: both are within `length`.
    unsafe {
        to.cast::<T>().write_unaligned(value);
        to.add(length - size_of::<T>()).cast::<T>().write_unaligned(value);
    }
}

/// Less than 0, 0, or more than 0.
///
/// # Safety
/// `length` bytes may be read of both.
unsafe fn compare(one: *const u8, other: *const u8, length: usize) -> c_int {
    if length < WORD {
        // SAFETY: the caller's own.
        return unsafe { compare_few(one, other, length) };
    }
    let last = length - WORD;
    let mut at = 0;
    loop {
        keep_the_loop();
        // SAFETY: a word of both, within `length`.
        let alike = unsafe { _mm_movemask_epi8(_mm_cmpeq_epi8(load(one.add(at)), load(other.add(at)))) };
        if alike != ALIKE {
            let place = at + (!alike).trailing_zeros() as usize;
            // SAFETY: the first that differs of this word.
            return unsafe { c_int::from(one.add(place).read()) - c_int::from(other.add(place).read()) };
        }
        if at == last {
            return 0;
        }
        // The last word may overlap the one before.
        at = (at + WORD).min(last);
    }
}

/// # Safety
/// As of [`compare`], of less than a word.
unsafe fn compare_few(one: *const u8, other: *const u8, length: usize) -> c_int {
    macro_rules! ends {
        ($number:ty) => {{
            let last = length - size_of::<$number>();
            let read = |text: *const u8, at: usize| {
                // SAFETY: within `length`.
                <$number>::from_be(unsafe { text.add(at).cast::<$number>().read_unaligned() })
            };
            let (head, tail) = (read(one, 0).cmp(&read(other, 0)), read(one, last).cmp(&read(other, last)));
            head.then(tail) as c_int
        }};
    }
    match length {
        0 => 0,
        // SAFETY: there is one.
        1 => unsafe { c_int::from(one.read()) - c_int::from(other.read()) },
        2..4 => ends!(u16),
        4..8 => ends!(u32),
        _ => ends!(u64),
    }
}

#[cfg_attr(target_env = "musl", unsafe(no_mangle))]
unsafe extern "C" fn memcpy(to: *mut c_void, from: *const c_void, length: usize) -> *mut c_void {
    // SAFETY: the caller's own.
    unsafe { copy(to.cast(), from.cast(), length) };
    to
}

#[cfg_attr(target_env = "musl", unsafe(no_mangle))]
unsafe extern "C" fn memmove(to: *mut c_void, from: *const c_void, length: usize) -> *mut c_void {
    // SAFETY: the caller's own.
    unsafe { copy(to.cast(), from.cast(), length) };
    to
}

#[cfg_attr(target_env = "musl", unsafe(no_mangle))]
unsafe extern "C" fn memset(to: *mut c_void, byte: c_int, length: usize) -> *mut c_void {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as C has it: the low byte")]
    let byte = byte as u8;
    // SAFETY: the caller's own.
    unsafe { fill(to.cast(), byte, length) };
    to
}

#[cfg_attr(target_env = "musl", unsafe(no_mangle))]
unsafe extern "C" fn memcmp(one: *const c_void, other: *const c_void, length: usize) -> c_int {
    // SAFETY: the caller's own.
    unsafe { compare(one.cast(), other.cast(), length) }
}

#[cfg_attr(target_env = "musl", unsafe(no_mangle))]
unsafe extern "C" fn bcmp(one: *const c_void, other: *const c_void, length: usize) -> c_int {
    // SAFETY: the caller's own.
    unsafe { compare(one.cast(), other.cast(), length) }
}

#[cfg(test)]
mod tests;
