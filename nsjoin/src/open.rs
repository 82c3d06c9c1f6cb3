//! Looking at the target and holding all that joining needs, before anything is changed.
//!
//! The target is pinned first, by a pidfd where the kernel makes one of it. Everything else is then read by pid, and only after
//! that the pidfd is asked whether the target still lives: if it does, the pid cannot have gone to
//! another process meanwhile, and all that was read was the target's.

mod held;
mod namespaces;
mod pid_file;
mod pin;
mod terminal;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use launch::activation::{self, Own};
use launch::open::cgroup::{self, Cgroups};
use launch::open::label::{self, OpenLabel};
use launch::open::our_proc;
use launch::open::program::Program;
use launch::open::users::{self, OpenIds, Scene};
use launch::{Command, Copied, Environment, Kind, OwnPids};

use crate::error::Error;
use crate::outcome::Outcome;
use crate::plan::{Attached, Directory, Join, Plan, Select};
use crate::target::Target;
use pin::Pinned;

pub(crate) use held::Process;
pub(crate) use namespaces::OpenNamespaces;

/// A plan whose target is pinned, and all of whose files are held open.
#[derive(Debug)]
pub struct Opened {
    pub(crate) process: Option<Process>,
    /// What is to be entered, in the order of entering.
    pub(crate) namespaces: OpenNamespaces,
    pub(crate) cgroups: Cgroups,
    pub(crate) root: Option<OwnedFd>,
    pub(crate) directory: Option<OwnedFd>,
    /// Whether that directory is one of here, which is taken along by its name.
    pub(crate) takes_along: bool,
    pub(crate) environment: Vec<(OsString, OsString)>,
    pub(crate) own: Vec<Own>,
    pub(crate) ids: OpenIds,
    pub(crate) label: Option<OpenLabel>,
    pub(crate) program: Program,
    /// Our /proc, for inside there may be another, or none, or a fake.
    pub(crate) proc: OwnedFd,
    pub(crate) command: Command,
    outcome: Outcome,
}

impl Opened {
    /// What spawning will join, and what it leaves out.
    #[must_use]
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// Whether this very process can be the command.
    pub(crate) fn needs_no_fork(&self) -> bool {
        !self.namespaces.joins(Kind::Pid) && self.command.own_pids == OwnPids::No
    }
}

impl Plan {
    /// Finds and pins the target, and opens everything of it that the join needs.
    ///
    /// # Errors
    /// When the target is not there (any more) or is a kernel thread, may not be looked at, or lacks
    /// something that was named; when a user, a group, a cgroup or a program is not there.
    pub fn open(self) -> Result<Opened, Error> {
        self.open_with(Attached::default())
    }

    /// As [`Plan::open`], for a command with these.
    ///
    /// # Errors
    /// As [`Plan::open`], and when it cannot have these.
    pub fn open_with(self, mut attached: Attached) -> Result<Opened, Error> {
        let made = attached.cgroups.take();
        let Join { target, select, sources, user_parent, root, directory, cgroup, command } = self.with(attached)?;
        let proc = our_proc()?;
        let pinned = target.as_ref().map_or(Ok(Pinned::Nobody), pin::pin)?;
        let namespaces = namespaces::open(&pinned, &select, &sources, user_parent)?;
        let process = pinned.into_process();
        let followed = process.as_ref().map(|process| process.identity.pid);
        let cgroups = match (made, cgroup) {
            (Some(made), _) => made,
            (None, Some(cgroup)) => cgroup::open(&cgroup, followed)?,
            (None, None) => Cgroups::default(),
        };
        let takes_along = matches!(directory, Some(Directory::Here(_)));
        let link = |directory: Option<Directory>, name| match directory {
            None => Ok(None),
            Some(directory) => open_directory(directory, process.as_ref(), name).map(Some),
        };
        // The mount namespace of a pod may be that of a whole machine, and the pod in a chroot of it.
        let is_a_pods = matches!(target, Some(Target::Pod(_) | Target::PodOrContainer(..)));
        let root = root.or((is_a_pods && namespaces.joins(Kind::Mount)).then_some(Directory::Targets));
        let (root, directory) = (link(root, "root")?, link(directory, "cwd")?);
        let mut environment = environment(&command, process.as_ref())?;
        let own =
            if command.preserved > 0 { activation::take(&mut environment, std::process::id()) } else { Vec::new() };
        let path = environment.iter().find(|(key, _)| key == "PATH").map(|(_, value)| value.as_os_str());
        let program = match command.copy {
            Copied::No => Program::inside(&command.program, path)?,
            Copied::Sealed => Program::sealed(&command.program, path)?,
        };
        let joins_user = namespaces.joins(Kind::User);
        let ids = users::open(
            &command.credentials,
            &Scene { followed, root: &root_of(followed), joins_user, mapped: joins_user && namespaces.of_process },
        )?;
        let label = match &command.label {
            None => None,
            Some(label) => label::open(label, followed)?,
        };
        still_alive(process.as_ref())?;
        let outcome = Outcome {
            target: process.as_ref().map(|process| process.identity),
            joined: namespaces.joined(),
            shared: namespaces.shared.clone(),
            skipped: namespaces.skipped.clone(),
            cgroups: cgroups.paths(),
            doubts: process.as_ref().and_then(|process| process.doubt.clone()).into_iter().collect(),
        };
        Ok(Opened {
            process,
            namespaces,
            cgroups,
            root,
            directory,
            takes_along,
            environment,
            own,
            ids,
            label,
            program,
            proc,
            command,
            outcome,
        })
    }
}

