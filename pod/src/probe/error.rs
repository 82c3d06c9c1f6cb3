//! What can go wrong with a prober.

use std::io;

use registry::RegistryError;

/// Nobody could be had who asks in the pod's network, or who was had cannot do it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProberError {
    /// Its process could not be launched.
    #[error("cannot launch who asks in the pod")]
    Launch(#[source] Box<nsjoin::Error>),
    /// There is no place for word of it.
    #[error(transparent)]
    Record(#[from] RegistryError),
    /// Something that it needs could not be had.
    #[error("cannot {operation} who asks in the pod")]
    Need {
        /// What was to be done.
        operation: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// It cannot go on.
    #[error("cannot {operation}")]
    Serve {
        /// What was to be done.
        operation: &'static str,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

pub(super) fn need<E: Into<io::Error>>(operation: &'static str) -> impl FnOnce(E) -> ProberError {
    move |source| ProberError::Need { operation, source: source.into() }
}

pub(super) fn failed<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
    operation: &'static str,
) -> impl FnOnce(E) -> ProberError {
    move |source| ProberError::Serve { operation, source: source.into() }
}
