//! The rules of a profile, sorted by what they do, and the filters made of them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::env::consts::ARCH;

use seccompiler::{BackendError, BpfProgram, SeccompAction, SeccompFilter, SeccompRule, sock_filter};
use syscalls::Sysno;

use super::SeccompError;

/// The longest filter, in instructions: the compiler stops one short of the kernel's `BPF_MAXINSNS`.
pub(super) const LONGEST: usize = 4095;

/// Calls by number, each with the conditions of which one has to be met; none for any such call.
type Calls = BTreeMap<i64, Vec<SeccompRule>>;

/// What is done about which calls.
#[derive(Debug)]
pub(super) struct Rules {
    default: SeccompAction,
    others: Vec<(SeccompAction, Calls)>,
}

/// A filter to be compiled.
struct Filter {
    calls: Calls,
    matched: SeccompAction,
    otherwise: SeccompAction,
}

impl Rules {
    pub(super) fn new(default: SeccompAction) -> Self {
        Self { default, others: Vec::new() }
    }

    /// Adds one rule for one call.
    pub(super) fn add(&mut self, action: &SeccompAction, number: i64, alternatives: &[SeccompRule]) {
        let known = self.others.iter().position(|(other, _)| other == action);
        let at = known.unwrap_or_else(|| {
            self.others.push((action.clone(), Calls::new()));
            self.others.len() - 1
        });
        join(&mut self.others[at].1, number, alternatives);
    }

    /// The filters, in the order of installing.
    pub(super) fn programs(self) -> Result<Vec<BpfProgram>, SeccompError> {
        let mut filters = self.filters();
        filters.sort_by_key(Filter::refuses_the_next);
        if filters.iter().filter(|filter| filter.refuses_the_next()).count() > 1 {
            return Err(SeccompError::RefusesItself);
        }
        let mut programs = filters.into_iter().map(Filter::compile).collect::<Result<Vec<_>, _>>()?;
        if let Some(first) = programs.first_mut() {
            first.splice(..0, without_x32());
        }
        match programs.iter().map(Vec::len).find(|length| *length > LONGEST) {
            Some(instructions) => Err(SeccompError::TooLong { instructions }),
            None => Ok(programs),
        }
    }

    /// The same, and a call of a higher number than this does not exist (ENOSYS).
    pub(super) fn but_unknown(self, last: i32) -> Result<Vec<BpfProgram>, SeccompError> {
        let mut programs = self.programs()?;
        if let Some(first) = programs.first_mut() {
            // After those of another kind were seen to.
            let at = without_x32().len();
            first.splice(at..at, without(last.cast_unsigned()));
        }
        Ok(programs)
    }

    fn filters(self) -> Vec<Filter> {
        let Self { default, others } = self;
        let mut excepted = Calls::new();
        for (_, calls) in others.iter().filter(|(action, _)| *action != default) {
            for (number, alternatives) in calls {
                join(&mut excepted, *number, alternatives);
            }
        }
        let mut filters = Vec::new();
        for (matched, mut calls) in others {
            if matched == default {
                // About any other call it says what is done anyway.
                calls.retain(|number, _| excepted.contains_key(number));
            }
            if !calls.is_empty() {
                filters.push(Filter { calls, matched, otherwise: SeccompAction::Allow });
            }
        }
        filters.push(Filter { calls: excepted, matched: SeccompAction::Allow, otherwise: default });
        filters.retain(|filter| filter.matched != filter.otherwise);
        filters
    }
}

impl Filter {
    /// Whether it may keep filters from being installed after it.
    fn refuses_the_next(&self) -> bool {
        let refuses = |action| !matches!(action, &SeccompAction::Allow | &SeccompAction::Log);
        match self.calls.get(&i64::from(Sysno::seccomp.id())) {
            None => refuses(&self.otherwise),
            Some(any) if any.is_empty() => refuses(&self.matched),
            Some(_) => refuses(&self.matched) || refuses(&self.otherwise),
        }
    }

    fn compile(self) -> Result<BpfProgram, SeccompError> {
        let compile = || SeccompFilter::new(self.calls, self.otherwise, self.matched, ARCH.try_into()?)?.try_into();
        compile().map_err(|error| match error {
            BackendError::FilterTooLarge(instructions) => SeccompError::TooLong { instructions },
            other => SeccompError::Compile(other),
        })
    }
}

/// Adds alternatives to those that a call has; having none is met by all, so it takes in the others.
fn join(calls: &mut Calls, number: i64, alternatives: &[SeccompRule]) {
    match calls.entry(number) {
        Entry::Vacant(entry) => drop(entry.insert(alternatives.to_vec())),
        Entry::Occupied(entry) if alternatives.is_empty() => entry.into_mut().clear(),
        Entry::Occupied(entry) if entry.get().is_empty() => {}
        Entry::Occupied(entry) => {
            let known = entry.into_mut();
            let new =
                alternatives.iter().filter(|alternative| !known.contains(alternative)).cloned().collect::<Vec<_>>();
            known.extend(new);
        }
    }
}

#[allow(clippy::cast_possible_truncation, reason = "classes and modes of instructions are eight bits")]
const fn instruction(code: u32, jt: u8, jf: u8, k: u32) -> sock_filter {
    sock_filter { code: code as u16, jt, jf, k }
}

/// Where the number of a call is.
const NUMBER: u32 = 0;

/// Says that there is no call of a higher number than this; what a tracer leaves of one has the highest.
fn without(last: u32) -> [sock_filter; 4] {
    use libc::{BPF_ABS, BPF_JEQ, BPF_JGT, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W, SECCOMP_RET_ERRNO};

    [
        instruction(BPF_LD | BPF_W | BPF_ABS, 0, 0, NUMBER),
        instruction(BPF_JMP | BPF_JGT | BPF_K, 0, 2, last),
        instruction(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, u32::MAX),
        instruction(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | libc::ENOSYS.cast_unsigned()),
    ]
}

/// Ends a process at a call of x32, whose numbers are those of `x86_64` with one bit more: a filter
/// that allows what it does not know would let it pass. The number -1 has the bit too, but is what
/// a tracer leaves of a call that it has made itself.
#[cfg(target_arch = "x86_64")]
fn without_x32() -> [sock_filter; 4] {
    use libc::{BPF_ABS, BPF_JEQ, BPF_JGE, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W, SECCOMP_RET_KILL_PROCESS};

    const X32: u32 = 1 << 30;
    [
        instruction(BPF_LD | BPF_W | BPF_ABS, 0, 0, NUMBER),
        instruction(BPF_JMP | BPF_JGE | BPF_K, 0, 2, X32),
        instruction(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, u32::MAX),
        instruction(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS),
    ]
}

/// Only `x86_64` has calls of another kind under its own name.
#[cfg(not(target_arch = "x86_64"))]
fn without_x32() -> [sock_filter; 0] {
    []
}
