//! PID 1 of a pod: holds its namespaces, leaves no zombie, ends on INT or TERM.
//!
//! It behaves as Kubernetes' pause does, and README.md says what every byte is for. What it does
//! not do: forward signals, run anything, read anything but its arguments.
#![no_std]
#![no_main]

use reaper::hold;
use reaper::sys::{self, Arg, Args};

reaper::entry!(main);

const VERSION: &[u8] = concat!("pause ", env!("CARGO_PKG_VERSION"), "\n").as_bytes();
const STDOUT: i32 = 1;

fn main(args: Args) -> ! {
    // First of all: from here on no TERM is lost.
    hold::listen();
    if args.into_iter().skip(1).any(asks_for_version) {
        sys::write(STDOUT, VERSION);
        sys::exit(0);
    }
    hold::hold(args)
}

/// `-v`, `-V` or `--version`, wherever it stands; every other argument is ignored, as Kubernetes' pause does.
fn asks_for_version(arg: Arg) -> bool {
    arg.is(c"-v") || arg.is(c"-V") || arg.is(c"--version")
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    sys::exit(1)
}
