//! What the typed words mean: a join, and how it is conducted.

use std::ffi::OsString;
use std::fs::File;
use std::path::PathBuf;

use caps::{CapSet, CapsHashSet};

use super::Format;
use super::guise::Guise;
use super::values::{self, Bound, EnvironmentWord, UsageError};
use super::{Args, IdOptions, Rights, Running, Surroundings};
use crate::invocation::{Conduct, Events, Fork, Invocation, Start, Stdin};
use crate::plan::{Directory, InvalidPlan, Join, Select, Source};
use launch::Kind;
use launch::Seccomp;
use launch::Typed;
use launch::relay::Limited;
use launch::{Capabilities, Credentials, Ids, Rest};
use launch::{Cgroup, Command, Copied, Environment, Label, OwnProc, Parent, Session};

impl Args {
    /// What was typed, with the files that it names read.
    ///
    /// # Errors
    /// When one of these cannot be read or understood, or options do not go together.
    pub fn resolve(self, guise: Guise) -> Result<Invocation, UsageError> {
        let Self { target, all, kinds, net_socket, user_parent, taken, ids, rights, surroundings, running, command } =
            self;
        let mut words = command.into_iter();
        let program = words.next().unwrap_or_else(shell);
        let takes_environment = taken.env.contains(&EnvironmentWord::Targets);
        if takes_environment && is_a_variable(&program) {
            return Err(UsageError::VariableAsCommand(program.to_string_lossy().into_owned()));
        }
        let named_something = net_socket.is_some()
            || user_parent
            || taken.root.is_some()
            || taken.wd.is_some()
            || takes_environment
            || taken.join_cgroup.is_some()
            || taken.follow_context;
        let mut command = Command::new(program).args(words);
        let environment = match (takes_environment, surroundings.clear_env) {
            (true, true) => return Err(InvalidPlan::Contradiction { one: "--env", other: "--clear-env" }.into()),
            (true, false) => Environment::Targets,
            (false, true) => Environment::Empty,
            (false, false) => Environment::Ours,
        };
        command = surroundings.give(command.environment(environment), guise)?;
        command = command.envs(taken.env.into_iter().filter_map(|word| match word {
            EnvironmentWord::Targets => None,
            EnvironmentWord::Set(key, value) => Some((key, value)),
        }));
        command.directory = taken.wdns;
        command.label = taken.follow_context.then_some(Label::Follow);
        command = rights.give(command, ids)?;
        let conduct = running.conduct(&mut command);

        let mut join = Join::nobody(command);
        join.target = target;
        join.select = match (all, kinds.named.is_empty() && !named_something) {
            (true, _) => Select::All,
            (false, true) => Select::Differing,
            (false, false) => Select::These(kinds.named),
        };
        join.sources = kinds.sources;
        join.sources.extend(net_socket.map(|number| (Kind::Net, Source::Socket(number))));
        join.user_parent = user_parent;
        let directory = |path: Option<PathBuf>| path.map_or(Directory::Targets, Directory::Here);
        join.root = taken.root.map(directory);
        join.directory = taken.wd.map(directory);
        join.cgroup = taken.join_cgroup.map(|name| name.map_or(Cgroup::Targets, Cgroup::Named));
        Ok(Invocation { join, conduct, name: guise.name() })
    }
}

impl Surroundings {
    fn give(&self, mut command: Command, guise: Guise) -> Result<Command, UsageError> {
        for file in &self.env_file {
            command = command.envs(values::variables(file)?);
        }
        command = command.envs(self.setenv.iter().cloned()).preserve_fds(self.preserved(guise)?);
        command.umask = self.umask;
        command.limits.clone_from(&self.rlimit);
        command.nice = self.nice;
        command.oom_score_adj = self.oom_score_adj;
        command.own_proc = if self.mount_proc { OwnProc::Yes } else { OwnProc::No };
        Ok(command)
    }
}

