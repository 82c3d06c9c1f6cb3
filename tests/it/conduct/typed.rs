//! Commands that are given a terminal of their own.

use std::fs;
use std::process::Command;

use libtest_mimic::Trial;

use super::{command_of, pod};
use crate::house::{House, User, eventually, only_child};
use crate::init::running::{Running, becomes, send};
use crate::join::{Started, root_directory, stranger, stranger_that};
use crate::terminal::{CONTROL_C, CONTROLLED, Terminal};
use crate::trial::{Need, as_each_user};

pub(crate) fn trials() -> Vec<Trial> {
    let needs = [Need::Program("setsid"), Need::Program("stty")];
    let unshare = [Need::Program("unshare"), Need::Program("tty")];
    [
        as_each_user("conduct::a_terminal_is_one_of_the_targets_where_it_has_some", &unshare, targets_own),
        as_each_user("conduct::a_target_without_terminals_gets_one_of_here_and_that_is_said", &unshare, of_here),
        as_each_user("conduct::a_terminal_of_its_own_controls_the_commands_session", &needs, own_terminal),
        as_each_user("conduct::a_terminal_of_its_own_is_as_large_as_ours_and_follows_it", &needs, sizes),
        as_each_user("conduct::our_terminal_is_raw_while_the_command_runs_and_then_as_before", &needs, modes),
        as_each_user("conduct::our_terminal_is_as_before_while_the_command_is_stopped", &needs, stopped),
        as_each_user("conduct::our_terminal_is_raw_again_when_nsjoin_is_continued", &needs, continued),
        as_each_user("conduct::in_the_background_our_terminal_is_left_alone", &needs, background),
        as_each_user("conduct::what_is_typed_reaches_the_command_as_it_is", &needs, typed),
        as_each_user("conduct::stdin_that_is_no_terminal_is_read_with_interactive_only", &[], no_terminal),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Starts `nsjoin -t web --tty` on a terminal that controls its session, and waits for its command.
fn start(house: &House, payload: &[&str]) -> (Terminal, Running, i32) {
    let mut command = house.command(CONTROLLED[0]);
    command.args(&CONTROLLED[1..]).args(["nsjoin", "-t", "web", "--tty", "--"]).args(payload);
    let (terminal, running) = Terminal::start(command).unwrap();
    terminal.shows("ready ").unwrap();
    let command = command_of(&running);
    (terminal, running, command)
}

/// The session of a process, and the terminal that controls it.
fn session(pid: i32) -> (i32, i32) {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let field = |index| stat.rsplit(") ").next().unwrap().split(' ').nth(index).unwrap().parse().unwrap();
    (field(3), field(4))
}

fn descriptor(pid: i32, number: i32) -> String {
    fs::read_link(format!("/proc/{pid}/fd/{number}")).unwrap().to_string_lossy().into_owned()
}

/// `stty` on a terminal of anybody's.
fn stty(file: &str, words: &[&str]) -> String {
    let output = Command::new("stty").args(["-F", file]).args(words).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn own_terminal(user: User) {
    let house = pod(user);
    let (mut terminal, mut running, command) = start(&house, &["probe", "terminal"]);
    terminal.shows("\"foreground\":true").unwrap();
    let (theirs, ours) = (session(command), session(running.pid()));
    assert_eq!(theirs.0, command, "it leads a session");
    assert!(theirs.1 != 0 && theirs.1 != ours.1, "with another terminal than ours");
    let own = descriptor(command, 0);
    assert!(own.starts_with("/dev/pts/") && own != terminal.file(), "{own}");
    assert_eq!([1, 2].map(|number| descriptor(command, number)), [own.clone(), own]);
    terminal.types("a line\r").unwrap();
    terminal.shows("read a line").unwrap();
    running.exits(0).unwrap();
}

/// A target with a file system of terminals of its own, as containers have.
fn with_terminals(house: &House) -> Started {
    let script = "mount -t devpts -o newinstance,ptmxmode=0666 devpts /dev/pts &&
        mount --bind /dev/pts/ptmx /dev/ptmx && exec probe ready";
    stranger_that(house, &["--mount"], &["sh", "-c", script])
}

fn targets_own(user: User) {
    let house = House::new(user);
    let target = with_terminals(&house);
    let line = ["-t", &target.to_string(), "-U", "-m", "--tty", "--"];
    let inside = |command: &[&str]| house.nsjoin(&[&line[..], command].concat()).ok();
    let named = inside(&["tty"]);
    assert_eq!((named.out().trim(), named.err().as_str()), ("/dev/pts/0", ""), "{named}");
    // It is in none of ours, and controls the session there.
    let facts =
        inside(&["sh", "-c", "test -c /dev/pts/0 && test -t 0 && echo typed > /dev/tty && stty size < /dev/pts/0"]);
    assert!(facts.out().starts_with("typed"), "{facts}");
    if user == User::Root {
        let script = "stat -c %u $(tty)";
        let pid = target.to_string();
        let owner = house.nsjoin(&["-t", &pid, "-m", "--tty", "--run-as", "1234:0", "--", "sh", "-c", script]).ok();
        assert_eq!(owner.out().trim(), "1234");
    }
    // Whose mounts are not joined, its terminals are not either.
    let pid = target.to_string();
    let outside = house.nsjoin(&["-t", &pid, "-U", "--preserve-credentials", "--tty", "--", "tty"]).ok();
    assert!(outside.out().starts_with("/dev/pts/") && outside.err().is_empty(), "{outside}");
}

fn of_here(user: User) {
    let house = House::new(user);
    let root = root_directory(&house, &[]);
    fs::create_dir(root.join("dev")).unwrap();
    let target = stranger(&house, &["--mount"]);
    let (ptmx, taken) = (root.join("dev/ptmx"), format!("-r={}", root.display()));
    let said = || {
        let ran = house.nsjoin(&["-t", &target.to_string(), "-U", "-m", &taken, "--tty", "--", "/probe", "exit", "7"]);
        let says = "nsjoin: the command has a terminal of here, for want of one of the target's: ";
        assert!(ran.err().starts_with(says) && ran.err().lines().count() == 1, "{ran}");
        ran.exits(7);
    };
    said();
    // What the target has put there in place of it is not opened.
    nix::unistd::mkfifo(&ptmx, nix::sys::stat::Mode::from_bits_truncate(0o666)).unwrap();
    said();
    fs::remove_file(&ptmx).unwrap();
    std::os::unix::fs::symlink("/../../../../dev/ptmx", &ptmx).unwrap();
    said();
    fs::remove_file(&ptmx).unwrap();
    std::os::unix::fs::symlink("/dev/zero", &ptmx).unwrap();
    said();
}

fn sizes(user: User) {
    let house = pod(user);
    let (terminal, running, command) = start(&house, &["probe", "ready"]);
    let own = descriptor(command, 0);
    assert_eq!(stty(&own, &["size"]), stty(terminal.file(), &["size"]));
    for (rows, columns) in [("33", "77"), ("50", "132")] {
        stty(terminal.file(), &["rows", rows, "cols", columns]);
        eventually("it has that size", || (stty(&own, &["size"]) == format!("{rows} {columns}")).then_some(()));
    }
    drop(running);
    // One that begins on a terminal of this size has it from the first moment.
    let script = "stty rows 21 cols 43; exec nsjoin -t web --tty -- sh -c 'stty size; echo ready now'";
    let mut sized = house.command(CONTROLLED[0]);
    sized.args(&CONTROLLED[1..]).args(["sh", "-c", script]);
    let (terminal, _running) = Terminal::start(sized).unwrap();
    terminal.shows("ready now").unwrap();
    terminal.shows("21 43").unwrap();
}

fn modes(user: User) {
    let house = pod(user);
    let ends: [fn(&mut Terminal, &Running, i32); 4] = [
        |terminal, _, _| terminal.types("a line\r").unwrap(),
        |_, _, command| send(command, libc::SIGKILL).unwrap(),
        |_, running, _| send(running.pid(), libc::SIGTERM).unwrap(),
        |_, running, _| send(running.pid(), libc::SIGHUP).unwrap(),
    ];
    for end in ends {
        let (mut terminal, mut running, command) = start(&house, &["probe", "terminal"]);
        terminal.becomes_raw(true).unwrap();
        // Set by us when it was made: what nsjoin found.
        let own = stty(&descriptor(command, 0), &["-g"]);
        end(&mut terminal, &running, command);
        running.ends().unwrap();
        assert!(!terminal.is_raw());
        assert_eq!(stty(terminal.file(), &["-g"]), own, "both were as the kernel makes terminals");
    }
    // Nothing was launched.
    for options in [&["-W", "/no/such"][..], &["--pid-file", "/no/such/file"]] {
        let mut command = house.command(CONTROLLED[0]);
        command.args(&CONTROLLED[1..]).args(["nsjoin", "-t", "web", "--tty"]).args(options).arg("true");
        let (terminal, mut running) = Terminal::start(command).unwrap();
        running.exits(125).unwrap();
        assert!(!terminal.is_raw());
    }
}

/// A user's shell, and nsjoin as a job of it.
fn job(house: &House, line: &str) -> (Terminal, Running, i32) {
    let mut shell = house.command(CONTROLLED[0]);
    shell.args(&CONTROLLED[1..]).args(["sh", "-i"]).env("PS1", "prompt> ").env_remove("ENV");
    let (mut terminal, running) = Terminal::start(shell).unwrap();
    terminal.shows("prompt> ").unwrap();
    terminal.types(&format!("{line}\n")).unwrap();
    terminal.shows("ready ").unwrap();
    let nsjoin = only_child(running.pid());
    (terminal, running, nsjoin)
}

fn stopped(user: User) {
    let house = pod(user);
    let (mut terminal, shell, nsjoin) = job(&house, "nsjoin -t web --tty -- probe ready");
    let command = only_child(nsjoin);
    for _ in 0..2 {
        terminal.becomes_raw(true).unwrap();
        send(command, libc::SIGSTOP).unwrap();
        becomes(nsjoin, 'T').unwrap();
        terminal.foreground(shell.pid(), true).unwrap();
        assert!(!terminal.is_raw());
        terminal.types("fg\n").unwrap();
        becomes(command, 'S').unwrap();
        becomes(nsjoin, 'S').unwrap();
    }
    terminal.becomes_raw(true).unwrap();
    // Not to nsjoin: its terminal passes it on to the command's.
    terminal.types(CONTROL_C).unwrap();
    terminal.foreground(shell.pid(), true).unwrap();
    assert!(!terminal.is_raw());
    terminal.types("echo code $?\n").unwrap();
    terminal.shows("code 130").unwrap();
}

fn continued(user: User) {
    let house = pod(user);
    let (terminal, running, _) = start(&house, &["probe", "ready"]);
    terminal.becomes_raw(true).unwrap();
    send(running.pid(), libc::SIGSTOP).unwrap();
    becomes(running.pid(), 'T').unwrap();
    // As a shell does that has its terminal back.
    stty(terminal.file(), &["sane", "rows", "12", "cols", "34"]);
    assert!(!terminal.is_raw());
    send(running.pid(), libc::SIGCONT).unwrap();
    terminal.becomes_raw(true).unwrap();
    let own = descriptor(command_of(&running), 0);
    eventually("it has that size", || (stty(&own, &["size"]) == "12 34").then_some(()));
}

fn background(user: User) {
    let house = pod(user);
    let (mut terminal, shell, nsjoin) = job(&house, "nsjoin -t web --tty -- probe terminal &");
    assert!(!terminal.is_raw());
    terminal.foreground(shell.pid(), true).unwrap();
    // It is the shell that this is typed for.
    terminal.types("echo still $((1 + 1))\n").unwrap();
    terminal.shows("still 2").unwrap();
    assert!(!terminal.is_raw());
    terminal.types("fg\n").unwrap();
    terminal.foreground(nsjoin, true).unwrap();
    terminal.becomes_raw(true).unwrap();
    terminal.types("a line\r").unwrap();
    terminal.shows("read a line").unwrap();
    terminal.foreground(shell.pid(), true).unwrap();
    assert!(!terminal.is_raw());
}

fn typed(user: User) {
    let house = pod(user);
    let (mut terminal, mut running, command) =
        start(&house, &["sh", "-c", "stty raw -echo; echo ready now; exec od -An -tx1 -N6"]);
    terminal.shows("ready now").unwrap();
    assert_eq!(fs::read_to_string(format!("/proc/{command}/comm")).unwrap().trim().len(), 2);
    // What a terminal makes signals, ends, or other characters of.
    terminal.types("\u{3}\u{1a}\u{4}\u{11}\u{13}\r").unwrap();
    terminal.shows("03 1a 04 11 13 0d").unwrap();
    running.exits(0).unwrap();
}

fn no_terminal(user: User) {
    let house = pod(user);
    let left = house.run("sh", &["-c", "printf 'one\\ntwo\\n' | { nsjoin -t web --tty -- true; cat; }"]).ok();
    assert_eq!(left.out(), "one\ntwo\n");
    let taken = house.run("sh", &["-c", "printf 'one\\ntwo\\n' | { nsjoin -t web --tty --interactive -- cat; cat; }"]);
    // Echoed by the terminal, then said by cat.
    assert_eq!(taken.ok().out().matches("two").count(), 2);
    // An end without a line feed is an end.
    let unfinished = house.run("sh", &["-c", "printf 'one two' | nsjoin -t web --tty --interactive -- cat"]).ok();
    assert_eq!(unfinished.out().matches("two").count(), 2, "{unfinished}");
    // The command has a terminal, though we have none, and one that is not ours to size.
    house.nsjoin(&["-t", "web", "--tty", "--", "sh", "-c", "test -t 0 && test -t 1 && test -t 2"]).ok();
    let much = house.nsjoin(&["-t", "web", "--tty", "--", "seq", "20000"]).ok();
    assert_eq!(much.out().lines().count(), 20000);
}
