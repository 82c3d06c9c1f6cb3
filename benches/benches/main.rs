//! The benches, one file for each subject: startup, join, reap, signal, ports, networks, container, image,
//! pods, scale, footprint, manifest, micro.
//!
//! Without arguments all of them, else the one that is named; all other arguments are criterion's.

mod applied;
mod cgroup;
mod container;
mod engines;
mod floor;
mod footprint;
mod image;
mod inits;
mod join;
mod keepers;
mod manifest;
mod micro;
mod network;
mod networks;
mod place;
mod pods;
mod ports;
mod reap;
mod rivals;
mod scale;
mod session;
mod signal;
mod startup;
#[allow(unsafe_code, reason = "clones, pidfds and signals; see the file's # Safety")]
mod sys;
mod turns;
mod volatile;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use place::Place;
use session::Session;

/// A subject, and what measures it.
type Subject = (&'static str, fn(&mut Session, &Place));

const SUBJECTS: [Subject; 13] = [
    ("startup", startup::measure),
    ("join", join::measure),
    ("reap", reap::measure),
    ("signal", signal::measure),
    ("ports", ports::measure),
    ("networks", networks::measure),
    ("container", container::measure),
    ("image", image::measure),
    ("pods", pods::measure),
    ("scale", scale::measure),
    ("footprint", footprint::measure),
    ("manifest", manifest::measure),
    ("micro", micro::measure),
];

fn main() -> ExitCode {
    // Others name them by that.
    assert!(SUBJECTS.map(|subject| subject.0) == benches::SUBJECTS, "the subjects are called otherwise elsewhere");
    let words: Vec<String> = std::env::args().skip(1).collect();
    // Asked by `cargo test`, which wants to know that they start, and nothing else.
    if words.iter().any(|word| word == "--test" || word == "--list") {
        return ExitCode::SUCCESS;
    }
    // First of all: words that criterion does not know end us.
    let mut session = Session::of_the_environment();
    let place = Place::new();
    sys::hear_interrupts();
    rivals::introduce(&mut session);
    session.note(place.built().to_owned());
    let named = |subject: &Subject| words.iter().any(|word| word == subject.0);
    let some = SUBJECTS.iter().any(named);
    let mut failed = false;
    for subject in SUBJECTS.iter().filter(|subject| !some || named(subject)) {
        // What has failed has said so; the others can be measured all the same.
        let measured = catch_unwind(AssertUnwindSafe(|| (subject.1)(&mut session, &place)));
        failed |= measured.is_err();
        if sys::interrupted() {
            break;
        }
    }
    session.finish();
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
