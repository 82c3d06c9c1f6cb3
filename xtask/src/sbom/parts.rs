//! What programs of this workspace are compiled from, as cargo knows it.

use anyhow::Context;
use serde_json::Value;
use xshell::{Shell, cmd};

use super::Crate;

/// What cargo has resolved for an architecture.
pub(crate) struct Parts {
    known: Vec<Value>,
    nodes: Vec<Value>,
}

impl Parts {
    /// Asks cargo.
    pub(crate) fn look(sh: &Shell, triple: &str) -> anyhow::Result<Self> {
        let metadata =
            cmd!(sh, "cargo metadata --quiet --format-version 1 --locked --filter-platform {triple}").quiet().read()?;
        let metadata: Value = serde_json::from_str(&metadata)?;
        Ok(Self { known: list(&metadata["packages"]), nodes: list(&metadata["resolve"]["nodes"]) })
    }

    /// What is compiled into this program, its own crate first; what only helps building it is left out.
    pub(crate) fn of(&self, program: &str) -> anyhow::Result<Vec<Crate>> {
        let root = self.known.iter().find(|package| package["name"] == program && package["source"].is_null());
        let root = root.with_context(|| format!("cargo knows no {program}"))?;
        let mut ids = vec![root["id"].clone()];
        let mut parts = Vec::new();
        let mut next = 0;
        while next < ids.len() {
            let id = ids[next].clone();
            next += 1;
            let package = self.known.iter().find(|package| package["id"] == id);
            let package = package.context("cargo resolves what it does not know")?;
            if runs_in_the_compiler(package) {
                continue;
            }
            parts.push(Crate {
                name: text(&package["name"]),
                version: text(&package["version"]),
                license: text(&package["license"]),
                public: !package["source"].is_null(),
            });
            let node = self.nodes.iter().find(|node| node["id"] == id);
            for dependency in node.map(|node| list(&node["deps"])).unwrap_or_default() {
                let linked = list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null());
                if linked && !ids.contains(&dependency["pkg"]) {
                    ids.push(dependency["pkg"].clone());
                }
            }
        }
        Ok(parts)
    }
}

fn runs_in_the_compiler(package: &Value) -> bool {
    list(&package["targets"]).iter().any(|target| target["kind"][0] == "proc-macro")
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or("NOASSERTION").to_owned()
}
