//! As whom containers run, and with which rights.

use super::*;

#[test]
fn who_runs_it_is_the_pods_word_or_the_images() {
    let run = |fields: &str, user: Option<&str>| {
        let mut facts = facts();
        facts.images.get_mut("i:1").expect("the image").user = user.map(str::to_owned);
        started(&one(fields), &facts).map(|start| start.process.user)
    };
    let named = |text: &str| match text.parse() {
        Ok(number) => Named::Number(number),
        Err(_) => Named::Name(text.to_owned()),
    };
    for (fields, image, user, group) in [
        ("tty: false", None, "0", None),
        ("tty: false", Some("nginx"), "nginx", None),
        ("tty: false", Some("101:102"), "101", Some("102")),
        ("securityContext: {runAsUser: 7}", Some("101:102"), "7", None),
        ("securityContext: {runAsGroup: 8}", Some("101:102"), "101", Some("8")),
        ("securityContext: {runAsUser: 7, runAsGroup: 8}", None, "7", Some("8")),
    ] {
        let found = run(fields, image).expect("a user");
        assert_eq!((found.user, found.group), (named(user), group.map(named)), "{fields} {image:?}");
    }
}

#[test]
fn root_is_refused_where_it_is_not_wanted() {
    let pod = |fields: &str| one(&format!("securityContext: {{runAsNonRoot: true{fields}}}"));
    let run = |fields: &str, user: Option<&str>| {
        let mut facts = facts();
        facts.images.get_mut("i:1").expect("the image").user = user.map(str::to_owned);
        started(&pod(fields), &facts).map_err(|refusal| format!("{}: {}", refusal.reason, refusal.message))
    };
    let who = "(pod: \"web_ns(u)\", container: main)";
    for (fields, user, trouble) in [
        ("", None, format!("container has runAsNonRoot and image will run as root {who}")),
        ("", Some("0:5"), format!("container has runAsNonRoot and image will run as root {who}")),
        (", runAsUser: 0", Some("5"), format!("container's runAsUser breaks non-root policy {who}")),
        (
            "",
            Some("nginx"),
            format!(
                "container has runAsNonRoot and image has non-numeric user (nginx), cannot verify user is non-root {who}"
            ),
        ),
    ] {
        assert_eq!(run(fields, user).expect_err("root"), format!("CreateContainerConfigError: {trouble}"));
    }
    assert!(run("", Some("101")).is_ok() && run(", runAsUser: 7", Some("nginx")).is_ok());
}

#[test]
fn a_containers_word_beats_its_pods() {
    let pod = web(
        "securityContext: {runAsUser: 1, runAsGroup: 2, fsGroup: 3, supplementalGroups: [4, 3], seccompProfile: {type: Unconfined}}\ncontainers:\n- name: main\n  image: i:1\n  securityContext: {runAsUser: 9, seccompProfile: {type: Localhost, localhostProfile: p.json}}",
    );
    let process = started(&pod, &facts()).expect("a start").process;
    assert_eq!((process.user.user, process.user.group), (Named::Number(9), Some(Named::Number(2))));
    assert_eq!(process.user.additional, [Named::Number(3), Named::Number(4)]);
    assert_eq!(process.user.memberships, Memberships::Files);
    let strict = web("securityContext: {supplementalGroupsPolicy: Strict}\ncontainers: [{name: main, image: 'i:1'}]");
    assert_eq!(started(&strict, &facts()).expect("a start").process.user.memberships, Memberships::Given);
    assert_eq!(process.seccomp, Seccomp::Localhost("/profiles/p.json".into()));
    assert_eq!(planned(&pod).fs_group, Some(FsGroup { id: 3, on_root_mismatch: false }));
}

#[test]
fn capabilities_are_added_and_dropped_whatever_the_order() {
    let of = |fields: &str| {
        let pod = one(&format!("securityContext: {{capabilities: {{{fields}}}}}"));
        started(&pod, &facts()).expect("a start").process.capabilities
    };
    let set = |names: &str| -> Capabilities { launch::capabilities(names).expect("names").into_iter().collect() };
    assert_eq!(of("add: [NET_ADMIN]"), Capabilities::usual().with(set("NET_ADMIN")));
    assert_eq!(of("drop: [MKNOD]"), Capabilities::usual().without(set("MKNOD")));
    assert_eq!(of("drop: [ALL], add: [NET_BIND_SERVICE]"), set("NET_BIND_SERVICE"));
    assert_eq!(of("add: [ALL], drop: [SYS_ADMIN]"), Capabilities::all().without(set("SYS_ADMIN")));
    let bad = one("securityContext: {capabilities: {add: [NOSUCH]}}");
    assert!(refused(&bad).starts_with("CreateContainerError: "), "{}", refused(&bad));
}

#[test]
fn privileged_containers_have_all_and_are_masked_nothing() {
    let pod = one("securityContext: {privileged: true}");
    let start = started(&pod, &facts()).expect("a start");
    assert_eq!((start.process.capabilities, start.process.seccomp), (Capabilities::all(), Seccomp::Unconfined));
    assert!(start.privileged && start.unmasked && planned(&pod).sandbox.privileged);
    let start =
        started(&one("securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true}"), &facts());
    let start = start.expect("a start");
    assert!(start.process.no_new_privileges && start.read_only && !start.privileged);
    assert_eq!(start.process.seccomp, Seccomp::RuntimeDefault);
}

#[test]
fn only_safe_settings_of_the_kernel_are_a_pods() {
    let plan = |name: &str| {
        let pod = web(&format!(
            "securityContext: {{sysctls: [{{name: {name}, value: '1'}}]}}\ncontainers: [{{name: main, image: 'i:1'}}]"
        ));
        super::pod(&pod, &facts().node).map(|plan| plan.sandbox.sysctls.into_keys().collect::<Vec<_>>())
    };
    assert_eq!(plan("net.ipv4.tcp_syncookies").expect("it is safe"), ["net.ipv4.tcp_syncookies"]);
    assert_eq!(plan("net/ipv4/tcp_syncookies").expect("it is safe"), ["net.ipv4.tcp_syncookies"]);
    let rejection = plan("net.core.somaxconn").expect_err("it is not");
    assert_eq!(rejection.reason, "SysctlForbidden");
}

#[test]
fn profiles_that_nothing_enforces_are_not_promised() {
    let plan = |of_pod: &str, own: &str| {
        let text = format!(
            "securityContext: {{{of_pod}}}\ncontainers: [{{name: main, image: 'i:1', securityContext: {{{own}}}}}]"
        );
        super::pod(&web(&text), &facts().node).map(|_| ()).map_err(|rejection| rejection.reason)
    };
    let (none, some) = ("appArmorProfile: {type: Unconfined}", "appArmorProfile: {type: RuntimeDefault}");
    assert_eq!((plan("", ""), plan(none, none)), (Ok(()), Ok(())));
    assert_eq!((plan(some, ""), plan("", some)), (Err("AppArmor".to_owned()), Err("AppArmor".to_owned())));
}
