//! The store: a directory of blobs, layers and references, without a database.
//!
//! ```text
//! version                 the layout, and how layers say what overlays hide
//! lock                    shared by who uses the store, exclusive to who collects
//! blobs/ALGORITHM/HEX     whole blobs, read-only
//! ingest/ALGORITHM-HEX    what has come of a blob so far; locked by who writes it
//! layers/ALGORITHM-HEX/   by chain id: `fs`, an overlay's lower, and `layer.json`
//! references/HEX          what an image is called, by the digest of the name
//! containers/NAME/        an instance: `image` says which it holds, the rest is whose it is
//! work/                   what is in the making; locked by who makes it
//! ```
//!
//! Collection goes from the roots (`references`, `containers`) under the exclusive lock, so nobody's
//! blobs go between their arrival and the reference to them. Whoever has opened a store holds the lock
//! until the last of its [`Store`]s, [`Ingest`]s and the like is dropped.

mod blob;
mod collect;
mod error;
mod ingest;
mod instances;
mod layers;
mod layout;
mod open;
mod references;

pub use blob::Blob;
pub use collect::Collected;
pub use error::StoreError;
pub use ingest::Ingest;
pub use instances::{Instance, Pin};
pub(crate) use layers::seen;
pub use layers::{Layer, LayerError, LayerRecord};
pub use open::{Alone, Store, data_directory};
pub use references::Reference;
