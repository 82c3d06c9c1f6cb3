//! kubectl's verbs for pods that live: watched, waited for, selected and sorted.

use std::io::{Read, Write};
use std::net::TcpStream;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use super::{becomes, container, gone, image, pod, put, waiting};
use crate::house::{House, User, binaries, eventually};

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

pub(super) fn watched(user: User) {
    let house = House::new(user);
    image(&house);
    let file = put(&house, "ready.json", &pod("ready", &json!({ "containers": [waiting("main", "")] })));
    let mut command = house.command(binaries().join("pod"));
    command.args(["get", "pods", "-w"]);
    // As long as nobody is there nothing is said, not even a heading.
    std::thread::scope(|scope| {
        let apply = scope.spawn(|| house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok());
        let mut watch = house.start(&mut command);
        let mut seen: Vec<String> = watch.said.lines().map(str::to_owned).collect();
        assert_eq!(words(&seen[0]), ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]);
        apply.join().unwrap();
        while words(seen.last().unwrap())[1..3] != ["1/1", "Running"] {
            seen.push(watch.line());
        }
        let statuses = |seen: &[String]| seen[1..].iter().map(|line| words(line)[2].to_owned()).collect::<Vec<_>>();
        assert!(["Pending", "ContainerCreating"].contains(&statuses(&seen)[0].as_str()), "{seen:?}");
        // A column stays as wide as it was.
        let ages: Vec<usize> = seen.iter().filter(|line| line.contains("Running")).map(|line| line.len()).collect();
        assert!(ages.iter().all(|length| *length >= ages[0]), "{seen:?}");
        house.pod(&["delete", "-f", &file]).ok();
        let mut last = watch.line();
        while words(&last)[1] != "0/1" {
            assert_eq!(words(&last)[0], "ready");
            last = watch.line();
        }
        assert!(!last.contains("Running"), "{last}");
    });
    house.nothing_is_left();
    let both = "you may only specify a single resource type";
    house.pod(&["get", "pods,cm", "-w"]).refuses(1, both);
    house.pod(&["get", "all", "-w"]).refuses(1, both);
    house.pod(&["get", "pod", "nosuch", "-w"]).refuses(1, "Error from server (NotFound): pods \"nosuch\" not found");
    let several = "watch is only supported on individual resources and resource collections - 2 resources were found";
    house.pod(&["get", "pods", "a", "b", "-w"]).refuses(1, several);
    // Whoever has read enough is not written to.
    let script = format!("{} get ns -w | head -1", binaries().join("pod").display());
    assert!(house.run("sh", &["-c", &script]).ok().out().starts_with("NAME "));
}

pub(super) fn waited_for_by_name(user: User) {
    let house = House::new(user);
    image(&house);
    let main = waiting("main", "echo ready;");
    let file = put(&house, "two.json", &pod("two", &json!({ "containers": [main] })));
    let timed_out = "error: timed out waiting for the condition on pods/two";
    house
        .pod(&["wait", "--for=create", "pod/two", "--timeout", "50ms"])
        .refuses(1, "timed out waiting for the condition");
    house
        .pod(&["wait", "--for=condition=Ready", "pod/two"])
        .refuses(1, "Error from server (NotFound): pods \"two\" not found");
    std::thread::scope(|scope| {
        let created = scope.spawn(|| house.pod(&["wait", "--for=create", "pod/two", "--timeout", "20s"]).ok().out());
        house.pod(&["apply", "-f", &file]).ok();
        assert_eq!(created.join().unwrap(), "pod/two condition met\n");
    });
    let met = |words: &[&str]| {
        let ran = house.pod(&[&["wait", "--timeout=20s"], words].concat()).ok();
        assert_eq!(ran.out(), "pod/two condition met\n", "{words:?}");
    };
    met(&["--for=condition=Ready", "pod/two"]);
    met(&["--for=jsonpath={.status.phase}=Running", "pod", "two"]);
    met(&["--for=condition=ready=true", "pods", "-l", "app=two"]);
    met(&["--for=jsonpath={.status.conditions[?(@.type==\"Ready\")].status}=True", "pods", "--all"]);
    met(&["--for=condition=Ready", "pods", "--field-selector", "metadata.name=two"]);
    let late = |words: &[&str]| house.pod(&[&["wait", "--timeout=100ms"], words].concat());
    late(&["--for=condition=Nosuch", "pod/two"]).refuses(1, timed_out);
    late(&["--for=jsonpath={.status.phase}=Failed", "pod/two"]).refuses(1, timed_out);
    late(&["--for=delete", "pod/two"]).refuses(1, timed_out);
    let at_once = "error: condition not met for pods/two";
    house.pod(&["wait", "--timeout=0", "--for=delete", "pod/two"]).refuses(1, at_once);
    late(&["--for=condition=Ready", "pods", "-l", "app=nosuch"]).refuses(1, "error: no matching resources found");
    late(&["--for=condition=Ready", "pods"]).refuses(1, "resource(s) were provided, but no name was specified");
    late(&["pod/two"]).refuses(1, "error: unrecognized condition: \"\"");
    // One that has gone already has done what was waited for.
    assert_eq!(late(&["--for=delete", "pod/nosuch"]).ok().out(), "");
    std::thread::scope(|scope| {
        let deleted = scope.spawn(|| house.pod(&["wait", "--for=delete", "pod/two", "--timeout", "20s"]).ok().out());
        let ready = house.pod(&["wait", "--for=condition=Ready=false", "pod/two", "--timeout", "100ms"]);
        ready.refuses(1, timed_out);
        gone(&house, &file);
        assert_eq!(deleted.join().unwrap(), "pod/two condition met\n");
    });
}

