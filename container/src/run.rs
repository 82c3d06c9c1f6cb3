//! From an opened container to its process.

use launch::lower::{self as command, Ready};
use launch::op::{Op, Recorded};
use launch::open::our_proc;
use launch::{Child, Kind, Missed, OwnPids, Record, Script, run};

use crate::error::Error;
use crate::lower;
use crate::open::{Opened, explain};
use crate::plan::Pids;

/// A container that runs, and what it had to do without.
#[derive(Debug)]
pub struct Launched {
    /// Its process.
    pub child: Child,
    /// What was not done, of that which may be missing.
    pub missed: Vec<Missed>,
}

impl Opened {
    /// Launches the container; returns once its command has been executed.
    ///
    /// # Errors
    /// When the kernel refuses something, or the command cannot be executed. Nothing is left running then.
    pub fn spawn(self) -> Result<Launched, Error> {
        let names = launch::Names {
            program: self.command.program.clone(),
            inside: true,
            sealed: false,
            directory: self.plan.parts().process.directory.clone(),
        };
        let (script, mut missed) = self.script()?;
        let launched = run::spawn(script).map_err(|failure| match failure.at {
            launch::At::Step(
                Op::Enter { .. }
                | Op::Make { .. }
                | Op::Place { .. }
                | Op::Attach { .. }
                | Op::Install { .. }
                | Op::Fork(_),
            ) => explain(failure),
            _ => failure.explain(names).into(),
        })?;
        missed.extend(launched.missed.into_iter().filter(|missed| !is_usual(missed)));
        Ok(Launched { child: launched.child, missed })
    }

    fn script(self) -> Result<(Script, Vec<Missed>), Error> {
        let Self { plan, sandbox, scene, trees, mut command, environment, program, ids, cgroups, terminal, missed } =
            self;
        let mut script = Script::new(our_proc()?);
        command::outside(&mut script, &command, cgroups);
        let enters_pids = plan.parts().pids != Pids::Hosts;
        let counts_otherwise = sandbox.counts()?.is_some();
        let namespaces = sandbox.namespaces(|kind| kind != Kind::Pid || enters_pids && !counts_otherwise)?;
        lower::enter(&mut script, sandbox.pidfd()?, namespaces, sandbox.is_mapped());
        if let Some((pidfd, pids)) = sandbox.counts()? {
            lower::count_as(&mut script, pidfd, pids);
        }
        command::fork(&mut script, &command, enters_pids && sandbox.enters_pids());
        // Whoever is killed from now on, there is word of the container.
        if let Some(Record::Stat(file)) = command.record.take() {
            let file = script.hold(file);
            script.must(Op::Record(Recorded::Stat, file));
        }
        let trees = trees.held(&mut script);
        lower::furnish(&mut script, &plan, trees, &scene);
        // All that is about mounts has been done.
        command.own_pids = OwnPids::No;
        command.terminal = terminal;
        let ready = Ready {
            command,
            environment,
            own: Vec::new(),
            program,
            ids,
            label: None,
            root: None,
            directory: None,
            stands_within: true,
            joins_user: sandbox.has_own_users(),
            us: None,
        };
        command::inside(&mut script, ready).map_err(launch::Error::from)?;
        Ok((script, missed))
    }
}

/// What is masked where it is there, and was not there, is nothing that anybody lacks.
fn is_usual(missed: &Missed) -> bool {
    matches!(missed.op, Op::Mask { .. } | Op::Protect { .. } | Op::Groups(_) | Op::Chdir(_))
}
