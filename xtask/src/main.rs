//! The workspace's own commands: `cargo xtask VERB`. Each verb is a file.

mod arch;
mod bench;
mod binaries;
mod bytes;
mod cargo;
mod crates;
mod cross;
mod debian;
mod demo;
mod deps;
mod dist;
mod faults;
mod foreign;
mod image;
mod man;
mod musl;
mod native;
mod package;
mod sbom;
mod schema;
mod stamp;

use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};
use xshell::Shell;

/// The workspace's own commands
#[derive(Parser)]
#[command(name = "cargo xtask", max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Build release binaries, fully static, into dist/ARCH, and print their sizes
    Dist(dist::Dist),
    /// Build the pause image of all architectures, one archive for every engine, into dist
    Image(image::Image),
    /// Write the man pages and the completions of all programs into dist/share
    Man(man::Man),
    /// Make a tarball and a Debian package of what dist has built, with man pages, completions and units
    Package(package::Package),
    /// Pack the crates that are published, as they would be uploaded
    Crates(crates::Crates),
    /// Hold licences, duplicate versions and sources of all dependencies against deny.toml
    Deps(deps::Deps),
    /// Measure what the bytes of pause are for: what each thing costs, and what was refused
    Bytes(bytes::Bytes),
    /// Measure starting, joining and reaping beside every rival here, and show it in benches/results
    Bench(bench::Bench),
    /// Hold the programs against faults: killed anywhere, every system call failing, races, long use
    Faults(faults::Faults),
    /// Write the table of manifest fields, the objects made of them and docs/MANIFESTS.md
    Schema(schema::Schema),
    /// Compose a pod by hand: nginx and an application behind one published port
    Demo(demo::Demo),
}

fn main() -> ExitCode {
    match run(Cli::parse().verb) {
        Ok(()) => ExitCode::SUCCESS,
        // In a line: whoever wants to know where it comes from runs a verb, not a library.
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(verb: Verb) -> anyhow::Result<()> {
    let sh = Shell::new()?;
    // Of the checkout that cargo runs us for: the one that we were compiled in may be another, or gone.
    let package = sh.var_os("CARGO_MANIFEST_DIR").context("to be run by cargo: cargo xtask VERB")?;
    sh.change_dir(std::path::Path::new(&package).parent().context("xtask stands in the workspace")?);
    match verb {
        Verb::Dist(dist) => dist.run(&sh),
        Verb::Image(image) => image.run(&sh),
        Verb::Man(man) => man.run(&sh),
        Verb::Package(package) => package.run(&sh),
        Verb::Crates(crates) => crates.run(&sh),
        Verb::Deps(deps) => deps.run(&sh),
        Verb::Bytes(bytes) => bytes.run(&sh),
        Verb::Bench(bench) => bench.run(&sh),
        Verb::Faults(faults) => faults.run(&sh),
        Verb::Schema(schema) => schema.run(&sh),
        Verb::Demo(demo) => demo.run(&sh),
    }
}
