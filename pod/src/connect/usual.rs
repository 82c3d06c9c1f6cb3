//! Which network a pod of a manifest is in: the one that it names, the one that who starts it names, or the usual one.

use std::env;

use manifest::kind::Pod;
use network::{InvalidNetwork, Network};

use crate::plan::Wish;

/// The annotation of a pod that names its network.
pub(crate) const CHOSEN: &str = "podkit/network";
/// In the environment: the network of pods that name none.
pub(crate) const VARIABLE: &str = "POD_NETWORK";

/// The network that a pod names.
///
/// # Errors
/// It names none that there is.
pub(crate) fn chosen(pod: &Pod) -> Result<Option<Network>, InvalidNetwork> {
    pod.metadata.annotations.get(CHOSEN).map(|text| text.parse()).transpose()
}

/// The network that a pod is to be in, and what it means that it cannot be.
///
/// # Errors
/// What is named is no network.
pub(crate) fn of(pod: &Pod) -> Result<(Network, Wish), InvalidNetwork> {
    if let Some(network) = chosen(pod)? {
        return Ok((network, Wish::Asked));
    }
    match env::var(VARIABLE).ok().filter(|text| !text.is_empty()) {
        // Who is in the machine's network says so in its manifest.
        Some(text) => Ok((text.parse().ok().filter(Network::is_own).ok_or(InvalidNetwork(text))?, Wish::Asked)),
        None => Ok((Network::default_bridge(), Wish::Usual)),
    }
}
