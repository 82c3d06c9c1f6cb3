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
//! The time namespace is joined only by a process with memory of its own; for that one the clone copies our
//! memory, and the report comes back through a page that both share.

mod credentials;
mod descriptors;
mod enter;
mod execute;
mod make;
mod missing;
mod mounts;
mod network;
mod op;
mod place;

use std::ffi::{c_int, c_void};
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use clone3::Clone3;
use nix::errno::Errno;

pub(super) use make::map_ids;

use super::hidden::Hidden;
use super::report::{Failed, Report, STEPS, Site};
use super::signals;
use crate::failure::{At, Failure, Missed};
use crate::op::{Fd, Fork, Op};
use crate::script::{Need, Script};

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
    /// The step that the next child begins with.
    next: usize,
}

/// Runs the script in a new process; comes back when that has executed the program, with its
/// pidfd and what it did without, or failed.
pub(crate) fn spawn(script: Script) -> Result<(OwnedFd, Vec<Missed>), Failure> {
    run_child(script, Until::Executed)
}

/// Runs a script that executes nothing in a new process, and waits for its end.
pub(crate) fn errand(script: Script) -> Result<Vec<Missed>, Failure> {
    let (pidfd, missed) = run_child(script, Until::Done)?;
    wait_for(pidfd.as_fd());
    Ok(missed)
}

/// Runs a script that executes nothing in a new process that shares our descriptors, and takes those
/// over that it makes, in this order.
pub(crate) fn make(script: Script, wanted: &[Fd]) -> Result<(Vec<Option<OwnedFd>>, Vec<Missed>), Failure> {
    let made: Vec<_> = wanted.iter().map(|fd| script.made(*fd)).collect();
    let ran = run_child(script, Until::Shared);
    let take = |number: &Option<Arc<AtomicI32>>| {
        let number = number.as_ref().map_or(-1, |number| number.swap(-1, Ordering::Relaxed));
        // SAFETY: not -1, so the child made this descriptor in the table that it shared with us; it has
        // come to its end, and nobody else was told of it.
        (number >= 0).then(|| unsafe { OwnedFd::from_raw_fd(number) })
    };
    let files: Vec<_> = made.iter().map(take).collect();
    let (pidfd, missed) = ran?;
    wait_for(pidfd.as_fd());
    Ok((files, missed))
}

/// What a child has to come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    /// A program of its own.
    Executed,
    /// The end of its script.
    Done,
    /// The end of its script, what it opens being ours.
    Shared,
}

fn run_child(script: Script, until: Until) -> Result<(OwnedFd, Vec<Missed>), Failure> {
    let birth_failed = |errno| Failure { at: At::Birth, errno };
    let memory = if script.needs_memory_of_its_own() { 0 } else { libc::CLONE_VM };
    let site = Site::new(memory == libc::CLONE_VM).map_err(birth_failed)?;
    let report = site.report();
    if script.steps.len() > STEPS {
        return Err(birth_failed(Errno::E2BIG));
    }
    // Not filled with anything: a page that no frame comes to is never there. Most scripts have one child.
    let forks = script.forks();
    let room = |needed: bool| if needed { STACK / size_of::<u128>() } else { 0 };
    let mut stacks = [true, forks, forks].map(|needed| Vec::<u128>::with_capacity(room(needed)));
    let [first_stack, more_stacks @ ..] =
        stacks.each_mut().map(|stack| stack.spare_capacity_mut().as_mut_ptr_range().end.cast());
    let mut errand = Errand { script: &script, report, more_stacks, goes_to_cgroup: false, next: 0 };

    let before = signals::block_all();
    // What a child on our memory changes of whether that may be looked at is ours to put back.
    let hidden = Hidden::remember();
    let cloned = if forks {
        // The first child shares our descriptors, so that the pidfd it gets for the second is ours.
        errand.clone_first(first_stack, libc::CLONE_VFORK | libc::CLONE_FILES | memory, None)
    } else {
        let shared = if until == Until::Shared { libc::CLONE_FILES } else { 0 };
        errand.clone_first(first_stack, COMMAND | memory | shared, Some(report))
    };
    drop(hidden);
    reaper::sys::block_exactly(&before);
    let cloned = cloned.map_err(birth_failed);
    if let (true, Ok(pid)) = (forks, &cloned) {
        reap(*pid);
        match report.between.load(Ordering::Relaxed) {
            between if between > 0 => reap(between),
            _ => {}
        }
    }
    outcome(report, script, until, cloned.err())
}

/// Becomes the program: what the script has a child do, this process does. Comes back only when
/// that fails, changed by then as far as it had come.
pub(crate) fn execute(script: Script) -> Failure {
    let before = signals::block_all();
    let failed = perform(&script);
    reaper::sys::block_exactly(&before);
    match failed {
        // What it held may have been closed under it.
        Some(failed) => explain(failed, script.forget_files()),
        None => Failure { at: At::Killed, errno: Errno::ECHILD },
    }
}

