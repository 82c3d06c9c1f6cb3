//! The child between clone and exec, which makes the sandbox from inside and becomes pause.
//!
//! The child runs on our memory with its own stack while we stand still (`CLONE_VM | CLONE_VFORK`), so
//! it costs no page tables, and how it went is in our memory when we go on. It allocates nothing
//! and makes only system calls. For a moment it is nobody's process in memory that may be root's; the
//! kernel makes that undumpable with the change of user, so nobody else's process can look into it.
//!
//! Every signal is blocked from before the clone until pause itself unblocks what it means to:
//! a TERM that comes on the way waits for pause.

use std::ffi::{CStr, CString, c_int, c_void};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, RawFd};
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};

use nix::errno::Errno;
use nix::mount::MsFlags;
use nix::sys::prctl;
use nsjoin::{Kind, leave_identity};
use reaper::SignalSet;

/// Everything the child hands to the kernel. Descriptors are borrowed from who made the script.
#[derive(Debug)]
pub(crate) struct Script {
    /// The pause program, opened.
    pub(crate) program: RawFd,
    /// The file in which it leaves word of itself.
    pub(crate) record: RawFd,
    /// Our /proc, in which it finds itself.
    pub(crate) proc: RawFd,
    /// The namespaces to make, besides pid and mnt.
    pub(crate) namespaces: Vec<Kind>,
    /// With these, a user namespace too.
    pub(crate) id_maps: Option<IdMaps>,
    pub(crate) runs_as: RunsAs,
    pub(crate) mounts: Vec<Mount>,
    pub(crate) hostname: Option<Vec<u8>>,
    /// Whether the network is the pod's own, with a loopback that is down.
    pub(crate) loopback: bool,
}

/// The contents of `uid_map` and `gid_map`.
#[derive(Debug)]
pub(crate) struct IdMaps {
    pub(crate) uid: Vec<u8>,
    pub(crate) gid: Vec<u8>,
}

/// What pause runs as. Either way without capabilities, and with no way to new ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RunsAs {
    /// 65535:65535, as in a cluster.
    Nobody,
    /// Who we are; no other id is mapped in the user namespace.
    Ourselves,
}

/// A mount of the pod.
#[derive(Debug)]
pub(crate) struct Mount {
    pub(crate) source: CString,
    pub(crate) target: CString,
    /// The file system; none for a bind mount.
    pub(crate) kind: Option<CString>,
    pub(crate) flags: MsFlags,
    pub(crate) data: Option<CString>,
    pub(crate) need: Need,
}

/// Whether a pod without it is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// No.
    Must,
    /// Yes, and that it had to do without is told.
    Prefer,
}

/// What the child was doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Clone,
    Record,
    IdMaps,
    OwnMounts,
    /// The mount of this index.
    Mount(usize),
    Hostname,
    Loopback,
    Session,
    Stdio,
    Directory,
    Credentials,
    Execute,
    /// Nothing that it told: it was killed.
    Vanish,
}

/// The steps without a number of their own; a mount's code is this many and its index.
const STEPS: [Step; 12] = [
    Step::Clone,
    Step::Record,
    Step::IdMaps,
    Step::OwnMounts,
    Step::Hostname,
    Step::Loopback,
    Step::Session,
    Step::Stdio,
    Step::Directory,
    Step::Credentials,
    Step::Execute,
    Step::Vanish,
];

impl Step {
    fn code(self) -> u32 {
        let position = match self {
            Self::Mount(index) => STEPS.len() + index,
            step => STEPS.iter().position(|known| *known == step).unwrap_or(STEPS.len() - 1),
        };
        // A pod has a handful of mounts.
        u32::try_from(position).unwrap_or(u32::MAX)
    }

    fn of(code: u32) -> Self {
        let position = usize::try_from(code).unwrap_or(usize::MAX);
        STEPS.get(position).copied().unwrap_or_else(|| Self::Mount(position - STEPS.len()))
    }
}

/// The step that failed, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) step: Step,
    pub(crate) errno: Errno,
}

/// Mounts beyond this many would need a larger report.
const MOUNTS: usize = 64;

/// What the child leaves for us.
struct Report {
    step: AtomicU32,
    /// Not 0 once a step has failed.
    errno: AtomicI32,
    /// Why each mount was done without; 0 where it was not.
    skipped: [AtomicI32; MOUNTS],
}

