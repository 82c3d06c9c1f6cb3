//! nsenter beside us: tables of command lines, and what the command says of itself after each.

use std::collections::BTreeMap;
use std::fs;

use libtest_mimic::Trial;
use serde_json::Value;

use super::{Started, root_directory, word};
use crate::house::{House, Ran, User, binaries};
use crate::trial::{Need, as_each_user};

pub(super) fn trials() -> Vec<Trial> {
    let needs = &[Need::Program("nsenter"), Need::Program("unshare")];
    [
        as_each_user("join::nsenter::the_same_line_joins_the_same", needs, namespaces),
        as_each_user("join::nsenter::the_same_line_leads_to_the_same_place", needs, places),
        as_each_user("join::nsenter::the_same_line_ends_in_the_same_way", needs, ends),
        as_each_user("join::nsenter::what_it_refuses_is_refused", needs, refused),
        as_each_user("join::nsenter::under_its_name_descriptors_are_inherited", needs, descriptors),
        as_each_user("join::nsenter::under_its_name_our_failures_are_its", needs, failures),
        as_each_user("join::nsenter::where_it_fails_we_do_not", needs, better),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Lines that root may use; `NS` stands for the directory of the target's namespaces.
const ROOTS: [&str; 31] = [
    "-n",
    "--net",
    "-u -i",
    "--uts --ipc --cgroup",
    "-m",
    "-p",
    "-p -m",
    "-C",
    "-T",
    "-nNS/net",
    "-nNS/net -uNS/uts",
    "-n --pid=NS/pid",
    "--net=NS/net --pid=NS/pid",
    "-F -n",
    "--no-fork --net",
    "-n -S 1",
    "-n -G 1",
    "-n -S 1 -G 2",
    "-n --setuid 1 --setgid=2",
    "-n -S1 -G2",
    "-n -Z",
    "-a",
    "--all",
    "-U",
    "--user",
    "-U -n -u -i -p -m -C",
    "-U -S 0 -G 0",
    "-U -S 5 -G 6",
    "--user=NS/user --net=NS/net",
    "-F -U -n",
    "-U -T",
];

/// Lines that everybody may use.
const EVERYBODYS: [&str; 8] = [
    "-a --preserve-credentials",
    "-U --preserve-credentials",
    "--user --preserve-credentials --net --uts --ipc",
    "-U -n -u -i -p -m -C --preserve-credentials",
    "--user=NS/user --net=NS/net --preserve-credentials",
    "-F -U -n --preserve-credentials",
    "-U -T --preserve-credentials",
    "-U -p --preserve-credentials -Z",
];

/// Lines that lead somewhere, in a target whose root is `ROOT` and which stands in `ROOT/inner`.
const PLACES: [&str; 12] = [
    "-U -m",
    "-U -w",
    "-U -m -w",
    "-U -w/",
    "-U --wd=/tmp",
    "-U",
    "-U -m -r -w",
    "-U -r -w",
    "-U -m -r -W /inner",
    "-U --mount --root --wdns=/",
    "-U -rROOT -wROOT/inner",
    "-U --root=ROOT --wd=ROOT",
];

const KINDS: [&str; 8] = ["--user", "--net", "--uts", "--ipc", "--pid", "--mount", "--cgroup", "--time"];

/// A target for both programs. What ends first is declared first.
struct Table {
    target: Started,
    house: House,
}

impl Table {
    fn new(user: User) -> Self {
        Self::of(House::new(user), &[], "probe")
    }

    /// An ordinary user's namespaces have a map of one id and no groups; root's have many.
    fn of(house: House, more: &[&str], probe: &str) -> Self {
        let mut unshare = house.command("unshare");
        unshare.args(["--fork", "--kill-child"]).args(KINDS).args(more);
        if house.user == User::Ordinary {
            unshare.arg("--map-root-user");
        }
        let target = Started::new(&house, unshare.args([probe, "ready"]));
        if house.user == User::Root {
            for map in ["uid_map", "gid_map"] {
                fs::write(target.path(map), "0 0 65536").unwrap();
            }
        }
        Self { target, house }
    }

    fn run(&self, program: &str, line: &str, command: &[&str]) -> Ran {
        let line = line.replace("NS", &format!("/proc/{}/ns", *self.target));
        let words = line.split(' ').chain(command.iter().copied());
        self.house.finish(self.house.command(program).args(["-t", &self.target.to_string()]).args(words))
    }

    /// What nsenter does, and what we do.
    fn both(&self, line: &str, command: &[&str]) -> [Ran; 2] {
        ["nsenter", "nsjoin"].map(|program| self.run(program, line, command))
    }

    /// Both say the same, in JSON.
    fn same(&self, line: &str, command: &[&str]) -> Value {
        let [theirs, ours] = self.both(line, command).map(Ran::json);
        assert_eq!(ours, theirs, "after {line}");
        ours
    }
}

fn namespaces(user: User) {
    let table = Table::new(user);
    let roots = if user == User::Root { &ROOTS[..] } else { &[] };
    for line in roots.iter().chain(&EVERYBODYS) {
        table.same(line, &["probe", "facts"]);
    }
}

fn places(user: User) {
    let house = House::new(user);
    let root = root_directory(&house, &[]);
    let probe = root.join("probe");
    let table = Table::of(house, &["--root", word(&root), "--wd=/inner"], "/probe");
    for line in PLACES {
        let line = format!("{line} --preserve-credentials").replace("ROOT", word(&root));
        let probe = if line.contains("-r") { "/probe" } else { word(&probe) };
        table.same(&line, &[probe, "place"]);
    }
}

fn ends(user: User) {
    let table = Table::new(user);
    for line in ["-U", "-U -p", "-U -F", "-a"] {
        let line = format!("{line} --preserve-credentials");
        let same = |command: &[&str]| {
            let [theirs, ours] = table.both(&line, command).map(|ran| ran.output.status);
            assert_eq!(ours, theirs, "{command:?} after {line}");
        };
        for code in ["0", "3", "126", "255"] {
            same(&["probe", "exit", code]);
        }
        for signal in ["TERM", "KILL", "USR1"] {
            same(&["sh", "-c", &format!("kill -{signal} $$")]);
        }
        same(&["/no/such/command"]);
        same(&["/"]);
    }
}

const REFUSED: [&str; 9] = [
    "-n/no/such/file",
    "-n/etc/passwd",
    "-nNS/uts",
    "-U -S nobody-of-this-name",
    "-U -S 70000",
    "-U -W/no/such/directory",
    "-U -r/no/such/directory",
    "-U -w/no/such/directory",
    "--no-such-option",
];

/// Ours, under its name.
fn under_its_name(house: &House) -> String {
    let link = house.work().join("nsenter");
    std::os::unix::fs::symlink(binaries().join("nsjoin"), &link).unwrap();
    word(&link).to_owned()
}

fn descriptors(user: User) {
    let table = Table::new(user);
    let ours = under_its_name(&table.house);
    let script = "exec 5</dev/null 9</ 17>>log; flock -n 17 || exit 9; exec \"$@\"";
    for line in ["-U", "-U -p", "-F -U", "-a"] {
        let run = |program: &str, command: &[&str]| {
            let words = [program, "-t", &table.target.to_string(), "--preserve-credentials"].map(str::to_owned);
            let words = words.into_iter().chain(line.split(' ').map(str::to_owned));
            let mut bash = table.house.command("bash");
            bash.args(["-c", script, "bash"]).args(words).arg("--").args(command);
            table.house.finish(&mut bash)
        };
        // Whatever else we have been started with goes through, too; stdout and stderr are each run's own.
        let open = |program: &str| {
            let fds = run(program, &["probe", "fds"]).json();
            let fds = fds.as_object().unwrap().clone().into_iter().filter(|(number, _)| number != "1" && number != "2");
            fds.collect::<BTreeMap<_, _>>()
        };
        let theirs = open("nsenter");
        assert_eq!(open(&ours), theirs, "after {line}");
        assert!(["0", "5", "9", "17"].iter().all(|number| theirs.contains_key(*number)), "{theirs:?}");
        // The lock is the same one: who has it may take it again.
        run(&ours, &["flock", "-n", "17"]).ok();
    }
    // Who names a number means it.
    let mut bash = table.house.command("bash");
    bash.args(["-c", script, "bash", &ours, "-t", &table.target.to_string(), "-U", "--preserve-credentials"]);
    let fds = table.house.finish(bash.args(["--preserve-fds", "3", "probe", "fds"])).json();
    assert_eq!(fds.as_object().unwrap().keys().collect::<Vec<_>>(), ["0", "1", "2", "5"], "{fds}");
}

fn failures(user: User) {
    let table = Table::new(user);
    let ours = under_its_name(&table.house);
    let nobody = "-t 4194303 -U";
    for line in REFUSED.iter().chain(&["-U -t x", nobody]) {
        let [theirs, ours] = ["nsenter", &ours].map(|program| table.run(program, line, &["true"]));
        assert_eq!(ours.output.status.code(), theirs.output.status.code(), "{line}: {ours}{theirs}");
        // It speaks in the name that it was called by; the parser's own words have their own.
        let said = ours.err();
        assert!(said.starts_with("nsenter: ") || said.starts_with("error: "), "{line}: {ours}");
    }
    for (command, code) in [("/no/such/command", 127), ("/etc/passwd", 126)] {
        for program in ["nsenter", &ours] {
            let line = "-U --preserve-credentials";
            table
                .house
                .finish(
                    table
                        .house
                        .command(program)
                        .args(["-t", &table.target.to_string()])
                        .args(line.split(' '))
                        .arg(command),
                )
                .exits(code);
        }
    }
    table.house.finish(table.house.command(&ours).arg("--help")).ok();
}

fn refused(user: User) {
    let table = Table::new(user);
    for line in REFUSED {
        for ran in table.both(line, &["true"]) {
            assert!(!ran.output.status.success() && ran.out().is_empty(), "{line}: {ran}");
        }
    }
}

/// What nsenter 2.38 makes of these is a trap; a newer one may have mended it.
fn better(user: User) {
    let house = House::new(user);
    let root = root_directory(&house, &[]);
    let table = Table::of(house, &["--root", word(&root)], "/probe");
    // It stays where it was, outside of the root that it has taken.
    let place = table.run("nsjoin", "-U -m -r", &["/probe", "place"]).json();
    assert_eq!(place["cwd"], "/");
    // It takes the second letter for the name of a file.
    table.run("nsjoin", "-Un", &["probe", "exit", "0"]).ok();
    // It gives up where an ordinary user's groups may not be given up.
    let ids = table.run("nsjoin", "-U", &["probe", "ids"]).json();
    assert_eq!((&ids["Uid"], &ids["Gid"]), (&"0\t0\t0\t0".into(), &"0\t0\t0\t0".into()));
}
