//! Link arguments of `pause`, each with its reason; README.md says what each is worth in bytes.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=pause.ld");
    for argument in ARGUMENTS {
        println!("cargo::rustc-link-arg-bins={argument}");
    }
    // One segment, nothing writable: the layout is the script's.
    let here = env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    println!("cargo::rustc-link-arg-bins=-Wl,-T,{here}/pause.ld");
}

const ARGUMENTS: [&str; 9] = [
    // Our own _start, and no libc.
    "-nostartfiles",
    "-nostdlib",
    // Nothing to load and nothing to relocate: no interpreter, no dynamic section.
    "-static",
    "-no-pie",
    // Nothing is relocated, so nothing has to be made read-only afterwards.
    "-Wl,-z,norelro",
    // Nothing unwinds, so no index of what does.
    "-Wl,--no-eh-frame-hdr",
    // A note that nobody reads.
    "-Wl,--build-id=none",
    // The loader reads program headers; sections and symbols serve the linker and debuggers. A
    // linker that does not know the second one says so and carries on.
    "-Wl,--strip-all",
    "-Wl,-z,nosectionheader",
];
