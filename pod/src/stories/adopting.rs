//! How a pod goes on whose supervisor was killed.

use super::*;
use crate::machine::Found;

const ONE: &str = "terminationGracePeriodSeconds: 10\ncontainers: [{name: main, image: 'i:1', readinessProbe: {tcpSocket: {port: 80}}}]";

fn found(instance: u32, exit: Option<Exit>) -> Found {
    Found { container: "main".to_owned(), instance, id: format!("podkit://main-{instance}"), exit }
}

#[test]
fn who_runs_goes_on() {
    let mut story = told(ONE).begin();
    story.at(100.0);
    story.took();
    story.tell(Event::Adopted(vec![found(0, None)]));
    assert_eq!(story.row(), "1/1 Running 0");
    assert_eq!(story.took(), [""; 0]);
    story.at(111.0);
    assert!(!story.when("probe main Readiness").is_empty(), "it is asked as before");
}

#[test]
fn who_has_ended_meanwhile_has_ended() {
    let mut story = told(ONE).begin();
    story.at(100.0);
    story.tell(Event::Adopted(vec![found(0, Some(Exit { code: 3, ..Exit::default() }))]));
    let status = story.status().container_statuses.remove(0);
    let last = status.last_state.and_then(|state| state.terminated).expect("it ended");
    assert_eq!((last.exit_code, story.when("launch main").len()), (3, 2));
}

#[test]
fn of_whom_nothing_is_found_nobody_knows_how_it_ended() {
    let mut story = told(&format!("restartPolicy: Never\n{ONE}")).begin();
    story.tell(Event::Adopted(Vec::new()));
    assert_eq!(story.row(), "0/1 ContainerStatusUnknown 0");
}

/// A machine whose last word was to launch the container.
fn launching() -> Machine {
    let mut machine = told(ONE).machine;
    machine.on(Event::Begin, stamp(0));
    machine.on(Event::Volumes(Ok(())), stamp(0));
    let fetch = machine.on(Event::Sandbox(Ok(Vec::new())), stamp(0));
    let [Action::FetchImage { container, job, .. }] = &fetch[..] else { panic!("{fetch:?}") };
    let fetched = Fetched { name: "i".to_owned(), id: "i".to_owned(), pulled: None };
    let image = Event::Image { container: container.clone(), job: *job, volume: None, result: Ok(fetched) };
    assert_eq!(machine.on(image, stamp(0)), [Action::Launch { container: "main".to_owned(), instance: 0 }]);
    machine
}

#[test]
fn one_that_was_launched_is_not_launched_twice() {
    let mut machine = launching();
    let actions = machine.on(Event::Adopted(vec![found(0, None)]), stamp(1000));
    assert!(!actions.iter().any(|it| matches!(it, Action::FetchImage { .. } | Action::Launch { .. })), "{actions:?}");
    assert!(machine.containers()[0].runs());
}

#[test]
fn one_that_was_not_launched_is_launched() {
    let mut machine = launching();
    let actions = machine.on(Event::Adopted(Vec::new()), stamp(1000));
    assert!(matches!(actions[..], [Action::FetchImage { .. }]), "{actions:?}");
}

#[test]
fn who_was_being_ended_is_asked_again() {
    let mut story = told(ONE).begin();
    story.deaf.insert("main".to_owned());
    story.tell(Event::Delete { grace: None });
    story.took();
    story.at(3.0);
    story.tell(Event::Adopted(vec![found(0, None)]));
    assert_eq!(story.took(), ["stop main"]);
    story.at(11.0);
    assert_eq!(story.when("kill main"), [10.0], "the grace is the same");
}

#[test]
fn who_was_being_forgotten_is_forgotten() {
    let mut story = told(ONE).begin();
    story.tell(Event::Delete { grace: None });
    story.took();
    story.tell(Event::Adopted(vec![found(0, Some(Exit { code: 143, ..Exit::default() }))]));
    assert_eq!(story.took(), ["forget the pod"]);
}

#[test]
fn what_was_asked_is_asked_again() {
    let mut machine = told(ONE).begin().machine;
    let due = machine.deadline().expect("a probe");
    let later = Stamp { at: due, wall: BEGIN + 10 };
    let asked = |actions: Vec<Action>| actions.iter().filter(|it| matches!(it, Action::Probe { .. })).count();
    assert_eq!(asked(machine.on(Event::Time, later)), 1);
    assert_eq!(asked(machine.on(Event::Time, later)), 0, "nobody has answered yet");
    assert_eq!(asked(machine.on(Event::Adopted(vec![found(0, None)]), later)), 1);
}
