//! What reaper has that its rivals have not: its own options, its size, and their names.

mod names;

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::arch::{ARCHES, Arch};
use crate::house::{House, Ran, User, eventually, has_ended, kernel_reaps, status_of, workspace};
use crate::pause::{ended, loads_its_text_alone};
use crate::trial::{Need, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let everywhere = ARCHES.iter().map(|arch| {
        let name = format!("reaper::is_small_static_and_has_nothing_writable::{}", arch.name);
        trial(&name, &arch.needs(), move || is_small(arch))
    });
    let unshare = [Need::Userns, Need::Program("unshare")];
    let here = [
        trial("reaper::uses_at_most_64_kb", &unshare, uses_little),
        trial("reaper::reaps_as_it_is_told_to", &[Need::KernelReaps], ways),
        trial("reaper::refuses_what_makes_no_sense_in_a_line_and_starts_nothing", &[], refusals),
        trial("reaper::does_not_mind_a_stderr_that_nobody_reads", &[], nobody_reads),
        trial("reaper::reports_how_it_went", &[], report),
        trial("reaper::says_when_the_command_runs", &[], ready),
        trial("reaper::becomes_a_user_with_their_groups", &[Need::Root], user),
        trial("reaper::sets_variables_and_the_directory", &[], variables),
        trial("reaper::hands_sockets_on_that_it_was_handed", &[], listen_pid),
        trial("reaper::starts_again_what_failed", &[], restarts),
        trial("reaper::waits_for_the_last_descendant", &unshare, waits_for_all),
        trial("reaper::ends_what_the_main_child_leaves_behind", &unshare, ends_all),
        trial("reaper::ends_its_descendants_without_being_the_first_process", &[], ends_descendants),
        trial("reaper::ends_them_where_proc_is_of_other_pids", &unshare, ends_without_proc),
        trial(
            "reaper::begins_or_says_why_whichever_disposition_is_refused",
            &[Need::Program("strace")],
            refused_dispositions,
        ),
        trial("reaper::asks_with_another_signal", &[], stop_signal),
        trial("reaper::holds_a_pod_as_pause_does", &unshare, holds),
        trial("reaper::relays_what_a_pipe_has_to_say_to_a_terminal_of_its_own", &[], terminal_and_pipes),
        trial("reaper::a_program_may_be_its_own_init", &unshare, own_init),
        trial("reaper::helps_with_every_option_that_it_takes", &[], helps),
    ];
    everywhere.chain(here).chain(names::trials()).collect()
}

fn is_small(arch: &Arch) {
    let path = arch.program("reaper");
    let size = fs::metadata(&path).unwrap().len();
    let most = if arch.name == "amd64" { 96 } else { 128 } * 1024;
    assert!(size <= most, "{size} bytes");
    let documented = arch.documented_size("reaper/README.md");
    assert!(size.abs_diff(documented) <= documented / 20, "{size} bytes, where reaper/README.md says {documented}");
    loads_its_text_alone(&path, arch);
}

fn uses_little() {
    let house = House::new(User::Ordinary);
    let ways = if kernel_reaps() { &["kernel", "loop"][..] } else { &["loop"] };
    for way in ways {
        let mut unshare = house.command("unshare");
        unshare.args(["--user", "--map-root-user", "--pid", "--fork", "--kill-child", "--"]);
        unshare.args([Arch::native().program("reaper"), Arch::native().program("probe")]).arg("ready");
        // The kernel puts the environment onto its stack, and of that we have no say.
        let running = house.start(unshare.env_clear().env("PODKIT_TEST", house.marker()).env("REAPER_REAP", way));
        let outer = running.pid();
        let children = fs::read_to_string(format!("/proc/{outer}/task/{outer}/children")).unwrap();
        let rollup = fs::read_to_string(format!("/proc/{}/smaps_rollup", children.trim())).unwrap();
        let rss = rollup.lines().find_map(|line| line.strip_prefix("Rss:")).unwrap();
        let kb: u64 = rss.trim().trim_end_matches(" kB").parse().unwrap();
        assert!(kb <= 64, "{kb} kB where the {way} reaps");
    }
}

