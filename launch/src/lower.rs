//! From a command of which everything is at hand to the operations of its process: pure, and the
//! one place in which their order is decided.
//!
//! Outside comes what takes the rights of the outside; inside, what is left to do there. Between
//! them stands what is entered or made, which is for who calls this to say.

use std::ffi::{CString, NulError, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;

use caps::CapsHashSet;
use nix::mount::MsFlags;

use crate::activation::Own;
use crate::choice::{OwnPids, OwnProc, Parent, Record, Session};
use crate::command::Command;
use crate::credentials::{Capabilities, Number};
use crate::kind::Kind;
use crate::limits::Limit;
use crate::op::{Executed, Execution, Fork, Kept, Kinds, Mount, Op, Recorded};
use crate::open::cgroup::Cgroups;
use crate::open::label::OpenLabel;
use crate::open::program::Program;
use crate::open::users::OpenIds;
use crate::pointed::{CStrings, Filter};
use crate::script::{Need, Script};
use crate::seccomp::Seccomp;
use crate::signals::Inherited;

/// A command of which everything is at hand.
#[derive(Debug)]
pub struct Ready {
    /// What is wanted.
    pub command: Command,
    /// Its environment, each variable once.
    pub environment: Vec<(OsString, OsString)>,
    /// What its process knows of itself and has in its environment too.
    pub own: Vec<Own>,
    /// What is executed.
    pub program: Program,
    /// Who it becomes.
    pub ids: OpenIds,
    /// Its label.
    pub label: Option<OpenLabel>,
    /// Its root directory, if another than that of its mounts.
    pub root: Option<OwnedFd>,
    /// The directory in which it stands, if one that is held from before.
    pub directory: Option<OwnedFd>,
    /// Whether it has to stand within its root.
    pub stands_within: bool,
    /// Whether it comes into a user namespace, which gives it capabilities.
    pub joins_user: bool,
    /// A pidfd of this process, where the command is to end with it.
    pub us: Option<OwnedFd>,
}

/// What takes the rights of the outside, or is about who the process is there.
pub fn outside(script: &mut Script, command: &Command, cgroups: Cgroups) {
    if let Some(unified) = cgroups.unified {
        let (directory, members) = (script.hold(unified.directory), script.hold(unified.members));
        script.born_in(directory);
        script.must(Op::JoinCgroup { members, by_birth: true });
    }
    for cgroup in cgroups.others {
        let members = script.hold(cgroup.members);
        script.must(Op::JoinCgroup { members, by_birth: false });
    }
    if let Some(score) = command.oom_score_adj {
        script.must(Op::OomScore(CString::new(score.to_string()).unwrap_or_default()));
    }
    if let Some(nice) = command.nice {
        script.must(Op::Nice(nice));
    }
    raise(script, &command.limits);
}

fn raise(script: &mut Script, limits: &[Limit]) {
    for limit in limits {
        script.must(Op::RaiseLimit(*limit));
    }
}

/// The process that comes to be inside, where only a child of the one that entered can be there.
pub fn fork(script: &mut Script, command: &Command, enters_pids: bool) {
    let own_pids = command.own_pids == OwnPids::Yes;
    if enters_pids || own_pids {
        let orphan = command.parent == Parent::Init;
        let made = if own_pids { [Kind::Pid, Kind::Mount].into_iter().collect() } else { Kinds::default() };
        script.must(Op::Fork(Fork { made, twice: enters_pids && (own_pids || orphan), orphan }));
    }
}

/// Everything that is left to do inside, to the execution.
///
/// # Errors
/// When a word of the command has a zero byte in it.
pub fn inside(script: &mut Script, ready: Ready) -> Result<(), NulError> {
    let Ready { command, environment, own, program, ids, label, root, directory, stands_within, joins_user, us } =
        ready;
    let argv = std::iter::once(&command.program).chain(&command.arguments).map(|word| [word.as_bytes()]);
    let envp = environment.iter().map(|(key, value)| [key.as_bytes(), b"=", value.as_bytes()]);
    let (argv, envp) = (CStrings::new(argv)?, CStrings::new(envp)?);
    let looked_up = command.directory.as_ref().map(|path| CString::new(path.as_os_str().as_bytes())).transpose()?;
    let program = match program {
        Program::Files(files) => Executed::Files(files),
        Program::Sealed(file) => Executed::Held(script.hold(file)),
    };
    let held = if let Executed::Held(file) = &program { Some(*file) } else { None };
    let us = us.map(|us| script.hold(us));

    match command.record {
        None => {}
        Some(Record::Stat(file)) => record(script, Recorded::Stat, file),
        Some(Record::Pid(file)) => record(script, Recorded::Pid, file),
    }
    mounts(script, command.own_pids, command.own_proc, root);
    stdio(script, command.session, command.stdio, command.terminal);
    if let Some(OpenLabel { file, text }) = label {
        script.must(Op::Label { file, text });
    }
    if let Some(mask) = command.umask {
        script.must(Op::Umask(mask));
    }
    for limit in &command.limits {
        script.must(Op::SetLimit(*limit));
    }
    if let Some(directory) = directory {
        let directory = script.hold(directory);
        script.must(Op::Fchdir(directory));
    }
    script.close(3_u32.saturating_add(command.preserved), held.into_iter().chain(us));
    // It may be the user's who the process is about to become, and nobody else's; then it is tried again.
    let entered = looked_up.clone().map(|path| script.prefer(Op::Chdir(path)));
    let credentials = &command.credentials;
    let filters = command.seccomp.as_ref();
    let rights = Rights { capabilities: &credentials.capabilities, joins_user };
    let early = filters_early(&ids, &credentials.capabilities, credentials.no_new_privileges);
    if early {
        filter(script, filters);
    }
    rights.give_up(script, ids);
    if credentials.no_new_privileges {
        script.must(Op::NoNewPrivileges);
    }
    if let (Some(first), Some(path)) = (entered, looked_up) {
        script.instead(first, Op::Chdir(path), Need::Must);
    }
    if stands_within {
        script.must(Op::StandWithin);
    }
    if let Some(us) = us {
        // Changing ids would have forgotten it.
        script.must(Op::EndWith(us));
    }
    script.must(Op::Signals(command.signals.unwrap_or_else(Inherited::now)));
    if !early {
        filter(script, filters);
    }
    script.must(Op::Execute(Box::new(Execution::new(program, argv, envp).knowing(&own))));
    Ok(())
}

fn record(script: &mut Script, what: Recorded, file: OwnedFd) {
    let file = script.hold(file);
    script.must(Op::Record(what, file));
}

/// The root directory, and a /proc of its own.
fn mounts(script: &mut Script, own_pids: OwnPids, own_proc: OwnProc, root: Option<OwnedFd>) {
    let own = own_pids == OwnPids::Yes || own_proc == OwnProc::Yes;
    if own_proc == OwnProc::Yes {
        script.must(Op::OwnMounts);
    }
    if own {
        script.must(Op::SlaveMounts);
    }
    if let Some(root) = root {
        let root = script.hold(root);
        script.must(Op::Chroot(root));
    }
    if own {
        script.must(Op::Mount(fresh(c"proc", c"/proc", None)));
    }
}

/// A new file system of this kind, from which nothing is executed.
#[must_use]
pub fn fresh(kind: &std::ffi::CStr, target: &std::ffi::CStr, data: Option<&std::ffi::CStr>) -> Mount {
    Mount {
        source: kind.to_owned(),
        target: target.to_owned(),
        kind: Some(kind.to_owned()),
        flags: MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC,
        data: data.map(std::ffi::CStr::to_owned),
    }
}

/// Nobody inside shares a terminal with us unless that was asked for (CVE-2017-5226).
fn stdio(script: &mut Script, session: Session, stdio: [Option<OwnedFd>; 3], terminal: Option<OwnedFd>) {
    if session == Session::New {
        script.must(Op::Session);
    }
    if let Some(terminal) = terminal {
        let terminal = script.hold(terminal);
        script.must(Op::Stdio([Some(terminal); 3]));
        script.must(Op::Terminal);
    } else if stdio.iter().any(Option::is_some) {
        let stdio = stdio.map(|file| file.map(|file| script.hold(file)));
        script.must(Op::Stdio(stdio));
    }
}

/// Whether the filter has to be installed while there still is the right to, though it then has
/// to let through all that follows. Who gives up new privileges always has that right.
fn filters_early(ids: &OpenIds, capabilities: &Capabilities, no_new_privileges: bool) -> bool {
    let stays_root = matches!(ids.user, None | Some(Number::Asked(0) | Number::Usual(0)));
    let stays_admin = stays_root && removed(capabilities) & caps::Capability::CAP_SYS_ADMIN.bitmask() == 0;
    !no_new_privileges && !stays_admin
}

fn filter(script: &mut Script, filters: Option<&Seccomp>) {
    if let Some(program) = filters.and_then(Seccomp::program) {
        script.must(Op::Filter(Filter::of(program.clone())));
    }
}

/// Which capabilities are given up, and with what.
struct Rights<'a> {
    capabilities: &'a Capabilities,
    joins_user: bool,
}

