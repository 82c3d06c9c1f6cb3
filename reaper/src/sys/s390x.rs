//! s390x: how to make a system call, and how the kernel enters a program.

use core::arch::asm;

/// How the kernel's filters call this architecture.
pub(crate) const AUDIT_ARCH: u32 = linux_raw_sys::ptrace::AUDIT_ARCH_S390X;

/// One system call of up to five arguments; a negative result is an errno.
///
/// # Safety
/// The arguments must be what the call of that number asks for (see its man page).
pub(super) unsafe fn syscall5(number: u32, a: usize, b: usize, c: usize, d: usize, e: usize) -> isize {
    let result: isize;
    // SAFETY: the caller vouches for the arguments; the kernel changes r2 only.
    unsafe {
        asm!(
            "svc 0",
            in("r1") number as usize,
            inlateout("r2") a => result,
            in("r3") b,
            in("r4") c,
            in("r5") d,
            in("r6") e,
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
        // SAFETY: the kernel enters here once, with the stack that the ABI describes; nothing calls it.
        #[unsafe(no_mangle)]
        #[unsafe(naked)]
        unsafe extern "C" fn _start() -> ! {
            core::arch::naked_asm!(
                "lgr %r2, %r15",          // the first argument: where argc stands
                "nill %r15, 0xfe00",      // our frames in one page; a multiple of 8, too
                "aghi %r15, -160",        // where a callee saves our registers
                "xc 0(8,%r15), 0(%r15)",  // the outermost frame
                "jg {entered}",           // it never comes back
                entered = sym $entered,
            )
        }
    };
}
