//! What the command is given: just what the init was.

use std::process::Command;

use nix::sys::signal::{SigSet, Signal};
use serde_json::Value;

use super::Row;
use super::program::Init;
use super::running::{Running, Seen, exits, same, send};
use crate::before_exec::{block_before_exec, ignore_before_exec};

pub(crate) fn rows() -> Vec<Row> {
    vec![
        Row::new("gives_its_command_the_mask_that_it_was_given", mask).each_way(),
        Row::new("gives_its_command_the_ignored_signals_that_it_was_given", ignored).each_way(),
        Row::new("does_not_hang_where_sigchld_is_ignored", chld_ignored).each_way(),
        Row::new("works_where_sigchld_is_blocked", |init| blocked(init, Signal::SIGCHLD.into())).each_way(),
        Row::new("works_where_everything_is_blocked", |init| blocked(init, SigSet::all())).each_way(),
        Row::new("gives_its_command_the_descriptors_that_it_was_given_and_no_other", descriptors).each_way(),
        Row::new("works_where_stdin_stdout_and_stderr_are_closed", closed).each_way(),
        Row::new("gives_its_command_the_directory_that_it_was_given", directory),
        Row::new("gives_its_command_the_environment_that_it_was_given", environment),
    ]
}

/// What a payload says first, as JSON.
fn first_line(command: &mut Command) -> Seen<Value> {
    let mut running = Running::start(command)?;
    let line = running.line()?;
    serde_json::from_str(&line).map_err(|error| format!("{error}: {line}"))
}

/// What /proc says of a process that has just these signals blocked or ignored.
fn mask_of(signals: impl IntoIterator<Item = Signal>) -> u64 {
    signals.into_iter().map(|signal| 1 << (signal as u64 - 1)).fold(0, |mask, bit: u64| mask | bit)
}

/// Two payloads say the same of this mask; and the one that has no init says that it was given these.
fn as_without(init: &Init, mask: &str, given: u64, mut with: Command, mut without: Command) -> Seen {
    let said = |command: &mut Command| -> Seen<u64> {
        let text = first_line(command)?[mask].take();
        u64::from_str_radix(text.as_str().unwrap_or_default(), 16).map_err(|error| format!("{error}: {text}"))
    };
    let expected = said(&mut without)?;
    same("given without an init", expected & given, given)?;
    let [seen, expected] = [said(&mut with)?, expected].map(|mask| format!("{mask:016x}"));
    same(&format!("{mask} under {}", init.program.dialect.name), seen, expected)
}

fn mask(init: &Init) -> Seen {
    let two: SigSet = [Signal::SIGTERM, Signal::SIGCHLD].into_iter().collect();
    for set in [SigSet::empty(), two, SigSet::all()] {
        let given = mask_of(&set) & !mask_of([Signal::SIGKILL, Signal::SIGSTOP]);
        let prepared = |mut command: Command| {
            block_before_exec(&mut command, set);
            command
        };
        let payload = ["probe", "masks"];
        as_without(init, "blocked", given, prepared(init.first(&payload)), prepared(init.without(&payload)))?;
        as_without(init, "blocked", given, prepared(init.beside(&payload)), prepared(init.command(&payload)))?;
    }
    Ok(())
}

fn ignored(init: &Init) -> Seen {
    use Signal::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTTOU};
    for set in [&[][..], &[SIGHUP], &[SIGCHLD], &[SIGINT, SIGQUIT], &[SIGTTOU]] {
        let given = mask_of(set.iter().copied());
        // Within the namespace: unshare has its own mind about SIGCHLD.
        let numbers: Vec<_> = set.iter().map(|signal| (*signal as i32).to_string()).collect();
        let ignoring: Vec<_> = ["probe", "ignoring"].into_iter().chain(numbers.iter().map(String::as_str)).collect();
        let ignoring = [&ignoring[..], &["--"]].concat();
        let payload = ["probe", "masks"];
        let without = init.without(&[&ignoring, &payload[..]].concat());
        as_without(init, "ignored", given, init.first_after(&ignoring, &payload), without)?;
        let prepared = |mut command: Command| {
            set.iter().for_each(|signal| ignore_before_exec(&mut command, *signal));
            command
        };
        as_without(init, "ignored", given, prepared(init.beside(&payload)), prepared(init.command(&payload)))?;
    }
    Ok(())
}

fn chld_ignored(init: &Init) -> Seen {
    let mut beside = init.beside(&["probe", "exit", "7"]);
    ignore_before_exec(&mut beside, Signal::SIGCHLD);
    exits(&mut beside, 7)?;
    let ignoring = ["probe", "ignoring", &libc::SIGCHLD.to_string(), "--"];
    exits(&mut init.first_after(&ignoring, &["probe", "exit", "7"]), 7)
}

fn blocked(init: &Init, set: SigSet) -> Seen {
    let with = |mut command: Command| {
        block_before_exec(&mut command, set);
        command
    };
    exits(&mut with(init.beside(&["probe", "exit", "7"])), 7)?;
    exits(&mut with(init.first(&["probe", "exit", "7"])), 7)?;
    // It passes signals, and reaps, all the same.
    let mut first = Running::ready(&mut with(init.first(&["sh", "-c", "probe orphan 3; exec probe signals"])))?;
    let pid = first.first()?;
    super::running::has_children(pid, 1)?;
    for signal in [libc::SIGHUP, libc::SIGTERM] {
        send(pid, signal)?;
        first.hears(&format!("signal {signal}"))?;
    }
    first.exits(0)
}

fn descriptors(init: &Init) -> Seen {
    // Two more than usual, one of them a directory.
    let open = ["sh", "-c", "exec 7</dev/null 9</; exec \"$@\"", "sh"];
    let probe = ["probe", "fds"];
    let mut expected = first_line(&mut init.command(&[&open[..], &probe].concat()))?;
    let words = init.words(&[&["--"], &probe[..]].concat());
    let mut seen = first_line(&mut init.command(&[&open[..], &words].concat()))?;
    // A pipe is another each time.
    for fds in [&mut expected, &mut seen] {
        fds["1"].take();
    }
    same("descriptors", seen, expected)
}

fn closed(init: &Init) -> Seen {
    for (what, close) in [("stdin", "0<&-"), ("stderr", "2>&-"), ("all three", "0<&- >&- 2>&-")] {
        let script = format!("exec {close}; exec \"$@\"");
        let words = init.words(&["--", "probe", "exit", "7"]);
        let ended = exits(&mut init.command(&[&["sh", "-c", &script, "sh"], &words[..]].concat()), 7);
        ended.map_err(|error| format!("{what} closed: {error}"))?;
    }
    Ok(())
}

fn directory(init: &Init) -> Seen {
    let work = std::fs::canonicalize(init.house.work()).unwrap();
    for mut command in [init.beside(&["probe", "ids"]), init.first(&["probe", "ids"])] {
        same("directory", first_line(&mut command)?["cwd"].as_str(), work.to_str())?;
    }
    Ok(())
}

fn environment(init: &Init) -> Seen {
    let [mut with, mut without] = [init.first(&["probe", "env"]), init.without(&["probe", "env"])];
    for command in [&mut with, &mut without] {
        command.env("ODD", "a=b\nc").env("EMPTY", "");
    }
    let expected = first_line(&mut without)?;
    same("environment", first_line(&mut with)?, expected)
}
