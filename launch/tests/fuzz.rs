//! Profiles of system calls, files of accounts and of ids, and what the kernel tells of mounts and groups, all nearly what
//! they should be: nothing panics, nothing grows out of proportion, what is taken of a profile is a filter that the kernel
//! would take, and no path leads elsewhere.
//!
//! `FUZZ_SECONDS=600 cargo test -p launch --test fuzz` runs it for so long, from other seeds each time; otherwise it is a
//! fixed number of rounds from fixed ones.
#![allow(missing_docs)]

use std::path::Component;

use caps::CapsHashSet;
use fixtures::fuzz::{Dice, Law, PeakAlloc, mutate, rounds};
use launch::Identity;
use launch::open::cgroup::{Group, mounted};
use launch::ranges;
use launch::seccomp::Seccomp;
use reaper::accounts::{self, Account};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// A name of a call is six bytes, and its rule some hundred instructions at most, of eight bytes each.
const LAW: Law = Law { at_least: 2 << 20, each: 4000 };

/// The kernel's own limit.
const LONGEST: usize = 4096;

const PROFILES: [&str; 3] = [
    r#"{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":38,"archMap":[{"architecture":"SCMP_ARCH_X86_64","subArchitectures":["SCMP_ARCH_X86"]}],"syscalls":[{"names":["read","write","openat"],"action":"SCMP_ACT_ALLOW"},{"names":["clone"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":2114060288,"valueTwo":0,"op":"SCMP_CMP_MASKED_EQ"}],"excludes":{"caps":["CAP_SYS_ADMIN"]}}]}"#,
    r#"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"name":"ptrace","action":"SCMP_ACT_ERRNO","errnoRet":1,"includes":{"minKernel":"4.8"}},{"names":["socket"],"action":"SCMP_ACT_KILL_PROCESS","args":[{"index":0,"value":38,"op":"SCMP_CMP_NE"},{"index":1,"value":3,"op":"SCMP_CMP_GE"}]}]}"#,
    r#"{"defaultAction":"SCMP_ACT_LOG","syscalls":[]}"#,
];

const PIECES: [&[u8]; 20] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b"\"",
    b"null",
    b"-1",
    b"18446744073709551615",
    b"1e400",
    b"SCMP_ACT_NOTIFY",
    b"SCMP_ACT_TRACE",
    b"SCMP_CMP_LT",
    b"\"read\",",
    b"\"names\":[\"read\"],",
    b"{\"index\":5,\"value\":1,\"op\":\"SCMP_CMP_EQ\"},",
    b"{\"index\":6,\"value\":1,\"op\":\"SCMP_CMP_EQ\"},",
    b"[[[[[[[[[[[[[[[[",
    b"\\ud800",
    b"\xff",
];

/// Text is read as it is, and what is read of it are some words more.
const LAW_OF_TEXT: Law = Law { at_least: 64 << 10, each: 100 };

const PASSWD: &[u8] = b"root:x:0:0:root:/root:/bin/sh\nwww:x:33:33::/var/www:/sbin/nologin\n+::::::\n";
const GROUP: &[u8] = b"root:x:0:\nadm:x:4:syslog,ann\nann:x:1000:\n";
const SUBUID: &[u8] = b"ann:100000:65536\n1001:4294901760:65535\n# x\nann:300000:1\n";
const CGROUP: &[u8] = b"12:cpu,cpuacct:/user.slice\n1:name=systemd:/a:b\n0::/user.slice/session-1.scope\n";
const MOUNTINFO: &[u8] = b"34 25 0:29 / /sys/fs/cgroup ro,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n\
    36 25 0:31 /a\\040b /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:10 - cgroup cgroup rw,cpu,cpuacct\n\
    37 25 0:32 / /x rw - tmpfs tmpfs rw,size=1k\n";
const STAT: &[u8] = b"812 (pause (x)) S 1 812 812 0 -1 4194560 90 0 0 0 0 0 0 0 20 0 1 0 123456 1024000 1 \
    18446744073709551615 1 1 0 0 0 0 0 4096 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0";

const PIECES_OF_TEXT: [&[u8]; 20] = [
    b":",
    b"\n",
    b" ",
    b",",
    b"/",
    b"..",
    b"/../",
    b"\\056\\056",
    b" - ",
    b" - cgroup2 x rw",
    b"0::",
    b"-1",
    b"4294967295",
    b"4294967296",
    b"99999999999999999999",
    b"(",
    b")",
    b"\0",
    b"\xff",
    b"ann:1:1\n",
];

