//! What is done when the sandbox has ended.

use super::*;

const SPEC: &str = "initContainers: [{name: init, image: 'i:1'}]\ncontainers: [{name: main, image: 'i:1'}]";

fn lost(policy: &str) -> Story {
    let mut story = told(&format!("restartPolicy: {policy}\n{SPEC}")).begin();
    story.exits("init", 0);
    story.took();
    story.tell(Event::SandboxGone);
    story
}

#[test]
fn everything_begins_again() {
    let mut story = lost("Always");
    assert_eq!(story.took(), ["stop main", "main ends with 143", "make the sandbox", "launch init"]);
    assert_eq!(story.notes("SandboxChanged"), ["1x Pod sandbox changed, it will be killed and re-created."]);
    story.exits("init", 0);
    assert_eq!(story.took(), ["init ends with 0", "launch main"]);
    assert_eq!(story.row(), "1/1 Running 1 (0s ago)");
}

#[test]
fn who_has_died_with_it_need_not_be_ended() {
    let hook = "{preStop: {exec: {command: [x]}}}";
    let mut story = told(&format!("containers: [{{name: main, image: 'i:1', lifecycle: {hook}}}]")).begin();
    story.deaf.insert("main".to_owned());
    story.took();
    story.tell(Event::SandboxGone);
    assert_eq!(story.took(), ["stop main"], "nothing is asked of it");
    story.exits("main", 137);
    assert_eq!(story.took(), ["main ends with 137", "make the sandbox", "launch main"]);
    assert!(story.notes("Killing").is_empty(), "nobody has ended it");
}

#[test]
fn who_is_launched_in_what_ends_has_not_failed() {
    let mut story = told("containers: [{name: main, image: 'i:1'}]").begin();
    story.took();
    story.launches.insert("main".to_owned(), LaunchFailure::Fallen);
    story.exits("main", 137);
    let took = ["main ends with 137", "launch main", "make the sandbox", "launch main"];
    assert_eq!(story.took(), took);
    assert_eq!(story.notes("SandboxChanged").len(), 1);
    assert!(story.notes("Failed").is_empty());
    assert_eq!(story.row(), "1/1 Running 1 (0s ago)");
}

#[test]
fn who_is_among_the_machines_processes_is_ended() {
    let mut story = told("hostPID: true\ncontainers: [{name: main, image: 'i:1'}]").begin();
    story.took();
    story.tell(Event::SandboxGone);
    assert_eq!(story.notes("Killing"), ["1x Stopping container main"]);
    assert_eq!(story.took(), ["stop main", "main ends with 143", "make the sandbox", "launch main"]);
}

#[test]
fn a_pod_that_is_never_started_again_has_ended() {
    let mut story = lost("Never");
    assert_eq!(story.took(), ["stop main", "main ends with 143", "remove the sandbox"]);
    assert_eq!(story.phase(), "Failed");
}

#[test]
fn who_has_succeeded_is_left_out_under_on_failure() {
    let spec = "restartPolicy: OnFailure\ncontainers: [{name: a, image: 'i:1'}, {name: b, image: 'i:1'}]";
    let mut story = told(spec).begin();
    story.exits("a", 0);
    story.took();
    story.tell(Event::SandboxGone);
    assert_eq!(story.took(), ["stop b", "b ends with 143", "make the sandbox", "launch b"]);
}

#[test]
fn while_it_ends_it_is_only_gone_sooner() {
    let mut story = told(SPEC).begin();
    story.deaf.insert("init".to_owned());
    story.tell(Event::Delete { grace: Some(5) });
    story.tell(Event::SandboxGone);
    story.took();
    story.exits("init", 137);
    assert_eq!(story.took(), ["init ends with 137", "forget the pod"]);
}
