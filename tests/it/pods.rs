//! Pods of manifests, from apply to delete: what a kubelet would do, on one machine.

mod attached;
mod cluster;
mod distroless;
mod foreground;
mod generated;
mod living;
mod many;
mod order;
mod pipes;
mod prober;
mod prune;
mod rights;
mod seeds;
mod side;
mod statuses;
mod submit;
mod talk;
mod transcript;
mod used;
mod verbs;
mod volumes;

use std::fs;
use std::os::unix::fs::symlink;

use libtest_mimic::Trial;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::house::{House, User, binaries, eventually};
use crate::trial::{Need, as_each_user, trial};
use fixtures::find;

/// All that the images of these tests have a program for.
pub(crate) const BUSYBOX: &[Need] = &[Need::Program("busybox")];

/// The same, and a server of TLS.
const TLS: &[Need] = &[Need::Program("busybox"), Need::Program("openssl")];

/// The same, at a terminal.
const TERMINALS: &[Need] = &[Need::Program("busybox"), Need::Program("setsid"), Need::Program("stty")];

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials: Vec<Trial> = [
        as_each_user("pods::of_two_containers_share_volumes_and_see_their_config_change", BUSYBOX, shared),
        as_each_user("pods::with_an_init_container_do_their_work_once", BUSYBOX, once),
        as_each_user("pods::that_crash_are_started_again_and_wait_longer_each_time", BUSYBOX, crashing),
        as_each_user("pods::are_ready_when_their_probe_says_so_and_restarted_when_it_does_not", BUSYBOX, probed),
        as_each_user("pods::go_on_whoever_is_killed", BUSYBOX, killed),
        as_each_user("pods::wait_for_what_is_missing_and_come_when_it_does", BUSYBOX, missing),
        as_each_user("pods::are_refused_before_anything_of_them_is_there", BUSYBOX, refused),
        as_each_user("pods::have_files_of_many_sources_as_they_are_now", BUSYBOX, volumes::files),
        as_each_user("pods::find_again_what_was_claimed", BUSYBOX, volumes::claimed),
        as_each_user(
            "pods::have_of_the_machine_what_they_name_and_nothing_beside_it",
            BUSYBOX,
            volumes::of_the_machine,
        ),
        as_each_user("pods::begin_and_end_in_the_order_of_their_containers", BUSYBOX, order::of_sidecars_and_hooks),
        as_each_user("pods::are_shown_as_a_cluster_shows_them", BUSYBOX, cluster::agree),
        as_each_user("pods::are_shown_side_by_side_as_a_cluster_shows_them", BUSYBOX, side::by_side),
        as_each_user("pods::are_shown_as_their_containers_ended", BUSYBOX, statuses::of_ends),
        as_each_user("pods::are_shown_to_wait_for_what_comes_before", BUSYBOX, statuses::of_what_comes_before),
        as_each_user("pods::are_shown_to_wait_for_images", BUSYBOX, statuses::of_images),
        as_each_user("pods::are_shown_with_why_they_fail", BUSYBOX, statuses::of_failures),
        as_each_user(
            "pods::that_use_more_than_a_volume_may_hold_are_evicted",
            BUSYBOX,
            statuses::of_one_that_has_used_too_much,
        ),
        as_each_user("pods::wait_as_a_kubelet_has_them_wait", BUSYBOX, statuses::of_a_crash_loop),
        as_each_user("pods::of_one_static_file_are_probed", &[], distroless::probed),
        as_each_user("pods::have_ports_for_packets", &[], distroless::packets),
        as_each_user("pods::tell_what_they_use", BUSYBOX, used::top),
        as_each_user("pods::come_and_go_many_at_once", BUSYBOX, many::at_once),
        as_each_user("pods::of_which_nothing_is_due_wake_nobody", BUSYBOX, many::asleep),
        as_each_user("pods::beside_a_bad_document_are_applied", BUSYBOX, many::one_bad_among_good),
        as_each_user("pods::that_are_wrong_are_refused_as_a_cluster_refuses_them", &[], many::refused),
        as_each_user("pods::as_people_write_them_serve", BUSYBOX, seeds::of_one_container),
        as_each_user("pods::as_people_write_them_are_a_blog", BUSYBOX, seeds::of_a_blog),
        as_each_user("pods::as_people_write_them_prepare_first", BUSYBOX, seeds::with_init_containers),
        as_each_user("pods::as_people_write_them_share", BUSYBOX, seeds::that_share),
        as_each_user("pods::have_their_images_fetched_once", BUSYBOX, seeds::fetched),
        as_each_user("pods::have_claims_of_their_own", BUSYBOX, volumes::own),
        as_each_user("pods::have_the_files_of_images", BUSYBOX, volumes::images),
        as_each_user("pods::are_waited_for_until_they_are_what_they_are_for", BUSYBOX, submit::waited_for),
        as_each_user("pods::are_entered_by_the_container_that_kubectl_would_take", BUSYBOX, submit::entered),
        as_each_user("pods::go_with_their_namespace", BUSYBOX, submit::with_their_namespace),
        as_each_user("pods::that_are_no_more_leave_nothing_for_ever", BUSYBOX, submit::swept),
        as_each_user("pods::are_planned_and_the_plan_is_shown", &[], submit::planned),
        as_each_user("pods::give_way_to_others_by_force", BUSYBOX, submit::by_force),
        as_each_user("pods::and_the_like_come_from_addresses", &[], submit::from_addresses),
        as_each_user("pods::are_asked_by_somebody_without_rights", BUSYBOX, prober::without_rights),
        as_each_user("pods::are_asked_over_tls", TLS, prober::over_tls),
        as_each_user("pods::have_all_rights_in_containers_that_are_privileged", BUSYBOX, rights::privileged),
        as_each_user(
            "pods::are_among_the_machines_processes_and_end_with_all_they_have_started",
            BUSYBOX,
            rights::among_the_machines,
        ),
        as_each_user("pods::have_ids_of_their_own_where_they_ask_for_them", BUSYBOX, rights::ids_of_their_own),
        as_each_user("pods::have_terminals_and_open_inputs_where_they_are_asked_for", BUSYBOX, rights::typed_at),
        as_each_user("pods::are_stayed_with_to_the_end_that_was_asked_for", BUSYBOX, foreground::to_the_end),
        as_each_user("pods::are_stayed_with_until_they_end_by_themselves", BUSYBOX, foreground::by_itself),
        as_each_user("pods::go_on_when_who_stays_with_them_is_killed", BUSYBOX, foreground::killed),
        as_each_user("pods::are_labelled_and_annotated_while_they_run", BUSYBOX, living::labelled),
        as_each_user("pods::are_given_other_images_container_by_container", BUSYBOX, living::given_other_images),
        as_each_user("pods::that_have_ended_are_made_room_of", BUSYBOX, prune::ended),
        as_each_user("pods::are_edited", BUSYBOX, living::edited),
        as_each_user("pods::are_compared_with_what_apply_would_make_of_them", BUSYBOX, living::compared),
        as_each_user("pods::are_watched", BUSYBOX, verbs::watched),
        as_each_user("pods::are_waited_for_by_name", BUSYBOX, verbs::waited_for_by_name),
        as_each_user(
            "pods::are_waited_for_though_nobody_attends_to_them",
            BUSYBOX,
            verbs::waited_for_though_nobody_attends,
        ),
        as_each_user("pods::without_logs_are_told_in_kubectls_words", BUSYBOX, verbs::logs_refused),
        as_each_user("pods::have_ports_forwarded", BUSYBOX, verbs::forwarded),
        as_each_user("pods::have_what_happens_to_them_told", BUSYBOX, verbs::told_of),
        as_each_user("pods::have_what_they_say_shown_together", BUSYBOX, verbs::logged_together),
        as_each_user("pods::are_named_as_kubectl_names_them", BUSYBOX, verbs::named),
        as_each_user("pods::have_what_goes_through_them_carried_as_it_is", BUSYBOX, pipes::carried),
        as_each_user("pods::are_told_of_to_nobody_without_complaint", BUSYBOX, pipes::unread),
        as_each_user("pods::are_told_of_without_colours_where_none_are_wanted", TERMINALS, pipes::without_colours),
        as_each_user("pods::are_typed_at", TERMINALS, pipes::at_a_terminal),
        as_each_user("pods::made_by_hand_are_manifests_too", BUSYBOX, generated::of_pods_by_hand),
        as_each_user("pods::answer_line_by_line_as_a_cluster_does", BUSYBOX, talk::answer_as_a_cluster_does),
        as_each_user("pods::answer_to_who_knows_kubectl", TERMINALS, transcript::of_one_who_knows_kubectl),
        as_each_user("pods::are_run_of_words", BUSYBOX, verbs::run),
        as_each_user("pods::are_run_of_words_and_stayed_with", BUSYBOX, attached::of_words),
        as_each_user("pods::are_run_of_words_at_terminals", TERMINALS, attached::of_words_at_terminals),
        as_each_user("pods::are_looked_into", BUSYBOX, attached::looked_into),
        as_each_user("pods::are_attached_to_at_their_inputs", BUSYBOX, attached::at_their_inputs),
        as_each_user("pods::are_attached_to_at_their_terminals", TERMINALS, attached::at_their_terminals),
        as_each_user("pods::are_selected_and_sorted", BUSYBOX, verbs::selected),
        as_each_user("pods::end_when_they_are_asked_to_or_when_their_time_is_over", BUSYBOX, order::of_ends),
    ]
    .into_iter()
    .flatten()
    .collect();
    let root = [Need::Root, Need::Program("busybox")];
    let unwatched = [Need::Root, Need::Program("busybox"), Need::Program("unshare"), Need::Userns];
    trials.push(trial("pods::begin_where_nothing_more_can_be_watched", &unwatched, many::unwatched));
    trials.push(trial("pods::end_where_there_is_hardly_any_room", &root, order::of_ends_without_room));
    trials.push(trial("pods::give_their_volumes_to_a_group", &root, volumes::grouped));
    trials.push(trial("pods::without_memory_are_shown_as_oomkilled", &root, statuses::of_one_without_memory));
    let together = "pods::of_containers_that_have_too_much_together_lose_one";
    trials.push(trial(together, &root, statuses::of_one_without_memory_together));
    trials
}

