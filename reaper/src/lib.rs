//! The core of an init: raw calls, signals, wait status and exit codes, without std and without a libc.
//!
//! `pause` is this core and a page of its own; `nsjoin` and `pod` take from it what a parent has
//! to know about a child: how it ended ([`WaitStatus`]) and what to exit with ([`ExitCode`]).
//!
//! Nothing here allocates, and nothing here panics in a path that a program takes.
#![no_std]

pub mod exit;
pub mod filter;
pub mod reap;
pub mod signal;
pub mod status;
#[allow(unsafe_code, reason = "raw system calls; see the file's # Safety")]
pub mod sys;

pub use exit::ExitCode;
pub use filter::Filter;
pub use signal::{Signal, SignalSet};
pub use status::WaitStatus;
