//! Images that are not to be had.

use super::*;

fn without(reason: Waiting, message: &str) -> Story {
    let mut story = told("restartPolicy: Never\ncontainers: [{name: main, image: 'nosuch:1'}]");
    story.images.insert("main".to_owned(), refusal(reason, message));
    story.begin()
}

#[test]
fn a_registry_is_asked_less_and_less_often() {
    let mut story = without(Waiting::ErrImagePull, "not found");
    assert_eq!((story.row().as_str(), story.phase().as_str()), ("0/1 ErrImagePull 0", "Pending"));
    assert_eq!(story.waits("main"), "ErrImagePull: not found");
    story.at(1.0);
    assert_eq!(story.row(), "0/1 ImagePullBackOff 0");
    assert_eq!(story.waits("main"), "ImagePullBackOff: Back-off pulling image \"nosuch:1\": ErrImagePull: not found");
    story.at(640.0);
    assert_eq!(story.when("pull the image"), [0.0, 10.0, 30.0, 70.0, 150.0, 310.0, 610.0]);
    assert_eq!(story.notes("Pulling"), ["7x Pulling image \"nosuch:1\""]);
    let failed = story.notes("Failed");
    assert!(failed.contains(&"7x Failed to pull image \"nosuch:1\": not found".to_owned()), "{failed:?}");
    assert!(failed.contains(&"7x Error: ErrImagePull".to_owned()), "{failed:?}");
    assert!(failed.contains(&"7x Error: ImagePullBackOff".to_owned()), "{failed:?}");
    assert_eq!(story.notes("BackOff"), ["7x Back-off pulling image \"nosuch:1\""]);
    assert_eq!(story.status().container_statuses[0].restart_count, 0, "whatever is tried, nothing was started");
}

#[test]
fn an_image_that_has_come_by_itself_is_found_meanwhile() {
    let mut story = without(Waiting::ErrImagePull, "not found");
    story.at(200.0);
    story.images.clear();
    story.at(210.0);
    assert_eq!(story.row(), "1/1 Running 0");
    assert_eq!(story.when("pull the image").len(), 5);
}

#[test]
fn other_reasons_stay_as_they_are() {
    for reason in [Waiting::ErrImageNeverPull, Waiting::InvalidImageName, Waiting::ImageInspectError] {
        let mut story = without(reason, "so");
        story.at(60.0);
        assert_eq!(story.row(), format!("0/1 {reason} 0"));
        assert_eq!(story.phase(), "Pending");
        assert_eq!(story.notes("Failed").last(), Some(&format!("7x Error: {reason}")));
    }
}

#[test]
fn one_without_an_image_does_not_keep_the_next_from_starting() {
    let mut story = told("containers: [{name: a, image: 'nosuch:1'}, {name: b, image: 'i:1'}]");
    story.images.insert("a".to_owned(), refusal(Waiting::ErrImagePull, "not found"));
    story.tell(Event::Begin);
    assert_eq!((story.row().as_str(), story.phase().as_str()), ("1/2 ErrImagePull 0", "Pending"));
}

#[test]
fn an_image_that_is_mounted_is_waited_for_as_a_containers_own() {
    let volumes = "volumes: [{name: files, image: {reference: 'files:1', pullPolicy: IfNotPresent}}]";
    let mount = "volumeMounts: [{name: files, mountPath: /files}]";
    let mut story =
        told(&format!("containers: [{{name: main, image: 'i:1', {mount}}}, {{name: b, image: 'i:1'}}]\n{volumes}"));
    story.mounted.insert("main".to_owned(), ("files:1".to_owned(), refusal(Waiting::ErrImagePull, "not found")));
    let mut story = story.begin();
    assert_eq!((story.row().as_str(), story.phase().as_str()), ("1/2 ErrImagePull 0", "Pending"));
    assert_eq!(story.waits("main"), "ErrImagePull: not found");
    story.at(1.0);
    assert_eq!(story.row(), "1/2 ImagePullBackOff 0");
    assert_eq!(story.waits("main"), "ImagePullBackOff: Back-off pulling image \"files:1\": ErrImagePull: not found");
    story.at(320.0);
    assert_eq!(story.when("pull files:1 for main"), [0.0, 10.0, 30.0, 70.0, 150.0, 310.0]);
    // The image is the pod's affair, and that the container does not start its own.
    for message in ["Pulling image \"files:1\"", "Back-off pulling image \"files:1\""] {
        assert_eq!(story.told_of(message), [None], "{message}");
    }
    assert_eq!(story.told_of("Failed to pull image \"files:1\": not found"), [None]);
    assert_eq!(story.told_of("Error: ErrImagePull"), [Some("main".to_owned())]);
    // Its own is asked for at once when that has come, whatever was waited for before.
    story.mounted.clear();
    story.images.insert("main".to_owned(), refusal(Waiting::ErrImagePull, "not found"));
    story.at(650.0);
    let own = story.when("pull the image of main");
    assert_eq!(own.iter().map(|at| at - own[0]).take(3).collect::<Vec<_>>(), [0.0, 10.0, 30.0]);
}
