//! Joining by hand: which namespaces, with which status, and what the command is left with.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Stdio;

use libtest_mimic::Trial;
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::before_exec::{block_all_before_exec, ignore_before_exec, refuse};
use crate::house::{Guest, House, User, eventually, status_of};
use crate::trial::{Need, as_each_user, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        trial("nsjoin::joins_each_kind_that_is_named_and_no_other", &[Need::Root, Need::Program("unshare")], each_kind),
        trial("nsjoin::joins_file_by_file_where_the_kernel_cannot_join_by_pidfd", &[Need::Root], file_by_file),
        trial("nsjoin::joins_the_same_as_nsenter", &[Need::Root, Need::Program("nsenter")], same_as_nsenter),
        trial("nsjoin::joining_ourselves_joins_nothing", &[], joining_ourselves),
    ];
    trials.extend(
        [
            as_each_user("nsjoin::without_a_flag_joins_net_ipc_uts_and_pid", &[], without_a_flag),
            as_each_user("nsjoin::all_shows_the_pod_as_it_sees_itself", &[], all),
            as_each_user("nsjoin::exits_as_the_command_does", &[], exits_as_the_command),
            as_each_user("nsjoin::hands_signals_on_and_dies_of_the_same", &[], hands_signals_on),
            as_each_user("nsjoin::mirrors_a_stop", &[], mirrors_a_stop),
            as_each_user("nsjoin::leaves_mask_and_dispositions_as_they_were", &[], leaves_signals_alone),
            as_each_user("nsjoin::works_where_sigchld_is_ignored", &[], sigchld_ignored),
            as_each_user("nsjoin::hands_no_descriptor_on", &[], hands_no_descriptor_on),
        ]
        .into_iter()
        .flatten(),
    );
    trials
}

/// The `ns` that probe prints, as numbers.
fn printed(namespaces: &Value) -> BTreeMap<String, u64> {
    let of = |(kind, inode): (&String, &Value)| (kind.clone(), inode.as_u64().unwrap());
    namespaces.as_object().unwrap().iter().map(of).collect()
}

pub(crate) fn of_pid(pid: i32) -> BTreeMap<String, u64> {
    let entries = fs::read_dir(format!("/proc/{pid}/ns")).unwrap().map(Result::unwrap);
    let of =
        |entry: fs::DirEntry| (entry.file_name().into_string().unwrap(), fs::metadata(entry.path()).unwrap().ino());
    entries.map(of).collect()
}

/// A process in namespaces of its own, of every kind.
fn stranger(house: &House) -> (Guest, i32) {
    let mut command = house.command("unshare");
    command.args([
        "--fork",
        "--kill-child",
        "--pid",
        "--net",
        "--ipc",
        "--uts",
        "--mount",
        "--cgroup",
        "--time",
        "--user",
    ]);
    let guest = house.start(command.args(["--map-root-user", "probe", "ready"]));
    let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", guest.pid())).unwrap();
    let pid = children.split_whitespace().next().unwrap().parse().unwrap();
    (guest, pid)
}

fn each_kind() {
    let house = House::new(User::Root);
    let (_guest, pid) = stranger(&house);
    let (theirs, ours) = (of_pid(pid), of_pid(i32::try_from(std::process::id()).unwrap()));
    for (flag, kind) in [
        ("-m", "mnt"),
        ("-u", "uts"),
        ("-i", "ipc"),
        ("-n", "net"),
        ("-p", "pid"),
        ("-C", "cgroup"),
        ("-U", "user"),
        ("-T", "time"),
    ] {
        let inside = printed(&house.nsjoin(&["-t", &pid.to_string(), flag, "--", "probe", "ns"]).json());
        for name in ["mnt", "uts", "ipc", "net", "pid", "cgroup", "user", "time"] {
            // Of a joined pid namespace, the /proc of another shows nothing of us.
            let expected = if name == kind { theirs[name] } else { ours[name] };
            assert_eq!(inside[name], expected, "{name} after {flag}");
        }
    }
    let inside = printed(&house.nsjoin(&["-t", &pid.to_string(), "-a", "-m", "--", "probe", "ns"]).json());
    assert_eq!(inside["time"], theirs["time"]);
    assert_eq!(inside["user"], theirs["user"]);
}

fn file_by_file() {
    let house = House::new(User::Root);
    house.pod(&["create", "web"]).ok();
    let pause = house.pause("web");
    let flags = libc::CLONE_NEWNET | libc::CLONE_NEWIPC | libc::CLONE_NEWUTS | libc::CLONE_NEWPID;
    let mut command = house.command("nsjoin");
    command.args(["-t", "web", "--", "probe", "ns"]);
    refuse(&mut command, libc::SYS_setns, 1, flags.try_into().unwrap());
    let inside = printed(&house.finish(&mut command).json());
    for kind in ["net", "ipc", "uts", "pid"] {
        assert_eq!(inside[kind], of_pid(pause)[kind], "{kind}");
    }
}

fn same_as_nsenter() {
    let house = House::new(User::Root);
    house.pod(&["create", "web"]).ok();
    let pause = house.pause("web").to_string();
    for flags in [&["-n"][..], &["-u", "-i"], &["-m", "-p"], &["-m", "-u", "-i", "-n", "-p"], &["-a"]] {
        let arguments = [&["-t", &pause], flags, &["--", "probe", "ns"]].concat();
        let (ours, theirs) = (house.nsjoin(&arguments).json(), house.run("nsenter", &arguments).json());
        assert_eq!(printed(&ours), printed(&theirs), "{flags:?}");
    }
}

fn joining_ourselves() {
    let house = House::new(User::Ordinary);
    let guest = house.start(house.command("probe").arg("ready"));
    house.nsjoin(&["-t", &guest.pid().to_string(), "-a", "--", "probe", "exit", "3"]).exits(3);
}

