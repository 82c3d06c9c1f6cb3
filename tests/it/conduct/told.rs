//! What is told in lines of JSON of how a command goes.

use std::fs;
use std::process::Stdio;

use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::{command_of, namespace, pod, ready};
use crate::house::{House, User, eventually};
use crate::init::running::send;
use crate::trial::as_each_user;

pub(crate) fn trials() -> Vec<Trial> {
    [
        as_each_user("conduct::the_report_says_what_runs_and_where", &[], started),
        as_each_user("conduct::the_report_says_how_it_ended", &[], ended),
        as_each_user("conduct::the_report_says_why_it_did_not_run", &[], failed),
        as_each_user("conduct::the_report_goes_to_a_descriptor_that_the_command_does_not_get", &[], to_descriptor),
        as_each_user("conduct::a_report_that_nobody_takes_is_said_and_ends_nothing", &[], nobody_takes_it),
        as_each_user("conduct::bad_command_lines_touch_no_file", &[], touches_nothing),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn events(house: &House) -> Vec<Value> {
    let text = fs::read_to_string(house.work().join("report")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn started(user: User) {
    let house = pod(user);
    let pause = house.pause("web");
    for options in [&[][..], &["-U", "-n"], &["-a"]] {
        let mut running = ready(&house, &[options, &["--report", "report", "--", "probe", "ready"]].concat());
        let command = command_of(&running);
        let start_time = |pid: i32| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
            stat.rsplit(") ").next().unwrap().split(' ').nth(19).unwrap().parse::<u64>().unwrap()
        };
        // The command may say that it is ready before nsjoin does.
        let event = eventually("it is told", || events(&house).pop());
        assert_eq!(event["event"], "started");
        assert_eq!((&event["pid"], &event["start_time"]), (&json!(command), &json!(start_time(command))));
        assert_eq!(event["target"], json!({ "pid": pause, "start_time": start_time(pause) }));
        let joined = event["joined"].as_array().unwrap();
        assert!(!joined.is_empty());
        for joined in joined {
            let kind = joined["kind"].as_str().unwrap();
            let expected = format!("{kind}:[{}]", joined["inode"]);
            assert_eq!((namespace(command, kind), namespace(pause, kind)), (expected.clone(), expected));
        }
        for shared in event["shared"].as_array().unwrap() {
            let kind = shared.as_str().unwrap();
            assert_eq!(namespace(command, kind), namespace(running.pid(), kind), "{kind}");
        }
        send(running.pid(), libc::SIGTERM).unwrap();
        running.ends().unwrap();
        let told = events(&house);
        let expected =
            json!({ "event": "ended", "exit_code": null, "signal": "SIGTERM", "timed_out": false, "code": 143 });
        assert_eq!(told[1..], [expected]);
    }
}

fn ended(user: User) {
    let house = pod(user);
    let run = |options: &[&str], command: &[&str]| {
        house.nsjoin(&[&["-t", "web", "--report", "report"], options, &["--"], command].concat());
        events(&house).pop().unwrap()
    };
    let expect = |exit_code: Value, signal: Value, timed_out: bool, code: i32| json!({ "event": "ended", "exit_code": exit_code, "signal": signal, "timed_out": timed_out, "code": code });
    assert_eq!(run(&[], &["probe", "exit", "0"]), expect(json!(0), Value::Null, false, 0));
    assert_eq!(run(&[], &["probe", "exit", "7"]), expect(json!(7), Value::Null, false, 7));
    assert_eq!(run(&[], &["sh", "-c", "kill -KILL $$"]), expect(Value::Null, json!("SIGKILL"), false, 137));
    assert_eq!(
        run(&["--timeout", "50ms"], &["sleep", "1000"]),
        expect(Value::Null, json!("SIGTERM"), true, 124),
        "what ended it is said, and that its time was over"
    );
    // Of one that is detached nobody sees the end.
    assert_eq!(run(&["--detach"], &["probe", "exit", "0"])["event"], "started");
}

fn failed(user: User) {
    let house = pod(user);
    for (words, code) in [
        (&["-t", "web", "--", "no-such-command"][..], 127),
        (&["-t", "web", "--", "/"], 126),
        (&["-t", "web", "-W", "/no/such", "--", "true"], 125),
        (&["-t", "nobody", "--", "true"], 125),
        (&["-t", "web", "-n=/dev/null", "--", "true"], 2),
    ] {
        let ran = house.nsjoin(&[&["--report", "report"], words].concat()).exits(code);
        let [event] = &events(&house)[..] else { panic!("{:?}", events(&house)) };
        let said = ran.err().lines().next().unwrap().strip_prefix("nsjoin: ").unwrap().to_owned();
        assert_eq!(*event, json!({ "event": "failed", "error": said, "code": code }));
    }
}

fn to_descriptor(user: User) {
    let house = pod(user);
    let script = "exec 5>report; nsjoin -t web --report 5 -- probe fds; code=$?; echo after >&5; exit $code";
    let fds = house.run("sh", &["-c", script]).json();
    assert_eq!(fds.as_object().unwrap().keys().collect::<Vec<_>>(), ["0", "1", "2"], "{fds}");
    let text = fs::read_to_string(house.work().join("report")).unwrap();
    let kinds = text.lines().map(|line| serde_json::from_str::<Value>(line).map(|event| event["event"].clone()));
    let [started, ended, after] = &kinds.collect::<Vec<_>>()[..] else { panic!("{text}") };
    assert_eq!((started.as_ref().unwrap(), ended.as_ref().unwrap()), (&json!("started"), &json!("ended")));
    assert!(after.is_err(), "what the caller writes comes behind");
    house.nsjoin(&["-t", "web", "--report", "77", "true"]).refuses(125, "cannot write the report: Bad file");
    house.nsjoin(&["-t", "web", "--report", "/no/such/report", "true"]).refuses(125, "cannot write the report");
    house.nsjoin(&["-t", "web", "--report", "99999999999", "true"]).refuses(2, "is no descriptor");
}

fn nobody_takes_it(user: User) {
    let house = pod(user);
    let full = house.nsjoin(&["-t", "web", "--report", "/dev/full", "--", "probe", "exit", "7"]);
    full.refuses(7, "cannot write the report: No space left on device");
    // A pipe that nobody reads from.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = house.command("nsjoin");
    command.args(["-t", "web", "--report", "0", "--", "probe", "exit", "7"]).stdin(Stdio::from(writer));
    house.finish(&mut command).refuses(7, "cannot write the report: Broken pipe");
}

fn touches_nothing(user: User) {
    let house = pod(user);
    fs::write(house.work().join("report"), "as it was").unwrap();
    for words in [
        &["-n", "true"][..],
        &["-t", "web", "-t", "web", "true"],
        &["-t", "web", "--timeout", "10", "true"],
        &["-t", "web", "--cap-drop", "cap_nonsense", "true"],
        &["-t", "web", "--run-as", "1x", "true"],
        &["-t", "web", "--umask", "9", "true"],
        &["-t", "web", "--rlimit", "files=1", "true"],
        &["-t", "web", "--env-file", "/no/such/file", "true"],
        &["-t", "web", "--seccomp", "report", "true"],
        &["-t", "web", "-e", "--clear-env", "true"],
        &["-t", "web", "--no-such-option", "true"],
    ] {
        house.nsjoin(&[&["--report", "report", "--pid-file", "pid"], words].concat()).refuses(2, "");
        assert_eq!(fs::read_to_string(house.work().join("report")).unwrap(), "as it was", "{words:?}");
        assert!(!house.work().join("pid").exists(), "{words:?}");
    }
}
