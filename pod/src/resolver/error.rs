//! What can go wrong with a resolver, and how it is said.

use std::io;

/// A network's names cannot be resolved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResolverError {
    /// Its process could not be launched.
    #[error("cannot launch the resolver of a network")]
    Launch(#[source] Box<nsjoin::Error>),
    /// Something that it needs could not be had.
    #[error("cannot {operation} the resolver of a network")]
    Ask {
        /// What was to be done with it.
        operation: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// It could not do what it was asked.
    #[error("the resolver of a network: {0}")]
    Refused(String),
    /// Its program is not found.
    #[error("cannot launch the resolver of a network")]
    Program(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It does not end.
    #[error("the resolver of a network, process {0}, does not end")]
    Stays(i32),
    /// It cannot do its work.
    #[error("cannot {operation}")]
    Serve {
        /// What.
        operation: &'static str,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl ResolverError {
    /// It cannot be told who we are.
    pub(crate) fn ourselves(source: io::Error) -> Self {
        failed("find ourselves for")(source)
    }
}

pub(super) fn failed<E: Into<io::Error>>(operation: &'static str) -> impl FnOnce(E) -> ResolverError {
    move |source| ResolverError::Ask { operation, source: source.into() }
}

pub(super) fn cannot<E>(operation: &'static str) -> impl FnOnce(E) -> ResolverError
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    move |source| ResolverError::Serve { operation, source: source.into() }
}
