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
    let running = init.start();
    let command = running.child.map(|pid| sys::pidfd_of(pid).expect("a living process"));
    let before = Instant::now();
    running.process.signal(Signal::SIGTERM);
    let heard = command.map(|command| {
        wait_for(command.as_fd(), PollFlags::POLLIN);
        nanoseconds(before.elapsed())
    });
    wait_for(running.process.as_fd(), PollFlags::POLLIN);
    [Some(nanoseconds(before.elapsed())), heard]
}
