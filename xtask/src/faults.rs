//! `cargo xtask faults`: builds the programs as they are shipped, and holds them against faults.

use xshell::{Shell, cmd};

use crate::binaries::{self, Libc, PROGRAMS};
use crate::cargo;
use crate::native::Linkage;

/// Hold the programs against faults: `cargo xtask faults --help` has the options
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Faults {
    /// What to try, and how much of it
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "OPTIONS")]
    options: Vec<String>,
}

impl Faults {
    pub(crate) fn run(self, sh: &Shell) -> anyhow::Result<()> {
        let programs = binaries::for_this_machine(sh, Linkage::StaticIfPossible, Libc::Best, &PROGRAMS)?;
        cmd!(sh, "cargo build --quiet --release --locked --package faults").quiet().run()?;
        let faults = cargo::target_directory(sh).join("release/faults");
        let options = self.options;
        Ok(cmd!(sh, "{faults} --programs {programs} {options...}").quiet().run()?)
    }
}
