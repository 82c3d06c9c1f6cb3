//! ptrace(2) by whole process trees: every system call of everything that is traced stops twice.
//!
//! The kernel's own numbers are used rather than nix's: a tracee may be stopped by any signal,
//! real-time ones included, and has to be handed it.

#![allow(unsafe_code)]

use std::ffi::c_long;
use std::io;

use nix::errno::Errno;
use nix::sys::ptrace;
use nix::unistd::Pid;

/// A tracee that has stopped or ended, or our child that has.
#[derive(Debug)]
pub(crate) struct Stop {
    pub(crate) pid: i32,
    pub(crate) what: What,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum What {
    Exited(i32),
    Signaled(i32),
    /// It is about to make this system call.
    Entry(u64),
    /// It has made one.
    Leave,
    /// It has executed another program.
    Exec,
    /// It has made this process or thread.
    Born(i32),
    /// It was stopped by job control, and stays so.
    Halted,
    /// Nothing that matters here.
    Other,
    /// This signal is about to be handed to it.
    Signal(i32),
}

const OPTIONS: ptrace::Options = ptrace::Options::PTRACE_O_TRACESYSGOOD
    .union(ptrace::Options::PTRACE_O_TRACEFORK)
    .union(ptrace::Options::PTRACE_O_TRACEVFORK)
    .union(ptrace::Options::PTRACE_O_TRACECLONE)
    .union(ptrace::Options::PTRACE_O_TRACEEXEC)
    .union(ptrace::Options::PTRACE_O_EXITKILL);

/// Begins to trace a thread, and everything that it makes.
pub(crate) fn seize(pid: i32) -> nix::Result<()> {
    ptrace::seize(Pid::from_raw(pid), OPTIONS)
}

/// Lets it stop, whatever it does.
pub(crate) fn interrupt(pid: i32) -> nix::Result<()> {
    ptrace::interrupt(Pid::from_raw(pid))
}

/// Lets it go on to its next system call, with a signal or 0.
pub(crate) fn go_on(pid: i32, signal: i32) -> nix::Result<()> {
    request(libc::PTRACE_SYSCALL, pid, signal)
}

/// Leaves it stopped, as job control wants it.
pub(crate) fn listen(pid: i32) -> nix::Result<()> {
    request(libc::PTRACE_LISTEN, pid, 0)
}

/// Lets it go for good, with a signal or 0.
pub(crate) fn detach(pid: i32, signal: i32) -> nix::Result<()> {
    request(libc::PTRACE_DETACH, pid, signal)
}

fn request(request: libc::c_uint, pid: i32, signal: i32) -> nix::Result<()> {
    // SAFETY: these requests read and write no memory of ours; the last argument is a number.
    let done = unsafe { libc::ptrace(request, pid, 0, c_long::from(signal)) };
    Errno::result(done).map(drop)
}

/// The next one of whatever we trace or is our child; none when there is nothing.
pub(crate) fn wait() -> io::Result<Option<Stop>> {
    loop {
        let mut status = 0;
        // SAFETY: the status is ours to be written to.
        let pid = unsafe { libc::waitpid(-1, &raw mut status, libc::__WALL) };
        if pid == -1 {
            match Errno::last() {
                Errno::ECHILD => return Ok(None),
                Errno::EINTR => continue,
                errno => return Err(errno.into()),
            }
        }
        // One that was killed while it was looked at says so by its end, next.
        match read(pid, status) {
            Err(Errno::ESRCH) => {}
            what => return Ok(Some(Stop { pid, what: what? })),
        }
    }
}

/// What a status of waitpid(2) says.
fn read(pid: i32, status: i32) -> nix::Result<What> {
    if libc::WIFEXITED(status) {
        return Ok(What::Exited(libc::WEXITSTATUS(status)));
    }
    if libc::WIFSIGNALED(status) {
        return Ok(What::Signaled(libc::WTERMSIG(status)));
    }
    let signal = libc::WSTOPSIG(status);
    if signal == (libc::SIGTRAP | 0x80) {
        return system_call(pid);
    }
    Ok(match status >> 16 {
        0 => What::Signal(signal),
        libc::PTRACE_EVENT_EXEC => What::Exec,
        libc::PTRACE_EVENT_FORK | libc::PTRACE_EVENT_VFORK | libc::PTRACE_EVENT_CLONE => {
            let born = ptrace::getevent(Pid::from_raw(pid))?;
            What::Born(i32::try_from(born).map_err(|_| Errno::ESRCH)?)
        }
        libc::PTRACE_EVENT_STOP if matches!(signal, libc::SIGSTOP | libc::SIGTSTP | libc::SIGTTIN | libc::SIGTTOU) => {
            What::Halted
        }
        _ => What::Other,
    })
}

fn system_call(pid: i32) -> nix::Result<What> {
    let info = ptrace::syscall_info(Pid::from_raw(pid))?;
    if info.op != libc::PTRACE_SYSCALL_INFO_ENTRY {
        return Ok(What::Leave);
    }
    // SAFETY: of the union, `entry` is what is filled at an entry.
    Ok(What::Entry(unsafe { info.u.entry }.nr))
}

/// Lets the call that it is about to make be none.
#[cfg(target_arch = "x86_64")]
pub(crate) fn skip(pid: i32) -> nix::Result<()> {
    let mut registers = ptrace::getregs(Pid::from_raw(pid))?;
    registers.orig_rax = u64::MAX;
    ptrace::setregs(Pid::from_raw(pid), registers)
}

/// Lets the call that it has just made have failed.
#[cfg(target_arch = "x86_64")]
pub(crate) fn answer(pid: i32, errno: Errno) -> nix::Result<()> {
    let mut registers = ptrace::getregs(Pid::from_raw(pid))?;
    registers.rax = i64::from(errno as i32).wrapping_neg().cast_unsigned();
    ptrace::setregs(Pid::from_raw(pid), registers)
}

/// Lets the call that it is about to make be none.
#[cfg(target_arch = "aarch64")]
pub(crate) fn skip(pid: i32) -> nix::Result<()> {
    /// The register set of the system call's number, by the kernel's elf.h.
    const NT_ARM_SYSTEM_CALL: usize = 0x404;
    let mut none: i32 = -1;
    let data = libc::iovec { iov_base: (&raw mut none).cast(), iov_len: size_of::<i32>() };
    // SAFETY: the kernel reads the iovec, and as many bytes of the number as it says.
    let done = unsafe { libc::ptrace(libc::PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &raw const data) };
    Errno::result(done).map(drop)
}

/// Lets the call that it has just made have failed.
#[cfg(target_arch = "aarch64")]
pub(crate) fn answer(pid: i32, errno: Errno) -> nix::Result<()> {
    let mut registers = ptrace::getregs(Pid::from_raw(pid))?;
    registers.regs[0] = i64::from(errno as i32).wrapping_neg().cast_unsigned();
    ptrace::setregs(Pid::from_raw(pid), registers)
}
