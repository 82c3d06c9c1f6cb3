//! registries.conf, as text and as data: where a name is really looked for.
//!
//! The second version of the format. Files are laid over each other: a later one's lists replace
//! those of an earlier one, and so does its entry of the same prefix.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::reference::{BadReference, Reference, Typed};

/// What all files together say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registries {
    search: Vec<String>,
    aliases: BTreeMap<String, String>,
    registries: Vec<Registry>,
}

/// Where an image may be had.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// The host, with a port where one was given.
    pub host: String,
    /// The repository there.
    pub path: String,
    /// Whether it may be spoken to without a certificate that we trust, or without TLS.
    pub insecure: bool,
    /// Whether it is somebody else's copy, after which the registry itself is asked.
    pub mirror: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", default)]
#[derive(Default)]
struct File {
    unqualified_search_registries: Option<Vec<String>>,
    registry: Vec<Registry>,
    aliases: BTreeMap<String, String>,
    /// The first version's table.
    registries: Option<toml::Table>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Registry {
    prefix: String,
    location: String,
    insecure: bool,
    blocked: bool,
    mirror_by_digest_only: bool,
    mirror: Vec<Mirror>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Mirror {
    location: String,
    insecure: bool,
    pull_from_mirror: When,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum When {
    #[default]
    #[serde(alias = "")]
    All,
    DigestOnly,
    TagOnly,
}

/// Why a file says nothing that we understand.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRegistries {
    /// It is no TOML, or something else in TOML.
    #[error("line {line}: {reason}")]
    Toml {
        /// The line, counted from 1.
        line: usize,
        /// What the parser says.
        reason: String,
    },
    /// It has the format that came before this one.
    #[error("it has the first version's [registries] tables, which nobody writes any more")]
    FirstVersion,
    /// An entry says of no registry what is to be done with it.
    #[error("a [[registry]] has neither prefix nor location")]
    Nameless,
    /// A mirror is nowhere.
    #[error("a mirror of {0} has no location")]
    MirrorNowhere(String),
    /// A whole domain has no one place.
    #[error("the prefix {0} has no location, and only one that begins with *. needs none for its mirrors")]
    Wildcard(String),
}

/// That nothing is to be had of a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoWay {
    /// The administrator said so.
    #[error("{reference} is blocked by registries.conf, which says so of {prefix}")]
    Blocked {
        /// What was asked for.
        reference: String,
        /// What is blocked.
        prefix: String,
    },
    /// What is configured in its place is no name.
    #[error("registries.conf leads {reference} astray")]
    Location {
        /// What was asked for.
        reference: String,
        /// Why.
        #[source]
        source: BadReference,
    },
}

impl Registries {
    /// Lays a file over what is there.
    pub(crate) fn add(&mut self, text: &str) -> Result<(), BadRegistries> {
        let file: File = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start.min(text.len()));
            let reason = error.message().lines().next().unwrap_or_default().to_owned();
            BadRegistries::Toml {
                line: text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1,
                reason,
            }
        })?;
        if file.registries.is_some() {
            return Err(BadRegistries::FirstVersion);
        }
        if let Some(search) = file.unqualified_search_registries {
            self.search = search;
        }
        for (name, repository) in file.aliases {
            // An empty one takes away what an earlier file has said.
            match repository.is_empty() {
                true => self.aliases.remove(&name),
                false => self.aliases.insert(name, repository),
            };
        }
        for registry in file.registry {
            let registry = registry.completed()?;
            self.registries.retain(|other| other.prefix != registry.prefix);
            self.registries.push(registry);
        }
        Ok(())
    }

    /// What a name as it was typed may mean, in the order in which to look for it.
    ///
    /// # Errors
    /// When an alias or a registry to search makes no name of it.
    pub fn meant(&self, typed: &Typed) -> Result<Vec<Reference>, BadReference> {
        let Some(short) = typed.short() else { return Ok(vec![typed.within(None)?]) };
        if let Some(repository) = self.aliases.get(short) {
            return Ok(vec![typed.instead(repository)?]);
        }
        if self.search.is_empty() {
            return Ok(vec![typed.within(None)?]);
        }
        self.search.iter().map(|registry| typed.within(Some(registry))).collect()
    }

    /// Where to ask for an image, mirrors first.
    ///
    /// # Errors
    /// When it is blocked, or led nowhere.
    pub fn endpoints(&self, reference: &Reference) -> Result<Vec<Endpoint>, NoWay> {
        let name = reference.repository();
        let best = self.registries.iter().filter_map(|registry| Some((matched(&registry.prefix, &name)?, registry)));
        let Some((length, registry)) = best.max_by_key(|(length, _)| *length) else {
            return Ok(vec![endpoint(&name, false, false)]);
        };
        if registry.blocked {
            let (reference, prefix) = (reference.to_string(), registry.prefix.clone());
            return Err(NoWay::Blocked { reference, prefix });
        }
        let mirrors = registry.mirror.iter().filter(|mirror| match reference.digest() {
            Some(_) => mirror.pull_from_mirror != When::TagOnly,
            None => mirror.pull_from_mirror != When::DigestOnly && !registry.mirror_by_digest_only,
        });
        let moved = |location: &str| match location.is_empty() {
            true => name.clone(),
            false => format!("{location}{}", &name[length..]),
        };
        let mirrors = mirrors.map(|mirror| (moved(&mirror.location), mirror.insecure, true));
        let places = mirrors.chain([(moved(&registry.location), registry.insecure, false)]);
        places
            .map(|(name, insecure, mirror)| match Reference::checked(&name) {
                Ok(()) => Ok(endpoint(&name, insecure, mirror)),
                Err(source) => Err(NoWay::Location { reference: reference.to_string(), source }),
            })
            .collect()
    }

    /// Whether this host may be spoken to without TLS, wherever it comes up.
    #[must_use]
    pub fn insecure(&self, host: &str) -> bool {
        let own = self.registries.iter().any(|registry| registry.insecure && host_of(&registry.location) == host);
        let mut mirrors = self.registries.iter().flat_map(|registry| &registry.mirror);
        own || mirrors.any(|mirror| mirror.insecure && host_of(&mirror.location) == host)
    }
}

