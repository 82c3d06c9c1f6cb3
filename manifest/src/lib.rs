//! Kubernetes manifests, read as kubectl reads them.
#![forbid(unsafe_code)]

pub mod emit;
pub mod kind;
pub mod read;
pub mod schema;
pub mod strict;
pub mod text;
pub mod value;
