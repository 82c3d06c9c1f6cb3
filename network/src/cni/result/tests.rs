use serde_json::json;

use super::*;

fn all(value: Value) -> Result<Given, String> {
    given(&parse(value.to_string().as_bytes(), Version::V1_0_0)?, "eth0")
}

#[test]
fn what_bridge_and_portmap_say_is_what_a_pod_is_given() {
    let said = json!({
        "cniVersion": "1.0.0",
        "interfaces": [
            {"name": "cni0", "mac": "aa:aa:aa:aa:aa:aa"},
            {"name": "veth1", "mac": "bb:bb:bb:bb:bb:bb"},
            {"name": "eth0", "mac": "0A:58:0A:58:00:02", "sandbox": "/proc/7/ns/net", "mtu": 1450},
            {"name": "lo", "sandbox": "/proc/7/ns/net"},
        ],
        "ips": [
            {"address": "10.88.0.2/16", "gateway": "10.88.0.1", "interface": 2},
            {"address": "fd00::2/64", "gateway": "fd00::1", "interface": 2},
            {"address": "10.88.0.1/16", "interface": 0},
            {"address": "127.0.0.1/8", "interface": 3},
            {"address": "10.99.0.2/16", "gateway": "10.99.0.1"},
        ],
        "routes": [{"dst": "0.0.0.0/0"}],
        "dns": {"nameservers": ["10.88.0.1"], "search": ["example.org"]},
    });
    let given = all(said).expect("a result");
    let words = |list: &[String]| list.join(" ");
    assert_eq!(
        words(&given.addresses.iter().map(ToString::to_string).collect::<Vec<_>>()),
        "10.88.0.2/16 fd00::2/64 10.99.0.2/16"
    );
    assert_eq!(words(&given.gateways.iter().map(ToString::to_string).collect::<Vec<_>>()), "10.88.0.1 fd00::1");
    assert_eq!(given.mac.map(|mac| mac.to_string()).as_deref(), Some("0a:58:0a:58:00:02"));
    assert_eq!((given.mtu, given.resolvers.len(), words(&given.searches).as_str()), (Some(1450), 1, "example.org"));
}

#[test]
fn a_result_without_addresses_is_one() {
    assert_eq!(all(json!({"cniVersion": "1.0.0", "dns": {}})), Ok(Given::default()));
}

#[test]
fn what_makes_no_sense_is_no_result() {
    let with = |name: &str, value: Value| json!({"cniVersion": "1.0.0", name: value});
    let address = |address: &str| with("ips", json!([{"address": address}]));
    for (said, reason) in [
        (json!([]), "it is no object"),
        (json!({}), "it has no cniVersion"),
        (json!({"cniVersion": 1}), "it has no cniVersion"),
        (json!({"cniVersion": "0.4.0"}), "it is of version \"0.4.0\", and 1.0.0 was asked for"),
        (with("ips", json!({})), "its ips are no list"),
        (with("ips", json!([7])), "an address of it is no text"),
        (with("ips", json!(vec![0; 65])), "it has 65 ips"),
        (
            with("ips", json!([{"address": "10.0.0.1/8", "interface": 0}])),
            "an address of it is of an interface that it has not",
        ),
        (
            with("ips", json!([{"address": "10.0.0.1/8", "interface": -1}])),
            "an address of it is of an interface that it has not",
        ),
        (with("ips", json!([{"address": "10.0.0.1/8", "gateway": "x\ny"}])), "its gateway is \"x y\""),
        (address("999.1.1.1/8"), "its address is \"999.1.1.1/8\""),
        (address("10.0.0.1"), "its address is \"10.0.0.1\""),
        (address("10.0.0.1/33"), "its address is \"10.0.0.1/33\""),
        (address("10.0.0.1/0"), "its address is \"10.0.0.1/0\""),
        (address("0.0.0.0/8"), "its address is \"0.0.0.0/8\""),
        (address("255.255.255.255/8"), "its address is \"255.255.255.255/8\""),
        (address("224.0.0.1/8"), "its address is \"224.0.0.1/8\""),
        (address("127.0.0.1/8"), "its address is \"127.0.0.1/8\""),
        (address("::/64"), "its address is \"::/64\""),
        (with("dns", json!({"nameservers": ["8.8.8.8\noptions x"]})), "its name server is \"8.8.8.8 options x\""),
        (with("dns", json!({"nameservers": [8]})), "its nameservers are no text"),
        (with("dns", json!({"search": ["a\nnameserver 6.6.6.6"]})), "it searches \"a nameserver 6.6.6.6\""),
    ] {
        assert_eq!(all(said.clone()), Err(reason.to_owned()), "{said}");
    }
    let parsed = |text: &[u8]| parse(text, Version::V1_0_0);
    assert_eq!(parsed(b" \n"), Err("it says nothing".to_owned()));
    assert!(parsed(b"\xff\xfe").is_err());
    assert!(parsed(b"{\"cniVersion\":\"1.0.0\"} trailing").is_err());
}

#[test]
fn a_failure_is_said_in_the_plugins_words_and_without_any_in_ours() {
    let said = |said: &str, complained: &str, ended| complaint(said.as_bytes(), complained.as_bytes(), ended);
    let failed = WaitStatus::Exited(1);
    let error = r#"{"cniVersion":"1.0.0","code":7,"msg":"no\u001b[0m address","details":"pool\nempty"}"#;
    assert_eq!(said(error, "trace", failed), "no\\u{1b}[0m address: pool empty");
    assert_eq!(said(r#"{"code":11}"#, "", failed), "error 11");
    assert_eq!(said("", "first\nlast\n\n", failed), "it ended with 1: last");
    assert_eq!(said("half {", "", failed), "it ended with 1: half {");
    assert_eq!(said("{}", "", WaitStatus::Exited(3)), "it ended with 3: {}");
    assert_eq!(said("", "", failed), "it ended with 1");
}
