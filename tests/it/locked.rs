//! pause locks itself, as far as it is let.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

use libtest_mimic::Trial;
use nix::sys::signal::Signal;

use crate::before_exec::refuse;
use crate::house::{House, User, status_of};
use crate::pause::{ended, signal, started};
#[cfg(target_arch = "x86_64")]
use crate::trial::Need;
use crate::trial::{as_each_user, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        trial("locked::pause_gains_no_privilege_filters_its_calls_and_shows_nobody_its_memory", &[], locked),
        trial("locked::pause_waits_all_the_same_where_the_locks_are_refused", &[], refused),
    ];
    #[cfg(target_arch = "x86_64")]
    trials.push(trial("locked::pause_ends_at_a_call_that_it_has_no_use_for", &[Need::Root], ends_at_another_call));
    trials.extend(as_each_user("locked::who_made_a_pod_still_sees_its_namespaces", &[], still_seen));
    trials
}

fn locked() {
    let house = House::new(User::Ordinary);
    let mut child = started(&mut house.command("pause"));
    let pid = i32::try_from(child.id()).unwrap();
    assert_eq!(status_of(pid, "NoNewPrivs"), "1");
    assert_eq!(status_of(pid, "Seccomp"), "2", "filtered");
    // What belongs to a process that may not be dumped is root's, whoever runs it.
    assert_eq!(fs::metadata(format!("/proc/{pid}/environ")).unwrap().uid(), 0);
    signal(&child, Signal::SIGTERM);
    assert_eq!(ended(&mut child).code(), Some(0));
}

fn refused() {
    let house = House::new(User::Ordinary);
    // Each by itself: that one lock fails must not keep another from being tried.
    for option in [libc::PR_SET_NO_NEW_PRIVS, libc::PR_SET_DUMPABLE, libc::PR_SET_SECCOMP] {
        let mut command = house.command("pause");
        refuse(&mut command, libc::SYS_prctl, 0, u64::try_from(option).unwrap());
        let mut child = started(&mut command);
        let pid = i32::try_from(child.id()).unwrap();
        let filters = status_of(pid, "Seccomp_filters");
        assert_eq!(filters, if option == libc::PR_SET_SECCOMP { "1" } else { "2" }, "ours is one of them");
        signal(&child, Signal::SIGTERM);
        assert_eq!(ended(&mut child).code(), Some(0), "without option {option}");
    }
}

/// Has a pause that waits make another call, as who has got hold of it would.
#[cfg(target_arch = "x86_64")]
fn ends_at_another_call() {
    use std::os::unix::process::ExitStatusExt;

    use nix::sys::ptrace;
    use nix::sys::wait::{WaitStatus, waitpid};

    let house = House::new(User::Root);
    for (call, survives) in [(libc::SYS_write, true), (libc::SYS_getpid, false), (libc::SYS_execve, false)] {
        let mut child = started(&mut house.command("pause"));
        let pid = nix::unistd::Pid::from_raw(child.id().cast_signed());
        ptrace::attach(pid).unwrap();
        assert_eq!(waitpid(pid, None), Ok(WaitStatus::Stopped(pid, Signal::SIGSTOP)));
        let mut registers = ptrace::getregs(pid).unwrap();
        // It stands behind the instruction that called; once more, with another number and the same arguments.
        registers.rip -= 2;
        registers.rax = u64::try_from(call).unwrap();
        // Not a call any more that the kernel would restart.
        registers.orig_rax = u64::MAX;
        ptrace::setregs(pid, registers).unwrap();
        ptrace::detach(pid, None).unwrap();
        if survives {
            signal(&child, Signal::SIGTERM);
        }
        let status = ended(&mut child);
        let expected = if survives { (Some(0), None) } else { (None, Some(Signal::SIGSYS as i32)) };
        assert_eq!((status.code(), status.signal()), expected, "call {call}");
    }
}

fn still_seen(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    let pause = house.pause("web");
    // As anybody's tools would: by the links in /proc.
    for kind in ["net", "ipc", "uts", "pid", "mnt"] {
        let mut command: Command = house.command("readlink");
        let seen = house.finish(command.arg(format!("/proc/{pause}/ns/{kind}"))).ok().out();
        assert!(seen.starts_with(&format!("{kind}:[")), "{seen}");
    }
}