pub(super) fn selected(user: User) {
    let house = House::new(user);
    image(&house);
    let files: Vec<String> = [("web-10", "exit 0"), ("web-9", "exit 3")]
        .iter()
        .map(|(name, script)| {
            let spec = json!({ "restartPolicy": "Never", "containers": [container("main", script)] });
            put(&house, &format!("{name}.json"), &pod(name, &spec))
        })
        .collect();
    for file in &files {
        house.pod(&["apply", "-f", file]).ok();
    }
    becomes(&house, "web-10", "Completed");
    becomes(&house, "web-9", "Error");
    let get = |words: &[&str]| house.pod(&[&["get"], words].concat()).ok().out();
    let columns = "custom-columns=NAME:.metadata.name,PHASE:.status.phase,WAITS:.status.containerStatuses[0].state.waiting.reason";
    assert_eq!(
        get(&["pods", "-o", columns, "--sort-by", ".metadata.name"]),
        "NAME     PHASE       WAITS\nweb-9    Failed      <none>\nweb-10   Succeeded   <none>\n"
    );
    assert_eq!(
        get(&["pods", "-o", columns, "--no-headers", "--field-selector", "status.phase=Failed"]),
        "web-9   Failed   <none>\n"
    );
    let file = put(&house, "columns", "A B\n.metadata.name .kind\n");
    assert_eq!(get(&["pod/web-9", "-o", &format!("custom-columns-file={file}")]), "A       B\nweb-9   Pod\n");
    let exit = "{.status.containerStatuses[0].state.terminated.exitCode}";
    assert_eq!(get(&["pods", "-o", "name", "--sort-by", exit]), "pod/web-10\npod/web-9\n");
    assert_eq!(get(&["all", "-o", "name"]), "pod/web-10\npod/web-9\n");
    let table = get(&["all", "--no-headers", "--field-selector", "metadata.name=web-9"]);
    assert!(table.starts_with("pod/web-9   0/1   Error   0     "), "{table:?}");
    house
        .pod(&["get", "pods", "--sort-by", ".x"])
        .refuses(1, "couldn't find any field with path \"{.x}\" in the list of objects");
    let unknown = "field label not supported: x";
    house.pod(&["get", "pods", "--field-selector", "x=1"]).refuses(1, unknown);
    house.pod(&["get", "pods", "-o", "custom-columns=A"]).refuses(1, "unexpected custom-columns spec: A");
    house.pod(&["delete", "pod", "web-10"]).ok();
    gone(&house, &files[1]);
}

/// What a server in the pod says, asked at this address.
fn asked(address: &str) -> String {
    let mut server = TcpStream::connect(address).unwrap();
    server.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    server.read_to_string(&mut answer).unwrap();
    answer
}

