//! What is wanted, as plain data: whose namespaces, which of them, what else of the target, which command.

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use crate::target::Target;
use launch::open::cgroup::Cgroups;
use launch::{Cgroup, Command, Environment, Label, OwnPids, OwnProc, Parent, Record, Session};
use launch::{Id, Ids, Kind, User};

/// A join that makes sense, made by [`Join::plan`].
#[derive(Debug)]
pub struct Plan {
    join: Join,
}

/// What is made for a command once its plan is known to make sense, and was not to be made before.
#[derive(Debug, Default)]
pub struct Attached {
    /// Where it leaves word of itself, in place of [`Command::record`].
    pub record: Option<Record>,
    /// Its stdin, in place of that of [`Command::stdio`].
    pub stdin: Option<OwnedFd>,
    /// Its terminal, as [`Command::terminal`] gives one.
    pub terminal: Option<OwnedFd>,
    /// Control groups that were made for it, in place of those that [`Join::cgroup`] finds.
    pub cgroups: Option<Cgroups>,
}

/// A join in the making: into whose namespaces, into which of them, to launch what.
#[derive(Debug)]
pub struct Join {
    pub(crate) target: Option<Target>,
    pub(crate) select: Select,
    pub(crate) sources: BTreeMap<Kind, Source>,
    pub(crate) user_parent: bool,
    pub(crate) root: Option<Directory>,
    pub(crate) directory: Option<Directory>,
    pub(crate) cgroup: Option<Cgroup>,
    pub(crate) command: Command,
}

/// Which of the target's namespaces to join. One in which we are already is never joined again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Select {
    /// Those of net, ipc, uts and pid in which the target differs from us; and its user namespace
    /// when we lack `CAP_SYS_ADMIN`, for it is what gives the right to the others.
    Differing,
    /// All that the kernel has.
    All,
    /// These; one that the kernel does not have is an error.
    These(BTreeSet<Kind>),
}

/// A namespace that is not simply the target's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// This file: one of `/proc/PID/ns`, or one bound to it.
    File(PathBuf),
    /// That of this id, which the kernel gives no other namespace, ever. Linux 6.18.
    Id(u64),
    /// The network namespace of the socket that the target has open under this number. Linux 5.6.
    Socket(i32),
}

/// A directory, held open from before joining.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Directory {
    /// The target's own.
    Targets,
    /// This one, as it is called here. It stays within reach inside, whatever is joined.
    Here(PathBuf),
}

/// A join that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPlan {
    /// Nobody has what is asked for.
    #[error("cannot take {what}: no target is named (--target)")]
    NoTarget {
        /// What was asked for.
        what: &'static str,
    },
    /// Two things that exclude each other.
    #[error("{one} and {other} exclude each other")]
    Contradiction {
        /// The first.
        one: &'static str,
        /// The second.
        other: &'static str,
    },
    /// A socket has a network namespace and no other.
    #[error("a socket leads to a network namespace, not to one of kind {0}")]
    Socket(Kind),
}

impl Join {
    /// Joins this target's namespaces.
    #[must_use]
    pub fn new(target: Target, command: Command) -> Self {
        Self { target: Some(target), ..Self::nobody(command) }
    }

    /// Joins nobody's namespaces, but those that [`Join::source`] says where to find.
    #[must_use]
    pub fn nobody(command: Command) -> Self {
        Self {
            target: None,
            select: Select::Differing,
            sources: BTreeMap::new(),
            user_parent: false,
            root: None,
            directory: None,
            cgroup: None,
            command,
        }
    }

    /// Chooses among the target's namespaces.
    #[must_use]
    pub fn select(mut self, select: Select) -> Self {
        self.select = select;
        self
    }

    /// Joins this namespace instead of the target's of that kind.
    #[must_use]
    pub fn source(mut self, kind: Kind, source: Source) -> Self {
        self.sources.insert(kind, source);
        self
    }

    /// Joins the user namespace that owns the one that would be joined or, where none would be, the
    /// one that owns the others.
    #[must_use]
    pub fn user_parent(mut self) -> Self {
        self.user_parent = true;
        self
    }

    /// Takes this as the root directory.
    #[must_use]
    pub fn root(mut self, root: Directory) -> Self {
        self.root = Some(root);
        self
    }

    /// Takes this as the working directory. One that is looked up inside is the command's:
    /// [`Command::directory`].
    #[must_use]
    pub fn directory(mut self, directory: Directory) -> Self {
        self.directory = Some(directory);
        self
    }

    /// Joins a control group.
    #[must_use]
    pub fn cgroup(mut self, cgroup: Cgroup) -> Self {
        self.cgroup = Some(cgroup);
        self
    }

    /// The plan, if it makes sense.
    ///
    /// # Errors
    /// When parts contradict each other or need a target that is not there.
    pub fn plan(self) -> Result<Plan, InvalidPlan> {
        if self.target.is_none()
            && let Some(what) = self.needs_a_target()
        {
            return Err(InvalidPlan::NoTarget { what });
        }
        if let Some((kind, _)) =
            self.sources.iter().find(|(kind, source)| matches!(source, Source::Socket(_)) && **kind != Kind::Net)
        {
            return Err(InvalidPlan::Socket(*kind));
        }
        if self.directory.is_some() && self.command.directory.is_some() {
            return Err(InvalidPlan::Contradiction { one: "a working directory of here", other: "one of inside" });
        }
        self.is_typed_to_by_who_stays()?;
        if self.command.own_pids == OwnPids::Yes && self.command.own_proc == OwnProc::Yes {
            return Err(InvalidPlan::Contradiction {
                one: "own pids, which have a /proc",
                other: "a /proc of the joined",
            });
        }
        Ok(Plan { join: self })
    }

