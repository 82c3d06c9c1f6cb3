//! How containers are asked how they are.

use super::*;

fn one(probe: &str) -> Story {
    told(&format!(
        "terminationGracePeriodSeconds: 2\ncontainers:\n- name: main\n  image: 'i:1'\n  ports: [{{name: http, containerPort: 80}}]\n  {probe}"
    ))
}

fn unwell(story: &mut Story, kind: ProbeKind, why: &str) {
    story.answers.insert(("main".to_owned(), kind), Outcome::Failure(why.to_owned()));
}

#[test]
fn they_begin_at_once_and_come_every_period() {
    let mut story = one("readinessProbe: {tcpSocket: {port: http}, periodSeconds: 3}").begin();
    story.at(10.0);
    assert_eq!(story.when("probe main Readiness"), [0.0, 3.0, 6.0, 9.0]);
}

#[test]
fn a_first_delay_is_counted_from_the_start_of_each_instance() {
    let mut story = one("readinessProbe: {tcpSocket: {port: http}, periodSeconds: 10, initialDelaySeconds: 5}").begin();
    story.at(6.0);
    assert_eq!(story.when("probe"), [5.0]);
    story.exits("main", 1);
    story.at(12.0);
    assert_eq!(story.when("probe"), [5.0, 11.0]);
}

#[test]
fn readiness_follows_its_thresholds_and_restarts_nothing() {
    let probe = "readinessProbe: {tcpSocket: {port: 80}, periodSeconds: 1, successThreshold: 2, failureThreshold: 3}";
    let mut story = one(probe).begin();
    assert_eq!(story.row(), "0/1 Running 0", "one success is not enough");
    story.at(1.0);
    assert_eq!(story.row(), "1/1 Running 0");
    unwell(&mut story, ProbeKind::Readiness, "refused");
    story.at(3.5);
    assert_eq!(story.row(), "1/1 Running 0", "two failures are not enough");
    story.at(4.0);
    assert_eq!(story.row(), "0/1 Running 0");
    assert_eq!(story.notes("Unhealthy"), ["3x Readiness probe failed: refused"]);
    story.at(100.0);
    assert_eq!(story.when("launch main").len(), 1);
    story.answers.clear();
    story.at(102.5);
    assert_eq!(story.row(), "1/1 Running 0");
}

#[test]
fn answers_are_counted_in_a_row() {
    let mut story = one("livenessProbe: {tcpSocket: {port: 80}, periodSeconds: 1, failureThreshold: 2}").begin();
    for second in 1..10 {
        if second % 2 == 0 {
            story.answers.clear();
        } else {
            unwell(&mut story, ProbeKind::Liveness, "refused");
        }
        story.at(f64::from(second));
    }
    assert!(story.when("stop main").is_empty());
}

#[test]
fn one_that_is_not_alive_is_ended_and_started_again() {
    let mut story = one("livenessProbe: {exec: {command: [cat, /tmp/ok]}, periodSeconds: 2, failureThreshold: 2}");
    story.deaf.insert("main".to_owned());
    unwell(&mut story, ProbeKind::Liveness, "no such file");
    let mut story = story.begin();
    story.at(5.0);
    assert_eq!((story.when("stop main"), story.when("kill main")), (vec![2.0], vec![4.0]));
    assert_eq!(story.when("launch main"), [0.0, 4.0]);
    assert_eq!(story.notes("Killing"), ["1x Container main failed liveness probe, will be restarted"]);
    assert_eq!(story.notes("Unhealthy"), ["3x Liveness probe failed: no such file"]);
    assert_eq!(story.row(), "1/1 Running 1 (1s ago)");
}

#[test]
fn restarts_of_one_that_is_never_alive_have_a_kubelets_times() {
    // It lives for ten seconds: eight until it is found not to be alive, and two until it ends.
    let probe = "livenessProbe: {exec: {command: [cat, /tmp/ok]}, initialDelaySeconds: 8, failureThreshold: 1}";
    let mut story = one(probe);
    story.deaf.insert("main".to_owned());
    unwell(&mut story, ProbeKind::Liveness, "no such file");
    let mut story = story.begin();
    story.at(40.0);
    assert_eq!(story.when("launch main"), [0.0, 10.0, 20.0, 30.0], "counted from the end before, as a cluster did");
    story.at(41.0);
    assert_eq!(story.row(), "0/1 CrashLoopBackOff 3 (1s ago)");
    story.at(60.0);
    assert_eq!(story.when("launch main").last(), Some(&60.0));
}

#[test]
fn a_probes_own_grace_counts_and_no_restart_is_promised_under_never() {
    let probe = "livenessProbe: {tcpSocket: {port: 80}, failureThreshold: 1, terminationGracePeriodSeconds: 7}";
    let mut story = told(&format!("restartPolicy: Never\ncontainers:\n- name: main\n  image: 'i:1'\n  {probe}"));
    story.deaf.insert("main".to_owned());
    unwell(&mut story, ProbeKind::Liveness, "refused");
    let mut story = story.begin();
    story.at(10.0);
    assert_eq!((story.when("stop main"), story.when("kill main")), (vec![0.0], vec![7.0]));
    assert_eq!(story.notes("Killing"), ["1x Container main failed liveness probe"]);
    assert_eq!((story.when("launch main").len(), story.phase().as_str()), (1, "Failed"));
}

