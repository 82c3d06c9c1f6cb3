//! Faults: the programs are killed at any system call, every call of theirs fails, they are used for
//! long and by many at once, and their records are damaged; and what must be true then is looked for.
//!
//! `cargo xtask faults` builds the programs and starts this one. docs/RELIABILITY.md says how to
//! repeat what it finds.

// What was typed.
mod cli;
// Namespaces of our own, and who we are in them.
mod enter;
// The programs' place there.
mod place;
// What is typed there.
mod verbs;
// The image that is spoken of.
mod images;
// The pod of a manifest.
mod manifests;
// What must be true afterwards.
mod promises;
// What there is.
mod look;
mod world;
// One fault at one system call.
mod strike;
// The subjects.
mod damage;
mod life;
mod points;
mod race;
mod soak;
// What runs inside pods.
mod payload;
// What was found.
mod tally;

mod sys;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, ensure};
use clap::Parser;

use crate::cli::{Options, Subject};
use crate::place::Place;
use crate::tally::Tally;

fn main() -> ExitCode {
    match run() {
        Ok(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        Err(error) => {
            eprintln!("faults: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run() -> anyhow::Result<i32> {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let (role, rest) =
        arguments.split_first().map_or(("", &[][..]), |(role, rest)| (role.to_str().unwrap_or(""), rest));
    match role {
        enter::INIT => enter::init(rest),
        enter::INSIDE => inside(&Options::parse_from([&[OsString::from("faults")], rest].concat())),
        "gate" => enter::gate(rest),
        "count" => payload::count(rest),
        "echo" => payload::echo(rest),
        "talk" => payload::talk(rest),
        "ask" => payload::ask(rest),
        "orphans" => payload::orphans(rest),
        _ => {
            let options = Options::parse();
            ensure!(!options.as_user || nix::unistd::getuid().is_root(), "--as-user: only root can be somebody else");
            enter::enter(&arguments)
        }
    }
}

/// The subjects, one after the other, and what was found.
fn inside(options: &Options) -> anyhow::Result<i32> {
    let root = PathBuf::from(std::env::var_os(enter::ROOT).context("nothing to do by hand")?);
    let place = Place::furnish(&root, &options.programs, options.as_user)?;
    let mut tally = Tally::new(options.repeated(), options.at.is_some());
    for subject in options.subjects() {
        match subject {
            Subject::Kill => points::kill(&place, options, &mut tally)?,
            Subject::Fail => points::fail(&place, options, &mut tally)?,
            Subject::Soak => soak::soak(&place, options, &mut tally)?,
            Subject::Race => race::race(&place, options, &mut tally)?,
            Subject::Life => life::life(&place, options, &mut tally)?,
            Subject::State => damage::state(&place, options, &mut tally)?,
        }
    }
    ensure!(!tally.is_empty(), "nothing was tried: no such verb");
    tally.show(std::io::stdout().lock())?;
    if options.subjects().contains(&Subject::Fail) {
        println!("\nNot counted, unless something is left by it:");
        for excuse in promises::EXCUSES {
            println!("  {}", excuse.told());
        }
    }
    Ok(i32::from(!tally.is_clean()))
}
