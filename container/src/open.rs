//! Looking at the pod and holding all that the container needs, before its process is made: its mounts,
//! who it runs as, its filters.

mod hierarchies;
mod sandbox;
mod terminal;

use std::ffi::OsString;
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};

use launch::open::cgroup::Cgroups;
use launch::open::our_proc;
use launch::open::program::Program;
use launch::open::users::{self, OpenIds, Scene as UsersScene};
use launch::seccomp::Seccomp;
use launch::{
    At, Capabilities, Command, Credentials, Environment, Failure, Id, Ids, Inherited, Limit, Missed, OwnPids, Record,
    Script, Session, User, run,
};
use nix::errno::Errno;

use crate::error::Error;
use crate::lower::{self, Layers, Scene, Trees};
use crate::plan::{ContainerPlan, Named, Pids, Process, Seccomp as Choice};

pub use sandbox::Sandbox;
pub use terminal::Terminal;

/// What a container is given besides its plan, by who launches it.
#[derive(Debug, Default)]
pub struct Attached {
    /// Its stdin, stdout and stderr, where it has no terminal.
    pub stdio: [Option<OwnedFd>; 3],
    /// Where its process leaves word of itself.
    pub record: Option<OwnedFd>,
    /// The control groups that it goes to.
    pub cgroups: Cgroups,
    /// Its nice value.
    pub nice: Option<i32>,
    /// Its limits; those of the plan come after them.
    pub limits: Vec<Limit>,
}

/// A container of which everything is at hand.
#[derive(Debug)]
pub struct Opened {
    pub(crate) plan: ContainerPlan,
    pub(crate) sandbox: Sandbox,
    pub(crate) scene: Scene,
    pub(crate) trees: Trees<OwnedFd>,
    pub(crate) command: Command,
    pub(crate) environment: Vec<(OsString, OsString)>,
    pub(crate) program: Program,
    pub(crate) ids: OpenIds,
    pub(crate) cgroups: Cgroups,
    pub(crate) terminal: Option<OwnedFd>,
    pub(crate) missed: Vec<Missed>,
}

impl Opened {
    /// Makes the container's mounts, which are nowhere yet, and looks up in them who it runs as. With a
    /// terminal comes the end of it that is not the container's.
    ///
    /// # Errors
    /// When the pod has ended, something that is to be mounted is not there, or there is no such user.
    pub fn open(plan: ContainerPlan, sandbox: Sandbox, attached: Attached) -> Result<(Self, Option<Terminal>), Error> {
        let parts = plan.parts();
        let mut scene = Scene {
            own_users: sandbox.has_own_users(),
            has_terminals_group: sandbox.has_group(5)?,
            hierarchies: hierarchies::read()?,
            layers: Layers::Each,
        };
        let (trees, missed) = trees(&plan, &sandbox, &mut scene)?;
        let ids = ids(&parts.process, &sandbox, &trees.root)?;
        let mut environment = parts.process.environment.clone();
        if !environment.iter().any(|(key, _)| key == "HOME") {
            let home = ids.home.as_deref().unwrap_or("/");
            environment.push(("HOME".into(), home.into()));
        }
        let path = environment.iter().find(|(key, _)| key == "PATH").map(|(_, value)| value.clone());
        let mut words = parts.process.command.iter();
        let program = words.next().cloned().unwrap_or_default();
        let Attached { stdio, record, cgroups, nice, limits } = attached;
        let mut command = Command::new(program.clone())
            .args(words)
            .environment(Environment::Empty)
            .directory(&parts.process.directory)
            .session(Session::New)
            .own_pids(if parts.pids == Pids::Own { OwnPids::Yes } else { OwnPids::No })
            .stdio(stdio)
            .signals(Inherited::now())
            .umask(parts.process.umask);
        command.record = record.map(Record::Stat);
        command.nice = nice;
        command.limits = limits;
        command.oom_score_adj = parts.process.oom_score;
        for limit in &parts.process.limits {
            command = command.limit(limit.parse::<Limit>()?);
        }
        command.seccomp = seccomp(&parts.process)?;
        command.credentials = credentials(&parts.process);
        let (terminal, theirs) = if parts.process.terminal {
            let pair = terminal::open(&plan, &trees, &ids)?;
            (Some(pair.0), Some(pair.1))
        } else {
            (None, None)
        };
        let program = Program::inside(&program, path.as_deref())?;
        let opened =
            Self { plan, sandbox, scene, trees, command, environment, program, ids, cgroups, terminal: theirs, missed };
        Ok((opened, terminal))
    }
}

