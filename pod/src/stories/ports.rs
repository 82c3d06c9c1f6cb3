//! How the ports of a pod are changed that lives.

use super::*;
use crate::machine::Found;

const WEB: &str = "terminationGracePeriodSeconds: 10\ncontainers: [{name: main, image: 'i:1', ports: [{containerPort: 80, hostPort: 8080}]}]";

/// A pod that runs, and has been told of.
fn running() -> Story {
    let mut story = told(WEB).begin();
    story.at(100.0);
    story.took();
    story
}

impl Story {
    /// Somebody wants the first port of the first container to be this one of the machine's.
    fn moves(&mut self, host: u16) {
        let mut plan = self.machine.plan().clone();
        plan.containers[0].ports[0].host = Some(host);
        self.tell(Event::Changed(Box::new(plan)));
    }
}

#[test]
fn are_changed_and_nothing_is_started_again() {
    let mut story = running();
    story.moves(8081);
    assert_eq!(story.took(), ["publish 8081->80"]);
    assert_eq!(story.row(), "1/1 Running 0");
    story.at(500.0);
    assert_eq!(story.took(), [""; 0], "once is enough");
}

#[test]
fn of_whom_nothing_changes_are_left_alone() {
    let mut story = running();
    let plan = story.machine.plan().clone();
    story.tell(Event::Changed(Box::new(plan)));
    assert_eq!(story.took(), [""; 0]);
}

#[test]
fn that_cannot_be_had_are_told_of_and_tried_again() {
    let mut story = running();
    story.published = Some(Err("cannot publish 8081->80: Address already in use".to_owned()));
    story.moves(8081);
    story.at(119.0);
    assert_eq!(story.took(), ["publish 8081->80", "publish 8081->80"]);
    assert_eq!(story.notes("FailedPublish"), ["2x cannot publish 8081->80: Address already in use"]);
    story.published = Some(Ok(()));
    story.at(500.0);
    assert_eq!(story.took(), ["publish 8081->80"]);
}

#[test]
fn that_change_while_they_are_being_changed_are_changed_again() {
    let mut story = running();
    story.published = None;
    story.moves(8081);
    story.moves(8082);
    assert_eq!(story.took(), ["publish 8081->80"], "one after the other");
    story.tell(Event::Published(Ok(())));
    assert_eq!(story.took(), ["publish 8082->80"]);
    story.tell(Event::Published(Ok(())));
    assert_eq!(story.took(), [""; 0]);
}

#[test]
fn whoever_was_changing_them_is_nobody_when_somebody_else_goes_on() {
    let mut story = running();
    story.published = None;
    story.moves(8081);
    assert_eq!(story.took(), ["publish 8081->80"]);
    let found = story.machine.containers()[0].id.clone().map(|id| Found {
        container: "main".to_owned(),
        instance: 0,
        id,
        exit: None,
    });
    story.tell(Event::Adopted(found.into_iter().collect()));
    assert_eq!(story.took(), ["publish 8081->80"]);
    story.tell(Event::Published(Ok(())));
    story.at(500.0);
    assert_eq!(story.took(), [""; 0]);
}

#[test]
fn that_are_found_to_be_others_are_put_right() {
    let mut story = running();
    story.tell(Event::PortsDiffer);
    assert_eq!(story.took(), ["publish 8080->80"]);
}

#[test]
fn that_change_while_the_sandbox_is_made_are_changed_when_it_is_there() {
    let mut story = told(WEB);
    story.machine.on(Event::Begin, stamp(0));
    assert_eq!(story.machine.on(Event::Volumes(Ok(())), stamp(0)), [Action::MakeSandbox]);
    story.moves(8081);
    assert_eq!(story.took(), [""; 0]);
    story.tell(Event::Sandbox(Ok(vec![address("10.0.0.1")])));
    assert!(story.took().contains(&"publish 8081->80".to_owned()));
}

#[test]
fn of_a_sandbox_that_is_made_anew_are_those_of_the_plan() {
    let mut story = running();
    story.published = None;
    story.moves(8081);
    story.tell(Event::SandboxGone);
    let took = story.took();
    assert!(took.contains(&"make the sandbox".to_owned()), "{took:?}");
    assert_eq!(took.iter().filter(|done| done.starts_with("publish")).count(), 1, "{took:?}");
    story.at(500.0);
    assert_eq!(story.took(), [""; 0]);
}
