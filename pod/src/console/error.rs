//! What can go wrong with a console.

use std::io;

use registry::RegistryError;

/// A workload's console could not be started, or cannot do its work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConsoleError {
    /// Its process could not be launched.
    #[error("cannot launch the console of a workload")]
    Launch(#[source] Box<nsjoin::Error>),
    /// There is no place for word of it.
    #[error(transparent)]
    Record(#[from] RegistryError),
    /// Something that it needs could not be had.
    #[error("cannot {operation} the console of a workload")]
    Need {
        /// What was to be done.
        operation: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// It cannot go on.
    #[error("cannot {operation}")]
    Attend {
        /// What was to be done.
        operation: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

pub(super) fn need<E: Into<io::Error>>(operation: &'static str) -> impl FnOnce(E) -> ConsoleError {
    move |source| ConsoleError::Need { operation, source: source.into() }
}

pub(super) fn failed<E: Into<io::Error>>(operation: &'static str) -> impl FnOnce(E) -> ConsoleError {
    move |source| ConsoleError::Attend { operation, source: source.into() }
}