fn ways() {
    let house = House::new(User::Ordinary);
    let says = |way: &str, options: &[&str]| {
        let mut reaper = house.command("reaper");
        house.finish(reaper.env("REAPER_REAP", way).arg("-vv").args(options).arg("true")).ok().err()
    };
    assert!(says("loop", &[]).contains("init reaps\n"));
    // Each end has to be seen then, whatever is demanded.
    assert!(says("kernel", &["--wait-all"]).contains("init reaps\n"));
    assert!(says("kernel", &[]).contains("the kernel reaps\n"));
}

fn refusals() {
    let house = House::new(User::Ordinary);
    let touched = house.work().join("touched");
    let command = ["touch", touched.to_str().unwrap()];
    for (options, says) in [
        (&["--nope"][..], "unknown option: --nope"),
        (&["--grace", "10"], "not a duration with its unit (500ms, 10s, 2m): 10"),
        (&["--drop", "NOPE"], "not a signal: NOPE"),
        (&["--rewrite", "KILL:TERM"], "not a signal that an init can hand on: KILL"),
        (&["--exit-code", "256=0"], "not an exit code (0 to 255): 256"),
        (&["--user", "no-such-user"], "no such user: no-such-user"),
        (&["--user", "0:no-such-group"], "no such group: no-such-group"),
        (&["--restart", "sometimes"], "not never, on-failure or always: sometimes"),
    ] {
        let ran = house.finish(house.command("reaper").args(options).args(command)).exits(2);
        assert_eq!(ran.err().lines().count(), 1, "{ran}");
        assert!(ran.err().contains(says), "{ran}");
    }
    // What only the kernel can refuse.
    let ran = house.run("reaper", &["--ready-fd", "99", "touch", command[1]]).exits(125);
    assert_eq!(ran.err(), "reaper: cannot use the descriptor: Bad file descriptor\n");
    let ran = house.run("reaper", &["--chdir", "/nowhere", "touch", command[1]]).exits(125);
    assert_eq!(ran.err(), "reaper: cannot change to /nowhere: No such file or directory\n");
    assert!(!touched.exists(), "something was started");
}

fn nobody_reads() {
    let house = House::new(User::Ordinary);
    for way in ["loop", "best"] {
        let mut reaper = house.command("reaper");
        reaper.env("REAPER_REAP", way).args(["-vv", "sh", "-c", "(exit 0) & wait; sleep 0.1; exit 4"]);
        // The reading end is gone before it starts.
        let mut child = reaper.stderr(std::io::pipe().unwrap().1).spawn().unwrap();
        assert_eq!(ended(&mut child).code(), Some(4), "{way}");
    }
}

/// Runs reaper with descriptor 3 open to write, and hands back what was written there.
fn with_descriptor_3(house: &House, arguments: &[&str]) -> (Ran, String) {
    let mut sh = house.command("sh");
    sh.args(["-c", "exec reaper \"$@\" 3>three", "sh"]).args(arguments);
    let ran = house.finish(&mut sh);
    (ran, fs::read_to_string(house.work().join("three")).unwrap())
}

fn report() {
    let house = House::new(User::Ordinary);
    for (script, exited, signal, code) in
        [("exit 3", json!(3), Value::Null, 3), ("kill -KILL $$", Value::Null, json!("SIGKILL"), 137)]
    {
        let (ran, said) = with_descriptor_3(&house, &["--report", "3", "sh", "-c", script]);
        ran.exits(code);
        let said: Value = serde_json::from_str(&said).unwrap();
        assert_eq!((&said["exited"], &said["signal"], &said["code"]), (&exited, &signal, &json!(code)), "{said}");
    }
    let (ran, said) = with_descriptor_3(&house, &["--report", "3", "--wait-all", "probe", "orphan", "5"]);
    ran.ok();
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["orphans"], 5, "{said}");
    let options =
        ["--report", "3", "--grace", "50ms", "--kill-all", "sh", "-c", "trap '' TERM; sleep 30 & kill $PPID; wait"];
    let (ran, said) = with_descriptor_3(&house, &options);
    ran.exits(137);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert!(said["kills"].as_u64().unwrap() >= 1, "{said}");
}

