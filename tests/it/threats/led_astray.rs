//! Somebody inside leads the process that joins to where it does not want to be.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use libtest_mimic::Trial;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::pod;
use crate::before_exec::{answer_always, pretend};
use crate::house::{Guest, House, User, eventually, has_ended, only_child};
use crate::trial::{Need, as_each_user, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let unshare = [Need::Root, Need::Program("unshare")];
    let mut trials: Vec<_> = [
        as_each_user("threats::cve_2024_21626_a_directory_that_leads_to_a_descriptor_leads_nowhere", &[], links),
        as_each_user("threats::cve_2024_21626_a_directory_outside_of_the_root_is_refused", &[], escaped),
        as_each_user("threats::a_join_that_the_kernel_only_claims_is_found_out", &[], only_claimed),
        as_each_user("threats::a_target_whose_pid_is_anothers_by_now_is_refused", &[], recycled),
    ]
    .into_iter()
    .flatten()
    .collect();
    trials.extend([
        trial("threats::cve_2019_16884_a_fake_proc_is_neither_believed_nor_written_to", &unshare, fake_proc),
        trial("threats::a_pid_namespace_whose_init_is_dead_is_said_to_be", &unshare, dead_init),
    ]);
    trials
}

/// Starts nsjoin with directories of ours open as descriptors 3 to 9, and the working directory.
fn with_directories(house: &House, arguments: &[&str]) -> Command {
    let mut command = house.command("sh");
    let open = "exec 3</ 4</etc 5</ 6</proc 7</ 8</usr 9<.; exec nsjoin -t web \"$@\"";
    command.args(["-c", open, "sh"]).args(arguments);
    command
}

fn links(user: User) {
    let house = pod(user);
    for number in 3..=20 {
        let link = house.work().join(format!("link-{number}"));
        symlink(format!("/proc/self/fd/{number}"), &link).unwrap();
        for options in [&["-a"][..], &["-a", "--seal"], &["-a", "--die-with-parent"], &["-a", "--pid-file", "pid"]] {
            let words = [options, &["-W", link.to_str().unwrap(), "--", "probe", "ids"]].concat();
            house
                .finish(&mut with_directories(&house, &words))
                .refuses(125, &format!("cannot change to directory {}: ", link.display()));
        }
    }
}

fn escaped(user: User) {
    let house = pod(user);
    for number in 3..=9 {
        let path = format!("/proc/self/fd/{number}");
        let words = ["-a", "--preserve-fds", "7", "-W", &path, "--", "probe", "ids"];
        house.finish(&mut with_directories(&house, &words)).refuses(125, "it is outside of the root directory");
    }
    // In another root, too; and one that is within it is fine.
    let root = house.work().join("root");
    fs::create_dir_all(root.join("inside")).unwrap();
    fs::copy(crate::house::binaries().join("probe"), root.join("probe")).unwrap();
    let option = format!("--root={}", root.display());
    let with = |directory: &str| {
        house.nsjoin(&["-t", "web", "-U", "-n", &option, "-W", directory, "--", "/probe", "exit", "7"])
    };
    with("/inside").exits(7);
    with("/../../inside").exits(7);
    with("/../etc").refuses(125, "cannot change to directory /../etc");
    with(house.work().to_str().unwrap()).refuses(125, "cannot change to directory");
}

fn only_claimed(user: User) {
    let house = pod(user);
    for options in [&[][..], &["-a"], &["-U", "-n"], &["-U", "-u", "--timeout", "1h"]] {
        let mut command = house.command("nsjoin");
        command.args(["-t", "web"]).args(options).args(["--", "true"]);
        // It says yes, and does nothing.
        answer_always(&mut command, libc::SYS_setns, 0);
        house.finish(&mut command).refuses(125, "cannot find itself in the namespaces that it joined");
    }
}

fn recycled(user: User) {
    let house = pod(user);
    let guest = house.start(house.command("probe").arg("ready"));
    let pid = guest.pid();
    house.nsjoin(&["-t", &format!("{pid}:1"), "-n", "true"]).refuses(125, "it is another process now");
    // A pid file of before the process.
    let file = house.work().join("pid");
    fs::write(&file, format!("{pid}\n")).unwrap();
    let long_ago = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
    fs::File::options().write(true).open(&file).unwrap().set_modified(long_ago).unwrap();
    house.nsjoin(&["-t", file.to_str().unwrap(), "-n", "true"]).refuses(125, "the process began after the file");
}

