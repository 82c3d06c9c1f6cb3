//! The kernel's door: raw system calls with safe signatures, and a program's entry without a libc.
//!
//! # Safety
//! Delicate here: each wrapper hands the kernel the address of something that must live, and be as
//! large as the kernel expects, for the length of the call. Every wrapper borrows it for just that
//! long. `Args` trusts that its pointer is the stack pointer the kernel started the program with;
//! only the entry code of `sys/<arch>.rs` makes one.
//!
//! Errors come back as the kernel gives them: a negative errno. The callers here are processes
//! with nobody to tell, so most wrappers say only what such a caller can act upon.

use core::ffi::CStr;

use linux_raw_sys::general as nr;
use linux_raw_sys::{prctl, ptrace};

#[cfg_attr(target_arch = "x86_64", path = "sys/x86_64.rs")]
#[cfg_attr(target_arch = "aarch64", path = "sys/aarch64.rs")]
#[cfg_attr(target_arch = "arm", path = "sys/arm.rs")]
#[cfg_attr(target_arch = "riscv64", path = "sys/riscv64.rs")]
#[cfg_attr(target_arch = "s390x", path = "sys/s390x.rs")]
#[cfg_attr(target_arch = "powerpc64", path = "sys/powerpc64.rs")]
mod arch;
mod errno;
pub mod file;
pub mod process;
pub mod signals;
pub mod terminal;

pub(crate) use arch::AUDIT_ARCH;
pub use errno::Errno;
pub use signals::{block_exactly, blocked, ignore, wait_for};

/// The size in bytes of the kernel's signal set, which every `rt_sig*` call asks for.
const SIGSET_SIZE: usize = size_of::<crate::SignalSet>();

/// The command line, as the kernel laid it on the initial stack.
#[derive(Clone, Copy, Debug)]
pub struct Args {
    stack: *const usize,
}

impl Args {
    /// The command line on this initial stack.
    ///
    /// # Safety
    /// `stack` must be the stack pointer with which the kernel entered the program: argc, then
    /// argc pointers to C strings, then null. They live as long as the process.
    #[must_use]
    pub const unsafe fn on(stack: *const usize) -> Self {
        Self { stack }
    }

    /// Those of this process, laid out once more as the kernel does, for as long as it lives.
    ///
    /// # Panics
    /// Where std hands out a word that a command line cannot hold, which it never does.
    #[cfg(feature = "std")]
    #[must_use]
    #[allow(clippy::expect_used, reason = "see Panics")]
    pub fn of_this_process() -> Self {
        use std::ffi::{CString, OsString};
        use std::os::unix::ffi::OsStringExt;

        let word = |word: OsString| CString::new(word.into_vec()).expect("no zero in a word").into_raw() as usize;
        let words: std::vec::Vec<_> = std::env::args_os().map(word).collect();
        let variable = |(mut name, value): (OsString, OsString)| {
            name.push("=");
            name.push(value);
            word(name)
        };
        let variables = std::env::vars_os().map(variable);
        let count = words.len();
        let stack: std::vec::Vec<_> = [count].into_iter().chain(words).chain([0]).chain(variables).chain([0]).collect();
        Self { stack: stack.leak().as_ptr() }
    }

    /// The environment, which lies behind the command line.
    #[must_use]
    pub fn environment(self) -> process::Strings {
        // SAFETY: the stack pointer points at argc.
        let count = unsafe { *self.stack };
        // SAFETY: argc, argc pointers and a null further the kernel put the environment, closed by a null.
        unsafe { process::Strings::at(self.stack.wrapping_add(count + 2).cast()) }
    }

    /// Gives back the pages between our frames and the strings of the command line, on which the
    /// kernel handed us pointers and the auxiliary vector. Neither the command line nor the environment is walked again.
    ///
    /// The kernel begins a stack at a random distance, up to two pages, below those strings, so
    /// without this a program has one page more on one start than on another.
    ///
    /// # References
    /// madvise(2), `MADV_DONTNEED`; `arch_align_stack` of the kernel
    pub fn give_back(self) {
        const PAGE: usize = 4096;
        // SAFETY: behind argc stands argv[0], or null.
        let strings = unsafe { *self.stack.wrapping_add(1) };
        // The entry code begins our frames here.
        let frames = self.stack as usize & !(FRAMES - 1);
        let first = (frames + PAGE - 1) & !(PAGE - 1);
        let length = (strings & !(PAGE - 1)).saturating_sub(first);
        // SAFETY: from the first page above our frames to the page of the strings there is nothing
        // but what the kernel put there for us to read, and we have read it. A length of 0, or a
        // larger page than this, changes nothing.
        unsafe { arch::syscall5(nr::__NR_madvise, first, length, nr::MADV_DONTNEED as usize, 0, 0) };
    }
}

/// To what the entry code aligns the stack: enough for the frames of a program as small as these.
const FRAMES: usize = 512;

/// Yields the program's name first, then its arguments.
impl IntoIterator for Args {
    type Item = Arg;
    type IntoIter = ArgsIter;

    fn into_iter(self) -> ArgsIter {
        // Behind argc stands argv.
        ArgsIter { next: self.stack.wrapping_add(1).cast() }
    }
}

/// Walks the command line.
#[derive(Clone, Debug)]
pub struct ArgsIter {
    next: *const *const u8,
}

impl Iterator for ArgsIter {
    type Item = Arg;

    fn next(&mut self) -> Option<Arg> {
        // SAFETY: `next` points into argv, at most at its closing null, past which we never step.
        let bytes = unsafe { *self.next };
        if bytes.is_null() {
            return None;
        }
        self.next = self.next.wrapping_add(1);
        Some(Arg { bytes })
    }
}

