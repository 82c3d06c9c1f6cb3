//! The clones that lead to the command's process.
//!
//! A child runs on our memory with its own stack while we stand still (`CLONE_VM | CLONE_VFORK`), so it
//! costs no page tables, and whatever it may read was laid out in a [`Script`] beforehand: it
//! allocates nothing, takes no lock, and makes only system calls. All signals are blocked from
//! before the clone, so that no handler of ours runs in it.
//!
//! A pid namespace is entered by children only, so there it clones once more, with `CLONE_PARENT`:
//! the command is our child all the same, and nobody has to stay behind to pass on its status. A
//! pid namespace within one that is entered takes a third, for it is made by who is in the outer
//! one; so does a command that is to be its init's child, for it has to be orphaned in there.
//!
//! The time namespace is joined only by a process with memory of its own, and `clone3` into a
//! cgroup has no wrapper that would take a stack; for these two the clone copies our memory, and the
//! report comes back through a page that both share.

mod become_command;
mod credentials;
mod enter;

use std::ffi::{c_int, c_void};
use std::os::fd::{AsFd, FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::Ordering;

use clone3::Clone3;
use nix::errno::Errno;

use super::hidden::Hidden;
use super::report::{Place, Report};
use super::script::{Failure, Script, Step};
use super::signals;
use crate::command::{OwnPids, Parent};

/// Room for the child's frames; it calls a handful of small functions, one of which holds a path.
const STACK: usize = 32 * 1024;

/// What the child is given: a pointer to this is its one argument.
struct Errand<'a> {
    script: &'a Script,
    report: &'a Report,
    /// For the clones within the clone, each the end of one.
    more_stacks: [*mut c_void; 2],
    /// Whether the child still has to go to the unified cgroup, not having been born there.
    goes_to_cgroup: bool,
}

/// Runs the script in a new process; comes back when that has executed the program, with its
/// pidfd, or failed.
pub(crate) fn spawn(script: &Script) -> Result<OwnedFd, Failure> {
    let clone_failed = |errno| Failure { step: Step::Clone, errno };
    let place = Place::new(script.memory() == libc::CLONE_VM).map_err(clone_failed)?;
    let report = place.report();
    // Not filled with anything: a page that no frame comes to is never there.
    let mut stacks = [(); 3].map(|()| Vec::<u128>::with_capacity(STACK / size_of::<u128>()));
    let [first_stack, more_stacks @ ..] =
        stacks.each_mut().map(|stack| stack.spare_capacity_mut().as_mut_ptr_range().end.cast());
    let mut errand = Errand { script, report, more_stacks, goes_to_cgroup: false };

    let before = signals::block_all();
    // What a child on our memory changes of whether that may be looked at is ours to put back.
    let hidden = Hidden::remember();
    let cloned = if script.forks() {
        // The first child shares our descriptors, so that the pidfd it gets for the second is ours.
        let flags = libc::CLONE_VFORK | libc::CLONE_FILES | script.memory();
        errand.clone_first(joins_then_clones, first_stack, flags, None)
    } else {
        errand.clone_first(joins_then_executes, first_stack, COMMAND | script.memory(), Some(report))
    };
    drop(hidden);
    reaper::sys::block_exactly(&before);
    let pid = cloned?;
    if script.forks() {
        reap(pid);
        match report.between.load(Ordering::Relaxed) {
            0 => {}
            between => reap(between),
        }
    }
    outcome(report)
}

/// Becomes the program: what the script has a child do, this process does. Comes back only when
/// that fails, changed by then as far as it had come.
pub(crate) fn execute(script: &Script) -> Failure {
    let before = signals::block_all();
    let failure = script.join(true).and_then(|()| script.become_the_command()).err();
    reaper::sys::block_exactly(&before);
    failure.unwrap_or(Failure { step: Step::Vanish, errno: Errno::ECHILD })
}

impl Script {
    /// Whether only a child of the process that joins can be the command.
    fn forks(&self) -> bool {
        self.enter.joins_pid || self.own_pids == OwnPids::Yes
    }