/// Has the mounts made by a process in the pod's namespaces that shares our descriptors.
fn trees(plan: &ContainerPlan, sandbox: &Sandbox, scene: &mut Scene) -> Result<(Trees<OwnedFd>, Vec<Missed>), Error> {
    loop {
        let mut script = Script::new(our_proc()?);
        let root = script.hold(sandbox.root()?);
        lower::enter(&mut script, sandbox.pidfd()?, sandbox.namespaces(|kind| kind != launch::Kind::Pid)?);
        script.must(launch::op::Op::Chroot(root));
        let wanted = lower::trees(&mut script, plan, scene);
        let every: Vec<_> = wanted.all().collect();
        match run::make(script, &every) {
            Ok((files, missed)) => {
                let filled = wanted.filled(files).ok_or(Error::Layers(Errno::EBADF))?;
                return Ok((filled, missed));
            }
            // The kernel does not know layers by themselves: in one line, then.
            Err(failure) if lower::is_of_layers(&failure.at) && failure.errno == Errno::EINVAL => {
                if scene.layers == Layers::InOneLine {
                    return Err(Error::Layers(failure.errno));
                }
                scene.layers = Layers::InOneLine;
            }
            Err(failure) => return Err(explain(failure)),
        }
    }
}

pub(crate) fn explain(failure: Failure) -> Error {
    match (&failure.at, failure.errno) {
        (At::Step(launch::op::Op::Enter { .. } | launch::op::Op::Fork(_)), Errno::ESRCH) => Error::Ended,
        (At::Step(launch::op::Op::Enter { .. }), errno) => Error::Enter(errno),
        (At::Step(launch::op::Op::Make { .. }), Errno::ENOSYS) => Error::TooOld,
        (at, errno) if lower::is_of_layers(at) => Error::Layers(errno),
        _ => failure.explain(launch::Names { inside: true, ..launch::Names::default() }).into(),
    }
}

/// Who it is to be, as its own files have it.
fn ids(process: &Process, sandbox: &Sandbox, root: &OwnedFd) -> Result<OpenIds, Error> {
    let open = || root.try_clone();
    let scene = UsersScene {
        followed: None,
        root: &open,
        joins_user: sandbox.has_own_users(),
        mapped: sandbox.has_own_users(),
    };
    let mut ids = users::open(&credentials(process), &scene)?;
    // Who has made the pod had to give up changing groups for it: what there is stays.
    if process.user.additional.is_empty() && !sandbox.may_set_groups()? {
        ids.groups_asked = false;
    }
    if !process.user.additional.is_empty() {
        let more =
            Credentials { groups: Some(process.user.additional.iter().map(id).collect()), ..Credentials::default() };
        let more = users::open(&more, &scene)?.groups.unwrap_or_default();
        let groups = ids.groups.get_or_insert_default();
        groups.extend(more);
        groups.dedup();
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

fn seccomp(process: &Process) -> Result<Option<Seccomp>, Error> {
    let capabilities = process.capabilities.set();
    match &process.seccomp {
        Choice::Unconfined => Ok(None),
        Choice::RuntimeDefault => Ok(Some(Seccomp::runtime_default(&capabilities)?)),
        Choice::Localhost(path) => {
            let failed = |source| Error::Profile { path: path.clone(), source };
            let profile = File::open(path).map_err(failed)?;
            Ok(Some(Seccomp::from_json(profile, &capabilities, launch::seccomp::kernel())?))
        }
    }
}

impl AsFd for Opened {
    /// Its root directory.
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.trees.root.as_fd()
    }
}
