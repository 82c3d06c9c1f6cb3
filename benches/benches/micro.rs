//! What is done before the kernel is asked for anything. Cases:
//! - a pod's name, from text;
//! - the line of /proc/PID/stat by which a process is known again;
//! - the plan of a pod, checked;
//! - the plan of a join, from plain words of a command line, and from words that take clap.

use std::hint::black_box;
use std::time::{Duration, Instant};

use benches::Unit;
use nsjoin::{Identity, Name};
use pod::{PodPlan, Share};

use crate::place::Place;
use crate::session::Session;
use crate::turns::{Turns, timed};

/// So often in a turn, for one would be lost in the clock.
const TIMES: u32 = 200;

const STAT: &str = "4242 (pause) S 1 4242 4242 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 987654 1 2 \
    18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n";

pub(crate) fn measure(session: &mut Session, _place: &Place) {
    let pod: Name = "web".parse().expect("a name");
    let cases = vec![
        timed("a name", || each(|| "web-7".parse::<Name>().is_ok())),
        timed("a process's identity", || each(|| Identity::from_stat(black_box(STAT).as_bytes()).is_ok())),
        timed("the plan of a pod", || each(|| PodPlan::new(pod.clone(), None, Share::all(), Vec::new()).is_ok())),
        timed("the plan of a join", || each(|| is_a_join(&PLAIN))),
        timed("the plan of a join, by clap", || each(|| is_a_join(&NOT_PLAIN))),
    ];
    let measures = [("parse", Unit::Time)];
    Turns { subject: "micro", measures, pairs: &[], rounds: session.rounds(500) }.take(session, cases);
}

const PLAIN: [&str; 9] = ["nsjoin", "-t", "web", "-n", "-i", "-u", "-p", "--", "true"];
const NOT_PLAIN: [&str; 9] = ["nsjoin", "-t", "web", "-n", "-i", "-u", "--nice=1", "--", "true"];

fn is_a_join(words: &[&str]) -> bool {
    let words = black_box(words).iter().map(Into::into).collect();
    let invocation =
        nsjoin::cli::Args::of(words).ok().and_then(|args| args.resolve(nsjoin::cli::Guise::default()).ok());
    invocation.is_some_and(|invocation| invocation.join.plan().is_ok())
}

fn each(mut work: impl FnMut() -> bool) -> Duration {
    let before = Instant::now();
    for _ in 0..TIMES {
        assert!(black_box(work()), "it can be understood");
    }
    before.elapsed() / TIMES
}
