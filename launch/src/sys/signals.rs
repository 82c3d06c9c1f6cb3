//! Signal masks and dispositions: asked for, changed, and put back.
//!
//! All of it by the kernel's own calls: a C library keeps some signals to itself (glibc 32 and 33, musl 34, too),
//! and its functions neither tell nor change what of them is blocked or ignored. A command inherits that all the same.

use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use nix::sys::signal::SigSet;
use reaper::sys::signals::Disposition;
use reaper::{Signal, SignalSet};

use crate::signals::Inherited;

/// Whether SIGPIPE was ignored before Rust's runtime ignored it.
static PIPE_IGNORED_AT_ENTRY: AtomicBool = AtomicBool::new(false);

/// The signals that one C library or another keeps to itself, and unblocks before main as musl does.
const KEPT: std::ops::RangeInclusive<u8> = 32..=34;

/// Which of those were blocked before that, a bit for each.
static KEPT_BLOCKED_AT_ENTRY: AtomicU64 = AtomicU64::new(0);

extern "C" fn remember() {
    PIPE_IGNORED_AT_ENTRY.store(is_ignored(Signal::PIPE), Ordering::Relaxed);
    let blocked = reaper::sys::blocked();
    let bits = kept().filter(|signal| blocked.contains(*signal)).fold(0, |bits, signal| bits | bit(signal));
    KEPT_BLOCKED_AT_ENTRY.store(bits, Ordering::Relaxed);
}

fn kept() -> impl Iterator<Item = Signal> {
    KEPT.filter_map(|number| Signal::new(number.into()))
}

fn bit(signal: Signal) -> u64 {
    1 << (signal.number() - 1)
}

// SAFETY: the C library calls the functions in this section, once each, before main, with the C
// calling convention; this one only asks for a disposition and a mask, and stores what it hears.
#[used]
#[unsafe(link_section = ".init_array")]
static REMEMBER: extern "C" fn() = remember;

impl Inherited {
    /// What this thread would hand on to a command now.
    #[must_use]
    pub fn now() -> Self {
        let mut mask = reaper::sys::blocked();
        let kept_blocked = KEPT_BLOCKED_AT_ENTRY.load(Ordering::Relaxed);
        for signal in kept().filter(|signal| kept_blocked & bit(*signal) != 0) {
            mask.insert(signal);
        }
        Self {
            mask,
            pipe_ignored: PIPE_IGNORED_AT_ENTRY.load(Ordering::Relaxed),
            chld_ignored: is_ignored(Signal::CHLD),
        }
    }

    /// Puts every disposition back to its default and unblocks every signal, for a process that
    /// outlives who started it; SIGPIPE stays as Rust's runtime has it, and is the default for commands.
    pub fn forget() {
        for signal in all().filter(|signal| *signal != Signal::PIPE) {
            dispose(signal, Disposition::Default);
        }
        PIPE_IGNORED_AT_ENTRY.store(false, Ordering::Relaxed);
        KEPT_BLOCKED_AT_ENTRY.store(0, Ordering::Relaxed);
        reaper::sys::block_exactly(&SignalSet::EMPTY);
    }

    /// Lets this process wait for its children, even where it was started with SIGCHLD ignored.
    pub fn mind_children() {
        dispose(Signal::CHLD, Disposition::Default);
    }
}

/// Blocks every signal, and says what was blocked before.
pub(crate) fn block_all() -> SignalSet {
    let before = reaper::sys::blocked();
    reaper::sys::block_exactly(&SignalSet::ALL);
    before
}

/// The set of every signal, those of the C library's own among them.
pub(crate) fn set_of_all() -> SigSet {
    let mut set = MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: a libc's set begins with the kernel's, and is at least as large.
    unsafe { set.as_mut_ptr().cast::<SignalSet>().write_unaligned(SignalSet::ALL) };
    // SAFETY: a set is numbers, for which whatever is in them is valid.
    let set = unsafe { set.assume_init() };
    // SAFETY: it is handed to the kernel alone, which knows each of these signals.
    unsafe { SigSet::from_sigset_t_unchecked(set) }
}

/// Ends this process as the signal ends one, so that a shell sees it; without a second core file.
/// Comes back when the signal does not end a process.
pub(crate) fn die_by(signal: Signal) {
    let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the kernel reads one rlimit, borrowed for the call.
    unsafe { libc::setrlimit(libc::RLIMIT_CORE, &raw const none) };
    dispose(signal, Disposition::Default);
    reaper::sys::block_exactly(&SignalSet::EMPTY);
    // One that we may not send ourselves ends us no more than one that is survived.
    let _sent = reaper::sys::signals::kill(std::process::id().cast_signed(), signal);
}

/// Has the mask and the dispositions that a command is to have; signals with a handler have none
/// any more before the first of them can come.
pub(super) fn put_back(inherited: &Inherited) {
    drop_handlers();
    let ignored_or_default = |ignored| if ignored { Disposition::Ignore } else { Disposition::Default };
    dispose(Signal::PIPE, ignored_or_default(inherited.pipe_ignored));
    dispose(Signal::CHLD, ignored_or_default(inherited.chld_ignored));
    reaper::sys::block_exactly(&inherited.mask);
}

/// Every signal that there is.
fn all() -> impl Iterator<Item = Signal> {
    (1..=Signal::MAX).filter_map(|number| Signal::new(number.into()))
}

/// Sets a disposition; what may not be set (KILL, STOP) stays.
fn dispose(signal: Signal, disposition: Disposition) {
    let _stays = reaper::sys::signals::dispose(signal, disposition);
}

/// Puts every signal with a handler back to its default, as exec will, but before it.
fn drop_handlers() {
    for signal in all().filter(|signal| reaper::sys::signals::disposed(*signal).is_none()) {
        dispose(signal, Disposition::Default);
    }
}

fn is_ignored(signal: Signal) -> bool {
    reaper::sys::signals::disposed(signal) == Some(Disposition::Ignore)
}
