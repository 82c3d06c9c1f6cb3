//! `cargo xtask schema`: the table of fields that `manifest` reads by, its objects, and docs/MANIFESTS.md.

mod extract;
mod facts;
mod kinds;
mod page;
mod table;
mod words;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use clap::Args;
use xshell::Shell;

const FACTS: &str = "manifest/schema/kubernetes.tsv";
const WORDS: &str = "manifest/schema/support.txt";

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
        let text = sh.read_file(FACTS)?;
        let facts = facts::parse(&text).context(FACTS)?;
        let words = words::parse(&sh.read_file(WORDS)?, &facts).context(WORDS)?;
        let version = text.split_whitespace().skip_while(|word| *word != "Kubernetes").nth(1).unwrap_or_default();
        let version = version.rsplit_once('.').map_or(version, |(minor, _)| minor);
        let mut files = vec![
            ("manifest/src/schema/table.rs".to_owned(), formatted(&table::write(&facts, &words))?),
            ("docs/MANIFESTS.md".to_owned(), page::write(&facts, &words, version)),
        ];
        for (room, code) in kinds::write(&facts, &words) {
            files.push((format!("manifest/src/kind/{room}.rs"), formatted(&code)?));
        }
        for (file, text) in files {
            if self.check {
                let there = sh.read_file(&file)?;
                ensure!(there == text, "{file} is not what manifest/schema says: run cargo xtask schema");
            } else {
                sh.write_file(&file, text)?;
            }
        }
        println!("{} types, {} fields", facts.len(), facts.values().map(Vec::len).sum::<usize>());
        Ok(())
    }
}

/// As `cargo fmt` leaves it.
fn formatted(code: &str) -> anyhow::Result<String> {
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--emit", "stdout", "--config-path", "."])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("run rustfmt")?;
    child.stdin.take().context("rustfmt's input")?.write_all(code.as_bytes())?;
    let said = child.wait_with_output()?;
    ensure!(said.status.success(), "rustfmt does not understand what was written");
    Ok(String::from_utf8(said.stdout)?)
}
