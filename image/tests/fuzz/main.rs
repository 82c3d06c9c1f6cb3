//! Layers, archives, names and registries that are nearly what they should be: nothing panics, nothing is written
//! elsewhere, nothing grows out of proportion.
//!
//! `FUZZ_SECONDS=600 cargo test -p image --test fuzz` runs each for so long, from other seeds each time; otherwise it is a
//! fixed number of rounds from fixed ones.
#![allow(clippy::expect_used, missing_docs, reason = "tests")]

mod archives;
mod layers;
mod names;
mod registry;

use fixtures::fuzz::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;
