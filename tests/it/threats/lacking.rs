//! The kernel lacks something, or has nothing left: one clear line, the documented code, and nothing
//! left behind.

use std::fs;
use std::process::Command;

use libtest_mimic::Trial;

use super::pod;
use crate::before_exec::{answer_always, fail};
use crate::house::{House, User};
use crate::trial::{Need, as_each_user, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials: Vec<_> = [
        as_each_user("threats::without_close_range_no_descriptor_is_handed_on", &[Need::Program("bash")], close_range),
        as_each_user("threats::system_calls_that_are_too_new_are_done_without", &[], done_without),
        as_each_user("threats::system_calls_that_cannot_be_done_without_are_named", &[], named),
        as_each_user("threats::where_a_policy_forbids_to_mount_that_is_the_hint", &[], policy),
        as_each_user("threats::no_process_can_be_made", &[], no_process),
        as_each_user("threats::no_descriptor_is_left", &[], no_descriptor),
    ]
    .into_iter()
    .flatten()
    .collect();
    trials.extend([
        trial("threats::no_more_processes_than_the_limit_allows", &[Need::Userns, Need::Program("bash")], limit),
        trial("threats::without_the_user_namespace_the_hint_names_it", &[Need::Userns], no_user_namespace),
        trial("threats::a_process_of_root_is_none_of_an_ordinary_users", &[Need::Root, Need::Userns], somebody_elses),
    ]);
    trials
}

fn close_range(user: User) {
    let house = pod(user);
    // One beyond the limit that was lowered when it was open already.
    let script = "exec 5</ 200</etc; ulimit -n 100; exec nsjoin -t web \"$@\" -- probe fds";
    for options in [&[][..], &["-U", "-n"], &["-F"]] {
        let mut command = house.command("bash");
        command.args(["-c", script, "bash"]).args(options);
        answer_always(&mut command, libc::SYS_close_range, libc::ENOSYS);
        let fds = house.finish(&mut command).json();
        assert_eq!(fds.as_object().unwrap().keys().collect::<Vec<_>>(), ["0", "1", "2"], "{options:?}: {fds}");
    }
}

fn done_without(user: User) {
    let house = pod(user);
    let calls = [
        libc::SYS_clone3,
        libc::SYS_openat2,
        libc::SYS_close_range,
        libc::SYS_pidfd_getfd,
        libc::SYS_execveat,
        libc::SYS_statx,
        libc::SYS_faccessat2,
        libc::SYS_epoll_pwait2,
    ];
    for call in calls {
        for options in [
            &[][..],
            &["-a", "--tty", "--report", "report", "--timeout", "1h", "--die-with-parent"],
            // Looked up in the target's files.
            &["-U", "-u", "--run-as", "0"],
            &["-U", "-u", "-S", "root", "-G", "root"],
        ] {
            let mut command = house.command("nsjoin");
            command.args(["-t", "web"]).args(options).args(["--", "probe", "exit", "7"]);
            answer_always(&mut command, call, libc::ENOSYS);
            house.finish(&mut command).exits(7);
        }
    }
}

fn named(user: User) {
    let house = pod(user);
    let answered = |call, error, options: &[&str]| {
        let mut command = house.command("nsjoin");
        command.args(["-t", "web"]).args(options).args(["--", "true"]);
        answer_always(&mut command, call, error);
        house.finish(&mut command)
    };
    let with = |call, options: &[&str]| answered(call, libc::ENOSYS, options);
    let old = with(libc::SYS_pidfd_open, &[]);
    assert!(old.err().contains("\nhint: needs Linux 5.4 or later"), "{old}");
    old.refuses(125, &format!("cannot look at pid {}: Function not implemented", house.pause("web")));
    with(libc::SYS_pidfd_getfd, &["-N", "0"]).refuses(125, "cannot open the network namespace of socket 0 of pid");
    with(libc::SYS_setns, &[]).refuses(125, "namespaces of pid");
    with(libc::SYS_memfd_create, &["--seal"]).refuses(125, "cannot seal");
    with(libc::SYS_execveat, &["--seal"]).refuses(126, "cannot execute true: Function not implemented");
    // A C library may know an older call for one that there is not.
    let refused = answered(libc::SYS_signalfd4, libc::ENOMEM, &["--timeout", "1s"]);
    refused.refuses(125, "cannot read signals for the command");
    with(libc::SYS_seccomp, &["--seccomp", "/dev/null"]).refuses(2, "malformed seccomp profile");
}

