//! What a call is answered by all filters together.

use serde_json::{Value, json};
use syscalls::Sysno;

use super::evaluate::{Call, steps, verdict};
use super::{ACTIONS, ALLOW, EPERM, ERRNO, KILL_PROCESS, LOG, TRAP, compiled, refusing};

#[test]
fn of_rules_for_one_call_the_most_restrictive_holds() {
    let getpid = Call::of(Sysno::getpid, &[]);
    let getppid = Call::of(Sysno::getppid, &[]);
    for default in ACTIONS {
        for (i, one) in ACTIONS.into_iter().enumerate() {
            for (j, other) in ACTIONS.into_iter().enumerate() {
                let seccomp = compiled(&json!({"defaultAction": default.0, "syscalls": [
                    {"names": ["seccomp"], "action": "SCMP_ACT_ALLOW"},
                    {"names": ["getpid"], "action": one.0},
                    {"names": ["getpid"], "action": other.0},
                ]}));
                let row = format!("default {}, {} and {}", default.0, one.0, other.0);
                assert_eq!(verdict(&seccomp, &getpid), ACTIONS[i.min(j)].1, "{row}");
                assert_eq!(verdict(&seccomp, &getppid), default.1, "{row}");
            }
        }
    }
}

#[test]
fn every_comparison_is_of_64_bits() {
    type Compare = fn(u64, u64) -> bool;
    const MASK: u64 = 0xf_0000_00f0;
    let operators: [(&str, Compare); 7] = [
        ("NE", |argument, value| argument != value),
        ("LT", |argument, value| argument < value),
        ("LE", |argument, value| argument <= value),
        ("EQ", |argument, value| argument == value),
        ("GE", |argument, value| argument >= value),
        ("GT", |argument, value| argument > value),
        ("MASKED_EQ", |argument, value| argument & MASK == value & MASK),
    ];
    let edges = [0, 1, 0xf0, 0xff, 0xffff_ffff, 1 << 32, (1 << 32) + 1, 0xf_0000_00f0, u64::MAX - 1, u64::MAX];
    for (operator, compare) in operators {
        for value in edges {
            let masked = operator == "MASKED_EQ";
            let (first, second) = if masked { (MASK, value) } else { (value, 0) };
            for index in 0..6 {
                let seccomp = compiled(&refusing(&json!({"args": [
                    {"index": index, "value": first, "valueTwo": second, "op": format!("SCMP_CMP_{operator}")},
                ]})));
                for argument in edges {
                    let mut call = Call::of(Sysno::getppid, &[7; 6]);
                    call.arguments[index] = argument;
                    let expected = if compare(argument, value) { EPERM } else { ALLOW };
                    assert_eq!(verdict(&seccomp, &call), expected, "{argument:#x} {operator} {value:#x}, {index}");
                }
            }
        }
    }
}

