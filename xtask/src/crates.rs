//! `cargo xtask crates`: the crates that are for others to use, packed as `cargo publish` would upload them, each after
//! those that it depends on. Nothing is uploaded.

use anyhow::{Context, ensure};
use serde_json::Value;
use xshell::{Shell, cmd};

use crate::cargo;

/// Pack the crates that are published
#[derive(clap::Args)]
pub(crate) struct Crates {
    /// Compile each of what was packed, too
    #[arg(long)]
    verify: bool,
}

/// What a crate says of itself where crates are listed.
const TOLD: [&str; 5] = ["description", "license", "readme", "keywords", "categories"];

impl Crates {
    pub(crate) fn run(self, sh: &Shell) -> anyhow::Result<()> {
        let metadata = cmd!(sh, "cargo metadata --quiet --no-deps --format-version 1 --locked").quiet().read()?;
        let metadata: Value = serde_json::from_str(&metadata)?;
        let packages = metadata["packages"].as_array().context("cargo knows no packages")?;
        // None at all is every registry, and an empty list is none.
        let published: Vec<&Value> = packages.iter().filter(|package| package["publish"].is_null()).collect();
        let mut named = Vec::new();
        for package in published {
            let name = package["name"].as_str().context("a package without a name")?;
            let lacks = TOLD.iter().find(|key| match &package[**key] {
                Value::Array(all) => all.is_empty(),
                value => value.is_null(),
            });
            ensure!(lacks.is_none(), "{name} has no {}", lacks.unwrap_or(&""));
            named.extend(["--package".to_owned(), name.to_owned()]);
        }
        let unverified = (!self.verify).then_some("--no-verify");
        // What is tried out need not be committed; what is uploaded has to be, and cargo publish sees to that.
        cmd!(sh, "cargo package --quiet --locked --allow-dirty {unverified...} {named...}").quiet().run()?;
        let mut packed: Vec<_> = sh.read_dir(cargo::target_directory(sh).join("package"))?;
        packed.retain(|path| path.extension().is_some_and(|end| end == "crate"));
        for path in packed {
            println!("{:>9} bytes  {}", std::fs::metadata(&path)?.len(), path.display());
        }
        Ok(())
    }
}