impl Surroundings {
    /// How many descriptors are left open, from 3 on.
    fn preserved(&self, guise: Guise) -> Result<u32, UsageError> {
        match (guise, self.preserve_fds) {
            (Guise::Nsenter, 0) => values::descriptors().map_err(UsageError::Descriptors),
            (_, number) => Ok(number),
        }
    }
}

impl Rights {
    fn give(self, mut command: Command, ids: IdOptions) -> Result<Command, UsageError> {
        let all_of = |sets: Vec<CapsHashSet>| sets.into_iter().flatten().collect::<CapsHashSet>();
        let capabilities = Capabilities {
            add: all_of(self.cap_add),
            drop: all_of(self.cap_drop),
            ambient: all_of(self.ambient),
            keep: self.keep_caps,
        };
        if let Some(path) = self.seccomp {
            command = command.seccomp(profile(path, &capabilities)?);
        }
        let labels = [self.apparmor.map(Label::AppArmor), self.selinux.map(Label::SeLinux), command.label.take()];
        command.label = labels.into_iter().flatten().next();
        let rest = if ids.preserve_credentials { Rest::Kept } else { Rest::Usual };
        let numbers = match ids.run_as {
            Some(user) => Ids::User(user),
            None => Ids::Parts { user: ids.setuid, group: ids.setgid, rest },
        };
        let copy = if self.seal { Copied::Sealed } else { Copied::No };
        let no_new_privileges = self.no_new_privs;
        Ok(command.copied(copy).credentials(Credentials {
            ids: numbers,
            groups: ids.groups,
            capabilities,
            no_new_privileges,
        }))
    }
}

impl Running {
    fn conduct(self, command: &mut Command) -> Conduct {
        let events = self.report.map(|bound| match bound {
            Bound::Descriptor(number) => Events::Descriptor(number),
            Bound::File(path) => Events::File(path),
        });
        let stays =
            self.tty || self.timeout.is_some() || self.die_with_parent || self.pid_file.is_some() || events.is_some();
        let start = if self.dry_run {
            Start::DryRun { json: self.output == Format::Json }
        } else if self.detach {
            command.parent = Parent::Init;
            command.session = Session::New;
            Start::Detach(if self.interactive { Stdin::Ours } else { Stdin::Null })
        } else if self.no_fork {
            Start::Become(Fork::Never)
        } else if stays {
            let typed = if self.interactive { Typed::Stdin } else { Typed::OnlyAtATerminal };
            if self.die_with_parent {
                command.parent = Parent::UsToTheEnd;
            }
            Start::Stay {
                terminal: self.tty.then_some(typed),
                limit: self.timeout.map(|timeout| Limited { timeout, kill_after: self.kill_after }),
                die_with_parent: self.die_with_parent,
            }
        } else {
            Start::Become(Fork::IfNeeded)
        };
        Conduct { start, pid_file: self.pid_file, events }
    }
}

/// Reads a seccomp profile. Some rules depend on what the command will be capable of.
fn profile(path: PathBuf, capabilities: &Capabilities) -> Result<Seccomp, UsageError> {
    let file = File::open(&path).map_err(|source| UsageError::File { path: path.clone(), source })?;
    let bounding = caps::read(None, CapSet::Bounding).map_err(UsageError::Capabilities)?;
    let dropped = |capability: &&caps::Capability| {
        !capabilities.drop.contains(*capability)
            || capabilities.add.contains(*capability)
            || capabilities.ambient.contains(*capability)
    };
    let left: CapsHashSet = bounding.iter().filter(dropped).copied().collect();
    Seccomp::from_json(file, &left, launch::seccomp::kernel()).map_err(|source| UsageError::Seccomp { path, source })
}

fn shell() -> OsString {
    std::env::var_os("SHELL").filter(|shell| !shell.is_empty()).unwrap_or_else(|| "/bin/sh".into())
}

fn is_a_variable(word: &OsString) -> bool {
    let text = word.to_string_lossy();
    text.split_once('=').is_some_and(|(key, _)| !key.contains('/'))
}
