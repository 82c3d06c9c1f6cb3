//! `nsjoin`: from the command line to the exit code.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::parent_id;
use std::process;

use clap::Parser;
use launch::complain::complain;
use launch::relay;
use nsjoin::Error;
use nsjoin::cli::{self, Args, Guise};
use nsjoin::list::ListArgs;
use reaper::ExitCode;

#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: launch::Heap = launch::Heap;

fn main() -> process::ExitCode {
    // Before anything that takes its time, in which it may end.
    let started_by = parent_id();
    let words: Vec<_> = std::env::args_os().collect();
    let guise = Guise::of(words.first().map(OsString::as_os_str));
    let exit = if cli::first_word(&words, "list") { list(words) } else { join(words, guise, started_by) };
    if let ExitCode::Killed(signal) = exit {
        relay::die_by(signal);
    }
    exit.code().into()
}

fn join(words: Vec<OsString>, guise: Guise, started_by: u32) -> ExitCode {
    let args = match Args::of(words) {
        Ok(args) => args,
        Err(error) => {
            // Who takes no words of ours gets none.
            let _lost = error.print();
            return if error.use_stderr() { guise.exit_code(ExitCode::Usage) } else { ExitCode::Command(0) };
        }
    };
    let invocation = match args.resolve(guise) {
        Ok(invocation) => invocation,
        Err(error) => {
            complain(guise.name(), &error, None);
            return guise.exit_code(ExitCode::Usage);
        }
    };
    code(nsjoin::conduct(invocation, started_by), guise)
}

fn list(words: Vec<OsString>) -> ExitCode {
    let listed = nsjoin::list(&ListArgs::parse_from(words.into_iter().skip(1)));
    code(listed.map(|()| ExitCode::Command(0)), Guise::Nsjoin)
}

fn code(done: Result<ExitCode, Error>, guise: Guise) -> ExitCode {
    match done {
        Ok(exit) => exit,
        // Whoever read our output has enough of it.
        Err(Error::Output { source }) if source.kind() == io::ErrorKind::BrokenPipe => ExitCode::Command(0),
        Err(error) => {
            complain(guise.name(), &error, error.hint());
            guise.exit_code(error.exit_code())
        }
    }
}
