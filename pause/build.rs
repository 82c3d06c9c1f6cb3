//! How `pause` is linked: as every program without a libc. Both files are links to reaper's, for a crate is published with
//! what is in its directory.

mod link;

fn main() {
    println!("cargo::rerun-if-changed=link.rs");
    link::freestanding("freestanding.ld");
}
