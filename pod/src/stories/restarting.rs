//! What is done about containers that end.

use super::*;
use crate::machine::ConditionKind;

fn one(policy: &str) -> Story {
    told(&format!("restartPolicy: {policy}\ncontainers: [{{name: main, image: 'i:1'}}]")).begin()
}

#[test]
fn policies_say_who_is_started_again() {
    for (policy, code, again, phase, word) in [
        ("Always", 0, true, "Running", "Running"),
        ("Always", 1, true, "Running", "Running"),
        ("OnFailure", 0, false, "Succeeded", "Completed"),
        ("OnFailure", 1, true, "Running", "Running"),
        ("Never", 0, false, "Succeeded", "Completed"),
        ("Never", 1, false, "Failed", "Error"),
    ] {
        let mut story = one(policy);
        story.exits("main", code);
        assert_eq!(story.when("launch main").len(), if again { 2 } else { 1 }, "{policy} {code}");
        assert_eq!(story.phase(), phase, "{policy} {code}");
        assert_eq!(story.row().split(' ').nth(1), Some(word), "{policy} {code}");
        assert_eq!(story.machine.is_over(), !again, "{policy} {code}");
    }
}

#[test]
fn a_crash_loop_has_a_kubelets_times() {
    let mut story = one("Always");
    for expected in [0.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0] {
        let ended = seconds(story.now) + 1.0;
        story.at(ended);
        story.exits("main", 3);
        story.at(ended + expected);
        assert_eq!(story.when("launch main").last(), Some(&(ended + expected)), "after {expected} s");
    }
}

#[test]
fn who_waits_is_shown_so_after_a_second() {
    let mut story = one("Always");
    story.at(1.0);
    story.exits("main", 3);
    story.at(2.0);
    story.exits("main", 3);
    assert_eq!(story.row(), "0/1 Error 1 (1s ago)");
    story.at(3.0);
    assert_eq!(story.row(), "0/1 CrashLoopBackOff 1 (1s ago)");
    assert_eq!(
        story.waits("main"),
        "CrashLoopBackOff: back-off 10s restarting failed container=main pod=web_default(u)"
    );
    assert_eq!(story.notes("BackOff"), ["1x Back-off restarting failed container main in pod web_default(u)"]);
    assert_eq!(story.phase(), "Running");
    let status = story.status().container_statuses.remove(0);
    let last = status.last_state.and_then(|state| state.terminated).expect("it ended before");
    assert_eq!((last.exit_code, last.reason.as_deref()), (3, Some("Error")));
    assert_eq!(status.container_id.as_deref(), Some("podkit://main-1"));
    story.at(12.0);
    assert_eq!(story.row(), "1/1 Running 2 (10s ago)");
}

#[test]
fn who_ran_for_ten_minutes_begins_anew() {
    let mut story = one("Always");
    for at in [1.0, 2.0, 13.0] {
        story.at(at);
        story.exits("main", 1);
    }
    story.at(33.0);
    assert_eq!(story.when("launch main"), [0.0, 1.0, 12.0, 33.0]);
    story.at(633.5);
    story.exits("main", 1);
    assert_eq!(story.when("launch main").last(), Some(&633.5), "at once");
    story.at(634.0);
    story.exits("main", 1);
    story.at(644.0);
    assert_eq!(story.when("launch main").last(), Some(&644.0), "and then after ten seconds");
}

#[test]
fn who_ends_well_again_and_again_waits_too() {
    let mut story = one("Always");
    story.exits("main", 0);
    story.exits("main", 0);
    assert_eq!(story.row().split(' ').nth(1), Some("Completed"));
    story.at(1.0);
    assert_eq!(story.row().split(' ').nth(1), Some("CrashLoopBackOff"));
}

#[test]
fn a_restart_is_another_instance_in_the_same_sandbox() {
    let mut story = one("OnFailure");
    story.exits("main", 1);
    assert_eq!(story.when("make the sandbox").len(), 1);
    assert_eq!(story.status().container_statuses[0].restart_count, 1);
    assert_eq!(story.status().container_statuses[0].container_id.as_deref(), Some("podkit://main-1"));
}

#[test]
fn how_it_ended_has_a_word() {
    for (exit, word, code) in [
        (Exit { code: 137, oom: true, ..Exit::default() }, "OOMKilled", 137),
        (Exit { code: 0, oom: true, ..Exit::default() }, "OOMKilled", 0),
        (Exit { code: 139, ..Exit::default() }, "Error", 139),
        (Exit { unseen: true, ..Exit::default() }, "ContainerStatusUnknown", 137),
    ] {
        let mut story = one("Never");
        story.ends("main", exit);
        assert_eq!(story.row(), format!("0/1 {word} 0"));
        let ended = story.status().container_statuses.remove(0).state.and_then(|state| state.terminated);
        let ended = ended.expect("it has ended");
        assert_eq!((ended.exit_code, ended.signal), (code, None));
    }
}

