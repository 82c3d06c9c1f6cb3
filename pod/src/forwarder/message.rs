//! What a supervisor and its forwarder say to each other, as plain data.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::publish::Publish;

/// The forwarder's socket, in the pod's directory.
pub const SOCKET: &str = "forwarder.sock";

/// How many ports go into one message, each with its listener: the kernel passes on 253 descriptors at once.
pub(super) const AT_ONCE: usize = 64;

/// Longer than any message.
pub(super) const LONGEST: usize = 16 << 10;

/// What a supervisor asks.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Command {
    /// Begin. With it come a pidfd of the pod's pause process, and a socket for later supervisors.
    Begin,
    /// Carry these ports. With it comes a listener for each.
    Carry(Vec<Publish>),
    /// Do not carry these any more. What is connected already goes on.
    Leave(Vec<Publish>),
    /// Take whoever says this as the supervisor, and give it all listeners.
    Adopt,
}

/// What a forwarder says.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Answer {
    /// What was asked has been done.
    Done,
    /// It could not be done.
    Refused(String),
    /// These ports are carried. With it comes the listener of each.
    Carrying(Vec<Publish>),
    /// Something happened.
    Event(Event),
}

/// Something that happened to the forwarder; each is told when it happens first, and then once a minute at most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// There are as many connections as there may be. Further clients wait until others have left.
    Full {
        /// So many.
        connections: usize,
    },
    /// The kernel has run short of something. What could not be done is tried again.
    Shortage {
        /// What could not be done.
        operation: String,
        /// Why.
        reason: String,
    },
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full { connections } => {
                write!(f, "published ports: {connections} connections are the most; further clients wait")
            }
            Self::Shortage { operation, reason } => write!(f, "published ports: cannot {operation}: {reason}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_message_is_not_longer_than_any() {
        let longest: Publish = "[1111:1111:1111:1111:1111:1111:1111:1111]:11111:11111/udp".parse().expect("a port");
        let text = serde_json::to_vec(&Command::Carry(vec![longest; AT_ONCE])).expect("JSON");
        assert!(text.len() < LONGEST, "{}", text.len());
    }

    #[test]
    fn events_are_said_in_a_sentence() {
        let shortage = Event::Shortage { operation: "accept a client".into(), reason: "Too many open files".into() };
        assert_eq!(shortage.to_string(), "published ports: cannot accept a client: Too many open files");
        let full = Event::Full { connections: 12 };
        assert_eq!(full.to_string(), "published ports: 12 connections are the most; further clients wait");
    }
}
