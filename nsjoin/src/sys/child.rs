//! The child between clone and exec.
//!
//! It runs on our memory with its own stack while we stand still (`CLONE_VM | CLONE_VFORK`), so it
//! costs no page tables, and whatever it may read was laid out in a [`Script`] beforehand: it
//! allocates nothing, takes no lock, and makes only system calls. All signals are blocked from
//! before the clone, so that no handler of ours runs in it.
//!
//! A pid namespace is entered by children only, so there it clones once more, with `CLONE_PARENT`:
//! the command is our child all the same, and nobody has to stay behind to pass on its status. A
//! pid namespace within one that is entered takes a third, for it is made by who is in the outer one.
//!
//! The time namespace is joined only by a process with memory of its own; for that one the clone
//! copies ours. The report comes back through a page shared either way.

use std::ffi::{CString, c_char, c_int, c_long, c_void};
use std::fmt;
use std::num::NonZeroUsize;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};

use nix::errno::Errno;
use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, munmap};

use super::signals::{self, Inherited};
use crate::plan::{OwnPids, Session};

/// Everything the child hands to the kernel. Descriptors are borrowed from who made the script.
#[derive(Debug)]
pub(crate) struct Script {
    /// A pidfd of the process whose namespaces are entered.
    pub(crate) target: RawFd,
    /// The namespaces, with their flags, in the order of entering; the same that `target` is in.
    pub(crate) namespaces: Vec<(RawFd, c_int)>,
    pub(crate) joins_user: bool,
    pub(crate) joins_time: bool,
    pub(crate) joins_pid: bool,
    pub(crate) own_pids: OwnPids,
    pub(crate) session: Session,
    pub(crate) directory: Option<CString>,
    pub(crate) stdio: [Option<RawFd>; 3],
    /// The files to try to execute, in order.
    pub(crate) programs: Vec<CString>,
    pub(crate) argv: CStrings,
    pub(crate) envp: CStrings,
    pub(crate) signals: Inherited,
    /// Our /proc, and the file in which the command's process leaves word of itself.
    pub(crate) record: Option<(OwnedFd, RawFd)>,
}

/// Strings, and the null-terminated array of pointers to them that execve(2) wants.
#[derive(Debug)]
pub(crate) struct CStrings {
    pointers: Vec<*const c_char>,
    /// What `pointers` points to: the strings' own heap blocks, which a move leaves in place.
    _strings: Vec<CString>,
}

impl CStrings {
    pub(crate) fn new(strings: Vec<CString>) -> Self {
        let pointers = strings.iter().map(|string| string.as_ptr()).chain([std::ptr::null()]).collect();
        Self { pointers, _strings: strings }
    }
}

/// What the child was doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[non_exhaustive]
pub enum Step {
    /// Being made.
    Clone = 1,
    /// Joining namespaces.
    Join,
    /// Becoming the root of a user namespace.
    BecomeRoot,
    /// Being made inside a pid namespace.
    Fork,
    /// Leaving word of itself.
    Record,
    /// Leaving the session.
    Session,
    /// Keeping mounts to itself.
    OwnMounts,
    /// Mounting /proc.
    Proc,
    /// Taking its stdin, stdout and stderr.
    Stdio,
    /// Closing what it inherited beyond these.
    Close,
    /// Changing the directory.
    Directory,
    /// Executing the program.
    Execute,
    /// Nothing that it told: it was killed.
    Vanish,
}

const STEPS: [Step; 13] = [
    Step::Clone,
    Step::Join,
    Step::BecomeRoot,
    Step::Fork,
    Step::Record,
    Step::Session,
    Step::OwnMounts,
    Step::Proc,
    Step::Stdio,
    Step::Close,
    Step::Directory,
    Step::Execute,
    Step::Vanish,
];

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Clone => "make a process",
            Self::Join => "join the namespaces",
            Self::BecomeRoot => "become the root of the user namespace",
            Self::Fork => "make a process in the pid namespace",
            Self::Record => "record the process",
            Self::Session => "begin a session",
            Self::OwnMounts => "keep mounts private",
            Self::Proc => "mount a fresh /proc",
            Self::Stdio => "take stdin, stdout and stderr",
            Self::Close => "close inherited descriptors",
            Self::Directory => "change the directory",
            Self::Execute => "execute the command",
            Self::Vanish => "finish launching",
        })
    }
}

/// The step that failed, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) step: Step,
    pub(crate) errno: Errno,
}

