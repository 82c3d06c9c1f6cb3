//! The filters of a container as the specification has them: what our own refuse, refused.

use launch::seccomp::{NEW_NAMESPACES, refused_calls};
use oci_spec::runtime::{
    LinuxSeccomp, LinuxSeccompAction, LinuxSeccompArg, LinuxSeccompArgBuilder, LinuxSeccompOperator, LinuxSyscall,
};

use super::Unspeakable;
use crate::plan::{Process, Seccomp};

/// The profile; none where all calls may be made.
///
/// Two things cannot be said there. A call that is newer than this program does not exist for our own
/// filters, and has no name here. And runtimes take several conditions on one argument for alternatives, so
/// that nobody is kept from a personality.
pub(super) fn seccomp(process: &Process) -> Result<Option<LinuxSeccomp>, Unspeakable> {
    match process.seccomp {
        Seccomp::Unconfined => return Ok(None),
        Seccomp::Localhost(_) => return Err(Unspeakable::Profile),
        Seccomp::RuntimeDefault => {}
    }
    let capabilities = process.capabilities.set();
    let mut rules = vec![rule(refused_calls(&capabilities).map(str::to_owned).collect(), libc::EPERM, Vec::new())];
    if !process.capabilities.has(caps::Capability::CAP_SYS_ADMIN) {
        for flag in NEW_NAMESPACES.map(|flag| u64::from(flag.cast_unsigned())) {
            let has = argument(flag, LinuxSeccompOperator::ScmpCmpMaskedEq, Some(flag));
            rules.push(rule(vec!["clone".to_owned()], libc::EPERM, vec![has]));
        }
        rules.push(rule(vec!["clone3".to_owned()], libc::ENOSYS, Vec::new()));
    }
    let vsock = argument(u64::from(libc::AF_VSOCK.cast_unsigned()), LinuxSeccompOperator::ScmpCmpEq, None);
    rules.push(rule(vec!["socket".to_owned()], libc::EPERM, vec![vsock]));
    let mut profile = LinuxSeccomp::default();
    profile.set_default_action(LinuxSeccompAction::ScmpActAllow).set_syscalls(Some(rules));
    Ok(Some(profile))
}

fn rule(names: Vec<String>, errno: i32, arguments: Vec<LinuxSeccompArg>) -> LinuxSyscall {
    let mut rule = LinuxSyscall::default();
    rule.set_names(names)
        .set_action(LinuxSeccompAction::ScmpActErrno)
        .set_errno_ret(Some(errno.cast_unsigned()))
        .set_args((!arguments.is_empty()).then_some(arguments));
    rule
}

/// About the first argument.
fn argument(value: u64, op: LinuxSeccompOperator, masked: Option<u64>) -> LinuxSeccompArg {
    let argument = LinuxSeccompArgBuilder::default().index(0_usize).value(value).op(op);
    let argument = if let Some(masked) = masked { argument.value_two(masked) } else { argument };
    // All that it can lack has been given.
    argument.build().unwrap_or_default()
}
