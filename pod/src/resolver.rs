//! The resolver of a network: a process that knows its pods by name, and asks the machine's own resolvers for the rest.
//!
//! There is one for each network, at port 53 of the network's gateway, where everybody in the network can reach it. It is
//! started by whoever is first to find none (`keep`), and told by everybody who changes the network who is called what:
//! a file, as a descriptor, for it can open none. It outlives whoever started it, is found again at its door,
//! and is ended with its network (`end`).
//!
//! What comes to it is anybody's, so it runs as the forwarder does, as nobody and behind a filter, and everything that
//! it does for somebody is bounded in count and time. Who is not of the network is not answered.

mod client;
mod error;
mod hold;
mod message;
mod packets;
mod serve;
mod share;
mod streams;
mod upstream;

pub use error::ResolverError;
pub(crate) use hold::{Resolver, end, keep, record};
pub use serve::resolve;

#[cfg(test)]
mod tests;
