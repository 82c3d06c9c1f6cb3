//! Where the pods of a user are recorded, and how a pod's name leads to what is known of it.
//!
//! A [`Registry`] is a directory with one [`PodDirectory`] for each pod. Looking at either changes
//! nothing, and tells three things of a process: that it runs, that it has ended, or that it cannot be
//! told ([`launch::Seen`]).

mod directory;
mod error;
mod found;
mod layout;
mod lock;
mod name;
mod root;
pub mod tree;
pub mod trust;
pub mod version;
mod whole;

pub use error::{Damage, RegistryError, file};
pub use found::Found;
pub use layout::{PodDirectory, Process};
pub use lock::{Attempt, Busy, Lock, PATIENCE, Sharing};
pub use name::{InvalidName, Name};
pub use root::Registry;
pub use whole::{read_json, write_json};
