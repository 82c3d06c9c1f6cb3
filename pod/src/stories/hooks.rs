//! What is done after a container's start and before its end.

use super::*;

fn hooked(which: &str) -> Story {
    told(&format!(
        "terminationGracePeriodSeconds: 8\ncontainers:\n- name: main\n  image: 'i:1'\n  lifecycle: {{{which}: {{exec: {{command: ['true']}}}}}}\n- {{name: next, image: 'i:1'}}"
    ))
}

#[test]
fn the_next_waits_for_what_is_done_after_a_start() {
    let mut story = hooked("postStart");
    story.slow.insert("main".to_owned());
    let mut story = story.begin();
    assert_eq!(story.took(), ["make the sandbox", "launch main", "postStart main"]);
    assert_eq!((story.row().as_str(), story.phase().as_str()), ("0/2 ContainerCreating 0", "Pending"));
    story.hook_ends("main", Ok(()));
    assert_eq!(story.took(), ["launch next"]);
    assert_eq!(story.row(), "2/2 Running 0");
}

#[test]
fn a_failure_after_the_start_is_the_end_of_the_container() {
    let mut story = hooked("postStart");
    story.failing.insert("main".to_owned());
    let mut story = story.begin();
    assert_eq!(story.notes("FailedPostStartHook")[0].split_once(' ').map(|it| it.1), Some("PostStartHook failed"));
    assert!(story.notes("Killing")[0].ends_with("FailedPostStartHook"));
    assert_eq!(story.when("launch main").len(), 2, "the first time again at once");
    story.at(2.0);
    assert_eq!(story.row(), "1/2 CrashLoopBackOff 1 (2s ago)");
}

#[test]
fn until_it_has_ended_the_failure_is_what_is_shown() {
    let mut story = hooked("postStart");
    story.failing.insert("main".to_owned());
    story.deaf.insert("main".to_owned());
    let mut story = story.begin();
    assert_eq!(story.waits("main"), "PostStartHookError: it went wrong");
    assert_eq!(story.row(), "1/2 PostStartHookError 0");
    story.at(7.9);
    assert_eq!(story.row(), "1/2 PostStartHookError 0");
    story.at(8.0);
    assert_eq!(story.when("kill main"), [8.0]);
}

#[test]
fn one_that_ends_before_its_hook_has_ended() {
    let mut story = hooked("postStart");
    story.slow.insert("main".to_owned());
    let mut story = story.begin();
    story.took();
    story.exits("main", 1);
    let took = story.took();
    assert_eq!(took[..3], ["main ends with 1", "give up on the hook of main", "launch main"]);
}

#[test]
fn what_is_done_before_the_end_comes_before_the_signal() {
    let mut story = hooked("preStop").begin();
    story.slow.insert("main".to_owned());
    story.took();
    story.tell(Event::Delete { grace: None });
    assert_eq!(story.took(), ["preStop main", "stop next", "next ends with 143"]);
    story.at(2.0);
    story.hook_ends("main", Ok(()));
    assert_eq!(story.took(), ["stop main", "main ends with 143", "remove the sandbox", "forget the pod"]);
}

#[test]
fn a_hook_takes_from_the_grace_and_leaves_two_seconds() {
    let mut story = hooked("preStop").begin();
    story.slow.insert("main".to_owned());
    story.deaf.insert("main".to_owned());
    story.tell(Event::Delete { grace: None });
    story.at(30.0);
    assert_eq!(story.when("give up on the hook of main"), [8.0]);
    assert_eq!((story.when("stop main"), story.when("kill main")), (vec![8.0], vec![10.0]));
}

#[test]
fn what_is_left_of_the_grace_is_the_containers() {
    let mut story = hooked("preStop").begin();
    story.slow.insert("main".to_owned());
    story.deaf.insert("main".to_owned());
    story.tell(Event::Delete { grace: None });
    story.at(3.0);
    story.hook_ends("main", Err("it went wrong"));
    story.at(30.0);
    assert_eq!((story.when("stop main"), story.when("kill main")), (vec![3.0], vec![8.0]));
    assert_eq!(story.notes("FailedPreStopHook"), ["1x PreStopHook failed"]);
}

#[test]
fn nothing_is_done_before_an_end_that_comes_by_itself() {
    let mut story = hooked("preStop").begin();
    story.exits("main", 0);
    assert!(story.when("preStop").is_empty());
}

#[test]
fn nothing_is_done_before_where_there_is_no_time() {
    let mut story = hooked("preStop").begin();
    story.tell(Event::Delete { grace: Some(0) });
    assert!(story.when("preStop").is_empty());
    assert_eq!(story.when("forget"), [0.0]);
}

#[test]
fn nobody_is_woken_for_a_start_that_has_to_wait_for_a_hook() {
    let mut story = hooked("postStart").begin();
    story.slow.insert("main".to_owned());
    story.exits("next", 1);
    story.exits("next", 1);
    story.at(5.0);
    story.exits("main", 0);
    assert_eq!(story.took().last().map(String::as_str), Some("postStart main"));
    story.at(60.0);
    assert_eq!(story.took(), [""; 0], "the hook of main is under way");
    assert_eq!(story.machine.deadline(), None);
    story.hook_ends("main", Ok(()));
    assert_eq!(story.took(), ["launch next"]);
}
