//! What the containers of a pod share, and what all of them may use.

use super::*;

#[test]
fn resources_are_limits_and_a_rank() {
    let pod = one("resources: {limits: {cpu: 500m, memory: 64Mi}, requests: {cpu: 250m, memory: 32Mi}}");
    let start = started(&pod, &facts()).expect("a start");
    assert_eq!(start.limits.shares.map(Shares::get), Some(256));
    assert_eq!(start.limits.memory.map(|memory| memory.limit), Some(64 << 20));
    assert_eq!(planned(&pod).quality, Quality::Burstable);
    assert_eq!(start.process.oom_score, Some(997), "of 8 GiB it asks for 32 MiB");
    let pod = one("resources: {limits: {cpu: 500m, memory: 64Mi}}");
    assert_eq!(
        (planned(&pod).quality, started(&pod, &facts()).expect("a start").process.oom_score),
        (Quality::Guaranteed, Some(-997))
    );
    let pod = one("tty: false");
    assert_eq!(
        (planned(&pod).quality, started(&pod, &facts()).expect("a start").process.oom_score),
        (Quality::BestEffort, Some(1000))
    );
}

#[test]
fn a_pod_may_use_what_its_containers_may_at_any_time() {
    let container = |name: &str, cpu: u32, more: &str| {
        format!("- {{name: {name}, image: 'i:1', resources: {{limits: {{cpu: {cpu}m, memory: {cpu}Mi}}}}{more}}}\n")
    };
    let init =
        container("big", 900, "") + &container("side", 100, ", restartPolicy: Always") + &container("after", 700, "");
    let along = container("main", 200, "") + &container("other", 300, "");
    let limits = planned(&web(&format!("initContainers:\n{init}containers:\n{along}"))).limits;
    assert_eq!(limits.memory.map(|memory| memory.limit >> 20), Some(900), "the largest init container");
    let limits = planned(&web(&format!(
        "initContainers:\n{}containers:\n{along}",
        container("side", 500, ", restartPolicy: Always")
    )))
    .limits;
    assert_eq!(limits.memory.map(|memory| memory.limit >> 20), Some(1000), "all that run at once");
    let unlimited = planned(&web(&format!("containers:\n{along}- {{name: free, image: 'i:1'}}"))).limits;
    assert_eq!((unlimited.memory, unlimited.quota), (None, None), "where one is not limited the pod is not");
    assert_eq!(unlimited.shares.map(Shares::get), Some(512));
}

#[test]
fn namespaces_are_shared_as_is_said() {
    let sandbox =
        |fields: &str| planned(&web(&format!("{fields}\ncontainers: [{{name: main, image: 'i:1'}}]"))).sandbox;
    assert_eq!(sandbox("hostNetwork: false").pids, PidSharing::Containers);
    assert_eq!(sandbox("shareProcessNamespace: true").pids, PidSharing::Pods);
    assert_eq!(sandbox("hostPID: true").pids, PidSharing::Hosts);
    assert_eq!(sandbox("hostNetwork: true").network, Network::Hosts);
    assert!(sandbox("hostIPC: true").host_ipc);
    assert_eq!(sandbox("hostUsers: false").users, Users::Pods);
    let start = started(&web("shareProcessNamespace: true\ncontainers: [{name: main, image: 'i:1'}]"), &facts());
    assert_eq!(start.expect("a start").pids, Pids::Pods);
}

#[test]
fn pods_have_names() {
    let names = |name: &str, fields: &str| {
        let mut pod = web(&format!("{fields}\ncontainers: [{{name: main, image: 'i:1'}}]"));
        pod.metadata.name = Some(name.to_owned());
        planned(&pod).sandbox.names
    };
    let long = format!("{}-tail", "a".repeat(62));
    for (name, fields, hostname) in [
        ("web", "hostNetwork: false", "web"),
        ("web", "hostname: other", "other"),
        ("web", "hostNetwork: true", "node1"),
        ("web", "{hostname: h, subdomain: d}", "h"),
        ("web", "setHostnameAsFQDN: true", "web"),
        (long.as_str(), "hostNetwork: false", &"a".repeat(62)),
    ] {
        let fields = fields.trim_matches(['{', '}']).replace(", ", "\n");
        assert_eq!(names(name, &fields).hostname, hostname, "{name} {fields}");
    }
    let full = names("web", "hostname: h\nsubdomain: d\nsetHostnameAsFQDN: true");
    assert_eq!((full.hostname.as_str(), full.short.as_str()), ("h.d.ns.svc.cluster.local", "h"));
    assert!(full.check().is_ok());
    let too_long = names("web", &format!("hostname: {}\nsubdomain: d\nsetHostnameAsFQDN: true", "h".repeat(60)));
    assert!(too_long.check().is_err());
}

