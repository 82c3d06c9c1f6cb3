//! What is shown of the program itself: versions, what is in use, and what a shell completes.

use std::fs;
use std::process::{Command, Output};

use libtest_mimic::Trial;
use serde_json::Value;

use crate::house::{House, User};
use crate::terminal::{CONTROLLED, Terminal};
use crate::trial::{Need, as_each_user, peer, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        trial("shown::complaints_are_kubectls", &[Need::Root, Need::Peer("kubectl")], complaints),
        trial("shown::bash_completes", &[Need::Program("bash")], bash),
        trial("shown::zsh_and_fish_are_given_what_they_read", &[], other_shells),
    ];
    trials.extend(as_each_user("shown::what_is_in_use_is_a_kubeconfig", &[Need::Peer("kubectl")], config));
    trials.extend(as_each_user("shown::versions", &[], versions));
    trials.extend(as_each_user("shown::jsonpath_moves_no_terminal", &[Need::Program("setsid")], jsonpath));
    trials
}

fn kubectl(config: &str, arguments: &[&str]) -> Output {
    Command::new(peer("kubectl")).args(arguments).env("KUBECONFIG", config).output().unwrap()
}

fn config(user: User) {
    let house = House::new(user);
    let view = house.pod(&["config", "view"]).ok().out();
    let file = house.work().join("config");
    fs::write(&file, &view).unwrap();
    for arguments in [
        &["config", "view"][..],
        &["config", "view", "--minify"],
        &["config", "view", "--minify", "--raw", "-o", "jsonpath={..namespace}"],
        &["config", "view", "-o", "jsonpath={.clusters[0].cluster.server}"],
        &["config", "current-context"],
        &["config", "get-contexts"],
        &["config", "get-contexts", "pod", "--no-headers"],
        &["config", "get-contexts", "-o", "name"],
    ] {
        let theirs = kubectl(file.to_str().unwrap(), arguments);
        assert_eq!(house.pod(arguments).ok().out(), String::from_utf8(theirs.stdout).unwrap(), "{arguments:?}");
    }
    let [ours, theirs] = [
        house.pod(&["config", "view", "-o", "json"]).ok().output.stdout,
        kubectl(file.to_str().unwrap(), &["config", "view", "-o", "json"]).stdout,
    ]
    .map(|bytes| serde_json::from_slice::<Value>(&bytes).unwrap());
    assert_eq!(ours, theirs);
    let used = &ours["clusters"][0]["cluster"]["extensions"][0]["extension"];
    assert_eq!(used["state"], house.state().to_str().unwrap());
    assert_eq!(used["data"], house.work().join("data").to_str().unwrap());
    assert!(used["pause"].as_str().unwrap().ends_with("/pause"), "{used}");
    let ran = house.pod(&["config", "get-contexts", "pod", "nosuch"]).exits(1);
    assert!(ran.out().contains("\n*         pod "), "{ran}");
    assert_eq!(ran.err(), "error: context nosuch not found\n");
}

fn versions(user: User) {
    let house = House::new(user);
    let own = house.pod(&["--version"]).ok().out().replace("pod ", "v");
    assert_eq!(house.pod(&["version", "--client"]).ok().out(), format!("Client Version: {own}"));
    let both = house.pod(&["version", "-o", "json"]).json();
    assert_eq!(
        (both["clientVersion"]["gitVersion"].as_str(), both["serverVersion"]["major"].as_str()),
        (Some(own.trim()), Some("1"))
    );
    let yaml = house.pod(&["version", "-o", "yaml", "--client=true"]).ok().out();
    assert!(yaml.starts_with("clientVersion:\n  gitVersion: v"), "{yaml}");
}

/// What others wrote is escaped where a terminal would obey it, and goes to programs as it is.
fn jsonpath(user: User) {
    let house = House::new(user);
    let manifest = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, annotations: {x: \"\\e[31mred\\r\\n\\ttab\"}}\n\
                    spec: {containers: [{name: a, image: a}]}\n";
    fs::write(house.work().join("a.yaml"), manifest).unwrap();
    let words = ["label", "--local", "-f", "a.yaml", "a=b", "-o", "jsonpath={.metadata.annotations.x}{\"\\n\"}done"];
    assert_eq!(house.pod(&words).ok().out(), "\u{1b}[31mred\r\n\ttab\ndone");
    let mut command = house.command(CONTROLLED[0]);
    command.args(&CONTROLLED[1..]).arg("pod").args(words);
    let (terminal, running) = Terminal::start(command).unwrap();
    terminal.shows("done").unwrap();
    let shown = terminal.shown();
    assert!(shown.starts_with("\\u{1b}[31mred\\r\r\n\ttab\r\ndone"), "{shown:?}");
    drop(running);
}

/// The same lines of both, but for whose help is named.
fn complaints() {
    let house = House::new(User::Root);
    for arguments in [
        &["version", "-o", "wide"][..],
        &["version", "extra"],
        &["completion"],
        &["completion", "tcsh"],
        &["completion", "bash", "zsh"],
        &["config", "view", "extra"],
        &["top", "pod", "a", "b"],
        &["top", "pod", "a", "-l", "b=c"],
        &["top", "pod", "--sort-by", "age"],
    ] {
        let (ours, theirs) = (house.pod(arguments), kubectl("/dev/null", arguments));
        assert_eq!(ours.err().replace("'pod ", "'kubectl "), String::from_utf8_lossy(&theirs.stderr), "{arguments:?}");
        assert_eq!((ours.output.status.code(), ours.out().as_str()), (theirs.status.code(), ""), "{arguments:?}");
    }
}

fn bash() {
    let house = House::new(User::Ordinary);
    let complete = |name: &str, line: &str| {
        let script = format!(
            "eval \"$({name} completion bash)\"; COMP_WORDS=({line} ''); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
            [[ {line:?} == *-- ]] && {{ unset 'COMP_WORDS[-1]'; COMP_CWORD=$((COMP_CWORD - 1)); }}
            _{name} {name} \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"; echo \"${{COMPREPLY[@]}}\""
        );
        house.run("bash", &["-ec", &script]).ok().out()
    };
    let verbs = complete("pod", "pod");
    let verbs: Vec<_> = verbs.split_whitespace().collect();
    for verb in ["get", "apply", "image", "top", "completion"] {
        assert!(verbs.contains(&verb), "{verbs:?}");
    }
    // What only we start is not to be typed.
    assert!(!verbs.contains(&"supervise") && !verbs.contains(&"attend"), "{verbs:?}");
    assert!(complete("pod", "pod image").split_whitespace().any(|word| word == "pull"));
    assert!(complete("pod", "pod get --").split_whitespace().any(|word| word == "--field-selector"));
    std::os::unix::fs::symlink(crate::house::binaries().join("pod"), house.work().join("kubectl")).unwrap();
    let script = "PATH=$PWD:$PATH; eval \"$(kubectl completion bash)\"; complete -p kubectl";
    assert!(house.run("bash", &["-ec", script]).ok().out().contains("-F _kubectl"));
}

fn other_shells() {
    let house = House::new(User::Ordinary);
    for (shell, part) in [("zsh", "#compdef pod"), ("fish", "complete -c pod")] {
        let script = house.pod(&["completion", shell]).ok().out();
        assert!(script.contains(part) && script.contains("port-forward") && !script.contains("supervise"), "{shell}");
        if fixtures::find(shell).is_some() {
            fs::write(house.work().join("script"), &script).unwrap();
            house.run(shell, &["-n", "script"]).ok();
        }
    }
}
