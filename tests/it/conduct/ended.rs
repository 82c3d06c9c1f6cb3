//! Commands that end because their time is over, or because who started them has ended.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{command_of, pod, ready};
use crate::house::{User, eventually, has_ended, only_child, status_of};
use crate::init::running::{Running, becomes, send};
use crate::trial::as_each_user;

pub(crate) fn trials() -> Vec<Trial> {
    [
        as_each_user("conduct::a_command_whose_time_is_over_gets_term_and_124_is_said", &[], times_out),
        as_each_user("conduct::a_command_that_ends_in_time_keeps_its_code", &[], in_time),
        as_each_user("conduct::a_command_that_is_deaf_to_term_is_killed_after_kill_after", &[], kill_after),
        as_each_user("conduct::a_command_that_is_deaf_to_term_is_waited_for_without_kill_after", &[], deaf),
        as_each_user("conduct::the_time_of_a_stopped_command_is_over_too", &[], stopped),
        as_each_user("conduct::die_with_parent_ends_the_command_with_nsjoin", &[], dies_with_nsjoin),
        as_each_user("conduct::die_with_parent_leaves_nothing_whenever_nsjoin_is_killed", &[], dies_at_any_time),
        as_each_user("conduct::die_with_parent_launches_nothing_when_the_parent_has_ended_already", &[], ended_before),
        as_each_user("conduct::die_with_parent_ends_nsjoin_with_its_parent", &[], dies_with_the_parent),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Into the pid namespace, and not.
const WAYS: [&[&str]; 2] = [&[], &["-U", "-n"]];

fn times_out(user: User) {
    let house = pod(user);
    for way in WAYS {
        let script = "trap 'echo term; exit 3' TERM; while :; do sleep 0.01; done";
        let words = [&["-t", "web"], way, &["--timeout", "200ms", "--", "sh", "-c", script]].concat();
        let ran = house.nsjoin(&words).exits(124);
        assert_eq!(ran.out(), "term\n");
        assert_eq!(ran.err(), "");
        // One that does not mind TERM dies of it, and the code is the same.
        house.nsjoin(&[&["-t", "web"], way, &["--timeout", "50ms", "--", "sleep", "1000"]].concat()).exits(124);
    }
}

fn in_time(user: User) {
    let house = pod(user);
    for way in WAYS {
        let with =
            |command: &[&str]| house.nsjoin(&[&["-t", "web"], way, &["--timeout", "1h", "--"], command].concat());
        with(&["probe", "exit", "7"]).exits(7);
        with(&["sh", "-c", "kill -USR1 $$"]).dies_by(Signal::SIGUSR1);
        with(&["no-such-command"]).refuses(127, "cannot execute");
    }
    for bad in ["10", "", "1d", "-1s", "s", "1.5", "1 s"] {
        house.nsjoin(&["-t", "web", &format!("--timeout={bad}"), "true"]).refuses(2, "is no duration");
    }
    house.nsjoin(&["-t", "web", "--kill-after", "1s", "true"]).refuses(2, "--timeout");
}

fn kill_after(user: User) {
    let house = pod(user);
    for way in WAYS {
        let limits = ["--timeout", "50ms", "--kill-after", "50ms"];
        let mut running = ready(&house, &[way, &limits, &["--", "probe", "deaf"]].concat());
        running.exits(124).unwrap();
        house.nsjoin(&["-t", "web", "-a", "--", "probe", "processes"]).ok();
    }
}

fn deaf(user: User) {
    let house = pod(user);
    let mut running = ready(&house, &["--timeout", "50ms", "--", "probe", "deaf"]);
    let command = command_of(&running);
    // TERM has come and waits.
    eventually("TERM is pending", || {
        let pending = u64::from_str_radix(&status_of(command, "ShdPnd"), 16).unwrap();
        (pending & (1 << (libc::SIGTERM - 1)) != 0).then_some(())
    });
    becomes(command, 'S').unwrap();
    send(command, libc::SIGKILL).unwrap();
    running.exits(124).unwrap();
}

fn stopped(user: User) {
    let house = pod(user);
    for way in WAYS {
        let script = "kill -STOP $$; exit 9";
        house.nsjoin(&[&["-t", "web"], way, &["--timeout", "200ms", "--", "sh", "-c", script]].concat()).exits(124);
    }
}

fn dies_with_nsjoin(user: User) {
    let house = pod(user);
    // Becoming somebody else makes the kernel forget the wish.
    let another: &[&str] = if user == User::Root { &["-S", "1234"] } else { &["-U", "-S", "0"] };
    for way in [WAYS[0], WAYS[1], &["--tty"], another] {
        let running = ready(&house, &[way, &["--die-with-parent", "--", "probe", "ready"]].concat());
        let command = command_of(&running);
        send(running.pid(), libc::SIGKILL).unwrap();
        eventually("the command ends", || has_ended(command.into()).then_some(()));
    }
    // Not by itself.
    let mut running = ready(&house, &["--", "probe", "ready"]);
    let command = command_of(&running);
    send(running.pid(), libc::SIGKILL).unwrap();
    running.ends().unwrap();
    assert!(!has_ended(command.into()));
    send(command, libc::SIGKILL).unwrap();
}

fn dies_at_any_time(user: User) {
    let house = pod(user);
    for round in 0..120_u32 {
        let way = WAYS[round as usize % 2];
        let words = [&["-t", "web"], way, &["--die-with-parent", "--", "sleep", "1000"]].concat();
        let began = Instant::now();
        let mut running = Running::start(house.command("nsjoin").args(words)).unwrap();
        // From before it does anything until after all is done.
        while began.elapsed() < Duration::from_micros(50) * round {}
        kill(Pid::from_raw(running.pid()), Signal::SIGKILL).unwrap();
        assert_eq!(running.ends().unwrap().signal(), Some(libc::SIGKILL));
    }
    let pause = house.pause("web");
    eventually("only pause is left", || {
        let theirs = |pid: &String| fs::read_link(format!("/proc/{pid}/ns/net")).ok();
        let ours = fs::read_link(format!("/proc/{pause}/ns/net")).ok();
        let pids = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().into_string().ok());
        let inside = pids.filter(|pid| pid.bytes().all(|byte| byte.is_ascii_digit())).filter(|pid| theirs(pid) == ours);
        (inside.count() == 1).then_some(())
    });
}

fn dies_with_the_parent(user: User) {
    let house = pod(user);
    for way in ["", "-U -n"] {
        let script = format!("nsjoin -t web {way} --die-with-parent -- probe ready & wait");
        let running = Running::ready(house.command("sh").args(["-c", &script])).unwrap();
        let nsjoin = only_child(running.pid());
        let command = only_child(nsjoin);
        send(running.pid(), libc::SIGKILL).unwrap();
        eventually("nsjoin ends", || has_ended(nsjoin.into()).then_some(()));
        eventually("the command ends", || has_ended(command.into()).then_some(()));
    }
}

/// The parent ends while nsjoin reads what it was given.
fn ended_before(user: User) {
    let house = pod(user);
    let fifo = house.work().join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::from_bits_truncate(0o666)).unwrap();
    fs::set_permissions(&fifo, std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
    let script = "nsjoin -t web --die-with-parent --pid-file pid --env-file fifo -- probe ready 2>said & echo $!; wait";
    let mut parent = Running::start(house.command("sh").args(["-c", script])).unwrap();
    let nsjoin: i64 = parent.line().unwrap().parse().unwrap();
    // This can be done only when somebody has opened it to read.
    let mut told = eventually("nsjoin reads", || {
        let nonblocking =
            std::os::unix::fs::OpenOptionsExt::custom_flags(fs::OpenOptions::new().write(true), libc::O_NONBLOCK)
                .open(&fifo);
        nonblocking.ok()
    });
    send(parent.pid(), libc::SIGKILL).unwrap();
    parent.ends().unwrap();
    std::io::Write::write_all(&mut told, b"A=1\n").unwrap();
    drop(told);
    eventually("nsjoin ends", || has_ended(nsjoin).then_some(()));
    let said = fs::read_to_string(house.work().join("said")).unwrap();
    assert_eq!(said, "nsjoin: cannot launch the command: our parent, with which it was to end, has ended\n");
    assert!(!house.work().join("pid").exists());
}
