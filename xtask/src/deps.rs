//! `cargo xtask deps`: what the workspace depends on, held against deny.toml: licences, several versions of one crate, and
//! where crates come from.
//!
//! cargo-deny reads the same file and knows advisories, too, but takes longer to be compiled than all that is ours, and a
//! network on which its list of them can be had. So what needs neither is looked at here, at every change; advisories
//! are looked at by whoever has it: `cargo deny check advisories`. A table that this does not know is refused, so that
//! nothing stands there and is not done.

mod license;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, bail, ensure};
use serde::Deserialize;
use xshell::{Shell, cmd};

/// Hold licences, duplicate versions and sources of all dependencies against deny.toml
#[derive(clap::Args)]
pub(crate) struct Deps {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    graph: Graph,
    licenses: Licenses,
    bans: Bans,
    sources: Sources,
    /// Looked at by cargo-deny alone.
    #[serde(rename = "advisories")]
    _advisories: toml::Table,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Graph {
    targets: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Licenses {
    allow: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Bans {
    multiple_versions: Deny,
    wildcards: Deny,
    allow_wildcard_paths: bool,
    skip: Vec<Skip>,
}

/// The only word that is known: what is not forbidden need not stand there.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Deny {
    Deny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Skip {
    #[serde(rename = "crate")]
    which: String,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Sources {
    unknown_registry: Deny,
    unknown_git: Deny,
    allow_registry: Vec<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Clone, Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    /// None of what is of the workspace.
    source: Option<String>,
    dependencies: Vec<Dependency>,
}

#[derive(Clone, Deserialize)]
struct Dependency {
    name: String,
    req: String,
    path: Option<String>,
}

impl Deps {
    pub(crate) fn run(self, sh: &Shell) -> anyhow::Result<()> {
        let Self {} = self;
        let rules: Rules = toml::from_str(&sh.read_file("deny.toml")?).context("deny.toml")?;
        let mut packages: BTreeMap<(String, String), Package> = BTreeMap::new();
        for target in &rules.graph.targets {
            let read = cmd!(sh, "cargo metadata --quiet --format-version 1 --locked --filter-platform {target}");
            let metadata: Metadata = serde_json::from_str(&read.quiet().read()?)?;
            let known = |package: Package| ((package.name.clone(), package.version.clone()), package);
            packages.extend(metadata.packages.into_iter().map(known));
        }
        ensure!(!packages.is_empty(), "cargo knows no packages");
        let packages: Vec<Package> = packages.into_values().collect();
        let found = rules.broken(&packages);
        for line in &found {
            eprintln!("{line}");
        }
        if !found.is_empty() {
            bail!("{} of what deny.toml says is not so", found.len());
        }
        let others = packages.iter().filter(|package| package.source.is_some()).count();
        println!("{others} crates of others: licences, versions and sources are as deny.toml has them");
        Ok(())
    }
}

impl Rules {
    /// What is not as it is to be, in a line each.
    fn broken(&self, packages: &[Package]) -> Vec<String> {
        let mut found = self.bans.broken(packages);
        for package in packages {
            let called = format!("{} {}", package.name, package.version);
            match package.license.as_deref().map(|text| license::is_allowed(text, &self.licenses.allow)) {
                Some(Ok(true)) => {}
                Some(Ok(false)) => {
                    let license = package.license.as_deref().unwrap_or_default();
                    found.push(format!("{called}: nothing of its licence {license} is allowed"));
                }
                Some(Err(trouble)) => found.push(format!("{called}: its licence cannot be read: {trouble}")),
                None => found.push(format!("{called}: it has no licence")),
            }
            let Some(source) = &package.source else { continue };
            let Sources { unknown_registry: Deny::Deny, unknown_git: Deny::Deny, allow_registry } = &self.sources;
            let registry = source.strip_prefix("registry+");
            if !registry.is_some_and(|registry| allow_registry.iter().any(|allowed| allowed == registry)) {
                found.push(format!("{called}: it comes from {source}"));
            }
        }
        let used: BTreeSet<&str> =
            packages.iter().filter_map(|package| package.license.as_deref()).flat_map(license::names).collect();
        let unused = self.licenses.allow.iter().filter(|allowed| !used.contains(allowed.as_str()));
        found.extend(unused.map(|license| format!("the licence {license} is allowed, and nothing has it")));
        found
    }
}

impl Bans {
    fn broken(&self, packages: &[Package]) -> Vec<String> {
        let Self { multiple_versions: Deny::Deny, wildcards: Deny::Deny, allow_wildcard_paths, skip } = self;
        let skipped =
            |package: &Package| skip.iter().any(|skip| skip.which == format!("{}@{}", package.name, package.version));
        let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for package in packages.iter().filter(|package| !skipped(package)) {
            versions.entry(&package.name).or_default().push(&package.version);
        }
        let several = versions.iter().filter(|(_, versions)| versions.len() > 1);
        let mut found: Vec<String> =
            several.map(|(name, versions)| format!("{name}: there are {}", versions.join(" and "))).collect();
        for Skip { which, reason } in skip {
            let twin = which.split_once('@').is_some_and(|(name, _)| versions.contains_key(name));
            if !twin || !packages.iter().any(|package| *which == format!("{}@{}", package.name, package.version)) {
                found.push(format!("{which} is skipped, and there is no other version beside it"));
            }
            if reason.trim().is_empty() {
                found.push(format!("{which} is skipped without a reason"));
            }
        }
        for package in packages.iter().filter(|package| package.source.is_none()) {
            for dependency in package.dependencies.iter().filter(|dependency| dependency.req == "*") {
                if !(*allow_wildcard_paths && dependency.path.is_some()) {
                    found.push(format!("{}: it takes any version of {}", package.name, dependency.name));
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: &str = "https://github.com/rust-lang/crates.io-index";

    fn rules(skip: &[&str]) -> Rules {
        let skip = skip.iter().map(|which| Skip { which: (*which).to_owned(), reason: "so".to_owned() }).collect();
        let bans = Bans { multiple_versions: Deny::Deny, wildcards: Deny::Deny, allow_wildcard_paths: true, skip };
        let allow_registry = vec![INDEX.to_owned()];
        Rules {
            graph: Graph { targets: Vec::new() },
            licenses: Licenses { allow: ["MIT".to_owned()].into() },
            bans,
            sources: Sources { unknown_registry: Deny::Deny, unknown_git: Deny::Deny, allow_registry },
            _advisories: toml::Table::new(),
        }
    }

    fn package(name: &str, version: &str) -> Package {
        Package {
            name: name.to_owned(),
            version: version.to_owned(),
            license: Some("MIT OR Apache-2.0".to_owned()),
            source: Some(format!("registry+{INDEX}")),
            dependencies: Vec::new(),
        }
    }

    #[test]
    fn what_is_as_it_is_to_be_is_not_told() {
        assert_eq!(rules(&[]).broken(&[package("a", "1.0.0"), package("b", "1.0.0")]), [""; 0]);
        let twins = [package("a", "1.0.0"), package("a", "2.0.0")];
        assert_eq!(rules(&["a@1.0.0"]).broken(&twins), [""; 0]);
    }

    #[test]
    fn each_rule_can_be_broken() {
        let with = |change: fn(&mut Package)| {
            let mut package = package("a", "1.0.0");
            change(&mut package);
            rules(&[]).broken(&[package, self::package("b", "1.0.0")]).join("\n")
        };
        assert!(with(|it| it.license = Some("GPL-3.0-only".to_owned())).contains("GPL-3.0-only"));
        assert!(with(|it| it.license = Some("MIT AND GPL-3.0-only".to_owned())).contains("allowed"));
        assert!(with(|it| it.license = None).contains("no licence"));
        assert!(with(|it| it.source = Some("git+https://example.com/a".to_owned())).contains("comes from git"));
        assert!(with(|it| it.source = Some("registry+https://example.com".to_owned())).contains("example.com"));
        assert!(
            with(|it| {
                it.source = None;
                it.dependencies = vec![Dependency { name: "b".to_owned(), req: "*".to_owned(), path: None }];
            })
            .contains("any version of b")
        );
        let twins = [package("a", "1.0.0"), package("a", "2.0.0")];
        assert_eq!(rules(&[]).broken(&twins), ["a: there are 1.0.0 and 2.0.0"]);
        let alone = rules(&["a@1.0.0"]).broken(&twins[..1]).join("\n");
        assert!(alone.contains("no other version"), "{alone}");
        let third = [&twins[..], &[package("a", "3.0.0")]].concat();
        assert_eq!(rules(&["a@1.0.0"]).broken(&third), ["a: there are 2.0.0 and 3.0.0"]);
    }

    #[test]
    fn what_is_not_looked_at_may_not_stand_there() {
        let text = include_str!("../../deny.toml");
        assert!(toml::from_str::<Rules>(text).is_ok());
        for more in ["[licenses.private]\nignore = true\n", "[output]\n"] {
            assert!(toml::from_str::<Rules>(&format!("{text}\n{more}")).is_err(), "{more}");
        }
        assert!(
            toml::from_str::<Rules>(&text.replace("multiple-versions = \"deny\"", "multiple-versions = \"warn\""))
                .is_err()
        );
    }
}
