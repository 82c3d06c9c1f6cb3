//! In the child: becoming the command.

use nix::errno::Errno;

use crate::op::{Executed, Execution};
use crate::script::Script;

/// Executes the first candidate that can be; says why none could.
pub(super) fn execute(script: &Script, execution: &Execution) -> Errno {
    let (argv, envp) = (execution.argv.pointers.as_ptr(), execution.envp.pointers.as_ptr());
    let programs = match &execution.program {
        Executed::Files(programs) => programs,
        Executed::Held(file) => {
            let (file, flags) = (script.number(*file), libc::AT_EMPTY_PATH);
            // SAFETY: a descriptor, a C string, and two null-terminated arrays of C strings.
            unsafe { libc::syscall(libc::SYS_execveat, file, c"".as_ptr(), argv, envp, flags) };
            return Errno::last();
        }
    };
    let mut reason = Errno::ENOENT;
    for program in programs {
        // SAFETY: a C string, and two null-terminated arrays of C strings, all of the script.
        unsafe { libc::execve(program.as_ptr(), argv, envp) };
        match Errno::last() {
            Errno::ENOENT | Errno::ENOTDIR => {}
            // There may be an executable one further on; if not, this is what to say. In a
            // directory that may not be searched, nothing was found.
            // SAFETY: a C string of the script.
            Errno::EACCES if unsafe { libc::access(program.as_ptr(), libc::F_OK) } == 0 => reason = Errno::EACCES,
            Errno::EACCES => {}
            other => return other,
        }
    }
    reason
}
