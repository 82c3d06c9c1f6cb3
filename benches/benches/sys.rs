//! Processes made by the fewest calls there are, orphans, and being interrupted.
//!
//! The floor is a launcher of its own on purpose, a copy of what `launch` begins with: what is to be measured by it
//! must not be made of it.
//!
//! # Safety
//! Delicate here: children that run on our memory while we stand still (`CLONE_VM | CLONE_VFORK`), on
//! stacks of their own. They make only system calls, on what was laid out before.

mod furnished;

use std::ffi::{CString, OsString, c_char, c_int, c_void};
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use nix::errno::Errno;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::sys::wait::{Id, WaitPidFlag, waitid};

use self::furnished::Furnished;

/// A process of ours, which is killed and reaped when it is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    pidfd: OwnedFd,
    /// What goes with it.
    directory: Option<PathBuf>,
}

/// A program with its arguments and environment, as the kernel takes them.
#[derive(Debug)]
pub(crate) struct Program {
    words: Vec<CString>,
    variables: Vec<CString>,
}

impl Program {
    /// Words without zero bytes, of which the first is a path; and variables besides our own.
    pub(crate) fn new(words: &[&str], variables: &[&str]) -> Self {
        let owned = |text: &str| CString::new(text).expect("no zero byte");
        let ours = std::env::vars_os().map(|(name, value)| {
            let variable = [name.as_bytes(), value.as_bytes()].join(&b'=');
            CString::new(variable).expect("no zero byte")
        });
        let variables = ours.chain(variables.iter().map(|text| owned(text))).collect();
        Self { words: words.iter().map(|text| owned(text)).collect(), variables }
    }
}

fn pointers(texts: &[CString]) -> Vec<*const c_char> {
    texts.iter().map(|text| text.as_ptr()).chain([ptr::null()]).collect()
}

/// What the child of [`start`] hands to the kernel, and its word if that fails.
struct Start {
    path: *const c_char,
    argv: *const *const c_char,
    envp: *const *const c_char,
    null: RawFd,
    furnished: Option<Furnished>,
    errno: AtomicI32,
}

const STACK: usize = 32 * 1024;

/// Clones into new namespaces of these kinds and executes a program there. Besides, it has nothing to
/// read or write, and is killed when we end; that is a microsecond.
pub(crate) fn start(program: &Program, namespaces: c_int) -> io::Result<Process> {
    launch(program, namespaces, None)
}

/// The same with all that every pod has; see `furnished`. In this directory its files are; they go with the process.
pub(crate) fn start_furnished(program: &Program, namespaces: c_int, directory: &Path) -> io::Result<Process> {
    let draft = furnished::Draft::begin(directory)?;
    let mut process = launch(program, namespaces, Some(draft.furnished(&program.words[0])?))?;
    process.directory = Some(draft.commit(process.pid)?);
    Ok(process)
}

fn launch(program: &Program, namespaces: c_int, furnished: Option<Furnished>) -> io::Result<Process> {
    let (argv, envp) = (pointers(&program.words), pointers(&program.variables));
    let null = File::options().read(true).write(true).open("/dev/null")?;
    let start = Start {
        path: program.words[0].as_ptr(),
        argv: argv.as_ptr(),
        envp: envp.as_ptr(),
        null: null.as_raw_fd(),
        furnished,
        errno: AtomicI32::new(0),
    };
    let process = clone_vfork(execute, ptr::from_ref(&start).cast(), namespaces)?;
    if start.furnished.is_some() {
        // Who changes its ids on our memory has that looked at by nobody any more; so it is with a pod's, too.
        // SAFETY: takes numbers.
        unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 1) };
    }
    match start.errno.load(Ordering::Relaxed) {
        0 => Ok(process),
        errno => Err(io::Error::from_raw_os_error(errno)),
    }
}

