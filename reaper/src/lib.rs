//! An init, and the core of one: raw calls, signals, wait status and exit codes, without std and
//! without a libc.
//!
//! What an init is to do is a [`plan::Plan`]; what it does next a [`decide::Machine`] decides, which
//! knows no clock and no kernel; [`open::Opened`] makes ready, and [`run::run`] does it. The program `reaper` is a command line above
//! that. `pause` is [`hold`] and an entry; `nsjoin` and `pod` take what a parent has to know about a
//! child: how it ended ([`WaitStatus`]) and what to exit with ([`ExitCode`]).
//!
//! Nothing here allocates, and nothing here panics in a path that a program takes. With the feature
//! `std` there is `Init`, for a program that wants to be its own container's init.
#![no_std]

#[cfg(feature = "std")]
extern crate std;

pub mod accounts;
pub mod buffer;
pub mod cli;
pub mod decide;
pub mod exit;
pub mod filter;
pub mod guise;
pub mod help;
pub mod hold;
#[cfg(feature = "std")]
pub mod init;
pub mod launch;
pub mod open;
pub mod options;
pub mod outcome;
pub mod plan;
pub mod reap;
pub mod refusal;
pub mod relay;
pub mod run;
pub mod signal;
pub mod status;
#[allow(unsafe_code, reason = "raw system calls; see the file's # Safety")]
pub mod sys;
pub mod text;
pub mod tree;
pub mod user;
pub mod voice;

pub use exit::ExitCode;
pub use filter::Filter;
#[cfg(feature = "std")]
pub use init::Init;
pub use signal::{Signal, SignalSet};
pub use status::WaitStatus;