    /// Whether it takes one more process between that which joins and the command's.
    fn forks_twice(&self) -> bool {
        self.enter.joins_pid && (self.own_pids == OwnPids::Yes || self.parent == Parent::Init)
    }

    /// Whether the child runs on our memory.
    fn memory(&self) -> c_int {
        if self.enter.joins_time || self.before.unified.is_some() { 0 } else { libc::CLONE_VM }
    }
}

/// How the process that becomes the command is cloned.
const COMMAND: c_int = libc::CLONE_VFORK | libc::CLONE_PIDFD | libc::SIGCHLD;

/// Clones; the kernel stores the new process's pidfd in the report, when one is given.
fn clone(
    run: extern "C" fn(*mut c_void) -> c_int,
    stack: *mut c_void,
    flags: c_int,
    errand: &mut Errand<'_>,
    pidfd: Option<&Report>,
) -> Result<i32, Errno> {
    let pidfd = pidfd.map_or(std::ptr::null_mut(), |report| report.pidfd.as_ptr());
    // SAFETY: `stack` is the end of STACK writable bytes, aligned to 16, that nobody else uses and
    // that outlive the child's use of them: CLONE_VFORK holds us until it has executed or ended.
    // So does `errand`. `run` never returns. `pidfd` is where CLONE_PIDFD has the kernel write an int.
    let pid = unsafe { libc::clone(run, stack, flags, std::ptr::from_mut(errand).cast(), pidfd) };
    Errno::result(pid)
}

/// Clones with a copy of our memory, right into a cgroup; the child is there from its birth on.
fn clone_into(
    cgroup: RawFd,
    run: extern "C" fn(*mut c_void) -> c_int,
    flags: c_int,
    errand: &mut Errand<'_>,
    pidfd: Option<&Report>,
) -> Result<i32, Errno> {
    let mut pidfd_of_child = -1;
    let mut clone3 = Clone3::default();
    clone3.flag_vfork().flag_into_cgroup(&cgroup).exit_signal(u64::from((flags & 0xff).cast_unsigned()));
    if flags & libc::CLONE_FILES != 0 {
        clone3.flag_files();
    }
    if pidfd.is_some() {
        clone3.flag_pidfd(&mut pidfd_of_child);
    }
    // SAFETY: without CLONE_VM the child has a copy of this stack, so it may go on in it; it makes only
    // system calls, and never returns.
    let cloned = unsafe { clone3.call() };
    if cloned == Ok(0) {
        run(std::ptr::from_mut(errand).cast());
    }
    if let Some(report) = pidfd {
        report.pidfd.store(pidfd_of_child, Ordering::Relaxed);
    }
    cloned.map_err(|uapi_errno| Errno::from_raw(uapi_errno.0))
}

/// Reads what the child left; a child that failed is reaped.
fn outcome(report: &Report) -> Result<OwnedFd, Failure> {
    let pidfd = report.pidfd.load(Ordering::Relaxed);
    // SAFETY: not -1, so the kernel made this descriptor for us at the clone, and only we know of it.
    let pidfd = (pidfd >= 0).then(|| unsafe { OwnedFd::from_raw_fd(pidfd) });
    match (pidfd, report.failure()) {
        (Some(pidfd), None) => Ok(pidfd),
        (None, None) => Err(Failure { step: Step::Vanish, errno: Errno::ECHILD }),
        (pidfd, Some(failure)) => {
            if let Some(pidfd) = pidfd {
                while super::pidfd::wait(pidfd.as_fd(), libc::WEXITED) == Err(Errno::EINTR) {}
            }
            Err(failure)
        }
    }
}

/// Reaps a child that has made another one and ended.
fn reap(pid: i32) {
    // SAFETY: neither a status nor usage is asked for.
    while Errno::result(unsafe { libc::wait4(pid, std::ptr::null_mut(), libc::__WALL, std::ptr::null_mut()) })
        == Err(Errno::EINTR)
    {}
}

// From here on: the child. System calls, the script, the report, nothing else.