/// The target, pinned, and those of its namespaces in which we are not.
///
/// # Errors
/// As [`Plan::open`].
pub(crate) fn namespaces_to_enter(
    target: &Target,
    select: &Select,
) -> Result<(Option<Process>, OpenNamespaces), Error> {
    let pinned = pin::pin(target)?;
    let found = namespaces::open(&pinned, select, &BTreeMap::new(), false)?;
    let process = pinned.into_process();
    still_alive(process.as_ref())?;
    Ok((process, found))
}

/// What was read by pid was the target's, if that has not ended meanwhile.
fn still_alive(process: Option<&Process>) -> Result<(), Error> {
    match process {
        Some(process) if !process.is_alive() => Err(Error::Ended { pid: process.identity.pid }),
        _ => Ok(()),
    }
}

/// The namespaces that this target is in, or is: the kind and the inode of each.
///
/// # Errors
/// As [`Plan::open`].
pub(crate) fn namespaces_of(target: &Target) -> Result<BTreeSet<(Kind, u64)>, Error> {
    let pinned = pin::pin(target)?;
    let found = namespaces::all(&pinned)?;
    still_alive(pinned.into_process().as_ref())?;
    Ok(found)
}

/// How to open the root directory of a process; ours where there is none.
pub(crate) fn root_of(process: Option<i32>) -> impl Fn() -> io::Result<OwnedFd> {
    move || {
        let path = process.map_or("/".into(), |pid| format!("/proc/{pid}/root"));
        let opened = File::options().read(true).custom_flags(libc::O_DIRECTORY | libc::O_PATH).open(path);
        opened.map(OwnedFd::from)
    }
}

fn open_directory(directory: Directory, process: Option<&Process>, name: &'static str) -> Result<OwnedFd, Error> {
    let path = match (directory, process) {
        (Directory::Here(path), _) => path,
        (Directory::Targets, Some(process)) => format!("/proc/{}/{name}", process.identity.pid).into(),
        (Directory::Targets, None) => return Err(launch::Error::NoProcess { what: "directories" }.into()),
    };
    let opened = File::options().read(true).custom_flags(libc::O_DIRECTORY | libc::O_PATH).open(&path);
    opened.map(OwnedFd::from).map_err(|source| launch::Error::Directory { directory: path, source }.into())
}

/// The command's environment, of which each variable is there once.
fn environment(command: &Command, process: Option<&Process>) -> Result<Vec<(OsString, OsString)>, Error> {
    let base = match (command.environment, process) {
        (Environment::Ours, _) => std::env::vars_os().collect(),
        (Environment::Empty, _) => Vec::new(),
        (Environment::Targets, Some(process)) => targets_environment(process.identity.pid)?,
        (Environment::Targets, None) => return Err(launch::Error::NoProcess { what: "an environment" }.into()),
    };
    if command.variables.is_empty() {
        return Ok(base);
    }
    let mut variables: Vec<(OsString, OsString)> = Vec::with_capacity(base.len() + command.variables.len());
    for (key, value) in base.into_iter().chain(command.variables.iter().cloned()) {
        match variables.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) => *known = value,
            None => variables.push((key, value)),
        }
    }
    Ok(variables)
}

/// What a process was started with; of what is no `KEY=VALUE` nothing could be made.
fn targets_environment(pid: i32) -> Result<Vec<(OsString, OsString)>, Error> {
    let text = fs::read(Path::new("/proc").join(pid.to_string()).join("environ"))
        .map_err(|source| Error::Environment { pid, source })?;
    let of = |line: &[u8]| {
        let at = line.iter().skip(1).position(|byte| *byte == b'=')? + 1;
        Some((OsString::from_vec(line[..at].to_vec()), OsString::from_vec(line[at + 1..].to_vec())))
    };
    Ok(text.split(|byte| *byte == 0).filter_map(of).collect())
}
