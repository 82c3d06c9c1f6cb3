//! Whose namespaces: every way to name a process, and what is refused.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use libtest_mimic::Trial;
use nix::sys::signal::Signal;

use super::kernel::{pidfd, pidfd_inode};
use super::{Started, launched, stranger, word};
use crate::before_exec::hand_on;
use crate::house::{House, User, eventually, has_ended};
use crate::trial::{Need, as_each_user};

pub(super) fn trials() -> Vec<Trial> {
    let unshare = &[Need::Program("unshare")];
    [
        as_each_user("join::targets::a_pid_with_its_inode_is_that_process_and_no_other", unshare, pid_and_inode),
        as_each_user("join::targets::a_pid_file_leads_to_its_process", unshare, pid_file),
        as_each_user("join::targets::a_pid_file_that_holds_no_pid_is_refused", &[], no_pid_file),
        as_each_user("join::targets::a_pid_file_older_than_its_process_is_refused", unshare, old_pid_file),
        as_each_user("join::targets::an_inherited_pidfd_leads_to_its_process", unshare, descriptor),
        as_each_user("join::targets::a_pidfd_of_a_process_that_has_ended_is_refused", &[], ended_descriptor),
        as_each_user("join::targets::a_descriptor_that_is_no_pidfd_is_refused", &[], no_descriptor),
    ]
    .into_iter()
    .flatten()
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
