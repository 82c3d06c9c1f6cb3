//! What a sandbox's own process does to be connected: laid out by who knows the network, done by who is in it.

use network::Netlink;

/// A pair of links to be made, and what is to be said of its inside end.
#[derive(Debug)]
pub(crate) struct Wire {
    /// Of the network in which the other end is to be.
    pub(crate) outer: Netlink,
    /// There: the pair, and the place of the network's descriptor in that.
    pub(crate) pair: (Vec<u8>, Option<usize>),
    /// Inside: addresses and the way out.
    pub(crate) inside: Vec<u8>,
}
