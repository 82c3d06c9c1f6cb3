//! `clone3` on our memory with a stack of its own, for which no library has a function.

use std::ffi::{c_int, c_void};
use std::mem::size_of;

use clone3::CloneArgs;
use nix::errno::Errno;

/// What the child runs; it never returns.
type Run = extern "C" fn(*mut c_void) -> c_int;

/// Clones, and has the child call `run` with `errand` on the stack that the arguments name.
///
/// # Safety
/// The arguments hold `CLONE_VM` and `CLONE_VFORK`, a stack that nobody else uses, aligned to 16 at its end, and
/// pointers that the kernel may write to; `run` may be called with `errand`, and never returns.
pub(super) unsafe fn clone3(args: &CloneArgs, run: Run, errand: *mut c_void) -> Result<i32, Errno> {
    // SAFETY: the caller vouches for all of it.
    let result = unsafe { clone3_raw(args, size_of::<CloneArgs>(), run, errand) };
    match i32::try_from(result) {
        Ok(pid) if pid >= 0 => Ok(pid),
        Ok(errno) => Err(Errno::from_raw(-errno)),
        // No pid is that large.
        Err(_) => Err(Errno::EOVERFLOW),
    }
}

/// A pid, or an errno that is negative.
// SAFETY: the kernel changes rax, rcx and r11 only. The child has all our registers but for its stack, so it finds
// there whom to call with what; it has no frame to go back to, nor does it.
#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
unsafe extern "C" fn clone3_raw(args: *const CloneArgs, size: usize, run: Run, errand: *mut c_void) -> isize {
    core::arch::naked_asm!(
        "mov r8, rcx", // what the kernel writes its return address over
        "mov eax, {number}",
        "syscall",
        "test rax, rax",
        "jz 2f",
        "ret",
        "2:",
        "xor ebp, ebp", // the outermost frame
        "mov rdi, r8",
        "call rdx",
        "ud2",
        number = const libc::SYS_clone3,
    )
}

/// A pid, or an errno that is negative.
// SAFETY: the kernel changes x0 only. The child has all our registers but for its stack, so it finds there whom to
// call with what; it has no frame to go back to, nor does it.
#[cfg(target_arch = "aarch64")]
#[unsafe(naked)]
unsafe extern "C" fn clone3_raw(args: *const CloneArgs, size: usize, run: Run, errand: *mut c_void) -> isize {
    core::arch::naked_asm!(
        "mov x8, {number}",
        "svc 0",
        "cbz x0, 2f",
        "ret",
        "2:",
        "mov x29, xzr", // the outermost frame
        "mov x30, xzr",
        "mov x0, x3",
        "blr x2",
        "brk 1",
        number = const libc::SYS_clone3,
    )
}