/// As AppArmor answers who has made a user namespace without its leave.
fn policy(user: User) {
    let house = pod(user);
    let lines: [&[&str]; 3] = [
        &["nsjoin", "-t", "web", "--mount-proc", "--", "true"],
        &["nsjoin", "-t", "web", "-a", "--mount-proc", "--", "true"],
        &["pod", "create", "other"],
    ];
    for line in lines {
        let mut command = house.command(line[0]);
        command.args(&line[1..]);
        answer_always(&mut command, libc::SYS_mount, libc::EACCES);
        let ran = house.finish(&mut command);
        assert!(ran.err().contains("\nhint: a policy of the machine forbids it (AppArmor: "), "{ran}");
        ran.refuses(125, "Permission denied");
    }
}

/// What it says that can be neither here nor there, with every way to launch.
fn refused_in_each_way(house: &House, prepare: impl Fn(&mut Command), says: &str) {
    fs::write(house.work().join("report"), "").unwrap();
    for options in
        [&[][..], &["-a"], &["-U", "-n", "--timeout", "1h"], &["--tty"], &["--detach"], &["--die-with-parent"]]
    {
        let mut command = house.command("nsjoin");
        command.args(["-t", "web", "--pid-file", "pid"]).args(options).args(["--", "true"]);
        prepare(&mut command);
        house.finish(&mut command).refuses(125, says);
        let left: Vec<_> = fs::read_dir(house.work()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["report"], "{options:?}");
    }
}

fn no_process(user: User) {
    let house = pod(user);
    let refused = |command: &mut Command| answer_always(command, libc::SYS_clone, libc::EAGAIN);
    refused_in_each_way(&house, refused, "cannot launch the command: Resource temporarily unavailable");
    // Inside there is no room, as outside there was.
    let inner = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD | libc::CLONE_PARENT;
    let mut command = house.command("nsjoin");
    command.args(["-t", "web", "--", "true"]);
    fail(&mut command, libc::SYS_clone, 0, inner.try_into().unwrap(), libc::EAGAIN);
    house.finish(&mut command).refuses(125, "cannot make a process in the pid namespace: Resource temporarily");
}

/// As many processes as the user has already.
fn limit() {
    let house = pod(User::Ordinary);
    let script = "ulimit -u 1; exec nsjoin -t web \"$@\"";
    house.run("bash", &["-c", script, "bash", "true"]).refuses(125, "cannot launch the command: Resource temporarily");
    // To become the command takes none.
    house.run("bash", &["-c", script, "bash", "-U", "-n", "probe", "exit", "7"]).exits(7);
}

fn no_descriptor(user: User) {
    let house = pod(user);
    let mut codes = Vec::new();
    for number in 3..=40 {
        for options in ["", "-a", "--tty --pid-file pid --report report --timeout 1h", "--detach --seal -a"] {
            let script = format!("ulimit -n {number}; exec nsjoin -t web {options} -- probe exit 0");
            let ran = house.run("sh", &["-c", &script]);
            let code = ran.output.status.code();
            if code != Some(0) {
                ran.refuses(125, "Too many open files");
                assert!(!house.work().join("pid").exists(), "{number} {options}");
            }
            codes.push((number, code));
        }
    }
    assert!(codes.iter().all(|(number, code)| *number > 8 || *code == Some(125)), "{codes:?}");
    assert!(codes.iter().all(|(number, code)| *number < 30 || *code == Some(0)), "{codes:?}");
}

fn no_user_namespace() {
    let house = pod(User::Ordinary);
    let ran = house.nsjoin(&["-t", "web", "-n", "--", "true"]);
    assert!(ran.err().contains("\nhint: needs root, or the user namespace that owns the others (-U)"), "{ran}");
    ran.refuses(125, "cannot join the net namespace of pid");
    house.nsjoin(&["-t", "web", "-U", "-n", "--", "true"]).ok();
}

fn somebody_elses() {
    let roots = pod(User::Root);
    let pause = roots.pause("web").to_string();
    let house = House::new(User::Ordinary);
    for options in [&[][..], &["-a"], &["-n"], &["--tty"], &["--detach"], &["--dry-run"]] {
        let ran = house.nsjoin(&[&["-t", &pause], options, &["--", "true"]].concat());
        assert!(ran.err().contains("\nhint: the process belongs to somebody else; needs root"), "{ran}");
        ran.refuses(125, "namespace of pid");
    }
}
