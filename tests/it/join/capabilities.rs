//! What the command may do, by its five sets of capabilities.

use libtest_mimic::Trial;

use super::{Started, launched, stranger};
use crate::house::{House, User};
use crate::trial::{Need, as_each_user, trial};

pub(super) fn trials() -> Vec<Trial> {
    let as_root = &[Need::Root, Need::Program("unshare")];
    let setpriv = &[Need::Root, Need::Program("setpriv")];
    let mut trials = vec![
        trial(
            "join::capabilities::what_is_dropped_is_gone_from_every_set",
            &[Need::Root, Need::Program("unshare"), Need::Program("ip")],
            dropped,
        ),
        trial("join::capabilities::what_is_added_is_not_dropped", as_root, added),
        trial("join::capabilities::what_is_ambient_stays_with_who_is_not_root", as_root, ambient),
        trial("join::capabilities::without_being_root_nothing_is_kept", as_root, not_root),
        trial("join::capabilities::inheritable_ones_of_ours_are_given_up", setpriv, inheritable),
        trial("join::capabilities::what_we_do_not_have_cannot_be_added", setpriv, not_ours),
        trial("join::capabilities::those_of_a_joined_user_namespace_can_be_kept", as_root, kept),
    ];
    trials.extend(
        [
            as_each_user(
                "join::capabilities::a_joined_user_namespace_gives_them_all",
                &[Need::Program("unshare")],
                all,
            ),
            as_each_user(
                "join::capabilities::they_can_be_dropped_in_a_joined_user_namespace",
                &[Need::Program("unshare")],
                dropped_inside,
            ),
            as_each_user("join::capabilities::one_that_nobody_knows_is_refused", &[], unknown),
        ]
        .into_iter()
        .flatten(),
    );
    trials.push(trial("join::capabilities::an_ordinary_user_cannot_add_any", &[Need::Userns], nothing_to_add));
    trials
}

const KILL: u64 = 1 << 5;
const NET_ADMIN: u64 = 1 << 12;
const NET_RAW: u64 = 1 << 13;

/// The sets of a process.
#[derive(Debug, PartialEq, Eq)]
struct Sets {
    bounding: u64,
    permitted: u64,
    effective: u64,
    inheritable: u64,
    ambient: u64,
}

impl Sets {
    fn of(process: &Started) -> Self {
        let set = |key| u64::from_str_radix(&process.status(key), 16).unwrap();
        Self {
            bounding: set("CapBnd"),
            permitted: set("CapPrm"),
            effective: set("CapEff"),
            inheritable: set("CapInh"),
            ambient: set("CapAmb"),
        }
    }

    /// Of a command that is root: it has what it may ever have.
    fn of_root(all: u64) -> Self {
        Self { bounding: all, permitted: all, effective: all, inheritable: 0, ambient: 0 }
    }

    /// Of a command that is not, with these ambient.
    fn of_other(all: u64, ambient: u64) -> Self {
        Self { bounding: all, permitted: ambient, effective: ambient, inheritable: ambient, ambient }
    }
}

/// Ours, which is all that this machine's root may have.
fn ours(house: &House) -> u64 {
    Sets::of(&Started::new(house, house.command("probe").arg("ready"))).bounding
}

fn sets(house: &House, words: &[&str]) -> Sets {
    let target = stranger(house, &["--uts"]);
    Sets::of(&launched(house, &[&["-t", &target.to_string(), "-u"], words].concat()))
}

fn dropped() {
    let house = House::new(User::Root);
    let all = ours(&house);
    assert_eq!(sets(&house, &[]), Sets::of_root(all));
    assert_eq!(sets(&house, &["--cap-drop", "net_admin"]), Sets::of_root(all & !NET_ADMIN));
    let two = Sets::of_root(all & !NET_ADMIN & !KILL);
    assert_eq!(sets(&house, &["--cap-drop", "CAP_NET_ADMIN,kill"]), two);
    assert_eq!(sets(&house, &["--cap-drop=Net_Admin", "--cap-drop=Cap_Kill"]), two);
    assert_eq!(sets(&house, &["--cap-drop", "all"]), Sets::of_root(0));
    // What the sets say is so.
    house.pod(&["create", "web"]).ok();
    let change = |words: &[&str]| {
        let line = [&["-t", "web", "-n"], words, &["ip", "link", "set", "lo", "mtu", "1500"]].concat();
        house.nsjoin(&line).output.status.success()
    };
    assert!(!change(&["--cap-drop", "net_admin"]));
    assert!(change(&["--cap-drop", "all", "--cap-add", "net_admin"]));
}

fn added() {
    let house = House::new(User::Root);
    assert_eq!(sets(&house, &["--cap-drop", "all", "--cap-add", "kill,net_raw"]), Sets::of_root(KILL | NET_RAW));
    assert_eq!(sets(&house, &["--cap-add=kill", "--cap-drop=all", "--cap-add=net_raw"]), Sets::of_root(KILL | NET_RAW));
    assert_eq!(sets(&house, &["--cap-add", "kill"]), Sets::of_root(ours(&house)), "what is there already");
}

fn ambient() {
    let house = House::new(User::Root);
    let all = ours(&house);
    assert_eq!(sets(&house, &["--run-as", "1:1", "--ambient", "net_raw"]), Sets::of_other(all, NET_RAW));
    let line = ["--run-as", "1:1", "--cap-drop", "all", "--ambient", "net_raw", "--cap-add", "kill"];
    assert_eq!(sets(&house, &line), Sets::of_other(NET_RAW | KILL, NET_RAW));
    let as_root = sets(&house, &["--cap-drop", "all", "--ambient", "kill"]);
    assert_eq!(as_root, Sets { inheritable: KILL, ambient: KILL, ..Sets::of_root(KILL) });
}

