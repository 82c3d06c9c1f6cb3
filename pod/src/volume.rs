//! The volumes of a pod: made, kept as their objects are, mounted and removed.
//!
//! What is in a volume of files is computed before (`compile::payload`); here it is written. Volumes that need no
//! disk are in the pod's own directory, which is in memory; an empty directory and what is claimed are in the data
//! directory.

mod atomic;
mod claim;
mod content;
mod empty;
mod error;
mod host_path;
mod layers;
mod mount;
mod own;
mod provide;
mod sub_path;
mod token;

pub(crate) use claim::is_of;
pub(crate) use empty::usage;
pub use error::VolumeError;
pub(crate) use mount::{Provided, existing, mounted, parts, root_of};
pub(crate) use own::outside;
pub(crate) use provide::Volumes;
