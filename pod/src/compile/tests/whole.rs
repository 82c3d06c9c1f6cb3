//! Probes, policies, and plans as text.

use super::*;

#[test]
fn probes_have_their_defaults_and_their_ports() {
    let pod = one(
        "ports: [{name: http, containerPort: 8080}]\nenv: [{name: A, value: '1'}, {name: B, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]\nlivenessProbe: {httpGet: {port: http}}\nreadinessProbe: {exec: {command: [$(A), $(B)]}}\nstartupProbe: {tcpSocket: {port: nosuch}}\nlifecycle: {preStop: {sleep: {seconds: 3}}, postStart: {exec: {command: [$(A)]}}}",
    );
    let spec = planned(&pod).containers.remove(0);
    let liveness = spec.probes.liveness.expect("a probe");
    let numbers = (liveness.initial_delay, liveness.period, liveness.timeout, liveness.success, liveness.failure);
    assert_eq!(numbers, (0, 10, 1, 1, 3));
    let Handler::Http(get) = liveness.handler else { panic!("a request") };
    assert_eq!((get.port, get.path.as_str(), get.scheme, get.host), (PortRef::Number(8080), "/", Scheme::Http, None));
    let command = vec!["1".to_owned(), "$(B)".to_owned()];
    assert_eq!(spec.probes.readiness.expect("a probe").handler, Handler::Exec { command });
    let unknown = Handler::Tcp { host: None, port: PortRef::Unknown("nosuch".to_owned()) };
    assert_eq!(spec.probes.startup.expect("a probe").handler, unknown);
    assert_eq!(spec.pre_stop, Some(HookPlan::Sleep(3)));
    let as_written = Handler::Exec { command: vec!["$(A)".to_owned()] };
    assert_eq!(spec.post_start, Some(HookPlan::Do(as_written)), "hooks are done as they are written");
}

#[test]
fn roles_policies_and_graces() {
    let pod = web(
        "restartPolicy: OnFailure\nterminationGracePeriodSeconds: 7\nactiveDeadlineSeconds: 60\ninitContainers: [{name: i, image: 'i:1'}, {name: s, image: 'i:1', restartPolicy: Always}]\ncontainers: [{name: main, image: 'i:1', terminationMessagePolicy: FallbackToLogsOnError, imagePullPolicy: Never}]",
    );
    let plan = planned(&pod);
    let found: Vec<_> = plan.containers.iter().map(|it| (it.name.as_str(), it.role, it.restart)).collect();
    let expected = [
        ("i", Role::Init, Restart::OnFailure),
        ("s", Role::Sidecar, Restart::Always),
        ("main", Role::Regular, Restart::OnFailure),
    ];
    assert_eq!(found, expected);
    assert_eq!((plan.grace, plan.deadline), (7, Some(60)));
    let main = &plan.containers[2];
    assert_eq!(
        (main.pull, main.termination.or_log, main.termination.path.as_str()),
        (Pull::Never, true, "/dev/termination-log")
    );
    let mut negative = pod.clone();
    negative.spec.as_mut().expect("a spec").termination_grace_period_seconds = Some(-5);
    assert_eq!(planned(&negative).grace, 1);
}

#[test]
fn plans_are_text_and_come_back() {
    let pod = one("env: [{name: A, value: '1'}]");
    let plan = planned(&pod);
    let text = serde_json::to_string(&plan).expect("text");
    assert_eq!(serde_json::from_str::<PodPlan>(&text).expect("a plan"), plan);
    let start = started(&pod, &facts()).expect("a start");
    let text = serde_json::to_string(&start).expect("text");
    assert_eq!(serde_json::from_str::<Start>(&text).expect("a start"), start);
}