impl Report {
    const fn new() -> Self {
        Self { step: AtomicU32::new(0), errno: AtomicI32::new(0), skipped: [const { AtomicI32::new(0) }; MOUNTS] }
    }
}

/// Makes a sandbox; comes back once its pause program has been executed. Says which mounts were
/// done without, and why.
pub(crate) fn create(script: &Script) -> Result<Vec<(usize, Errno)>, Failure> {
    let clone_failed = |errno| Failure { step: Step::Clone, errno };
    if script.mounts.len() > MOUNTS {
        return Err(clone_failed(Errno::E2BIG));
    }
    let report = &Report::new();
    let mut flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_NEWPID | libc::CLONE_NEWNS | libc::SIGCHLD;
    for kind in &script.namespaces {
        flags |= kind.flag();
    }
    if script.id_maps.is_some() {
        flags |= libc::CLONE_NEWUSER;
    }
    let dumpable = prctl::get_dumpable().unwrap_or(true);
    let before = reaper::sys::blocked();
    reaper::sys::block_exactly(&SignalSet::ALL);
    let errand = Errand { script, report };
    let mut stack = vec![0_u128; STACK / size_of::<u128>()];
    let top = stack.as_mut_ptr_range().end;
    let argument = std::ptr::from_ref(&errand).cast_mut().cast();
    // SAFETY: `top` is the end of STACK writable bytes, aligned to 16, that nobody else uses and that
    // outlive the child's use of them: CLONE_VFORK holds us until it has executed or ended. So does
    // `errand`. `run` never returns.
    let cloned = Errno::result(unsafe { libc::clone(run, top.cast(), flags, argument) });
    reaper::sys::block_exactly(&before);
    // Who changes its user makes the memory that it is in undumpable, and for that moment it is ours, too.
    let _always_allowed = prctl::set_dumpable(dumpable);
    outcome(script, report, cloned.map_err(clone_failed)?)
}

/// What the child is handed.
struct Errand<'a> {
    script: &'a Script,
    report: &'a Report,
}

/// Enough for what the child calls.
const STACK: usize = 32 * 1024;