#[test]
fn hosts_has_the_pods_names_and_its_aliases() {
    let plan = planned(&web(
        "hostname: h\nsubdomain: d\nhostAliases: [{ip: 10.1.1.1, hostnames: [a, b]}]\ncontainers: [{name: main, image: 'i:1'}]",
    ));
    let text = hosts(&plan.sandbox, &facts().addresses, &facts().node);
    for line in ["127.0.0.1\tlocalhost", "10.0.0.1\th.d.ns.svc.cluster.local\th", "10.1.1.1\ta\tb"] {
        assert!(text.lines().any(|known| known == line), "{line}: {text}");
    }
    let plan = planned(&web("hostNetwork: true\ncontainers: [{name: main, image: 'i:1'}]"));
    assert!(hosts(&plan.sandbox, &[], &facts().node).contains("127.0.0.1 localhost node1"));
}

#[test]
fn names_are_resolved_as_on_the_machine_and_as_is_said() {
    let dns = |fields: &str| {
        planned(&web(&format!("{fields}\ncontainers: [{{name: main, image: 'i:1'}}]"))).sandbox.dns.text()
    };
    let machines = "search a.example\nnameserver 192.0.2.1\noptions ndots:2 rotate\n";
    for policy in ["ClusterFirst", "Default"] {
        assert_eq!(dns(&format!("dnsPolicy: {policy}")), machines);
    }
    let more = "dnsConfig: {nameservers: [192.0.2.1, 192.0.2.2], searches: [b.example], options: [{name: ndots, value: '5'}, {name: inet6}]}";
    let merged =
        "search a.example b.example\nnameserver 192.0.2.1\nnameserver 192.0.2.2\noptions ndots:5 rotate inet6\n";
    assert_eq!(dns(more), merged);
    assert_eq!(dns("dnsPolicy: None\ndnsConfig: {nameservers: [192.0.2.9]}"), "nameserver 192.0.2.9\n");
}

#[test]
fn a_sidecar_is_killed_no_more_readily_than_those_that_it_serves() {
    let pod = web(
        "initContainers: [{name: side, image: 'i:1', restartPolicy: Always, resources: {requests: {memory: 1Mi}}}]\n\
         containers: [{name: main, image: 'i:1', resources: {requests: {memory: 4Gi}}}, {name: b, image: 'i:1', resources: {requests: {memory: 1Gi}}}]",
    );
    let score = |name: &str| {
        let plan = planned(&pod);
        crate::compile::start(&pod, &plan, name, &facts()).expect("a start").process.oom_score
    };
    assert_eq!((score("side"), score("main"), score("b")), (Some(500), Some(500), Some(875)));
}

#[test]
fn huge_pages_are_limits_of_the_container_and_of_the_pod() {
    let pod = one("resources: {limits: {hugepages-2Mi: 4Mi, memory: 64Mi}}");
    let size = container::limits::HugePage::of_kib(2048);
    let start = started(&pod, &facts()).expect("a start");
    assert_eq!(start.limits.huge_pages.get(&size), Some(&(4 << 20)));
    assert_eq!(planned(&pod).limits.huge_pages.get(&size), Some(&(4 << 20)));
}

#[test]
fn nobody_is_asked_on_the_machines_loopback_but_by_who_is_there() {
    let facts = NodeFacts { resolv_conf: "nameserver 127.0.0.53\nnameserver 192.0.2.1\n".to_owned(), ..facts().node };
    let dns = |fields: &str| {
        let pod = web(&format!("{fields}\ncontainers: [{{name: main, image: 'i:1'}}]"));
        crate::compile::pod(&pod, &facts).expect("a plan").sandbox.dns.text()
    };
    assert_eq!(dns("dnsPolicy: Default"), "nameserver 192.0.2.1\n");
    assert_eq!(dns("hostNetwork: true"), "nameserver 127.0.0.53\nnameserver 192.0.2.1\n");
    // One of the pod's own containers may be who is asked.
    assert_eq!(dns("dnsPolicy: None\ndnsConfig: {nameservers: [127.0.0.1]}"), "nameserver 127.0.0.1\n");
}

#[test]
fn a_network_with_a_resolver_is_asked_first_where_a_cluster_would_be() {
    let dns = |fields: &str| {
        let plan = planned(&web(&format!("{fields}\ncontainers: [{{name: main, image: 'i:1'}}]"))).sandbox;
        plan.cluster_dns.map(|dns| dns.asking(&["10.77.0.1".parse().expect("an address")]).text())
    };
    let first = "search ns.svc.cluster.local svc.cluster.local cluster.local a.example\nnameserver 10.77.0.1\noptions ndots:5\n";
    assert_eq!(dns("dnsPolicy: ClusterFirst").as_deref(), Some(first));
    assert_eq!(dns("").as_deref(), Some(first));
    let more =
        "dnsConfig: {nameservers: [192.0.2.9, 10.77.0.1], searches: [b.example], options: [{name: ndots, value: '1'}]}";
    let merged = "search ns.svc.cluster.local svc.cluster.local cluster.local a.example b.example\n\
        nameserver 10.77.0.1\nnameserver 192.0.2.9\noptions ndots:1\n";
    assert_eq!(dns(more).as_deref(), Some(merged));
    for other in ["dnsPolicy: Default", "dnsPolicy: None\ndnsConfig: {nameservers: [192.0.2.9]}", "hostNetwork: true"] {
        assert_eq!(dns(other), None, "{other}");
    }
}