/// An image of busybox and a server, called `box`.
pub(crate) fn image(house: &House) {
    let root = house.work().join("rootfs");
    for name in ["bin", "etc", "tmp"] {
        fs::create_dir_all(root.join(name)).unwrap();
    }
    fs::copy(find("busybox").unwrap(), root.join("bin/busybox")).unwrap();
    fs::copy(binaries().join("probe"), root.join("bin/probe")).unwrap();
    for applet in [
        "sh", "cat", "ls", "id", "env", "touch", "sleep", "true", "false", "rm", "echo", "test", "hostname", "dd",
        "wc", "mkdir", "httpd",
    ] {
        symlink("busybox", root.join("bin").join(applet)).unwrap();
    }
    fs::write(root.join("etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n").unwrap();
    house.user.owns(&root);
    house.run("busybox", &["tar", "-C", root.to_str().unwrap(), "-cf", "root.tar", "."]).ok();
    house.pod(&["image", "import", "root.tar", "box"]).ok();
}

pub(crate) fn put(house: &House, name: &str, content: &str) -> String {
    let path = house.work().join(name);
    fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A pod, and what its spec has besides.
pub(crate) fn pod(name: &str, spec: &Value) -> String {
    let mut spec = spec.clone();
    spec["terminationGracePeriodSeconds"] = json!(2);
    json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name, "labels": { "app": name } }, "spec": spec })
        .to_string()
}

