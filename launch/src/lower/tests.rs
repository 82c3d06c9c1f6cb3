//! The order of operations, by tables.

use std::fs::File;

use caps::Capability;
use serde_json::json;

use super::*;
use crate::credentials::Credentials;

fn file() -> OwnedFd {
    File::open("/dev/null").expect("a file").into()
}

fn ids(user: u32) -> OpenIds {
    OpenIds {
        user: Some(Number::Asked(user)),
        group: Some(Number::Asked(user)),
        groups: Some(vec![user]),
        groups_asked: true,
        home: None,
    }
}

fn ready(command: Command, ids: OpenIds) -> Ready {
    Ready {
        command,
        own: Vec::new(),
        environment: Vec::new(),
        program: Program::Files(Vec::new()),
        ids,
        label: None,
        root: None,
        directory: None,
        stands_within: false,
        joins_user: false,
        us: None,
    }
}

/// What is done, as the words for its failing, from the closing of descriptors on.
fn rights(ready: Ready) -> Vec<String> {
    let all = words(ready);
    all.into_iter().skip_while(|words| words != "close inherited descriptors").skip(1).collect()
}

fn words(ready: Ready) -> Vec<String> {
    let mut script = Script::new(file());
    inside(&mut script, ready).expect("no zero byte");
    script.words()
}

fn filtered() -> Seccomp {
    let profile = json!({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["swapon"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1},
    ]});
    Seccomp::from_json(profile.to_string().as_bytes(), &CapsHashSet::new(), (6, 0)).expect("a profile")
}

fn drop_all() -> Credentials {
    let capabilities = Capabilities { drop: caps::all(), ..Capabilities::default() };
    Credentials { capabilities, ..Credentials::default() }
}

#[test]
fn rights_are_given_up_in_the_order_in_which_each_still_can_be() {
    let command = Command::new("true").credentials(drop_all()).directory("/home");
    assert_eq!(
        rights(ready(command, ids(1000))),
        [
            "change to directory /home",
            "set capabilities",
            "set the supplementary groups",
            "set the group id",
            "set the user id",
            "set capabilities",
            "change to directory /home",
            "put signals back",
            "execute the command",
        ]
    );
}

#[test]
fn a_filter_comes_first_where_the_right_to_it_is_about_to_go_and_last_where_it_stays() {
    let filter = "install the seccomp filter";
    let at = |credentials: Credentials, ids: OpenIds| {
        let command = Command::new("true").credentials(credentials).seccomp(filtered());
        let all = rights(ready(command, ids));
        let at = all.iter().position(|words| words == filter).expect("a filter");
        (at, all.len() - at)
    };
    let no_new_privileges = Credentials { no_new_privileges: true, ..Credentials::default() };
    // Root that stays admin, and whoever gives up new privileges: right before the execution.
    assert_eq!(at(Credentials::default(), OpenIds::default()).1, 2);
    assert_eq!(at(Credentials::default(), ids(0)).1, 2);
    assert_eq!(at(no_new_privileges, ids(1000)).1, 2);
    // Another user, or root without the right: before anything is given up.
    assert_eq!(at(Credentials::default(), ids(1000)).0, 0);
    assert_eq!(at(drop_all(), OpenIds::default()).0, 0);
}

#[test]
fn capabilities_are_kept_over_a_change_of_user_only_where_some_become_ambient() {
    let ambient = Capabilities { ambient: [Capability::CAP_NET_RAW].into(), ..Capabilities::default() };
    let with = |capabilities| {
        let credentials = Credentials { capabilities, ..Credentials::default() };
        let mut script = Script::new(file());
        inside(&mut script, ready(Command::new("true").credentials(credentials), ids(7))).expect("no zero byte");
        let steps = script.into_steps();
        let place = |wanted: fn(&Op) -> bool| steps.iter().position(|step| wanted(&step.op));
        (place(|op| matches!(op, Op::KeepCapabilities)), place(|op| matches!(op, Op::Uid(7))))
    };
    assert!(matches!(with(ambient), (Some(keep), Some(user)) if keep < user));
    assert!(matches!(with(Capabilities::default()), (None, Some(_))));
}

#[test]
fn hard_limits_are_raised_outside_and_limits_set_inside() {
    let command = Command::new("true").limit("nofile=64:128".parse().expect("a limit")).nice(3).oom_score_adj(9);
    let mut script = Script::new(file());
    outside(&mut script, &command, Cgroups::default());
    script.must(Op::Hide);
    inside(&mut script, ready(command, OpenIds::default())).expect("no zero byte");
    let steps: Vec<_> = script.into_steps().iter().map(|step| format!("{:?}", step.op)).collect();
    let names: Vec<_> = steps.iter().map(|op| op.split(['(', ' ']).next().unwrap_or_default()).collect();
    assert_eq!(
        names,
        ["OomScore", "Nice", "RaiseLimit", "Hide", "SetLimit", "Close", "Capabilities", "Signals", "Execute"]
    );
}

#[test]
fn inside_everything_has_its_turn() {
    let command = Command::new("true")
        .record(crate::choice::Record::Pid(file()))
        .own_proc(OwnProc::Yes)
        .terminal(file())
        .umask(0o22)
        .directory("/home")
        .credentials(Credentials { no_new_privileges: true, ..drop_all() });
    let all = words(Ready {
        label: Some(OpenLabel { file: c"self/attr/exec", text: Vec::new() }),
        root: Some(file()),
        stands_within: true,
        us: Some(file()),
        ..ready(command, OpenIds::default())
    });
    assert_eq!(
        all,
        [
            "record the process",
            "keep mounts private",
            "keep mounts private",
            "change the root directory",
            "mount a fresh /proc",
            "begin a session",
            "take stdin, stdout and stderr",
            "take the terminal",
            "set the security label",
            "set the file mode creation mask",
            "close inherited descriptors",
            "change to directory /home",
            "set capabilities",
            "set capabilities",
            "give up new privileges",
            "change to directory /home",
            "stand in a directory outside of the root",
            "arrange to end with its parent",
            "put signals back",
            "execute the command",
        ]
    );
}

#[test]
fn only_what_was_not_asked_for_may_be_missing() {
    let needs = |ids: OpenIds| {
        let mut script = Script::new(file());
        inside(&mut script, ready(Command::new("true"), ids)).expect("no zero byte");
        let steps = script.into_steps().into_iter();
        let ids = steps.filter(|step| matches!(step.op, Op::Uid(_) | Op::Gid(_) | Op::Groups(_)));
        ids.map(|step| step.need).collect::<Vec<_>>()
    };
    let usual = OpenIds {
        user: Some(Number::Usual(0)),
        group: Some(Number::Usual(0)),
        groups: Some(Vec::new()),
        groups_asked: false,
        home: None,
    };
    assert_eq!(needs(ids(0)), [Need::Must; 3]);
    assert_eq!(needs(usual), [Need::Prefer; 3]);
}
