//! How an init ends: with its command's code, and with all that was left.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::thread::sleep;
use std::time::Duration;

use super::Row;
use super::program::{Init, Wish};
use super::running::{Running, Seen, becomes, children, exits, same, send, soon, state};
use crate::before_exec::block_all_before_exec;

pub(crate) fn rows() -> Vec<Row> {
    vec![
        Row::new("exits_with_any_code_of_its_command", any_code).each_way(),
        Row::new("exits_with_its_commands_code_as_the_first_process", code_as_first).each_way().emulated(),
        Row::new("exits_with_128_and_the_signal_that_ended_its_command", killed).each_way(),
        Row::new("exits_with_127_when_the_command_is_missing", missing).each_way().emulated(),
        Row::new("exits_with_126_when_the_command_cannot_be_executed", not_executable).emulated(),
        Row::new("leaves_the_options_of_its_command_to_the_command", no_dashes).emulated(),
        Row::new("term_ends_it_with_143_when_its_command_dies_of_it", term).each_way().emulated(),
        Row::new("term_ends_it_so_without_being_the_first_process", term_beside).each_way(),
        Row::new("a_term_while_it_starts_is_not_lost", term_at_once).each_way(),
        Row::new("a_term_before_its_first_instruction_is_not_lost", term_before).each_way(),
        Row::new("ends_with_its_command_whatever_else_runs", command_first).each_way(),
        Row::new("a_stopped_command_has_not_ended", stopped).each_way(),
        Row::new("refuses_a_command_line_without_a_command", no_command).emulated(),
        Row::new("refuses_an_option_that_it_does_not_know", unknown_option).emulated(),
        Row::new("exits_with_the_code_that_143_is_mapped_to", mapped).wish(Wish::ExitCode),
        Row::new("kills_a_command_that_does_not_hear_term", deaf).wish(Wish::KillAll).each_way(),
        Row::new("kills_the_descendants_that_do_not_hear_term_and_then_ends", family).wish(Wish::KillAll).each_way(),
        Row::new("ends_with_its_parent", with_parent).wish(Wish::DieWithParent).each_way(),
    ]
}

fn any_code(init: &Init) -> Seen {
    // Two processes each, for in a namespace it would be four.
    (0..=255).try_for_each(|code| exits(&mut init.beside(&["probe", "exit", &code.to_string()]), code))
}

fn code_as_first(init: &Init) -> Seen {
    let codes = [0, 1, 7, 125, 128, 255];
    codes.into_iter().try_for_each(|code| exits(&mut init.first(&["probe", "exit", &code.to_string()]), code))
}

fn killed(init: &Init) -> Seen {
    for signal in [libc::SIGHUP, libc::SIGQUIT, libc::SIGKILL, libc::SIGUSR1, libc::SIGTERM] {
        let script = format!("ulimit -c 0; kill -{signal} $$");
        exits(&mut init.first(&["sh", "-c", &script]), 128 + signal)?;
    }
    Ok(())
}

fn missing(init: &Init) -> Seen {
    // A directory that one may not read would be another matter.
    exits(init.first(&["no-such-program"]).env("PATH", "/usr/bin:/bin"), 127)?;
    exits(&mut init.first(&["/no/such/program"]), 127)
}

fn not_executable(init: &Init) -> Seen {
    let file = init.house.work().join("file");
    fs::write(&file, "").unwrap();
    exits(&mut init.first(&[file.to_str().unwrap()]), 126)?;
    exits(&mut init.first(&["/"]), 126)
}

fn no_dashes(init: &Init) -> Seen {
    exits(&mut init.first_with(&["sh", "-c", "exit 7"]), 7)
}

fn term(init: &Init) -> Seen {
    let mut first = Running::ready(&mut init.first(&["probe", "ready"]))?;
    send(first.first()?, libc::SIGTERM)?;
    first.exits(143)
}

fn term_beside(init: &Init) -> Seen {
    let mut beside = Running::ready(&mut init.beside(&["probe", "ready"]))?;
    send(beside.pid(), libc::SIGTERM)?;
    beside.exits(143)
}

