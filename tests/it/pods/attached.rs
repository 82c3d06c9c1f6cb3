//! Who is with containers of pods that live: at their terminals, at their standard inputs, or only looking on.

use std::fs::{self, File};
use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use super::verbs::gone_already;
use super::{container, gone, image, line, pod, put, waiting};
use crate::house::{House, Ran, User, eventually};
use crate::init::running::Running;
use crate::terminal::{CONTROL_C, CONTROLLED, Terminal};

const SAID: &str = "All commands and output from this session will be recorded in container logs, including credentials \
                    and sensitive information passed through the command prompt.\n\
                    If you don't see a command prompt, try pressing enter.\n";

/// A pod of these containers, and its file.
fn of(user: User, containers: &Value) -> (House, String) {
    let house = House::new(user);
    image(&house);
    let file = put(&house, "web.json", &pod("web", &json!({ "containers": containers })));
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    (house, file)
}

/// A container that has a standard input.
fn open(name: &str, script: &str, once: bool) -> Value {
    let mut container = container(name, script);
    (container["stdin"], container["stdinOnce"]) = (json!(true), json!(once));
    container
}

fn typing(house: &House, words: &[&str], typed: &str) -> Ran {
    let path = house.work().join("typed");
    fs::write(&path, typed).unwrap();
    house.finish(house.command("pod").args(words).stdin(File::open(path).unwrap()))
}

/// Starts it, with these words as its input.
fn running(house: &House, words: &[&str], typed: &str) -> Running {
    let path = house.work().join("typed");
    fs::write(&path, typed).unwrap();
    let mut command = house.command("pod");
    Running::start(command.args(words).stdin(File::open(path).unwrap()).stderr(Stdio::null())).unwrap()
}

fn at_a_terminal(house: &House, words: &[&str]) -> (Terminal, Running) {
    let mut command = house.command(CONTROLLED[0]);
    command.args(&CONTROLLED[1..]).arg("pod").args(words);
    Terminal::start(command).unwrap()
}

fn is_ended_by(running: &mut Running, signal: Signal) {
    kill(Pid::from_raw(running.pid()), signal).unwrap();
    let status = running.ends().unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(signal as i32), "{status}");
}

/// Standard inputs, of one and of all, and who only looks on.
pub(super) fn at_their_inputs(user: User) {
    let ticking = "(while :; do echo tick; sleep 0.05; done) & ";
    let all = format!("{ticking} echo begun; while read line; do echo got $line; done; echo over; exec sleep 1000");
    let containers = json!([
        open("all", &all, false),
        open("once", "while read line; do echo got $line; done; echo over; exit 3", true),
        waiting("none", &format!("echo begun; {ticking}")),
    ]);
    let (house, file) = of(user, &containers);
    // Any number are there. What one of them types all see, and the log has it.
    let mut looks = [(); 2].map(|()| running(&house, &["attach", "web", "-c", "all"], "not for it\n"));
    for look in &mut looks {
        look.hears("tick").unwrap();
    }
    let mut types = running(&house, &["attach", "pod/web", "-c", "all", "-i"], "first\n");
    for running in looks.iter_mut().chain([&mut types]) {
        running.hears("got first").unwrap();
    }
    let said = house.logged("web", "all", "got first");
    assert!(!said.contains("not for it") && !said.contains("over"), "{said}");
    // Who goes away leaves it alone, however they go, and its input goes on.
    is_ended_by(&mut types, Signal::SIGTERM);
    is_ended_by(&mut looks[0], Signal::SIGKILL);
    let mut types = running(&house, &["attach", "pod", "web", "-c", "all", "-i"], "second\n");
    types.hears("got second").unwrap();
    looks[1].hears("got second").unwrap();
    drop((looks, types));
    // What is for one ends with that one.
    let ran = typing(&house, &["attach", "web", "-c", "once", "-i"], "only\n").ok();
    assert_eq!((ran.out().as_str(), ran.err().as_str()), ("got only\nover\n", SAID));
    eventually("it was started again", || (line(&house, "web").2.starts_with('1')).then_some(()));
    // Of one that has none, what it says from now on is shown.
    let mut look = running(&house, &["attach", "web", "-c", "none", "-i"], "not for it\n");
    assert_eq!(look.line().unwrap(), "tick");
    is_ended_by(&mut look, Signal::SIGTERM);
    let untyped = "Unable to use a TTY - container none did not allocate one";
    let script = format!("timeout 1 {} attach -it web -c none", crate::house::binaries().join("pod").display());
    let ran = house.run("busybox", &["sh", "-c", &script]);
    assert!(ran.err().starts_with(&format!("error: {untyped}\n")) && ran.out().contains("tick\n"), "{ran}");
    let invalid =
        "error: cannot attach to the container: container nosuch is not valid for pod web out of: all, once, none";
    house.pod(&["attach", "web", "-c", "nosuch"]).refuses(1, invalid);
    house.pod(&["attach", "nosuch"]).refuses(1, "Error from server (NotFound): pods \"nosuch\" not found");
    let usage = house.pod(&["attach"]).exits(1).err();
    assert!(usage.starts_with("error: at least 1 argument is required for attach\nSee 'pod attach -h'"), "{usage}");
    gone(&house, &file);
    // Of one that is over there is nothing to be with.
    let ended = pod("web", &json!({ "restartPolicy": "Never", "containers": [open("main", "true", true)] }));
    let file = put(&house, "web.json", &ended);
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    let over = "error: cannot attach a container in a completed pod; current phase is Succeeded";
    house.pod(&["attach", "web"]).refuses(1, over);
    gone(&house, &file);
}

