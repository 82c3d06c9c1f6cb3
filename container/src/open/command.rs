//! From a process as it is planned to a command: with which rights, and which it gives up.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Mutex, PoisonError};

use caps::CapsHashSet;
use launch::open::users::{self, OpenIds, Scene};
use launch::seccomp::Seccomp;
use launch::{Capabilities, Command, Credentials, Environment, Id, Ids, Limit, User};

use crate::error::Error;
use crate::plan::{Memberships, Named, Process, Seccomp as Choice};

/// The command of a container's process, or of another one in the same container: its words, its
/// environment but for `HOME`, its directory, its rights.
///
/// # Errors
/// When a limit or a seccomp profile cannot be used.
pub fn command(process: &Process) -> Result<Command, Error> {
    let mut words = process.command.iter();
    let mut command = Command::new(words.next().cloned().unwrap_or_default())
        .args(words)
        .environment(Environment::Empty)
        .envs(process.environment.iter().cloned())
        .directory(&process.directory)
        .umask(process.umask);
    command.oom_score_adj = process.oom_score;
    for limit in &process.limits {
        command = command.limit(limit.parse::<Limit>()?);
    }
    command.seccomp = seccomp(process)?;
    command.credentials = credentials(process);
    Ok(command)
}

/// Where the user of a command is at home, as the files below this root directory have it.
///
/// # Errors
/// When there is no such user.
pub fn home(command: &Command, root: &OwnedFd) -> Result<String, Error> {
    let open = || -> io::Result<OwnedFd> { root.try_clone() };
    let scene = Scene { followed: None, root: &open, joins_user: false, mapped: false };
    Ok(home_of(&users::open(&command.credentials, &scene)?))
}

pub(super) fn home_of(ids: &OpenIds) -> String {
    ids.home.clone().unwrap_or_else(|| "/".to_owned())
}

/// Who it is to be, as its own files have it.
pub(super) fn ids(process: &Process, root: &OwnedFd, joins_user: bool) -> Result<OpenIds, Error> {
    let open = || -> io::Result<OwnedFd> { root.try_clone() };
    let scene = Scene { followed: None, root: &open, joins_user, mapped: joins_user };
    let mut ids = users::open(&credentials(process), &scene)?;
    if process.user.memberships == Memberships::Given {
        ids.groups = Some(Vec::new());
    }
    if !process.user.additional.is_empty() {
        let more = Some(process.user.additional.iter().map(id).collect());
        let more = users::open(&Credentials { groups: more, ..Credentials::default() }, &scene)?;
        let groups = ids.groups.get_or_insert_default();
        let new: Vec<_> = more.groups.unwrap_or_default().into_iter().filter(|one| !groups.contains(one)).collect();
        groups.extend(new);
    }
    Ok(ids)
}

fn id(named: &Named) -> Id {
    match named {
        Named::Number(number) => Id::Number(*number),
        Named::Name(name) => Id::Name(name.clone()),
    }
}

/// Every capability but those that it may have is given up.
fn credentials(process: &Process) -> Credentials {
    let user = User { user: id(&process.user.user), group: process.user.group.as_ref().map(id) };
    let kept = process.capabilities.set();
    let drop = caps::all().into_iter().filter(|one| !kept.contains(one)).collect();
    Credentials {
        ids: Ids::User(user),
        groups: None,
        capabilities: Capabilities { drop, ..Capabilities::default() },
        no_new_privileges: process.no_new_privileges,
    }
}

/// The usual filter. Who launches many containers compiles it once for the rights that all of them have.
fn usual(capabilities: CapsHashSet) -> Result<Seccomp, Error> {
    static LAST: Mutex<Option<(CapsHashSet, Seccomp)>> = Mutex::new(None);
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((of, filter)) = &*last
        && *of == capabilities
    {
        return Ok(filter.clone());
    }
    let filter = Seccomp::runtime_default(&capabilities)?;
    *last = Some((capabilities, filter.clone()));
    Ok(filter)
}

fn seccomp(process: &Process) -> Result<Option<Seccomp>, Error> {
    let capabilities = process.capabilities.set();
    match &process.seccomp {
        Choice::Unconfined => Ok(None),
        Choice::RuntimeDefault => usual(capabilities).map(Some),
        Choice::Localhost(path) => {
            let profile = File::open(path).map_err(|source| Error::Profile { path: path.clone(), source })?;
            Ok(Some(Seccomp::from_json(profile, &capabilities, launch::seccomp::kernel())?))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{create_dir, write};
    use std::os::fd::OwnedFd;

    use super::*;
    use crate::plan::{Capabilities, User as PlannedUser};

    #[test]
    fn the_files_groups_are_left_out_where_only_those_are_wanted_that_were_given() {
        let root = tempfile::tempdir().expect("a directory");
        create_dir(root.path().join("etc")).expect("a directory");
        write(root.path().join("etc/passwd"), "app:x:7:8::/home/app:/bin/sh\n").expect("a file");
        write(root.path().join("etc/group"), "main:x:8:\nextra:x:9:app\n").expect("a file");
        let groups = |memberships| {
            let process = Process {
                command: vec!["true".into()],
                environment: Vec::new(),
                directory: "/".into(),
                user: PlannedUser {
                    user: Named::Name("app".to_owned()),
                    additional: vec![Named::Number(5)],
                    memberships,
                    ..PlannedUser::root()
                },
                capabilities: Capabilities::usual(),
                no_new_privileges: false,
                seccomp: Choice::Unconfined,
                limits: Vec::new(),
                umask: 0o022,
                oom_score: None,
                terminal: false,
            };
            let root = OwnedFd::from(File::open(root.path()).expect("the directory"));
            let groups = ids(&process, &root, false).expect("ids").groups.expect("groups");
            [9, 5].map(|group| groups.contains(&group))
        };
        assert_eq!(groups(Memberships::Files), [true, true]);
        assert_eq!(groups(Memberships::Given), [false, true]);
    }
}
