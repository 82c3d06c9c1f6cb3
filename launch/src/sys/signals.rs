//! Signal masks and dispositions: asked for, changed, and put back.

use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicBool, Ordering};

use reaper::{Signal, SignalSet};

use crate::signals::Inherited;

const PIPE: libc::c_int = libc::SIGPIPE;

/// Whether SIGPIPE was ignored before Rust's runtime ignored it.
static PIPE_IGNORED_AT_ENTRY: AtomicBool = AtomicBool::new(false);

extern "C" fn remember_pipe() {
    PIPE_IGNORED_AT_ENTRY.store(is_ignored(PIPE), Ordering::Relaxed);
}

// SAFETY: the C library calls the functions in this section, once each, before main, with the C
// calling convention; this one only asks for a disposition and stores a flag.
#[used]
#[unsafe(link_section = ".init_array")]
static REMEMBER_PIPE: extern "C" fn() = remember_pipe;

impl Inherited {
    /// What this thread would hand on to a command now.
    #[must_use]
    pub fn now() -> Self {
        Self {
            mask: reaper::sys::blocked(),
            pipe_ignored: PIPE_IGNORED_AT_ENTRY.load(Ordering::Relaxed),
            chld_ignored: is_ignored(libc::SIGCHLD),
        }
    }

    /// Puts every disposition back to its default and unblocks every signal, for a process that
    /// outlives who started it; SIGPIPE stays as Rust's runtime has it, and is the default for commands.
    pub fn forget() {
        for signal in (1..=libc::c_int::from(Signal::MAX)).filter(|signal| *signal != PIPE) {
            disposition(signal, libc::SIG_DFL);
        }
        PIPE_IGNORED_AT_ENTRY.store(false, Ordering::Relaxed);
        reaper::sys::block_exactly(&SignalSet::EMPTY);
    }

    /// Lets this process wait for its children, even where it was started with SIGCHLD ignored.
    pub fn mind_children() {
        disposition(libc::SIGCHLD, libc::SIG_DFL);
    }
}

/// Blocks every signal, and says what was blocked before.
pub(crate) fn block_all() -> SignalSet {
    let before = reaper::sys::blocked();
    reaper::sys::block_exactly(&SignalSet::ALL);
    before
}

/// Ends this process as the signal ends one, so that a shell sees it; without a second core file.
/// Comes back when the signal does not end a process.
pub(crate) fn die_by(signal: Signal) {
    let number = libc::c_int::from(signal.number());
    let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the kernel reads one rlimit, borrowed for the call.
    unsafe { libc::setrlimit(libc::RLIMIT_CORE, &raw const none) };
    disposition(number, libc::SIG_DFL);
    reaper::sys::block_exactly(&SignalSet::EMPTY);
    // SAFETY: takes a number.
    unsafe { libc::raise(number) };
}

/// Has the mask and the dispositions that a command is to have; signals with a handler have none
/// any more before the first of them can come.
pub(super) fn put_back(inherited: &Inherited) {
    drop_handlers();
    let ignored_or_default = |ignored| if ignored { libc::SIG_IGN } else { libc::SIG_DFL };
    disposition(PIPE, ignored_or_default(inherited.pipe_ignored));
    disposition(libc::SIGCHLD, ignored_or_default(inherited.chld_ignored));
    reaper::sys::block_exactly(&inherited.mask);
}

/// Sets a disposition to default or ignored; what may not be set (KILL, STOP) stays.
fn disposition(signal: libc::c_int, handler: libc::sighandler_t) {
    // SAFETY: numbers only; default and ignored run no code of ours.
    unsafe { libc::signal(signal, handler) };
}

/// Puts every signal with a handler back to its default, as exec will, but before it.
fn drop_handlers() {
    for signal in 1..=libc::c_int::from(Signal::MAX) {
        if !matches!(handler(signal), libc::SIG_DFL | libc::SIG_IGN) {
            disposition(signal, libc::SIG_DFL);
        }
    }
}

fn is_ignored(signal: libc::c_int) -> bool {
    handler(signal) == libc::SIG_IGN
}

fn handler(signal: libc::c_int) -> libc::sighandler_t {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: with no new action given, the call only writes the old one, borrowed for the call.
    unsafe { libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr()) };
    // SAFETY: a sigaction is numbers, for which all zeroes is valid; a failed call left it so.
    unsafe { action.assume_init() }.sa_sigaction
}
