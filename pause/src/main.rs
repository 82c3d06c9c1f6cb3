//! PID 1 of a pod: holds its namespaces, leaves no zombie, ends on INT or TERM.
//!
//! It behaves as Kubernetes' pause does, and README.md says what every byte is for. What it does
//! not do: forward signals, run anything, read anything but its arguments.
#![no_std]
#![no_main]

use reaper::filter::Call;
use reaper::sys::{self, Arg, Args};
use reaper::{Filter, Signal, SignalSet};

reaper::entry!(main);

/// What it waits for. Of a PIPE it wants to know nothing; unblocked, a stderr that nobody reads would end it.
const AWAITED: SignalSet = SignalSet::of(&[Signal::INT, Signal::TERM, Signal::PIPE]);
/// All that it calls once it waits.
static LOCK: Filter<8> = Filter::allowing(&[Call::WaitFor, Call::Write, Call::Exit]);
const VERSION: &[u8] = concat!("pause ", env!("CARGO_PKG_VERSION"), "\n").as_bytes();
const STDOUT: i32 = 1;
const STDERR: i32 = 2;

fn main(args: Args) -> ! {
    // First of all: from here on no TERM is lost, and a mask that we inherited is forgotten.
    sys::block_exactly(&AWAITED);
    if args.into_iter().skip(1).any(asks_for_version) {
        sys::write(STDOUT, VERSION);
        sys::exit(0);
    }
    if sys::getpid() != 1 {
        sys::write(STDERR, b"Warning: pause should be the first process\n");
    }
    reaper::reap::leave_it_to_the_kernel();
    // A descriptor or a directory held for as long as the pod lives could not be unmounted.
    sys::close_from(3);
    sys::chdir(c"/");
    args.give_back();
    // What a kernel or a runtime refuses of this, it refuses: the pod is held all the same.
    sys::no_new_privs();
    sys::not_dumpable();
    sys::allow_only(&LOCK);
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

/// `-v`, `-V` or `--version`, wherever it stands; every other argument is ignored, as Kubernetes' pause does.
fn asks_for_version(arg: Arg) -> bool {
    arg.is(c"-v") || arg.is(c"-V") || arg.is(c"--version")
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    sys::exit(1)
}