#[test]
fn rules_are_not_asked_about_one_that_was_killed_for_its_probe() {
    let rules =
        "restartPolicy: Never\n  restartPolicyRules:\n  - {action: Restart, exitCodes: {operator: In, values: [143]}}";
    let probe = "livenessProbe: {tcpSocket: {port: 80}, failureThreshold: 1}";
    let spec = format!("restartPolicy: Never\ncontainers:\n- name: main\n  image: 'i:1'\n  {rules}\n  {probe}");
    let mut story = told(&spec);
    unwell(&mut story, ProbeKind::Liveness, "refused");
    let mut story = story.begin();
    story.at(1.0);
    assert_eq!((story.when("stop main").len(), story.when("launch main").len()), (1, 1));
    assert_eq!(story.phase(), "Failed");
    // The same code is asked about where it has ended so by itself.
    let mut story = told(&spec).begin();
    story.exits("main", 143);
    assert_eq!(story.when("launch main").len(), 2);
}

#[test]
fn under_on_failure_one_that_is_not_alive_is_started_again_even_if_it_ends_well() {
    let probe = "livenessProbe: {tcpSocket: {port: 80}, failureThreshold: 1, periodSeconds: 5}";
    let mut story =
        told(&format!("restartPolicy: OnFailure\ncontainers:\n- name: main\n  image: 'i:1'\n  {probe}")).begin();
    story.deaf.insert("main".to_owned());
    unwell(&mut story, ProbeKind::Liveness, "refused");
    story.at(5.0);
    story.exits("main", 0);
    assert_eq!(story.when("launch main").len(), 2);
}

#[test]
fn nothing_else_is_asked_before_it_has_come_up() {
    let probes = "startupProbe: {tcpSocket: {port: 80}, periodSeconds: 1, failureThreshold: 10}\n  readinessProbe: {tcpSocket: {port: 80}, periodSeconds: 2}\n  livenessProbe: {tcpSocket: {port: 80}, periodSeconds: 2}";
    let mut story = one(probes);
    unwell(&mut story, ProbeKind::Startup, "refused");
    let mut story = story.begin();
    story.at(2.5);
    assert_eq!((story.when("probe main Readiness").len(), story.when("probe main Liveness").len()), (0, 0));
    assert_eq!(story.row(), "0/1 Running 0");
    assert_eq!(story.status().container_statuses[0].started, Some(false));
    story.answers.clear();
    story.at(3.0);
    assert_eq!((story.when("probe main Readiness"), story.when("probe main Liveness")), (vec![3.0], vec![3.0]));
    assert_eq!(story.row(), "1/1 Running 0");
    story.at(10.0);
    assert_eq!(story.when("probe main Startup"), [0.0, 1.0, 2.0, 3.0], "and is not asked that again");
}

#[test]
fn one_that_never_comes_up_is_ended() {
    let mut story = one("startupProbe: {httpGet: {path: /, port: 80}, periodSeconds: 1, failureThreshold: 3}");
    unwell(&mut story, ProbeKind::Startup, "refused");
    let mut story = story.begin();
    story.at(2.0);
    assert_eq!((story.when("stop main"), story.when("launch main")), (vec![2.0], vec![0.0, 2.0]));
    assert_eq!(story.notes("Killing"), ["1x Container main failed startup probe, will be restarted"]);
    assert_eq!(story.notes("Unhealthy"), ["4x Startup probe failed: refused"]);
}

#[test]
fn a_container_without_probes_is_ready_as_soon_as_it_runs() {
    assert_eq!(one("tty: false").begin().row(), "1/1 Running 0");
}

#[test]
fn what_could_not_be_asked_is_tried_three_times_and_not_counted() {
    let mut story = one("livenessProbe: {tcpSocket: {port: nosuch}, periodSeconds: 5, failureThreshold: 1}");
    let error = Outcome::Error("no port is called nosuch".to_owned());
    story.answers.insert(("main".to_owned(), ProbeKind::Liveness), error);
    let mut story = story.begin();
    story.at(6.0);
    assert_eq!(story.when("probe"), [0.0, 0.0, 0.0, 5.0, 5.0, 5.0]);
    assert!(story.when("stop").is_empty());
    let told = "2x Liveness probe errored and resulted in unknown state: no port is called nosuch";
    assert_eq!(story.notes("Unhealthy"), [told]);
}

#[test]
fn a_warning_is_told_and_is_a_success() {
    let mut story = one("readinessProbe: {httpGet: {port: 80}}");
    let warning = Outcome::Warning("Probe terminated redirects".to_owned());
    story.answers.insert(("main".to_owned(), ProbeKind::Readiness), warning);
    let story = story.begin();
    assert_eq!(story.row(), "1/1 Running 0");
    assert_eq!(story.notes("ProbeWarning"), ["1x Readiness probe warning: Probe terminated redirects"]);
}

#[test]
fn at_the_end_only_readiness_is_asked() {
    let probes = "readinessProbe: {tcpSocket: {port: 80}, periodSeconds: 1}\n  livenessProbe: {tcpSocket: {port: 80}, periodSeconds: 1}";
    let mut story = one(probes).begin();
    story.deaf.insert("main".to_owned());
    story.at(0.5);
    story.took();
    story.tell(Event::Delete { grace: Some(3) });
    story.at(2.9);
    assert_eq!((story.when("probe main Liveness").len(), story.when("probe main Readiness").len()), (0, 2));
    assert_eq!(story.row(), "1/1 Terminating 0", "who still answers is still ready");
    unwell(&mut story, ProbeKind::Liveness, "refused");
    story.at(3.2);
    assert_eq!(story.notes("Unhealthy"), [""; 0]);
}

#[test]
fn an_answer_that_comes_too_late_is_nobodys() {
    let mut story = one("readinessProbe: {tcpSocket: {port: 80}}").begin();
    let late = Event::Probed {
        container: "main".to_owned(),
        kind: ProbeKind::Readiness,
        job: 999,
        outcome: Outcome::Failure("no".to_owned()),
    };
    story.tell(late);
    assert_eq!(story.notes("Unhealthy"), [""; 0]);
}
