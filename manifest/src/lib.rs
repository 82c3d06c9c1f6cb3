//! Kubernetes manifests, read as kubectl reads them.
#![forbid(unsafe_code)]

pub mod emit;
pub mod text;
