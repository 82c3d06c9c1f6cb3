//! What the tests inherit, and make nothing of: `cargo test` passes under nohup, with a narrow mask of
//! rights for files, few descriptors, signals ignored or blocked, and whatever is in the environment.
//!
//! Everything that is started here inherits from us. So we put ourselves in order and start again,
//! before there is a thread or a child, and no test has to think of it.

use std::env;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use libtest_mimic::Trial;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::stat::{Mode, umask};

use crate::before_exec::{
    block_all_before_exec, close_descriptors_at_exec, heed_all_signals, ignore_all_before_exec, ignore_before_exec,
};
use crate::house::{House, Ran, User, binaries};
use crate::trial::trial;

/// What says that we are in order: our own pid, for it is inherited, too.
const IN_ORDER: &str = "PODKIT_IN_ORDER";
/// Where the programs are that another run of these tests has built.
const BUILT: &str = "PODKIT_BUILT";
/// How many descriptors are enough for every test. A login gives 1024, and the right to have more.
const DESCRIPTORS: u64 = 20_000;
/// The variables that programs, ours and our rivals', take orders from: by name, and by the beginning of it.
const ORDERS: [&str; 10] = [
    "LANG",
    "LANGUAGE",
    "NO_COLOR",
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "FORCE_COLOR",
    "COLORTERM",
    "COLUMNS",
    "LISTEN_PID",
    "LISTEN_FDS",
];
const ORDERS_BEGIN: [&str; 6] = ["POD_", "XDG_", "LC_", "REAPER_", "TINI_", "RUST_BACKTRACE"];

/// Starts us again in order, unless we are.
pub(crate) fn leave_behind() {
    let us = std::process::id().to_string();
    if env::var(IN_ORDER).is_ok_and(|pid| pid == us) {
        return;
    }
    heed_all_signals();
    SigSet::empty().thread_set_mask().unwrap();
    umask(Mode::from_bits_truncate(0o022));
    nix::unistd::alarm::cancel();
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    let soft = soft.max(DESCRIPTORS);
    // Root may have more than it was left. Who may not names what it lacks, and skips.
    if setrlimit(Resource::RLIMIT_NOFILE, soft, hard.max(soft)).is_err() {
        setrlimit(Resource::RLIMIT_NOFILE, soft.min(hard), hard).unwrap();
    }
    close_descriptors_at_exec();
    let mut again = Command::new(env::current_exe().unwrap());
    again.args(env::args_os().skip(1)).env(IN_ORDER, us);
    for (name, _) in env::vars_os().filter(|(name, _)| gives_orders(name)) {
        again.env_remove(name);
    }
    panic!("cannot start again: {}", again.env("LANG", "C.UTF-8").exec());
}

fn gives_orders(name: &OsString) -> bool {
    let name = name.to_string_lossy();
    ORDERS.contains(&&*name) || ORDERS_BEGIN.iter().any(|begin| name.starts_with(begin))
}

/// The programs, if another run has built them.
pub(crate) fn built() -> Option<PathBuf> {
    env::var_os(BUILT).map(PathBuf::from)
}

/// What is done to the tests before they are executed.
type Way = fn(&mut Command);

/// Ways to start the tests that are not a login's: by a shell's words, or by what is done before it is executed.
const WAYS: [(&str, &str, Way); 8] = [
    ("nohup", "", |command| ignore_before_exec(command, Signal::SIGHUP)),
    ("ignored_signals", "", ignore_all_before_exec),
    ("blocked_signals", "", block_all_before_exec),
    ("no_stdin", "exec <&-;", |_| {}),
    ("umask", "umask 077;", |_| {}),
    ("few_descriptors", "ulimit -Sn 256;", |_| {}),
    ("open_descriptors", "exec 7</dev/null 8>&1;", |_| {}),
    ("environment", "", give_orders),
];
/// All of them at once.
const ALL: &str = "umask 077; ulimit -Sn 256; exec 7</dev/null 8>&1 <&-;";
/// The tests that are the first to feel what they inherit.
const SENSITIVE: [&str; 2] = ["signals::", "inherited::what_is_started_here"];

fn give_orders(command: &mut Command) {
    for name in ["POD_STATE_DIR", "POD_PAUSE", "XDG_RUNTIME_DIR", "XDG_DATA_HOME"] {
        command.env(name, "/nonexistent");
    }
    command.envs([("CLICOLOR_FORCE", "1"), ("TERM", "xterm-256color"), ("LC_ALL", "C"), ("REAPER_REAP", "none")]);
}

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![trial("inherited::what_is_started_here_inherits_a_logins_order", &[], what_is_inherited)];
    for (name, words, way) in WAYS {
        trials.push(trial(&format!("inherited::put_in_order::{name}"), &[], move || {
            run_again("inherited::what_is_started_here", words, way);
        }));
    }
    trials.push(trial("inherited::tests_pass_whatever_they_inherit", &[], || {
        for filter in SENSITIVE {
            run_again(filter, ALL, |command| {
                give_orders(command);
                ignore_all_before_exec(command);
                block_all_before_exec(command);
            });
        }
    }));
    trials
}

/// By what the kernel says of a child.
fn what_is_inherited() {
    let house = House::new(if nix::unistd::geteuid().is_root() { User::Root } else { User::Ordinary });
    let child = house.finish(
        house.command("sh").args(["-c", "grep -E '^(Sig|Umask)' /proc/self/status; ulimit -Sn; ls /proc/self/fd; env"]),
    );
    let said = child.ok().out();
    for line in ["SigBlk:\t0000000000000000", "SigIgn:\t0000000000000000", "Umask:\t0022"] {
        assert!(said.contains(line), "not {line}: {said}");
    }
    let numbers: Vec<u64> = said.lines().filter_map(|line| line.parse().ok()).collect();
    let (limit, descriptors) = numbers.split_first().unwrap();
    assert!(*limit >= DESCRIPTORS || getrlimit(Resource::RLIMIT_NOFILE).unwrap().1 == *limit, "{said}");
    // The fourth is ls's, of the directory.
    assert_eq!(descriptors, [0, 1, 2, 3], "{said}");
    for name in ["POD_PAUSE=", "XDG_RUNTIME_DIR=", "CLICOLOR_FORCE=", "REAPER_REAP=", "LC_ALL="] {
        assert!(!said.contains(name), "{name}: {said}");
    }
}

/// Runs some of these tests again, started in another way.
fn run_again(filter: &str, words: &str, way: Way) -> Ran {
    let house = House::new(User::Root);
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("{words} exec \"$0\" \"$@\"")).arg(env::current_exe().unwrap());
    command.args([filter, "--test-threads=2"]).env(BUILT, binaries());
    way(&mut command);
    let ran = house.finish(&mut command).ok();
    assert!(ran.out().contains("test result: ok") && !ran.out().contains(" 0 passed"), "{ran}");
    ran
}
