//! Kubernetes manifests, read as kubectl reads them.
#![forbid(unsafe_code)]

pub mod check;
pub mod cron;
mod default;
pub mod diff;
pub mod emit;
pub mod image;
pub mod jsonpath;
pub mod kind;
pub mod patch;
pub mod read;
pub mod schema;
pub mod selector;
pub mod strict;
pub mod text;
pub mod value;
