//! What can go wrong between a pod and its network, and how it is said.

use network::Network;
use registry::RegistryError;

/// A pod cannot be connected, or not be parted from its network.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// There is no such network here yet.
    #[error("network {network} is not there yet")]
    NotYet {
        /// Which.
        network: Network,
    },
    /// What is on record of it cannot be read or written.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

impl ConnectError {
    /// What is nearly always the reason, or the way out, where one thing is.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::NotYet { .. } => None,
            Self::Registry(error) => error.hint(),
        }
    }
}
