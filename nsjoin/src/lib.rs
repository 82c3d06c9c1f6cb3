//! Enter the namespaces of another process and launch a command there.
//!
//! One way, five rooms: a [`Join`] says what is wanted and becomes a [`Plan`] when that makes sense,
//! which touches nothing; [`Plan::open`] looks at the target and holds every descriptor that the
//! rest needs; [`Opened::spawn`] enters and launches; the [`Child`] is waited for, or handed signals
//! by [`relay()`]; [`Outcome`] says what was really joined.
//!
//! ```no_run
//! use nsjoin::{Command, Join, Select, Target};
//!
//! let join = Join::new(Target::Pid(4242), Command::new("ip").arg("address")).select(Select::All);
//! let child = join.plan()?.open()?.spawn()?;
//! println!("{:?}", child.wait()?);
//! # Ok::<(), nsjoin::Error>(())
//! ```
//!
//! It works from a program with threads: the child shares our memory until it executes the
//! command, allocates nothing, and calls nothing that another thread could have locked.
//!
//! Needs Linux 5.4 (waiting for a pidfd); uses what later kernels have when they have it.

pub mod cli;
mod conduct;
pub mod container;
mod error;
mod events;
mod invocation;
pub mod list;
mod lower;
mod open;
mod outcome;
mod plan;
mod run;
mod show;
mod sys;
mod target;

pub use conduct::conduct;
pub use container::{Container, ContainerError, InvalidContainer};
pub use error::Error;
pub use invocation::{Conduct, Events, Fork, Invocation, Start, Stdin};
pub use launch::Error as LaunchError;
pub use launch::relay::{self, relay};
pub use launch::seccomp::{self, Seccomp};
pub use launch::{
    Capabilities, Cgroup, Child, Command, Copied, Credentials, Environment, Id, Identity, IdentityError, Ids,
    Inherited, InvalidCapability, InvalidId, InvalidKind, InvalidLimit, Kind, Label, Limit, OnDrop, OwnPids, OwnProc,
    Parent, Pidfd, Record, Rest, Session, Terminal, Typed, User, capabilities, leave_identity,
};
pub use list::list;
pub use open::Opened;
pub use outcome::{Doubt, Joined, Outcome, Skipped};
pub use plan::{Attached, Directory, InvalidPlan, Join, Plan, Select, Source};
pub use registry::{InvalidName, Name, Registry, RegistryError};
pub use run::{errand, netlink};
pub use target::{InvalidTarget, Target};
