//! In the child: becoming the command.

use std::ffi::CStr;
use std::os::fd::AsRawFd;

use nix::errno::Errno;

use super::enter::inode;
use crate::activation::Own;
use crate::op::{Executed, Execution};
use crate::script::Script;
use crate::sys::pidfd;

/// Why no candidate could be executed.
pub(super) struct Refusal {
    pub(super) errno: Errno,
    /// A file was there, and what it names as its interpreter or loader was not.
    pub(super) lacks_interpreter: bool,
}

impl From<Errno> for Refusal {
    fn from(errno: Errno) -> Self {
        Self { errno, lacks_interpreter: false }
    }
}

/// Executes the first candidate that can be; says why none could. One of which the kernel does not know what
/// it is, the shell executes, as execvp(3) has it.
pub(super) fn execute(script: &Script, execution: &Execution) -> Refusal {
    for variable in &execution.late {
        match variable.own {
            // SAFETY: takes nothing.
            Own::Pid => variable.set(u64::from(unsafe { libc::getpid() }.unsigned_abs())),
            Own::PidfdInode => variable.set(own_inode().unwrap_or(0)),
        }
    }
    let (argv, envp) = (execution.argv.pointers.as_ptr(), execution.envp.pointers.as_ptr());
    let programs = match &execution.program {
        Executed::Files(programs) => programs,
        Executed::Held(file) => {
            let (file, flags) = (script.number(*file), libc::AT_EMPTY_PATH);
            // SAFETY: a descriptor, a C string, and two null-terminated arrays of C strings.
            unsafe { libc::syscall(libc::SYS_execveat, file, c"".as_ptr(), argv, envp, flags) };
            return Errno::last().into();
        }
    };
    let mut reason = Refusal::from(Errno::ENOENT);
    for program in programs {
        // SAFETY: a C string, and two null-terminated arrays of C strings, all of the script.
        unsafe { libc::execve(program.as_ptr(), argv, envp) };
        match Errno::last() {
            Errno::ENOENT => reason.lacks_interpreter |= is_there(program),
            Errno::ENOTDIR => {}
            // There may be an executable one further on; if not, this is what to say. In a
            // directory that may not be searched, nothing was found.
            Errno::EACCES if is_there(program) => reason.errno = Errno::EACCES,
            Errno::EACCES => {}
            Errno::ENOEXEC => {
                let words = execution.by_shell.with(program);
                // SAFETY: a C string that lives for ever, and two null-terminated arrays of C strings.
                unsafe { libc::execve(c"/bin/sh".as_ptr(), words, envp) };
                return Errno::ENOEXEC.into();
            }
            other => return other.into(),
        }
    }
    reason.lacks_interpreter &= reason.errno == Errno::ENOENT;
    reason
}

/// The inode of this process in the pidfd file system.
fn own_inode() -> Result<u64, Errno> {
    // SAFETY: takes nothing.
    let me = pidfd::open(unsafe { libc::getpid() })?;
    inode(me.as_raw_fd(), c"", libc::AT_EMPTY_PATH)
}

fn is_there(program: &CStr) -> bool {
    // SAFETY: a C string of the script.
    unsafe { libc::access(program.as_ptr(), libc::F_OK) == 0 }
}
