//! Files that are not quite programs: what a shell would make of them, and what is said of others.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use libtest_mimic::Trial;

use super::{stranger, word};
use crate::house::{House, Ran, User};
use crate::trial::{Need, as_each_user};

pub(super) fn trials() -> Vec<Trial> {
    let nsenter = &[Need::Program("unshare"), Need::Program("nsenter")];
    let unshare = &[Need::Program("unshare")];
    [
        as_each_user("join::programs::a_script_without_an_interpreter_is_the_shells", nsenter, no_first_line),
        as_each_user("join::programs::a_workload_may_be_such_a_script", &[], workload),
        as_each_user("join::programs::a_missing_interpreter_is_said_to_be_missing", unshare, no_interpreter),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn script(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
}

/// Each way to a command, by way of the pid namespace and not.
fn in_each_way(house: &House, command: &[&str], check: impl Fn(Ran)) {
    for line in ["nsjoin -t web -U -n", "nsjoin -t web", "nsjoin -t web -a", "pod exec web"] {
        let words: Vec<_> = line.split(' ').chain(["--"]).chain(command.iter().copied()).collect();
        check(house.run(words[0], &words[1..]));
    }
}

fn no_first_line(user: User) {
    let house = House::new(user);
    let (named, empty) = (house.work().join("named"), house.work().join("empty"));
    script(&named, "echo \"$0\" \"$#\" \"$1\" \"$2\"; exit 7\n");
    script(&empty, "");
    house.pod(&["create", "web"]).ok();
    let said = format!("{} 2 a b c\n", word(&named));
    in_each_way(&house, &[word(&named), "a", "b c"], |ran| assert_eq!(ran.exits(7).out(), said));
    in_each_way(&house, &[word(&empty)], |ran| drop(ran.ok()));
    // As by PATH, so with nsenter.
    let path = format!("PATH=/no/such:{}", word(&house.work()));
    let target = stranger(&house, &["--uts"]);
    for program in ["nsenter", "nsjoin"] {
        let mut command = house.command("env");
        command.args([
            &path,
            &*which(&house, program),
            "-t",
            &target.to_string(),
            "-U",
            "--preserve-credentials",
            "named",
            "x",
        ]);
        assert_eq!(house.finish(&mut command).exits(7).out(), format!("{} 1 x \n", word(&named)), "{program}");
    }
    // There is no shell to do it.
    let root = super::root_directory(&house, &[("script", "echo x\n")]);
    fs::set_permissions(root.join("script"), Permissions::from_mode(0o755)).unwrap();
    let taken = format!("-r={}", word(&root));
    let line = ["-t", &target.to_string(), "-U", &taken, "--", "/script"];
    house.nsjoin(&line).refuses(126, "cannot execute /script: Exec format error");
}

fn which(house: &House, program: &str) -> String {
    house.run("sh", &["-c", &format!("command -v {program}")]).ok().out().trim().to_owned()
}

fn workload(user: User) {
    let house = House::new(user);
    let named = house.work().join("named");
    script(&named, "echo \"ran $1\"; exit 7\n");
    house.pod(&["create", "web"]).ok();
    house.pod(&["add", "web", "--name", "app", "--", word(&named), "it"]).ok();
    house.logged("web", "app", "ran it");
}

fn no_interpreter(user: User) {
    let house = House::new(user);
    let target = stranger(&house, &["--mount", "--pid"]);
    for (name, text) in [("dos", "#!/bin/sh\r\necho x\r\n"), ("nobodys", "#!/no/such/interpreter\n")] {
        let file = house.work().join(name);
        script(&file, text);
        let says = format!("cannot execute {}: its interpreter: No such file or directory", word(&file));
        for line in [&["-U"][..], &["-U", "-m"], &["-a"], &["-a", "-F"]] {
            let ran = house.nsjoin(&[&["-t", &target.to_string()], line, &["--", word(&file)]].concat());
            assert!(ran.err().contains("\nhint: the file is there; "), "{ran}");
            ran.refuses(127, &says);
        }
    }
    // One that is not there is missing itself, and --seal helps where it is here.
    let missing = house.nsjoin(&["-t", &target.to_string(), "-a", "--", "/no/such/command"]);
    assert!(missing.err().contains("--seal takes one from here"), "{missing}");
    missing.refuses(127, "cannot execute /no/such/command: No such file or directory");
}