fn container(name: &str, script: &str) -> Value {
    json!({ "name": name, "image": "box", "imagePullPolicy": "Never", "command": ["sh", "-c", script] })
}

/// A container that waits to be ended, and hears of that.
pub(crate) fn waiting(name: &str, before: &str) -> Value {
    container(name, &format!("trap 'exit 0' TERM; {before} while :; do sleep 0.05; done"))
}

pub(crate) fn shown(house: &House, name: &str, path: &str) -> String {
    house.pod(&["get", "pod", name, "-o", &format!("jsonpath={path}")]).ok().out()
}

/// A line of `get`, as kubectl has it: ready, status, restarts.
fn line(house: &House, name: &str) -> (String, String, String) {
    let out = house.pod(&["get", "pod", name, "--no-headers"]).ok().out();
    let words: Vec<&str> = out.split_whitespace().collect();
    (words[1].to_owned(), words[2].to_owned(), words[3].to_owned())
}

#[track_caller]
fn becomes(house: &House, name: &str, status: &str) {
    eventually(&format!("{name} is {status}: {:?}", line(house, name)), || {
        (line(house, name).1 == status).then_some(())
    });
}

fn gone(house: &House, file: &str) {
    let ran = house.pod(&["delete", "-f", file]).ok();
    assert!(ran.out().ends_with("deleted from default namespace\n"), "{ran}");
    house.pod(&["delete", "cm,secrets", "--all"]).ok();
    house.nothing_is_left();
    let kept = house.work().join("data/pods");
    assert_eq!(fs::read_dir(kept).map_or(0, Iterator::count), 0);
    assert_eq!(fs::read_dir(house.work().join("data/containers")).unwrap().count(), 0);
}