/// Somebody at a terminal, at a container that has one of its own.
pub(super) fn at_their_terminals(user: User) {
    let script = "trap 'echo asked' INT; trap 'busybox stty size' WINCH; echo begun; \
                  while :; do read line && echo got $line && test \"$line\" = end && exit 4; done";
    let mut main = open("main", script, false);
    main["tty"] = json!(true);
    let mut other = main.clone();
    other["name"] = json!("other");
    let (house, file) = of(user, &json!([main, other]));
    let (mut terminal, mut running) = at_a_terminal(&house, &["attach", "-it", "web"]);
    terminal.shows("Defaulted container \"main\" out of: main, other\r\n").unwrap();
    terminal.shows("try pressing enter.").unwrap();
    terminal.becomes_raw(true).unwrap();
    terminal.is_as_large_as(21, 43);
    terminal.shows("21 43").unwrap();
    terminal.types("words\r").unwrap();
    terminal.shows("got words").unwrap();
    terminal.types(CONTROL_C).unwrap();
    terminal.shows("asked").unwrap();
    // Whoever is asked to go leaves the terminal as it was.
    is_ended_by(&mut running, Signal::SIGTERM);
    assert!(!terminal.is_raw());
    // What is typed by the line reaches it, too; and when it ends, so do we, for it will be started again.
    house.logged("web", "main", "got words");
    let mut look = running_on(&house, &["attach", "web", "-c", "main", "-q"]);
    let (mut terminal, mut running) = at_a_terminal(&house, &["attach", "-i", "-t", "-q", "web", "-c", "main"]);
    terminal.becomes_raw(true).unwrap();
    // Whoever has just come sees it, or the next one.
    assert!((0..3).any(|_| {
        terminal.types("again\r").unwrap();
        look.hears("got again").is_ok()
    }));
    terminal.types("end\r").unwrap();
    terminal.shows("got end").unwrap();
    running.exits(0).unwrap();
    look.hears("got end").unwrap();
    look.exits(0).unwrap();
    assert!(!terminal.is_raw() && !terminal.shown().contains("Session ended"), "{}", terminal.shown());
    eventually("it was started again", || (line(&house, "web").2.starts_with('1')).then_some(()));
    eventually("it runs", || (line(&house, "web").0 == "2/2").then_some(()));
    let (mut terminal, mut running) = at_a_terminal(&house, &["attach", "-it", "web", "-c", "main"]);
    terminal.becomes_raw(true).unwrap();
    terminal.types("end\r").unwrap();
    let resume = "Session ended, resume using 'pod attach web -c main -i -t' command when the pod is running";
    terminal.shows(resume).unwrap();
    running.exits(0).unwrap();
    // Input that comes from elsewhere is none that is typed at a terminal.
    let ran = typing(&house, &["attach", "-it", "web", "-c", "other"], "end\n").ok();
    assert!(ran.err().starts_with("Unable to use a TTY - input is not a terminal"), "{ran}");
    assert!(ran.out().ends_with("got end\r\n"), "{ran}");
    gone(&house, &file);
}

fn running_on(house: &House, words: &[&str]) -> Running {
    running(house, words, "")
}