/// Runs this in a child on our memory; comes back once the child has ended or executed something.
fn clone_vfork(run: extern "C" fn(*mut c_void) -> c_int, argument: *const c_void, flags: c_int) -> io::Result<Process> {
    let mut stack = vec![0_u128; STACK / size_of::<u128>()];
    let flags = flags | libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD | libc::SIGCHLD;
    let mut pidfd: c_int = -1;
    let top = stack.as_mut_ptr_range().end;
    // SAFETY: the stack is aligned, large enough for functions that make a few calls, and outlives the
    // child's use of it, for we stand still until then; so does the argument. A pidfd goes where
    // the fifth argument points.
    let pid = unsafe { libc::clone(run, top.cast(), flags, argument.cast_mut(), &raw mut pidfd) };
    Errno::result(pid)?;
    // SAFETY: the kernel has just made it for us.
    Ok(Process { pid, pidfd: unsafe { OwnedFd::from_raw_fd(pidfd) }, directory: None })
}

extern "C" fn execute(start: *mut c_void) -> c_int {
    // SAFETY: `start` has made it, and stands still while we run.
    let start = unsafe { &*start.cast::<Start>() };
    for number in 0..=2 {
        // SAFETY: takes numbers; the table of descriptors is our own.
        unsafe { libc::dup2(start.null, number) };
    }
    if start.furnished.as_ref().is_some_and(|furnished| !furnished.furnish()) {
        start.errno.store(Errno::last_raw(), Ordering::Relaxed);
        return 1;
    }
    // Last, for whoever changes its ids is killed no more.
    // SAFETY: takes numbers.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    match &start.furnished {
        // SAFETY: a C string, and null-terminated arrays of such, which `start` owns.
        None => unsafe { libc::execve(start.path, start.argv, start.envp) },
        Some(furnished) => furnished.execute(start.argv, start.envp),
    };
    start.errno.store(Errno::last_raw(), Ordering::Relaxed);
    1
}

impl Process {
    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        send(self.pidfd.as_fd(), signal);
    }

    /// Reaps it.
    pub(crate) fn wait(&self) {
        while waitid(Id::PIDFd(self.pidfd.as_fd()), WaitPidFlag::WEXITED) == Err(Errno::EINTR) {}
    }
}

/// Readable once it has ended.
impl AsFd for Process {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
        // Where it has been waited for already, this fails, and nothing is left to do.
        self.wait();
        if let Some(directory) = &self.directory {
            let _goes_with_the_place = fs::remove_dir_all(directory);
        }
    }
}

/// Sends a signal to a process that may have ended.
pub(crate) fn send(process: BorrowedFd<'_>, signal: Signal) {
    // SAFETY: takes numbers, and no siginfo.
    unsafe {
        libc::syscall(libc::SYS_pidfd_send_signal, process.as_raw_fd(), signal as c_int, ptr::null::<c_void>(), 0)
    };
}

/// A pidfd of somebody else's process.
pub(crate) fn pidfd_of(pid: i32) -> io::Result<OwnedFd> {
    // SAFETY: takes numbers.
    let fd = Errno::result(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) })?;
    let fd = RawFd::try_from(fd).map_err(io::Error::other)?;
    // SAFETY: the kernel has just made it for us.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// What the two generations below [`orphans`] share with us.
struct Family<'a> {
    init: RawFd,
    /// What the orphans wait for the end of.
    until: RawFd,
    stack: *mut c_void,
    pidfds: &'a [AtomicI32],
}

/// Has children of this init, which is the first process of its pid namespace, that are not its own:
/// one for each pidfd. They end when they are killed, or when nobody can write to `until` any more.
pub(crate) fn orphans(init: &Process, until: BorrowedFd<'_>, count: usize) -> io::Result<Vec<OwnedFd>> {
    let mut stack = vec![0_u128; STACK / size_of::<u128>()];
    let pidfds: Vec<_> = (0..count).map(|_| AtomicI32::new(-1)).collect();
    let family = Family {
        init: init.pidfd.as_raw_fd(),
        until: until.as_raw_fd(),
        stack: stack.as_mut_ptr_range().end.cast(),
        pidfds: &pidfds,
    };
    // It shares our table of descriptors, so the pidfds that its child is given are ours.
    let ancestor = clone_vfork(enter, ptr::from_ref(&family).cast(), libc::CLONE_FILES)?;
    ancestor.wait();
    let pidfds = pidfds.iter().map(|pidfd| pidfd.load(Ordering::Relaxed));
    // SAFETY: the kernel has made each of them in a table that is ours, and told nobody else.
    let made: Vec<_> = pidfds.filter(|fd| *fd >= 0).map(|fd| unsafe { OwnedFd::from_raw_fd(fd) }).collect();
    if made.len() == count { Ok(made) } else { Err(io::Error::other("the kernel made too few orphans")) }
}

