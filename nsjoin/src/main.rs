//! `nsjoin`: from the command line to the exit code.

use std::ffi::OsString;
use std::io;
use std::process;

use clap::Parser;
use launch::complain::complain;
use launch::relay;
use nsjoin::Error;
use nsjoin::cli::{self, Args};
use nsjoin::list::ListArgs;
use reaper::ExitCode;

fn main() -> process::ExitCode {
    let words: Vec<_> = std::env::args_os().collect();
    let exit = if cli::first_word(&words, "list") { list(words) } else { join(words) };
    if let ExitCode::Killed(signal) = exit {
        relay::die_by(signal);
    }
    exit.code().into()
}

fn join(words: Vec<OsString>) -> ExitCode {
    let invocation = match Args::of(words).unwrap_or_else(|error| error.exit()).resolve() {
        Ok(invocation) => invocation,
        Err(error) => {
            complain("nsjoin", &error, None);
            return ExitCode::Usage;
        }
    };
    code(nsjoin::conduct(invocation))
}

fn list(words: Vec<OsString>) -> ExitCode {
    code(nsjoin::list(&ListArgs::parse_from(words.into_iter().skip(1))).map(|()| ExitCode::Command(0)))
}

fn code(done: Result<ExitCode, Error>) -> ExitCode {
    match done {
        Ok(exit) => exit,
        // Whoever read our output has enough of it.
        Err(Error::Output { source }) if source.kind() == io::ErrorKind::BrokenPipe => ExitCode::Command(0),
        Err(error) => {
            complain("nsjoin", &error, error.hint());
            error.exit_code()
        }
    }
}
