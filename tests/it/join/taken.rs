//! Root directory, working directory and environment: the target's, or those of here.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use libtest_mimic::Trial;

use super::{Started, launched, root_directory, stranger, stranger_that, word};
use crate::house::{House, User};
use crate::trial::{Need, as_each_user, trial};

pub(super) fn trials() -> Vec<Trial> {
    let unshare = &[Need::Program("unshare")];
    let mut trials = vec![trial("join::taken::a_root_may_be_taken_without_its_namespaces", &[Need::Root], only_root)];
    trials.extend(
        [
            as_each_user("join::taken::the_root_of_the_target", unshare, targets_root),
            as_each_user("join::taken::a_root_of_here", unshare, root_of_here),
            as_each_user("join::taken::the_working_directory_of_the_target", unshare, targets_directory),
            as_each_user("join::taken::a_working_directory_of_here", unshare, directory_of_here),
            as_each_user("join::taken::a_working_directory_of_inside", unshare, directory_of_inside),
            as_each_user("join::taken::where_the_mounts_are_others_the_old_directory_is_left", unshare, left_behind),
            as_each_user("join::taken::a_directory_without_a_name_stays_the_commands", unshare, nameless),
            as_each_user("join::taken::a_working_directory_outside_of_the_root_is_refused", unshare, outside_of_root),
            as_each_user("join::taken::the_environment_of_the_target_and_more", &[], targets_environment),
            as_each_user("join::taken::variables_of_here_and_no_others", &[], own_environment),
            as_each_user("join::taken::files_of_variables_that_make_no_sense_are_refused", &[], malformed),
        ]
        .into_iter()
        .flatten(),
    );
    trials
}

/// A process in a root of its own.
fn rooted(house: &House, root: &Path) -> Started {
    stranger_that(house, &["--mount", "--root", word(root)], &["/probe", "ready"])
}

fn in_root(house: &House, arguments: &[&str]) -> Started {
    Started::new(house, house.command("nsjoin").args(arguments).args(["--", "/probe", "ready"]))
}

fn only_root() {
    let house = House::new(User::Root);
    let root = root_directory(&house, &[]);
    let target = stranger_that(&house, &["--root", word(&root)], &["/probe", "ready"]);
    let inside = in_root(&house, &["-t", &target.to_string(), "-r"]);
    inside.shares_only(&[], &target);
    assert_eq!((inside.link("root"), inside.link("cwd")), (root.clone(), root));
}

fn targets_root(user: User) {
    let house = House::new(user);
    let root = root_directory(&house, &[]);
    let target = rooted(&house, &root);
    let pid = target.to_string();
    for flag in ["-r", "--root"] {
        let inside = in_root(&house, &["-t", &pid, "-U", "-m", flag]);
        inside.shares_only(&["user", "mnt"], &target);
        assert_eq!((inside.link("root"), inside.link("cwd")), (root.clone(), root.clone()), "{flag}");
    }
    // The mount namespace has a root of its own, which is not that of the target.
    let inside = launched(&house, &["-t", &pid, "-U", "-m"]);
    assert_eq!((inside.link("root"), inside.link("cwd")), ("/".into(), "/".into()));
    drop(inside);
    if user == User::Ordinary {
        house.nsjoin(&["-t", &pid, "-r", "/probe", "ready"]).refuses(125, "Operation not permitted");
    }
}

fn root_of_here(user: User) {
    let house = House::new(user);
    let root = root_directory(&house, &[]);
    let target = stranger(&house, &["--uts"]);
    let pid = target.to_string();
    for spelled in [format!("-r={}", root.display()), format!("--root={}", root.display()), "-r=./root".to_owned()] {
        let inside = in_root(&house, &["-t", &pid, "-U", &spelled]);
        assert_eq!((inside.link("root"), inside.link("cwd")), (root.clone(), root.clone()), "{spelled}");
    }
    house.nsjoin(&["-t", &pid, "-U", "-r=/no/such/directory", "true"]).refuses(125, "/no/such/directory");
    house.nsjoin(&["-t", &pid, "-U", "-r=/etc/passwd", "true"]).refuses(125, "Not a directory");
}

fn targets_directory(user: User) {
    let house = House::new(user);
    let other = house.work().join("other");
    fs::create_dir(&other).unwrap();
    let mut command = house.command("probe");
    let target = Started::new(&house, command.arg("ready").current_dir(&other));
    for flag in ["-w", "--wd"] {
        assert_eq!(launched(&house, &["-t", &target.to_string(), flag]).link("cwd"), other, "{flag}");
    }
    // Held from before, it is the target's whatever else is joined.
    let stranger = stranger_that(&house, &["--mount", "--wd", word(&other)], &["probe", "ready"]);
    assert_eq!(launched(&house, &["-t", &stranger.to_string(), "-U", "-m", "-w"]).link("cwd"), other);
}