fn shared(user: User) {
    let house = House::new(user);
    image(&house);
    house.pod(&["create", "configmap", "conf", "--from-literal=greeting=hello"]).ok();
    let mut writer = waiting("writer", "echo from-writer > /data/x; echo $GREETING $NAME; echo ready;");
    writer["env"] = json!([
        { "name": "GREETING", "valueFrom": { "configMapKeyRef": { "name": "conf", "key": "greeting" } } },
        { "name": "NAME", "valueFrom": { "fieldRef": { "fieldPath": "metadata.name" } } },
    ]);
    writer["volumeMounts"] = json!([{ "name": "data", "mountPath": "/data" }]);
    let mut reader = waiting("reader", "echo ready;");
    reader["volumeMounts"] = json!([
        { "name": "data", "mountPath": "/data" },
        { "name": "memory", "mountPath": "/memory" },
        { "name": "conf", "mountPath": "/conf" },
        { "name": "data", "mountPath": "/part", "subPath": "a/b" },
    ]);
    let volumes = json!([
        { "name": "data", "emptyDir": {} },
        { "name": "memory", "emptyDir": { "medium": "Memory", "sizeLimit": "1Mi" } },
        { "name": "conf", "configMap": { "name": "conf" } },
    ]);
    let spec = json!({ "containers": [writer, reader], "volumes": volumes });
    let file = put(&house, "web.json", &pod("web", &spec));
    let ran = house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    assert_eq!(ran.out(), "pod/web created\n");
    assert_eq!(line(&house, "web"), ("2/2".to_owned(), "Running".to_owned(), "0".to_owned()));
    house.logged("web", "writer", "hello web");
    let exec = |script: &str| house.pod(&["exec", "web", "-c", "reader", "--", "sh", "-c", script]).ok().out();
    house.logged("web", "writer", "ready");
    assert_eq!(
        exec("cat /data/x /conf/greeting; echo x > /memory/x; echo y > /part/y; ls /data/a/b"),
        "from-writer\nhelloy\n"
    );
    // What is in a config map is not to be written to, and changes by itself.
    house.pod(&["exec", "web", "-c", "reader", "--", "sh", "-c", "echo x > /conf/x 2>/dev/null"]).exits(1);
    let changed = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {greeting: bye}\n";
    house.pod(&["apply", "-f", &put(&house, "conf.yaml", changed)]).ok();
    eventually("the volume is as the config map", || (exec("cat /conf/greeting") == "bye").then_some(()));
    assert_eq!(house.pod(&["apply", "-f", &file]).ok().out(), "pod/web unchanged\n");
    gone(&house, &file);
}

