//! TERM, sent to the first process of a pid namespace. Measured:
//! - until its command has it, which dies of it;
//! - until the sandbox is gone: the first process has ended, and with it everything in its namespace.
//!
//! Cases: as for reap. A pause has no command.

use std::os::fd::AsFd;
use std::time::Instant;

use benches::Unit;
use nix::poll::PollFlags;
use nix::sys::signal::Signal;

use crate::inits::{self, Init, wait_for};
use crate::place::Place;
use crate::session::Session;
use crate::sys;
use crate::turns::{Seen, Turns, case, nanoseconds};

const SUBJECT: &str = "signal";

pub(crate) fn measure(session: &mut Session, place: &Place) {
    if !nix::unistd::geteuid().is_root() {
        session.leave_out(SUBJECT, "all", "needs root");
        return;
    }
    let inits = inits::all(session, place, SUBJECT);
    let cases = inits.iter().map(|init| case(&init.name, || term(init))).collect();
    let measures = [("TERM to gone", Unit::Time), ("TERM to command", Unit::Time)];
    let pairs = inits::pairs(&inits);
    Turns { subject: SUBJECT, measures, pairs: &pairs, rounds: session.rounds(500) }.take(session, cases);
}

fn term(init: &Init) -> Seen<2> {
    // One at a time: to be told of the command's end, we would run in between, and be what is waited for.
    [Some(until_gone(init)), until_heard(init)]
}

fn until_gone(init: &Init) -> f64 {
    let running = init.start();
    let before = Instant::now();
    running.process.signal(Signal::SIGTERM);
    wait_for(running.process.as_fd(), PollFlags::POLLIN);
    nanoseconds(before.elapsed())
}

fn until_heard(init: &Init) -> Option<f64> {
    let running = init.start();
    let command = sys::pidfd_of(running.child?).expect("a living process");
    let before = Instant::now();
    running.process.signal(Signal::SIGTERM);
    wait_for(command.as_fd(), PollFlags::POLLIN);
    Some(nanoseconds(before.elapsed()))
}