fn host_of(location: &str) -> &str {
    location.split('/').next().unwrap_or_default()
}

fn endpoint(name: &str, insecure: bool, mirror: bool) -> Endpoint {
    let (host, path) = name.split_once('/').unwrap_or((name, ""));
    Endpoint { host: host.to_owned(), path: path.to_owned(), insecure, mirror }
}

impl Registry {
    fn completed(mut self) -> Result<Self, BadRegistries> {
        let trimmed = |text: &str| text.trim_end_matches('/').to_owned();
        (self.prefix, self.location) = (trimmed(&self.prefix), trimmed(&self.location));
        match (self.prefix.is_empty(), self.location.is_empty()) {
            (true, true) => return Err(BadRegistries::Nameless),
            (true, false) => self.prefix = self.location.clone(),
            (false, true) if self.prefix.starts_with("*.") => {}
            (false, true) => self.location = self.prefix.clone(),
            (false, false) => {}
        }
        if self.location.starts_with("*.") {
            return Err(BadRegistries::Wildcard(self.prefix));
        }
        for mirror in &mut self.mirror {
            mirror.location = trimmed(&mirror.location);
            if mirror.location.is_empty() {
                return Err(BadRegistries::MirrorNowhere(self.prefix));
            }
        }
        Ok(self)
    }
}