fn once(user: User) {
    let house = House::new(user);
    image(&house);
    let mount = json!([{ "name": "data", "mountPath": "/data" }]);
    let mut first = container("first", "echo begun; sleep 0.1; echo prepared > /data/x");
    first["volumeMounts"] = mount.clone();
    let mut main = container("main", "cat /data/x; echo done > /dev/termination-log; exit 0");
    main["volumeMounts"] = mount;
    let spec = json!({ "restartPolicy": "Never", "initContainers": [first], "containers": [main],
        "volumes": [{ "name": "data", "emptyDir": {} }] });
    let file = put(&house, "once.json", &pod("once", &spec));
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    becomes(&house, "once", "Completed");
    assert_eq!(line(&house, "once"), ("0/1".to_owned(), "Completed".to_owned(), "0".to_owned()));
    assert_eq!(shown(&house, "once", "{.status.phase}"), "Succeeded");
    let ended = "{.status.containerStatuses[0].state.terminated.reason} {.status.containerStatuses[0].state.terminated.message}";
    assert_eq!(shown(&house, "once", ended), "Completed done\n");
    // What it has said is there as long as it is.
    house.logged("once", "main", "prepared");
    house.logged("once", "first", "begun");
    // Nobody attends to what is over.
    eventually("nothing of it runs", || {
        house.left().is_none_or(|left| left.starts_with("processes {},")).then_some(())
    });
    // And one that fails, fails.
    let mut main = container("main", "sleep 0.3; exit 3");
    // It is never ready meanwhile.
    main["readinessProbe"] = json!({ "exec": { "command": ["false"] } });
    let spec = json!({ "restartPolicy": "Never", "containers": [main] });
    let failing = put(&house, "failing.json", &pod("failing", &spec));
    house.pod(&["apply", "-f", &failing, "--wait", "--timeout", "30s"]).refuses(1, "pod \"failing\" has failed");
    assert_eq!(line(&house, "failing"), ("0/1".to_owned(), "Error".to_owned(), "0".to_owned()));
    house.pod(&["delete", "-f", &failing]).ok();
    gone(&house, &file);
}

fn crashing(user: User) {
    let house = House::new(user);
    image(&house);
    let spec = json!({ "containers": [container("main", "echo again; exit 7")] });
    let file = put(&house, "crash.json", &pod("crash", &spec));
    assert_eq!(house.pod(&["apply", "-f", &file]).ok().out(), "pod/crash created\n");
    becomes(&house, "crash", "CrashLoopBackOff");
    let (ready, _, restarts) = line(&house, "crash");
    assert_eq!((ready.as_str(), restarts.as_str()), ("0/1", "1"));
    let last = "{.status.containerStatuses[0].lastState.terminated.exitCode} {.status.phase}";
    assert_eq!(shown(&house, "crash", last), "7 Running");
    let told = house.pod(&["describe", "pod/crash"]).ok().out();
    let words: Vec<&str> = told.split_whitespace().collect();
    let says = |wanted: &str| {
        let wanted: Vec<&str> = wanted.split(' ').collect();
        assert!(words.windows(wanted.len()).any(|words| words == wanted), "{wanted:?}: {told}");
    };
    says("Name: crash Namespace: default");
    says("State: Waiting Reason: CrashLoopBackOff");
    says("Last State: Terminated Reason: Error Exit Code: 7");
    says("Warning BackOff");
    let missing = "Error from server (NotFound): pods \"nosuch\" not found";
    house.pod(&["describe", "pod", "nosuch"]).refuses(1, missing);
    gone(&house, &file);
}

fn probed(user: User) {
    let house = House::new(user);
    image(&house);
    let mut main = container("main", "exec probe http --listen 0.0.0.0:8080 --body well");
    main["readinessProbe"] = json!({ "httpGet": { "path": "/", "port": 8080 }, "periodSeconds": 1 });
    main["livenessProbe"] =
        json!({ "exec": { "command": ["test", "!", "-e", "/ill"] }, "periodSeconds": 1, "failureThreshold": 1 });
    let mut slow = waiting("slow", "sleep 0.5; touch /well;");
    slow["readinessProbe"] = json!({ "exec": { "command": ["test", "-e", "/well"] }, "periodSeconds": 1 });
    let file = put(&house, "probed.json", &pod("probed", &json!({ "containers": [main, slow] })));
    house.pod(&["apply", "-f", &file]).ok();
    eventually("both are ready", || (line(&house, "probed").0 == "2/2").then_some(()));
    house.pod(&["exec", "probed", "-c", "slow", "--", "rm", "/well"]).ok();
    eventually("one of them is not", || (line(&house, "probed").0 == "1/2").then_some(()));
    house.pod(&["exec", "probed", "-c", "main", "--", "touch", "/ill"]).ok();
    eventually("it is started again", || (line(&house, "probed").2.starts_with('1')).then_some(()));
    gone(&house, &file);
}

