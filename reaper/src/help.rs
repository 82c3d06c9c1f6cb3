//! What is printed when somebody asks: help, version, licence.

use core::fmt::Write;

use crate::buffer::Buffer;
use crate::guise::Guise;
use crate::options::{Id, Opt};
use crate::sys;

const STDOUT: i32 = 1;
/// Where the second column begins.
const COLUMN: usize = 34;
/// Where lines end.
const WIDTH: usize = 100;

/// Prints what was asked for.
pub fn print(guise: Guise, what: Id) {
    match what {
        Id::Version => version(guise),
        Id::License => sys::write(STDOUT, b"MIT OR Apache-2.0\n"),
        _ => help(guise),
    }
}

/// Whoever looks for another's version finds one of that name, and ours behind it.
fn version(guise: Guise) {
    const OURS: &str = concat!("reaper ", env!("CARGO_PKG_VERSION"), "\n");
    let theirs = match guise {
        Guise::Reaper => "",
        Guise::Tini => "tini version 0.19.0 - ",
        Guise::DumbInit => "dumb-init v1.2.5 - ",
        // It says so itself, for docker's sake.
        Guise::Catatonit => "tini version 0.2.1_catatonit - ",
    };
    sys::write(STDOUT, theirs.as_bytes());
    sys::write(STDOUT, OURS.as_bytes());
}

fn help(guise: Guise) {
    let mut line = Buffer::<512>::new();
    for part in ["Usage: ", guise.name(), " [OPTIONS] [--] COMMAND [ARGUMENT...]\n\nOptions:\n"] {
        let _fits = line.write_str(part);
    }
    sys::write(STDOUT, line.bytes());
    for option in guise.options().iter().filter(|option| !option.help.is_empty()) {
        print_option(option);
    }
}

fn print_option(option: &Opt) {
    let mut line = Buffer::<512>::new();
    let _fits = spell(&mut line, option);
    let mut column = line.bytes().len();
    if column >= COLUMN {
        let _fits = line.push(b"\n");
        column = 0;
    }
    let pad = |line: &mut Buffer<512>, column: usize| {
        for _ in column..COLUMN {
            let _fits = line.push(b" ");
        }
        COLUMN
    };
    column = pad(&mut line, column);
    for word in option.help.split(' ') {
        if column + 1 + word.len() > WIDTH {
            let _fits = line.push(b"\n");
            column = pad(&mut line, 0);
        } else if column > COLUMN {
            let _fits = line.push(b" ");
            column += 1;
        }
        let _fits = line.push(word.as_bytes());
        column += word.len();
    }
    let _fits = line.push(b"\n");
    sys::write(STDOUT, line.bytes());
}

/// `  -r, --rewrite FROM:TO`
fn spell(line: &mut Buffer<512>, option: &Opt) -> core::fmt::Result {
    match option.short {
        Some(letter) => line.write_str("  -").and_then(|()| line.write_char(char::from(letter)))?,
        None => line.write_str("    ")?,
    }
    if let Some(long) = option.long {
        line.write_str(if option.short.is_some() { ", --" } else { "  --" })?;
        line.write_str(long)?;
    }
    if let Some(value) = option.value {
        line.write_char(' ')?;
        line.write_str(value)?;
    }
    Ok(())
}