    /// Who is detached from us cannot be typed to by us.
    fn is_typed_to_by_who_stays(&self) -> Result<(), InvalidPlan> {
        if self.command.terminal.is_some() && self.command.parent == Parent::Init {
            return Err(InvalidPlan::Contradiction { one: "a terminal", other: "being detached from it" });
        }
        Ok(())
    }

    /// What only a target has, if any of it is wanted.
    fn needs_a_target(&self) -> Option<&'static str> {
        let follows = |id: &Option<Id>| id.as_ref() == Some(&Id::Follow);
        let socket = self.sources.values().any(|source| matches!(source, Source::Socket(_)));
        let kinds = match &self.select {
            Select::Differing => self.sources.is_empty(),
            Select::All => true,
            Select::These(kinds) => kinds.iter().any(|kind| !self.sources.contains_key(kind)),
        };
        let ids = match &self.command.credentials.ids {
            Ids::Parts { user, group, .. } => follows(user) || follows(group),
            Ids::User(User { user, group }) => *user == Id::Follow || follows(group),
        };
        let wanted = [
            (kinds, "the namespaces"),
            (socket, "a socket"),
            (self.root == Some(Directory::Targets), "the root directory"),
            (self.directory == Some(Directory::Targets), "the working directory"),
            (self.cgroup == Some(Cgroup::Targets), "the cgroup"),
            (self.command.environment == Environment::Targets, "the environment"),
            (self.command.label == Some(Label::Follow), "the security label"),
            (ids, "the ids"),
        ];
        wanted.into_iter().find_map(|(wanted, what)| wanted.then_some(what))
    }
}

impl Plan {
    /// The session that the command is to have.
    pub(crate) fn session(&self) -> Session {
        self.join.command.session
    }

    /// The join in full, with what was made for its command.
    ///
    /// # Errors
    /// When these do not go together.
    pub(crate) fn with(self, attached: Attached) -> Result<Join, InvalidPlan> {
        let mut join = self.join;
        let Attached { record, stdin, terminal, cgroups: _ } = attached;
        if let Some(record) = record {
            join.command = join.command.record(record);
        }
        if let Some(terminal) = terminal {
            join.command = join.command.terminal(terminal);
        }
        if stdin.is_some() {
            join.command.stdio[0] = stdin;
        }
        join.is_typed_to_by_who_stays()?;
        Ok(join)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join() -> Join {
        Join::nobody(Command::new("true"))
    }

    #[test]
    fn what_only_a_target_has_needs_one() {
        for join in [
            join(),
            join().select(Select::All),
            join().select(Select::These([Kind::Net].into())),
            join().select(Select::These([].into())).root(Directory::Targets),
            join().select(Select::These([].into())).directory(Directory::Targets),
            join().select(Select::These([].into())).cgroup(Cgroup::Targets),
            join().source(Kind::Net, Source::Socket(3)),
            Join::nobody(Command::new("env").environment(Environment::Targets)).select(Select::These([].into())),
        ] {
            let wish = format!("{join:?}");
            assert!(matches!(join.plan(), Err(InvalidPlan::NoTarget { .. })), "{wish}");
        }
    }

    #[test]
    fn a_namespace_file_needs_no_target() {
        let file = || Source::File("/run/netns/blue".into());
        assert!(join().source(Kind::Net, file()).plan().is_ok());
        assert!(join().source(Kind::Net, file()).select(Select::These([Kind::Net].into())).plan().is_ok());
        let two = Select::These([Kind::Net, Kind::Uts].into());
        assert!(join().source(Kind::Net, file()).select(two).plan().is_err());
    }

    #[test]
    fn contradictions_are_refused() {
        let at = |command| Join::new(Target::Pid(1), command);
        let inside = || Command::new("true").directory("/");
        assert!(at(inside()).directory(Directory::Targets).plan().is_err());
        assert!(at(inside()).source(Kind::Uts, Source::Socket(3)).plan().is_err());
        assert!(at(inside().own_pids(OwnPids::Yes).own_proc(OwnProc::Yes)).plan().is_err());
        assert!(at(inside()).plan().is_ok());
    }

    #[test]
    fn what_is_attached_afterwards_is_checked_too() {
        let file = || OwnedFd::from(std::fs::File::open("/dev/null").expect("a file"));
        let terminal = || Attached { terminal: Some(file()), ..Attached::default() };
        let plan = |parent| {
            Join::new(Target::Pid(1), Command::new("true").parent(parent)).plan().expect("a join that makes sense")
        };
        let attached = plan(Parent::Us).with(terminal()).expect("who stays can type");
        assert_eq!(attached.command.session, Session::New);
        assert!(plan(Parent::Init).with(terminal()).is_err());
    }
}
