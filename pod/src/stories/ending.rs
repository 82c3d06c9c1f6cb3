//! How pods end.

use super::*;

const ONE: &str = "terminationGracePeriodSeconds: 10\ncontainers: [{name: main, image: 'i:1'}]";
const TWO: &str = "containers: [{name: kind, image: 'i:1'}, {name: deaf, image: 'i:1'}]";

#[test]
fn all_are_asked_at_once_and_killed_when_the_grace_is_over() {
    let mut story = told(TWO).begin();
    story.deaf.insert("deaf".to_owned());
    story.took();
    story.tell(Event::Delete { grace: None });
    assert_eq!(story.took(), ["stop kind", "kind ends with 143", "stop deaf"]);
    assert_eq!(story.row(), "1/2 Terminating 0");
    let shown = story.shown();
    assert_eq!(shown.metadata.deletion_grace_period_seconds, Some(30));
    assert_eq!(shown.metadata.deletion_timestamp.map(|time| time.0.as_second()), Some(BEGIN + 30));
    story.at(29.9);
    assert_eq!(story.took(), [""; 0]);
    story.at(30.0);
    assert_eq!(story.took(), ["kill deaf", "deaf ends with 137", "remove the sandbox", "forget the pod"]);
    assert_eq!(story.notes("Killing"), ["1x Stopping container kind", "1x Stopping container deaf"]);
}

#[test]
fn a_second_word_can_only_shorten_it() {
    let mut story = told(ONE).begin();
    story.deaf.insert("main".to_owned());
    story.tell(Event::Delete { grace: Some(10) });
    story.at(1.0);
    story.tell(Event::Delete { grace: Some(100) });
    story.tell(Event::Delete { grace: Some(3) });
    story.at(3.9);
    assert!(story.when("kill").is_empty());
    story.at(4.0);
    assert_eq!(story.when("kill main"), [4.0]);
}

#[test]
fn nothing_is_started_in_a_pod_that_ends() {
    let mut story = told(TWO).begin();
    story.deaf.insert("deaf".to_owned());
    story.exits("kind", 1);
    story.exits("kind", 1);
    story.tell(Event::Delete { grace: Some(30) });
    story.at(20.0);
    assert_eq!(story.when("launch kind").len(), 2);
}

#[test]
fn who_is_not_gone_is_killed_again() {
    let mut story = told(ONE).begin();
    story.tell(Event::Delete { grace: Some(5) });
    assert_eq!(story.when("forget").len(), 1);
    // Told by hand: this one outlives the first KILL.
    let mut machine = told(ONE).begin().machine;
    let kills = |actions: Vec<Action>| actions.iter().filter(|it| matches!(it, Action::Kill { .. })).count();
    machine.on(Event::Delete { grace: Some(5) }, stamp(0));
    assert_eq!(kills(machine.on(Event::Time, stamp(5000))), 1);
    assert_eq!(kills(machine.on(Event::Time, stamp(5500))), 0);
    assert_eq!(kills(machine.on(Event::Time, stamp(6000))), 1);
}

#[test]
fn a_pod_that_is_over_is_forgotten_at_once() {
    let mut story = told(&format!("restartPolicy: Never\n{ONE}")).begin();
    story.exits("main", 0);
    assert!(story.when("forget").is_empty(), "it says how it ended until somebody deletes it");
    story.took();
    story.tell(Event::Delete { grace: None });
    assert_eq!(story.took(), ["forget the pod"]);
}

#[test]
fn a_pod_that_has_not_begun_ends_at_once() {
    let mut story = told(ONE);
    story.tell(Event::Delete { grace: None });
    assert_eq!(story.took(), ["forget the pod"]);
}