fn directory_of_here(user: User) {
    let house = House::new(user);
    let here = house.work().join("here");
    fs::create_dir(&here).unwrap();
    let target = stranger(&house, &["--mount"]);
    let pid = target.to_string();
    let spelled = [format!("-w={}", here.display()), format!("-w{}", here.display()), "--wd=./here".to_owned()];
    for spelled in &spelled {
        let inside = launched(&house, &["-t", &pid, "-U", "-m", spelled]);
        assert_eq!(inside.link("cwd"), here, "{spelled}");
    }
    house.nsjoin(&["-t", &pid, "-U", "-w=/no/such/directory", "true"]).refuses(125, "/no/such/directory");
    house.nsjoin(&["-t", &pid, "-U", "-w=/etc/passwd", "true"]).refuses(125, "Not a directory");
    house.nsjoin(&["-t", &pid, "-U", "-w=/tmp", "-W", "/tmp", "true"]).refuses(2, "cannot be used with");
}

fn directory_of_inside(user: User) {
    let house = House::new(user);
    let root = root_directory(&house, &[]);
    let target = rooted(&house, &root);
    let pid = target.to_string();
    for spelled in ["-W", "--wdns", "--chdir"] {
        // The same path leads elsewhere outside.
        let inside = in_root(&house, &["-t", &pid, "-U", "-m", "-r", spelled, "/inner"]);
        assert_eq!(inside.link("cwd"), root.join("inner"), "{spelled}");
    }
    let line = |directory| house.nsjoin(&["-t", &pid, "-U", "-m", "-r", "-W", directory, "/probe", "ready"]);
    line("/no/such/directory").refuses(125, "cannot change to directory /no/such/directory: No such file or directory");
    line("/probe").refuses(125, "cannot change to directory /probe: Not a directory");
}

fn left_behind(user: User) {
    let house = House::new(user);
    let target = stranger(&house, &["--mount", "--pid"]);
    let pid = target.to_string();
    for line in [&["-t", &pid, "-U", "-m"][..], &["-t", &pid, "-U", "-m", "-p"], &["-t", &pid, "-a"]] {
        assert_eq!(launched(&house, line).link("cwd"), Path::new("/"), "{line:?}");
    }
    // Where they are the same, so is the directory.
    assert_eq!(launched(&house, &["-t", &pid, "-U"]).link("cwd"), house.work());
}

fn outside_of_root(user: User) {
    let house = House::new(user);
    let root = root_directory(&house, &[]);
    let target = stranger(&house, &["--mount"]);
    let root = format!("-r={}", root.display());
    // The target stands in the directory that it was started in, which is not within that root.
    let line = ["-t", &target.to_string(), "-U", &root, "-w", "/probe", "ready"];
    house.nsjoin(&line).refuses(125, "it is outside of the root directory");
}

fn environment(process: &Started) -> BTreeSet<String> {
    process.file("environ").split_terminator('\0').map(str::to_owned).collect()
}

fn variables(pairs: &[&str]) -> BTreeSet<String> {
    pairs.iter().map(|pair| (*pair).to_owned()).collect()
}

fn targets_environment(user: User) {
    let house = House::new(user);
    let mut command = house.command("probe");
    command.env("ONE", "target's").env("TWO", "a=b\nc").env("EMPTY", "");
    let target = Started::new(&house, command.arg("ready"));
    let theirs = environment(&target);
    assert!(theirs.contains("TWO=a=b\nc"));
    let inside = |arguments: &[&str]| {
        let mut command = house.command("nsjoin");
        command.env("ONE", "ours").env("OURS", "here").args(["-t", &target.to_string()]).args(arguments);
        environment(&Started::new(&house, command.args(["--", "probe", "ready"])))
    };
    assert_eq!(inside(&["-e"]), theirs);
    assert_eq!(inside(&["--env"]), theirs);
    let changed = inside(&["-e", "--env=ONE=set", "--setenv", "NEW=1", "-e=EMPTY=no more"]);
    let gone: Vec<_> = theirs.difference(&changed).map(String::as_str).collect();
    let come: Vec<_> = changed.difference(&theirs).map(String::as_str).collect();
    assert_eq!((gone, come), (vec!["EMPTY=", "ONE=target's"], vec!["EMPTY=no more", "NEW=1", "ONE=set"]));
    // With it alone nothing else is taken of the target; without it all is ours.
    assert!(inside(&["-n"]).is_superset(&variables(&["ONE=ours", "OURS=here"])));
}

