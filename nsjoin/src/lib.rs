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
mod command;
mod conduct;
pub mod container;
mod credentials;
mod error;
mod events;
mod invocation;
mod kind;
mod limits;
pub mod list;
mod open;
mod outcome;
mod plan;
pub mod relay;
pub mod report;
mod run;
mod script;
pub mod seccomp;
mod show;
mod signals;
#[allow(unsafe_code, reason = "system calls that no crate wraps, and the child's code; see the file's # Safety")]
mod sys;
mod target;
mod terminal;

pub use command::{Command, Copied, Environment, Label, OwnPids, OwnProc, Parent, Record, Session};
pub use conduct::conduct;
pub use container::{Container, ContainerError, InvalidContainer};
pub use credentials::{Capabilities, Credentials, Id, Ids, InvalidCapability, InvalidId, Rest, User, capabilities};
pub use error::Error;
pub use invocation::{Conduct, Events, Fork, Invocation, Start, Stdin};
pub use kind::{InvalidKind, Kind};
pub use launch::{Identity, IdentityError, Pidfd};
pub use limits::{InvalidLimit, Limit};
pub use list::list;

pub use open::Opened;
pub use outcome::{Joined, Outcome, Skipped};
pub use plan::{Attached, Cgroup, Directory, InvalidPlan, Join, Plan, Select, Source};
pub use registry::{InvalidName, Name, Registry, RegistryError};
pub use relay::relay;
pub use run::{Child, OnDrop};
pub use seccomp::Seccomp;
pub use signals::Inherited;
pub use sys::{Step, leave_identity};
pub use target::{InvalidTarget, Target};
pub use terminal::{Terminal, Typed};
