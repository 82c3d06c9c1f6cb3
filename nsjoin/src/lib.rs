//! Enter the namespaces of another process and launch a command there.
//!
//! One way, five rooms: a [`Plan`] says what is wanted and touches nothing; [`Plan::open`] looks at
//! the target and holds every descriptor that the rest needs; [`Opened::spawn`] enters and
//! launches; the [`Child`] is waited for, or handed signals by [`relay()`]; [`Outcome`] says what
//! was really joined.
//!
//! ```no_run
//! use nsjoin::{Command, Plan, Select, Target};
//!
//! let plan = Plan {
//!     target: Target::Pid(4242),
//!     select: Select::All,
//!     command: Command::new("ip").arg("address"),
//! };
//! let child = plan.open()?.spawn()?;
//! println!("{:?}", child.wait()?);
//! # Ok::<(), nsjoin::Error>(())
//! ```
//!
//! It works from a program with threads: the child shares our memory until it executes the
//! command, allocates nothing, and calls nothing that another thread could have locked.
//!
//! Needs Linux 5.4 (waiting for a pidfd); uses what later kernels have when they have it.

pub mod cli;
mod error;
mod identity;
mod kind;
mod name;
mod open;
mod outcome;
mod pidfd;
mod plan;
mod registry;
pub mod relay;
pub mod report;
mod run;
#[allow(unsafe_code, reason = "system calls that no crate wraps, and the child's code; see the file's # Safety")]
mod sys;

pub use error::Error;
pub use identity::{Identity, IdentityError};
pub use kind::Kind;
pub use name::{InvalidName, Name};
pub use open::Opened;
pub use outcome::{Outcome, Skipped};
pub use pidfd::Pidfd;
pub use plan::{Command, OwnPids, Plan, Select, Session, Target};
pub use registry::{Registry, RegistryError};
pub use relay::relay;
pub use run::Child;
pub use sys::{Inherited, Step, leave_identity};
