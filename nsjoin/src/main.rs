//! `nsjoin`: from the command line to the exit code.

use std::process;

use nsjoin::cli::{self, Args};
use nsjoin::relay;
use nsjoin::report::report;
use reaper::ExitCode;

fn main() -> process::ExitCode {
    let words: Vec<_> = std::env::args_os().collect();
    let exit = if cli::first_word(&words, "list") { list(words) } else { join(words) };
    if let ExitCode::Killed(signal) = exit {
        relay::die_by(signal);
    }
    exit.code().into()
}

fn join(words: Vec<std::ffi::OsString>) -> ExitCode {
    let invocation = match Args::of(words).unwrap_or_else(|error| error.exit()).resolve() {
        Ok(invocation) => invocation,
        Err(error) => {
            report("nsjoin", &error, None);
            return ExitCode::Usage;
        }
    };
    nsjoin::conduct(invocation).unwrap_or_else(|error| {
        report("nsjoin", &error, error.hint());
        error.exit_code()
    })
}

fn list(_words: Vec<std::ffi::OsString>) -> ExitCode {
    ExitCode::Failure
}