/// The step at which this process failed, and why.
fn perform(script: &Script) -> Option<Failed> {
    let site = Site::new(true).ok()?;
    let report = site.report();
    let mut errand = Errand { script, report, more_stacks: [std::ptr::null_mut(); 2], goes_to_cgroup: true, next: 0 };
    errand.go_on();
    report.failure()
}

fn explain(failed: Failed, mut steps: Vec<crate::script::Step>) -> Failure {
    let Failed { step, errno, lacks_interpreter } = failed;
    let at = match steps.get(step) {
        None => At::Birth,
        Some(_) if lacks_interpreter => At::Interpreter,
        Some(_) => At::Step(steps.swap_remove(step).op),
    };
    Failure { at, errno }
}

/// How the process that becomes the command is cloned.
const COMMAND: c_int = libc::CLONE_VFORK | libc::CLONE_PIDFD | libc::SIGCHLD;

/// Clones; the kernel stores the new process's pidfd in the report, when one is given.
fn clone(stack: *mut c_void, flags: c_int, errand: &mut Errand<'_>, pidfd: Option<&Report>) -> Result<i32, Errno> {
    let pidfd = pidfd.map_or(std::ptr::null_mut(), |report| report.pidfd.as_ptr());
    // SAFETY: `stack` is the end of STACK writable bytes, aligned to 16, that nobody else uses and
    // that outlive the child's use of them: CLONE_VFORK holds us until it has executed or ended.
    // So does `errand`. `run` never returns. `pidfd` is where CLONE_PIDFD has the kernel write an int.
    let pid = unsafe { libc::clone(run, stack, flags, std::ptr::from_mut(errand).cast(), pidfd) };
    Errno::result(pid)
}

