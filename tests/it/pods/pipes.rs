//! Bytes through pods that live: whole, slowly, to whoever has enough of them, and by terminals.

use std::io::{Read, Write, pipe};
use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use super::{gone, image, pod, put, waiting};
use crate::house::{House, User, binaries};
use crate::terminal::{CONTROL_C, CONTROL_Z, CONTROLLED, Terminal};

/// A pod of one container that has said that it is ready, and its file.
fn living(user: User, has_terminal: bool) -> (House, String) {
    let house = House::new(user);
    image(&house);
    let mut main = waiting("main", "echo ready;");
    (main["tty"], main["stdin"]) = (json!(has_terminal), json!(has_terminal));
    let file = put(&house, "web.json", &pod("web", &json!({ "containers": [main] })));
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    house.logged("web", "main", "ready");
    (house, file)
}

/// Bytes in which nothing lost, doubled or exchanged goes unseen.
fn pattern(length: usize) -> Vec<u8> {
    let words = (0_u64..).flat_map(|count| count.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
    words.take(length).collect()
}

/// More than every pipe between holds, as it was.
pub(super) fn carried(user: User) {
    let (house, file) = living(user, false);
    let sent = pattern(100_000_000);
    let mut command = house.command(binaries().join("pod"));
    command.args(["exec", "-i", "web", "--", "cat"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let got = std::thread::scope(|scope| {
        // When all is written nothing more comes, and the command ends by that.
        scope.spawn(|| {
            input.write_all(&sent).unwrap();
            drop(input);
        });
        let mut got = vec![0; 4096];
        // Whoever reads little at first holds up the writer, and loses nothing.
        output.read_exact(&mut got).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(100));
        output.read_to_end(&mut got).unwrap();
        got
    });
    assert!(child.wait().unwrap().success());
    assert!(got == sent, "{} bytes of {}, or others", got.len(), sent.len());
    // An input that has ended already, and one that there is not.
    assert_eq!(house.pod(&["exec", "-i", "web", "--", "wc", "-c"]).ok().out(), "0\n");
    let closed = format!("{} exec -i web -- sh -c 'cat; echo done' <&-", binaries().join("pod").display());
    assert_eq!(house.run("sh", &["-c", &closed]).ok().out(), "done\n");
    gone(&house, &file);
}

/// Nobody reads what these say, and that is no failure of theirs.
pub(super) fn unread(user: User) {
    let (house, file) = living(user, false);
    let verbs = [
        "get pods",
        "get pods -o yaml",
        "get pods -w",
        "get all",
        "describe pod web",
        "logs web",
        "logs -f web",
        "logs -f web --all-containers",
        "events",
        "events -w",
        "explain pod",
        "api-resources",
        "wait pod/web --for=condition=Ready",
        "apply -f web.json",
        "convert -f web.json",
        "run x --image=box --dry-run=client -o yaml",
        "create configmap x --from-literal=a=b --dry-run=client",
        "label -f web.json --local a=b -o yaml",
        "cp web:/etc -",
        "exec web -- true",
        "image list",
        "image inspect box",
        "image save box",
        "--help",
    ];
    for words in verbs {
        let (read, write) = pipe().unwrap();
        drop(read);
        let mut command = house.command(binaries().join("pod"));
        let mut child = command.args(words.split(' ')).stdout(write).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!((child.wait().unwrap().code(), said.contains("Broken pipe")), (Some(0), false), "{words}: {said}");
    }
    // Some of it is read, and then no more.
    let script = format!("{} logs -f web | head -1", binaries().join("pod").display());
    assert_eq!(house.run("sh", &["-c", &script]).ok().out(), "ready\n");
    gone(&house, &file);
}

/// Whoever wants no colours has none, and what is no terminal has none anyhow.
pub(super) fn without_colours(user: User) {
    let (house, file) = living(user, false);
    for words in ["get pods", "describe pod web", "events", "--help", "get --nosuch", "get pod nosuch"] {
        let mut command = house.command(binaries().join("pod"));
        let ran = house.finish(command.args(words.split(' ')).env_remove("NO_COLOR").env("TERM", "xterm-256color"));
        assert!(!format!("{}{}", ran.out(), ran.err()).contains('\u{1b}'), "{words}: {ran}");
        let mut command = house.command(CONTROLLED[0]);
        command.args(&CONTROLLED[1..]).arg("pod").args(words.split(' '));
        command.env("NO_COLOR", "1").env("TERM", "xterm-256color");
        let (terminal, mut running) = Terminal::start(command).unwrap();
        running.ends().unwrap();
        assert!(!terminal.shown().contains('\u{1b}'), "{words}: {:?}", terminal.shown());
    }
    gone(&house, &file);
}

/// Somebody at a terminal, in a pod.
pub(super) fn at_a_terminal(user: User) {
    let (house, file) = living(user, true);
    let on = |words: &[&str]| {
        let mut command = house.command(CONTROLLED[0]);
        command.args(&CONTROLLED[1..]).args(["pod", "exec", "-it", "web", "--"]).args(words);
        Terminal::start(command).unwrap()
    };
    let script = "trap 'busybox stty size' WINCH; trap 'echo asked; exit 7' INT; echo here now; \
                  while :; do sleep 0.05; done";
    let (mut terminal, mut running) = on(&["sh", "-c", script]);
    terminal.shows("here now").unwrap();
    terminal.becomes_raw(true).unwrap();
    terminal.is_as_large_as(21, 43);
    terminal.shows("21 43").unwrap();
    terminal.types(CONTROL_C).unwrap();
    terminal.shows("asked").unwrap();
    running.exits(7).unwrap();
    assert!(!terminal.is_raw());
    // It is the shell inside whose job is stopped, and not we.
    let (mut terminal, mut running) = on(&["sh", "-i"]);
    // Whoever says so is the job already.
    terminal.types("sh -c 'echo begins; exec sleep 98765'\r").unwrap();
    terminal.shows("\nbegins").unwrap();
    terminal.types(CONTROL_Z).unwrap();
    terminal.shows("Stopped").unwrap();
    terminal.types("kill %1; echo still $((1 + 1)); exit 4\r").unwrap();
    terminal.shows("still 2").unwrap();
    terminal.types("exit 4\r").unwrap();
    running.exits(4).unwrap();
    assert!(!terminal.is_raw());
    // Whoever kills us has their terminal as it was all the same.
    for verb in [&["exec", "-it", "web", "--", "sleep", "98765"][..], &["attach", "-it", "web", "-q"]] {
        let mut command = house.command(CONTROLLED[0]);
        command.args(&CONTROLLED[1..]).arg("pod").args(verb);
        let (terminal, mut running) = Terminal::start(command).unwrap();
        terminal.becomes_raw(true).unwrap();
        kill(Pid::from_raw(running.pid()), Signal::SIGKILL).unwrap();
        running.ends().unwrap();
        terminal.becomes_raw(false).unwrap();
    }
    gone(&house, &file);
}
