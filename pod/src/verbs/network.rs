//! The network that somebody asks for.

use clap::Args;
use network::Network;

/// The network that somebody asks for.
#[derive(Args, Clone, Debug, Default)]
pub struct ToConnect {
    /// The network: none, host, bridge[:NAME] with others, pasta, cni:NAME [default: none; of manifests what
    /// can be had: POD_NETWORK names another]
    #[arg(long, value_name = "NETWORK")]
    pub(super) network: Option<Network>,
}
