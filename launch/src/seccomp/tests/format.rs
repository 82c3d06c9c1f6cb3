//! What the file may say, and what it may not.

use std::collections::HashSet;
use std::env;

use caps::Capability;
use serde_json::{Value, json};
use syscalls::Sysno;

use super::evaluate::{Call, verdict};
use super::{ALLOW, EPERM, ERRNO, KERNEL, Seccomp, TRACE, compiled, refusing, said};
use crate::seccomp::number;

#[test]
fn errnos_are_those_of_the_profile() {
    let rows = [
        (json!({}), json!({}), EPERM, EPERM),
        (json!({"errnoRet": 22}), json!({"defaultErrnoRet": 38}), ERRNO | 22, ERRNO | 38),
        (json!({"errno": "EINVAL"}), json!({"defaultErrno": "ENOSYS"}), ERRNO | 22, ERRNO | 38),
        (json!({"errno": "EINVAL", "errnoRet": 1}), json!({}), ERRNO | 22, EPERM),
        (json!({"errno": "", "errnoRet": null}), json!({"defaultErrnoRet": null}), EPERM, EPERM),
        (json!({"errnoRet": 0}), json!({}), ERRNO, EPERM),
        (json!({"action": "SCMP_ACT_TRACE", "errnoRet": 700}), json!({}), TRACE | 700, EPERM),
    ];
    for (of_rule, of_default, expected, by_default) in rows {
        let mut profile = refusing(&of_rule);
        profile["defaultAction"] = json!("SCMP_ACT_ERRNO");
        profile.as_object_mut().expect("a profile").extend(of_default.as_object().expect("members").clone());
        let seccomp = compiled(&profile);
        assert_eq!(verdict(&seccomp, &Call::of(Sysno::getppid, &[])), expected, "{profile}");
        assert_eq!(verdict(&seccomp, &Call::of(Sysno::getpid, &[])), by_default, "{profile}");
    }
}

#[test]
fn a_rule_holds_where_its_circumstances_do() {
    let arch = match env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let rows = [
        (json!({}), true),
        (json!({"includes": null, "excludes": {}}), true),
        (json!({"includes": {"caps": ["CAP_CHOWN"]}}), true),
        (json!({"includes": {"caps": ["CAP_CHOWN", "CAP_KILL"]}}), true),
        (json!({"includes": {"caps": ["CAP_CHOWN", "CAP_SYS_ADMIN"]}}), false),
        (json!({"includes": {"caps": ["CAP_OF_TOMORROW"]}}), false),
        (json!({"excludes": {"caps": ["CAP_SYS_ADMIN"]}}), true),
        (json!({"excludes": {"caps": ["CAP_SYS_ADMIN", "CAP_KILL"]}}), false),
        (json!({"excludes": {"caps": ["CAP_OF_TOMORROW"]}}), true),
        (json!({"includes": {"arches": ["s390x", arch]}}), true),
        (json!({"includes": {"arches": ["s390x"]}}), false),
        (json!({"excludes": {"arches": ["s390x"]}}), true),
        (json!({"excludes": {"arches": ["s390x", arch]}}), false),
        (json!({"includes": {"minKernel": "4.8"}}), true),
        (json!({"includes": {"minKernel": "6.1"}}), true),
        (json!({"includes": {"minKernel": "6.2"}}), false),
        (json!({"excludes": {"minKernel": "6.1"}}), false),
        (json!({"excludes": {"minKernel": "6.10"}}), true),
        (json!({"includes": {"caps": ["CAP_KILL"], "arches": ["s390x"]}}), false),
    ];
    let capabilities = HashSet::from([Capability::CAP_CHOWN, Capability::CAP_KILL]);
    for (circumstances, holds) in rows {
        let profile = refusing(&circumstances);
        let seccomp = Seccomp::from_json(profile.to_string().as_bytes(), &capabilities, KERNEL).expect("a profile");
        let expected = if holds { EPERM } else { ALLOW };
        assert_eq!(verdict(&seccomp, &Call::of(Sysno::getppid, &[])), expected, "{profile}");
    }
}

