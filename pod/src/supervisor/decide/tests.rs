//! Stories told to the machine.

use super::*;
use crate::plan::{Conditions, Console, Typing};

const GRACE: Duration = Duration::from_secs(30);

fn seconds(seconds: u64) -> Moment {
    Moment::from_secs(seconds)
}

fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

fn plan(text: &str) -> Box<WorkloadPlan> {
    Box::new(WorkloadPlan {
        name: name(text),
        program: "server".into(),
        arguments: Vec::new(),
        environment: Vec::new(),
        directory: "/".into(),
        conditions: Conditions::default(),
        container: None,
        runtime: None,
        limits: container::limits::Limits::default(),
        console: Console::None,
        typing: Typing::Never,
        target: None,
        parts: Vec::new(),
        wishes_shares: false,
    })
}

fn signal(text: &str, signal: Signal) -> Action {
    Action::Signal(name(text), signal)
}

fn refused(client: Client, message: &str) -> Action {
    Action::Answer(client, Answer::Refused(Refusal::because(message.to_owned())))
}

/// A machine in whose pod these run.
fn with(workloads: &[&str]) -> Machine {
    let mut machine = Machine::new(name("web"));
    for (client, workload) in (100..).zip(workloads) {
        assert_eq!(machine.on(Event::Start(client, plan(workload)), seconds(0)), [Action::Launch(plan(workload))]);
        let launched = machine.on(Event::Launched(name(workload), Ok(())), seconds(0));
        assert_eq!(launched, [Action::Answer(client, Answer::Started)]);
    }
    machine
}

fn ended(machine: &mut Machine, workload: &str, now: Moment) -> Vec<Action> {
    let mut actions = machine.on(Event::Ended(name(workload), None), now);
    assert_eq!(actions.remove(0), Action::Record(name(workload), None));
    actions
}

#[test]
fn of_one_name_one_runs() {
    let mut machine = with(&["app"]);
    let again = machine.on(Event::Start(1, plan("app")), seconds(1));
    assert_eq!(again, [refused(1, "a workload named app runs already")]);
    assert_eq!(ended(&mut machine, "app", seconds(2)), []);
    assert_eq!(machine.on(Event::Start(2, plan("app")), seconds(2)), [Action::Launch(plan("app"))]);
    let meanwhile = machine.on(Event::Start(3, plan("app")), seconds(2));
    assert_eq!(meanwhile, [refused(3, "a workload named app is being launched")]);
    let failed = Refusal::because("no".to_owned());
    let told = machine.on(Event::Launched(name("app"), Err(failed.clone())), seconds(2));
    assert_eq!(told, [Action::Answer(2, Answer::Refused(failed))]);
    assert_eq!(machine.on(Event::Start(4, plan("app")), seconds(2)), [Action::Launch(plan("app"))]);
    assert_eq!(machine.deadline(), None, "nothing is due, and nobody is woken");
}

#[test]
fn who_listens_to_term_is_not_killed() {
    let mut machine = with(&["one", "two"]);
    let stopping = machine.on(Event::Stop(1, GRACE), seconds(10));
    assert_eq!(stopping, [signal("one", Signal::TERM), signal("two", Signal::TERM)]);
    assert_eq!(machine.deadline(), Some(seconds(40)));
    assert_eq!(ended(&mut machine, "two", seconds(11)), []);
    assert_eq!(ended(&mut machine, "one", seconds(12)), [Action::Answer(1, Answer::Stopped)]);
}

#[test]
fn who_does_not_is_killed_when_the_grace_is_over_and_again() {
    let mut machine = with(&["deaf"]);
    machine.on(Event::Stop(1, GRACE), seconds(0));
    assert_eq!(machine.on(Event::Time, seconds(29)), []);
    assert_eq!(machine.on(Event::Time, seconds(30)), [signal("deaf", Signal::KILL)]);
    assert_eq!(machine.on(Event::Time, seconds(31)), [signal("deaf", Signal::KILL)]);
    assert_eq!(ended(&mut machine, "deaf", seconds(32)), [Action::Answer(1, Answer::Stopped)]);
}

