//! How `pause` is linked: as every program without a libc.

use std::path::Path;

#[path = "../reaper/link.rs"]
mod link;

fn main() {
    println!("cargo::rerun-if-changed=../reaper/link.rs");
    link::freestanding(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../reaper/freestanding.ld"));
}
