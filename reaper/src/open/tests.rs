//! What is refused leaves us as we were.

extern crate std;

use super::Opened;
use crate::plan::{Plan, Verbosity};
use crate::refusal::Refusal;
use crate::sys::process;
use crate::sys::signals::{self, Disposition};
use crate::voice::Voice;
use crate::{Signal, sys};

/// What an init changes of itself.
fn ourselves() -> (crate::SignalSet, Disposition, Option<Signal>, bool) {
    // What it is set to is what it was.
    let chld = signals::dispose(Signal::CHLD, Disposition::Default).expect("it can be set");
    signals::dispose(Signal::CHLD, chld).expect("it can be set again");
    let parent_death = process::signal_of_parents_death().expect("it can be asked");
    (sys::blocked(), chld, parent_death, process::adopts_orphans())
}

// One test: these are the process's, and tests are threads of one.
#[test]
fn who_is_refused_is_as_before_and_so_is_who_was_an_init() {
    let voice = Voice { name: "init", verbosity: Verbosity::Errors };
    let before = ourselves();
    assert_eq!((before.1, before.2, before.3), (Disposition::Default, None, false));
    let mut plan = Plan { parent_death: Some(Signal::TERM), ready: Some(-1), ..Plan::usual() };
    let refused = Opened::open(&plan, voice).expect_err("no such descriptor");
    assert!(matches!(refused, Refusal::Kernel("use the descriptor", _)), "{refused:?}");
    assert_eq!(ourselves(), before);
    plan.ready = None;
    let opened = Opened::open(&plan, voice).expect("an init");
    assert_ne!(ourselves(), before, "nothing is changed by being one");
    drop(opened);
    assert_eq!(ourselves(), before);
}
