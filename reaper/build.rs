//! How the program `reaper` is linked: as every program without a libc.

mod link;

fn main() {
    println!("cargo::rerun-if-changed=link.rs");
    if std::env::var_os("CARGO_FEATURE_STD").is_some() {
        return;
    }
    link::freestanding("freestanding.ld");
}
