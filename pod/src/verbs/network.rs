//! The network that somebody asks for.

use clap::Args;
use manifest::kind::Object;
use network::Network;
use serde_json::Value;

use crate::connect::CHOSEN;

/// The network that somebody asks for.
#[derive(Args, Clone, Debug, Default)]
pub struct ToConnect {
    /// The network of pods: none, host, bridge[:NAME] with others, pasta, cni:NAME [default: by hand none; of manifests
    /// what POD_NETWORK names, or else what can be had]
    #[arg(long, value_name = "NETWORK")]
    pub(super) network: Option<Network>,
}

impl ToConnect {
    /// Has a pod say in which network it is to be, where somebody has asked for one.
    pub(super) fn put(&self, value: &mut Value, object: &mut Object) {
        let (Some(network), Object::Pod(_)) = (&self.network, &*object) else { return };
        value["metadata"]["annotations"][CHOSEN] = network.to_string().into();
        object.metadata_mut().annotations.insert(CHOSEN.to_owned(), network.to_string());
    }

    /// The same of one that is made from words.
    pub(super) fn annotation(&self) -> Option<(String, String)> {
        self.network.as_ref().map(|network| (CHOSEN.to_owned(), network.to_string()))
    }
}
