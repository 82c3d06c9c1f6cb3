//! `cargo xtask schema`: the table of fields that `manifest` reads by, its objects, and docs/MANIFESTS.md.

mod extract;
mod facts;

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use xshell::Shell;

const FACTS: &str = "manifest/schema/kubernetes.tsv";

/// Write the table of fields, the objects made of them and docs/MANIFESTS.md from manifest/schema
#[derive(Args)]
pub(crate) struct Schema {
    /// Read the fields anew from a directory of published schemas (kubernetes-validate's vX.Y.Z-local-strict)
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// Ask this kubectl what it calls the types, with --from
    #[arg(long, value_name = "PROGRAM", requires = "from")]
    kubectl: Option<PathBuf>,
    /// Change nothing, and fail where something would change
    #[arg(long)]
    check: bool,
}

impl Schema {
    pub(crate) fn run(&self, sh: &Shell) -> anyhow::Result<()> {
        if let Some(directory) = &self.from {
            let mut facts = extract::extract(directory)?;
            if let Some(kubectl) = &self.kubectl {
                extract::learn(&mut facts, kubectl)?;
            }
            let name = directory.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let version = name.trim_start_matches('v').split("-local").next().unwrap_or_default();
            sh.write_file(FACTS, facts::write(&facts, version))?;
        }
        let facts = facts::parse(&sh.read_file(FACTS)?).context(FACTS)?;
        println!("{} types, {} fields", facts.len(), facts.values().map(Vec::len).sum::<usize>());
        Ok(())
    }
}
