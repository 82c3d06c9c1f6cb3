//! What people type who know kubectl, typed to this program under that name.

use std::os::unix::fs::symlink;

use serde_json::json;

use super::{image, pod, put, waiting};
use crate::house::{House, Ran, User, binaries};
use crate::terminal::{CONTROLLED, Terminal};

/// A line of somebody's, and what is shown for it: both streams one after the other, and an exit code that is not 0.
#[track_caller]
fn typed(house: &House, line: &str, shown: &str) {
    let ran = house.run("sh", &["-c", line]);
    let code = ran.output.status.code();
    let ended = if code == Some(0) { String::new() } else { format!("[{code:?}]") };
    assert_eq!(format!("{}{}{ended}", ran.out(), ran.err()), shown, "{line}");
}

/// This program, under the name of kubectl.
pub(super) fn called(house: &House) {
    symlink(binaries().join("pod"), house.work().join("kubectl")).unwrap();
}

fn kubectl(house: &House, words: &[&str]) -> Ran {
    house.finish(house.command(house.work().join("kubectl")).args(words))
}

pub(super) fn of_one_who_knows_kubectl(user: User) {
    let house = House::new(user);
    image(&house);
    called(&house);
    let two = json!({ "containers": [waiting("registry", "echo first;"), waiting("registryctl", "echo second;")] });
    put(&house, "two.json", &pod("two", &two));
    let chosen = pod("chosen", &two).replacen(
        "\"labels\"",
        "\"annotations\":{\"kubectl.kubernetes.io/default-container\":\"registryctl\"},\"labels\"",
        1,
    );
    put(&house, "chosen.json", &chosen);
    put(&house, "nginx.conf", "events {}\n");
    let run = |line: &str, shown: &str| typed(&house, &line.replace("kubectl ", "./kubectl "), shown);
    run("kubectl get pod", "No resources found in default namespace.\n");
    run("kubectl create configmap nginx-config --from-file=nginx.conf", "configmap/nginx-config created\n");
    let page = "kubectl run page --image=box --image-pull-policy=Never --restart=Never --command -- \
                probe http --listen 127.0.0.1:4000 --body hello";
    run(page, "pod/page created\n");
    run("kubectl wait --for=condition=Ready pod/page --timeout=30s", "pod/page condition met\n");
    let fetched = "kubectl port-forward pod/page :4000 >out & \
                   until port=$(sed -n 's/^Forwarding from 127.0.0.1:\\([0-9]*\\) -> 4000$/\\1/p' out | grep .); \
                   do kill -0 $! || exit 1; sleep 0.05; done; probe get http://127.0.0.1:$port/; kill $!; wait $! 2>/dev/null; true";
    run(fetched, "hello\n");
    run("kubectl delete pod page --now", "pod \"page\" deleted from default namespace\n");
    run("kubectl apply -f two.json", "pod/two created\n");
    run("kubectl apply -f two.json", "pod/two unchanged\n");
    let twice =
        "Error from server (AlreadyExists): error when creating \"two.json\": pods \"two\" already exists\n[Some(1)]";
    run("kubectl create -f two.json", twice);
    run("kubectl create -f chosen.json", "pod/chosen created\n");
    run(
        "kubectl wait --for=condition=Ready pod/two pod/chosen --timeout 30s",
        "pod/two condition met\npod/chosen condition met\n",
    );
    let defaulted = "Defaulted container \"registry\" out of: registry, registryctl\n";
    run("kubectl exec two -- echo hello", &format!("hello\n{defaulted}"));
    run("kubectl exec -q two -- echo hello", "hello\n");
    run("kubectl exec two -c registryctl -- echo hello", "hello\n");
    run("kubectl exec two --container=registryctl -- echo hello", "hello\n");
    // The one that is named so is meant, and nothing is said of it.
    run("kubectl exec chosen -- echo hello", "hello\n");
    run("kubectl logs chosen", "second\n");
    // Only the first word is the pod, and the others before the command are nobody's.
    run("kubectl exec chosen chosen -c registry -- echo hello", "hello\n");
    let apart = "error: exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead\n\
                 See 'kubectl exec -h' for help and examples\n[Some(1)]";
    run("kubectl exec two echo hello", apart);
    let invalid = "container nosuch is not valid for pod two out of: registry, registryctl\n[Some(1)]";
    run("kubectl exec two -c nosuch -- true", &format!("error: {invalid}"));
    run("kubectl attach two -c nosuch", &format!("error: cannot attach to the container: {invalid}"));
    run("kubectl exec nosuch -- true", "Error from server (NotFound): pods \"nosuch\" not found\n[Some(1)]");
    run("kubectl get pod nosuch", "Error from server (NotFound): pods \"nosuch\" not found\n[Some(1)]");
    let in_namespace =
        "error: error from server (NotFound): pods \"nosuch\" not found in namespace \"default\"\n[Some(1)]";
    run("kubectl logs nosuch", in_namespace);
    run("kubectl exec chosen -- sh -c 'exit 7'", "command terminated with exit code 7\n[Some(7)]");
    run("kubectl exec chosen -- sh -c 'kill -9 $$'", "command terminated with exit code 137\n[Some(137)]");
    // What a script reads by itself is not read by what it calls, unless that is asked for.
    run("echo left | { kubectl exec chosen -- cat; cat; }", "left\n");
    run("echo from stdin | kubectl exec -i chosen -- cat", "from stdin\n");
    let no_terminal = "Unable to use a TTY - input is not a terminal or the right kind of file\n";
    run(
        "kubectl exec -it chosen -- test -t 0",
        &format!("{no_terminal}command terminated with exit code 1\n[Some(1)]"),
    );
    let rows = kubectl(&house, &["get", "pods", "-o", "wide"]).ok().out();
    let columns = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let lines: Vec<_> = rows.lines().map(columns).collect();
    assert_eq!(lines[0].join(" "), "NAME READY STATUS RESTARTS AGE IP NODE NOMINATED NODE READINESS GATES");
    assert_eq!(lines[2][..4], ["two", "2/2", "Running", "0"], "{rows}");
    assert_eq!(lines[2][7..], ["<none>", "<none>"], "{rows}");
    assert!(kubectl(&house, &["describe", "pod", "two"]).ok().out().starts_with("Name:             two\n"));
    let shell = ["exec", "-it", "chosen", "chosen", "--", "sh"];
    let mut command = house.command(CONTROLLED[0]);
    command.args(&CONTROLLED[1..]).arg("./kubectl").args(shell).env("PS1", "prompt> ");
    let (mut terminal, mut running) = Terminal::start(command).unwrap();
    terminal.becomes_raw(true).unwrap();
    terminal.types("test -t 0 && echo one $((1 + 1)); exit 3\r").unwrap();
    terminal.shows("one 2\r\n").unwrap();
    terminal.shows("command terminated with exit code 3").unwrap();
    running.exits(3).unwrap();
    assert!(!terminal.is_raw());
    run(
        "kubectl delete pod two chosen",
        "pod \"two\" deleted from default namespace\npod \"chosen\" deleted from default namespace\n",
    );
    run("kubectl delete pod two", "Error from server (NotFound): pods \"two\" not found\n[Some(1)]");
    run("kubectl delete cm nginx-config", "configmap \"nginx-config\" deleted from default namespace\n");
    house.nothing_is_left();
}
