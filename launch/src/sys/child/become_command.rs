//! In the child: the way from inside the namespaces to the program.

use std::ffi::{c_int, c_uint};
use std::os::fd::RawFd;

use nix::errno::Errno;

use crate::command::{OwnPids, OwnProc, Parent, Session};
use crate::sys::script::{Executed, Failure, Recorded, Script, Standing, Step, step};
use crate::sys::{record, signals, write_below};

impl Script {
    /// Everything that is left to do inside, in an order that matters; comes back only in failure.
    pub(super) fn become_the_command(&self) -> Result<(), Failure> {
        if let Some((what, file)) = self.record {
            step(Step::Record, record(self.proc, file, what == Recorded::Pid))?;
        }
        self.take_mounts()?;
        self.take_stdio()?;
        if let Some((file, label)) = &self.label {
            // By way of our own /proc: that of the inside may be a fake (CVE-2019-16884).
            step(Step::Label, write_below(self.proc, file, label))?;
        }
        if let Some(mask) = self.umask {
            // SAFETY: takes a number, and cannot fail.
            unsafe { libc::umask(mask) };
        }
        for limit in &self.limits {
            let value = libc::rlimit64 { rlim_cur: limit.soft, rlim_max: limit.hard };
            // SAFETY: the kernel reads one limit, borrowed for the call.
            let set = unsafe { libc::prlimit64(0, limit.resource() as _, &raw const value, std::ptr::null_mut()) };
            step(Step::Limit, Errno::result(set))?;
        }
        if let Some(directory) = self.directory.held {
            // SAFETY: a descriptor of the script.
            step(Step::Directory, Errno::result(unsafe { libc::fchdir(directory) }))?;
        }
        // Whatever is open here, ours or inherited, is nothing the command was given, and nothing
        // that a path inside may lead to (CVE-2024-21626).
        self.close()?;
        let entered = self.directory.enter();
        self.take_credentials()?;
        match entered {
            // It may be the user's who we have become, and nobody else's.
            Err(Failure { errno: Errno::EACCES, .. }) => self.directory.enter()?,
            entered => entered?,
        }
        if self.directory.checked {
            check_directory()?;
        }
        // Changing ids would have forgotten it.
        self.end_with_parent()?;
        // A handler would run on the memory we share, so handlers go before signals come back.
        signals::drop_handlers();
        signals::disposition(libc::SIGPIPE, if self.signals.pipe_ignored { libc::SIG_IGN } else { libc::SIG_DFL });
        signals::disposition(libc::SIGCHLD, if self.signals.chld_ignored { libc::SIG_IGN } else { libc::SIG_DFL });
        reaper::sys::block_exactly(&self.signals.mask);
        if !self.filters_early() {
            self.filter()?;
        }
        Err(Failure { step: Step::Execute, errno: self.execute() })
    }

    /// Takes the root directory, and a /proc of its own.
    fn take_mounts(&self) -> Result<(), Failure> {
        let own = self.own_pids == OwnPids::Yes || self.own_proc == OwnProc::Yes;
        if self.own_proc == OwnProc::Yes {
            // SAFETY: takes a number.
            step(Step::OwnMounts, Errno::result(unsafe { libc::unshare(libc::CLONE_NEWNS) }))?;
        }
        let nothing = std::ptr::null();
        if own {
            // Mounts of the outside still arrive; ours stay here.
            let flags = libc::MS_REC | libc::MS_SLAVE;
            // SAFETY: C strings that live for ever, and null where the call takes nothing.
            let slave = unsafe { libc::mount(nothing, c"/".as_ptr(), nothing, flags, nothing.cast()) };
            step(Step::OwnMounts, Errno::result(slave))?;
        }
        if let Some(root) = self.root {
            // SAFETY: a descriptor of the script.
            step(Step::Root, Errno::result(unsafe { libc::fchdir(root) }))?;
            // SAFETY: a C string that lives for ever.
            step(Step::Root, Errno::result(unsafe { libc::chroot(c".".as_ptr()) }))?;
            // SAFETY: as above. Who stayed where he was would stand outside of the new root.
            step(Step::Root, Errno::result(unsafe { libc::chdir(c"/".as_ptr()) }))?;
        }
        if own {
            let flags = libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC;
            let name = c"proc".as_ptr();
            // SAFETY: as for the first mount.
            let mounted = unsafe { libc::mount(name, c"/proc".as_ptr(), name, flags, nothing.cast()) };
            step(Step::Proc, Errno::result(mounted))?;
        }
        Ok(())
    }

    fn take_stdio(&self) -> Result<(), Failure> {
        // Nobody inside shares a terminal with us unless that was asked for (CVE-2017-5226).
        if self.session == Session::New {
            // SAFETY: takes nothing.
            step(Step::Session, Errno::result(unsafe { libc::setsid() }))?;
        }
        let stdio = self.terminal.map_or(self.stdio, |terminal| [Some(terminal); 3]);
        for (number, file) in (0..).zip(stdio) {
            if let Some(file) = file {
                // SAFETY: `file` is a descriptor of ours; stdio is nobody else's in this process.
                step(Step::Stdio, Errno::result(unsafe { libc::dup2(file, number) }))?;
            }
        }
        if self.terminal.is_some() {
            // SAFETY: a descriptor of ours, and a number.
            step(Step::Terminal, Errno::result(unsafe { libc::ioctl(0, libc::TIOCSCTTY, 0) }))?;
        }
        Ok(())
    }

