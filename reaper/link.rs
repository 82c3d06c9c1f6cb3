//! Link arguments of a program without a libc, each with its reason; pause/README.md says what each
//! is worth in bytes. Part of the build scripts of `reaper` and `pause`.

use std::env;
use std::path::Path;

/// Has cargo link the package's programs so, laid out by this script of the package's directory.
///
/// Where that is, cargo says when it runs us: what it was when we were compiled may be another checkout, or gone.
///
/// # Panics
/// Where there is no such script: a program that is laid out by chance would be neither small nor read-only.
pub(crate) fn freestanding(script: &str) {
    let package = env::var_os("CARGO_MANIFEST_DIR").expect("cargo names the package's directory");
    let script = Path::new(&package).join(script);
    assert!(script.is_file(), "no linker script: {}", script.display());
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", script.display());
    // One segment, nothing writable: the layout is the script's.
    let script = script.display().to_string();
    let layout = ["-T", &script];
    let arguments = ARGUMENTS.iter().copied().chain([layout.as_slice()]);
    if linker_is_a_compiler() {
        for argument in DRIVER_ARGUMENTS {
            println!("cargo::rustc-link-arg-bins={argument}");
        }
        for words in arguments {
            println!("cargo::rustc-link-arg-bins=-Wl,{}", words.join(","));
        }
    } else {
        for word in arguments.flatten() {
            println!("cargo::rustc-link-arg-bins={word}");
        }
    }
}

/// Whether cargo links by way of cc, as it does where nothing else is configured, or by a linker itself.
fn linker_is_a_compiler() -> bool {
    let linker = env::var("RUSTC_LINKER").unwrap_or_default();
    let name = Path::new(&linker).file_name().unwrap_or_default().to_string_lossy();
    !(name == "ld" || name.starts_with("ld.") || name.ends_with("-ld") || name.contains("lld"))
}

/// What only a compiler that links needs to be told.
const DRIVER_ARGUMENTS: [&str; 3] = [
    // Our own _start, and no libc.
    "-nostartfiles",
    "-nostdlib",
    // Or some add -pie of their own accord.
    "-no-pie",
];

const ARGUMENTS: &[&[&str]] = &[
    // Nothing to load and nothing to relocate: no interpreter, no dynamic section.
    &["-static"],
    // Nothing is relocated, so nothing has to be made read-only afterwards.
    &["-z", "norelro"],
    // Nothing unwinds, so no index of what does.
    &["--no-eh-frame-hdr"],
    // A note that nobody reads.
    &["--build-id=none"],
    // The loader reads program headers; sections and symbols serve the linker and debuggers. A
    // linker that does not know the second one says so and carries on.
    &["--strip-all"],
    &["-z", "nosectionheader"],
];
