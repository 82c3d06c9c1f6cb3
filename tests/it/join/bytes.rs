//! Names, values and directories that are no UTF-8: Linux has them, and they go through whole.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use libtest_mimic::Trial;

use super::{Started, stranger};
use crate::house::{House, Ran, User, binaries};
use crate::trial::{Need, as_each_user, trial};

pub(super) fn trials() -> Vec<Trial> {
    let unshare = &[Need::Program("unshare")];
    let mut trials = vec![trial("join::bytes::a_mount_of_any_name_does_not_hide_the_cgroups", &[Need::Root], mounts)];
    trials.extend(
        [
            as_each_user("join::bytes::variables_and_directories_reach_the_command_as_they_are", unshare, surroundings),
            as_each_user("join::bytes::files_may_have_any_name", unshare, files),
            as_each_user("join::bytes::a_dry_run_shows_what_it_can_of_them", unshare, dry_run),
            as_each_user("join::bytes::processes_of_any_name_are_listed_with_it", unshare, listed),
        ]
        .into_iter()
        .flatten(),
    );
    trials
}

fn bytes(bytes: &[u8]) -> OsString {
    OsString::from_vec(bytes.to_vec())
}

/// A path in the test's place whose last part is no text.
fn odd(house: &House, name: &[u8]) -> PathBuf {
    house.work().join(OsStr::from_bytes(name))
}

fn option(name: &str, value: impl AsRef<OsStr>) -> OsString {
    let mut word = OsString::from(name);
    word.push(value);
    word
}

fn nsjoin(house: &House, target: &Started, words: &[OsString]) -> Ran {
    let mut command = house.command("nsjoin");
    command.args(["-t", &target.to_string(), "-U", "-u"]).args(words);
    house.finish(&mut command)
}

fn surroundings(user: User) {
    let house = House::new(user);
    let target = stranger(&house, &["--uts"]);
    let (directory, file) = (odd(&house, b"d\xe5"), odd(&house, b"\xfd.env"));
    fs::create_dir(&directory).unwrap();
    fs::write(&file, b"FILED=\xf1\n").unwrap();
    let words = [
        bytes(b"--setenv=SET=\xff"),
        bytes(b"--env=N\xe5ME=\xfe"),
        option("--env-file=", &file),
        option("--chdir=", &directory),
    ];
    // Not by a shell, which hands on no variable of such a name.
    let said = |program: &str| nsjoin(&house, &target, &[&words[..], &[program.into()]].concat()).ok();
    assert_eq!(said("/bin/pwd").output.stdout, [directory.as_os_str().as_bytes(), b"\n"].concat());
    let said = said("env");
    let lines: Vec<_> = said.output.stdout.split(|byte| *byte == b'\n').collect();
    for variable in [&b"SET=\xff"[..], b"N\xe5ME=\xfe", b"FILED=\xf1"] {
        assert!(lines.contains(&variable), "no {} in {said}", variable.escape_ascii());
    }
    for malformed in [&b"--setenv=\xff"[..], b"--setenv==\xff", b"--env=\xff"] {
        nsjoin(&house, &target, &[bytes(malformed), "true".into()]).refuses(2, "is not KEY=VALUE");
    }
}

fn files(user: User) {
    let house = House::new(user);
    let target = stranger(&house, &["--uts"]);
    let (namespaces, uts) = (odd(&house, b"ns\xff"), odd(&house, b"uts\xff"));
    symlink(target.path("ns"), &namespaces).unwrap();
    symlink(target.path("ns/uts"), &uts).unwrap();
    let (pid_file, report) = (odd(&house, b"pid\xff"), odd(&house, b"report\xff"));
    let run = |words: &[OsString]| house.finish(house.command("nsjoin").args(words));
    let shows = ["readlink", "/proc/self/ns/uts"].map(OsString::from);
    let theirs = format!("{}\n", target.link("ns/uts").display());
    let by_directory = ["-t".into(), namespaces.into_os_string(), "-U".into(), "-u".into()];
    assert_eq!(run(&[&by_directory[..], &shows].concat()).ok().out(), theirs);
    let by_file = ["-t".into(), target.to_string().into(), "-U".into(), option("-u=", &uts)];
    assert_eq!(run(&[&by_file[..], &shows].concat()).ok().out(), theirs);
    let kept = [option("--pid-file=", &pid_file), option("--report=", &report), "true".into()];
    run(&[&by_file[..], &kept].concat()).ok();
    assert!(pid_file.exists() && report.exists());
    run(&["-t".into(), bytes(b"w\xffb"), "true".into()]).refuses(2, "it is not UTF-8");
}

fn dry_run(user: User) {
    let house = House::new(user);
    let target = stranger(&house, &["--uts"]);
    let words = [bytes(b"--chdir=/d\xe5"), "--dry-run".into(), bytes(b"p\xff")];
    let said = nsjoin(&house, &target, &words).ok().out();
    assert!(said.contains("directory: /d\u{fffd}\n") && said.contains("command: p\u{fffd}\n"), "{said}");
}

fn listed(user: User) {
    let house = House::new(user);
    let name = odd(&house, b"p\xffx\x1b");
    fs::copy(binaries().join("probe"), &name).unwrap();
    let mut unshare = house.command("unshare");
    unshare.args(["--fork", "--kill-child", "--user", "--map-root-user"]).arg(&name).arg("ready");
    let guest = house.start(&mut unshare);
    let pid = crate::house::only_child(guest.pid()).to_string();
    let said = house.nsjoin(&["list", "-t", &pid, "user"]).ok();
    let shown = [house.work().as_os_str().as_bytes(), b"/p\xffx? ready\n"].concat();
    assert!(said.output.stdout.ends_with(&shown), "{said}");
    let listed = house.nsjoin(&["list", "-t", &pid, "user", "-o", "json"]).json();
    assert!(listed[0]["first"]["command"].as_str().unwrap().ends_with("/p\u{fffd}x\u{1b} ready"), "{listed}");
}

fn mounts() {
    let house = House::new(User::Root);
    let odd = odd(&house, b"m\xff");
    fs::create_dir(&odd).unwrap();
    let script = "mount -t tmpfs tmpfs \"$1\" && exec nsjoin -t $$ -n -c -- probe exit 7";
    let mut unshare = house.command("unshare");
    unshare.args(["--mount", "sh", "-c", script, "sh"]).arg(&odd);
    house.finish(&mut unshare).exits(7);
}