fn ready() {
    let house = House::new(User::Ordinary);
    let (ran, said) = with_descriptor_3(&house, &["--ready-fd", "3", "probe", "fds"]);
    assert_eq!(said, "READY=1\n");
    assert_eq!(ran.json()["3"], Value::Null, "the command has the descriptor");
    // Once, however often it is started; and the report may go the same way.
    let script = "test -e one && exit 0; touch one; exit 1";
    let options = ["--ready-fd", "3", "--report", "3", "--restart", "on-failure", "sh", "-c", script];
    let (ran, said) = with_descriptor_3(&house, &options);
    ran.ok();
    assert!(said.starts_with("READY=1\n{\"pid\":") && said.lines().count() == 2, "{said}");
    // Of a command that is not there nobody is told that it runs.
    let (ran, said) = with_descriptor_3(&house, &["--ready-fd", "3", "no-such-program"]);
    ran.exits(127);
    assert_eq!(said, "");
}

fn user() {
    let house = House::new(User::Root);
    let ids = |user: &str| house.run("reaper", &["--user", user, "probe", "ids"]).json();
    let numbers = |id: &Value| id.as_str().unwrap().split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    for (user, uid, gid) in [("daemon", "1", "1"), ("1", "1", "1"), ("daemon:bin", "1", "2"), ("61234:7", "61234", "7")]
    {
        let ids = ids(user);
        assert_eq!(numbers(&ids["Uid"]), [uid; 4], "{user}");
        assert_eq!(numbers(&ids["Gid"]), [gid; 4], "{user}");
        assert_eq!(numbers(&ids["Groups"]), [gid], "{user}");
        assert_eq!(ids["CapEff"], "0000000000000000", "{user}");
    }
}

fn variables() {
    let house = House::new(User::Ordinary);
    let env = |options: &[&str]| {
        let mut reaper = house.command("reaper");
        house.finish(reaper.env("OLD", "1").args(options).args(["probe", "env"])).json()
    };
    let all = env(&["--env", "NEW=a=b", "--env", "OLD=2", "--env=OLD=3", "--env", "EMPTY="]);
    assert_eq!((&all["NEW"], &all["OLD"], &all["EMPTY"]), (&json!("a=b"), &json!("3"), &json!("")));
    assert!(all["PATH"].is_string());
    let path = std::env::join_paths([Arch::native().program("reaper").parent().unwrap()]).unwrap();
    let path = format!("PATH={}", path.display());
    let few = env(&["--clear-env", "--env", &path]);
    assert_eq!(few.as_object().unwrap().keys().collect::<Vec<_>>(), ["PATH"]);
    let ids = house.run("reaper", &["--chdir", "/usr", "probe", "ids"]).json();
    assert_eq!(ids["cwd"], "/usr");
    assert_eq!(house.run("reaper", &["--workdir=/", "probe", "ids"]).json()["cwd"], "/");
}

fn listen_pid() {
    let house = House::new(User::Ordinary);
    let script = "LISTEN_PID=$$ LISTEN_FDS=1 exec reaper sh -c 'echo $LISTEN_PID $$ $LISTEN_FDS'";
    let said = house.run("sh", &["-c", script]).ok().out();
    let words: Vec<_> = said.split_whitespace().collect();
    assert!(words[0] == words[1] && words[2] == "1", "{said}");
    // Those that are somebody else's stay theirs.
    let other = house.run("sh", &["-c", "LISTEN_PID=1 exec reaper sh -c 'echo $LISTEN_PID'"]).ok().out();
    assert_eq!(other, "1\n");
}