/// Clones right into a cgroup; the child is there from its birth on.
fn clone_into(
    cgroup: RawFd,
    stack: *mut c_void,
    flags: c_int,
    errand: &mut Errand<'_>,
    pidfd: Option<&Report>,
) -> Result<i32, Errno> {
    let mut pidfd_of_child = -1;
    let mut clone3 = Clone3::default();
    clone3.flag_vfork().flag_into_cgroup(&cgroup).exit_signal(u64::from((flags & 0xff).cast_unsigned()));
    let set = |flag| flags & flag != 0;
    if set(libc::CLONE_FILES) {
        clone3.flag_files();
    }
    if set(libc::CLONE_NEWNS) {
        clone3.flag_newns();
    }
    if set(libc::CLONE_NEWPID) {
        clone3.flag_newpid();
    }
    if set(libc::CLONE_NEWNET) {
        clone3.flag_newnet();
    }
    if set(libc::CLONE_NEWIPC) {
        clone3.flag_newipc();
    }
    if set(libc::CLONE_NEWUTS) {
        clone3.flag_newuts();
    }
    if set(libc::CLONE_NEWUSER) {
        clone3.flag_newuser();
    }
    if set(libc::CLONE_NEWCGROUP) {
        clone3.flag_newcgroup();
    }
    if pidfd.is_some() {
        clone3.flag_pidfd(&mut pidfd_of_child);
    }
    if set(libc::CLONE_VM) {
        let mut args = clone3.as_clone_args();
        args.flags |= u64::from(libc::CLONE_VM.cast_unsigned());
        args.stack = stack.addr() as u64 - STACK as u64;
        args.stack_size = STACK as u64;
        if let Some(report) = pidfd {
            args.pidfd = report.pidfd.as_ptr().addr() as u64;
        }
        // SAFETY: as for `clone`: the stack and `errand` outlive the child's use of them, for CLONE_VFORK holds us
        // until then; the kernel writes the pidfd where it is read only afterwards.
        unsafe { super::clone3::clone3(&args, run, std::ptr::from_mut(errand).cast()) }
    } else {
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
}

/// Reads what the child left; a child that failed is reaped.
fn outcome(
    report: &Report,
    script: Script,
    until: Until,
    unborn: Option<Failure>,
) -> Result<(OwnedFd, Vec<Missed>), Failure> {
    let filtered = script.steps.iter().any(|step| matches!(step.op, Op::Filter(_)));
    let came_to_it =
        |pidfd| report.finished() && (until != Until::Executed || !super::pidfd::ended_before_exec(pidfd, filtered));
    let pidfd = report.pidfd.load(Ordering::Relaxed);
    // SAFETY: not -1, so the kernel made this descriptor for us at the clone, and only we know of it.
    let pidfd = (pidfd >= 0).then(|| unsafe { OwnedFd::from_raw_fd(pidfd) });
    let failed = report.failure();
    let killed = || Failure { at: At::Killed, errno: Errno::ECHILD };
    match (pidfd, failed, unborn) {
        (Some(pidfd), None, None) if came_to_it(pidfd.as_fd()) => {
            let missed = |(index, step): (usize, crate::script::Step)| {
                report.missed(index).map(|errno| Missed { op: step.op, errno })
            };
            Ok((pidfd, script.into_steps().into_iter().enumerate().filter_map(missed).collect()))
        }
        (pidfd, failed, unborn) => {
            if let Some(pidfd) = pidfd {
                wait_for(pidfd.as_fd());
            }
            let told = failed.map(|failed| explain(failed, script.into_steps()));
            Err(told.or(unborn).unwrap_or_else(killed))
        }
    }
}

fn wait_for(pidfd: BorrowedFd<'_>) {
    while super::pidfd::wait(pidfd, libc::WEXITED) == Err(Errno::EINTR) {}
}

/// Reaps a child that has made another one and ended.
fn reap(pid: i32) {
    // SAFETY: neither a status nor usage is asked for.
    while Errno::result(unsafe { libc::wait4(pid, std::ptr::null_mut(), libc::__WALL, std::ptr::null_mut()) })
        == Err(Errno::EINTR)
    {}
}

// From here on: the child. System calls, the script, the report, nothing else.

extern "C" fn run(errand: *mut c_void) -> c_int {
    // SAFETY: `clone` was given an Errand, which lives; who made us stands still until we have executed
    // or ended, so it is nobody else's while we run.
    let errand = unsafe { &mut *errand.cast::<Errand<'_>>() };
    errand.go_on();
    // SAFETY: ends this process, running nothing of ours on the way.
    unsafe { libc::_exit(0) }
}

impl Errand<'_> {
    /// Makes the first child: in the cgroup, where one is joined and the kernel can do that (Linux 5.7).
    fn clone_first(&mut self, stack: *mut c_void, flags: c_int, pidfd: Option<&Report>) -> Result<i32, Errno> {
        let flags = flags | self.script.birth.make();
        if let Some(directory) = self.script.birth.cgroup {
            match clone_into(self.script.number(directory), stack, flags, self, pidfd) {
                Err(Errno::ENOSYS | Errno::E2BIG | Errno::EINVAL) => self.goes_to_cgroup = true,
                Err(errno @ (Errno::EAGAIN | Errno::ENOMEM)) => return Err(errno),
                Err(errno) => {
                    let steps = &self.script.steps;
                    if let Some(joining) = steps.iter().position(|step| matches!(step.op, Op::JoinCgroup { .. })) {
                        self.report.fail(joining, errno);
                    }
                    return Err(errno);
                }
                born => return born,
            }
        }
        clone(stack, flags, self, pidfd)
    }

    /// Does step after step, to the end or to the first that fails, which is told.
    fn go_on(&mut self) {
        let script = self.script;
        while let Some(step) = script.steps.get(self.next) {
            let index = self.next;
            self.next += 1;
            if step.instead_of.is_some_and(|other| self.report.missed(other.0).is_none()) {
                continue;
            }
            let done = match &step.op {
                // The rest is for the process that is made, or for one that is made by that.
                Op::Fork(fork) => match self.fork(*fork) {
                    Ok(()) => return,
                    failed => failed,
                },
                Op::Execute(execution) => {
                    self.report.finish();
                    let refusal = execute::execute(script, execution);
                    if refusal.lacks_interpreter {
                        self.report.miss_interpreter();
                    }
                    Err(refusal.errno)
                }
                op => op::perform(script, op, self.goes_to_cgroup),
            };
            match done {
                Ok(()) => {}
                Err(errno) if step.need == Need::Prefer && missing::can_do_without(&step.op, errno) => {
                    self.report.miss(index, errno);
                }
                Err(errno) => {
                    self.report.fail(index, errno);
                    return;
                }
            }
        }
        self.report.finish();
    }

    /// Makes the process that becomes the command, as a child of our parent or, when it is to be
    /// the init's, as an orphan to be; by way of one more where that has to be made by somebody in
    /// the pid namespace that was entered.
    fn fork(&mut self, fork: Fork) -> Result<(), Errno> {
        let memory = if self.script.needs_memory_of_its_own() { 0 } else { libc::CLONE_VM };
        if fork.twice && self.report.between.load(Ordering::Relaxed) == 0 {
            // Who is made comes to the same step, and finds itself told of.
            self.next -= 1;
            self.report.between.store(-1, Ordering::Relaxed);
            let flags = libc::CLONE_VFORK | libc::CLONE_FILES | libc::CLONE_PARENT | memory;
            let pid = clone(self.more_stacks[1], flags, self, None).inspect_err(|_| {
                self.report.between.store(0, Ordering::Relaxed);
            })?;
            self.report.between.store(pid, Ordering::Relaxed);
            return Ok(());
        }
        // With CLONE_PARENT the exit signal is that of the caller, so none is given.
        let parent = if fork.orphan { libc::SIGCHLD } else { libc::CLONE_PARENT };
        let flags = libc::CLONE_VFORK | libc::CLONE_PIDFD | parent | fork.made.0 | memory;
        let (stack, report) = (self.more_stacks[0], self.report);
        clone(stack, flags, self, Some(report)).map(drop)
    }
}
