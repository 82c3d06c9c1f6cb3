//! What the process of a container is made of.

use super::*;

#[test]
fn commands_stand_in_place_of_the_images() {
    for (fields, expected) in [
        ("tty: false", vec!["/entry", "default"]),
        ("command: [sh]", vec!["sh"]),
        ("args: [a, b]", vec!["/entry", "a", "b"]),
        ("command: [sh]\nargs: [-c, x]", vec!["sh", "-c", "x"]),
        ("command: []\nargs: []", vec!["/entry", "default"]),
    ] {
        assert_eq!(words(&started(&one(fields), &facts()).expect("a start")), expected, "{fields}");
    }
    let mut none = facts();
    none.images.clear();
    let refusal = started(&one("tty: false"), &none).expect_err("there is nothing to run");
    assert_eq!((refusal.reason, refusal.message.as_str()), (Waiting::CreateContainerError, "no command specified"));
}

#[test]
fn commands_see_the_pods_variables_and_not_the_images() {
    let pod = one(
        "command: [a, $(A), $(LANG), $(PATH), $$(A)]\nargs: [$(B)]\nenv: [{name: A, value: '1'}, {name: B, value: '2'}]",
    );
    let start = started(&pod, &facts()).expect("a start");
    assert_eq!(words(&start), ["a", "1", "$(LANG)", "$(PATH)", "$(A)", "2"]);
}

#[test]
fn what_comes_later_in_the_environment_wins() {
    let start = started(
        &one("env:\n- {name: LANG, value: de}\n- {name: a, value: own}\n- {name: a, value: later}\n- {name: E}\nenvFrom:\n- configMapRef: {name: cm}\n- {configMapRef: {name: cm}, prefix: P_}\n- secretRef: {name: s}"),
        &facts(),
    )
    .expect("a start");
    for (name, value) in [
        ("PATH", "/image"),
        ("HOSTNAME", "web"),
        ("LANG", "de"),
        ("a", "later"),
        ("b", "x$(Z)"),
        ("P_a", "1"),
        ("k", "secret"),
        ("E", ""),
    ] {
        assert_eq!(variable(&start, name).as_deref(), Some(value), "{name}");
    }
    assert_eq!(variable(&start, "c"), None, "bytes are no variable");
    assert_eq!(variable(&start, "TERM"), None);
    assert_eq!(variable(&started(&one("tty: true"), &facts()).expect("a start"), "TERM").as_deref(), Some("xterm"));
}

#[test]
fn values_see_what_was_said_before_them() {
    let pod = one(
        "envFrom: [{configMapRef: {name: cm}}]\nenv: [{name: A, value: '$(a)-$(B)-$(LANG)'}, {name: B, value: '2'}, {name: C, value: '$(A)$(B)$$(B)'}]",
    );
    let start = started(&pod, &facts()).expect("a start");
    assert_eq!(variable(&start, "A").as_deref(), Some("1-$(B)-$(LANG)"));
    assert_eq!(variable(&start, "C").as_deref(), Some("1-$(B)-$(LANG)2$(B)"));
}

#[test]
fn fields_of_the_pod_are_variables() {
    for (path, value) in [
        ("metadata.name", "web"),
        ("metadata.namespace", "ns"),
        ("metadata.uid", "u"),
        ("metadata.labels['app']", "web"),
        ("metadata.labels['nosuch']", ""),
        ("metadata.annotations['note']", "a \"b\""),
        ("spec.nodeName", "node1"),
        ("spec.serviceAccountName", "default"),
        ("status.hostIP", "192.0.2.10"),
        ("status.hostIPs", "192.0.2.10,2001:db8::1"),
        ("status.podIP", "10.0.0.1"),
        ("status.podIPs", "10.0.0.1"),
    ] {
        let pod = one(&format!("env: [{{name: X, valueFrom: {{fieldRef: {{fieldPath: \"{path}\"}}}}}}]"));
        assert_eq!(variable(&started(&pod, &facts()).expect("a start"), "X").as_deref(), Some(value), "{path}");
    }
}