fn restarts() {
    let house = House::new(User::Ordinary);
    // Fails twice, and then does not.
    let script = "echo run; test -e two && exit 0; test -e one && touch two; touch one; exit 1";
    let ran = house.run("reaper", &["--restart", "on-failure", "sh", "-c", script]).ok();
    assert_eq!(ran.out(), "run\nrun\nrun\n");
    let mut always = house.command("reaper");
    let mut always = always.args(["--restart", "always", "sh", "-c", "echo run >>runs"]).spawn().unwrap();
    eventually("it has run twice", || {
        let runs = fs::read_to_string(house.work().join("runs")).unwrap_or_default();
        (runs.lines().count() >= 2).then_some(())
    });
    kill(Pid::from_raw(always.id().cast_signed()), Signal::SIGTERM).unwrap();
    assert_eq!(ended(&mut always).code(), Some(0), "asked to end, it is not started again");
}

/// reaper as the first process of a pid namespace.
fn first(house: &House, arguments: &[&str]) -> Command {
    let mut unshare = house.command("unshare");
    unshare.args(["--user", "--map-root-user", "--pid", "--fork", "--kill-child", "reaper"]).args(arguments);
    unshare
}

fn waits_for_all() {
    let house = House::new(User::Ordinary);
    let script = "(sleep 0.3; touch late) & exit 4";
    house.finish(&mut first(&house, &["--wait-all", "sh", "-c", script])).exits(4);
    assert!(house.work().join("late").exists(), "it did not wait");
    house
        .finish(house.command("reaper").args(["--wait-all", "sh", "-c", "(sleep 0.3; touch later) & exit 4"]))
        .exits(4);
    assert!(house.work().join("later").exists(), "it did not wait, not being the first process");
}

/// Leaves a child behind that does not hear TERM, and ends.
const LEAVES: &str = "(trap '' TERM; echo left >&3; exec sleep 60) & read line <&3; exit 5";

fn ends_all() {
    let house = House::new(User::Ordinary);
    let script = format!("mkfifo pipe; exec 3<>pipe; {LEAVES}");
    let began = Instant::now();
    house.finish(&mut first(&house, &["--grace", "200ms", "--kill-all", "sh", "-c", &script])).exits(5);
    // The kernel would have ended it as well, but not before its time: TERM was heard, or not, for so long.
    assert!(began.elapsed() >= Duration::from_millis(200), "it did not wait: {:?}", began.elapsed());
}

fn ends_descendants() {
    let house = House::new(User::Ordinary);
    let script = "setsid sh -c 'trap \"\" TERM; echo $$ >grandchild; exec sleep 60' & \
        while ! test -s grandchild; do sleep 0.01; done; exit 6";
    house.run("reaper", &["--grace", "200ms", "--kill-all", "sh", "-c", script]).exits(6);
    let pid: i64 = fs::read_to_string(house.work().join("grandchild")).unwrap().trim().parse().unwrap();
    assert!(has_ended(pid), "{pid} lives on, in a session of its own");
}

fn ends_without_proc() {
    let house = House::new(User::Ordinary);
    // What /proc says of other pids is no reason to end them, nor to ask nobody.
    let script = "mkfifo pipe; exec 3<>pipe; reaper --grace 3s --kill-all \
        sh -c 'trap \"exit 3\" TERM; echo up >&3; while :; do sleep 0.02; done' & read up <&3; kill $!; wait $!";
    let mut unshare = house.command("unshare");
    unshare.args(["--user", "--map-root-user", "--pid", "--fork", "--kill-child", "sh", "-c", script]);
    let ran = house.finish(&mut unshare).exits(3);
    assert!(ran.err().contains("cannot look for descendants"), "{ran}");
}

