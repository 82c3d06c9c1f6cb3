//! Whose namespaces: every way to name a process, and what is refused.

use std::fs::{self, File};
use std::process::Command;
use std::time::{Duration, SystemTime};

use libtest_mimic::Trial;
use nix::sys::signal::Signal;

use super::kernel::{pidfd, pidfd_inode};
use super::{Started, launched, stranger, word};
use crate::before_exec::{fail, hand_on};
use crate::house::{House, User, eventually, has_ended, only_child};
use crate::trial::{Need, as_each_user, trial};

pub(super) fn trials() -> Vec<Trial> {
    let unshare = &[Need::Program("unshare")];
    // Only root may say when /proc was mounted.
    let as_root = &[Need::Root, Need::Program("unshare")];
    let set_clock = trial("join::targets::a_pid_file_whose_clock_was_set_since_is_mentioned", as_root, set_clock);
    [
        as_each_user("join::targets::a_pid_with_its_inode_is_that_process_and_no_other", unshare, pid_and_inode),
        as_each_user("join::targets::a_pid_file_leads_to_its_process", unshare, pid_file),
        as_each_user("join::targets::a_pid_file_that_holds_no_pid_is_refused", &[], no_pid_file),
        as_each_user("join::targets::a_pid_file_older_than_its_process_is_refused", unshare, old_pid_file),
        as_each_user("join::targets::a_thread_is_joined_by_its_own_id", unshare, thread),
        as_each_user("join::targets::a_thread_is_joined_where_the_kernel_has_no_pidfd_of_it", unshare, thread_by_files),
        as_each_user("join::targets::a_thread_outlives_the_main_thread", unshare, lone_thread),
        as_each_user("join::targets::an_inherited_pidfd_leads_to_its_process", unshare, descriptor),
        as_each_user("join::targets::a_pidfd_of_a_process_that_has_ended_is_refused", &[], ended_descriptor),
        as_each_user("join::targets::a_descriptor_that_is_no_pidfd_is_refused", &[], no_descriptor),
    ]
    .into_iter()
    .flatten()
    .chain([set_clock])
    .collect()
}

fn pid_and_inode(user: User) {
    let house = House::new(user);
    let target = stranger(&house, &["--uts"]);
    let inode = pidfd_inode(target.pid);
    launched(&house, &["-t", &format!("{}:{inode}", *target), "-U", "-u"]).shares_only(&["user", "uts"], &target);
    for wrong in [inode + 1, inode - 1, 0, pidfd_inode(target.guest.pid())] {
        let line = ["-t", &format!("{}:{wrong}", *target), "-U", "-u", "probe", "ready"];
        house.nsjoin(&line).refuses(125, "it is another process now, the one that was meant has ended");
    }
}

fn pid_file(user: User) {
    let house = House::new(user);
    let target = stranger(&house, &["--uts"]);
    let file = house.work().join("app.pid");
    for text in [format!("{}", *target), format!("{}\n", *target), format!("  {}\r\n", *target)] {
        fs::write(&file, text).unwrap();
        launched(&house, &["-t", word(&file), "-U", "-u"]).shares_only(&["user", "uts"], &target);
    }
    // A path is one by its first character.
    launched(&house, &["-t", "./app.pid", "-U", "-u"]).shares_only(&["user", "uts"], &target);
}

fn no_pid_file(user: User) {
    let house = House::new(user);
    let file = house.work().join("app.pid");
    for text in ["", "\n", "x\n", "12x\n", "1 2\n", "0\n", "-1\n", "99999999999\n", "1\n1\n", &"1".repeat(100)] {
        fs::write(&file, text).unwrap();
        house.nsjoin(&["-t", word(&file), "-n", "true"]).refuses(2, "it is neither a namespace nor");
    }
    house.nsjoin(&["-t", "/dev/null", "-n", "true"]).refuses(2, "it is neither a namespace nor");
    let missing = house.work().join("missing.pid");
    house.nsjoin(&["-t", word(&missing), "-n", "true"]).refuses(125, "No such file or directory");
    // Nobody waits for the other end of a fifo.
    let fifo = house.work().join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::from_bits_truncate(0o644)).unwrap();
    house.nsjoin(&["-t", word(&fifo), "-n", "true"]).refuses(2, "it is neither a namespace nor");
    // The last pid that there could be, and that nobody has.
    fs::write(&file, "4194303\n").unwrap();
    house.nsjoin(&["-t", word(&file), "-n", "true"]).refuses(125, "cannot join pid 4194303: no such process");
}

