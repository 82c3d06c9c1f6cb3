//! x86_64: how to make a system call, and how the kernel enters a program.

use core::arch::asm;

/// How the kernel's filters call this architecture.
pub(crate) const AUDIT_ARCH: u32 = linux_raw_sys::ptrace::AUDIT_ARCH_X86_64;

/// One system call of up to five arguments; a negative result is an errno.
///
/// # Safety
/// The arguments must be what the call of that number asks for (see its man page).
pub(super) unsafe fn syscall5(number: u32, a: usize, b: usize, c: usize, d: usize, e: usize) -> isize {
    let result: isize;
    // SAFETY: the caller vouches for the arguments; the instruction changes rax, rcx and r11 only.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number as usize => result,
            in("rdi") a,
            in("rsi") b,
            in("rdx") c,
            in("r10") d,
            in("r8") e,
            lateout("rcx") _, // the kernel's return address
            lateout("r11") _, // the kernel's copy of the flags
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
                "mov rdi, rsp",   // the first argument: where argc stands
                "and rsp, -512",  // our frames in one page; a multiple of 16, too, as a call wants it
                "call {entered}", // it never comes back
                entered = sym $entered,
            )
        }
    };
}
