//! Networks of pods, and nothing of pods: which kinds there are ([`Network`]), what one in a network is given
//! ([`Attachment`]), which addresses there are ([`Range`]), what a network has on disk ([`NetworkDirectory`]),
//! and what is said to who asks for a name in it ([`zone`]).

mod answer;
mod attachment;
pub mod cni;
mod directory;
mod kind;
mod look;
pub mod message;
mod names;
pub mod nft;
pub mod pasta;
mod plain;
mod program;
mod range;
mod socket;
pub mod zone;

pub use answer::{Address, Link, Route};
pub use attachment::{Attachment, InvalidMac, InvalidPrefixed, Mac, Prefixed};
pub use directory::{Held, NAMES, NETWORKS, NetworkDirectory, NetworkRecord};
pub use kind::{CniName, DEFAULT, InvalidNetwork, Network};
pub use look::look;
pub use names::Names;
pub use range::{Range, hash, unique_local};
pub use socket::{Netlink, own_network};