fn refused_dispositions() {
    let house = House::new(User::Ordinary);
    // Each in its turn, of reaper and of what it makes.
    for turn in 1..=8 {
        let inject = format!("--inject=rt_sigaction:error=EPERM:when={turn}");
        let mut strace = house.command("strace");
        // A command that makes no such call itself.
        strace.args(["-f", "-o", "/dev/null", &inject, "reaper", "pause", "-v"]);
        let ran = house.finish(&mut strace);
        match ran.output.status.code() {
            Some(0) => {}
            Some(125) => assert!(ran.err().ends_with(": Operation not permitted\n"), "{ran}"),
            _ => panic!("{ran}"),
        }
    }
}

fn stop_signal() {
    let house = House::new(User::Ordinary);
    let script = "trap 'exit 3' USR1; echo ready; while :; do sleep 0.02; done";
    let mut reaper = house.command("reaper");
    let guest = house.start(reaper.args(["--stop-signal", "USR1", "sh", "-c", script]));
    guest.signal(Signal::SIGTERM);
    assert_eq!(guest.ends().code(), Some(3));
}

fn holds() {
    let house = House::new(User::Ordinary);
    let mut unshare = first(&house, &["--pause"]);
    let mut child = unshare.stderr(Stdio::null()).spawn().unwrap();
    let outer = child.id();
    let pid: i32 = eventually("it holds", || {
        let children = fs::read_to_string(format!("/proc/{outer}/task/{outer}/children")).unwrap();
        let pid = children.trim().parse().ok()?;
        (status_of(pid, "Seccomp") == "2").then_some(pid)
    });
    kill(Pid::from_raw(pid), Signal::SIGTERM).unwrap();
    assert_eq!(ended(&mut child).code(), Some(0));
}

fn terminal_and_pipes() {
    let house = House::new(User::Ordinary);
    let mut sh = house.command("sh");
    // More than fits a terminal's buffer, and then the end of the file. A terminal shows what is typed, too.
    let script = "seq 2000 | reaper --tty -- sh -c 'test -t 0 && test -t 1 && wc -c; exit 9'; echo code $?";
    let ran = house.finish(sh.args(["-c", script])).ok();
    assert!(ran.out().contains("8893") && ran.out().ends_with("code 9\n"), "{ran}");
    // Who goes on to fill the terminal when the command has ended keeps nobody from ending.
    let script = "trap '' HUP; timeout 20 yes & sleep 0.1; exit 3";
    let began = Instant::now();
    house.run("reaper", &["--tty", "--", "sh", "-c", script]).exits(3);
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    // A command that says much is heard to the end.
    let much = house.run("reaper", &["--tty", "--", "seq", "5000"]).ok();
    assert_eq!(much.out().lines().last(), Some("5000"));
    assert_eq!(much.out().lines().count(), 5000);
}

fn own_init() {
    let house = House::new(User::Ordinary);
    let directory = house.work().join("target");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--locked", "--package", "reaper", "--features", "std", "--example", "own_init"]);
    house.finish(cargo.arg("--target-dir").arg(&directory).current_dir(workspace())).ok();
    let program = directory.join("debug/examples/own_init");
    // As the first process of a pid namespace, and beside us.
    let mut unshare = house.command("unshare");
    unshare.args(["--user", "--map-root-user", "--pid", "--fork", "--kill-child", "--"]).arg(&program);
    let ran = house.finish(&mut unshare).exits(7);
    assert_eq!(ran.out(), "work 3 of 2\n", "the program is 2, and its init 1");
    house.finish(&mut house.command(&program)).exits(7);
}

fn helps() {
    let house = House::new(User::Ordinary);
    let help = house.run("reaper", &["--help"]).ok().out();
    let source = fs::read_to_string(workspace().join("reaper/README.md")).unwrap();
    for line in help.lines().filter(|line| line.trim_start().starts_with('-')) {
        assert!(line.len() <= 100, "{line}");
        let long = line.split_whitespace().find(|word| word.starts_with("--")).unwrap();
        assert!(source.contains(&format!("`{long}")), "reaper/README.md does not speak of {long}");
    }
    assert!(help.lines().count() > 30, "{help}");
}
