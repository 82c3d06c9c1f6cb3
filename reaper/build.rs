//! How the program `reaper` is linked: as every program without a libc.

use std::path::Path;

mod link;

fn main() {
    println!("cargo::rerun-if-changed=link.rs");
    if std::env::var_os("CARGO_FEATURE_STD").is_some() {
        return;
    }
    link::freestanding(&Path::new(env!("CARGO_MANIFEST_DIR")).join("freestanding.ld"));
}
