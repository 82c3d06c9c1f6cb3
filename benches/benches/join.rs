//! Joining a sandbox with a command that ends at once, until it has ended. Cases:
//! - the floor, a whole process: a static program in C that does pidfd_open, setns, vfork, exec and wait;
//! - the floor without that process: the same in its child, timed by itself, again and again;
//! - the floor, verified: that, and the looking that the library's promises about safety rest on, by the fewest calls;
//! - the library: from a target to the command's status, without the start of a process of our own;
//! - `nsjoin`, a whole process: net, ipc, uts and pid, by pid;
//! - `nsenter`, a whole process: the same namespaces;
//! - `exec` of the runtimes and engines that startup measures, in a sandbox of theirs.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use benches::Unit;
use fixtures::find;
use nsjoin::{Command, Join, Target};

use crate::engines;
use crate::floor::{self, Loop, Mode};
use crate::place::Place;
use crate::session::Session;
use crate::turns::{Case, Turns, timed};

const SUBJECT: &str = "join";
const POD: &str = "join";

pub(crate) fn measure(session: &mut Session, place: &Place) {
    place.time("pod", &["create", POD]);
    let joined = Joined { place, pid: place.pause(POD), payload: place.ours("pause") };
    joined.processes(session);
    joined.floors(session);
    joined.engines(session);
    place.time("pod", &["delete", "--now", POD]);
}

/// A sandbox, and what is run in it.
struct Joined<'a> {
    place: &'a Place,
    pid: i32,
    payload: String,
}

impl Joined<'_> {
    fn processes(&self, session: &mut Session) {
        if find("nsenter").is_some() {
            self.turns(session, "nsenter", 1000, timed("nsenter", || self.by("nsenter")));
        } else {
            session.leave_out(SUBJECT, "nsenter", "not on this machine");
        }
    }

    fn floors(&self, session: &mut Session) {
        let floor = match floor::join(self.place) {
            Ok(floor) => floor,
            Err(reason) => {
                session.leave_out(SUBJECT, "floor", &reason);
                return;
            }
        };
        let target = self.pid.to_string();
        let words = [target.as_str(), &self.payload, "-v"];
        self.turns(session, "floor", 500, timed("floor", || self.place.time(&floor, &words)));
        let mut bare = Loop::start(self.place, &floor, Mode::Bare, &words);
        let mut verified = Loop::start(self.place, &floor, Mode::Verified, &words);
        let cases = vec![
            timed("library", || by_library(self.pid, &self.payload)),
            timed("floor, no process", || bare.once()),
            timed("floor, verified", || verified.once()),
        ];
        let pairs = [
            ("library", "floor, verified"),
            ("library", "floor, no process"),
            ("floor, verified", "floor, no process"),
        ];
        take(session, &pairs, 2000, cases);
    }

    fn engines(&self, session: &mut Session) {
        for choice in engines::all() {
            let Some(name) = &choice.exec else { continue };
            match choice.start(self.place) {
                Ok(engine) => {
                    engine.create();
                    let theirs = timed(name, || engine.exec().expect("it can join"));
                    self.turns(session, name, 60, theirs);
                    engine.delete();
                }
                Err(reason) => session.leave_out(SUBJECT, name, &reason),
            }
        }
    }

    /// `nsjoin` and somebody else, in turns.
    fn turns(&self, session: &mut Session, name: &str, rounds: usize, theirs: Case<'_, 1>) {
        take(session, &[("nsjoin", name)], rounds, vec![timed("nsjoin", || self.by("nsjoin")), theirs]);
    }

    fn by(&self, program: &str) -> Duration {
        let target = self.pid.to_string();
        self.place.time(program, &["-t", &target, "-n", "-i", "-u", "-p", "--", &self.payload, "-v"])
    }
}

fn take(session: &mut Session, pairs: &[(&str, &str)], rounds: usize, cases: Vec<Case<'_, 1>>) {
    let measures = [("join", Unit::Time)];
    Turns { subject: SUBJECT, measures, pairs, rounds: session.rounds(rounds) }.take(session, cases);
}

fn by_library(pid: i32, payload: &str) -> Duration {
    let null: OwnedFd = File::options().write(true).open("/dev/null").expect("/dev/null").into();
    let before = Instant::now();
    let command = Command::new(payload).arg("-v").stdio([None, Some(null), None]);
    let plan = Join::new(Target::Pid(pid), command).plan().expect("a plan");
    plan.open().expect("a live target").spawn().expect("a command").wait().expect("its end");
    before.elapsed()
}