#[test]
fn resources_are_variables_rounded_up() {
    let limits = "resources: {limits: {cpu: 250m, memory: 100M}, requests: {cpu: 100m}}";
    for (resource, divisor, value) in [
        ("limits.cpu", "1", "1"),
        ("limits.cpu", "1m", "250"),
        ("requests.cpu", "1m", "100"),
        ("limits.memory", "1Mi", "96"),
        ("requests.memory", "1", "100000000"),
        ("limits.ephemeral-storage", "1Gi", "1"),
    ] {
        let source = format!("{{resourceFieldRef: {{resource: {resource}, divisor: {divisor}}}}}");
        let pod = one(&format!("{limits}\nenv: [{{name: X, valueFrom: {source}}}]"));
        let start = started(&pod, &facts()).expect("a start");
        assert_eq!(variable(&start, "X").as_deref(), Some(value), "{resource} in {divisor}");
    }
    let machines = one(
        "env: [{name: X, valueFrom: {resourceFieldRef: {resource: limits.cpu}}}, {name: Q, valueFrom: {resourceFieldRef: {resource: requests.cpu}}}]",
    );
    let start = started(&machines, &facts()).expect("a start");
    assert_eq!(variable(&start, "X").as_deref(), Some("4"), "the machine's, where nothing is limited");
    assert_eq!(variable(&start, "Q").as_deref(), Some("0"));
}

#[test]
fn what_is_missing_is_told_unless_it_may_be() {
    let key = |kind: &str, name: &str, key: &str, more: &str| {
        one(&format!("env: [{{name: X, valueFrom: {{{kind}KeyRef: {{name: {name}, key: {key}{more}}}}}}}]"))
    };
    let from = |kind: &str, more: &str| one(&format!("envFrom: [{{{kind}Ref: {{name: nosuch{more}}}}}]"));
    for (pod, trouble) in [
        (key("configMap", "nosuch", "a", ""), "configmap \"nosuch\" not found"),
        (key("configMap", "cm", "z", ""), "couldn't find key z in ConfigMap ns/cm"),
        (key("configMap", "cm", "c", ""), "couldn't find key c in ConfigMap ns/cm"),
        (key("secret", "nosuch", "k", ""), "secret \"nosuch\" not found"),
        (key("secret", "s", "z", ""), "couldn't find key z in Secret ns/s"),
        (from("configMap", ""), "configmap \"nosuch\" not found"),
        (from("secret", ""), "secret \"nosuch\" not found"),
    ] {
        assert_eq!(refused(&pod), format!("CreateContainerConfigError: {trouble}"));
    }
    let optional = ", optional: true";
    for pod in [
        key("configMap", "nosuch", "a", optional),
        key("secret", "s", "z", optional),
        from("configMap", optional),
        from("secret", optional),
    ] {
        assert_eq!(variable(&started(&pod, &facts()).expect("a start"), "X"), None, "and is not set at all");
    }
}

#[test]
fn files_of_variables_are_read() {
    let pod = web(
        "containers:\n- name: main\n  image: i:1\n  volumeMounts: [{name: v, mountPath: /v}]\n  env: [{name: X, valueFrom: {fileKeyRef: {volumeName: v, path: env, key: B}}}]\nvolumes: [{name: v, emptyDir: {}}]",
    );
    let mut facts = facts();
    let refusal = started(&pod, &facts).expect_err("the file is missing");
    assert_eq!(refusal.message, "file \"env\" of volume \"v\" not found");
    let at = ("v".to_owned(), "env".to_owned());
    facts.files.insert(at.clone(), b"# no\nA='1'\nB='two\nlines'  # yes\n\n".to_vec());
    assert_eq!(variable(&started(&pod, &facts).expect("a start"), "X").as_deref(), Some("two\nlines"));
    for (text, trouble) in [
        ("A='1'\n", "environment variable key \"B\" not found in file \"env\""),
        ("A='1'\nB=2\n", "couldn't parse env file \"env\": line 2: no single quote after the `=`"),
        ("A='1", "couldn't parse env file \"env\": line 1: no closing quote"),
        ("A='1' B='2'\n", "couldn't parse env file \"env\": line 1: something behind the closing quote"),
    ] {
        facts.files.insert(at.clone(), text.as_bytes().to_vec());
        assert_eq!(started(&pod, &facts).expect_err(text).message, trouble);
    }
}

#[test]
fn the_signal_that_ends_it_is_the_pods_or_the_images() {
    let mut facts = facts();
    assert_eq!(started(&one("tty: false"), &facts).expect("a start").stop_signal, 15);
    facts.images.get_mut("i:1").expect("the image").stop_signal = Some("SIGQUIT".to_owned());
    assert_eq!(started(&one("tty: false"), &facts).expect("a start").stop_signal, 3);
    facts.images.get_mut("i:1").expect("the image").stop_signal = Some("SIGNOSUCH".to_owned());
    assert!(started(&one("tty: false"), &facts).is_err());
    let directory = OsString::from("/srv");
    assert_eq!(started(&one("tty: false"), &self::facts()).expect("a start").process.directory, directory);
}