fn own_environment(user: User) {
    let house = House::new(user);
    let file = house.work().join("env");
    fs::write(&file, "# comment\n\nA=from file\r\nB=from file\nOURS\nNOT_SET_ANYWHERE\n").unwrap();
    let marker = format!("PODKIT_TEST={}", house.marker());
    let program = crate::house::binaries().join("probe");
    let target = house.start(house.command("probe").arg("ready"));
    let pid = target.pid().to_string();
    let inside = |arguments: &[&str]| {
        let mut command = house.command("nsjoin");
        command.env("OURS", "here").env("B", "ours").args(["-t", &pid, "-n"]).args(arguments);
        environment(&Started::new(&house, command.args(["--", word(&program), "ready"])))
    };
    let file = format!("--env-file={}", file.display());
    // By the marker the house knows its own.
    let set = format!("--setenv={marker}");
    assert_eq!(inside(&["--clear-env", &set]), variables(&[&marker]));
    let read = [&marker, "A=from file", "B=from file", "OURS=here"];
    assert_eq!(inside(&["--clear-env", &set, &file]), variables(&read));
    let more = inside(&["--setenv", "B=from word", &file, "--clear-env", &set, "--env=C=1", "--setenv=D="]);
    assert_eq!(more, variables(&[&marker, "A=from file", "B=from word", "OURS=here", "C=1", "D="]));
    let added = inside(&["--env=B=set"]);
    assert!(added.is_superset(&variables(&["OURS=here", "B=set"])) && !added.contains("B=ours"), "{added:?}");
    // PATH, too, is that of the environment which the command gets.
    let path = format!("--setenv=PATH={}", crate::house::binaries().display());
    house.nsjoin(&["-t", &pid, "-n", "--clear-env", &path, "probe", "exit", "3"]).exits(3);
    house.nsjoin(&["-t", &pid, "-n", "--clear-env", "probe", "exit", "3"]).refuses(127, "cannot execute probe");
}

fn malformed(user: User) {
    let house = House::new(user);
    let file = house.work().join("env");
    let line = format!("--env-file={}", file.display());
    house.nsjoin(&["-t", "1", "-n", &line, "true"]).refuses(2, "cannot read ");
    for (text, number) in [("=x\n", 1), ("A=1\n\nB C=2\n", 3), ("export A\n", 1), ("A=\0\n", 1)] {
        fs::write(&file, text).unwrap();
        let says = format!("{}, line {number}: neither KEY=VALUE nor KEY", file.display());
        house.nsjoin(&["-t", "1", "-n", &line, "true"]).refuses(2, &says);
    }
    for word in ["--setenv=A", "--setenv==x", "--env=A", "--env==x"] {
        house.nsjoin(&["-t", "1", "-n", word, "true"]).refuses(2, "is not KEY=VALUE");
    }
    house.nsjoin(&["-t", "1", "-e", "A=1", "true"]).refuses(2, "a variable is set by --env=A=1 or --setenv A=1");
    house.nsjoin(&["-t", "1", "-e", "--clear-env", "true"]).refuses(2, "--env and --clear-env exclude each other");
}

/// Of which nobody can say where it is: deleted and made anew, or deeper than a path can be long.
fn nameless(user: User) {
    let house = House::new(user);
    let target = stranger(&house, &["--uts", "--mount"]);
    let pid = target.to_string();
    let deleted = "mkdir gone; cd gone; rmdir ../gone; mkdir ../gone";
    let name = "d".repeat(200);
    let deep = format!("i=0; while [ $i -lt 25 ]; do mkdir {name}; cd -P {name}; i=$((i+1)); done 2>/dev/null");
    for way_there in [deleted, &deep] {
        let stands = |line: &str| {
            // By the inode: no path leads there.
            let script = format!("{way_there}; stat -c %i .; {line} stat -c %i .");
            let ran = house.run("sh", &["-c", &script]);
            fs::remove_dir_all(house.work().join(if way_there == deleted { "gone" } else { &name })).unwrap();
            ran
        };
        for line in ["-U -n", "-U -u", "-U -u --timeout 1h", "-U -u -m -w=."] {
            let said = stands(&format!("nsjoin -t {pid} {line} --")).ok().out();
            let inodes: Vec<_> = said.lines().collect();
            assert!(inodes.len() == 2 && inodes[0] == inodes[1], "{line}: {said}");
        }
        // Named, it has to be within the root: what is deleted leads nowhere, what is too deep may be anywhere.
        let named = stands(&format!("nsjoin -t {pid} -U -u -W . --"));
        if way_there == deleted {
            named.ok();
        } else {
            named.refuses(125, "cannot change to directory .: File name too long");
        }
    }
    // A target that stands so deep may be anywhere, for all that can be told.
    let script = format!("{deep}; exec probe ready");
    let inner = stranger_that(&house, &["--mount"], &["sh", "-c", &script]);
    let line = ["-t", &inner.to_string(), "-U", "-m", "-w", "--", "true"];
    house.nsjoin(&line).refuses(125, "cannot change to directory .: File name too long");
    drop(inner);
    fs::remove_dir_all(house.work().join(&name)).unwrap();
}