fn mutated(base: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut text = base.to_vec();
    mutate(&mut text, dice, &PIECES_OF_TEXT);
    text
}

#[test]
fn files_of_accounts_and_of_ids_say_what_can_be() {
    let mut taken = 0_u32;
    rounds(5_000, &MEMORY, LAW_OF_TEXT, |dice| {
        let (passwd, group) = (mutated(PASSWD, dice), mutated(GROUP, dice));
        for account in passwd.split(|byte| *byte == b'\n').filter_map(Account::of) {
            assert!(account.home.is_none_or(|home| home.starts_with(b"/")));
            taken += 1;
        }
        let groups = group.split(|byte| *byte == b'\n').filter_map(accounts::Group::of);
        taken += u32::try_from(groups.filter(|group| group.has(b"ann")).count()).unwrap_or_default();
        let subuid = String::from_utf8_lossy(&mutated(SUBUID, dice)).into_owned();
        let uids = ranges::parse(&subuid, Some("ann"), 1001);
        for range in &uids {
            assert!(range.count > 0 && range.first.checked_add(range.count).is_some(), "{range:?}");
        }
        let told = ranges::words(1, 1001, &uids);
        assert_eq!(told.len(), 4 + 3 * uids.len());
        assert!(ranges::has(&uids, 0));
        passwd.len() + group.len() + subuid.len()
    });
    assert!(taken > 0, "nothing was ever taken");
}

#[test]
fn what_is_told_of_mounts_and_groups_leads_nowhere_else() {
    let mut found = 0_u32;
    rounds(5_000, &MEMORY, LAW_OF_TEXT, |dice| {
        let (mountinfo, cgroup) = (mutated(MOUNTINFO, dice), mutated(CGROUP, dice));
        let (hierarchies, groups) =
            (mounted(&mountinfo).unwrap_or_default(), Group::parse(&cgroup).unwrap_or_default());
        for group in &groups {
            for hierarchy in hierarchies.iter().filter(|hierarchy| hierarchy.is_of(group)) {
                let Some(directory) = hierarchy.directory(&group.pathname) else { continue };
                let inner = directory.strip_prefix(&hierarchy.mounted).ok();
                let stays = |part| matches!(part, Component::Normal(_));
                assert!(inner.is_some_and(|inner| inner.components().all(stays)), "{}", directory.display());
                found += 1;
            }
        }
        mountinfo.len() + cgroup.len()
    });
    assert!(found > 0, "nothing was ever found");
}

#[test]
fn a_process_is_on_record_or_it_is_said_why_not() {
    let sum =
        |line: &[u8]| line.iter().fold(0x811c_9dc5_u32, |sum, byte| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    let mut taken = 0_u32;
    rounds(5_000, &MEMORY, LAW_OF_TEXT, |dice| {
        // What has a right sum is read, whatever stands there; what has not never is.
        let line = mutated(STAT, dice);
        let mut record = [&line[..], format!(" #{:08x}\n", sum(&line)).as_bytes()].concat();
        let whole = Identity::from_record(&record);
        taken += u32::from(matches!(whole, Ok(Some(_))));
        let at = dice.below(record.len());
        let (before, byte) = (record[at], dice.byte());
        record[at] = byte;
        if byte != before {
            assert!(Identity::from_record(&record).is_err(), "{}", String::from_utf8_lossy(&record));
        }
        record.truncate(at);
        assert!(matches!(Identity::from_record(&record), Err(_) | Ok(None)));
        record.len()
    });
    assert!(taken > 0, "nothing was ever taken");
}

#[test]
fn profiles_become_filters_or_are_refused() {
    let (kernel, capabilities) = ((6, 1), CapsHashSet::new());
    let mut taken = 0_u32;
    rounds(5_000, &MEMORY, LAW, |dice| {
        let mut text = dice.pick(&PROFILES).as_bytes().to_vec();
        mutate(&mut text, dice, &PIECES);
        match Seccomp::from_json(text.as_slice(), &capabilities, kernel) {
            Ok(filter) => {
                taken += 1;
                let length = filter.program().map_or(1, Vec::len);
                assert!((1..=LONGEST).contains(&length), "{length} instructions");
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
        text.len()
    });
    assert!(taken > 0, "nothing was ever taken");
}
