//! Where the pods of a user are recorded, and how a pod's name leads to what is known of it.

mod name;
mod root;

pub use name::{InvalidName, Name};
pub use root::{Registry, RegistryError};