#[test]
fn the_word_that_it_left_is_shown() {
    let mut story = one("Never");
    story.ends("main", Exit { code: 2, message: "no disk".to_owned(), ..Exit::default() });
    let ended = story.status().container_statuses.remove(0).state.and_then(|state| state.terminated);
    assert_eq!(ended.and_then(|ended| ended.message).as_deref(), Some("no disk"));
}

#[test]
fn one_of_two_that_has_ended_leaves_it_not_ready() {
    let spec = "restartPolicy: Never\ncontainers: [{name: a, image: 'i:1'}, {name: b, image: 'i:1'}]";
    let mut story = told(spec).begin();
    story.exits("a", 0);
    assert_eq!((story.row().as_str(), story.phase().as_str()), ("1/2 NotReady 0", "Running"));
    story.exits("b", 0);
    assert_eq!((story.row().as_str(), story.phase().as_str()), ("0/2 Completed 0", "Succeeded"));
    assert_eq!(story.why_not("Ready"), "PodCompleted: ");
}

#[test]
fn one_crashed_and_one_finished_are_running_where_one_is_started_again() {
    let spec = "restartPolicy: OnFailure\ncontainers: [{name: a, image: 'i:1'}, {name: b, image: 'i:1'}]";
    let mut story = told(spec).begin();
    story.exits("b", 0);
    story.exits("a", 1);
    story.exits("a", 1);
    assert_eq!(story.phase(), "Running");
    story.at(1.0);
    assert_eq!(story.row(), "0/2 CrashLoopBackOff 1 (1s ago)");
}

#[test]
fn containers_have_policies_of_their_own() {
    let spec = "restartPolicy: Always\ncontainers:\n- {name: a, image: 'i:1', restartPolicy: Never}\n- {name: b, image: 'i:1'}";
    let mut story = told(spec).begin();
    story.exits("a", 1);
    assert_eq!(story.when("launch a"), [0.0]);
    story.exits("b", 1);
    assert_eq!(story.when("launch b").len(), 2);
}

#[test]
fn rules_come_before_policies() {
    let spec = "restartPolicy: Never\ncontainers:\n- name: a\n  image: 'i:1'\n  restartPolicy: Never\n  restartPolicyRules:\n  - {action: Restart, exitCodes: {operator: In, values: [42]}}";
    let mut story = told(spec).begin();
    story.exits("a", 42);
    assert_eq!(story.when("launch a").len(), 2);
    story.exits("a", 1);
    assert_eq!((story.when("launch a").len(), story.phase().as_str()), (2, "Failed"));
}

