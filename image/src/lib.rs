//! Images: a store of blobs and layers, and what fills it.
//!
//! A [`Store`] is a directory of blobs by digest, of layers unpacked to be an overlay's lowers, and of
//! references: what an image is called, and which manifest that is. It is opened to be used, by as
//! many as like at the same time, or alone to be collected. Nothing in it is ever half there: what is
//! in the making has another name, and gets its own when it is whole.

pub mod archive;
pub mod digest;
mod image;
mod images;
mod marks;
pub mod media;
pub mod owners;
pub mod platform;
pub mod reference;
pub mod remote;
pub mod store;
pub mod unpack;

pub use digest::{Algorithm, Digest, Hasher};
pub use image::{Image, ImageError, Prepared};
pub use images::Known;
pub use marks::OverlayMarks;
pub use oci_spec::image::Descriptor;
pub use platform::Platform;
pub use store::{Blob, Ingest, Store, StoreError};
pub use unpack::Limits;
