//! The rules of a profile by call, and the filter made of them.
//!
//! The kernel runs a filter for each call of the command, and, when it is installed, for each number that
//! there is, to learn which calls it always allows. So the number is looked for by halves.

use std::collections::BTreeMap;
use std::env::consts::ARCH;

use libc::{BPF_ABS, BPF_JA, BPF_JEQ, BPF_JGE, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W};
use seccompiler::{BpfProgram, SeccompAction, SeccompRule, TargetArch, sock_filter};

use super::SeccompError;

/// The longest filter, in instructions, that the kernel takes: its `BPF_MAXINSNS`.
pub(super) const LONGEST: usize = 4096;

/// Where the number of a call is, and what kind it is of.
const NUMBER: u32 = 0;
const KIND: u32 = 4;

/// What is done about which calls.
#[derive(Debug)]
pub(super) struct Rules {
    default: SeccompAction,
    calls: BTreeMap<u32, Vec<Answer>>,
}

/// What is done about a call, where one of the conditions is met; always, where there are none.
#[derive(Debug)]
struct Answer {
    action: SeccompAction,
    conditions: Vec<SeccompRule>,
}

/// What is done about the calls from this number to the next range's.
struct Range {
    first: u32,
    code: Vec<sock_filter>,
}

impl Rules {
    pub(super) fn new(default: SeccompAction) -> Self {
        Self { default, calls: BTreeMap::new() }
    }

    /// Adds one rule for one call.
    pub(super) fn add(&mut self, action: &SeccompAction, number: u32, conditions: &[SeccompRule]) {
        let answers = self.calls.entry(number).or_default();
        match answers.iter_mut().find(|answer| answer.action == *action) {
            None => answers.push(Answer { action: action.clone(), conditions: conditions.to_vec() }),
            // Having none is met by all, so it takes in the others.
            Some(known) if known.conditions.is_empty() => {}
            Some(known) if conditions.is_empty() => known.conditions.clear(),
            Some(known) => {
                for condition in conditions {
                    if !known.conditions.contains(condition) {
                        known.conditions.push(condition.clone());
                    }
                }
            }
        }
    }

    /// The filter; none where every call is allowed.
    pub(super) fn program(self) -> Result<Option<BpfProgram>, SeccompError> {
        let answers = self.calls.values().flatten();
        let allows_all = answers.map(|answer| &answer.action).chain([&self.default]).all(is_allowing);
        if allows_all {
            return Ok(None);
        }
        let otherwise = vec![returns(self.default.clone().into())];
        self.assembled(Vec::new(), otherwise).map(Some)
    }

    /// The same, and a call of a higher number than this does not exist (ENOSYS).
    pub(super) fn but_unknown(self, last: u32) -> Result<BpfProgram, SeccompError> {
        let unknown = libc::SECCOMP_RET_ERRNO | libc::ENOSYS.cast_unsigned();
        let otherwise = vec![returns(self.default.clone().into())];
        self.assembled(vec![Range { first: last + 1, code: vec![returns(unknown)] }], otherwise)
    }

    fn assembled(self, beyond: Vec<Range>, otherwise: Vec<sock_filter>) -> Result<BpfProgram, SeccompError> {
        let Self { default, calls } = self;
        let mut ranges = vec![Range { first: 0, code: otherwise.clone() }];
        for (number, answers) in calls {
            put(&mut ranges, Range { first: number, code: code(answers, &default) });
            put(&mut ranges, Range { first: number + 1, code: otherwise.clone() });
        }
        beyond.into_iter().chain(x32()).for_each(|range| put(&mut ranges, range));
        // What a tracer leaves of a call that it has made itself.
        put(&mut ranges, Range { first: u32::MAX, code: otherwise });

        let mut program = vec![
            instruction(BPF_LD | BPF_W | BPF_ABS, 0, 0, KIND),
            instruction(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, kind()?),
            returns(libc::SECCOMP_RET_KILL_PROCESS),
            instruction(BPF_LD | BPF_W | BPF_ABS, 0, 0, NUMBER),
        ];
        program.extend(searched(&ranges));
        if program.len() > LONGEST {
            return Err(SeccompError::TooLong { instructions: program.len() });
        }
        Ok(program)
    }
}

fn is_allowing(action: &SeccompAction) -> bool {
    *action == SeccompAction::Allow
}

/// What is done about one call: of all answers whose conditions are met, the most restrictive is given.
fn code(mut answers: Vec<Answer>, default: &SeccompAction) -> Vec<sock_filter> {
    answers.sort_by_key(|answer| (u32::from(answer.action.clone()) & libc::SECCOMP_RET_ACTION_FULL).cast_signed());
    let mut code = Vec::new();
    for Answer { action, conditions } in answers {
        let answer = returns(action.into());
        if conditions.is_empty() {
            code.push(answer);
            return code;
        }
        for condition in conditions {
            // Where it is not met, the answer is passed over.
            code.extend(BpfProgram::from(condition));
            code.push(answer.clone());
        }
    }
    code.push(returns(default.clone().into()));
    code
}

/// Puts a range behind the others, of which it may cut the last one off.
fn put(ranges: &mut Vec<Range>, range: Range) {
    if ranges.last().is_some_and(|last| last.first >= range.first) {
        ranges.pop();
    }
    if ranges.last().is_none_or(|last| last.code != range.code) {
        ranges.push(range);
    }
}

/// Finds the range of a number that is loaded, by halves.
fn searched(ranges: &[Range]) -> Vec<sock_filter> {
    let (lower, upper) = match ranges {
        [] => return Vec::new(),
        [range] => return range.code.clone(),
        _ => ranges.split_at(ranges.len() / 2),
    };
    let below = searched(lower);
    let from = upper[0].first;
    let mut code = match (u8::try_from(below.len()), u32::try_from(below.len())) {
        (Ok(far), _) => vec![instruction(BPF_JMP | BPF_JGE | BPF_K, far, 0, from)],
        (_, far) => vec![
            instruction(BPF_JMP | BPF_JGE | BPF_K, 0, 1, from),
            instruction(BPF_JMP | BPF_JA, 0, 0, far.unwrap_or(u32::MAX)),
        ],
    };
    code.extend(below);
    code.extend(searched(upper));
    code
}

#[allow(clippy::cast_possible_truncation, reason = "classes and modes of instructions are eight bits")]
const fn instruction(code: u32, jt: u8, jf: u8, k: u32) -> sock_filter {
    sock_filter { code: code as u16, jt, jf, k }
}

const fn returns(answer: u32) -> sock_filter {
    instruction(BPF_RET | BPF_K, 0, 0, answer)
}

/// What kind the calls of this architecture are of.
///
/// # References
/// `include/uapi/linux/audit.h` of the kernel
fn kind() -> Result<u32, SeccompError> {
    Ok(match TargetArch::try_from(ARCH).map_err(SeccompError::Compile)? {
        TargetArch::x86_64 => 0xc000_003e,
        TargetArch::aarch64 => 0xc000_00b7,
        TargetArch::riscv64 => 0xc000_00f3,
    })
}

/// Ends a process at a call of x32, whose numbers are those of `x86_64` with one bit more: a filter
/// that allows what it does not know would let it pass. Only `x86_64` has calls of another kind under its own name.
fn x32() -> Option<Range> {
    let code = vec![returns(libc::SECCOMP_RET_KILL_PROCESS)];
    cfg!(target_arch = "x86_64").then_some(Range { first: 1 << 30, code })
}