pub(super) fn forwarded(user: User) {
    let house = House::new(user);
    image(&house);
    let mut main = container("main", "exec probe http --listen 127.0.0.1:8080 --body well");
    main["ports"] = json!([{ "containerPort": 8080, "name": "http" }]);
    main["readinessProbe"] = json!({ "exec": { "command": ["true"] } });
    let file = put(&house, "ready.json", &pod("ready", &json!({ "containers": [main] })));
    let usage = "error: TYPE/NAME and list of ports are required for port-forward\n\
                 See 'pod port-forward -h' for help and examples\n";
    assert_eq!(house.pod(&["port-forward", "pod/ready"]).exits(1).err(), usage);
    house
        .pod(&["port-forward", "pod/ready", "80"])
        .refuses(1, "Error from server (NotFound): pods \"ready\" not found");
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    let named = "Pod 'ready' does not have a named port 'nosuch'";
    house.pod(&["port-forward", "pod/ready", "nosuch"]).refuses(1, named);
    let carrying = |words: &[&str]| {
        let mut command = house.command("sh");
        let script = format!("echo ready; exec {} port-forward \"$@\"", binaries().join("pod").display());
        command.args([&["-c", &script, "sh"], words].concat());
        house.start(&mut command)
    };
    let port = |line: &str, from: &str, to: &str| {
        let port = line.strip_prefix(from).and_then(|rest| rest.strip_suffix(to));
        port.unwrap_or_else(|| panic!("{line}")).parse::<u16>().unwrap()
    };
    let mut forward = carrying(&["pod/ready", ":8080", "0:http", "--address", "127.0.0.1"]);
    let ports = [0, 1].map(|_| port(&forward.line(), "Forwarding from 127.0.0.1:", " -> 8080"));
    for port in ports {
        assert!(asked(&format!("127.0.0.1:{port}")).ends_with("well"));
        assert_eq!(forward.line(), format!("Handling connection for {port}"));
    }
    // Where somebody listens already, nobody else can.
    let taken = format!("{}:8080", ports[0]);
    let ran = house.pod(&["port-forward", "pod/ready", &taken, "--address", "127.0.0.1"]);
    let cause = format!(
        "Unable to listen on port {0}: Listeners failed to create with the following errors: [unable to create \
         listener: Error listen tcp4 127.0.0.1:{0}: bind: address already in use]\nerror: unable to listen on any of \
         the requested ports: [{{{0} 8080}}]\n",
        ports[0]
    );
    assert_eq!(ran.exits(1).err(), cause);
    // It goes on when the container is started again.
    let process = house.workload("ready", "main")["process"]["pid"].as_i64().unwrap();
    kill(Pid::from_raw(i32::try_from(process).unwrap()), Signal::SIGKILL).unwrap();
    eventually("the server answers again", || {
        let server = TcpStream::connect(format!("127.0.0.1:{}", ports[0])).ok()?;
        let mut server = server;
        server.write_all(b"GET / HTTP/1.0\r\n\r\n").ok()?;
        let mut answer = String::new();
        server.read_to_string(&mut answer).ok()?;
        answer.ends_with("well").then_some(())
    });
    // Whoever ends it leaves nobody behind who carries.
    forward.signal(Signal::SIGKILL);
    drop(forward);
    eventually("nobody listens", || TcpStream::connect(format!("127.0.0.1:{}", ports[0])).err());
    // With the pod it ends by itself.
    let mut forward = carrying(&["ready", ":8080", "--address", "127.0.0.1"]);
    port(&forward.line(), "Forwarding from 127.0.0.1:", " -> 8080");
    house.pod(&["delete", "-f", &file]).ok();
    assert_eq!(forward.ends().code(), Some(1));
    gone_already(&house);
}

pub(super) fn gone_already(house: &House) {
    eventually("nothing is left", || house.left().is_none().then_some(()));
}