fn not_root() {
    let house = House::new(User::Root);
    let all = ours(&house);
    assert_eq!(sets(&house, &["--run-as", "1:1"]), Sets::of_other(all, 0));
    assert_eq!(sets(&house, &["-S", "1"]), Sets::of_other(all, 0));
    assert_eq!(sets(&house, &["--run-as", "1:1", "--cap-drop", "kill"]), Sets::of_other(all & !KILL, 0));
}

/// What setpriv has nsjoin start with.
fn prepared(house: &House, setpriv: &[&str], words: &[&str]) -> Sets {
    let target = stranger(house, &["--uts"]);
    let mut command = house.command("setpriv");
    command.args(setpriv).args(["nsjoin", "-t", &target.to_string(), "-u"]).args(words).args(["probe", "ready"]);
    Sets::of(&Started::new(house, &mut command))
}

fn inheritable() {
    let house = House::new(User::Root);
    let all = ours(&house);
    let trap = ["--inh-caps", "+net_raw,+kill"];
    assert_eq!(prepared(&house, &trap, &[]), Sets::of_root(all));
    assert_eq!(prepared(&house, &trap, &["--run-as", "1:1"]), Sets::of_other(all, 0));
    // Those that are ambient were meant for who is executed; they can be dropped all the same.
    let meant = ["--inh-caps", "+net_raw,+kill", "--ambient-caps", "+kill"];
    assert_eq!(prepared(&house, &meant, &[]), Sets { inheritable: KILL, ambient: KILL, ..Sets::of_root(all) });
    assert_eq!(prepared(&house, &meant, &["--cap-drop", "kill"]), Sets::of_root(all & !KILL));
}

fn not_ours() {
    let house = House::new(User::Root);
    let target = stranger(&house, &["--uts"]);
    let run = |words: &[&str]| {
        let mut command = house.command("setpriv");
        command.args(["--bounding-set", "-net_raw", "nsjoin", "-t", &target.to_string(), "-u"]).args(words);
        house.finish(command.args(["probe", "exit", "0"]))
    };
    run(&[]).ok();
    for word in ["--cap-add=net_raw", "--ambient=net_raw"] {
        run(&[word]).refuses(125, "Operation not permitted");
    }
    run(&["--cap-drop=net_raw"]).ok();
}

fn kept() {
    let house = House::new(User::Root);
    // With ids of the outside, whoever executes a program there is not its root.
    let outer = Started::new(&house, house.command("unshare").args(["--user", "--uts", "probe", "ready"]));
    for map in ["uid_map", "gid_map"] {
        std::fs::write(outer.path(map), "0 100000 65536").unwrap();
    }
    let all = Sets::of(&outer).bounding;
    let line = |words: &[&str]| Sets::of(&launched(&house, &[&["-t", &outer.to_string(), "-U"], words].concat()));
    let some = all & !KILL;
    for who in [&["--run-as", "5:5"][..], &["--preserve-credentials"]] {
        assert_eq!(line(who), Sets::of_other(all, 0), "{who:?}");
        assert_eq!(line(&[&["--keep-caps"], who].concat()), Sets::of_other(all, all), "{who:?}");
        let line = line(&[&["--keep-caps", "--cap-drop", "kill"], who].concat());
        assert_eq!(line, Sets::of_other(some, some), "{who:?}");
    }
    // Without a user namespace that is joined, there are none to keep.
    let other = Sets::of(&launched(&house, &["-t", &outer.to_string(), "-u", "--run-as", "5:5", "--keep-caps"]));
    assert_eq!(other, Sets::of_other(ours(&house), 0));
}

fn all(user: User) {
    let house = House::new(user);
    let target = stranger(&house, &["--uts"]);
    let expected = Sets::of(&target);
    assert_eq!(expected.effective, expected.bounding);
    assert_eq!(Sets::of(&launched(&house, &["-t", &target.to_string(), "-U", "-u"])), Sets::of_root(expected.bounding));
}

fn dropped_inside(user: User) {
    let house = House::new(user);
    let target = stranger(&house, &["--uts"]);
    let all = Sets::of(&target).bounding;
    let line =
        |words: &[&str]| Sets::of(&launched(&house, &[&["-t", &target.to_string(), "-U", "-u"], words].concat()));
    assert_eq!(line(&["--cap-drop", "net_admin"]), Sets::of_root(all & !NET_ADMIN));
    assert_eq!(line(&["--cap-drop", "all", "--cap-add", "kill"]), Sets::of_root(KILL));
    assert_eq!(line(&["--cap-drop", "all"]), Sets::of_root(0));
}

fn unknown(user: User) {
    let house = House::new(user);
    for option in ["--cap-add", "--cap-drop", "--ambient"] {
        for name in ["net", "CAP_", "kill,", "cap_cap_kill", ""] {
            house.nsjoin(&["-t", "1", option, name, "true"]).refuses(2, "no capability is called");
        }
    }
}

fn nothing_to_add() {
    let house = House::new(User::Ordinary);
    let guest = house.start(house.command("probe").arg("ready"));
    let pid = guest.pid().to_string();
    for words in [["--cap-add", "kill"], ["--ambient", "kill"], ["--cap-drop", "kill"]] {
        house.nsjoin(&[&["-t", &pid, "-n"][..], &words, &["true"]].concat()).refuses(125, "Operation not permitted");
    }
}