extern "C" fn run(errand: *mut c_void) -> c_int {
    // SAFETY: `create` made it, and stands still while we run; nobody changes it.
    let errand = unsafe { &*errand.cast_const().cast::<Errand<'_>>() };
    errand.script.become_pause(errand.report)
}

fn outcome(script: &Script, report: &Report, pid: i32) -> Result<Vec<(usize, Errno)>, Failure> {
    let errno = report.errno.load(Ordering::Relaxed);
    if errno != 0 {
        reap(pid);
        return Err(Failure { step: Step::of(report.step.load(Ordering::Relaxed)), errno: Errno::from_raw(errno) });
    }
    // It reports nothing when it has executed pause, and nothing when it was killed.
    if report.step.load(Ordering::Relaxed) != Step::Execute.code() {
        reap(pid);
        return Err(Failure { step: Step::Vanish, errno: Errno::ECHILD });
    }
    let skipped = report.skipped.iter().map(|errno| errno.load(Ordering::Relaxed)).take(script.mounts.len());
    Ok(skipped
        .enumerate()
        .filter(|(_, errno)| *errno != 0)
        .map(|(index, errno)| (index, Errno::from_raw(errno)))
        .collect())
}

/// Reaps a child that has ended.
fn reap(pid: i32) {
    // SAFETY: neither a status nor usage is asked for.
    while Errno::result(unsafe { libc::wait4(pid, std::ptr::null_mut(), libc::__WALL, std::ptr::null_mut()) })
        == Err(Errno::EINTR)
    {}
}

// From here on: the child. System calls, the script, the report, nothing else.

/// pause runs as this user and group in a cluster, too.
const NOBODY: libc::c_long = 65535;

impl Script {
    fn become_pause(&self, report: &Report) -> ! {
        let result = self.make_the_sandbox(report).and_then(|()| {
            // Told beforehand: who reads it knows whether exec came back by the errno.
            report.step.store(Step::Execute.code(), Ordering::Relaxed);
            self.execute()
        });
        if let Err(failure) = result {
            report.step.store(failure.step.code(), Ordering::Relaxed);
            report.errno.store(failure.errno as i32, Ordering::Relaxed);
        }
        // SAFETY: ends this process, running nothing of ours on the way.
        unsafe { libc::_exit(1) }
    }

    fn make_the_sandbox(&self, report: &Report) -> Result<(), Failure> {
        // Before anything else there is word of us: whoever is killed now, the next command finds us.
        // SAFETY: who made the script owns the descriptor, and stands still while we run.
        let proc = unsafe { BorrowedFd::borrow_raw(self.proc) };
        // SAFETY: as above.
        let record = unsafe { BorrowedFd::borrow_raw(self.record) };
        step(Step::Record, leave_identity(proc, record))?;
        if let Some(maps) = &self.id_maps {
            map_ids(self.proc, maps)?;
        }
        self.mount_all(report)?;
        if let Some(hostname) = &self.hostname {
            // SAFETY: the kernel reads that many bytes of a name that the script owns.
            let set = unsafe { libc::sethostname(hostname.as_ptr().cast(), hostname.len()) };
            step(Step::Hostname, Errno::result(set))?;
        }
        if self.loopback {
            bring_loopback_up()?;
        }
        // A pod outlives the terminal it was made from, and holds no pipe of it.
        // SAFETY: takes nothing.
        step(Step::Session, Errno::result(unsafe { libc::setsid() }))?;
        leave_stdio()?;
        // SAFETY: a C string.
        step(Step::Directory, Errno::result(unsafe { libc::chdir(c"/".as_ptr()) }))?;
        give_up_privileges(self.runs_as)
    }

    fn mount_all(&self, report: &Report) -> Result<(), Failure> {
        // Mounts of the host still arrive in the pod, and what the host unmounts goes there too;
        // the pod's own stay in it.
        let private = mount(None, c"/", None, (MsFlags::MS_REC | MsFlags::MS_SLAVE).bits(), None);
        step(Step::OwnMounts, private)?;
        for (index, wanted) in self.mounts.iter().enumerate() {
            let data = wanted.data.as_deref();
            match mount(Some(&wanted.source), &wanted.target, wanted.kind.as_deref(), wanted.flags.bits(), data) {
                Err(errno) if Self::can_do_without(wanted.need, errno) => {
                    report.skipped[index].store(errno as i32, Ordering::Relaxed);
                }
                mounted => step(Step::Mount(index), mounted)?,
            }
        }
        Ok(())
    }

    /// By descriptor, for who pause runs as may not be able to reach its path.
    fn execute(&self) -> Result<(), Failure> {
        let argv = [c"pause".as_ptr(), std::ptr::null()];
        let envp = [std::ptr::null::<libc::c_char>()];
        // SAFETY: two null-terminated arrays of C strings, an empty path, and a descriptor that is ours.
        let executed = unsafe {
            libc::syscall(
                libc::SYS_execveat,
                self.program,
                c"".as_ptr(),
                argv.as_ptr(),
                envp.as_ptr(),
                libc::AT_EMPTY_PATH,
            )
        };
        step(Step::Execute, Errno::result(executed))
    }
}

fn step<T>(step: Step, result: Result<T, Errno>) -> Result<(), Failure> {
    match result {
        Ok(_) => Ok(()),
        Err(errno) => Err(Failure { step, errno }),
    }
}

/// Makes us the root of the user namespace that we are in.
///
/// # References
/// `user_namespaces`(7): who has no privilege outside must first give up setgroups.
fn map_ids(proc: RawFd, maps: &IdMaps) -> Result<(), Failure> {
    let files: [(&CStr, &[u8]); 3] =
        [(c"self/setgroups", b"deny"), (c"self/uid_map", &maps.uid), (c"self/gid_map", &maps.gid)];
    files.into_iter().try_for_each(|(path, text)| step(Step::IdMaps, write(proc, path, text)))
}

fn write(directory: RawFd, path: &CStr, text: &[u8]) -> Result<(), Errno> {
    // SAFETY: a descriptor and a C string, borrowed for the call.
    let file = Errno::result(unsafe { libc::openat(directory, path.as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC) })?;
    // SAFETY: the kernel reads `text.len()` bytes, borrowed for the call.
    let written = Errno::result(unsafe { libc::write(file, text.as_ptr().cast(), text.len()) });
    // SAFETY: a descriptor of this process, of which nobody else knows.
    unsafe { libc::close(file) };
    written.map(drop)
}

fn mount(
    source: Option<&CStr>,
    target: &CStr,
    kind: Option<&CStr>,
    flags: libc::c_ulong,
    data: Option<&CStr>,
) -> Result<(), Errno> {
    let pointer = |text: Option<&CStr>| text.map_or(std::ptr::null(), CStr::as_ptr);
    // SAFETY: C strings, or null where the call takes nothing.
    let mounted = unsafe { libc::mount(pointer(source), target.as_ptr(), pointer(kind), flags, pointer(data).cast()) };
    Errno::result(mounted).map(drop)
}

/// Brings `lo` up; the kernel gives it 127.0.0.1/8 and ::1 by itself.
///
/// # References
/// netdevice(7), `SIOCSIFFLAGS`
fn bring_loopback_up() -> Result<(), Failure> {
    // SAFETY: takes numbers.
    let socket = unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0) };
    step(Step::Loopback, Errno::result(socket))?;
    // SAFETY: an ifreq is numbers and arrays of them, for which all zeroes is valid.
    let mut request: libc::ifreq = unsafe { MaybeUninit::zeroed().assume_init() };
    for (place, byte) in request.ifr_name.iter_mut().zip(b"lo") {
        *place = *byte as libc::c_char;
    }
    // Up, and nothing else: it is new, and was down.
    #[allow(clippy::cast_possible_truncation, reason = "IFF_UP is 1")]
    let up = libc::IFF_UP as libc::c_short;
    request.ifr_ifru.ifru_flags = up;
    // SAFETY: the kernel reads one ifreq, borrowed for the call.
    let result = unsafe { libc::ioctl(socket, libc::SIOCSIFFLAGS, &raw mut request) };
    // SAFETY: a descriptor of this process, of which nobody else knows.
    unsafe { libc::close(socket) };
    step(Step::Loopback, Errno::result(result))
}