fn term_at_once(init: &Init) -> Seen {
    for attempt in 0..100 {
        let mut beside = Running::start(&mut init.beside(&["probe", "ready"]))?;
        // A little later each time: all through the start, and past it.
        let late = Duration::from_micros(attempt * 30);
        sleep(late);
        send(beside.pid(), libc::SIGTERM)?;
        let status = beside.ends().map_err(|error| format!("sent after {late:?}: {error}"))?;
        // Before its first instruction it does what a program does.
        if status.code() != Some(143) && status.signal() != Some(libc::SIGTERM) {
            return Err(format!("sent after {late:?}: {status}"));
        }
    }
    Ok(())
}

fn term_before(init: &Init) -> Seen {
    for _ in 0..20 {
        let mut command = init.beside(&["probe", "signals"]);
        block_all_before_exec(&mut command);
        let mut beside = Running::start(&mut command)?;
        send(beside.pid(), libc::SIGTERM)?;
        let status = beside.ends()?;
        let said = beside.rest();
        // The command starts with TERM blocked too, so it is there to be read; or it died of it.
        if status.code() != Some(143) && !said.iter().any(|line| line == "signal 15") {
            return Err(format!("{status}, and the command said {said:?}"));
        }
    }
    Ok(())
}

fn command_first(init: &Init) -> Seen {
    // With the first process goes the rest, and the house looks for what is left.
    exits(&mut init.first(&["sh", "-c", "probe deaf & probe deaf & exit 3"]), 3)
}

fn stopped(init: &Init) -> Seen {
    let mut first = Running::ready(&mut init.first(&["probe", "ready"]))?;
    let pid = first.first()?;
    let command = *children(pid).first().ok_or("no command")?;
    for _ in 0..3 {
        send(command, libc::SIGSTOP)?;
        becomes(command, 'T')?;
        send(command, libc::SIGCONT)?;
        becomes(command, 'S')?;
    }
    becomes(pid, 'S')?;
    send(pid, libc::SIGTERM)?;
    first.exits(143)
}

fn no_command(init: &Init) -> Seen {
    exits(&mut init.first_with(&[]), init.program.dialect.usage)
}

fn unknown_option(init: &Init) -> Seen {
    let file = init.house.work().join("started");
    let arguments = ["--no-such-option", "--", "touch", file.to_str().unwrap()];
    exits(&mut init.first_with(&arguments), init.program.dialect.usage)?;
    if file.exists() { Err("it started the command all the same".to_owned()) } else { Ok(()) }
}

fn mapped(init: &Init) -> Seen {
    let mut first = Running::ready(&mut init.first(&["probe", "ready"]))?;
    send(first.first()?, libc::SIGTERM)?;
    first.exits(0)?;
    exits(&mut init.first(&["probe", "exit", "143"]), 0)?;
    exits(&mut init.first(&["probe", "exit", "142"]), 142)
}

fn deaf(init: &Init) -> Seen {
    let mut first = Running::ready(&mut init.first(&["probe", "deaf"]))?;
    send(first.first()?, libc::SIGTERM)?;
    first.exits(137)?;
    let mut beside = Running::ready(&mut init.beside(&["probe", "deaf"]))?;
    send(beside.pid(), libc::SIGTERM)?;
    beside.exits(137)
}

fn family(init: &Init) -> Seen {
    let mut first = Running::ready(&mut init.first(&["probe", "family"]))?;
    send(first.first()?, libc::SIGTERM)?;
    first.exits(143)?;
    // Beside us nothing but the init ends them; that none is left the house will see.
    let mut beside = Running::ready(&mut init.beside(&["probe", "family"]))?;
    let command = *children(beside.pid()).first().ok_or("no command")?;
    let child = *children(command).first().ok_or("no child")?;
    let grandchild = *children(child).first().ok_or("no grandchild")?;
    send(beside.pid(), libc::SIGTERM)?;
    beside.exits(143)?;
    same("descendants left", [child, grandchild].map(state), ['-', '-'])
}

fn with_parent(init: &Init) -> Seen {
    // A parent for it that we may kill.
    let parent = ["sh", "-c", "\"$@\" & wait", "sh"];
    let words = init.words(&["--", "probe", "ready"]);
    let parent = Running::ready(&mut init.command(&[&parent[..], &words].concat()))?;
    let pid = *children(parent.pid()).first().ok_or("no init")?;
    let command = *children(pid).first().ok_or("no command")?;
    drop(parent);
    // Who adopts them may not be quick to reap them.
    for pid in [pid, command] {
        soon("it has ended", || matches!(state(pid), '-' | 'Z').then_some(()))?;
    }
    Ok(())
}