extern "C" fn joins_then_executes(errand: *mut c_void) -> c_int {
    // SAFETY: `clone` was given an Errand, which lives and is nobody else's while we run.
    let errand = unsafe { &*errand.cast::<Errand<'_>>() };
    let joined = errand.script.join(errand.goes_to_cgroup);
    if let Err(failure) = joined.and_then(|()| errand.script.become_the_command()) {
        errand.report.failed(failure);
    }
    leave()
}

extern "C" fn joins_then_clones(errand: *mut c_void) -> c_int {
    // SAFETY: as above.
    let errand = unsafe { &mut *errand.cast::<Errand<'_>>() };
    if let Err(failure) = errand.script.join(errand.goes_to_cgroup).and_then(|()| errand.clone_on()) {
        errand.report.failed(failure);
    }
    leave()
}

extern "C" fn clones(errand: *mut c_void) -> c_int {
    // SAFETY: as above; the process that cloned us stands still until we have executed or ended.
    let errand = unsafe { &mut *errand.cast::<Errand<'_>>() };
    if let Err(failure) = errand.clone_the_command() {
        errand.report.failed(failure);
    }
    leave()
}

extern "C" fn executes(errand: *mut c_void) -> c_int {
    // SAFETY: as above.
    let errand = unsafe { &*errand.cast::<Errand<'_>>() };
    if let Err(failure) = errand.script.become_the_command() {
        errand.report.failed(failure);
    }
    leave()
}

fn leave() -> c_int {
    // SAFETY: ends this process, running nothing of ours on the way.
    unsafe { libc::_exit(0) }
}

impl Errand<'_> {
    /// Makes the first child: in the cgroup, where one is joined and the kernel can do that (Linux 5.7).
    fn clone_first(
        &mut self,
        run: extern "C" fn(*mut c_void) -> c_int,
        stack: *mut c_void,
        flags: c_int,
        pidfd: Option<&Report>,
    ) -> Result<i32, Failure> {
        if let Some((directory, _)) = self.script.before.unified {
            match clone_into(directory, run, flags, self, pidfd) {
                Err(Errno::ENOSYS | Errno::E2BIG | Errno::EINVAL) => self.goes_to_cgroup = true,
                Err(errno @ (Errno::EAGAIN | Errno::ENOMEM)) => return Err(Failure { step: Step::Clone, errno }),
                born => return born.map_err(|errno| Failure { step: Step::Cgroup, errno }),
            }
        }
        clone(run, stack, flags, self, pidfd).map_err(|errno| Failure { step: Step::Clone, errno })
    }

    /// Makes the process that becomes the command, by way of one more where that has to be made
    /// by somebody in the pid namespace that was entered.
    fn clone_on(&mut self) -> Result<(), Failure> {
        if !self.script.forks_twice() {
            return self.clone_the_command();
        }
        let flags = libc::CLONE_VFORK | libc::CLONE_FILES | libc::CLONE_PARENT | self.script.memory();
        let stack = self.more_stacks[1];
        let pid = clone(clones, stack, flags, self, None).map_err(|errno| Failure { step: Step::Fork, errno })?;
        self.report.between.store(pid, Ordering::Relaxed);
        Ok(())
    }

    /// Makes the process that becomes the command, as a child of our parent or, when it is to be
    /// the init's, as an orphan to be.
    fn clone_the_command(&mut self) -> Result<(), Failure> {
        let own = match self.script.own_pids {
            OwnPids::Yes => libc::CLONE_NEWPID | libc::CLONE_NEWNS,
            OwnPids::No => 0,
        };
        // With CLONE_PARENT the exit signal is that of the caller, so none is given.
        let parent = if self.script.parent == Parent::Init { libc::SIGCHLD } else { libc::CLONE_PARENT };
        let flags = libc::CLONE_VFORK | libc::CLONE_PIDFD | parent | own | self.script.memory();
        let (stack, report) = (self.more_stacks[0], self.report);
        clone(executes, stack, flags, self, Some(report)).map_err(|errno| Failure { step: Step::Fork, errno })?;
        Ok(())
    }
}