/// Somebody whose /proc is plain files, but for one that says what nsjoin wants to hear.
fn liar(house: &House) -> (Guest, i32) {
    let script = "mkdir -p fake/self/ns fake/self/attr/apparmor fake/sys fake/1; \
        for file in stat status exec attr/exec attr/apparmor/exec attr/current oom_score_adj setgroups uid_map; do echo fake >fake/self/$file; done; \
        for kind in net ipc uts pid pid_for_children user cgroup; do touch fake/self/ns/$kind; mount --bind /proc/self/ns/$kind fake/self/ns/$kind; done; \
        mount --rbind fake /proc && exec probe ready";
    let mut unshare = house.command("unshare");
    unshare.args(["--fork", "--kill-child", "--pid", "--net", "--ipc", "--uts", "--mount", "sh", "-c", script]);
    let guest = house.start(&mut unshare);
    let pid = only_child(guest.pid());
    (guest, pid)
}

fn fake_proc() {
    let house = House::new(User::Root);
    let (_guest, pid) = liar(&house);
    let target = pid.to_string();
    let words = [
        "-a",
        "--oom-score-adj",
        "500",
        "--pid-file",
        "pid",
        "--nice",
        "3",
        "--rlimit",
        "core=0",
        "--cap-drop",
        "mknod",
    ];
    house.nsjoin(&[&["-t", &target], &words[..], &["--", "probe", "exit", "7"]].concat()).exits(7);
    for file in ["stat", "status", "attr/exec", "attr/apparmor/exec", "attr/current", "oom_score_adj", "setgroups"] {
        let text = fs::read_to_string(house.work().join("fake/self").join(file)).unwrap();
        assert_eq!(text, "fake\n", "{file}");
    }
    assert!(fs::read_to_string(house.work().join("pid")).unwrap().trim().parse::<i32>().unwrap() > 1);
    // What it says of the network is what nsjoin would like to see; the kernel says it is not so.
    let [mount, net] = ["mnt", "net"].map(|kind| format!("/proc/{target}/ns/{kind}"));
    let mut command = house.command("nsjoin");
    command.args([format!("-m={mount}"), format!("-n={net}")]).args(["--", "true"]);
    pretend(&mut command, libc::SYS_setns, 1, libc::CLONE_NEWNET.try_into().unwrap());
    house.finish(&mut command).refuses(125, "cannot find itself in the namespaces that it joined");
    // Without the lie it is joined.
    house.nsjoin(&[&format!("-m={mount}"), &format!("-n={net}"), "--", "probe", "exit", "7"]).exits(7);
    // One of ours that is a fake is not used at all.
    let script = "mount -t tmpfs tmpfs /proc && exec nsjoin -t 1 -n true";
    house.run("unshare", &["--mount", "sh", "-c", script]).refuses(125, "cannot use /proc");
}

fn dead_init() {
    let house = House::new(User::Root);
    let guest = house.start(house.command("unshare").args(["--fork", "--kill-child", "--pid", "probe", "ready"]));
    let init = only_child(guest.pid());
    let namespace = fs::File::open(format!("/proc/{init}/ns/pid")).unwrap();
    kill(Pid::from_raw(init), Signal::SIGKILL).unwrap();
    eventually("the init is dead", || has_ended(init.into()).then_some(()));
    let with = |options: &[&str]| {
        let mut command = house.command("nsjoin");
        command.arg("-p=/proc/self/fd/0").args(options).args(["--", "true"]);
        house.finish(command.stdin(namespace.try_clone().unwrap()))
    };
    for options in [&[][..], &["--detach"], &["--tty"], &["--timeout", "1s"]] {
        let ran = with(options);
        assert!(ran.err().contains("\nhint: the init of the target's pid namespace is dead"), "{ran}");
        ran.refuses(125, "cannot make a process in the pid namespace: Cannot allocate memory");
    }
    drop(guest);
}
