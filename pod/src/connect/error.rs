//! What can go wrong between a pod and its network, and how it is said.

use std::io;

use network::cni::CniError;
use network::pasta::PastaError;
use network::{InvalidNetwork, Network};
use nix::errno::Errno;
use registry::RegistryError;

use crate::resolver::ResolverError;

/// A pod cannot be connected, or not be parted from its network.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// What is named is no network.
    #[error(transparent)]
    Invalid(#[from] InvalidNetwork),
    /// Only who may make links has such a network.
    #[error("cannot connect to network {network}: we may make no links here")]
    NotOurs {
        /// Which.
        network: Network,
    },
    /// It is where nobody gets from here.
    #[error("cannot connect to network {network}: its bridge is in another network namespace than we are")]
    Elsewhere {
        /// Which.
        network: Network,
    },
    /// Nobody is in it, and it is where nobody gets from here.
    #[error(
        "cannot remove network {network}, which nobody uses: its bridge is in another network namespace than we are"
    )]
    Left {
        /// Which.
        network: Network,
    },
    /// Every address of it is somebody's, or every port of its bridge.
    #[error("cannot connect to network {network}: it has room for no more pods")]
    Full {
        /// Which.
        network: Network,
    },
    /// The machine has routes to all ranges that networks of ours would have.
    #[error("cannot make network {network}: the machine has other uses for 10.214.0.0 to 10.217.255.255")]
    NoRange {
        /// Which.
        network: Network,
    },
    /// The kernel refuses something.
    #[error("cannot {operation} network {network}")]
    Kernel {
        /// What was to be done.
        operation: &'static str,
        /// For which.
        network: Network,
        /// Why.
        #[source]
        source: Errno,
    },
    /// It cannot be told where we are.
    #[error("cannot tell which network namespace we are in, for network {network}")]
    Look {
        /// Which.
        network: Network,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It cannot be held, where it would have to be.
    #[error("cannot hold network {network}")]
    Hold {
        /// Which.
        network: Network,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Whether a process of a network lives cannot be told, or it cannot be ended.
    #[error("cannot tell whether a network is held")]
    Holder(#[source] io::Error),
    /// A process of a network does not end.
    #[error("process {0} of a network does not end")]
    Remains(i32),
    /// Its tables cannot be removed.
    #[error("cannot remove the tables of network {network}: {why}")]
    Tables {
        /// Which.
        network: Network,
        /// What nft says.
        why: String,
    },
    /// Plugins do not do what they are asked.
    #[error(transparent)]
    Cni(#[from] CniError),
    /// There is no way out by pasta.
    #[error("no way out by pasta")]
    Pasta(#[from] PastaError),
    /// The pod's network cannot be entered to look at it.
    #[error("cannot enter the pod's network")]
    Enter(#[from] Box<nsjoin::Error>),
    /// What is in the pod's network cannot be told.
    #[error("cannot look at the pod's network")]
    Inside(#[source] Errno),
    /// There is no word that nobody else has.
    #[error("cannot read random bytes")]
    Random(#[source] io::Error),
    /// It says for how long plugins are waited for, and says no time.
    #[error("POD_CNI_TIMEOUT is {written:?}, and no time, as 30s is")]
    Patience {
        /// What it says.
        written: String,
    },
    /// It says for how long networks stay that nobody is in, and says no time.
    #[error("POD_NETWORK_STAYS is {written:?}, and no time, as 30s is")]
    Stays {
        /// What it says.
        written: String,
    },
    /// That we are to end cannot be waited for.
    #[error("cannot wait for signals")]
    Signals(#[source] io::Error),
    /// Who resolves its names does not end.
    #[error(transparent)]
    Resolver(#[from] ResolverError),
    /// What is on record of it cannot be read or written.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

impl ConnectError {
    /// What is nearly always the reason, or the way out, where one thing is.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Cni(error) => error.hint(),
            Self::Pasta(error) => error.hint(),
            Self::Registry(error) => error.hint(),
            Self::Elsewhere { .. } => {
                Some("ask where its other pods were made, or name another: --network bridge:NAME")
            }
            Self::NotOurs { .. } => Some("--network pasta leads out for anybody"),
            _ => None,
        }
    }
}
