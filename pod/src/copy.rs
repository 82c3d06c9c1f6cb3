//! Copying files into workloads and out of them, where neither side is to be believed: what is read ([`walk`],
//! `archive`) is handed, file by file, to what is written ([`Tree`], `archive`).
//!
//! A workload may change whatever it sees, while we look. So nothing below the place that was asked for is found
//! by a path: every step is from descriptor to descriptor by one name, no link is followed, what is read is a file
//! before it is opened, and what is written is new and takes the place of what has its name.

mod archive;
mod error;
mod place;
mod tree;
mod walk;

pub(crate) use archive::{Archive, unpack};
pub use error::CopyError;
pub(crate) use place::{Place, split};
pub(crate) use tree::{Modes, Owner, Tree};
pub(crate) use walk::{Links, Walk};

use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;

use rustix::fs::Timespec;

/// What is known of a file that is copied.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meta {
    /// Its permissions, and the three bits before them.
    pub(crate) mode: u32,
    pub(crate) user: u32,
    pub(crate) group: u32,
    pub(crate) changed: Timespec,
    pub(crate) size: u64,
}

/// Where files are copied to, in the order of a walk.
pub(crate) trait Sink {
    /// Goes into a directory of this name, which is made if it is not there.
    fn enter(&mut self, name: &OsStr, meta: &Meta) -> Result<(), CopyError>;
    /// Goes back to the directory before.
    fn leave(&mut self, meta: &Meta) -> Result<(), CopyError>;
    /// Makes a file.
    fn file(&mut self, name: &OsStr, meta: &Meta, from: &mut dyn Read) -> Result<(), CopyError>;
    /// Makes a symbolic link.
    fn link(&mut self, name: &OsStr, meta: &Meta, to: &Path) -> Result<(), CopyError>;
}

/// Tells of what was not copied.
pub(crate) type Tell<'a> = &'a mut dyn FnMut(CopyError);
