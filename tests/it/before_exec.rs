//! What a command can be started with that a shell cannot give it: masks, dispositions, filters, pidfds.

use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

/// Has a command start with every signal blocked, those of the C library's own among them.
#[allow(unsafe_code, reason = "pre_exec is the only way to a mask")]
pub(crate) fn block_all_before_exec(command: &mut Command) {
    let block = || {
        let all = u64::MAX;
        // SAFETY: it reads one set in the kernel's layout; the old one is not asked for.
        let done = unsafe {
            libc::syscall(libc::SYS_rt_sigprocmask, libc::SIG_SETMASK, &raw const all, std::ptr::null::<u64>(), 8)
        };
        if done == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
    };
    // SAFETY: runs between fork and exec and makes one system call.
    unsafe { command.pre_exec(block) };
}

/// Has a command start with just these signals blocked.
#[allow(unsafe_code, reason = "pre_exec is the only way to a mask")]
pub(crate) fn block_before_exec(command: &mut Command, set: SigSet) {
    // SAFETY: runs between fork and exec and makes one system call, on a set that it owns.
    unsafe { command.pre_exec(move || Ok(sigprocmask(SigmaskHow::SIG_SETMASK, Some(&set), None)?)) };
}

/// Has a command start with a signal ignored; a shell's trap would not do, for SIGCHLD it does nothing.
#[allow(unsafe_code, reason = "pre_exec is the only way to a disposition")]
pub(crate) fn ignore_before_exec(command: &mut Command, signal: Signal) {
    let ignore = move || {
        // SAFETY: an ignored signal runs no code of ours.
        unsafe { nix::sys::signal::signal(signal, nix::sys::signal::SigHandler::SigIgn) }?;
        Ok(())
    };
    // SAFETY: runs between fork and exec and makes one system call.
    unsafe { command.pre_exec(ignore) };
}

/// Has a command start as who adopts the orphans of its descendants.
#[allow(unsafe_code, reason = "pre_exec is the only way to an attribute")]
pub(crate) fn adopt_before_exec(command: &mut Command) {
    // SAFETY: runs between fork and exec and makes one system call.
    unsafe { command.pre_exec(|| Ok(nix::sys::prctl::set_child_subreaper(true)?)) };
}

/// Has a command start with every signal ignored that can be.
#[allow(unsafe_code, reason = "pre_exec is the only way to a disposition")]
pub(crate) fn ignore_all_before_exec(command: &mut Command) {
    let ignore = || {
        // The kernel's struct, for the C library's refuses two; no flags, restorer or mask.
        let ignore = [libc::SIG_IGN as u64, 0, 0, 0];
        for signal in 1..=64 {
            // SAFETY: it reads the struct, and an ignored signal runs no code of ours; those that cannot be are refused.
            unsafe { libc::syscall(libc::SYS_rt_sigaction, signal, ignore.as_ptr(), std::ptr::null::<u64>(), 8) };
        }
        Ok(())
    };
    // SAFETY: runs between fork and exec and makes system calls only.
    unsafe { command.pre_exec(ignore) };
}

/// Leaves a descriptor open for a command, under the number that it has here, and hands back that.
#[allow(unsafe_code, reason = "pre_exec is the only way that leaves it closed for everybody else")]
pub(crate) fn hand_on(command: &mut Command, file: OwnedFd) -> i32 {
    let number = file.as_raw_fd();
    // SAFETY: runs between fork and exec and makes one system call, on a descriptor that it owns.
    unsafe {
        command.pre_exec(move || Ok(fcntl(&file, FcntlArg::F_SETFD(FdFlag::empty())).map(drop)?));
    }
    number
}

/// Makes one system call fail with EINVAL when its argument of this index has this value.
pub(crate) fn refuse(command: &mut Command, call: libc::c_long, argument: u8, value: u64) {
    fail(command, call, argument, value, libc::EINVAL);
}

/// Makes one system call fail with this when its argument of this index has this value.
pub(crate) fn fail(command: &mut Command, call: libc::c_long, argument: u8, value: u64, errno: i32) {
    answer(command, call, vec![rule(argument, value)], errno);
}

/// Makes one system call do nothing and succeed when its argument of this index has this value.
pub(crate) fn pretend(command: &mut Command, call: libc::c_long, argument: u8, value: u64) {
    fail(command, call, argument, value, 0);
}

fn rule(argument: u8, value: u64) -> SeccompRule {
    let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value).unwrap();
    SeccompRule::new(vec![condition]).unwrap()
}

/// Makes one system call fail with this whatever its arguments; with 0, succeed and do nothing.
pub(crate) fn answer_always(command: &mut Command, call: libc::c_long, errno: i32) {
    answer(command, call, Vec::new(), errno);
}

#[allow(unsafe_code, reason = "pre_exec is the only way to a filter")]
fn answer(command: &mut Command, call: libc::c_long, rules: Vec<SeccompRule>, errno: i32) {
    let errno = SeccompAction::Errno(errno.try_into().unwrap());
    let arch = std::env::consts::ARCH.try_into().unwrap();
    let filter = SeccompFilter::new([(call, rules)].into(), SeccompAction::Allow, errno, arch).unwrap();
    let program: BpfProgram = filter.try_into().unwrap();
    // SAFETY: runs between fork and exec and makes system calls only, on a program made beforehand.
    unsafe { command.pre_exec(move || seccompiler::apply_filter(&program).map_err(std::io::Error::other)) };
}

/// Gives every signal its default disposition, in ourselves.
#[allow(unsafe_code, reason = "sigaction is the only way to a disposition")]
pub(crate) fn heed_all_signals() {
    // The kernel's struct: no handler, flags, restorer or mask. The C library keeps two signals to itself,
    // and refuses to change them, but an ignored one is inherited all the same.
    let default = [0_u64; 4];
    for signal in (1..=64).filter(|signal| *signal != libc::SIGPIPE) {
        // SAFETY: it reads the struct, and the default runs no code of ours; those that cannot be changed are
        // refused. std ignores SIGPIPE in us, and gives its default back to whatever it starts.
        unsafe { libc::syscall(libc::SYS_rt_sigaction, signal, default.as_ptr(), std::ptr::null::<u64>(), 8) };
    }
}

/// Has every descriptor but the first three closed when we execute another program.
#[allow(unsafe_code, reason = "close_range has no wrapper")]
pub(crate) fn close_descriptors_at_exec() {
    // SAFETY: nothing is closed now, so nobody's descriptor goes away under them.
    let done = unsafe { libc::close_range(3, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC.try_into().unwrap()) };
    assert_eq!(done, 0, "cannot mark the descriptors: {}", std::io::Error::last_os_error());
}