/// Puts /dev/null where our stdin, stdout and stderr were.
fn leave_stdio() -> Result<(), Failure> {
    // SAFETY: a C string.
    let null = unsafe { libc::open(c"/dev/null".as_ptr(), libc::O_RDWR | libc::O_CLOEXEC) };
    step(Step::Stdio, Errno::result(null))?;
    (0..=2).try_for_each(|number: c_int| {
        // SAFETY: stdio is nobody else's in this process.
        step(Step::Stdio, Errno::result(unsafe { libc::dup2(null, number) }))
    })
}

/// Ends up without capabilities, and without a way to any.
///
/// By raw calls: the C library's would make other threads follow, and here there are none.
fn give_up_privileges(runs_as: RunsAs) -> Result<(), Failure> {
    const NONE: libc::c_long = 0;
    let done = |result| step(Step::Credentials, Errno::result(result));
    if runs_as == RunsAs::Nobody {
        // SAFETY: an empty list of groups.
        done(unsafe { libc::syscall(libc::SYS_setgroups, NONE, NONE) })?;
        // SAFETY: takes three numbers.
        done(unsafe { libc::syscall(libc::SYS_setresgid, NOBODY, NOBODY, NOBODY) })?;
        // SAFETY: takes three numbers.
        done(unsafe { libc::syscall(libc::SYS_setresuid, NOBODY, NOBODY, NOBODY) })?;
    }
    // Leaving uid 0 empties all but the inheritable set; in a user namespace we do not leave it.
    const VERSION_3: u32 = 0x2008_0522;
    let (header, sets) = ([VERSION_3, 0], [0_u32; 6]);
    // SAFETY: the kernel reads a header of two numbers, of the version with two triples of sets,
    // and these; both borrowed for the call.
    done(unsafe { libc::syscall(libc::SYS_capset, header.as_ptr(), sets.as_ptr()) })?;
    // Without this, executing a program as uid 0 gives them back.
    // SAFETY: takes numbers.
    done(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, NONE, NONE, NONE) }.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_survives_being_a_number() {
        for step in STEPS.into_iter().chain([Step::Mount(0), Step::Mount(7)]) {
            assert_eq!(Step::of(step.code()), step);
        }
    }
}