fn old_pid_file(user: User) {
    let house = House::new(user);
    let target = stranger(&house, &["--uts"]);
    let file = house.work().join("app.pid");
    fs::write(&file, format!("{}\n", *target)).unwrap();
    let hour = Duration::from_secs(3600);
    let written = |at| File::options().write(true).open(&file).unwrap().set_modified(at).unwrap();
    written(SystemTime::now() - hour);
    let line = ["-t", word(&file), "-U", "-u", "true"];
    house.nsjoin(&line).refuses(125, "the process began after the file was written");
    // By its pid, the same process is not refused; nor by a file that is younger.
    launched(&house, &["-t", &target.to_string(), "-U", "-u"]).shares_only(&["user", "uts"], &target);
    written(SystemTime::now() + hour);
    launched(&house, &["-t", word(&file), "-U", "-u"]).shares_only(&["user", "uts"], &target);
}

/// A machine that thought, when it booted, that it was ten hours earlier.
fn set_clock() {
    let house = House::new(User::Root);
    let script = "boot=$(($(date +%s) - $(cut -d. -f1 /proc/uptime))); touch -d @$((boot - 36000)) /proc
        true > ready; probe ready > ready & until grep -q ready ready; do :; done; echo $! > app.pid; touch -d \"$1\" app.pid
        nsjoin -t ./app.pid -u --report report -- probe exit 7; code=$?; kill $!; exit $code";
    let run = |written: &str| {
        let mut unshare = house.command("unshare");
        unshare.args(["--fork", "--kill-child", "--user", "--map-root-user", "--pid", "--mount-proc"]);
        house.finish(unshare.args(["sh", "-c", script, "sh", written]))
    };
    let mentioned = run("10 hours ago").exits(7);
    let says = "nsjoin: ./app.pid is older than pid ";
    assert!(mentioned.err().starts_with(says) && mentioned.err().lines().count() == 1, "{mentioned}");
    assert!(fs::read_to_string(house.work().join("report")).unwrap().contains("\"doubts\":[\"./app.pid is older"));
    assert_eq!(run("now").exits(7).err(), "");
    // Before boot by either clock; and after the clock was set, for else it would be of time to come.
    for written in ["11 hours ago", "1 hour ago", "1970-01-02"] {
        run(written).refuses(125, "the process began after the file was written");
    }
}

/// A probe with a thread in an uts namespace of its own, and that thread's id.
fn with_thread(house: &House) -> (Started, i32) {
    let mut unshare = house.command("unshare");
    unshare.args(["--fork", "--kill-child", "--user", "--map-root-user", "probe", "thread"]);
    let target = Started::new(house, &mut unshare);
    let id = thread_of(&target.guest);
    assert_ne!(target.link("ns/uts"), target.link(&format!("task/{id}/ns/uts")));
    (target, id)
}

fn thread_of(guest: &crate::house::Guest) -> i32 {
    guest.said.lines().find_map(|line| line.strip_prefix("thread ")?.parse().ok()).unwrap()
}

/// Which uts namespace a command is in, joined with these words.
fn uts(house: &House, target: i32, prepare: impl Fn(&mut Command)) -> String {
    let mut nsjoin = house.command("nsjoin");
    nsjoin.args(["-t", &target.to_string(), "-U", "-u", "--", "readlink", "/proc/self/ns/uts"]);
    prepare(&mut nsjoin);
    house.finish(&mut nsjoin).ok().out().trim().to_owned()
}