#[test]
fn names_of_no_call_are_passed_over_and_told() {
    let seccomp = compiled(&json!({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
        {"names": ["no_such", "getpid", "fcntl64"], "action": "SCMP_ACT_ALLOW", "comment": "", "args": []},
        {"name": "no_such", "names": null, "action": "SCMP_ACT_KILL"},
        {"name": "getppid", "action": "SCMP_ACT_ALLOW"},
    ]}));
    assert_eq!(seccomp.unknown(), ["fcntl64", "no_such"]);
    for call in [Sysno::getpid, Sysno::getppid] {
        assert_eq!(verdict(&seccomp, &Call::of(call, &[])), ALLOW);
    }
}

#[test]
fn calls_are_known_by_their_kernel_names() {
    let rows = [
        ("read", Sysno::read.id().into()),
        ("newfstatat", libc::SYS_newfstatat),
        ("pread64", libc::SYS_pread64),
        ("umount2", libc::SYS_umount2),
        ("sendfile", libc::SYS_sendfile),
        ("clone3", libc::SYS_clone3),
    ];
    for (name, expected) in rows {
        assert_eq!(number(name).map(i64::from), Some(expected), "{name}");
    }
}

#[test]
fn what_cannot_be_used_is_refused_in_one_line() {
    let rule = |rule: Value| json!({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]}).to_string();
    let argument = |argument: Value| rule(json!({"names": ["read"], "action": "SCMP_ACT_ERRNO", "args": [argument]}));
    let many: Vec<_> = (0..2000).map(|value| json!({"index": 0, "value": value, "op": "SCMP_CMP_EQ"})).collect();
    let rows = [
        ("{".to_owned(), "malformed seccomp profile: EOF while parsing an object at line 1 column 1"),
        ("{}".to_owned(), "malformed seccomp profile: missing field `defaultAction`"),
        (
            json!({"defaultAction": "SCMP_ACT_FORGIVE"}).to_string(),
            "unknown variant `SCMP_ACT_FORGIVE`, expected one of",
        ),
        (json!({"defaultAction": "SCMP_ACT_NOTIFY"}).to_string(), "nothing here answers for SCMP_ACT_NOTIFY"),
        (json!({"defaultAction": "SCMP_ACT_KILL", "defaultErrnoRet": 1}).to_string(), "have an errno"),
        (rule(json!({"names": ["read"], "action": "SCMP_ACT_NOTIFY"})), "nothing here answers for SCMP_ACT_NOTIFY"),
        (rule(json!({"names": ["read"], "action": "SCMP_ACT_ERRNO", "errno": "ENICE"})), "no errno is called ENICE"),
        (
            rule(json!({"names": ["read"], "action": "SCMP_ACT_ERRNO", "errnoRet": 65536})),
            "invalid value: integer `65536`",
        ),
        (rule(json!({"names": [], "action": "SCMP_ACT_ERRNO"})), "a rule needs either name or names"),
        (
            rule(json!({"names": ["read"], "name": "write", "action": "SCMP_ACT_ERRNO"})),
            "a rule needs either name or names",
        ),
        (rule(json!({"names": ["read"]})), "missing field `action`"),
        (
            rule(json!({"names": ["read"], "action": "SCMP_ACT_ERRNO", "includes": {"minKernel": "new"}})),
            "no version of a kernel: new",
        ),
        (
            argument(json!({"index": 6, "value": 1, "op": "SCMP_CMP_EQ"})),
            "no call has an argument of index 6, the last is 5",
        ),
        (argument(json!({"index": 0, "value": 1, "op": "SCMP_CMP_LIKE"})), "unknown variant `SCMP_CMP_LIKE`"),
        (argument(json!({"index": 0, "value": -1, "op": "SCMP_CMP_EQ"})), "invalid value: integer `-1`, expected u64"),
        (
            rule(json!({"names": ["read"], "action": "SCMP_ACT_ERRNO", "args": many})),
            "instructions is too long, 4096 is the most",
        ),
    ];
    for (profile, expected) in rows {
        let error = Seccomp::from_json(profile.as_bytes(), &HashSet::new(), KERNEL).expect_err(&profile);
        let line = said(&error);
        assert!(line.contains(expected) && !line.contains('\n'), "{line}, and not {expected}");
    }
}
