//! Profiles of system calls that are nearly what they should be: nothing panics, nothing grows out of proportion, and what
//! is taken is a filter that the kernel would take.
//!
//! `FUZZ_SECONDS=600 cargo test -p launch --test fuzz` runs it for so long, from other seeds each time; otherwise it is a
//! fixed number of rounds from fixed ones.
#![allow(missing_docs)]

use caps::CapsHashSet;
use fixtures::fuzz::{Law, PeakAlloc, mutate, rounds};
use launch::seccomp::Seccomp;

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
