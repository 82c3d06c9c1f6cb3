//! A pod told at length, as kubectl tells it.

use super::*;

const FULL: &str = r#"apiVersion: v1
kind: Pod
metadata: {name: full, namespace: talk, labels: {a: b, c: d}, annotations: {note: hello}}
spec:
  nodeName: node1
  initContainers:
  - {name: first, image: 'i:1', envFrom: [{configMapRef: {name: cm}, prefix: P_}]}
  containers:
  - name: main
    image: i:1
    command: [sh, -c]
    args: ['id; sleep 1000']
    env: [{name: A, value: x}, {name: B, value: '$(A)y$$(C)'}, {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}, {name: CPU, valueFrom: {resourceFieldRef: {resource: limits.cpu}}}, {name: K, valueFrom: {secretKeyRef: {name: s, key: k}}}]
    resources: {requests: {cpu: 100m, memory: 16Mi}, limits: {cpu: 100m, memory: 16Mi}}
    volumeMounts: [{name: e, mountPath: /e}, {name: h, mountPath: /h, readOnly: true}, {name: d, mountPath: /d, subPath: s}]
    ports: [{name: web, containerPort: 8080}]
    livenessProbe: {httpGet: {path: /x, port: web}, initialDelaySeconds: 100}
  volumes:
  - {name: e, emptyDir: {medium: Memory, sizeLimit: 1Mi}}
  - {name: h, hostPath: {path: /tmp, type: Directory}}
  - {name: d, emptyDir: {}}
"#;

const TOLD: &str = r#"Name:             full
Namespace:        talk
Priority:         0
Service Account:  default
Node:             node1/192.0.2.10
Start Time:       Fri, 15 Jan 2027 08:00:00 +0000
Labels:           a=b
                  c=d
Annotations:      note: hello
Status:           Running
IP:               10.0.0.1
IPs:
  IP:  10.0.0.1
Init Containers:
  first:
    Container ID:   podkit://first-0
    Image:          i:1
    Image ID:       i@sha256:1
    Port:           <none>
    Host Port:      <none>
    State:          Terminated
      Reason:       Completed
      Exit Code:    0
      Started:      Fri, 15 Jan 2027 08:00:00 +0000
      Finished:     Fri, 15 Jan 2027 08:00:02 +0000
    Ready:          True
    Restart Count:  0
    Environment Variables from:
      cm          ConfigMap with prefix 'P_'  Optional: false
    Environment:  <none>
    Mounts:       <none>
Containers:
  main:
    Container ID:  podkit://main-0
    Image:         i:1
    Image ID:      i@sha256:1
    Port:          8080/TCP (web)
    Host Port:     0/TCP (web)
    Command:
      sh
      -c
    Args:
      id; sleep 1000
    State:          Running
      Started:      Fri, 15 Jan 2027 08:00:02 +0000
    Ready:          True
    Restart Count:  0
    Limits:
      cpu:     100m
      memory:  16Mi
    Requests:
      cpu:     100m
      memory:  16Mi
    Liveness:  http-get http://:web/x delay=100s timeout=1s period=10s #success=1 #failure=3
    Environment:
      A:     x
      B:     $(A)y$$(C)
      NODE:   (v1:spec.nodeName)
      CPU:   1 (limits.cpu)
      K:     <set to the key 'k' in secret 's'>  Optional: false
    Mounts:
      /d from d (rw,path="s")
      /e from e (rw)
      /h from h (ro)
Conditions:
  Type                        Status
  PodReadyToStartContainers   True 
  Initialized                 True 
  Ready                       True 
  ContainersReady             True 
  PodScheduled                True 
