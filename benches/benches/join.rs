//! Joining a sandbox with a command that ends at once, until it has ended. Cases:
//! - the library: from a target to the command's status, without the start of a process of our own;
//! - `nsjoin`, a whole process: net, ipc, uts and pid, by pid;
//! - `nsenter`, a whole process: the same namespaces.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use benches::Unit;
use nsjoin::{Command, Join, Target};

use crate::place::{Place, find};
use crate::session::Session;
use crate::turns::{Turns, timed};

const SUBJECT: &str = "join";
const POD: &str = "join";

pub(crate) fn measure(session: &mut Session, place: &Place) {
    place.time("pod", &["create", POD]);
    let pid = place.pause(POD);
    let (target, payload) = (pid.to_string(), place.ours("pause"));
    let words = |dashes| ["-t", &target, "-n", "-i", "-u", "-p", dashes, &payload, "-v"];
    let nsjoin = || place.time("nsjoin", &words("--"));
    let measures = [("join", Unit::Time)];
    if find("nsenter").is_some() {
        let cases = vec![timed("nsjoin", nsjoin), timed("nsenter", || place.time("nsenter", &words("--")))];
        let pairs = [("nsjoin", "nsenter")];
        Turns { subject: SUBJECT, measures, pairs: &pairs, rounds: session.rounds(1000) }.take(session, cases);
    } else {
        session.leave_out(SUBJECT, "nsenter", "not on this machine");
    }
    let cases = vec![timed("library", || by_library(pid, &payload)), timed("nsjoin", nsjoin)];
    let pairs = [("library", "nsjoin")];
    Turns { subject: SUBJECT, measures, pairs: &pairs, rounds: session.rounds(500) }.take(session, cases);
    place.time("pod", &["delete", "--now", POD]);
}

fn by_library(pid: i32, payload: &str) -> Duration {
    let null: OwnedFd = File::options().write(true).open("/dev/null").expect("/dev/null").into();
    let before = Instant::now();
    let command = Command::new(payload).arg("-v").stdio([None, Some(null), None]);
    let plan = Join::new(Target::Pid(pid), command).plan().expect("a plan");
    plan.open().expect("a live target").spawn().expect("a command").wait().expect("its end");
    before.elapsed()
}
