//! What becomes of orphans, and what it costs.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use super::Row;
use super::program::{Init, Wish};
use super::running::{Running, Seen, becomes, children, has_children, same, send};
use crate::house::status_of;

pub(crate) fn rows() -> Vec<Row> {
    vec![
        Row::new("leaves_no_zombie_of_100_orphans", |init| orphans(init, &["orphan", "100"])).each_way(),
        Row::new("leaves_no_zombie_of_1000_orphans_that_end_at_once", |init| orphans(init, &["storm", "1000"]))
            .each_way(),
        Row::new("leaves_no_zombie_of_its_commands_own_orphans", own_orphans).each_way().emulated(),
        Row::new("leaves_no_zombie_of_those_that_were_there_before_it", zombies).each_way(),
        Row::new("adopts_and_reaps_orphans_without_being_the_first_process", subreaper)
            .wish(Wish::Subreaper)
            .each_way(),
        Row::new("does_not_wake_while_nothing_happens", idle).each_way(),
        Row::new("does_not_wake_for_an_orphan", does_not_wake).where_the_kernel_reaps(),
    ]
}

/// Makes orphans beside the command of an init that is a first process.
fn make(init: &Init, pid: i32, verb: &[&str]) {
    let joins = ["-t", &pid.to_string(), "-U", "-p", "--", "probe"];
    init.house.nsjoin(&[&joins[..], verb].concat()).ok();
}

fn orphans(init: &Init, verb: &[&str]) -> Seen {
    let mut first = Running::ready(&mut init.first(&["probe", "ready"]))?;
    let pid = first.first()?;
    make(init, pid, verb);
    has_children(pid, 1)?;
    send(pid, libc::SIGTERM)?;
    first.exits(143)
}

fn own_orphans(init: &Init) -> Seen {
    let mut first = Running::ready(&mut init.first(&["sh", "-c", "probe orphan 20; exec probe ready"]))?;
    let pid = first.first()?;
    has_children(pid, 1)?;
    send(pid, libc::SIGTERM)?;
    first.exits(143)
}

fn zombies(init: &Init) -> Seen {
    let before = ["probe", "zombies", "3", "--"];
    let mut first = Running::ready(&mut init.first_after(&before, &["probe", "ready"]))?;
    let pid = first.first()?;
    has_children(pid, 1)?;
    send(pid, libc::SIGTERM)?;
    first.exits(143)
}

fn subreaper(init: &Init) -> Seen {
    let script = "(probe sleep 60 &); probe orphan 20; exec probe ready";
    let mut beside = Running::ready(&mut init.beside(&["sh", "-c", script]))?;
    let pid = beside.pid();
    has_children(pid, 2)?;
    let sleeps =
        |pid: &i32| fs::read_to_string(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.contains("sleep"));
    let orphan = children(pid).into_iter().find(sleeps).ok_or("the orphan is not among its children")?;
    send(orphan, libc::SIGKILL)?;
    has_children(pid, 1)?;
    send(pid, libc::SIGTERM)?;
    beside.exits(143)
}

/// How often it has gone to sleep.
fn naps(pid: i32) -> u64 {
    status_of(pid, "voluntary_ctxt_switches").parse().unwrap()
}

fn idle(init: &Init) -> Seen {
    let first = Running::ready(&mut init.first(&["probe", "ready"]))?;
    let pid = first.first()?;
    becomes(pid, 'S')?;
    let before = naps(pid);
    // What is measured is this time.
    sleep(Duration::from_secs(3));
    same("times that it woke in 3 seconds", naps(pid) - before, 0)
}

fn does_not_wake(init: &Init) -> Seen {
    let first = Running::ready(&mut init.first(&["probe", "ready"]))?;
    let pid = first.first()?;
    becomes(pid, 'S')?;
    let before = naps(pid);
    make(init, pid, &["orphan", "100"]);
    has_children(pid, 1)?;
    same("times that it woke for 100 orphans", naps(pid) - before, 0)
}