/// One argument. Not a `CStr`: that would need `strlen`, and there is no libc to take it from.
#[derive(Clone, Copy, Debug)]
pub struct Arg {
    bytes: *const u8,
}

impl Arg {
    /// The argument's text.
    #[must_use]
    pub fn text(self) -> &'static CStr {
        // SAFETY: it is a C string of the command line, which lives as long as the process.
        unsafe { CStr::from_ptr(self.bytes.cast()) }
    }

    /// Whether the argument reads exactly so.
    #[must_use]
    pub fn is(self, text: &CStr) -> bool {
        // Both end with a zero, so the first difference is met at or before the end of either.
        text.to_bytes_with_nul().iter().enumerate().all(|(index, byte)| {
            // SAFETY: all bytes before this one were equal and none of them the closing zero, so
            // this one still belongs to the argument.
            *byte == unsafe { *self.bytes.wrapping_add(index) }
        })
    }
}

/// Makes `fn(Args) -> !` the program's entry, in a program without a libc.
#[macro_export]
macro_rules! entry {
    ($main:path) => {
        extern "C" fn entered(stack: *const usize) -> ! {
            // SAFETY: `_start` is the only caller and hands over the initial stack pointer.
            $main(unsafe { $crate::sys::Args::on(stack) })
        }

        $crate::start!(entered);
    };
}

/// Ends the process.
///
/// # References
/// _exit(2)
pub fn exit(code: u8) -> ! {
    loop {
        // SAFETY: `exit_group` takes a number and does not return.
        unsafe { arch::syscall5(nr::__NR_exit_group, code.into(), 0, 0, 0, 0) };
    }
}

/// Writes the bytes once; what a broken stderr does not take is lost.
///
/// # References
/// write(2)
pub fn write(fd: i32, bytes: &[u8]) {
    // SAFETY: the kernel reads `bytes.len()` bytes at an address borrowed for the call.
    unsafe { arch::syscall5(nr::__NR_write, fd.cast_unsigned() as usize, bytes.as_ptr() as usize, bytes.len(), 0, 0) };
}

/// Our own pid, as our pid namespace counts.
///
/// # References
/// getpid(2)
#[must_use]
pub fn getpid() -> isize {
    // SAFETY: takes nothing, cannot fail.
    unsafe { arch::syscall5(nr::__NR_getpid, 0, 0, 0, 0, 0) }
}

/// Reaps one child that has ended, if there is one.
///
/// # References
/// wait4(2)
#[must_use]
pub fn reap_one() -> bool {
    const ANY: usize = usize::MAX;
    // SAFETY: neither the status nor the resource usage is asked for.
    unsafe { arch::syscall5(nr::__NR_wait4, ANY, 0, (nr::WNOHANG | nr::__WALL) as usize, 0, 0) > 0 }
}

/// Closes every file descriptor from `first` up; before Linux 5.9 it does nothing.
///
/// # References
/// close_range(2)
pub fn close_from(first: u32) {
    // SAFETY: takes numbers only; whoever calls owns nothing above `first`.
    unsafe { arch::syscall5(nr::__NR_close_range, first as usize, u32::MAX as usize, 0, 0, 0) };
}

/// Changes the working directory.
///
/// # Errors
/// Those of chdir(2).
pub fn chdir(path: &CStr) -> Result<(), Errno> {
    // SAFETY: the kernel reads a C string borrowed for the call.
    Errno::check(unsafe { arch::syscall5(nr::__NR_chdir, path.as_ptr() as usize, 0, 0, 0, 0) }).map(drop)
}

/// Gives up for good every way of gaining privileges by exec.
///
/// # References
/// `PR_SET_NO_NEW_PRIVS`, prctl(2)
pub fn no_new_privs() {
    // SAFETY: takes numbers only; the kernel wants the unused ones to be 0.
    unsafe { arch::syscall5(nr::__NR_prctl, prctl::PR_SET_NO_NEW_PRIVS as usize, 1, 0, 0, 0) };
}

/// From here on only who has `CAP_SYS_PTRACE` may look inside this process; it leaves no core, too.
///
/// # References
/// `PR_SET_DUMPABLE`, prctl(2); ptrace(2) under "Ptrace access mode checking"
pub fn not_dumpable() {
    // SAFETY: takes numbers only.
    unsafe { arch::syscall5(nr::__NR_prctl, prctl::PR_SET_DUMPABLE as usize, 0, 0, 0, 0) };
}

/// From here on the process makes the calls that these instructions of a filter allow, or ends. Asks for
/// [`no_new_privs`] first.
///
/// # References
/// `PR_SET_SECCOMP`, prctl(2); seccomp(2)
pub fn allow_only(instructions: &[ptrace::sock_filter]) {
    #[allow(clippy::cast_possible_truncation, reason = "a filter is far shorter than 65,536 instructions")]
    let program = ptrace::sock_fprog { len: instructions.len() as u16, filter: instructions.as_ptr().cast_mut() };
    let mode = ptrace::SECCOMP_MODE_FILTER as usize;
    // SAFETY: the kernel reads `program`, and as many instructions as it says at the address in it, and
    // writes to neither; both are borrowed for the call.
    unsafe { arch::syscall5(nr::__NR_prctl, prctl::PR_SET_SECCOMP as usize, mode, address(&program), 0, 0) };
}

fn address<T>(of: &T) -> usize {
    core::ptr::from_ref(of) as usize
}
