//! `nsjoin`: from the command line to the exit code.

use std::process;

use clap::Parser;
use nsjoin::cli::Args;
use nsjoin::relay::{self, Signals};
use nsjoin::report::report;
use nsjoin::{Error, Inherited};
use reaper::ExitCode;

fn main() -> process::ExitCode {
    let exit = run().unwrap_or_else(|error| {
        report("nsjoin", &error, error.hint());
        error.exit_code()
    });
    if let ExitCode::Killed(signal) = exit {
        relay::die_by(signal);
    }
    exit.code().into()
}

fn run() -> Result<ExitCode, Error> {
    let mut plan = Args::parse().into_plan();
    // The command is to have the signals as we got them, not as we need them.
    plan.command = plan.command.signals(Inherited::now());
    let opened = plan.open()?;
    Inherited::mind_children();
    let signals = Signals::take()?;
    let child = opened.spawn()?;
    let status = relay::relay(&child, &signals)?;
    Ok(ExitCode::of(status).unwrap_or(ExitCode::Failure))
}