#[test]
fn what_was_being_launched_is_ended_when_it_runs() {
    let mut machine = told(ONE).machine;
    machine.on(Event::Begin, stamp(0));
    machine.on(Event::Volumes(Ok(())), stamp(0));
    let fetch = machine.on(Event::Sandbox(Ok(Vec::new())), stamp(0));
    let [Action::FetchImage { container, job, .. }] = &fetch[..] else { panic!("{fetch:?}") };
    let fetched = Fetched { name: "i".to_owned(), id: "i".to_owned(), pulled: None };
    let image = Event::Image { container: container.clone(), job: *job, volume: None, result: Ok(fetched) };
    let launch = machine.on(image, stamp(0));
    assert_eq!(launch, [Action::Launch { container: "main".to_owned(), instance: 0 }]);
    assert!(machine.on(Event::Delete { grace: Some(5) }, stamp(1000)).is_empty());
    let launched = Ok(Launched { id: "x".to_owned() });
    let event = Event::Launched { container: "main".to_owned(), instance: 0, result: launched };
    assert_eq!(machine.on(event, stamp(2000)), [Action::Stop { container: "main".to_owned(), instance: 0 }]);
}

#[test]
fn a_pod_that_was_active_for_too_long_has_failed() {
    let mut story = told(&format!("activeDeadlineSeconds: 5\n{ONE}")).begin();
    story.deaf.insert("main".to_owned());
    story.at(5.5);
    assert_eq!((story.when("stop main"), story.row().as_str()), (vec![5.0], "1/1 Running 0"));
    assert_eq!(story.why_not("Ready"), "PodFailed: ");
    story.at(20.0);
    assert_eq!((story.when("kill main"), story.row().as_str()), (vec![15.0], "0/1 Error 0"));
    let status = story.status();
    assert_eq!((status.phase.as_deref(), status.reason.as_deref()), (Some("Failed"), Some("DeadlineExceeded")));
    let message = "Pod was active on the node longer than the specified deadline";
    assert_eq!(status.message.as_deref(), Some(message));
    assert_eq!(story.notes("DeadlineExceeded"), [format!("1x {message}")]);
    assert!(!story.holds("PodReadyToStartContainers"));
}

#[test]
fn an_evicted_pod_has_failed() {
    let mut story = told(ONE).begin();
    let message = "Usage of EmptyDir volume \"v\" exceeds the limit \"10Mi\". ";
    story.tell(Event::Evict { message: message.to_owned() });
    assert_eq!(story.phase(), "Failed");
    let status = story.status();
    assert_eq!((status.reason.as_deref(), status.message.as_deref()), (Some("Evicted"), Some(message)));
    assert_eq!(story.notes("Evicted"), [format!("1x {message}")]);
    story.exits_are_nobodys();
}

#[test]
fn who_waited_to_be_started_again_has_ended_with_its_pod() {
    let mut story = told(&format!("activeDeadlineSeconds: 5\n{ONE}")).begin();
    story.exits("main", 3);
    story.exits("main", 4);
    story.at(2.0);
    assert_eq!(story.row(), "0/1 CrashLoopBackOff 1 (2s ago)");
    story.at(6.0);
    assert_eq!((story.row().as_str(), story.phase().as_str()), ("0/1 Error 1 (6s ago)", "Failed"));
}

#[test]
fn an_image_that_nobody_needs_any_more_is_given_up() {
    let mut machine = told(ONE).machine;
    machine.on(Event::Begin, stamp(0));
    machine.on(Event::Volumes(Ok(())), stamp(0));
    let fetch = machine.on(Event::Sandbox(Ok(Vec::new())), stamp(0));
    let [Action::FetchImage { job, .. }] = &fetch[..] else { panic!("{fetch:?}") };
    let actions = machine.on(Event::Delete { grace: None }, stamp(1000));
    assert_eq!(actions, [Action::Abandon { job: *job }, Action::RemoveSandbox]);
}

#[test]
fn a_pod_that_has_ended_stays_as_it_is() {
    let mut story = told(&format!("restartPolicy: Never\n{ONE}")).begin();
    story.exits("main", 0);
    story.tell(Event::Evict { message: "too late".to_owned() });
    story.tell(Event::SandboxGone);
    story.at(1000.0);
    assert_eq!((story.phase().as_str(), story.status().reason), ("Succeeded", None));
    assert_eq!(story.machine.deadline(), None);
}

impl Story {
    /// What comes after the end changes nothing.
    fn exits_are_nobodys(&mut self) {
        let before = self.machine.clone();
        let exit = Exit { code: 0, ..Exit::default() };
        self.tell(Event::Exited { container: "main".to_owned(), instance: 0, exit });
        assert_eq!(before, self.machine);
    }
}
