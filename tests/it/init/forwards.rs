//! What happens to the signals that an init is sent.

use super::Row;
use super::program::{Init, Wish};
use super::running::{Running, Seen, same, send};

pub(crate) fn rows() -> Vec<Row> {
    vec![
        Row::new("passes_every_signal_that_people_send", |init| passes(init, &usual())).each_way().emulated(),
        Row::new("passes_the_real_time_signals", |init| passes(init, &[34, 50, 64])).each_way(),
        Row::new("passes_the_signals_of_a_fault_when_somebody_sends_them", |init| passes(init, &FAULTS))
            .wish(Wish::Faults)
            .each_way(),
        Row::new("passes_the_stop_signals_of_a_terminal", stops).wish(Wish::Stops).each_way(),
        Row::new("passes_signals_to_the_children_of_its_command_too", group).wish(Wish::Group).each_way(),
        Row::new("passes_int_in_the_place_of_term", rewrites).wish(Wish::Rewrite).each_way(),
        Row::new("does_not_pass_a_signal_that_is_to_be_dropped", drops).wish(Wish::Drop).each_way(),
    ]
}

/// What the kernel sends who does what cannot be done.
const FAULTS: [i32; 7] =
    [libc::SIGILL, libc::SIGTRAP, libc::SIGABRT, libc::SIGBUS, libc::SIGFPE, libc::SIGSEGV, libc::SIGSYS];

/// What a terminal sends who is to stop.
const STOPS: [i32; 3] = [libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU];

/// All others that can be passed.
fn usual() -> Vec<i32> {
    let never = [libc::SIGKILL, libc::SIGSTOP, libc::SIGCHLD];
    (1..=31).filter(|signal| !never.contains(signal) && !FAULTS.contains(signal) && !STOPS.contains(signal)).collect()
}

fn passes(init: &Init, signals: &[i32]) -> Seen {
    let mut first = Running::ready(&mut init.first(&["probe", "signals"]))?;
    let pid = first.first()?;
    // TERM ends it, so that is the last.
    let others = signals.iter().filter(|signal| **signal != libc::SIGTERM);
    for signal in others.chain([&libc::SIGTERM]) {
        send(pid, *signal)?;
        same("the command got", first.line()?, format!("signal {signal}"))?;
    }
    first.exits(0)
}

fn stops(init: &Init) -> Seen {
    passes(init, &STOPS)?;
    let mut beside = Running::ready(&mut init.beside(&["probe", "signals"]))?;
    for signal in STOPS {
        send(beside.pid(), signal)?;
        same("not being the first process's, the command got", beside.line()?, format!("signal {signal}"))?;
    }
    Ok(())
}

fn group(init: &Init) -> Seen {
    let mut first = Running::ready(&mut init.first(&["probe", "signals", "--child"]))?;
    first.hears("ready")?;
    let pid = first.first()?;
    for signal in [libc::SIGHUP, libc::SIGUSR1, libc::SIGWINCH, 34] {
        send(pid, signal)?;
        for who in ["one of them", "the other"] {
            same(&format!("{who} got"), first.line()?, format!("signal {signal}"))?;
        }
    }
    Ok(())
}

fn rewrites(init: &Init) -> Seen {
    let mut first = Running::ready(&mut init.first(&["probe", "signals"]))?;
    let pid = first.first()?;
    for (sent, passed) in [(libc::SIGTERM, libc::SIGINT), (libc::SIGINT, libc::SIGINT), (libc::SIGHUP, libc::SIGHUP)] {
        send(pid, sent)?;
        same(&format!("for {sent} the command got"), first.line()?, format!("signal {passed}"))?;
    }
    Ok(())
}

fn drops(init: &Init) -> Seen {
    let mut first = Running::ready(&mut init.first(&["probe", "signals"]))?;
    let pid = first.first()?;
    // What comes after it would come after it in the payload, too.
    for _ in 0..3 {
        for signal in [libc::SIGHUP, libc::SIGUSR1] {
            send(pid, signal)?;
        }
        same("the command got", first.line()?, format!("signal {}", libc::SIGUSR1))?;
    }
    Ok(())
}
