//! What makes no sense cannot be planned.

use caps::Capability;

use super::*;

fn parts() -> Parts {
    Parts {
        root: Root::Directory("/srv/root".into()),
        read_only: false,
        mounts: Mount::usual(),
        devices: Device::usual(),
        masked: MASKED.map(PathBuf::from).to_vec(),
        read_only_paths: READ_ONLY.map(PathBuf::from).to_vec(),
        process: Process {
            command: vec!["true".into()],
            environment: vec![("PATH".into(), "/bin".into())],
            directory: "/".into(),
            user: User::root(),
            capabilities: Capabilities::usual(),
            no_new_privileges: false,
            seccomp: Seccomp::RuntimeDefault,
            limits: Vec::new(),
            umask: 0o022,
            oom_score: None,
            terminal: false,
        },
        sysctls: BTreeMap::new(),
        pids: Pids::Own,
        limits: Limits::default(),
        stop_signal: 15,
    }
}

fn changed(change: impl FnOnce(&mut Parts)) -> Result<ContainerPlan, Contradiction> {
    let mut parts = parts();
    change(&mut parts);
    ContainerPlan::new(parts)
}

#[test]
fn a_plan_is_written_and_read_back_the_same() {
    let plan = changed(|_| {}).expect("a plan");
    let text = serde_json::to_string(&plan).expect("text");
    assert_eq!(serde_json::from_str::<ContainerPlan>(&text).expect("a plan"), plan);
}

#[test]
fn what_contradicts_itself_cannot_be_read_either() {
    let mut value = serde_json::to_value(changed(|_| {}).expect("a plan")).expect("a value");
    value["stop_signal"] = 0.into();
    let error = serde_json::from_value::<ContainerPlan>(value).expect_err("no plan");
    assert!(error.to_string().contains("no signal has the number 0"), "{error}");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let bind = |at: &str| {
        let at = at.to_owned();
        move |parts: &mut Parts| {
            let what = What::Bind { source: "/srv".into(), below: Below::Along };
            parts.mounts.push(Mount::new(at, what, Attributes::default()));
        }
    };
    assert!(changed(bind("/data")).is_ok());
    assert_eq!(changed(bind("/")), Err(Contradiction::OverRoot));
    assert_eq!(changed(bind("/dev/shm/")), Err(Contradiction::Twice("/dev/shm".into())));
    assert_eq!(changed(bind("/dev/null")), Err(Contradiction::Twice("/dev/null".into())));
    for at in ["/proc", "/proc/self/attr"] {
        assert!(matches!(changed(bind(at)), Err(Contradiction::InProc(_))), "{at}");
    }
    for at in ["data", "", "/x/../y"] {
        assert!(matches!(changed(bind(at)), Err(Contradiction::Relative { .. })), "{at}");
    }
    let no_words = changed(|parts| parts.process.command.clear());
    assert_eq!(no_words, Err(Contradiction::NoCommand));
    assert_eq!(changed(|parts| parts.process.command = vec!["".into()]), Err(Contradiction::NoCommand));
    let no_layers = Root::Layers {
        lowers: Vec::new(),
        writable: Writable { upper: "/u".into(), work: "/w".into(), volatile: false },
    };
    assert_eq!(changed(|parts| parts.root = no_layers), Err(Contradiction::NoLayers));
    assert!(matches!(
        changed(|parts| parts.process.environment.push(("A=B".into(), "".into()))),
        Err(Contradiction::Variable(_))
    ));
    assert!(matches!(
        changed(|parts| parts.process.environment.push(("A".into(), "x\0".into()))),
        Err(Contradiction::ZeroByte(_))
    ));
    assert!(changed(|parts| parts.stop_signal = 65).is_err());
    assert!(changed(|parts| parts.process.umask = 0o1000).is_err());
    assert!(changed(|parts| parts.process.oom_score = Some(1001)).is_err());
    assert!(changed(|parts| parts.devices[0].at = "/etc/null".into()).is_err());
}

#[test]
fn only_what_is_a_pods_own_can_be_set() {
    let set = |name: &str| changed(|parts| drop(parts.sysctls.insert(name.to_owned(), "1".to_owned())));
    for name in ["net.ipv4.ip_forward", "net/ipv4/conf/eth0.1/rp_filter", "kernel.sem", "kernel.shmmax", "fs.mqueue.x"]
    {
        assert!(set(name).is_ok(), "{name}");
    }
    for name in ["kernel.hostname", "vm.swappiness", "net.", "net", "kernel.core_pattern", "net/../kernel/x", ""] {
        assert!(set(name).is_err(), "{name}");
    }
}

#[test]
fn a_user_is_a_number_or_a_name_in_full() {
    for (text, user, group) in [
        ("0", Named::Number(0), None),
        ("www", Named::Name("www".to_owned()), None),
        ("1:2", Named::Number(1), Some(Named::Number(2))),
        ("www:2", Named::Name("www".to_owned()), Some(Named::Number(2))),
    ] {
        assert_eq!(text.parse(), Ok(User { user, group, ..User::root() }), "{text}");
    }
    for text in ["", ":", "1:", ":1", "1x", "-1", "+1", "4294967295", "1:2:3", "a/b"] {
        assert!(text.parse::<User>().is_err(), "{text}");
    }
}

#[test]
fn capabilities_are_added_and_taken_away() {
    let usual = Capabilities::usual();
    assert_eq!(usual.iter().count(), 14);
    let net: Capabilities = [Capability::CAP_NET_ADMIN].into_iter().collect();
    assert!(usual.with(net).has(Capability::CAP_NET_ADMIN));
    assert_eq!(usual.with(net).without(net), usual);
    assert_eq!(usual.without(Capabilities::all()), Capabilities::default());
}