pub(super) fn told_of(user: User) {
    let house = House::new(user);
    image(&house);
    let main = waiting("main", "echo ready;");
    let file = put(&house, "two.json", &pod("two", &json!({ "containers": [main] })));
    let none = house.pod(&["events"]).ok();
    assert_eq!((none.out().as_str(), none.err().as_str()), ("", "No events found in default namespace.\n"));
    assert_eq!(house.pod(&["get", "events"]).ok().err(), "No resources found in default namespace.\n");
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    // Without when it was, as a cluster has it.
    let rows = |words: &[&str]| {
        let out = house.pod(words).ok().out();
        out.lines().map(|line| self::words(line).split_off(1).join(" ")).collect::<Vec<_>>()
    };
    let listed = rows(&["get", "events", "--field-selector", "involvedObject.name=two"]);
    assert_eq!(listed[0], "SEEN TYPE REASON OBJECT MESSAGE");
    for event in ["Normal Created pod/two Container created", "Normal Started pod/two Container started"] {
        assert!(listed.iter().any(|row| row == event), "{listed:?}");
    }
    let events = rows(&["events", "--for", "pod/two", "--no-headers"]);
    assert!(events.iter().any(|row| row == "Normal Started Pod/two Container started"), "{events:?}");
    assert_eq!(events.len() + 1, listed.len());
    assert_eq!(rows(&["events", "--types=Warning"]), [""; 0]);
    let reasons = house.pod(&["get", "events", "-o", "jsonpath={.items[?(@.type==\"Normal\")].reason}"]).ok().out();
    assert!(reasons.ends_with("Started"), "{reasons}");
    let name = house.pod(&["get", "events", "-o", "name", "--field-selector", "reason=Started"]).ok().out();
    let one = house.pod(&["get", "event", name.trim().strip_prefix("event/").unwrap(), "-o", "json"]).json();
    assert_eq!((&one["kind"], &one["involvedObject"]["fieldPath"]), (&json!("Event"), &json!("spec.containers{main}")));
    for word in ["events", "all"] {
        house.pod(&["create", word]).refuses(125, "a pod by hand cannot have the name of a kind");
    }
    house.pod(&["events", "--for", "two"]).refuses(1, "--for must be in resource/name form");
    house.pod(&["get", "events", "--field-selector", "x=1"]).refuses(1, "field label not supported: x");
    // What happens later is told when it does.
    let mut command = house.command("sh");
    command.args(["-c", &format!("echo ready; exec {} events -w", binaries().join("pod").display())]);
    let mut watch = house.start(&mut command);
    assert_eq!(words(&watch.line()), ["LAST", "SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]);
    house.pod(&["delete", "-f", &file, "--wait=false"]).ok();
    while !watch.line().contains("Stopping container main") {}
    drop(watch);
    gone_already(&house);
}

pub(super) fn logged_together(user: User) {
    let house = House::new(user);
    image(&house);
    let first = container("first", "echo from-first");
    let of = |name: &str| {
        let (one, other) = (waiting("one", "echo 1; echo 2; echo ready;"), waiting("other", "echo 3; echo ready;"));
        pod(name, &json!({ "initContainers": [first], "containers": [one, other] }))
            .replace(&format!("\"app\":\"{name}\""), "\"app\":\"both\"")
    };
    let files = ["a", "b"].map(|name| put(&house, &format!("{name}.json"), &of(name)));
    let none = house.pod(&["logs", "-l", "app=both"]).ok();
    assert_eq!((none.out().as_str(), none.err().as_str()), ("", "No resources found in default namespace.\n"));
    for (file, name) in files.iter().zip(["a", "b"]) {
        house.pod(&["apply", "-f", file, "--wait", "--timeout", "30s"]).ok();
        house.logged(name, "one", "ready");
        house.logged(name, "other", "ready");
    }
    let logs = |words: &[&str]| house.pod(&[&["logs"], words].concat()).ok().out();
    assert_eq!(logs(&["pod/a", "--all-containers"]), "from-first\n1\n2\nready\n3\nready\n");
    let prefixed = "[pod/a/first] from-first\n[pod/a/one] ready\n[pod/a/other] ready\n";
    assert_eq!(logs(&["a", "--all-containers", "--prefix", "--tail=1"]), prefixed);
    let both = house.pod(&["logs", "-l", "app=both", "--tail=1", "--prefix"]).ok();
    assert_eq!(both.out(), "[pod/a/one] ready\n[pod/b/one] ready\n");
    assert!(both.err().starts_with("Defaulted container \"one\" out of: one, other, first (init)\n"), "{both}");
    assert_eq!(logs(&["-l", "app=both", "-c", "other"]), "3\nready\n3\nready\n");
    let most = "you are attempting to follow 3 log streams, but maximum allowed concurrency is 2, use --max-log-requests \
                to increase the limit";
    house.pod(&["logs", "a", "--all-containers", "-f", "--max-log-requests=2"]).refuses(1, most);
    let known = "error: container nosuch is not valid for pod a out of: one, other, first (init)";
    house.pod(&["logs", "-l", "app=both", "-c", "nosuch"]).refuses(1, known);
    let tolerated = house.pod(&["logs", "-l", "app=both", "-c", "nosuch", "--ignore-errors"]).ok();
    assert_eq!(tolerated.err().lines().count(), 2, "{tolerated}");
    // All are followed at once, and to their ends.
    let mut command = house.command(binaries().join("pod"));
    command.args(["logs", "-l", "app=both", "-c", "one", "--prefix", "-f", "--tail=1"]);
    let follow = house.start(&mut command);
    for file in &files {
        house.pod(&["delete", "-f", file]).ok();
    }
    assert!(follow.ends().success());
    gone_already(&house);
}

pub(super) fn named(user: User) {
    let house = House::new(user);
    image(&house);
    let of = |namespace: &str| {
        let main = waiting("main", &format!("echo {namespace} ready;"));
        pod("web", &json!({ "containers": [main] }))
            .replace("\"name\":\"web\"", &format!("\"name\":\"web\",\"namespace\":\"{namespace}\""))
    };
    let files = ["default", "shop"].map(|space| put(&house, &format!("{space}.json"), &of(space)));
    for file in &files {
        house.pod(&["apply", "-f", file, "--wait", "--timeout", "30s"]).ok();
    }
    for (space, words) in [("default", &[][..]), ("shop", &["-n", "shop"])] {
        let run = |verb: &[&str], rest: &[&str]| house.pod(&[verb, words, rest].concat());
        eventually("it says who it is", || {
            run(&["logs", "pod/web"], &[]).out().contains(&format!("{space} ready")).then_some(())
        });
        run(&["exec", "pod/web"], &["--", "sh", "-c", &format!("echo {space} > /tmp/who")]).ok();
        assert_eq!(run(&["cp", "web:/tmp/who", "who"], &[]).ok().out(), "");
        assert_eq!(std::fs::read_to_string(house.work().join("who")).unwrap(), format!("{space}\n"));
    }
    house.pod(&["exec", "cm/web", "--", "true"]).refuses(2, "cm/web");
    for file in &files {
        house.pod(&["delete", "-f", file]).ok();
    }
    gone_already(&house);
}

/// In kubectl's words, and with its exit code.
pub(super) fn logs_refused(user: User) {
    let house = House::new(user);
    image(&house);
    let says = |words: &[&str], lines: &[&str]| {
        let ran = house.pod(&[&["logs"], words].concat()).exits(1);
        assert_eq!(ran.err().lines().collect::<Vec<_>>(), lines, "{ran}");
    };
    let init = waiting("init", "echo ready;");
    let spec = json!({ "initContainers": [init], "containers": [waiting("one", ""), waiting("other", "")] });
    let file = put(&house, "two.json", &pod("two", &spec));
    house.pod(&["apply", "-f", &file]).ok();
    house.logged("two", "init", "ready");
    let waits = |name: &str| {
        format!(
            "Error from server (BadRequest): container {name:?} in pod \"two\" is waiting to start: PodInitializing"
        )
    };
    let defaulted = "Defaulted container \"one\" out of: one, other, init (init)";
    says(&["two"], &[defaulted, &waits("one")]);
    says(&["pod/two", "-c", "other"], &[&waits("other")]);
    says(&["two", "nosuch"], &["error: container nosuch is not valid for pod two out of: one, other, init (init)"]);
    let none = "Error from server (BadRequest): previous terminated container \"init\" in pod \"two\" not found";
    says(&["two", "-c", "init", "-p"], &[none]);
    says(&["two", "-c", "init", "--tail=-5"], &["error: --tail must be greater than or equal to -1"]);
    gone(&house, &file);
    // One that is nowhere may have been made by hand.
    house.pod(&["logs", "two"]).refuses(125, "no pod named two in ");
}

/// Who attends to a pod that is to go may be killed: who waits for its end sees to it that it ends.
pub(super) fn waited_for_though_nobody_attends(user: User) {
    let house = House::new(user);
    image(&house);
    let stubborn = container("main", "trap '' TERM; echo ready; while :; do sleep 0.05; done");
    let file = put(&house, "stubborn.json", &pod("stubborn", &json!({ "containers": [stubborn] })));
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    house.logged("stubborn", "main", "ready");
    house.pod(&["delete", "pod", "stubborn", "--wait=false"]).ok();
    let attendant = house.process_named("pod attend default stubborn ");
    kill(Pid::from_raw(attendant), Signal::SIGKILL).unwrap();
    let ran = house.pod(&["wait", "--for=delete", "pod/stubborn", "--timeout", "20s"]).ok();
    assert_eq!(ran.out(), "pod/stubborn condition met\n");
    house.nothing_is_left();
}

pub(super) fn run(user: User) {
    let house = House::new(user);
    image(&house);
    let script = ["--restart=Never", "--env=WHO=words", "--command", "--", "sh", "-c", "echo of $WHO; exit 3"];
    let run =
        |words: &[&str]| house.pod(&[&["run", "said", "--image=box", "--image-pull-policy=Never"], words].concat());
    assert_eq!(run(&script).ok().out(), "pod/said created\n");
    becomes(&house, "said", "Error");
    assert_eq!(house.pod(&["logs", "pod/said"]).ok().out(), "of words\n");
    assert_eq!(house.pod(&["get", "pods", "-l", "run=said", "-o", "name"]).ok().out(), "pod/said\n");
    run(&script).refuses(1, "Error from server (AlreadyExists): pods \"said\" already exists");
    house.pod(&["delete", "pod/said"]).ok();
    // What cannot be done leaves nothing.
    run(&["--port=80", "--expose"]).refuses(125, "--expose: running services of manifests is not there yet");
    gone_already(&house);
}