/// Pods of words, and somebody who stays with them to their end.
pub(super) fn of_words(user: User) {
    let house = House::new(user);
    image(&house);
    let run = |name: &str, words: &[&str], script: &str| -> Vec<String> {
        let first = ["run", name, "--image=box", "--image-pull-policy=Never"];
        let words = [&first, words, &["--command", "--", "sh", "-c", script]].concat();
        words.into_iter().map(str::to_owned).collect()
    };
    let typed =
        |words: &[String], typed: &str| typing(&house, &words.iter().map(String::as_str).collect::<Vec<_>>(), typed);
    // What is said at once is shown all the same, once; and how it ends is how we end.
    let never = ["-i", "-q", "--restart=Never"];
    for round in 0..5 {
        let ran =
            typed(&run(&format!("quick-{round}"), &[&never[..], &["--rm"]].concat(), "echo said; echo too >&2"), "");
        assert_eq!((ran.ok().out().as_str(), house.pod(&["get", "pods"]).ok().out().as_str()), ("said\n", ""));
    }
    let ran = typed(&run("cat", &["-i", "--rm", "--restart=Never"], "cat; exit 3"), "one\ntwo\n").exits(3);
    assert_eq!(ran.out(), "one\ntwo\npod \"cat\" deleted from default namespace\n");
    assert_eq!(ran.err(), format!("{SAID}pod default/cat terminated (Error)\n"));
    // Nobody types, and all is seen; it stays when it is not to go.
    let ran = typed(&run("look", &["--attach", "--restart=OnFailure"], "echo one; sleep 0.2; echo two"), "not for it");
    assert_eq!((ran.ok().out().as_str(), line(&house, "look").1.as_str()), ("one\ntwo\n", "Completed"));
    let twice = typed(&run("look", &["-i"], "true"), "");
    twice.refuses(1, "Error from server (AlreadyExists): pods \"look\" already exists");
    house.pod(&["delete", "pod", "look"]).ok();
    // More than the pipes between hold, through it and back.
    let long = "a line of what is typed\n".repeat(40_000);
    let ran = typed(&run("long", &["-i", "--rm", "-q", "--restart=Never"], "cat"), &long).ok();
    assert!(ran.out() == long, "{} bytes of {}", ran.out().len(), long.len());
    // What cannot come is waited for only so long, and goes all the same.
    let late = [
        "--rm",
        "-i",
        "--pod-running-timeout=300ms",
        "--overrides",
        r#"{"spec":{"containers":[
        {"name":"late","image":"nosuch","imagePullPolicy":"Never","stdin":true}]}}"#,
    ];
    let ran = typed(&run("late", &late, "true"), "").exits(1);
    assert_eq!(ran.err(), "error: timed out waiting for the condition\n");
    assert_eq!(ran.out(), "pod \"late\" deleted from default namespace\n");
    let both = typed(&run("both", &["--rm"], "true"), "").exits(1);
    assert!(both.err().contains("--rm should only be used for attached containers"), "{both}");
    gone_already(&house);
}

/// The same at a terminal, and asked to leave.
pub(super) fn of_words_at_terminals(user: User) {
    let house = House::new(user);
    image(&house);
    let run = |words: &[&str]| {
        at_a_terminal(&house, &[&["run", "shell", "--image=box", "--image-pull-policy=Never"], words].concat())
    };
    let (mut terminal, mut running) = run(&["-it", "--rm", "--restart=Never", "--env=PS1=prompt> ", "--", "sh"]);
    terminal.shows("prompt> ").unwrap();
    terminal.becomes_raw(true).unwrap();
    terminal.types("test -t 0 && test -t 2 && echo one $((1 + 1)); exit 7\r").unwrap();
    terminal.shows("one 2").unwrap();
    running.exits(7).unwrap();
    terminal.shows("pod \"shell\" deleted from default namespace").unwrap();
    terminal.shows("pod default/shell terminated (Error)").unwrap();
    assert!(!terminal.is_raw());
    gone_already(&house);
    // Whatever has us end has the pod go, too.
    for signal in [Signal::SIGTERM, Signal::SIGHUP] {
        let script = "trap 'exit 0' TERM; echo up; while :; do sleep 0.05; done";
        let (terminal, mut running) = run(&["-it", "--rm", "--", "sh", "-c", script]);
        terminal.shows("up").unwrap();
        is_ended_by(&mut running, signal);
        assert!(!terminal.is_raw());
        eventually("the pod is gone", || house.pod(&["get", "pod", "shell"]).output.stdout.is_empty().then_some(()));
        gone_already(&house);
    }
    // By the keys, where they are not for the container.
    let words = ["--attach", "--rm", "--", "sh", "-c", "echo up; trap 'exit 0' TERM; while :; do sleep 0.05; done"];
    let (mut terminal, mut running) = run(&words);
    terminal.shows("up").unwrap();
    terminal.types(CONTROL_C).unwrap();
    let status = running.ends().unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(libc::SIGINT), "{status}");
    terminal.shows("pod \"shell\" deleted from default namespace").unwrap();
    gone_already(&house);
}