Volumes:
  e:
    Type:       EmptyDir (a temporary directory that shares a pod's lifetime)
    Medium:     Memory
    SizeLimit:  1Mi
  h:
    Type:          HostPath (bare host directory volume)
    Path:          /tmp
    HostPathType:  Directory
  d:
    Type:        EmptyDir (a temporary directory that shares a pod's lifetime)
    Medium:      
    SizeLimit:   <unset>
QoS Class:       Burstable
Node-Selectors:  <none>
Tolerations:     node.kubernetes.io/not-ready:NoExecute op=Exists for 300s
                 node.kubernetes.io/unreachable:NoExecute op=Exists for 300s
Events:
  Type    Reason   Age   From  Message
  ----    ------   ----  ----  -------
  Normal  Pulled   3s    pod   spec.initContainers{first}: Container image "i:1" already present on machine and can be accessed by the pod
  Normal  Created  3s    pod   spec.initContainers{first}: Container created
  Normal  Started  3s    pod   spec.initContainers{first}: Container started
  Normal  Pulled   1s    pod   spec.containers{main}: Container image "i:1" already present on machine and can be accessed by the pod
  Normal  Created  1s    pod   spec.containers{main}: Container created
  Normal  Started  1s    pod   spec.containers{main}: Container started
"#;

fn told_at(story: &Story) -> String {
    let now = Timestamp::from_second(stamp(story.now).wall).expect("a time");
    status::describe(&story.shown(), story.machine.log(), now)
}

#[test]
fn everything_stands_where_kubectl_has_it() {
    let mut story = told_of(pod(FULL)).begin();
    story.at(2.0);
    story.exits("first", 0);
    story.at(3.0);
    let found = told_at(&story);
    for (number, (found, expected)) in found.lines().zip(TOLD.lines()).enumerate() {
        assert_eq!(found, expected, "line {}", number + 1);
    }
    assert_eq!(found.lines().count(), TOLD.lines().count());
}

#[test]
fn what_is_wrong_is_told() {
    let mut story = told("terminationGracePeriodSeconds: 9\ncontainers: [{name: main, image: 'i:1'}]").begin();
    story.exits("main", 3);
    story.at(1.0);
    story.ends("main", Exit { code: 3, message: "no disk".to_owned(), ..Exit::default() });
    story.at(2.5);
    let found = told_at(&story);
    for line in [
        "    State:          Waiting",
        "      Reason:       CrashLoopBackOff",
        "    Last State:     Terminated",
        "      Message:      no disk",
        "      Exit Code:    3",
        "    Ready:          False",
        "    Restart Count:  1",
    ] {
        assert!(found.lines().any(|known| known == line), "{line}:\n{found}");
    }
    let events = "  Normal   Started  2s (x2 over 2s)  pod   spec.containers{main}: Container started";
    assert!(found.lines().any(|known| known == events), "{found}");
    story.at(12.0);
    story.deaf.insert("main".to_owned());
    story.tell(Event::Delete { grace: None });
    story.at(13.0);
    let found = told_at(&story);
    assert!(found.contains("Termination Grace Period:  9s"), "{found}");
}

#[test]
fn a_pod_of_nothing_but_its_manifest_can_be_told() {
    let pod = pod(FULL);
    let found = status::describe(&pod, told_of(pod.clone()).machine.log(), Timestamp::UNIX_EPOCH);
    assert!(found.contains("Events:") && found.ends_with("<none>\n"), "{found}");
}

#[test]
fn what_others_wrote_moves_no_terminal() {
    let text = "\u{1b}]0;x\u{7}\u{9b}2J\rz";
    let mut written = pod(FULL);
    written.metadata.labels.insert("l".to_owned(), text.to_owned());
    written.metadata.annotations.insert("note".to_owned(), format!("one\n{text}"));
    let spec = written.spec.as_mut().expect("a spec");
    spec.containers[0].args = vec![text.to_owned()];
    spec.containers[0].env[0].value = Some(format!("{text}\n{text}\tw"));
    spec.volumes[1].host_path.as_mut().expect("a path of the host").path = text.to_owned();
    let mut story = told_of(written).begin();
    story.exits("first", 0);
    story.at(1.0);
    story.ends("main", Exit { code: 3, message: text.to_owned(), ..Exit::default() });
    story.at(2.0);
    let found = told_at(&story);
    let moves = |letter: char| letter.is_control() && !matches!(letter, '\t' | '\n');
    assert!(!found.contains(moves), "{found:?}");
    // Label, annotation, argument, two lines of a variable, volume, message.
    assert_eq!(found.matches(r"\u{1b}]0;x\u{7}\u{9b}2J\rz").count(), 7, "{found}");
}

/// Nothing of ours says so; it is the printer's to know what others have written.
#[test]
fn words_that_only_others_say_are_kubectls() {
    let row = |status: &str, deleted: &str| {
        let spec = "spec: {initContainers: [{name: i, image: 'i:1'}], containers: [{name: a, image: 'i:1'}]}";
        let mut pod =
            pod(&format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\n{spec}\nstatus: {{{status}}}\n"));
        if !deleted.is_empty() {
            pod.metadata.deletion_timestamp = Some(manifest::value::Time(deleted.parse().expect("a time")));
        }
        status::row(&pod, Timestamp::from_second(BEGIN).expect("a time")).status
    };
    let ended = |name: &str, how: &str| {
        format!(
            "{{name: {name}, image: 'i:1', imageID: x, ready: false, restartCount: 0, state: {{terminated: {{{how}}}}}}}"
        )
    };
    let done = ended("i", "exitCode: 0, reason: Completed");
    for (how, word) in [("exitCode: 137, signal: 9", "Signal:9"), ("exitCode: 3", "ExitCode:3")] {
        let (init, main) = (ended("i", how), ended("a", how));
        let status = format!("phase: Running, initContainerStatuses: [{done}], containerStatuses: [{main}]");
        assert_eq!(row(&status, ""), word);
        assert_eq!(row(&format!("phase: Pending, initContainerStatuses: [{init}]"), ""), format!("Init:{word}"));
    }
    let gated = "phase: Pending, conditions: [{type: PodScheduled, status: 'False', reason: SchedulingGated}]";
    assert_eq!(row(gated, ""), "SchedulingGated");
    assert_eq!(row(&format!("{gated}, initContainerStatuses: [{done}]"), ""), "SchedulingGated");
    let lost = format!("phase: Running, reason: NodeLost, initContainerStatuses: [{done}]");
    assert_eq!((row(&lost, "").as_str(), row(&lost, "2027-01-15T08:00:00Z").as_str()), ("NodeLost", "Unknown"));
}
