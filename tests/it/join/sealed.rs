//! A sealed copy: what runs inside cannot be written to, and need not be there.

use std::fs::{self, File};
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;

use libtest_mimic::Trial;
use nix::fcntl::{FcntlArg, SealFlag, fcntl};

use super::{Started, launched, root_directory, stranger, stranger_that, word};
use crate::house::{House, User, binaries, eventually};
use crate::trial::{Need, as_each_user};

pub(super) fn trials() -> Vec<Trial> {
    let unshare = &[Need::Program("unshare")];
    let busybox = &[Need::Program("unshare"), Need::Program("busybox")];
    [
        as_each_user("join::sealed::the_command_is_a_copy_with_every_seal", unshare, sealed),
        as_each_user("join::sealed::without_it_the_command_is_the_file", unshare, not_sealed),
        as_each_user("join::sealed::a_program_of_here_runs_where_there_is_none", busybox, elsewhere),
        as_each_user("join::sealed::a_script_is_refused", unshare, script),
        as_each_user("join::sealed::what_cannot_be_executed_is_refused", &[], no_program),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn sealed(user: User) {
    let house = House::new(user);
    let target = stranger(&house, &["--mount", "--pid"]);
    let pid = target.to_string();
    for line in [&["-t", &pid, "-U", "--seal"][..], &["-t", &pid, "-a", "--seal"]] {
        let inside = launched(&house, line);
        assert!(word(&inside.link("exe")).starts_with("/memfd:"), "{:?}", inside.link("exe"));
        let copy = File::open(inside.path("exe")).unwrap();
        let seals = SealFlag::from_bits_retain(fcntl(&copy, FcntlArg::F_GET_SEALS).unwrap());
        let all = SealFlag::F_SEAL_SEAL | SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_WRITE;
        assert!(seals.contains(all), "{seals:?}");
        assert_eq!(fs::read(inside.path("exe")).unwrap(), fs::read(binaries().join("probe")).unwrap());
        assert!(fs::read_dir(inside.path("fd")).unwrap().count() == 3, "the copy is not left open");
        // Nor once nobody executes it any more, by somebody who has opened it before.
        let executable = inside.path("exe");
        let writable = || File::options().write(true).open(&executable).and_then(|mut file| file.write_all(b"x"));
        assert!(writable().is_err());
        drop(inside);
        let again = format!("/proc/self/fd/{}", copy.as_raw_fd());
        let mut held = eventually("nobody executes it", || File::options().write(true).open(&again).ok());
        assert_eq!(held.write(b"x").unwrap_err().raw_os_error(), Some(libc::EPERM));
        assert_eq!(held.set_len(0).unwrap_err().raw_os_error(), Some(libc::EPERM));
    }
}

fn not_sealed(user: User) {
    let house = House::new(user);
    let target = stranger(&house, &["--mount"]);
    let inside = launched(&house, &["-t", &target.to_string(), "-U"]);
    assert_eq!(inside.link("exe"), binaries().join("probe"));
}

fn elsewhere(user: User) {
    let house = House::new(user);
    // A root without a single program but for the one that holds it.
    let root = root_directory(&house, &[]);
    let target = stranger_that(&house, &["--mount", "--root", word(&root)], &["/probe", "ready"]);
    let line = ["-t", &target.to_string(), "-U", "-m", "-r"];
    house.nsjoin(&[&line[..], &["busybox", "true"]].concat()).refuses(127, "cannot execute busybox");
    let ran = house.nsjoin(&[&line[..], &["--seal", "busybox", "ls", "/"]].concat()).ok();
    assert_eq!(ran.out().split_whitespace().collect::<Vec<_>>(), ["etc", "inner", "probe", "proc"]);
    // What it finds inside is what it would have found.
    let inside = Started::new(&house, house.command("nsjoin").args(line).args(["--seal", "probe", "ready"]));
    assert_eq!((inside.link("root"), inside.link("cwd")), (root.clone(), root));
    inside.shares_only(&["user", "mnt"], &target);
}

fn script(user: User) {
    let house = House::new(user);
    let target = stranger(&house, &["--mount"]);
    let script = house.work().join("script");
    fs::write(&script, "#!/bin/sh\nexit 3\n").unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let line = |seal: &[&str]| house.nsjoin(&[&["-t", &target.to_string(), "-U"], seal, &[word(&script)]].concat());
    line(&["--seal"]).refuses(125, &format!("cannot seal {}: it is a script", script.display()));
    line(&[]).exits(3);
}

fn no_program(user: User) {
    let house = House::new(user);
    let target = house.start(house.command("probe").arg("ready"));
    let plain = house.work().join("plain");
    fs::write(&plain, "\x7fELF").unwrap();
    let line = |command: &str| house.nsjoin(&["-t", &target.pid().to_string(), "-n", "--seal", command]);
    line("no-such-command").refuses(127, "cannot execute no-such-command: No such file or directory");
    line(word(&plain)).refuses(126, "Permission denied");
    fs::set_permissions(&plain, fs::Permissions::from_mode(0o755)).unwrap();
    line(word(&plain)).refuses(126, "Exec format error");
}
