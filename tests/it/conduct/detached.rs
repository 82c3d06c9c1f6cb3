//! Commands that go on without nsjoin, and the files that say which they are.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::process::Stdio;

use libtest_mimic::Trial;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{command_of, namespace, pod, ready};
use crate::house::{House, User, eventually, has_ended, status_of};
use crate::trial::{Need, as_each_user, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials: Vec<_> = [
        as_each_user("conduct::detached_the_command_goes_on_as_a_child_of_the_pods_pause", &[], detached),
        as_each_user("conduct::detached_with_interactive_the_command_keeps_stdin", &[], keeps_stdin),
        as_each_user("conduct::detached_a_command_that_cannot_run_is_an_error", &[], detached_fails),
        as_each_user("conduct::the_pid_file_has_the_pid_as_we_count", &[], pid_file),
        as_each_user("conduct::the_pid_file_is_replaced_whole_or_not_at_all", &[], replaced),
    ]
    .into_iter()
    .flatten()
    .collect();
    let unshare = [Need::Root, Need::Program("unshare")];
    trials.push(trial("conduct::a_full_disk_keeps_the_command_from_being_launched", &unshare, full_disk));
    trials
}

/// The pid in a file, which has its line feed.
fn pid_in(path: &std::path::Path) -> i32 {
    let text = fs::read_to_string(path).unwrap();
    text.strip_suffix('\n').unwrap().parse().unwrap()
}

/// Has nsjoin detach a command, which keeps what we gave it as stdout and stderr.
fn detach(house: &House, stdin: Stdio, words: &[&str]) {
    let mut command = house.command("nsjoin");
    command.args(["-t", "web", "--detach"]).args(words).stdin(stdin);
    assert!(command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success(), "{command:?}");
}

fn end(pid: i32) {
    kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
    eventually("it ends", || has_ended(pid.into()).then_some(()));
}

/// What `/proc/PID/stat` has behind the name: the session is the fourth, the terminal the fifth.
fn stat(pid: i32) -> Vec<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit(") ").next().unwrap().split(' ').map(str::to_owned).collect()
}

fn detached(user: User) {
    let house = pod(user);
    let file = house.work().join("pid");
    detach(&house, Stdio::null(), &["--pid-file", file.to_str().unwrap(), "--", "sleep", "1000"]);
    let pid = pid_in(&file);
    // It has been executed: nsjoin has nothing more to say about it.
    assert_eq!(fs::read_to_string(format!("/proc/{pid}/comm")).unwrap(), "sleep\n");
    assert_eq!(stat(pid)[1], house.pause("web").to_string(), "its parent is the init of its pid namespace");
    assert_eq!(stat(pid)[3], pid.to_string(), "it leads a session");
    assert_eq!(stat(pid)[4], "0", "no terminal controls it");
    assert_eq!(fs::read_link(format!("/proc/{pid}/fd/0")).unwrap().to_str(), Some("/dev/null"));
    assert_eq!(namespace(pid, "net"), namespace(house.pause("web"), "net"));
    // Nobody here would reap it; pause does.
    end(pid);
    eventually("pause has reaped it", || (!std::path::Path::new(&format!("/proc/{pid}")).exists()).then_some(()));
    // Without a pid namespace to enter, it is nobody's in particular.
    detach(&house, Stdio::null(), &["-U", "-n", "--pid-file", file.to_str().unwrap(), "--", "sleep", "1000"]);
    let pid = pid_in(&file);
    assert_eq!(stat(pid)[3], pid.to_string());
    assert_eq!(namespace(pid, "net"), namespace(house.pause("web"), "net"));
    end(pid);
}

fn keeps_stdin(user: User) {
    let house = pod(user);
    let heard = house.work().join("heard");
    fs::write(house.work().join("words"), "some words\n").unwrap();
    let run = |options: &[&str]| {
        let script = format!("cat >{0}.new; mv {0}.new {0}", heard.display());
        let words = fs::File::open(house.work().join("words")).unwrap();
        detach(&house, words.into(), &[options, &["--", "sh", "-c", &script]].concat());
        let text = eventually("it has heard", || fs::read_to_string(&heard).ok());
        fs::remove_file(&heard).unwrap();
        text
    };
    assert_eq!(run(&["--interactive"]), "some words\n");
    assert_eq!(run(&[]), "");
}