impl Rights<'_> {
    /// Gives up rights, in the order in which each can still be given up.
    fn give_up(&self, script: &mut Script, ids: OpenIds) {
        let wanted = self.capabilities;
        let (removed, ambient) = (removed(wanted), bits(&wanted.ambient));
        let demanded = bits(&wanted.add) | ambient;
        if demanded != 0 {
            script.must(Op::Demand(demanded));
        }
        if removed != 0 {
            script.must(Op::DropBounding(removed));
        }
        let all_ambient = wanted.keep && self.joins_user;
        let keeps = ambient != 0 || all_ambient;
        if keeps {
            script.must(Op::KeepCapabilities);
        }
        if let Some(groups) = ids.groups {
            let op = Op::Groups(groups);
            if ids.groups_asked {
                script.must(op)
            } else {
                script.prefer(op)
            };
        }
        take(script, ids.group, Op::Gid);
        take(script, ids.user, Op::Uid);
        script.must(Op::Capabilities(Kept { removed, ambient, all_ambient, effective: keeps }));
    }
}

/// Takes an id; one that is only usual may not be there.
fn take(script: &mut Script, number: Option<Number>, op: fn(u32) -> Op) {
    match number {
        None => {}
        Some(Number::Asked(id)) => drop(script.must(op(id))),
        Some(Number::Usual(id)) => drop(script.prefer(op(id))),
    }
}

fn bits(set: &CapsHashSet) -> u64 {
    set.iter().fold(0, |bits, capability| bits | capability.bitmask())
}

fn removed(capabilities: &Capabilities) -> u64 {
    bits(&capabilities.drop) & !bits(&capabilities.add) & !bits(&capabilities.ambient)
}

#[cfg(test)]
mod tests;