#[test]
fn who_cannot_be_killed_is_named_in_time() {
    let mut machine = with(&["stuck"]);
    assert_eq!(machine.on(Event::Stop(1, Duration::ZERO), seconds(0)), [signal("stuck", Signal::KILL)]);
    let mut answers = Vec::new();
    while let Some(now) = machine.deadline().filter(|now| *now < seconds(20)) {
        answers.extend(machine.on(Event::Time, now).into_iter().filter(|action| matches!(action, Action::Answer(..))));
    }
    assert_eq!(answers, [Action::Answer(1, Answer::Left(vec![name("stuck")]))]);
    // Who asks later is told, too, and at once when it goes.
    assert_eq!(
        machine.on(Event::Stop(2, Duration::ZERO), seconds(20))[0],
        Action::Answer(2, Answer::Left(vec![name("stuck")]))
    );
    machine.on(Event::Stop(3, Duration::ZERO), seconds(20));
    assert_eq!(ended(&mut machine, "stuck", seconds(20)), [Action::Answer(3, Answer::Stopped)]);
}

#[test]
fn who_is_in_a_hurry_hurries_the_others() {
    let mut machine = with(&["deaf"]);
    machine.on(Event::Stop(1, GRACE), seconds(0));
    assert_eq!(machine.on(Event::Stop(2, Duration::ZERO), seconds(1)), [signal("deaf", Signal::KILL)]);
    let told = ended(&mut machine, "deaf", seconds(1));
    assert_eq!(told, [Action::Answer(1, Answer::Stopped), Action::Answer(2, Answer::Stopped)]);
    // The other way round, the grace is not made longer.
    let mut machine = with(&["deaf"]);
    machine.on(Event::Stop(1, seconds(1)), seconds(0));
    machine.on(Event::Stop(2, GRACE), seconds(0));
    assert_eq!(machine.deadline(), Some(seconds(1)));
}

#[test]
fn nothing_is_launched_while_the_pod_stops() {
    let mut machine = with(&["app"]);
    assert_eq!(machine.on(Event::Start(1, plan("late")), seconds(0)), [Action::Launch(plan("late"))]);
    assert_eq!(machine.on(Event::Stop(2, GRACE), seconds(0)), [signal("app", Signal::TERM)]);
    assert_eq!(machine.on(Event::Start(3, plan("later")), seconds(0)), [refused(3, "pod web is being deleted")]);
    let launched = machine.on(Event::Launched(name("late"), Ok(())), seconds(0));
    assert_eq!(launched, [Action::Answer(1, Answer::Started), signal("late", Signal::TERM)]);
    assert_eq!(ended(&mut machine, "app", seconds(1)), []);
    assert_eq!(ended(&mut machine, "late", seconds(1)), [Action::Answer(2, Answer::Stopped)]);
    assert_eq!(machine.on(Event::Start(4, plan("last")), seconds(2)), [refused(4, "pod web is being deleted")]);
    // Whoever asked was killed before they took the pod apart: it is open again.
    assert_eq!(machine.on(Event::Start(5, plan("app")), seconds(30)), [Action::Launch(plan("app"))]);
}

#[test]
fn what_was_being_launched_when_all_were_killed_is_killed() {
    let mut machine = with(&[]);
    machine.on(Event::Start(1, plan("late")), seconds(0));
    assert_eq!(machine.on(Event::Stop(2, Duration::ZERO), seconds(0)), []);
    let launched = machine.on(Event::Launched(name("late"), Ok(())), seconds(0));
    assert_eq!(launched, [Action::Answer(1, Answer::Started), signal("late", Signal::KILL)]);
}

#[test]
fn an_empty_pod_stops_at_once() {
    assert_eq!(with(&[]).on(Event::Stop(1, GRACE), seconds(0)), [Action::Answer(1, Answer::Stopped)]);
}