#[test]
fn conditions_of_a_rule_are_all_met_and_rules_are_alternatives() {
    let equal = |index: u32, value: u64| json!({"index": index, "value": value, "op": "SCMP_CMP_EQ"});
    let allow = |args: Value| json!({"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": args});
    let rows: [(&str, Value, &[[u64; 2]]); 5] = [
        ("one condition", json!([allow(json!([equal(0, 1)]))]), &[[1, 1], [1, 2]]),
        ("two conditions", json!([allow(json!([equal(0, 1), equal(1, 2)]))]), &[[1, 2]]),
        ("two rules", json!([allow(json!([equal(0, 1)])), allow(json!([equal(1, 2)]))]), &[[1, 1], [1, 2], [2, 2]]),
        (
            "one argument twice",
            json!([allow(json!([equal(0, 1), equal(0, 2), equal(1, 9)]))]),
            &[[1, 1], [1, 2], [2, 1], [2, 2]],
        ),
        (
            "any as well",
            json!([allow(json!([equal(0, 1)])), allow(Value::Null), allow(json!([equal(0, 3)]))]),
            &[[1, 1], [1, 2], [2, 1], [2, 2]],
        ),
    ];
    for (row, rules, allowed) in rows {
        let seccomp = compiled(&json!({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": rules}));
        for arguments in [[1, 1], [1, 2], [2, 1], [2, 2]] {
            let expected = if allowed.contains(&arguments) { ALLOW } else { EPERM };
            assert_eq!(verdict(&seccomp, &Call::of(Sysno::socket, &arguments)), expected, "{row}: {arguments:?}");
        }
        assert_eq!(verdict(&seccomp, &Call::of(Sysno::bind, &[1, 2])), EPERM, "{row}: another call");
    }
}

#[test]
fn actions_for_some_arguments_leave_the_others_to_further_rules() {
    let when = |operator: &str, value: u64| json!([{"index": 0, "value": value, "op": operator}]);
    let seccomp = compiled(&json!({"defaultAction": "SCMP_ACT_KILL_PROCESS", "syscalls": [
        {"names": ["seccomp"], "action": "SCMP_ACT_ALLOW"},
        {"names": ["setgid"], "action": "SCMP_ACT_ALLOW", "args": when("SCMP_CMP_LT", 10)},
        {"names": ["setgid"], "action": "SCMP_ACT_ERRNO", "errnoRet": 22, "args": when("SCMP_CMP_GE", 20)},
        {"names": ["setgid"], "action": "SCMP_ACT_LOG", "args": when("SCMP_CMP_EQ", 15)},
        {"names": ["setgid"], "action": "SCMP_ACT_TRAP", "args": when("SCMP_CMP_EQ", 5)},
        {"names": ["setgid"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38, "args": when("SCMP_CMP_EQ", 16)},
    ]}));
    let rows = [
        (0, ALLOW),
        (5, TRAP),
        (9, ALLOW),
        (10, KILL_PROCESS),
        (15, LOG),
        (16, ERRNO | 38),
        (19, KILL_PROCESS),
        (20, ERRNO | 22),
        (u64::MAX, ERRNO | 22),
    ];
    for (argument, expected) in rows {
        assert_eq!(verdict(&seccomp, &Call::of(Sysno::setgid, &[argument])), expected, "{argument}");
    }
}

#[test]
fn calls_of_another_kind_end_the_process() {
    for profile in [refusing(&json!({})), json!({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": null})] {
        let seccomp = compiled(&profile);
        let i386 = Call { arch: 0x4000_0003, ..Call::of(Sysno::getpid, &[]) };
        assert_eq!(verdict(&seccomp, &i386), KILL_PROCESS, "{profile}");
    }
}

#[test]
#[cfg(target_arch = "x86_64")]
fn calls_of_x32_end_the_process_and_calls_made_by_a_tracer_do_not() {
    let seccomp = compiled(&refusing(&json!({})));
    for (number, expected) in
        [(39, ALLOW), (0x3fff_ffff, ALLOW), (0x4000_0000, KILL_PROCESS), (0x4000_0027, KILL_PROCESS), (u32::MAX, ALLOW)]
    {
        let call = Call { number, ..Call::of(Sysno::getpid, &[]) };
        assert_eq!(verdict(&seccomp, &call), expected, "{number:#x}");
    }
}

#[test]
fn a_profile_that_allows_everything_needs_no_filter() {
    let seccomp = compiled(&json!({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["getpid"], "action": "SCMP_ACT_ALLOW"},
    ]}));
    assert_eq!(seccomp.program(), None);
}

#[test]
fn a_profile_may_refuse_what_filters_are_installed_with() {
    let rule = |name: &str, action: &str| json!({"names": [name], "action": action});
    let seccomp = compiled(&json!({"defaultAction": "SCMP_ACT_LOG", "syscalls": [
        rule("seccomp", "SCMP_ACT_ERRNO"), rule("seccomp", "SCMP_ACT_TRAP"), rule("getpid", "SCMP_ACT_TRAP"),
    ]}));
    for (call, expected) in [(Sysno::seccomp, TRAP), (Sysno::getpid, TRAP), (Sysno::getppid, LOG)] {
        assert_eq!(verdict(&seccomp, &Call::of(call, &[1])), expected, "{call}");
    }
}

#[test]
fn every_number_is_found_by_few_steps() {
    // Every second call has an answer of its own, which is as many ranges as there can be.
    let mut rules = Vec::new();
    let numbers = (0..Sysno::last().id()).filter(|number| number % 2 == 0);
    for (place, call) in numbers.filter_map(|number| Sysno::new(usize::try_from(number).ok()?)).enumerate() {
        rules.push(json!({"names": [call.name()], "action": "SCMP_ACT_ERRNO", "errnoRet": place % 100 + 1}));
    }
    let seccomp = compiled(&json!({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": rules}));
    for rule in &rules {
        let name = rule["names"][0].as_str().expect("a name");
        let call = Call::of(name.parse().expect("a call"), &[]);
        let expected = ERRNO | u32::try_from(rule["errnoRet"].as_u64().expect("a number")).expect("an errno");
        assert_eq!(verdict(&seccomp, &call), expected, "{name}");
        assert_eq!(verdict(&seccomp, &Call { number: call.number + 1, ..call }), ALLOW, "after {name}");
        let steps = steps(seccomp.program().expect("a filter"), &call);
        assert!(steps <= 4 + 2 * 10, "{name}: {steps} steps");
    }
}
