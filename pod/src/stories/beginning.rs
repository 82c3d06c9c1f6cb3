//! How pods come up, and what phase and conditions they have on the way.

use super::*;

const ONE: &str = "containers: [{name: main, image: 'i:1'}]";

#[test]
fn nothing_is_there_before_it_begins() {
    let story = told(ONE);
    assert_eq!(story.row(), "0/1 ContainerCreating 0");
    assert_eq!(story.phase(), "Pending");
    assert_eq!(story.waits("main"), "ContainerCreating: ");
    assert!(!story.holds("PodReadyToStartContainers") && story.holds("PodScheduled") && story.holds("Initialized"));
    assert_eq!(story.why_not("Ready"), "ContainersNotReady: containers with unready status: [main]");
}

#[test]
fn a_pod_with_init_containers_is_initializing_in_all_of_them() {
    let story = told("initContainers: [{name: first, image: 'i:1'}]\ncontainers: [{name: main, image: 'i:1'}]");
    assert_eq!(story.row(), "0/1 Init:0/1 0");
    assert_eq!((story.waits("first"), story.waits("main")), ("PodInitializing: ".into(), "PodInitializing: ".into()));
    assert_eq!(story.why_not("Initialized"), "ContainersNotInitialized: containers with incomplete status: [first]");
}

#[test]
fn volumes_sandbox_and_containers_come_in_order() {
    let mut story = told("containers: [{name: zebra, image: 'i:1'}, {name: ape, image: 'i:1'}]").begin();
    assert_eq!(story.took(), ["make the sandbox", "launch zebra", "launch ape"]);
    assert_eq!(story.row(), "2/2 Running 0");
    let status = story.status();
    let names: Vec<_> = status.container_statuses.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["ape", "zebra"], "statuses are in the order of names");
    assert_eq!(status.pod_ip.as_deref(), Some("10.0.0.1"));
    assert_eq!(status.host_ip.as_deref(), Some("192.0.2.10"));
    assert_eq!(status.qos_class.as_deref(), Some("BestEffort"));
    let kinds: Vec<_> = status.conditions.iter().map(|it| it.r#type.as_str()).collect();
    assert_eq!(kinds, ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"]);
    assert!(kinds.iter().all(|kind| story.holds(kind)));
    assert_eq!(story.machine.deadline(), None, "nothing is due");
}

#[test]
fn volumes_that_are_not_there_are_waited_for() {
    let mut story = told(ONE);
    story.no_volume = Some("MountVolume.SetUp failed for volume \"c\" : configmap \"nosuch\" not found".to_owned());
    story.tell(Event::Begin);
    story.at(11.0);
    assert_eq!(story.row(), "0/1 ContainerCreating 0");
    let told = "5x MountVolume.SetUp failed for volume \"c\" : configmap \"nosuch\" not found";
    assert_eq!(story.notes("FailedMount"), [told], "after 0, 0.5, 1.5, 3.5 and 7.5 s");
    assert_eq!(story.status().pod_ip, None, "there is no sandbox before");
    story.no_volume = None;
    story.at(16.0);
    assert_eq!(story.row(), "1/1 Running 0");
}

#[test]
fn a_sandbox_that_cannot_be_made_is_tried_again() {
    let mut story = told(ONE);
    story.no_sandbox = Some("no more addresses".to_owned());
    story.tell(Event::Begin);
    story.at(25.0);
    assert_eq!(story.when("make the sandbox"), [0.0, 10.0, 20.0]);
    assert_eq!(story.row(), "0/1 ContainerCreating 0");
    assert_eq!(story.notes("FailedCreatePodSandBox"), ["3x Failed to create pod sandbox: no more addresses"]);
}

#[test]
fn conditions_say_since_when() {
    let mut story = told(ONE).begin();
    story.at(100.0);
    story.exits("main", 1);
    story.at(100.5);
    let since = |kind: &str| {
        let found = story.status().conditions.into_iter().find(|it| it.r#type == kind).expect("a condition");
        found.last_transition_time.expect("a time").0.as_second() - BEGIN
    };
    assert_eq!((since("Initialized"), since("Ready")), (0, 100));
}

#[test]
fn gates_that_nobody_opens_keep_it_from_being_ready() {
    let story = told(&format!("readinessGates: [{{conditionType: example.com/lb}}]\n{ONE}")).begin();
    assert!(story.holds("ContainersReady") && !story.holds("Ready"));
    assert!(story.why_not("Ready").starts_with("ReadinessGatesNotReady: "));
    let row = status::row(&story.shown(), Timestamp::from_second(BEGIN).expect("a time"));
    assert_eq!(row.gates, "0/1");
}

#[test]
fn a_pod_that_is_not_taken_has_failed() {
    let spec = "securityContext: {sysctls: [{name: net.core.somaxconn, value: '1'}]}";
    let pod = pod(&format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\nspec:\n  {ONE}\n  {spec}\n"));
    let rejection = compile::pod(&pod, &node()).expect_err("it is not to be had");
    assert_eq!(rejection.to_string(), "Pod was rejected: forbidden sysctl: \"net.core.somaxconn\" not allowlisted");
    let plan = told(ONE).machine.plan().clone();
    let machine = Machine::rejected(plan, &rejection, stamp(0));
    let shown = status::pod(&pod, &machine, &node());
    assert_eq!(shown.status.as_ref().and_then(|status| status.phase.as_deref()), Some("Failed"));
    assert_eq!(status::row(&shown, Timestamp::UNIX_EPOCH).status, "SysctlForbidden");
    assert_eq!(shown.status.and_then(|status| status.reason).as_deref(), Some("SysctlForbidden"));
}

#[test]
fn a_healthy_start_is_told() {
    let story = told(ONE).begin();
    let told: Vec<_> = story.machine.log().notes().iter().map(|note| note.reason.as_str()).collect();
    assert_eq!(told, ["Pulled", "Created", "Started"]);
    let present = "1x Container image \"i:1\" already present on machine and can be accessed by the pod";
    assert_eq!(story.notes("Pulled"), [present]);
}
