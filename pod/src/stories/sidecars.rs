//! Init containers that stay: they come before the others and go after them.

use super::*;

const SPEC: &str = "restartPolicy: Never\ninitContainers:\n- {name: one, image: 'i:1', restartPolicy: Always}\n- {name: two, image: 'i:1', restartPolicy: Always}\ncontainers: [{name: main, image: 'i:1'}]";

#[test]
fn the_next_waits_until_one_has_started() {
    let spec = SPEC.replace("{name: one, ", "{name: one, startupProbe: {tcpSocket: {port: 80}, periodSeconds: 1}, ");
    let mut story = told(&spec);
    let unwell = Outcome::Failure("refused".to_owned());
    story.answers.insert(("one".to_owned(), ProbeKind::Startup), unwell);
    story.tell(Event::Begin);
    story.at(1.5);
    assert!(story.when("launch two").is_empty());
    assert_eq!((story.row().as_str(), story.phase().as_str()), ("0/3 Init:0/2 0", "Pending"));
    story.answers.clear();
    story.at(2.5);
    assert_eq!((story.when("launch two"), story.when("launch main")), (vec![2.0], vec![2.0]));
    assert_eq!(story.row(), "3/3 Running 0");
}

#[test]
fn readiness_of_one_keeps_nobody_waiting_but_the_pod_from_being_ready() {
    let spec = SPEC.replace("{name: one, ", "{name: one, readinessProbe: {tcpSocket: {port: 80}}, ");
    let mut story = told(&spec);
    story.answers.insert(("one".to_owned(), ProbeKind::Readiness), Outcome::Failure("refused".to_owned()));
    let story = story.begin();
    assert_eq!(story.row(), "2/3 Running 0");
    assert_eq!(story.why_not("Ready"), "ContainersNotReady: containers with unready status: [one]");
}

#[test]
fn one_that_ends_is_started_again_whatever_the_policy_and_the_code() {
    let mut story = told(SPEC).begin();
    story.exits("one", 0);
    assert_eq!(story.when("launch one").len(), 2);
    story.exits("one", 1);
    story.at(10.0);
    assert_eq!(story.when("launch one"), [0.0, 0.0, 10.0]);
    assert!(story.holds("Initialized"), "the pod stays initialized");
    assert_eq!(story.row(), "3/3 Running 2 (10s ago)");
}

#[test]
fn they_end_with_the_last_container_and_their_codes_do_not_matter() {
    let mut story = told(SPEC).begin();
    story.took();
    story.exits("main", 0);
    let took =
        ["main ends with 0", "stop two", "two ends with 143", "stop one", "one ends with 143", "remove the sandbox"];
    assert_eq!(story.took(), took);
    assert_eq!((story.row().as_str(), story.phase().as_str()), ("0/3 Completed 0", "Succeeded"));
}

#[test]
fn the_others_end_first_and_then_they_in_reverse_order() {
    let mut story = told(SPEC).begin();
    story.deaf.insert("main".to_owned());
    story.took();
    story.tell(Event::Delete { grace: Some(5) });
    assert_eq!(story.took(), ["stop main"]);
    story.at(2.0);
    story.exits("main", 0);
    let order = ["main ends with 0", "stop two", "two ends with 143", "stop one", "one ends with 143"];
    assert_eq!(story.took()[..5], order);
}

#[test]
fn one_grace_is_for_all_and_two_seconds_are_everybodys() {
    let mut story = told(SPEC).begin();
    story.deaf.extend(["main".to_owned(), "one".to_owned(), "two".to_owned()]);
    story.tell(Event::Delete { grace: Some(5) });
    story.at(20.0);
    assert_eq!((story.when("stop main"), story.when("kill main")), (vec![0.0], vec![5.0]));
    // Who has waited until the grace was over has what everybody has.
    assert_eq!((story.when("stop two"), story.when("kill two")), (vec![5.0], vec![7.0]));
    assert_eq!((story.when("stop one"), story.when("kill one")), (vec![5.0], vec![7.0]));
    assert_eq!(story.when("forget"), [7.0]);
}

#[test]
fn hooks_of_all_begin_at_once() {
    let hook = "lifecycle: {preStop: {exec: {command: ['true']}}}, ";
    let spec = SPEC.replace("{name: ", &format!("{{{hook}name: "));
    let mut story = told(&spec).begin();
    story.slow.extend(["main".to_owned(), "one".to_owned(), "two".to_owned()]);
    story.took();
    story.tell(Event::Delete { grace: None });
    assert_eq!(story.took(), ["preStop one", "preStop two", "preStop main"]);
    story.hook_ends("one", Ok(()));
    assert_eq!(story.took(), [""; 0], "it is not its turn");
    story.hook_ends("main", Ok(()));
    story.hook_ends("two", Ok(()));
    let order = ["stop main", "main ends with 143", "stop two", "two ends with 143", "stop one", "one ends with 143"];
    assert_eq!(story.took()[..6], order);
}
