//! The console: a process between a workload's terminal, or its pipes, and its log, for a workload that
//! somebody types at.
//!
//! A workload otherwise writes to the fifos of its log itself. A terminal has another end, which somebody
//! has to hold for as long as the workload lives, and a stdin has somebody who writes to it: neither the
//! client, who may go away, nor the supervisor, who may be killed. So the console holds them, hands on to the
//! fifos what is said, and to a client, if there is one, and takes from that what is typed.
//!
//! Whoever attaches to the workload later comes by its door, a socket in the workload's directory: any number of
//! them, who all see what is said from then on. The first of them is told what was said before anybody came, if they
//! ask for that.
//!
//! It runs as nobody, without a capability (`nobody.rs`): all that it sees is bytes of others.

mod attend;
mod client;
mod error;
mod launch;
mod packet;
mod way;

pub use attend::attend;
pub use error::ConsoleError;
pub(crate) use launch::{Ends, Start, start};
pub(crate) use packet::{FromClient, Here, LONGEST, Shown, Stream, hear, is_welcome, say};
