//! Looking at the pod and holding all that the container needs, before its process is made: its mounts,
//! who it runs as, its filters.

mod command;
mod hierarchies;
mod sandbox;
mod terminal;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::PathBuf;

use launch::op::{Made, Op};
use launch::open::cgroup::Cgroups;
use launch::open::our_proc;
use launch::open::program::Program;
use launch::open::users::OpenIds;
use launch::{At, Command, Failure, Inherited, Kind, Limit, Missed, Names, OwnPids, Record, Script, Session, run};
use nix::errno::Errno;

use crate::error::Error;
use crate::lower::{self, By, Layers, Scene, Trees};
use crate::plan::{ContainerPlan, Pids, Root};

pub use command::{command, home};
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
    /// What is bound there, where that was opened before, by where it is mounted: a file or directory of the pod's mounts,
    /// in the place of which nobody can put another since.
    pub sources: BTreeMap<PathBuf, OwnedFd>,
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
        let own_users = sandbox.has_own_users() || !is_of_the_machine();
        let mut scene = Scene {
            own_users,
            has_terminals_group: sandbox.has_group(5)?,
            hierarchies: hierarchies::read()?,
            layers: Layers::Each,
        };
        let (trees, missed) = trees(&plan, &sandbox, &attached.sources, &mut scene)?;
        let mut ids = command::ids(&parts.process, &trees.root, sandbox.has_own_users())?;
        // Who has made the pod had to give up changing groups for it: what there is stays.
        if parts.process.user.additional.is_empty() && !sandbox.may_set_groups()? {
            ids.groups_asked = false;
        }
        let mut environment = parts.process.environment.clone();
        if !environment.iter().any(|(key, _)| key == "HOME") {
            environment.push(("HOME".into(), command::home_of(&ids).into()));
        }
        let path = environment.iter().find(|(key, _)| key == "PATH").map(|(_, value)| value.clone());
        let Attached { stdio, record, cgroups, nice, limits, sources: _ } = attached;
        let mut command = command::command(&parts.process)?
            .session(Session::New)
            .own_pids(if parts.pids == Pids::Own { OwnPids::Yes } else { OwnPids::No })
            .stdio(stdio)
            .signals(Inherited::now());
        command.record = record.map(Record::Stat);
        command.nice = nice;
        command.limits.splice(..0, limits);
        let (terminal, theirs) = if parts.process.terminal {
            let pair = terminal::open(&plan, &trees, &ids)?;
            (Some(pair.0), Some(pair.1))
        } else {
            (None, None)
        };
        let program = Program::inside(&command.program, path.as_deref())?;
        let opened =
            Self { plan, sandbox, scene, trees, command, environment, program, ids, cgroups, terminal: theirs, missed };
        Ok((opened, terminal))
    }
}

/// Whether our user namespace is the machine's own, whose root makes devices and writes every attribute.
///
/// # References
/// The kernel's `include/linux/proc_ns.h`, `PROC_USER_INIT_INO`
fn is_of_the_machine() -> bool {
    const FIRST: u64 = 0xEFFF_FFFD;
    std::fs::metadata("/proc/self/ns/user").is_ok_and(|found| found.ino() == FIRST)
}

/// Has the mounts made by a process in the pod's namespaces that shares our descriptors.
fn trees(
    plan: &ContainerPlan,
    sandbox: &Sandbox,
    sources: &BTreeMap<PathBuf, OwnedFd>,
    scene: &mut Scene,
) -> Result<(Trees<OwnedFd>, Vec<Missed>), Error> {
    if sandbox.is_mapped() {
        return mapped(plan, sandbox, sources, scene);
    }
    loop {
        match share(plan, sandbox, sources, scene, Side::Either)? {
            Ok((made, missed)) => return Ok((made.whole().ok_or(Error::Layers(Errno::EBADF))?, missed)),
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

/// By two processes, where the pod has ids of its own, for whom nothing can be found that is the machine's alone.
fn mapped(
    plan: &ContainerPlan,
    sandbox: &Sandbox,
    sources: &BTreeMap<PathBuf, OwnedFd>,
    scene: &Scene,
) -> Result<(Trees<OwnedFd>, Vec<Missed>), Error> {
    if let Root::Layers { writable, .. } = &plan.parts().root {
        let (user, group) = sandbox.root_outside()?;
        chown(&writable.upper, Some(user), Some(group)).map_err(Error::Look)?;
    }
    let (outside, mut missed) = share(plan, sandbox, sources, scene, Side::Outside)?.map_err(explain)?;
    let (inside, more) = share(plan, sandbox, sources, scene, Side::Inside)?.map_err(explain)?;
    missed.extend(more);
    Ok((outside.with(inside).ok_or(Error::Layers(Errno::EBADF))?, missed))
}

/// Where mounts are made: within the pod's user namespace, without, or there where we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Either,
    Outside,
    Inside,
}

/// Mounts that were made, and what was not.
type Shared = (lower::Share<OwnedFd>, Vec<Missed>);

/// Has those mounts made that are made there.
fn share(
    plan: &ContainerPlan,
    sandbox: &Sandbox,
    sources: &BTreeMap<PathBuf, OwnedFd>,
    scene: &Scene,
    side: Side,
) -> Result<Result<Shared, Failure>, Error> {
    let mut script = Script::new(our_proc()?);
    let by = match (side, sandbox.users()?) {
        (Side::Outside, Some(users)) => By::Outside(script.hold(users)),
        (Side::Inside, _) => By::Inside,
        _ => By::One,
    };
    let root = script.hold(sandbox.root()?);
    let stays_out = side == Side::Outside;
    let namespaces = sandbox.namespaces(|kind| kind != Kind::Pid && !(stays_out && kind == Kind::User))?;
    lower::enter(&mut script, sandbox.pidfd()?, namespaces, sandbox.is_mapped());
    script.must(Op::Chroot(root));
    let mut held = BTreeMap::new();
    for (at, source) in sources {
        held.insert(at.clone(), script.hold(source.try_clone().map_err(Error::Look)?));
    }
    let wanted = lower::trees(&mut script, plan, scene, &held, by);
    let every: Vec<_> = wanted.all().collect();
    Ok(run::make(script, &every).map(|(files, missed)| (wanted.filled(files), missed)))
}

pub(crate) fn explain(failure: Failure) -> Error {
    match (&failure.at, failure.errno) {
        (At::Step(Op::Enter { .. } | Op::Fork(_)), Errno::ESRCH) => Error::Ended,
        (At::Step(Op::Enter { .. }), errno) => Error::Enter(errno),
        (At::Step(Op::Make { .. } | Op::Place { .. } | Op::Attach { .. } | Op::Install { .. }), Errno::ENOSYS) => {
            Error::TooOld
        }
        (At::Step(Op::Make { made: Made::Copy { of, users: Some(_), .. }, .. }), errno) => {
            Error::Mapped { what: lower::named(of), source: errno }
        }
        (at, errno) if lower::is_of_layers(at) => Error::Layers(errno),
        _ => failure.explain(Names { inside: true, ..Names::default() }).into(),
    }
}

impl AsFd for Opened {
    /// Its root directory.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.trees.root.as_fd()
    }
}