fn killed(user: User) {
    let house = House::new(user);
    image(&house);
    let spec = json!({ "containers": [waiting("main", "cat /proc/sys/kernel/random/uuid;")] });
    let file = put(&house, "web.json", &pod("web", &spec));
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    let said = || house.pod(&["logs", "web", "-c", "main"]).ok().out();
    let said_first = said();
    let process = || house.workload("web", "main")["process"]["pid"].as_i64().unwrap();
    let before = process();
    let end = |name: &str| kill(Pid::from_raw(house.process_named(name)), Signal::SIGKILL).unwrap();
    let goes_on = |what: &str| {
        house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
        assert_eq!((process(), line(&house, "web").2.as_str()), (before, "0"), "{what}");
    };
    end("pod attend");
    goes_on("its attendant");
    // Who comes while nobody attends to it has it supervised by somebody else, who is believed, and replaced.
    end("pod attend");
    house.pod(&["add", "web", "--name", "guest", "--", "sleep", "98765"]).ok();
    house.process_named("pod supervise");
    goes_on("its attendant, beside a supervisor");
    end("pod supervise");
    goes_on("its supervisor");
    eventually("its attendant supervises it", || {
        house.pod(&["add", "web", "--name", "another", "--", "sleep", "98765"]).output.status.success().then_some(())
    });
    // Without its pause nothing of it is left, and all of it comes again.
    let born = || {
        let stat = house.pod(&["exec", "web", "-c", "main", "--", "cat", "/proc/1/stat"]);
        stat.output.status.success().then(|| stat.out().split(' ').nth(21).unwrap().to_owned())
    };
    let first = born().expect("it runs");
    kill(Pid::from_raw(house.pause("web")), Signal::SIGKILL).unwrap();
    eventually("it runs again", || {
        let status = line(&house, "web");
        (status.1 == "Running" && status.0 == "1/1" && born().is_some_and(|born| born != first)).then_some(())
    });
    // What the launch before has said is there, as after any other.
    assert_ne!(said(), said_first);
    assert_eq!(house.pod(&["logs", "web", "-c", "main", "--previous"]).ok().out(), said_first);
    gone(&house, &file);
}

fn missing(user: User) {
    let house = House::new(user);
    image(&house);
    let mut main = waiting("main", "cat /secret/key; echo;");
    main["volumeMounts"] = json!([{ "name": "s", "mountPath": "/secret" }]);
    main["envFrom"] = json!([{ "configMapRef": { "name": "late" } }]);
    let spec = json!({ "containers": [main], "volumes": [{ "name": "s", "secret": { "secretName": "late" } }] });
    let file = put(&house, "late.json", &pod("late", &spec));
    house.pod(&["apply", "-f", &file]).ok();
    becomes(&house, "late", "ContainerCreating");
    house.pod(&["create", "secret", "generic", "late", "--from-literal=key=opened"]).ok();
    becomes(&house, "late", "CreateContainerConfigError");
    let message = shown(&house, "late", "{.status.containerStatuses[0].state.waiting.message}");
    assert_eq!(message, "configmap \"late\" not found");
    house.pod(&["delete", "pod", "late", "--now"]).ok();
    house.nothing_is_left();
    // An image that is not here, and is not to be fetched.
    let mut absent = waiting("main", "");
    absent["image"] = json!("nosuch");
    let file = put(&house, "absent.json", &pod("absent", &json!({ "containers": [absent] })));
    house.pod(&["apply", "-f", &file]).ok();
    becomes(&house, "absent", "ErrImageNeverPull");
    gone(&house, &file);
}

fn refused(user: User) {
    let house = House::new(user);
    let mut main = waiting("main", "");
    main["ports"] = json!([{ "containerPort": 80, "hostPort": 8080, "protocol": "SCTP" }]);
    let file = put(&house, "p.json", &pod("web", &json!({ "containers": [main] })));
    house.pod(&["apply", "-f", &file]).refuses(125, "a hostPort of SCTP is not there yet");
    assert_eq!(house.pod(&["get", "pods", "-o", "name"]).ok().out(), "");
    let spec = json!({ "containers": [] });
    let file = put(&house, "q.json", &pod("web", &spec));
    house.pod(&["apply", "-f", &file]).refuses(1, "The Pod \"web\" is invalid: spec.containers: Required value");
}