/// The first generation: only its children are in the pid namespace that it joins.
extern "C" fn enter(family: *mut c_void) -> c_int {
    // SAFETY: `orphans` has made it, and stands still while we run.
    let shared = unsafe { &*family.cast::<Family<'_>>() };
    // SAFETY: takes numbers.
    if unsafe { libc::setns(shared.init, libc::CLONE_NEWPID) } != 0 {
        return 1;
    }
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_FILES | libc::SIGCHLD;
    // SAFETY: a stack of its own, which nobody else uses and which `orphans` keeps.
    let child = unsafe { libc::clone(leave_orphans, shared.stack, flags, family) };
    // SAFETY: no status is asked for.
    unsafe { libc::waitpid(child, ptr::null_mut(), 0) };
    0
}

/// The second generation, which ends before its children do.
extern "C" fn leave_orphans(family: *mut c_void) -> c_int {
    // SAFETY: `orphans` has made it, and stands still while we run.
    let family = unsafe { &*family.cast::<Family<'_>>() };
    for slot in family.pidfds {
        let mut pidfd: c_int = -1;
        let mut clone3 = clone3::Clone3::default();
        clone3.exit_signal(libc::SIGCHLD as u64).flag_pidfd(&mut pidfd);
        // SAFETY: like fork: the child has a copy of our memory, and makes only system calls.
        match unsafe { clone3.call() } {
            Ok(0) => wait_for_the_end(family.until),
            Ok(_) => slot.store(pidfd, Ordering::Relaxed),
            Err(_) => return 1,
        }
    }
    0
}

/// An orphan's life.
fn wait_for_the_end(until: RawFd) -> ! {
    const NONE: libc::c_uint = 0;
    // It has a copy of all of ours, and among them the other end, which would never be closed.
    // SAFETY: takes numbers; whoever else uses these descriptors has a table of their own.
    unsafe { libc::syscall(libc::SYS_close_range, NONE, until - 1, NONE) };
    // SAFETY: as above.
    unsafe { libc::syscall(libc::SYS_close_range, until + 1, libc::c_uint::MAX, NONE) };
    let mut byte = 0_u8;
    // SAFETY: room for one byte.
    unsafe { libc::read(until, (&raw mut byte).cast(), 1) };
    // SAFETY: ends this process, running nothing of ours on the way.
    unsafe { libc::_exit(0) }
}

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

extern "C" fn interrupt(_: c_int) {
    INTERRUPTED.store(true, Ordering::Relaxed);
}

/// From here on, who asks us to end is heard by [`interrupted`]: what was made has to be taken down.
pub(crate) fn hear_interrupts() {
    let action = SigAction::new(SigHandler::Handler(interrupt), SaFlags::empty(), SigSet::empty());
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        // SAFETY: the handler stores to an atomic, which may be done anywhere.
        let heard = unsafe { sigaction(signal, &action) };
        debug_assert!(heard.is_ok(), "these signals can be handled");
    }
}

/// Whether somebody has asked us to end.
pub(crate) fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// Has our own environment be just this: that of whatever we start from here on, and of libraries that look there.
///
/// # Panics
/// When there are threads, which might be reading it.
pub(crate) fn set_environment(variables: &[(&str, OsString)]) {
    let threads = fs::read_dir("/proc/self/task").map(Iterator::count);
    assert!(matches!(threads, Ok(1)), "the environment is set before the first thread");
    for (name, _) in std::env::vars_os() {
        // SAFETY: there is no other thread that could be reading the environment.
        unsafe { std::env::remove_var(name) };
    }
    for (name, value) in variables {
        // SAFETY: as above.
        unsafe { std::env::set_var(name, value) };
    }
}
