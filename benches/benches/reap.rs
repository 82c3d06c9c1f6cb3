//! Orphans, beside the command of a first process or in the pod of a pause. Measured:
//! - zombie to reaped: from an orphan's pidfd readable (it has ended) to hung up (it is reaped);
//! - in storms of orphans: how often the init is switched to or from, and its CPU time.
//!
//! Cases: pause, reaper where the kernel reaps and where it loops itself, catatonit with and
//! without `-P`, tini, dumb-init, and whoever is named in PAUSE_RIVALS or INIT_RIVALS.
//!
//! # References
//! `pidfd_open`(2), "poll"; `pidfd_poll` in kernel/fork.c: EPOLLIN with the zombie, EPOLLHUP once
//! no task has the pid

use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use benches::Unit;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;

use crate::inits::{self, Init, Running, number_in, wait_for};
use crate::place::Place;
use crate::session::Session;
use crate::sys;
use crate::turns::{Case, Seen, Turns, case, nanoseconds, timed};

const SUBJECT: &str = "reap";
/// The orphans of a storm, which end at once. Ten storms are 10,000.
const STORM: u16 = 1000;
/// How many of them are made by one parent.
const BROOD: u16 = 100;

pub(crate) fn measure(session: &mut Session, place: &Place) {
    if !nix::unistd::geteuid().is_root() {
        session.leave_out(SUBJECT, "all", "needs root");
        return;
    }
    let inits = inits::all(session, place, SUBJECT);
    let running: Vec<_> = inits.iter().map(Init::start).collect();
    latency(session, &inits, &running);
    storms(session, &inits, &running);
}

fn latency(session: &mut Session, inits: &[Init], running: &[Running]) {
    let cases = inits.iter().zip(running).map(|(init, running)| timed(&init.name, || from_zombie_to_reaped(running)));
    let pairs = inits::pairs(inits);
    let measures = [("zombie to reaped", Unit::Time)];
    Turns { subject: SUBJECT, measures, pairs: &pairs, rounds: session.rounds(2000) }.take(session, cases.collect());
}

/// Has an orphan, kills it, and watches it go.
fn from_zombie_to_reaped(running: &Running) -> Duration {
    let (until, _kept) = io::pipe().expect("a pipe");
    let orphans = sys::orphans(&running.process, until.as_fd(), 1).expect("an orphan");
    let orphan = orphans[0].as_fd();
    sys::send(orphan, Signal::SIGKILL);
    // We look as often as we can, for being woken takes longer than what is measured.
    watch(orphan, PollFlags::POLLIN | PollFlags::POLLHUP);
    let ended = Instant::now();
    watch(orphan, PollFlags::POLLHUP);
    ended.elapsed()
}

/// Looks, without ever going to sleep, until one of these is so.
fn watch(process: BorrowedFd<'_>, wanted: PollFlags) {
    loop {
        let mut polled = [PollFd::new(process, PollFlags::POLLIN)];
        let looked = poll(&mut polled, PollTimeout::ZERO);
        assert!(looked.is_ok() || looked == Err(Errno::EINTR), "cannot poll a pidfd: {looked:?}");
        if polled[0].revents().is_some_and(|seen| seen.intersects(wanted)) {
            return;
        }
    }
}

/// Storms, and who was disturbed by them.
fn storms(session: &mut Session, inits: &[Init], running: &[Running]) {
    let measures = [("context switches", Unit::Count), ("CPU time", Unit::Time)];
    let mut cases: Vec<Case<'_, 2>> =
        inits.iter().zip(running).map(|(init, running)| case(&init.name, || storm(running))).collect();
    cases.push(case("orphans", || [Some(f64::from(STORM)), None]));
    let ours = ["pause", "reaper"].map(|name| (name, "orphans"));
    let pairs = [&inits::pairs(inits)[..], &ours].concat();
    Turns { subject: SUBJECT, measures, pairs: &pairs, rounds: session.rounds(10) }.take(session, cases);
}

fn storm(running: &Running) -> Seen<2> {
    let before = Trouble::of(running.process.pid);
    let (until, end) = io::pipe().expect("a pipe");
    let broods = (0..STORM / BROOD).map(|_| sys::orphans(&running.process, until.as_fd(), BROOD.into()));
    let orphans: Vec<OwnedFd> = broods.flat_map(|brood| brood.expect("orphans")).collect();
    drop(end);
    for orphan in &orphans {
        // Asked for nothing, it tells of a hang-up all the same.
        wait_for(orphan.as_fd(), PollFlags::empty());
    }
    let after = Trouble::of(running.process.pid);
    [Some(after.switches - before.switches), Some(after.time - before.time)]
}

/// What a process has been put to so far.
struct Trouble {
    switches: f64,
    time: f64,
}

impl Trouble {
    fn of(pid: i32) -> Self {
        let status = format!("/proc/{pid}/status");
        let switches = ["voluntary_ctxt_switches", "nonvoluntary_ctxt_switches"];
        let switches = switches.map(|key| number_in(&status, key).expect("a living process")).iter().sum();
        let schedstat = fs::read_to_string(format!("/proc/{pid}/schedstat")).expect("a living process");
        let time = schedstat.split(' ').next().and_then(|time| time.parse().ok()).map(Duration::from_nanos);
        Self { switches, time: nanoseconds(time.expect("nanoseconds")) }
    }
}
