//! powerpc64le (ELFv2): how to make a system call, and how the kernel enters a program.
//!
//! Inline assembly of this architecture is stable since Rust 1.95.

use core::arch::asm;

/// How the kernel's filters call this architecture.
pub(crate) const AUDIT_ARCH: u32 = linux_raw_sys::ptrace::AUDIT_ARCH_PPC64LE;

/// One system call of up to five arguments; a negative result is an errno.
///
/// # Safety
/// The arguments must be what the call of that number asks for (see its man page).
///
/// # References
/// `Documentation/arch/powerpc/syscall64-abi.rst` of the kernel: what is volatile
pub(super) unsafe fn syscall5(number: u32, a: usize, b: usize, c: usize, d: usize, e: usize) -> isize {
    let result: isize;
    // SAFETY: the caller vouches for the arguments; what the kernel may change besides r3 is named.
    unsafe {
        asm!(
            "sc",
            "bns+ 2f", // an errno comes back positive, with the summary overflow bit set
            "neg 3, 3",
            "2:",
            inlateout("r0") number as usize => _,
            inlateout("r3") a => result,
            inlateout("r4") b => _,
            inlateout("r5") c => _,
            inlateout("r6") d => _,
            inlateout("r7") e => _,
            lateout("r8") _,
            lateout("r9") _,
            lateout("r10") _,
            lateout("r11") _,
            lateout("r12") _,
            lateout("cr0") _,
            lateout("ctr") _,
            lateout("xer") _,
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
        // SAFETY: the kernel enters here once, with the stack that the ABI describes and the
        // address of this function in r12; nothing calls it.
        #[unsafe(no_mangle)]
        #[unsafe(naked)]
        unsafe extern "C" fn _start() -> ! {
            core::arch::naked_asm!(
                "addis 2, 12, .TOC.-_start@ha", // what constants are addressed by
                "addi 2, 2, .TOC.-_start@l",
                "mr 3, 1",           // the first argument: where argc stands
                "clrrdi 1, 1, 9",    // our frames in one page; a multiple of 16, too
                "li 0, 0",
                "stdu 0, -32(1)",    // the outermost frame
                "bl {entered}",      // it never comes back
                "nop",
                entered = sym $entered,
            )
        }
    };
}
