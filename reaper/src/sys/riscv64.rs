//! riscv64: how to make a system call, and how the kernel enters a program.

use core::arch::asm;

/// How the kernel's filters call this architecture.
pub(crate) const AUDIT_ARCH: u32 = linux_raw_sys::ptrace::AUDIT_ARCH_RISCV64;

/// One system call of up to five arguments; a negative result is an errno.
///
/// # Safety
/// The arguments must be what the call of that number asks for (see its man page).
pub(super) unsafe fn syscall5(number: u32, a: usize, b: usize, c: usize, d: usize, e: usize) -> isize {
    let result: isize;
    // SAFETY: the caller vouches for the arguments; the kernel changes a0 only.
    unsafe {
        asm!(
            "ecall",
            in("a7") number as usize,
            inlateout("a0") a => result,
            in("a1") b,
            in("a2") c,
            in("a3") d,
            in("a4") e,
            options(nostack),
        );
    }
    result
}

/// Defines `_start`, which calls `extern "C" fn(*const usize) -> !` with the initial stack pointer.
///
/// The global pointer stays unset: nothing is linked relative to it, for no script of ours names it.
#[doc(hidden)]
#[macro_export]
macro_rules! start {
    ($entered:path) => {
        // SAFETY: the kernel enters here once, with the stack that the psABI describes; nothing calls it.
        #[unsafe(no_mangle)]
        #[unsafe(naked)]
        unsafe extern "C" fn _start() -> ! {
            core::arch::naked_asm!(
                "mv fp, zero",        // the outermost frame
                "mv ra, zero",        // nowhere to return to
                "mv a0, sp",          // the first argument: where argc stands
                "andi sp, sp, -512",  // our frames in one page; a multiple of 16, too
                "tail {entered}",     // it never comes back
                entered = sym $entered,
            )
        }
    };
}