/// Containers that are put into pods to look into them, and copies of pods.
pub(super) fn looked_into(user: User) {
    let (house, file) = of(user, &json!([waiting("main", "echo begun;")]));
    let debug = |words: &[&str], script: &str| {
        let first = ["debug", "web", "--image=box", "--image-pull-policy=Never", "--profile=general"];
        house.pod(&[&first, words, &["--", "sh", "-c", script]].concat())
    };
    // Among the processes of another, it sees that one as the first.
    let ran = debug(&["--target=main", "-c", "dbg"], "cat /proc/1/cmdline; echo; hostname; exit 3").ok();
    let targets = "Targeting container \"main\". If you don't see processes from this container it may be because the \
                   container runtime doesn't support this feature.\n";
    assert_eq!((ran.out().as_str(), ran.err().as_str()), (targets, ""));
    let said = house.logged("web", "dbg", "web\n");
    assert!(said.starts_with("sh\0-c\0trap") && said.contains("begun"), "{said:?}");
    let state = "{.status.ephemeralContainerStatuses[0].state.terminated.exitCode}";
    eventually("it has ended", || (super::shown(&house, "web", state) == "3").then_some(()));
    assert_eq!(line(&house, "web"), ("1/1".to_owned(), "Running".to_owned(), "0".to_owned()));
    let told = house.pod(&["describe", "pod", "web"]).ok().out();
    assert!(
        told.contains("\nEphemeral Containers:\n  dbg:\n") && told.contains("spec.ephemeralContainers{dbg}"),
        "{told}"
    );
    // Without that it sees its own, and who stays with it sees what it says, whatever killed who attends to the pod.
    kill(Pid::from_raw(house.process_named("pod attend")), Signal::SIGKILL).unwrap();
    let words = ["debug", "pod/web", "-i", "--image=box", "--image-pull-policy=Never", "--profile=general", "-q", "--"];
    let script = "test ! -d /proc/2 && read line; echo got $line";
    let ran = typing(&house, &[&words, &["sh", "-c", script][..]].concat(), "this\n").ok();
    assert_eq!((ran.out().as_str(), ran.err().as_str()), ("got this\n", ""));
    let names = super::shown(&house, "web", "{.spec.ephemeralContainers[*].name}");
    let second = names.strip_prefix("dbg debugger-").unwrap_or_else(|| panic!("{names}"));
    assert_eq!(second.len(), 5);
    house.pod(&["apply", "-f", &file]).ok();
    let all = format!("Defaulted container \"main\" out of: main, dbg (ephem), debugger-{second} (ephem)\n");
    assert_eq!(house.pod(&["exec", "web", "--", "true"]).ok().err(), all);
    // A copy, of which one container is another.
    let copied = ["debug", "web", "--copy-to=copy", "-c", "main", "--share-processes", "--", "sh", "-c"];
    house.pod(&[&copied[..], &["echo copied; exec sleep 1000"]].concat()).ok();
    house.logged("copy", "main", "copied");
    assert_eq!(super::shown(&house, "copy", "{.spec.shareProcessNamespace} {.metadata.labels}"), "true ");
    for (words, says) in [
        (&["debug", "web"][..], "error: you must specify --image when not using --copy-to."),
        (&["debug", "web", "--image=box", "--set-image=a=b"], "error: --set-image may only be used with --copy-to."),
        (&["debug", "web", "--image=box", "--profile=x"], "error: unknown profile: x"),
        (&["debug", "nosuch", "--image=box"], "Error from server (NotFound): pods \"nosuch\" not found"),
        (
            &["debug", "web", "--image=box", "-c", "main", "--profile=general"],
            "The Pod \"web\" is invalid: spec.ephemeralContainers[2].name: Duplicate value: \"main\"",
        ),
        (
            &["debug", "web", "--image=box", "-c", "dbg", "--profile=general"],
            "spec.ephemeralContainers: Forbidden: existing ephemeral containers \"dbg\" may not be changed",
        ),
        (
            &["debug", "web", "--image=box", "-c", "x", "-q", "--target=nosuch", "--profile=general"],
            "spec.ephemeralContainers[2].targetContainerName: Not found: \"nosuch\"",
        ),
    ] {
        house.pod(words).refuses(1, says);
    }
    house.pod(&["delete", "pod", "copy", "--now"]).ok();
    gone(&house, &file);
}