/// How much of a name a prefix covers: whole parts of it, and for `*.q.io` whatever is in front.
/// Another port is another registry, except where a whole domain is meant.
fn matched(prefix: &str, name: &str) -> Option<usize> {
    let (end, behind) = match prefix.strip_prefix('*') {
        Some(domain) => {
            let at = name.find(domain)?;
            let in_host = at > 0 && !name[..at].contains('/');
            in_host.then_some((at + domain.len(), "/:"))?
        }
        None => name.starts_with(prefix).then_some((prefix.len(), "/"))?,
    };
    name.as_bytes().get(end).is_none_or(|next| behind.contains(char::from(*next))).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str]) -> Registries {
        let mut registries = Registries::default();
        texts.iter().for_each(|text| registries.add(text).unwrap_or_else(|error| panic!("{error}: {text}")));
        registries
    }

    fn places(registries: &Registries, name: &str) -> Vec<String> {
        let reference: Reference = name.parse().expect("a name");
        let shown = |it: &Endpoint| {
            let marks = [(it.insecure, " insecure"), (it.mirror, " mirror")];
            let marks: String = marks.iter().filter(|(is, _)| *is).map(|(_, mark)| *mark).collect();
            format!("{}/{}{marks}", it.host, it.path)
        };
        registries.endpoints(&reference).expect("a way").iter().map(shown).collect()
    }

    fn meant(registries: &Registries, name: &str) -> Vec<String> {
        let meant = registries.meant(&Typed::parse(name).expect("a name"));
        meant.expect("names").iter().map(ToString::to_string).collect()
    }

    const DIGEST: &str = "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn the_longest_prefix_says_where_to_look() {
        let registries = read(&[r#"
            [[registry]]
            location = "q.io"
            insecure = true
            [[registry]]
            prefix = "q.io/team"
            location = "inner:5000/q/t"
            [[registry.mirror]]
            location = "m1/t"
            [[registry.mirror]]
            location = "m2"
            insecure = true
            pull-from-mirror = "digest-only"
            [[registry.mirror]]
            location = "m3"
            pull-from-mirror = "tag-only"
            [[registry]]
            prefix = "*.example.com"
            insecure = true
            [[registry]]
            prefix = "docker.io"
            mirror-by-digest-only = true
            [[registry.mirror]]
            location = "hub"
        "#]);
        assert_eq!(places(&registries, "q.io/x"), ["q.io/x insecure"]);
        assert_eq!(places(&registries, "q.io/teams/x"), ["q.io/teams/x insecure"]);
        assert_eq!(places(&registries, "q.io/team/x"), ["m1/t/x mirror", "m3/x mirror", "inner:5000/q/t/x"]);
        let digest = format!("q.io/team/x{DIGEST}");
        assert_eq!(places(&registries, &digest), ["m1/t/x mirror", "m2/x insecure mirror", "inner:5000/q/t/x"]);
        assert_eq!(places(&registries, "q.io:80/x"), ["q.io:80/x"], "a port is another registry, as its place is");
        assert_eq!(places(&registries, "a.b.example.com:80/x"), ["a.b.example.com:80/x insecure"]);
        assert_eq!(places(&registries, "example.com/x"), ["example.com/x"]);
        assert_eq!(places(&registries, "q.org/a.example.com/x"), ["q.org/a.example.com/x"]);
        assert_eq!(places(&registries, "nginx"), ["docker.io/library/nginx"]);
        assert_eq!(
            places(&registries, &format!("nginx{DIGEST}")),
            ["hub/library/nginx mirror", "docker.io/library/nginx"]
        );
        assert!(registries.insecure("q.io") && registries.insecure("m2") && !registries.insecure("m1"));
    }

    #[test]
    fn short_names_are_looked_up_and_searched_for() {
        let registries = read(&[
            r#"
            unqualified-search-registries = ["a.io", "docker.io"]
            short-name-mode = "enforcing"
            [aliases]
            "fedora" = "registry.fedoraproject.org/fedora"
            "gone" = "q.io/gone"
            "#,
            r#"aliases = { "gone" = "" }"#,
        ]);
        assert_eq!(meant(&registries, "fedora:40"), ["registry.fedoraproject.org/fedora:40"]);
        assert_eq!(meant(&registries, "gone"), ["a.io/gone:latest", "docker.io/library/gone:latest"]);
        assert_eq!(meant(&registries, "q.io/fedora"), ["q.io/fedora:latest"]);
        assert_eq!(meant(&Registries::default(), "fedora"), ["docker.io/library/fedora:latest"]);
        assert!(read(&["aliases = { x = \"y\" }"]).meant(&Typed::parse("x").expect("a name")).is_err());
    }

    #[test]
    fn later_files_lie_over_earlier_ones() {
        let first = "unqualified-search-registries = [\"a.io\"]\n[[registry]]\nlocation = \"q.io\"\nblocked = true";
        let registries = read(&[first, "[[registry]]\nlocation = \"q.io\"\ninsecure = true", ""]);
        assert_eq!(places(&registries, "q.io/x"), ["q.io/x insecure"]);
        assert_eq!(meant(&registries, "x"), ["a.io/x:latest"]);
    }

    #[test]
    fn what_is_blocked_is_said_to_be() {
        let registries = read(&["[[registry]]\nprefix = \"q.io/bad\"\nblocked = true"]);
        let error = registries.endpoints(&"q.io/bad/x".parse().expect("a name")).expect_err("blocked");
        assert_eq!(error.to_string(), "q.io/bad/x:latest is blocked by registries.conf, which says so of q.io/bad");
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_line() {
        for (text, says) in [
            ("\n\n[[registry]\n", "line 3: "),
            ("[[registry]]\nlocation = 5\n", "line 2: "),
            (
                "[[registry]]\nlocation = \"a\"\n[[registry.mirror]]\nlocation = \"b\"\npull-from-mirror = \"never\"",
                "line 5: ",
            ),
            ("[registries.search]\nregistries = []\n", "first version"),
            ("[[registry]]\ninsecure = true\n", "neither prefix nor location"),
            ("[[registry]]\nlocation = \"*.a\"\n", "has no location"),
            ("[[registry]]\nprefix = \"a\"\n[[registry.mirror]]\ninsecure = true", "mirror of a has no location"),
        ] {
            let error = Registries::default().add(text).expect_err(text).to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
        let registries = read(&["[[registry]]\nprefix = \"q.io\"\nlocation = \"https://q.io\""]);
        assert!(matches!(registries.endpoints(&"q.io/x".parse().expect("a name")), Err(NoWay::Location { .. })));
    }
}
