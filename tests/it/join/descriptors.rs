//! Descriptors: those that are handed on, and none besides.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use libtest_mimic::Trial;

use super::kernel::pidfd_inode;
use super::{Started, stranger, word};
use crate::house::{House, User};
use crate::trial::{Need, as_each_user};

pub(super) fn trials() -> Vec<Trial> {
    let unshare = &[Need::Program("unshare")];
    [
        as_each_user("join::descriptors::those_that_are_handed_on", unshare, handed),
        as_each_user("join::descriptors::one_of_ours_takes_no_number_that_was_free", unshare, free_numbers),
        as_each_user("join::descriptors::sockets_that_were_opened_for_it_are_the_commands", unshare, sockets),
        as_each_user("join::descriptors::no_path_leads_through_one_of_ours", unshare, no_way_through),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The descriptors of a process from 3 to 32, and what each is.
fn open_in(process: &Started) -> BTreeMap<u32, (u64, u64)> {
    let entries = fs::read_dir(process.path("fd")).unwrap().map(Result::unwrap);
    let of = |entry: fs::DirEntry| {
        let file = fs::metadata(entry.path()).unwrap();
        (entry.file_name().to_str().unwrap().parse().unwrap(), (file.dev(), file.ino()))
    };
    entries.map(of).filter(|(number, _)| (3..33).contains(number)).collect()
}

/// What a command is left with of the descriptors that a shell opens.
fn handed_on(house: &House, open: &str, program: &[&str]) -> BTreeMap<u32, (u64, u64)> {
    let mut command = house.command("sh");
    command.args(["-c", &format!("{open}; exec \"$@\""), "sh"]).args(program).args(["probe", "ready"]);
    open_in(&Started::new(house, &mut command))
}

/// As a service manager hands sockets on, to the process that it starts.
fn sockets(user: User) {
    let house = House::new(user);
    let target = stranger(&house, &["--uts", "--pid"]);
    let pid = target.to_string();
    let variables = |script: &str, line: &[&str]| {
        let mut command = house.command("sh");
        command.args(["-c", script, "sh", "-t", &pid]).args(line).args(["--", "probe", "ready"]);
        let inside = Started::new(&house, &mut command);
        let environment = inside.file("environ");
        let of = |name: &str| {
            environment.split('\0').find_map(|it| it.strip_prefix(name)?.strip_prefix('=')).map(str::to_owned)
        };
        let pid_inside = inside.status("NSpid").split_whitespace().last().unwrap().to_owned();
        let inode = pidfd_inode(inside.pid).to_string();
        ([of("LISTEN_PID"), of("LISTEN_PIDFDID"), of("LISTEN_FDS")], pid_inside, inode)
    };
    let one = || Some("1".to_owned());
    let ours = "LISTEN_PID=$$ LISTEN_PIDFDID=77 LISTEN_FDS=1 exec nsjoin \"$@\" 3<&0";
    for line in [&["-U"][..], &["-U", "-u", "--timeout=1h"], &["-a"], &["-a", "-F"], &["-U", "-p"]] {
        let (found, pid, inode) = variables(ours, &[line, &["--preserve-fds=1"]].concat());
        assert_eq!(found, [Some(pid), Some(inode), one()], "{line:?}");
    }
    // What is somebody else's stays so, and what nobody is given is not said to be the command's.
    let anothers = "LISTEN_PID=1 LISTEN_PIDFDID=77 LISTEN_FDS=1 exec nsjoin \"$@\" 3<&0";
    let (found, ..) = variables(anothers, &["-a", "--preserve-fds=1"]);
    assert_eq!(found, [one(), Some("77".to_owned()), one()]);
    let (found, pid, _) = variables(ours, &["-a"]);
    assert!(found[0] != Some(pid) && found[1] == Some("77".to_owned()), "{found:?}");
}

fn handed(user: User) {
    let house = House::new(user);
    let target = stranger(&house, &["--uts", "--pid"]);
    let pid = target.to_string();
    let files: Vec<_> = [3, 4, 5].map(|number| house.work().join(format!("file-{number}"))).into();
    for file in &files {
        fs::write(file, "text").unwrap();
    }
    let inode = |file: usize| {
        let file = fs::metadata(&files[file]).unwrap();
        (file.dev(), file.ino())
    };
    let open = format!("exec 3<{} 4<{} 5<{}", word(&files[0]), word(&files[1]), word(&files[2]));
    let all = [(3, inode(0)), (4, inode(1)), (5, inode(2))];
    for line in [&["-t", &pid, "-U"][..], &["-t", &pid, "-a"], &["-t", &pid, "-U", "--timeout=1m"]] {
        for number in 0..=3 {
            let preserved = format!("--preserve-fds={number}");
            let left = handed_on(&house, &open, &[&["nsjoin"], line, &[&preserved]].concat());
            assert_eq!(left, all[..number].iter().copied().collect(), "{number} after {line:?}");
        }
    }
}

fn free_numbers(user: User) {
    let house = House::new(user);
    let target = stranger(&house, &["--uts", "--pid", "--mount"]);
    let pid = target.to_string();
    // What nsjoin opens for itself takes the lowest numbers that are free.
    let seal = ["--seal", "--chdir=/"];
    let cases = [
        &["-t", &pid, "-U"][..],
        &["-t", &pid, "-a"],
        &["-t", &pid, "-a", "-r", "-w"],
        &["-t", &pid, "-a", "--timeout=1m"],
        &["-t", &pid, "-a", "--die-with-parent"],
        &["-t", &pid, "-U", "--die-with-parent", seal[0]],
        &["-t", &pid, "-a", seal[0], seal[1]],
    ];
    for line in cases {
        let line = [&["nsjoin"], line, &["--preserve-fds=30"]].concat();
        for open in [":", "exec 7</dev/null"] {
            assert_eq!(handed_on(&house, open, &line), handed_on(&house, open, &[]), "{line:?} after {open}");
        }
        // Nor one that everybody takes for stdin.
        let mut command = house.command("sh");
        command.args(["-c", "exec \"$@\" <&-", "sh"]).args(&line).args(["probe", "ready"]);
        assert_eq!(Started::new(&house, &mut command).link("fd/0"), Path::new("/dev/null"), "{line:?}");
    }
}

fn no_way_through(user: User) {
    let house = House::new(user);
    let target = stranger(&house, &["--pid", "--mount"]);
    let pid = target.to_string();
    let leads_out = |number: u32| {
        let mut command = house.command("sh");
        command.args(["-c", "exec \"$@\" 9</", "sh", "nsjoin", "-t", &pid, "-a", "-r", "--preserve-fds=30", "-W"]);
        let ran = house.finish(command.arg(format!("/proc/self/fd/{number}")).args(["probe", "exit", "0"]));
        let leads_out = ran.err().contains("it is outside of the root directory");
        ran.refuses(125, &format!("cannot change to directory /proc/self/fd/{number}: "));
        leads_out
    };
    // The one that was handed over is seen, and leads out; of ours, among them directories, there is none.
    let leading: Vec<_> = (3..40).filter(|number| leads_out(*number)).collect();
    assert_eq!(leading, [9]);
}
