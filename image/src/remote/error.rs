//! What can go wrong between here and a registry, and how it is said.

use std::io;
use std::time::Duration;

use crate::digest::{Digest, InvalidDigest};
use crate::reference::BadReference;
use crate::remote::document::BadDocument;
use crate::remote::registries::NoWay;
use crate::remote::settings::SettingsError;
use crate::store::{LayerError, StoreError};

/// That an image, or a part of it, did not come. Nothing of it is used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteError {
    /// What the machine says of registries cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A name is none.
    #[error(transparent)]
    Reference(#[from] BadReference),
    /// It is not to be had.
    #[error(transparent)]
    NoWay(#[from] NoWay),
    /// It cannot be kept, or is not what it should be.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A layer cannot be unpacked.
    #[error(transparent)]
    Layer(#[from] LayerError),
    /// A digest is none that we can verify.
    #[error(transparent)]
    Digest(#[from] InvalidDigest),
    /// Nobody is there.
    #[error("cannot reach {host}")]
    Unreachable {
        /// The host.
        host: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Somebody is there, and says nothing.
    #[error("{host} has said nothing for {}", humantime::format_duration(*time))]
    Silent {
        /// The host.
        host: String,
        /// For how long it was listened to.
        time: Duration,
    },
    /// The connection ended too early.
    #[error("the connection to {host} broke")]
    Broken {
        /// The host.
        host: String,
        /// How.
        #[source]
        source: io::Error,
    },
    /// It cannot be told whether it is who it ought to be.
    #[error("cannot trust {host}")]
    Untrusted {
        /// The host.
        host: String,
        /// Why.
        #[source]
        source: rustls::Error,
    },
    /// What it says is not what a registry says.
    #[error("cannot understand {host}: {why}")]
    Garbage {
        /// The host.
        host: String,
        /// What is wrong with it.
        why: String,
    },
    /// It does not know us, or not well enough.
    #[error("{host} refuses {what}{}", because(said))]
    Refused {
        /// The host.
        host: String,
        /// What was asked for.
        what: String,
        /// Why, in its words.
        said: Option<String>,
        /// Whether somebody was known to be, and it was not good enough.
        known: bool,
    },
    /// It is not there.
    #[error("{host} has no {what}{}", because(said))]
    Missing {
        /// The host.
        host: String,
        /// What was asked for.
        what: String,
        /// What the registry says of it.
        said: Option<String>,
    },
    /// None of the registries to be searched has it.
    #[error("none of {} has {name}", searched.join(", "))]
    Nowhere {
        /// The name, as it was typed.
        name: String,
        /// Where it was looked for.
        searched: Vec<String>,
    },
    /// It gave another answer than the thing.
    #[error("{host} answers {status} when asked for {what}{}", because(said))]
    Answered {
        /// The host.
        host: String,
        /// What was asked for.
        what: String,
        /// The status.
        status: u16,
        /// What it says of it.
        said: Option<String>,
        /// Whether it may be another one the next time, and when.
        later: Option<Option<Duration>>,
    },
    /// The part that we lack is not there.
    #[error("{host} has no such part of {what}")]
    NoRange {
        /// The host.
        host: String,
        /// What was asked for.
        what: String,
        /// How large it is there, where that is said.
        size: Option<u64>,
    },
    /// It leads somewhere where we do not go.
    #[error("{host} leads to {location}, {why}")]
    Astray {
        /// The host.
        host: String,
        /// Where to, without what follows a question mark: that may be secret.
        location: String,
        /// Why we do not go there.
        why: &'static str,
    },
    /// A blob is not as large as the manifest says.
    #[error("blob {digest} has {expected} bytes in the manifest, and {found} at {host}")]
    Size {
        /// The host.
        host: String,
        /// Which blob.
        digest: Digest,
        /// What the manifest says.
        expected: u64,
        /// What the registry says.
        found: u64,
    },
    /// A manifest is not what was asked for.
    #[error("{host} gives another manifest than {expected}: what came has the digest {found}")]
    Other {
        /// The host.
        host: String,
        /// What was asked for.
        expected: Digest,
        /// What it is.
        found: Digest,
    },
    /// A manifest, index or configuration is none that we can use.
    #[error("cannot use {name}")]
    Document {
        /// The image.
        name: String,
        /// Why.
        #[source]
        source: BadDocument,
    },
}

fn because(said: &Option<String>) -> String {
    said.as_ref().map(|said| format!(" ({said})")).unwrap_or_default()
}

impl RemoteError {
    /// Whether it may go well the next time; where somebody has said when, when. In the middle of
    /// something more is worth another try than at its beginning.
    pub(crate) fn passes(&self, middle: bool) -> Option<Option<Duration>> {
        match self {
            Self::Answered { later, .. } => *later,
            Self::Broken { .. } => Some(None),
            Self::Unreachable { .. } | Self::Silent { .. } if middle => Some(None),
            _ => None,
        }
    }

    /// Whether another who ought to have the same may be asked: it is not our own fault.
    pub(crate) fn is_theirs(&self) -> bool {
        // What one of them gives us to unpack would be the same from another: it is verified.
        !matches!(
            self,
            Self::Settings(_)
                | Self::Store(StoreError::File { .. })
                | Self::Layer(_)
                | Self::Reference(_)
                | Self::NoWay(_)
        )
    }

    /// Whether it says that there is no such image, as far as they tell.
    pub(crate) fn is_absence(&self) -> bool {
        matches!(self, Self::Missing { .. } | Self::Refused { .. })
    }

    /// What is nearly always the reason, where one thing is.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Store(error) | Self::Layer(LayerError::Store(error)) => error.hint(),
            Self::Layer(LayerError::Unpack { source, .. }) => source.hint(),
            Self::Refused { known: false, .. } => {
                Some("there is no such image, or it needs a login: --creds, or `docker login` or `podman login`")
            }
            Self::Refused { known: true, .. } => Some("the name or password that was found for it may be wrong"),
            Self::Untrusted { .. } => {
                Some("certs.d/HOST/ca.crt names who is trusted; --tls-verify=false trusts anybody")
            }
            Self::Answered { status: 429, .. } => Some("it has been asked too often; a login often allows more"),
            Self::Document { source, .. } => source.hint(),
            _ => None,
        }
    }
}