fn thread(user: User) {
    let house = House::new(user);
    let (target, id) = with_thread(&house);
    let theirs = target.link(&format!("task/{id}/ns/uts")).display().to_string();
    assert_eq!(uts(&house, id, |_| ()), theirs);
    assert_eq!(uts(&house, target.pid, |_| ()), target.link("ns/uts").display().to_string());
    // By the number of its descriptor in the list of namespaces, too.
    let listed = house.nsjoin(&["list", "-t", &id.to_string(), "uts", "-o", "json"]).json();
    assert_eq!(listed.as_array().unwrap().len(), 0, "no process is in there: {listed}");
    let dry = house.nsjoin(&["-t", &id.to_string(), "-U", "-u", "--dry-run", "-o", "json", "true"]).json();
    assert_eq!(dry["target"]["pid"], id);
    // Its root and its environment are there as those of its process are.
    house.nsjoin(&["-t", &id.to_string(), "-U", "-u", "-r", "-w", "-e", "--", "probe", "exit", "7"]).exits(7);
}

fn thread_by_files(user: User) {
    let house = House::new(user);
    let (target, id) = with_thread(&house);
    let theirs = target.link(&format!("task/{id}/ns/uts")).display().to_string();
    let old = |command: &mut Command| {
        fail(command, libc::SYS_pidfd_open, 1, libc::O_EXCL.try_into().unwrap(), libc::EINVAL);
    };
    assert_eq!(uts(&house, id, old), theirs);
    drop(target);
    eventually("it has ended", || has_ended(id.into()).then_some(()));
    let mut nsjoin = house.command("nsjoin");
    nsjoin.args(["-t", &id.to_string(), "-U", "-u", "--", "true"]);
    old(&mut nsjoin);
    house.finish(&mut nsjoin).refuses(125, &format!("cannot join pid {id}: no such process"));
}

fn lone_thread(user: User) {
    let house = House::new(user);
    let mut unshare = house.command("unshare");
    unshare.args(["--fork", "--kill-child", "--user", "--map-root-user", "probe", "thread", "--alone"]);
    let guest = house.start(&mut unshare);
    let (pid, id) = (only_child(guest.pid()), thread_of(&guest));
    eventually("the main thread has ended", || has_ended(pid.into()).then_some(()));
    let theirs = fs::read_link(format!("/proc/{pid}/task/{id}/ns/uts")).unwrap();
    assert_eq!(uts(&house, id, |_| ()), theirs.display().to_string());
    let refused = house.nsjoin(&["-t", &pid.to_string(), "-U", "-u", "--", "true"]);
    assert!(refused.err().contains("\nhint: a thread that runs can be named by its own id"), "{refused}");
    refused.refuses(125, &format!("cannot join pid {pid}: its main thread has ended"));
}

fn descriptor(user: User) {
    let house = House::new(user);
    let target = stranger(&house, &["--uts", "--pid"]);
    let mut command = house.command("nsjoin");
    let number = hand_on(&mut command, pidfd(target.pid));
    command.args(["-t", &format!("fd/{number}"), "-U", "-u", "-p", "--", "probe", "ready"]);
    let inside = Started::new(&house, &mut command);
    inside.shares_only(&["user", "uts", "pid"], &target);
    // It was for nsjoin, not for the command.
    let open = fs::read_dir(inside.path("fd")).unwrap().count();
    assert_eq!(open, 3, "descriptors of the command");
}

fn ended_descriptor(user: User) {
    let house = House::new(user);
    let target = house.start(house.command("probe").arg("ready"));
    let held = pidfd(target.pid());
    target.signal(Signal::SIGKILL);
    eventually("it has ended", || has_ended(target.pid().into()).then_some(()));
    let refused = |held| {
        let mut command = house.command("nsjoin");
        let number = hand_on(&mut command, held);
        command.args(["-t", &format!("fd/{number}"), "-n", "true"]);
        house.finish(&mut command).refuses(125, "has ended");
    };
    // Before it is reaped, and after.
    refused(held.try_clone().unwrap());
    target.ends();
    refused(held);
}

fn no_descriptor(user: User) {
    let house = House::new(user);
    let mut command = house.command("nsjoin");
    let number = hand_on(&mut command, File::open("/dev/null").unwrap().into());
    command.args(["-t", &format!("fd/{number}"), "-n", "true"]);
    house.finish(&mut command).refuses(2, &format!("cannot join the process of descriptor {number}: it is no pidfd"));
    house.nsjoin(&["-t", "fd/1000", "-n", "true"]).refuses(2, "cannot join the process of descriptor 1000");
    house.nsjoin(&["-t", "fd/x", "-n", "true"]).refuses(2, "fd/ wants a number");
}
