//! What the kernel would answer to a call.

use std::env;

use libc::{
    BPF_ABS, BPF_ALU, BPF_AND, BPF_JA, BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W,
    SECCOMP_RET_ALLOW,
};
use seccompiler::sock_filter;
use syscalls::Sysno;

use super::Seccomp;

/// A call as a filter sees it.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Call {
    pub(in super::super) number: u32,
    pub(super) arch: u32,
    pub(super) arguments: [u64; 6],
}

impl Call {
    pub(in super::super) fn of(call: Sysno, arguments: &[u64]) -> Self {
        let arch = match env::consts::ARCH {
            "x86_64" => 0xc000_003e,
            "aarch64" => 0xc000_00b7,
            "riscv64" => 0xc000_00f3,
            other => panic!("no filters for {other}"),
        };
        let mut all = [0; 6];
        all[..arguments.len()].copy_from_slice(arguments);
        Self { number: u32::try_from(call.id()).expect("not negative"), arch, arguments: all }
    }

    /// The word at an offset into `struct seccomp_data`.
    fn word(&self, offset: u32) -> u32 {
        let bytes = [
            u64::from(self.number) | u64::from(self.arch) << 32,
            0,
            self.arguments[0],
            self.arguments[1],
            self.arguments[2],
            self.arguments[3],
            self.arguments[4],
            self.arguments[5],
        ]
        .map(u64::to_le_bytes)
        .concat();
        let at = usize::try_from(offset).expect("an offset");
        u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
    }
}

/// How many instructions a filter takes.
pub(super) fn steps(program: &[sock_filter], call: &Call) -> usize {
    run(program, call).1
}

/// What a filter returns, and after how many instructions.
fn run(program: &[sock_filter], call: &Call) -> (u32, usize) {
    let (mut at, mut loaded, mut steps) = (0, 0, 0);
    loop {
        let sock_filter { code, jt, jf, k } = program[at];
        at += 1;
        steps += 1;
        let mut jump = |condition| at += usize::from(if condition { jt } else { jf });
        match u32::from(code) {
            code if code == BPF_LD | BPF_W | BPF_ABS => loaded = call.word(k),
            code if code == BPF_ALU | BPF_AND | BPF_K => loaded &= k,
            code if code == BPF_JMP | BPF_JEQ | BPF_K => jump(loaded == k),
            code if code == BPF_JMP | BPF_JGT | BPF_K => jump(loaded > k),
            code if code == BPF_JMP | BPF_JGE | BPF_K => jump(loaded >= k),
            code if code == BPF_JMP | BPF_JA => at += usize::try_from(k).expect("an offset"),
            code if code == BPF_RET | BPF_K => return (k, steps),
            code => panic!("no such instruction here: {code:#x}"),
        }
    }
}

/// What a call is answered.
pub(in super::super) fn verdict(seccomp: &Seccomp, call: &Call) -> u32 {
    seccomp.program().map_or(SECCOMP_RET_ALLOW, |program| run(program, call).0)
}