    /// Closes all descriptors but those that are the command's, and the few that are still needed.
    fn close(&self) -> Result<(), Failure> {
        let program = match self.program {
            Executed::Held(file) => Some(file),
            Executed::Files(_) => None,
        };
        let mut kept = [program, self.us];
        kept.sort_unstable();
        // Among those that are handed on may be numbers that nobody handed us, and that we use.
        for number in 3..self.first_closed.cast_signed() {
            let ours = !kept.contains(&Some(number)) && is_closed_on_exec(number);
            if ours {
                // SAFETY: takes a number, and the descriptor is this process's own copy.
                unsafe { libc::close(number) };
            }
        }
        let mut first = self.first_closed;
        for kept in kept.into_iter().flatten().map(c_int::cast_unsigned).filter(|kept| *kept >= self.first_closed) {
            if kept > first {
                close_all(first, kept - 1)?;
            }
            first = kept + 1;
        }
        close_all(first, c_uint::MAX)
    }

    fn end_with_parent(&self) -> Result<(), Failure> {
        if self.parent != Parent::UsToTheEnd {
            return Ok(());
        }
        // SAFETY: takes numbers.
        let set = unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0) };
        step(Step::ParentDeath, Errno::result(set))?;
        // It may have ended before; and by its pid, in another namespace, nobody could tell.
        if let Some(us) = self.us {
            let mut ended = libc::pollfd { fd: us, events: libc::POLLIN, revents: 0 };
            // SAFETY: the kernel reads and writes one pollfd, borrowed for the call.
            if unsafe { libc::poll(&raw mut ended, 1, 0) } != 0 {
                return Err(Failure { step: Step::ParentDeath, errno: Errno::ESRCH });
            }
            // SAFETY: a descriptor that is nobody else's in this process.
            unsafe { libc::close(us) };
        }
        Ok(())
    }

    /// Executes the first candidate that can be; says why none could.
    fn execute(&self) -> Errno {
        let (argv, envp) = (self.argv.pointers.as_ptr(), self.envp.pointers.as_ptr());
        let programs = match &self.program {
            Executed::Files(programs) => programs,
            Executed::Held(file) => {
                let flags = libc::AT_EMPTY_PATH;
                // SAFETY: a descriptor, a C string, and two null-terminated arrays of C strings.
                unsafe { libc::syscall(libc::SYS_execveat, *file, c"".as_ptr(), argv, envp, flags) };
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
}

impl Standing {
    fn enter(&self) -> Result<(), Failure> {
        match &self.inside {
            None => Ok(()),
            // SAFETY: a C string that the script owns.
            Some(path) => step(Step::Directory, Errno::result(unsafe { libc::chdir(path.as_ptr()) })),
        }
    }
}

/// Makes sure that we stand below our root: from elsewhere `..` leads anywhere.
fn check_directory() -> Result<(), Failure> {
    let mut path = [0_u8; 4096];
    // SAFETY: the kernel writes at most `path.len()` bytes at `path`. Not by the C library, which
    // would look further where the kernel says that it is unreachable.
    let length = unsafe { libc::syscall(libc::SYS_getcwd, path.as_mut_ptr(), path.len()) };
    match Errno::result(length) {
        Ok(_) if path[0] == b'/' => Ok(()),
        Ok(_) => Err(Failure { step: Step::Escaped, errno: Errno::EXDEV }),
        // Deleted meanwhile: it has no name, and nothing leads on from it.
        Err(Errno::ENOENT) => Ok(()),
        Err(errno) => Err(Failure { step: Step::Escaped, errno }),
    }
}

fn is_closed_on_exec(number: RawFd) -> bool {
    // SAFETY: takes numbers.
    let flags = unsafe { libc::fcntl(number, libc::F_GETFD) };
    flags >= 0 && flags & libc::FD_CLOEXEC != 0
}

/// Closes every descriptor of this range.
fn close_all(first: c_uint, last: c_uint) -> Result<(), Failure> {
    // SAFETY: takes numbers, and the descriptors are this process's own copies.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
    match Errno::result(closed) {
        // Before Linux 5.9 there is no such call.
        Err(Errno::ENOSYS) => {
            // SAFETY: takes a number.
            let limit = unsafe { libc::sysconf(libc::_SC_OPEN_MAX) };
            // What was open before the limit was lowered is above it.
            let limit: RawFd = c_int::try_from(limit).unwrap_or(0).clamp(1 << 16, 1 << 20);
            for file in first.cast_signed()..limit.min(i32::try_from(last).unwrap_or(limit).saturating_add(1)) {
                // One that is not open is refused, and that is all the same to us.
                // SAFETY: takes a number, and the descriptor is this process's own copy.
                unsafe { libc::close(file) };
            }
            Ok(())
        }
        closed => step(Step::Close, closed),
    }
}