fn detached_fails(user: User) {
    let house = pod(user);
    let file = house.work().join("pid");
    let detach = ["-t", "web", "--detach", "--pid-file", file.to_str().unwrap()];
    house.nsjoin(&[&detach[..], &["--", "no-such-command"]].concat()).refuses(127, "cannot execute no-such-command");
    house.nsjoin(&[&detach[..], &["-W", "/no/such", "--", "true"]].concat()).refuses(125, "/no/such");
    assert_eq!(fs::read_dir(house.work()).unwrap().count(), 0, "no file of a pid is left");
    for option in [&["--tty"][..], &["--timeout", "1s"], &["--die-with-parent"]] {
        house.nsjoin(&[&detach, option, &["true"]].concat()).refuses(2, "cannot be used with");
    }
    // Nobody in there but pause.
    let shown = house.nsjoin(&["-t", "web", "-a", "--", "probe", "processes"]).ok().out();
    assert_eq!(shown.lines().count(), 2, "{shown}");
}

fn pid_file(user: User) {
    let house = pod(user);
    let file = house.work().join("pid");
    for options in [&[][..], &["-U", "-n"]] {
        let words = [options, &["--pid-file", file.to_str().unwrap(), "--", "probe", "ready"]].concat();
        let running = ready(&house, &words);
        eventually("the pid file is there", || file.exists().then_some(()));
        assert_eq!(pid_in(&file), command_of(&running));
        assert_eq!(status_of(pid_in(&file), "PPid"), running.pid().to_string());
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o7777, 0o644);
        fs::remove_file(&file).unwrap();
    }
}

fn replaced(user: User) {
    let house = pod(user);
    let file = house.work().join("pid");
    let words = ["--pid-file", file.to_str().unwrap(), "--"];
    let with = |command: &[&str]| house.nsjoin(&[&["-t", "web"], &words[..], command].concat());
    fs::write(&file, "what was there before, and is longer than a pid\n").unwrap();
    with(&["no-such-command"]).exits(127);
    assert_eq!(fs::read_to_string(&file).unwrap(), "what was there before, and is longer than a pid\n");
    // Who has the old one open has all of the old one.
    let before = fs::metadata(&file).unwrap().ino();
    let running = ready(&house, &[&words[..], &["probe", "ready"]].concat());
    eventually("it is another file", || (fs::metadata(&file).unwrap().ino() != before).then_some(()));
    assert_eq!(pid_in(&file), command_of(&running));
    drop(running);
    fs::remove_file(&file).unwrap();
    with(&["no-such-command"]).exits(127);
    assert_eq!(fs::read_dir(house.work()).unwrap().count(), 0);
    // What is no file is not replaced by one.
    nix::unistd::mkfifo(&file, nix::sys::stat::Mode::S_IRWXU).unwrap();
    with(&["true"]).refuses(125, "cannot write the pid file");
    assert!(fs::symlink_metadata(&file).unwrap().file_type().is_fifo());
    house.nsjoin(&["-t", "web", "--pid-file", "/no/such/directory/pid", "--", "true"]).refuses(125, "/no/such/");
    house.nsjoin(&["-t", "web", "--pid-file", house.work().to_str().unwrap(), "true"]).refuses(125, "the pid file");
}

/// In a mount namespace with a file system of two pages, which are full.
fn full_disk() {
    let house: House = pod(User::Root);
    let script = "mount -t tmpfs -o size=8k tmpfs . && cd \"$PWD\" && head -c 4096 /dev/zero >fill && echo old >pid; \
        nsjoin -t web --pid-file pid -- touch launched; echo code $?; ls -A; cat pid";
    let mut unshare = house.command("unshare");
    unshare.args(["--mount", "sh", "-c", script]).stdin(Stdio::null());
    let ran = house.finish(&mut unshare).ok();
    assert!(ran.err().contains("cannot record the process: No space left on device"), "{ran}");
    assert_eq!(ran.out(), "code 125\nfill\npid\nold\n", "{ran}");
}
