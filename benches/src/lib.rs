//! What the benches say, as data, and what of it is promised.
//!
//! The benches write an [`Entry`] after the other, each a line of JSON; `cargo xtask bench` reads them.

pub mod entry;
pub mod promise;
pub mod statistics;

pub use entry::{Case, Entry, LeftOut, Pair, Rival, Unit};
pub use promise::{PROMISES, Promise};

/// What is measured, in its order: a file of the benches each.
pub const SUBJECTS: [&str; 13] = [
    "startup",
    "join",
    "reap",
    "signal",
    "ports",
    "networks",
    "container",
    "image",
    "pods",
    "scale",
    "footprint",
    "manifest",
    "micro",
];
