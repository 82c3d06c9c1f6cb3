//! How `pause` is linked: as every program without a libc.

#[path = "../reaper/link.rs"]
mod link;

fn main() {
    println!("cargo::rerun-if-changed=../reaper/link.rs");
    link::freestanding("../reaper/freestanding.ld");
}
