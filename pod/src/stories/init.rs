//! Init containers that run to their end, one after the other.

use super::*;

fn two(policy: &str) -> Story {
    told(&format!(
        "restartPolicy: {policy}\ninitContainers: [{{name: first, image: 'i:1'}}, {{name: second, image: 'i:1'}}]\ncontainers: [{{name: main, image: 'i:1'}}]"
    ))
    .begin()
}

#[test]
fn one_after_the_other_and_then_the_containers() {
    let mut story = two("Always");
    assert_eq!(story.took(), ["make the sandbox", "launch first"]);
    assert_eq!((story.row().as_str(), story.phase().as_str()), ("0/1 Init:0/2 0", "Pending"));
    story.exits("first", 0);
    assert_eq!(story.took(), ["first ends with 0", "launch second"]);
    assert_eq!(story.row(), "0/1 Init:1/2 0");
    assert_eq!(story.why_not("Initialized"), "ContainersNotInitialized: containers with incomplete status: [second]");
    story.exits("second", 0);
    assert_eq!(story.took(), ["second ends with 0", "launch main"]);
    assert_eq!(story.row(), "1/1 Running 0");
    let first = &story.status().init_container_statuses[0];
    assert_eq!((first.name.as_str(), first.ready, first.started), ("first", true, Some(false)));
    story.at(1000.0);
    assert_eq!(story.took(), [""; 0], "what is done is done");
}

#[test]
fn one_that_fails_is_tried_again_whatever_the_policy_but_never() {
    for policy in ["Always", "OnFailure"] {
        let mut story = two(policy);
        story.exits("first", 1);
        story.at(0.5);
        story.exits("first", 1);
        assert_eq!((story.row().as_str(), story.phase().as_str()), ("0/1 Init:Error 1 (0s ago)", "Pending"));
        story.at(2.0);
        assert_eq!(story.row(), "0/1 Init:CrashLoopBackOff 1 (2s ago)");
        story.at(11.0);
        assert_eq!(story.when("launch first"), [0.0, 0.0, 10.5]);
        assert_eq!(story.row(), "0/1 Init:0/2 2 (11s ago)");
        assert!(story.when("launch second").is_empty());
    }
}

#[test]
fn one_that_fails_is_the_end_where_nothing_is_started_again() {
    let mut story = two("Never");
    story.exits("first", 1);
    assert_eq!((story.row().as_str(), story.phase().as_str()), ("0/1 Init:Error 0", "Failed"));
    assert_eq!(story.took().last().map(String::as_str), Some("remove the sandbox"));
    assert_eq!(story.why_not("Ready"), "PodFailed: ");
}

#[test]
fn they_do_not_run_again_with_a_container() {
    let mut story = two("Always");
    story.exits("first", 0);
    story.exits("second", 0);
    story.exits("main", 1);
    assert_eq!((story.when("launch first").len(), story.when("launch main").len()), (1, 2));
    assert_eq!(story.row(), "1/1 Running 1 (0s ago)");
}

#[test]
fn an_image_that_is_not_there_is_told_of_the_init_container() {
    let mut story =
        told("initContainers: [{name: first, image: 'nosuch:1'}]\ncontainers: [{name: main, image: 'i:1'}]");
    story.images.insert("first".to_owned(), refusal(Waiting::ErrImagePull, "not found"));
    story.tell(Event::Begin);
    assert_eq!(story.row(), "0/1 Init:ErrImagePull 0");
    story.at(2.0);
    assert_eq!(story.row(), "0/1 Init:ImagePullBackOff 0");
}
