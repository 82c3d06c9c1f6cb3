//! The functions that compiled Rust calls by name and a libc would have: copying, filling, comparing.
//!
//! # Safety
//! Each has the contract of its namesake in C, and the compiler is the only caller. The empty
//! assembly in each loop keeps the compiler from seeing the function in its own body and calling it.

use core::arch::asm;

macro_rules! keep_the_loop {
    () => {
        // SAFETY: no instruction at all.
        unsafe { asm!("", options(nomem, nostack, preserves_flags)) }
    };
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, length: usize) -> *mut u8 {
    for place in 0..length {
        keep_the_loop!();
        // SAFETY: the caller owns `length` bytes at `from`.
        let byte = unsafe { *from.wrapping_add(place) };
        // SAFETY: and as many at `to`.
        unsafe { *to.wrapping_add(place) = byte };
    }
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, length: usize) -> *mut u8 {
    if (to as usize) < from as usize {
        // SAFETY: forwards, what is read has not been written yet.
        return unsafe { memcpy(to, from, length) };
    }
    for place in (0..length).rev() {
        keep_the_loop!();
        // SAFETY: the caller owns `length` bytes at `from`.
        let byte = unsafe { *from.wrapping_add(place) };
        // SAFETY: and as many at `to`.
        unsafe { *to.wrapping_add(place) = byte };
    }
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memset(to: *mut u8, byte: i32, length: usize) -> *mut u8 {
    for place in 0..length {
        keep_the_loop!();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as C has it: the low byte")]
        let byte = byte as u8;
        // SAFETY: the caller owns `length` bytes at `to`.
        unsafe { *to.wrapping_add(place) = byte };
    }
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(one: *const u8, other: *const u8, length: usize) -> i32 {
    for place in 0..length {
        keep_the_loop!();
        // SAFETY: the caller owns `length` bytes at `one`.
        let left = unsafe { *one.wrapping_add(place) };
        // SAFETY: and as many at `other`.
        let right = unsafe { *other.wrapping_add(place) };
        if left != right {
            return i32::from(left) - i32::from(right);
        }
    }
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(one: *const u8, other: *const u8, length: usize) -> i32 {
    // SAFETY: the same contract.
    unsafe { memcmp(one, other, length) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn strlen(string: *const u8) -> usize {
    let mut length = 0;
    // SAFETY: the string goes on until its closing zero, past which this never steps.
    while unsafe { *string.wrapping_add(length) } != 0 {
        keep_the_loop!();
        length += 1;
    }
    length
}
