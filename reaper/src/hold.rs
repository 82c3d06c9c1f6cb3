//! Holding a pod: waiting for INT or TERM, and leaving no zombie. What `pause` does, and `reaper --pause`.

use crate::filter::{Call, Filter};
use crate::sys::{self, Args};
use crate::{Signal, SignalSet, reap};

/// What is waited for. Of a PIPE nothing is to be known; unblocked, a stderr that nobody reads would end us.
const AWAITED: SignalSet = SignalSet::of(&[Signal::INT, Signal::TERM, Signal::PIPE]);
/// All that is called once it waits.
static LOCK: Filter<8> = Filter::allowing(&[Call::WaitFor, Call::Write, Call::Exit]);
const STDERR: i32 = 2;

/// Has the signals that end it wait for [`hold`]: to be called first of all, for then none is lost.
/// A mask that was inherited is forgotten.
pub fn listen() {
    sys::block_exactly(&AWAITED);
}

/// Holds until INT or TERM, and exits with 0.
pub fn hold(args: Args) -> ! {
    if sys::getpid() != 1 {
        sys::write(STDERR, b"Warning: pause should be the first process\n");
    }
    reap::leave_it_to_the_kernel();
    // A descriptor or a directory held for as long as the pod lives could not be unmounted.
    sys::close_from(3);
    let _root_can_be_entered = sys::chdir(c"/");
    args.give_back();
    // What a kernel or a runtime refuses of this, it refuses: the pod is held all the same.
    sys::no_new_privs();
    sys::not_dumpable();
    sys::allow_only(LOCK.instructions());
    loop {
        let name: &[u8] = match sys::wait_for(&AWAITED) {
            Some(Signal::INT) => b"Shutting down, got signal: Interrupt\n",
            Some(Signal::TERM) => b"Shutting down, got signal: Terminated\n",
            _ => continue,
        };
        sys::write(STDERR, name);
        sys::exit(0);
    }
}
