//! Images in files: OCI layouts, docker's archives, plain root file systems; read and written.

mod change;
mod docker;
mod error;
mod import;
mod layout;
mod load;
mod save;
mod source;
#[cfg(test)]
mod tests;

pub use change::{Change, InvalidChange};
pub use error::ArchiveError;
pub use import::import;
pub use load::{Loaded, load};
pub use save::{Format, save};
pub use source::Source;
