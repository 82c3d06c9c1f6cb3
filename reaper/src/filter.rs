//! A seccomp filter that leaves a process just the calls it still makes; any other ends it.
//!
//! It is made when the program is compiled, so it costs the program eight bytes an instruction and
//! no code. Numbers of calls mean something only together with the architecture that counts them,
//! so the filter asks for that first: an x86_64 process can call as an i386 one.

use linux_raw_sys::general as nr;
use linux_raw_sys::if_tun::{BPF_ABS, BPF_JEQ, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W};
use linux_raw_sys::ptrace::{SECCOMP_RET_ALLOW, SECCOMP_RET_KILL_PROCESS, seccomp_data, sock_filter};

use crate::sys::AUDIT_ARCH;

/// A system call that a filter may allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Call {
    /// write(2)
    Write = nr::__NR_write,
    /// `exit_group`, which is what _exit(2) calls
    Exit = nr::__NR_exit_group,
    /// rt_sigtimedwait(2)
    WaitFor = nr::__NR_rt_sigtimedwait,
}

/// A filter of `LENGTH` instructions, five more than the calls that it allows.
///
/// # References
/// seccomp(2); `Documentation/userspace-api/seccomp_filter.rst` of the kernel
#[derive(Clone, Copy, Debug)]
pub struct Filter<const LENGTH: usize>([sock_filter; LENGTH]);

impl<const LENGTH: usize> Filter<LENGTH> {
    /// The filter that allows these calls and ends the process at any other.
    ///
    /// # Panics
    /// Where the length is not right: in a constant, that is an error of the compiler.
    #[must_use]
    pub const fn allowing(calls: &[Call]) -> Self {
        assert!(LENGTH == calls.len() + 5, "five instructions more than calls");
        let mut program = [returns(SECCOMP_RET_ALLOW); LENGTH];
        let deny = LENGTH - 2;
        program[0] = loads(core::mem::offset_of!(seccomp_data, arch));
        program[1] = unless(AUDIT_ARCH, deny - 2);
        program[2] = loads(core::mem::offset_of!(seccomp_data, nr));
        let mut i = 0;
        while i < calls.len() {
            let allow = calls.len() - i;
            program[3 + i] = when(calls[i] as u32, allow);
            i += 1;
        }
        program[deny] = returns(SECCOMP_RET_KILL_PROCESS);
        Self(program)
    }

    /// The instructions, as the kernel reads them.
    #[must_use]
    pub const fn instructions(&self) -> &[sock_filter] {
        &self.0
    }
}

#[allow(clippy::cast_possible_truncation, reason = "classes and modes of instructions are eight bits")]
const fn instruction(code: u32, jt: u8, jf: u8, k: u32) -> sock_filter {
    sock_filter { code: code as u16, jt, jf, k }
}

#[allow(clippy::cast_possible_truncation, reason = "offsets into seccomp_data are below 64")]
const fn loads(offset: usize) -> sock_filter {
    instruction(BPF_LD | BPF_W | BPF_ABS, 0, 0, offset as u32)
}

const fn returns(action: u32) -> sock_filter {
    instruction(BPF_RET | BPF_K, 0, 0, action)
}

/// Skips so many instructions when what was loaded is this.
#[allow(clippy::cast_possible_truncation, reason = "a filter is far shorter than 255 instructions")]
const fn when(value: u32, skip: usize) -> sock_filter {
    instruction(BPF_JMP | BPF_JEQ | BPF_K, skip as u8, 0, value)
}

/// Skips so many instructions when what was loaded is not this.
#[allow(clippy::cast_possible_truncation, reason = "a filter is far shorter than 255 instructions")]
const fn unless(value: u32, skip: usize) -> sock_filter {
    instruction(BPF_JMP | BPF_JEQ | BPF_K, 0, skip as u8, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel would answer to a call of this number, counted by this architecture.
    fn answer(program: &[sock_filter], arch: u32, number: u32) -> u32 {
        let (mut at, mut loaded) = (0, 0);
        loop {
            let sock_filter { code, jt, jf, k } = program[at];
            at += 1;
            match u32::from(code) {
                code if code == BPF_LD | BPF_W | BPF_ABS => loaded = if k == 4 { arch } else { number },
                code if code == BPF_JMP | BPF_JEQ | BPF_K => at += usize::from(if loaded == k { jt } else { jf }),
                code if code == BPF_RET | BPF_K => return k,
                code => panic!("no such instruction here: {code:#x}"),
            }
        }
    }

    #[test]
    fn allows_the_calls_it_was_made_of_and_no_other() {
        const CALLS: [Call; 3] = [Call::WaitFor, Call::Write, Call::Exit];
        let filter = Filter::<8>::allowing(&CALLS);
        for number in (0..1024).chain([0x4000_0001, u32::MAX]) {
            let expected = CALLS.iter().any(|call| *call as u32 == number);
            let allowed = answer(filter.instructions(), AUDIT_ARCH, number) == SECCOMP_RET_ALLOW;
            assert_eq!(allowed, expected, "call {number}");
        }
    }

    #[test]
    fn allows_nothing_to_another_architecture() {
        let filter = Filter::<6>::allowing(&[Call::Write]);
        for number in 0..1024 {
            let i386 = 0x4000_0003;
            assert_eq!(answer(filter.instructions(), i386, number), SECCOMP_RET_KILL_PROCESS, "call {number}");
        }
    }
}