#[test]
fn it_ends_with_the_pod_when_the_last_is_reaped() {
    let mut machine = with(&["app"]);
    machine.on(Event::Stop(1, GRACE), seconds(0));
    let over = machine.on(Event::PauseEnded, seconds(1));
    assert_eq!(over, [Action::Answer(1, Answer::Stopped), signal("app", Signal::KILL)]);
    assert_eq!(machine.on(Event::Stop(2, GRACE), seconds(1)), [Action::Answer(2, Answer::Stopped)]);
    assert_eq!(ended(&mut machine, "app", seconds(2)), [Action::Exit]);
    assert_eq!(with(&[]).on(Event::PauseEnded, seconds(1)), [Action::Exit]);
    let mut machine = with(&["stuck"]);
    machine.on(Event::PauseEnded, seconds(0));
    assert_eq!(machine.deadline(), Some(PATIENCE), "it waits for who cannot end, but not for ever");
    assert_eq!(machine.on(Event::Time, PATIENCE), [Action::Exit]);
}

#[test]
fn who_ran_before_a_supervisor_did_is_its_own() {
    let mut machine = Machine::new(name("web"));
    machine.on(Event::Adopted(name("app")), seconds(0));
    assert_eq!(machine.on(Event::Start(1, plan("app")), seconds(0)), [refused(1, "a workload named app runs already")]);
    assert_eq!(machine.on(Event::Stop(1, GRACE), seconds(0)), [signal("app", Signal::TERM)]);
}

#[test]
fn a_forwarder_that_ends_is_replaced_but_not_in_a_rush() {
    let mut machine = with(&[]);
    assert_eq!(machine.on(Event::PortsDown, seconds(1)), []);
    assert_eq!(machine.deadline(), Some(seconds(1) + BREATH));
    assert_eq!(machine.on(Event::Time, seconds(1) + BREATH), [Action::Forward]);
    assert_eq!(machine.deadline(), None);
    machine.on(Event::PortsDown, seconds(3));
    assert_eq!(machine.on(Event::PauseEnded, seconds(3)), [Action::Exit]);
}

#[test]
fn a_way_out_that_closes_is_opened_again_and_one_that_is_stuck_later_and_none_once_the_pod_is_over() {
    let mut machine = with(&[]);
    assert_eq!(machine.on(Event::DoorClosed, seconds(1)), []);
    assert_eq!(machine.deadline(), Some(seconds(1) + BREATH));
    assert_eq!(machine.on(Event::Time, seconds(1) + BREATH), [Action::OpenDoor]);
    assert_eq!(machine.on(Event::DoorStuck, seconds(2)), []);
    assert_eq!(machine.on(Event::Time, seconds(2) + BREATH), []);
    assert_eq!(machine.on(Event::Time, seconds(2) + LATER), [Action::OpenDoor]);
    machine.on(Event::DoorClosed, seconds(20));
    assert_eq!(machine.on(Event::PauseEnded, seconds(20)), [Action::Exit]);
    assert_eq!(machine.on(Event::Time, seconds(40)), [Action::Exit]);
}

#[test]
fn ports_are_changed_unless_the_pod_is_being_deleted() {
    let ports = || vec!["8080:80".parse::<Publish>().expect("a port")];
    let mut machine = with(&["app"]);
    assert_eq!(machine.on(Event::Publish(1, ports()), seconds(1)), [Action::Publish(1, ports())]);
    assert_eq!(machine.on(Event::Reserve(2, ports()), seconds(1)), [Action::Reserve(2, ports())]);
    assert_eq!(machine.on(Event::Stop(3, GRACE), seconds(2)), [signal("app", Signal::TERM)]);
    assert_eq!(machine.on(Event::Publish(4, ports()), seconds(3)), [refused(4, "pod web is being deleted")]);
    assert_eq!(machine.on(Event::Reserve(5, ports()), seconds(3)), [refused(5, "pod web is being deleted")]);
    // Whoever has gone has gone.
    assert_eq!(machine.on(Event::Release(2), seconds(3)), [Action::Release(2)]);
    assert_eq!(ended(&mut machine, "app", seconds(4)), [Action::Answer(3, Answer::Stopped)]);
    assert_eq!(
        machine.on(Event::Publish(6, ports()), seconds(30)),
        [Action::Publish(6, ports())],
        "it was not, after all"
    );
}
