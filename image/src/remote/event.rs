//! What happens during a pull, for whoever shows it.

use std::time::Duration;

use oci_spec::image::Descriptor;

use crate::digest::Digest;
use crate::reference::Reference;
use crate::remote::error::RemoteError;
use crate::remote::registries::Endpoint;
use crate::store::Layer;
use crate::unpack::Outcome;

/// Something that happened.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// An image is being asked for.
    Asking {
        /// The image.
        reference: &'a Reference,
        /// Where.
        endpoint: &'a Endpoint,
    },
    /// Somebody did not have it, or was not there; somebody else will be asked.
    Passed {
        /// Who.
        endpoint: &'a Endpoint,
        /// Why.
        error: &'a RemoteError,
    },
    /// It was found, and these are its layers.
    Found {
        /// The image.
        reference: &'a Reference,
        /// The layers, each once.
        layers: &'a [Descriptor],
    },
    /// Something became of a layer.
    Layer {
        /// Which.
        digest: &'a Digest,
        /// What.
        stage: Stage,
    },
    /// A layer was unpacked.
    Unpacked {
        /// Which.
        layer: &'a Layer,
        /// What came of it.
        outcome: &'a Outcome,
    },
    /// Something did not go well, and is tried again.
    Again {
        /// Why.
        error: &'a RemoteError,
        /// In how long.
        after: Duration,
    },
}

/// What became of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The store has it.
    Here,
    /// It is being fetched, behind what came another time.
    Begun {
        /// How many bytes came then.
        written: u64,
        /// How many there will be.
        size: u64,
    },
    /// So many bytes are here now.
    Came(u64),
    /// It is whole, and verified; it is not unpacked yet.
    Done,
}

/// Whoever shows it.
pub type Watch<'a> = dyn Fn(&Event<'_>) + Sync + 'a;