/// What the child leaves for us, on a page that both see.
#[repr(C)]
struct Report {
    /// 0 until something fails.
    step: AtomicU32,
    errno: AtomicI32,
    /// The kernel writes this at the clone that makes the command's process.
    pidfd: AtomicI32,
    /// The pid of the process between the first child and the command's, if there is one.
    between: AtomicI32,
}

struct ReportPage(NonNull<c_void>);

const REPORT_PAGE: NonZeroUsize = NonZeroUsize::new(4096).expect("not zero");

impl ReportPage {
    fn new() -> Result<Self, Errno> {
        // SAFETY: a new mapping where the kernel likes overlaps nothing.
        let page = unsafe {
            mmap_anonymous(None, REPORT_PAGE, ProtFlags::PROT_READ | ProtFlags::PROT_WRITE, MapFlags::MAP_SHARED)
        }?;
        let page = Self(page);
        page.report().pidfd.store(-1, Ordering::Relaxed);
        Ok(page)
    }

    fn report(&self) -> &Report {
        // SAFETY: the page is mapped as long as `self` lives, aligned, larger than a Report, and
        // zeroes are one; both sides go through atomics.
        unsafe { self.0.cast::<Report>().as_ref() }
    }
}

impl Drop for ReportPage {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and the only borrow of it ends with `self`.
        let unmapped = unsafe { munmap(self.0, REPORT_PAGE.get()) };
        debug_assert_eq!(unmapped, Ok(()), "a mapping of our own can be unmapped");
    }
}

/// Room for the child's frames; it calls a handful of small functions.
const STACK: usize = 16 * 1024;

/// What the child is given: a pointer to this is its one argument.
struct Errand<'a> {
    script: &'a Script,
    report: &'a Report,
    /// For the clones within the clone, each the end of one.
    more_stacks: [*mut c_void; 2],
}

/// Runs the script in a new process; comes back when that has executed the program, with its
/// pidfd, or failed.
pub(crate) fn spawn(script: &Script) -> Result<OwnedFd, Failure> {
    let clone_failed = |errno| Failure { step: Step::Clone, errno };
    let page = ReportPage::new().map_err(clone_failed)?;
    let report = page.report();
    let mut stacks = [(); 3].map(|()| vec![0_u128; STACK / 16]);
    let [first_stack, more_stacks @ ..] = stacks.each_mut().map(|stack| stack.as_mut_ptr_range().end.cast());
    let mut errand = Errand { script, report, more_stacks };

    let memory = script.memory();
    let before = signals::block_all();
    let cloned = if script.forks() {
        // The first child shares our descriptors, so that the pidfd it gets for the second is ours.
        clone(joins_then_clones, first_stack, libc::CLONE_VFORK | libc::CLONE_FILES | memory, &mut errand, None)
    } else {
        clone(joins_then_executes, first_stack, COMMAND | memory, &mut errand, Some(report))
    };
    reaper::sys::block_exactly(&before);
    let pid = cloned.map_err(clone_failed)?;
    if script.forks() {
        reap(pid);
        match report.between.load(Ordering::Relaxed) {
            0 => {}
            between => reap(between),
        }
    }
    outcome(report)
}

impl Script {
    /// Whether only a child of the process that joins can be the command.
    fn forks(&self) -> bool {
        self.joins_pid || self.own_pids == OwnPids::Yes
    }

