//! From an opened plan to the script of the command's process: what is entered, between what is done
//! outside and what is done inside.

use std::ffi::NulError;
use std::os::fd::OwnedFd;

use launch::lower::{self, Ready};
use launch::op::{Entry, Expected, Op};
use launch::{Kind, OwnPids, OwnProc, Script};

use crate::open::{OpenNamespaces, Opened, Process};

/// Who does what the script says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// A new process, and what that makes.
    Child,
    /// This process, which stays out of a pid namespace that it enters: only its children are there.
    Ourselves,
}

/// The script; with `us`, a pidfd of this process, the command ends with it.
pub(crate) fn script(opened: Opened, by: By, us: Option<OwnedFd>) -> Result<Script, NulError> {
    let stands_within = !opened.takes_along && (opened.is_elsewhere() || opened.command.directory.is_some());
    let Opened {
        process,
        namespaces,
        cgroups,
        root,
        directory,
        environment,
        own,
        ids,
        label,
        program,
        proc,
        command,
        ..
    } = opened;
    let mut script = Script::new(proc);
    lower::outside(&mut script, &command, cgroups);
    let (joins_user, joins_pid) = (namespaces.joins(Kind::User), namespaces.joins(Kind::Pid));
    if !namespaces.open.is_empty() {
        // Nobody inside may look at us before we are the command.
        script.must(Op::Hide);
        if joins_user && ids.groups.as_ref().is_some_and(Vec::is_empty) {
            // Groups of the outside are nobody's inside, and may not be given up there.
            script.prefer(Op::Groups(Vec::new()));
        }
        enter(&mut script, process, namespaces);
    }
    // Mounts of its own are a copy of those it is in, and only who has its root among these finds it in the copy.
    let root = match root {
        Some(root) if command.own_pids == OwnPids::Yes || command.own_proc == OwnProc::Yes => {
            let root = script.hold(root);
            script.must(Op::Chroot(root));
            None
        }
        root => root,
    };
    if by == By::Child {
        lower::fork(&mut script, &command, joins_pid);
    }
    let ready =
        Ready { command, environment, own, program, ids, label, root, directory, stands_within, joins_user, us };
    lower::inside(&mut script, ready)?;
    Ok(script)
}

/// Enters, and makes sure of it.
pub(crate) fn enter(script: &mut Script, process: Option<Process>, namespaces: OpenNamespaces) {
    if namespaces.open.is_empty() {
        return;
    }
    let process = process.filter(|_| namespaces.of_process);
    let all_of = process.and_then(Process::into_pidfd).map(|pidfd| script.hold(pidfd));
    let expected = namespaces.open.iter().map(|one| Expected { kind: one.kind, inode: one.inode }).collect();
    let entries = namespaces.open.into_iter().map(|one| Entry { kind: one.kind, file: script.hold(one.file) });
    let namespaces = entries.collect();
    script.must(Op::Enter { all_of, namespaces });
    script.must(Op::Verify(expected));
}
