//! The sandbox: from a plan to a pause process that holds a pod's namespaces.
//!
//! Everything that can fail is opened or written before the clone; what the child then does is laid
//! out by `sandbox/lower.rs`. What the machine has no place for (a /dev/mqueue where there is none,
//! say) is left out and told.

mod etc;
mod hold;
mod lower;
mod pause;
mod users;
mod watch;
mod who;

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use launch::op::Op;
use launch::{At, Failure, Missed, Script, run};
use network::Attachment;
use nix::errno::Errno;

use registry::{PodDirectory, Process, file};

use crate::error::Error;
use crate::plan::PodPlan;
use crate::record::Missing;
use crate::wire::Wire;

pub(crate) use etc::{mend, rewrite};
pub(crate) use hold::hold_network;
pub(crate) use users::Users;
use who::RunsAs;
pub(crate) use who::{entered_to_mount, is_admin};

pub(crate) use watch::look_after;

/// A sandbox of which everything is at hand.
#[derive(Debug)]
pub(crate) struct Opened {
    script: Script,
    /// What it is known beforehand to do without.
    missing: Vec<Missing>,
}

impl Opened {
    /// Opens and writes what the sandbox of this pod needs.
    pub(crate) fn open(
        plan: &PodPlan,
        directory: &PodDirectory,
        pause: &Path,
        users: Users,
        given: &Attachment,
        wire: Option<Wire>,
    ) -> Result<Self, Error> {
        let program = pause::open(pause)?;
        let record = File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(directory.process(Process::Pause))
            .map_err(file("create", directory.process(Process::Pause)))?;
        let null = File::options().read(true).write(true).open("/dev/null").map_err(file("open", "/dev/null"))?;
        let proc = launch::open::our_proc()?;
        etc::write(plan, directory, given)?;
        let who = who::runs_pause()?;
        // Who has ids of its own does not find what is root's; whoever comes in puts them there.
        let is_apart = matches!(users, Users::Apart(_));
        let own_etc = if is_apart { Vec::new() } else { etc::mounts(plan, directory) };
        let (users, missing) = match users {
            Users::Apart(ids) => (Some(users::apart(ids)?), None),
            Users::Within(holder) => (Some(users::within(holder)?), None),
            Users::Ours if who == RunsAs::RootOfItsOwn => users::many(),
            Users::Ours => (None, None),
        };
        let who = users.as_ref().map_or(who, |users| users.runs_as);
        let users = users.map(|users| users.namespace);
        let held = lower::Held { program, record: record.into(), null: null.into(), proc, users, wire };
        Ok(Self { script: lower::sandbox(plan, own_etc, who, held), missing: missing.into_iter().collect() })
    }

    /// Makes the sandbox; hands back what it has to do without.
    pub(crate) fn run(self) -> Result<Vec<Missing>, Error> {
        let launched = run::spawn(self.script).map_err(explain)?;
        Ok(self.missing.into_iter().chain(launched.missed.into_iter().filter_map(missing)).collect())
    }
}

fn explain(failure: Failure) -> Error {
    let mounts = matches!(failure.at, At::Step(Op::Mount(_) | Op::OwnMounts | Op::SlaveMounts));
    if mounts && failure.errno == Errno::EACCES {
        return Error::Forbidden { step: failure.at.to_string(), source: failure.errno };
    }
    let step = match failure.at {
        At::Birth | At::Step(Op::Fork(_)) => "make the namespaces of the pod".to_owned(),
        At::Killed => "finish the sandbox: its process was killed".to_owned(),
        At::Step(Op::Execute(_)) | At::Interpreter => "execute the pause program".to_owned(),
        At::Step(op) => op.to_string(),
    };
    Error::Sandbox { step, source: failure.errno }
}

fn missing(missed: Missed) -> Option<Missing> {
    match missed.op {
        Op::Mount(mount) => {
            let mount = mount.target.to_string_lossy().into_owned();
            Some(Missing { mount, reason: missed.errno.desc().to_owned() })
        }
        _ => None,
    }
}