    /// Whether the child runs on our memory.
    fn memory(&self) -> c_int {
        if self.joins_time { 0 } else { libc::CLONE_VM }
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

/// Reads what the child left; a child that failed is reaped.
fn outcome(report: &Report) -> Result<OwnedFd, Failure> {
    let pidfd = report.pidfd.load(Ordering::Relaxed);
    // SAFETY: not -1, so the kernel made this descriptor for us at the clone, and only we know of it.
    let pidfd = (pidfd >= 0).then(|| unsafe { OwnedFd::from_raw_fd(pidfd) });
    let step = report.step.load(Ordering::Relaxed);
    let failed = STEPS.into_iter().find(|known| *known as u32 == step);
    match (pidfd, failed) {
        (Some(pidfd), None) => Ok(pidfd),
        (None, None) => Err(Failure { step: Step::Vanish, errno: Errno::ECHILD }),
        (pidfd, Some(step)) => {
            if let Some(pidfd) = pidfd {
                while super::wait(pidfd.as_fd(), libc::WEXITED) == Err(Errno::EINTR) {}
            }
            Err(Failure { step, errno: Errno::from_raw(report.errno.load(Ordering::Relaxed)) })
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
    if let Err(failure) = errand.script.join().and_then(|()| errand.script.become_the_command()) {
        errand.report.failed(failure);
    }
    leave()
}

extern "C" fn joins_then_clones(errand: *mut c_void) -> c_int {
    // SAFETY: as above.
    let errand = unsafe { &mut *errand.cast::<Errand<'_>>() };
    if let Err(failure) = errand.script.join().and_then(|()| errand.clone_on()) {
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

impl Report {
    fn failed(&self, failure: Failure) {
        self.errno.store(failure.errno as i32, Ordering::Relaxed);
        self.step.store(failure.step as u32, Ordering::Relaxed);
    }
}

impl Errand<'_> {
    /// Makes the process that becomes the command, by way of one more where that has to be made
    /// by somebody in the pid namespace that was entered.
    fn clone_on(&mut self) -> Result<(), Failure> {
        if !(self.script.joins_pid && self.script.own_pids == OwnPids::Yes) {
            return self.clone_the_command();
        }
        let flags = libc::CLONE_VFORK | libc::CLONE_FILES | libc::CLONE_PARENT | self.script.memory();
        let stack = self.more_stacks[1];
        let pid = clone(clones, stack, flags, self, None).map_err(|errno| Failure { step: Step::Fork, errno })?;
        self.report.between.store(pid, Ordering::Relaxed);
        Ok(())
    }

    /// Makes the process that becomes the command, as a child of our parent.
    fn clone_the_command(&mut self) -> Result<(), Failure> {
        let own = match self.script.own_pids {
            OwnPids::Yes => libc::CLONE_NEWPID | libc::CLONE_NEWNS,
            OwnPids::No => 0,
        };
        // With CLONE_PARENT the exit signal is that of the caller, so none is given.
        let flags = libc::CLONE_VFORK | libc::CLONE_PIDFD | libc::CLONE_PARENT | own | self.script.memory();
        let (stack, report) = (self.more_stacks[0], self.report);
        clone(executes, stack, flags, self, Some(report)).map_err(|errno| Failure { step: Step::Fork, errno })?;
        Ok(())
    }
}

impl Script {
    /// Enters the namespaces.
    fn join(&self) -> Result<(), Failure> {
        if self.namespaces.is_empty() {
            return Ok(());
        }
        let every = self.namespaces.iter().fold(0, |flags, (_, flag)| flags | flag);
        // All or none, in the order that gains before it loses: the kernel sorts that out.
        // SAFETY: a descriptor of ours and a number.
        match Errno::result(unsafe { libc::setns(self.target, every) }) {
            // Before Linux 5.8 a pidfd is nothing that could be entered.
            Err(Errno::EINVAL) => self.join_one_by_one()?,
            entered => step(Step::Join, entered)?,
        }
        if self.joins_user { become_root() } else { Ok(()) }
    }

    /// Enters namespace after namespace; those we have no right to before entering the user
    /// namespace we may have it for afterwards, and the other way round.
    fn join_one_by_one(&self) -> Result<(), Failure> {
        let user = self.namespaces.iter().find(|(_, flag)| *flag == libc::CLONE_NEWUSER);
        let others = || self.namespaces.iter().filter(|(_, flag)| *flag != libc::CLONE_NEWUSER);
        let Some(&(user, flag)) = user else {
            return others().try_for_each(|&(file, flag)| enter(file, flag));
        };
        // What is entered twice is entered once: a second time changes nothing.
        let refused = others().any(|&(file, flag)| enter(file, flag).is_err());
        enter(user, flag)?;
        if refused { others().try_for_each(|&(file, flag)| enter(file, flag)) } else { Ok(()) }
    }

    /// The way from inside the namespaces to the program.
    fn become_the_command(&self) -> Result<(), Failure> {
        if let Some((proc, record)) = &self.record {
            // SAFETY: the plan, which stands still while we run, owns the record.
            let record = unsafe { BorrowedFd::borrow_raw(*record) };
            step(Step::Record, super::leave_identity(proc.as_fd(), record))?;
        }
        if self.own_pids == OwnPids::Yes {
            mount_fresh_proc()?;
        }
        // Nobody inside shares a terminal with us unless that was asked for.
        if self.session == Session::New {
            // SAFETY: takes nothing.
            step(Step::Session, Errno::result(unsafe { libc::setsid() }))?;
        }
        for (number, file) in (0..).zip(self.stdio) {
            if let Some(file) = file {
                // SAFETY: `file` is a descriptor of ours; stdio is nobody else's in this process.
                step(Step::Stdio, Errno::result(unsafe { libc::dup2(file, number) }))?;
            }
        }
        // Whatever else is open here, ours or inherited, is nothing the command was given.
        close_on_exec_from(3)?;
        if let Some(directory) = &self.directory {
            // SAFETY: a C string that the script owns.
            step(Step::Directory, Errno::result(unsafe { libc::chdir(directory.as_ptr()) }))?;
        }
        // A handler would run on the memory we share, so handlers go before signals come back.
        signals::drop_handlers();
        signals::disposition(libc::SIGPIPE, if self.signals.pipe_ignored { libc::SIG_IGN } else { libc::SIG_DFL });
        signals::disposition(libc::SIGCHLD, if self.signals.chld_ignored { libc::SIG_IGN } else { libc::SIG_DFL });
        reaper::sys::block_exactly(&self.signals.mask);
        Err(Failure { step: Step::Execute, errno: self.execute() })
    }

    /// Executes the first candidate that can be; says why none could.
    fn execute(&self) -> Errno {
        let mut reason = Errno::ENOENT;
        for program in &self.programs {
            // SAFETY: a C string, and two null-terminated arrays of C strings, all of the script.
            unsafe { libc::execve(program.as_ptr(), self.argv.pointers.as_ptr(), self.envp.pointers.as_ptr()) };
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

fn step<T>(step: Step, result: Result<T, Errno>) -> Result<(), Failure> {
    match result {
        Ok(_) => Ok(()),
        Err(errno) => Err(Failure { step, errno }),
    }
}

fn enter(file: RawFd, flag: c_int) -> Result<(), Failure> {
    // SAFETY: a descriptor of ours and a number.
    step(Step::Join, Errno::result(unsafe { libc::setns(file, flag) }))
}

/// Takes uid and gid 0 of the user namespace that was entered, where it has them.
///
/// By raw calls: the C library's would make the threads of our parent follow.
fn become_root() -> Result<(), Failure> {
    const NONE: c_long = 0;
    // Refused where setgroups was given up for the right to write the gid map; then the groups stay.
    // SAFETY: an empty list of groups.
    unsafe { libc::syscall(libc::SYS_setgroups, NONE, NONE) };
    for call in [libc::SYS_setresgid, libc::SYS_setresuid] {
        // SAFETY: takes three numbers.
        match Errno::result(unsafe { libc::syscall(call, NONE, NONE, NONE) }) {
            // The namespace has no id 0: we stay who we are.
            Err(Errno::EINVAL) => {}
            changed => step(Step::BecomeRoot, changed)?,
        }
    }
    Ok(())
}

/// A /proc of the new pid namespace, in the new mount namespace, seen by nobody outside.
fn mount_fresh_proc() -> Result<(), Failure> {
    let nothing = std::ptr::null();
    // Mounts of the outside still arrive; ours stay here.
    // SAFETY: C strings that live for ever, and null where the call takes nothing.
    let slave = unsafe { libc::mount(nothing, c"/".as_ptr(), nothing, libc::MS_REC | libc::MS_SLAVE, nothing.cast()) };
    step(Step::OwnMounts, Errno::result(slave))?;
    let flags = libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC;
    let name = c"proc".as_ptr();
    // SAFETY: as above.
    step(Step::Proc, Errno::result(unsafe { libc::mount(name, c"/proc".as_ptr(), name, flags, nothing.cast()) }))
}

/// Marks every descriptor from `first` up to be closed by exec.
fn close_on_exec_from(first: libc::c_uint) -> Result<(), Failure> {
    const TO_THE_LAST: libc::c_uint = libc::c_uint::MAX;
    // SAFETY: takes numbers, and the descriptors are this process's own copies.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, first, TO_THE_LAST, libc::CLOSE_RANGE_CLOEXEC) };
    match Errno::result(closed) {
        // Before Linux 5.9 there is no such call, before 5.11 no such flag.
        Err(Errno::ENOSYS | Errno::EINVAL) => {
            // SAFETY: takes a number.
            let limit = unsafe { libc::sysconf(libc::_SC_OPEN_MAX) };
            for file in first.cast_signed()..c_int::try_from(limit).unwrap_or(1024).min(1 << 16) {
                // One that is not open is refused, and that is all the same to us.
                // SAFETY: takes numbers, and the descriptor is this process's own copy.
                unsafe { libc::fcntl(file, libc::F_SETFD, libc::FD_CLOEXEC) };
            }
            Ok(())
        }
        closed => step(Step::Close, closed),
    }
}
