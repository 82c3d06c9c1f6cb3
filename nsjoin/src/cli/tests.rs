//! What words mean, by tables.

use super::*;
use crate::invocation::{Fork, Invocation, Start, Stdin};
use crate::plan::{Directory, Select, Source};
use launch::Kind;
use launch::{Cgroup, Environment, Parent, Session};

fn typed(words: &[&str]) -> Result<Invocation, String> {
    let args = Args::of([&["nsjoin"], words].concat().into_iter().map(OsString::from).collect())
        .map_err(|error| error.to_string())?;
    args.resolve(Guise::Nsjoin).map_err(|error| error.to_string())
}

fn invocation(line: &str) -> Invocation {
    typed(&line.split(' ').collect::<Vec<_>>()).unwrap_or_else(|error| panic!("{line}: {error}"))
}

#[test]
fn the_definition_is_sound() {
    Args::command().debug_assert();
}

#[test]
fn letters_select_what_nsenter_selects_with_them() {
    let these = |kinds: &[Kind]| Select::These(kinds.iter().copied().collect());
    for (words, select) in [
        ("true", Select::Differing),
        ("-a true", Select::All),
        ("-n true", these(&[Kind::Net])),
        ("-muinp true", these(&[Kind::Mount, Kind::Uts, Kind::Ipc, Kind::Net, Kind::Pid])),
        ("-U -C -T true", these(&[Kind::User, Kind::Cgroup, Kind::Time])),
        ("--mount --uts --ipc --net true", these(&[Kind::Mount, Kind::Uts, Kind::Ipc, Kind::Net])),
        ("--pid --user --cgroup --time true", these(&[Kind::Pid, Kind::User, Kind::Cgroup, Kind::Time])),
        // Who takes something else of the target wants no namespace but those that are named.
        ("-r true", these(&[])),
        ("-w -c -e true", these(&[])),
        ("--setuid 0 true", Select::Differing),
    ] {
        assert_eq!(invocation(&format!("-t 1 {words}")).join.select, select, "{words}");
    }
}

#[test]
fn namespaces_may_come_from_files_and_ids() {
    for (words, kind, source) in [
        ("--net=/run/x", Kind::Net, Source::File("/run/x".into())),
        ("-n/run/x", Kind::Net, Source::File("/run/x".into())),
        ("-m=./x", Kind::Mount, Source::File("./x".into())),
        ("-u:42", Kind::Uts, Source::Id(42)),
        ("-t 1 -N 3", Kind::Net, Source::Socket(3)),
    ] {
        let join = invocation(&format!("{words} true")).join;
        assert_eq!(join.sources.get(&kind), Some(&source), "{words}");
        assert!(join.plan().is_ok(), "{words}");
    }
}

#[test]
fn an_optional_value_needs_its_equals_sign() {
    let join = invocation("-t 1 -r -w --join-cgroup -n ls").join;
    assert_eq!((join.root, join.directory), (Some(Directory::Targets), Some(Directory::Targets)));
    assert_eq!(join.cgroup, Some(Cgroup::Targets));
    assert_eq!(join.command.program, "ls");
    let join = invocation("-t 1 -r=/r -w/w -c=memory:/web -n ls").join;
    assert_eq!(join.root, Some(Directory::Here("/r".into())));
    assert_eq!(join.directory, Some(Directory::Here("/w".into())));
    assert_eq!(join.cgroup, Some(Cgroup::Named("memory:/web".into())));
}

#[test]
fn variables_and_environments_are_told_apart() {
    for (words, environment, variables) in [
        ("-e true", Environment::Targets, vec![]),
        ("--env --setenv A=1 true", Environment::Targets, vec![("A", "1")]),
        ("--env=A=1 --env=B= true", Environment::Ours, vec![("A", "1"), ("B", "")]),
        ("--clear-env --env=A=b=c true", Environment::Empty, vec![("A", "b=c")]),
    ] {
        let command = invocation(&format!("-t 1 {words}")).join.command;
        assert_eq!(command.environment, environment, "{words}");
        let variables: Vec<_> = variables.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        assert_eq!(command.variables, variables, "{words}");
    }
}

#[test]
fn options_of_the_command_stay_the_commands() {
    let join = invocation("-t 1 -n ls -a --all -n/x").join;
    assert_eq!(join.select, Select::These([Kind::Net].into()));
    assert_eq!(join.command.arguments, ["-a", "--all", "-n/x"]);
}

#[test]
fn we_stay_only_where_somebody_has_to() {
    let start = |words: &str| invocation(&format!("-t 1 {words} true")).conduct.start;
    assert_eq!(start("-n"), Start::Become(Fork::IfNeeded));
    assert_eq!(start("-F"), Start::Become(Fork::Never));
    for words in ["--tty", "--timeout 1s", "--report 3", "--pid-file x", "--die-with-parent"] {
        assert!(matches!(start(words), Start::Stay { .. }), "{words}");
    }
    let detached = invocation("-t 1 --detach true");
    assert_eq!(detached.conduct.start, Start::Detach(Stdin::Null));
    assert_eq!((detached.join.command.parent, detached.join.command.session), (Parent::Init, Session::New));
}

#[test]
fn what_makes_no_sense_is_refused() {
    for line in [
        "-t 1 -t 2 true",
        "-t 0 true",
        "-t 1 -N -1 true",
        "-t 1 -n: true",
        "-t 1 -n=:x true",
        "-t 1 --run-as 1:2:3 true",
        "-t 1 --run-as 1 -S 2 true",
        "-t 1 -S -1 true",
        "-t 1 --cap-add net true",
        "-t 1 --cap-drop  true",
        "-t 1 --timeout 10 true",
        "-t 1 --timeout 1.5s true",
        "-t 1 --kill-after 1s true",
        "-t 1 --umask 888 true",
        "-t 1 --nice 20 true",
        "-t 1 --oom-score-adj 1001 true",
        "-t 1 --rlimit files=1 true",
        "-t 1 --rlimit nofile=2:1 true",
        "-t 1 --setenv A true",
        "-t 1 --env=A true",
        "-t 1 --env A=1 true",
        "-t 1 -e --clear-env true",
        "-t 1 --env-file /nonexistent true",
        "-t 1 --seccomp /nonexistent true",
        "-t 1 -w -W /x true",
        "-t 1 --detach --tty true",
        "-t 1 --detach --timeout 1s true",
        "-t 1 -F --timeout 1s true",
        "-t 1 --output json true",
        "-t 1 --selinux a -Z true",
        "-t 1 --report -1 true",
    ] {
        assert!(typed(&line.split(' ').collect::<Vec<_>>()).is_err(), "{line}");
    }
}
