//! arm (v7, EABI): how to make a system call, and how the kernel enters a program.

use core::arch::asm;

/// How the kernel's filters call this architecture.
pub(crate) const AUDIT_ARCH: u32 = linux_raw_sys::ptrace::AUDIT_ARCH_ARM;

/// One system call of up to five arguments; a negative result is an errno.
///
/// # Safety
/// The arguments must be what the call of that number asks for (see its man page).
pub(super) unsafe fn syscall5(number: u32, a: usize, b: usize, c: usize, d: usize, e: usize) -> isize {
    let result: isize;
    // SAFETY: the caller vouches for the arguments; the kernel changes r0 only.
    unsafe {
        asm!(
            "svc 0",
            in("r7") number,
            inlateout("r0") a => result,
            in("r1") b,
            in("r2") c,
            in("r3") d,
            in("r4") e,
            options(nostack),
        );
    }
    result
}

/// Defines `_start`, which calls `extern "C" fn(*const usize) -> !` with the initial stack pointer.
#[doc(hidden)]
#[macro_export]
macro_rules! start {
    ($entered:path) => {
        // SAFETY: the kernel enters here once, with the stack that the psABI describes; nothing calls it.
        #[unsafe(no_mangle)]
        #[unsafe(naked)]
        unsafe extern "C" fn _start() -> ! {
            core::arch::naked_asm!(
                "mov r11, #0", // the outermost frame
                "mov lr, #0",  // nowhere to return to
                "mov r0, sp",  // the first argument: where argc stands
                "lsr r1, r0, #9",
                "lsl r1, r1, #9",
                "mov sp, r1",  // our frames in one page; a multiple of 8, too
                "b {entered}", // it never comes back
                entered = sym $entered,
            )
        }
    };
}