fn without_a_flag(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    let (pause, ours) = (of_pid(house.pause("web")), of_pid(i32::try_from(std::process::id()).unwrap()));
    let inside = printed(&house.nsjoin(&["-t", "web", "--", "probe", "ns"]).json());
    for kind in ["net", "ipc", "uts", "pid"] {
        assert_eq!(inside[kind], pause[kind], "{kind}");
    }
    assert_eq!(inside["mnt"], ours["mnt"], "the mount namespace was not asked for");
    // The pid means the same.
    let by_pid = printed(&house.nsjoin(&["-t", &house.pause("web").to_string(), "--", "probe", "ns"]).json());
    assert_eq!(inside, by_pid);
}

fn all(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    let shown = house.nsjoin(&["-t", "web", "-a", "--", "probe", "processes"]).ok().out();
    let lines: Vec<_> =
        shown.lines().map(|line| line.split_whitespace().skip(2).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(lines, ["pause", "probe processes"]);
}

fn exits_as_the_command(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    for code in [0, 1, 2, 125, 126, 127, 128, 255] {
        house.nsjoin(&["-t", "web", "--", "probe", "exit", &code.to_string()]).exits(code);
        house.pod(&["exec", "web", "--", "probe", "exit", &code.to_string()]).exits(code);
    }
    for signal in [Signal::SIGTERM, Signal::SIGKILL, Signal::SIGINT, Signal::SIGUSR1] {
        let script = format!("kill -{} $$", signal as i32);
        house.nsjoin(&["-t", "web", "--", "sh", "-c", &script]).dies_by(signal);
        house.pod(&["exec", "web", "--", "sh", "-c", &script]).dies_by(signal);
    }
}

fn hands_signals_on(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    for program in [&["nsjoin", "-t", "web", "--"][..], &["pod", "exec", "web", "--"]] {
        let mut guest = house.start(house.command(program[0]).args(&program[1..]).args(["probe", "signals"]));
        for signal in [Signal::SIGHUP, Signal::SIGINT, Signal::SIGUSR1, Signal::SIGWINCH, Signal::SIGTERM] {
            guest.signal(signal);
            assert_eq!(guest.line(), format!("signal {}", signal as i32), "{program:?}");
        }
        assert_eq!(guest.ends().code(), Some(0));
        let guest = house.start(house.command(program[0]).args(&program[1..]).args(["probe", "ready"]));
        guest.signal(Signal::SIGTERM);
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&guest.ends()), Some(15));
    }
}

fn mirrors_a_stop(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    let guest = house.start(house.command("nsjoin").args(["-t", "web", "--", "probe", "ready"]));
    // The process that joined and the command are both children, until the first is reaped.
    let command: i32 = eventually("the command is the only child", || {
        fs::read_to_string(format!("/proc/{0}/task/{0}/children", guest.pid())).unwrap().trim().parse().ok()
    });
    let become_ =
        |pid, letter| eventually("the state changes", || status_of(pid, "State").starts_with(letter).then_some(()));
    // Not TSTP: the kernel lets that stop nobody whose process group no shell looks after.
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(command), Signal::SIGSTOP).unwrap();
    become_(command, 'T');
    become_(guest.pid(), 'T');
    guest.signal(Signal::SIGCONT);
    become_(command, 'S');
    become_(guest.pid(), 'S');
}

fn leaves_signals_alone(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    let shown = |mut guest: Guest| {
        let facts = guest.said.lines().next().unwrap().to_owned();
        guest.signal(Signal::SIGTERM);
        assert_eq!(guest.line(), "signal 15");
        serde_json::from_str::<Value>(&facts).unwrap()
    };
    for prepare in [0, 1, 2] {
        let start = |first: &[&str]| {
            let words = [first, &["probe", "signals"]].concat();
            // Not by way of a shell: some have their own mind about SIGCHLD.
            let mut command = house.command(words[0]);
            command.args(&words[1..]);
            if prepare == 1 {
                for signal in [Signal::SIGHUP, Signal::SIGINT, Signal::SIGUSR1, Signal::SIGCHLD] {
                    ignore_before_exec(&mut command, signal);
                }
            }
            if prepare == 2 {
                block_all_before_exec(&mut command);
            }
            shown(house.start(&mut command))
        };
        let direct = start(&[]);
        assert_eq!(start(&["nsjoin", "-t", "web", "--"]), direct, "nsjoin, case {prepare}");
        assert_eq!(start(&["pod", "exec", "web", "--"]), direct, "pod exec, case {prepare}");
    }
}

fn sigchld_ignored(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    let ignoring = |line: &str| {
        let mut words = line.split(' ');
        let mut command = house.command(words.next().unwrap());
        ignore_before_exec(&mut command, Signal::SIGCHLD);
        house.finish(command.args(words))
    };
    ignoring("nsjoin -t web -- probe exit 7").exits(7);
    ignoring("pod exec web -- probe exit 7").exits(7);
    ignoring("pod create other --publish 127.0.0.1:0:80").ok();
    ignoring("pod add other -- probe exit 9").ok();
    eventually("the exit code is seen", || (house.describe("other")["workloads"][0]["exit_code"] == 9).then_some(()));
    ignoring("pod delete other").ok();
}

fn hands_no_descriptor_on(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    for line in ["nsjoin -t web -a --", "pod exec web --"] {
        let mut command = house.command("sh");
        command.args(["-c", &format!("exec 5</dev/null 9</ {line} probe fds")]).stdin(Stdio::null());
        let fds = house.finish(&mut command).json();
        assert_eq!(fds.as_object().unwrap().keys().collect::<Vec<_>>(), ["0", "1", "2"], "{fds}");
    }
}