#[test]
fn a_rule_may_begin_all_anew() {
    let spec = "restartPolicy: Never\ninitContainers: [{name: init, image: 'i:1'}]\ncontainers:\n- name: a\n  image: 'i:1'\n  restartPolicy: Never\n  restartPolicyRules:\n  - {action: RestartAllContainers, exitCodes: {operator: In, values: [88]}}\n- {name: b, image: 'i:1'}";
    let mut story = told(spec).begin();
    let says = |story: &Story| {
        let conditions = story.status().conditions;
        let condition =
            conditions.into_iter().find(|it| it.r#type == "AllContainersRestarting").expect("it has a rule");
        (condition.status, condition.reason.unwrap_or_default())
    };
    story.exits("init", 0);
    story.took();
    assert_eq!(says(&story), ("False".to_owned(), String::new()));
    // Before anything is done.
    let exited = Event::Exited { container: "a".to_owned(), instance: 0, exit: Exit { code: 88, ..Exit::default() } };
    let mut told = story.machine.clone();
    told.on(exited, stamp(story.now));
    assert!(told.conditions().iter().any(|it| it.kind == ConditionKind::AllContainersRestarting && it.holds));
    story.exits("a", 88);
    assert_eq!(story.took(), ["a ends with 88", "kill b", "b ends with 137", "launch init"]);
    assert_eq!(says(&story), ("False".to_owned(), String::new()));
    story.exits("init", 0);
    assert_eq!(story.took(), ["init ends with 0", "launch a", "launch b"]);
    let status = story.status();
    let last = status.container_statuses[1].last_state.clone().and_then(|state| state.terminated).expect("it ended");
    assert_eq!((last.exit_code, last.reason.as_deref()), (137, Some("RestartingAllContainers")));
}

#[test]
fn another_image_restarts_that_container_alone() {
    let spec = "restartPolicy: Never\ncontainers: [{name: a, image: 'i:1'}, {name: b, image: 'i:1'}]";
    let mut story = told(spec).begin();
    story.took();
    let mut plan = story.machine.plan().clone();
    plan.containers[0].image = "i:2".to_owned();
    story.tell(Event::Changed(Box::new(plan)));
    assert_eq!(story.took(), ["stop a", "a ends with 143", "launch a"]);
    assert_eq!(story.notes("Killing"), ["1x Container a definition changed, will be restarted"]);
    assert_eq!(story.row(), "2/2 Running 1 (0s ago)");
}

#[test]
fn another_image_begins_the_waits_anew() {
    let mut story = told("containers: [{name: main, image: 'i:1'}]").begin();
    for at in [0.0, 10.0, 30.0] {
        story.at(at);
        story.exits("main", 1);
    }
    story.at(31.0);
    assert!(story.waits("main").contains("back-off 20s"), "{}", story.waits("main"));
    let mut plan = story.machine.plan().clone();
    plan.containers[0].image = "i:2".to_owned();
    story.tell(Event::Changed(Box::new(plan)));
    assert_eq!(story.when("launch main").last(), Some(&31.0));
    story.exits("main", 1);
    story.at(60.0);
    // Once more at once, and then what is waited for first.
    story.exits("main", 1);
    story.at(70.0);
    let times = story.when("launch main");
    assert_eq!(times[times.len() - 2..], [31.0, 70.0], "{times:?}");
}

#[test]
fn what_cannot_be_made_is_tried_again() {
    let mut story = told("containers: [{name: main, image: 'i:1'}]");
    let trouble = refusal(Waiting::CreateContainerConfigError, "secret \"x\" not found");
    story.launches.insert("main".to_owned(), LaunchFailure::Create(trouble));
    story.tell(Event::Begin);
    story.at(15.0);
    assert_eq!(story.row(), "0/1 CreateContainerConfigError 0");
    assert_eq!(story.waits("main"), "CreateContainerConfigError: secret \"x\" not found");
    assert_eq!((story.when("launch main"), story.phase()), (vec![0.0, 10.0], "Pending".to_owned()));
    assert_eq!(story.notes("Failed"), ["2x Error: secret \"x\" not found"]);
    story.launches.clear();
    story.at(20.0);
    assert_eq!(story.row(), "1/1 Running 0", "and was never started before");
}

#[test]
fn what_cannot_be_started_has_ended() {
    let mut story = told("containers: [{name: main, image: 'i:1'}]");
    story.launches.insert("main".to_owned(), LaunchFailure::Start("exec: \"/no\": no such file".to_owned()));
    story.tell(Event::Begin);
    assert_eq!(story.when("launch main").len(), 2, "the first time again at once");
    assert_eq!(story.row(), "0/1 RunContainerError 1 (0s ago)");
    let status = story.status().container_statuses.remove(0);
    let last = status.last_state.and_then(|state| state.terminated).expect("it ended");
    assert_eq!((last.exit_code, last.reason.as_deref()), (128, Some("StartError")));
    assert_eq!(last.started_at.map(|time| time.0.as_second()), Some(0));
    story.at(1.0);
    assert_eq!(story.row(), "0/1 CrashLoopBackOff 1 (1s ago)");
    assert_eq!(story.phase(), "Running");
}

#[test]
fn what_cannot_be_started_has_failed_where_nothing_is_started_again() {
    let mut story = told("restartPolicy: Never\ncontainers: [{name: main, image: 'i:1'}]");
    story.launches.insert("main".to_owned(), LaunchFailure::Start("no".to_owned()));
    story.tell(Event::Begin);
    assert_eq!((story.row().as_str(), story.phase().as_str()), ("0/1 StartError 0", "Failed"));
}

#[test]
fn who_is_put_in_to_look_is_there_once_and_counts_for_nothing() {
    let spec = "initContainers: [{name: init, image: 'i:1'}]\ncontainers: [{name: a, image: 'i:1'}]";
    let mut story = told(spec).begin();
    story.took();
    let mut plan = story.machine.plan().clone();
    let dbg = crate::compile::ContainerSpec {
        name: "dbg".to_owned(),
        role: crate::compile::Role::Ephemeral,
        ..plan.containers[1].clone()
    };
    plan.containers.push(dbg);
    story.tell(Event::Changed(Box::new(plan)));
    assert_eq!(story.took(), ["launch dbg"], "it does not wait for what comes before the others");
    story.exits("init", 0);
    assert_eq!(story.took(), ["init ends with 0", "launch a"]);
    story.exits("dbg", 1);
    assert_eq!(story.took(), ["dbg ends with 1"], "and it is not started again");
    assert_eq!(story.row(), "1/1 Running 0");
    let status = story.status().ephemeral_container_statuses.remove(0);
    let ended = status.state.and_then(|state| state.terminated).expect("it has ended");
    assert_eq!((ended.exit_code, status.restart_count, status.ready), (1, 0, false));
    story.tell(Event::SandboxGone);
    let took = story.took();
    assert!(took.contains(&"launch init".to_owned()) && !took.contains(&"launch dbg".to_owned()), "{took:?}");
}
