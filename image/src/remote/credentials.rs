//! Who we are to a registry: docker's and podman's auth files, as text and as data.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::{GeneralPurposeConfig, STANDARD};
use serde::Deserialize;

use crate::reference::DOCKER;

/// What docker calls its own registry in its own files, and to its helpers.
const DOCKER_IN_FILES: &str = "https://index.docker.io/v1/";

/// Somebody, to a registry. It is shown nowhere.
#[derive(Clone, PartialEq, Eq)]
pub enum Login {
    /// A name and a password.
    Password {
        /// The name.
        name: String,
        /// The password.
        password: String,
    },
    /// What docker keeps in place of a password: good for tokens only.
    Identity(String),
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login")
    }
}

impl Login {
    /// `NAME:PASSWORD`, or a name alone without a password.
    #[must_use]
    pub fn typed(text: &str) -> Self {
        let (name, password) = text.split_once(':').unwrap_or((text, ""));
        Self::Password { name: name.to_owned(), password: password.to_owned() }
    }
}

/// Where a login may come from, in the order in which to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Known(Login),
    /// The program `docker-credential-NAME`, asked for one of these servers after the other.
    Helper {
        name: String,
        servers: Vec<String>,
    },
}

/// One auth file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct AuthFile {
    auths: BTreeMap<String, Entry>,
    cred_helpers: BTreeMap<String, String>,
    creds_store: Option<String>,
}

#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Entry {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entry")
    }
}

/// Why an auth file says nothing that we understand.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAuth {
    /// It is no JSON, or something else in JSON. What the parser quotes could be a password, so only the place is told.
    #[error("line {line}, column {column} is not as it should be")]
    Json {
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
        column: usize,
    },
    /// An `auth` is not a name and a password in base64.
    #[error("auth of {0:?} is no NAME:PASSWORD in base64")]
    Auth(String),
    /// A helper's name would lead elsewhere.
    #[error("{0:?} is no name of a credential helper")]
    Helper(String),
}

impl AuthFile {
    pub(crate) fn parse(text: &str) -> Result<Self, BadAuth> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let bad = |error: serde_json::Error| BadAuth::Json { line: error.line(), column: error.column() };
        serde_json::from_str(text).map_err(bad)
    }

    /// Who we are to this repository of this registry: the most specific entry first.
    pub(crate) fn sources(&self, host: &str, path: &str) -> Result<Vec<Source>, BadAuth> {
        let mut sources = Vec::new();
        let whole = format!("{host}/{path}");
        let places = || prefixes(&whole);
        if let Some((place, name)) = places().find_map(|place| self.helper(place).map(|name| (place, name))) {
            sources.push(asked(name, place)?);
        } else if let Some(name) = self.creds_store.as_deref().filter(|name| !name.is_empty()) {
            sources.push(asked(name, host)?);
        }
        for place in places() {
            for (key, entry) in self.auths.iter().filter(|(key, _)| names(key, place)) {
                sources.extend(entry.login(key)?.map(Source::Known));
            }
        }
        Ok(sources)
    }

    fn helper(&self, place: &str) -> Option<&str> {
        let found = self.cred_helpers.iter().find(|(key, _)| names(key, place));
        found.map(|(_, name)| name.as_str()).filter(|name| !name.is_empty())
    }
}

fn asked(name: &str, place: &str) -> Result<Source, BadAuth> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    if !name.chars().all(plain) {
        return Err(BadAuth::Helper(name.to_owned()));
    }
    let servers = match place == DOCKER {
        true => vec![DOCKER_IN_FILES.to_owned(), DOCKER.to_owned()],
        false => vec![place.to_owned(), format!("https://{place}")],
    };
    Ok(Source::Helper { name: name.to_owned(), servers })
}

/// `q.io/a/b`, `q.io/a`, `q.io`.
fn prefixes(whole: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(whole), |place| place.rsplit_once('/').map(|(shorter, _)| shorter))
}

/// Whether a file's key means this place. Docker writes addresses there, and has several for its own.
fn names(key: &str, place: &str) -> bool {
    let bare = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    let bare = bare.trim_end_matches('/');
    let bare = bare.strip_suffix("/v1").or_else(|| bare.strip_suffix("/v2")).unwrap_or(bare);
    match bare.split_once('/') {
        Some((host, path)) => place.split_once('/').is_some_and(|(other, rest)| rest == path && same_host(host, other)),
        None => same_host(bare, place),
    }
}

fn same_host(key: &str, host: &str) -> bool {
    let own = matches!(key, "index.docker.io" | "registry-1.docker.io");
    key == host || own && host == DOCKER
}

impl Entry {
    /// `None` where the file says only that there was a login, whose password a helper keeps.
    fn login(&self, key: &str) -> Result<Option<Login>, BadAuth> {
        let there = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        if let Some(token) = there(&self.identitytoken) {
            return Ok(Some(Login::Identity(token)));
        }
        if let Some(auth) = there(&self.auth) {
            let bad = || BadAuth::Auth(key.to_owned());
            let text = LENIENT.decode(auth.trim()).map_err(|_| bad())?;
            // Some tools have padded it with zeros.
            let text = String::from_utf8(text).map_err(|_| bad())?;
            let (name, password) = text.trim_end_matches('\0').split_once(':').ok_or_else(bad)?;
            return Ok(Some(Login::Password { name: name.to_owned(), password: password.to_owned() }));
        }
        let login = there(&self.username)
            .map(|name| Login::Password { name, password: self.password.clone().unwrap_or_default() });
        Ok(login)
    }
}

/// Base64, with its padding or without.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent),
);

/// What `Authorization` says of a name and its password.
pub(crate) fn basic(name: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{name}:{password}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(name: &str, password: &str) -> Source {
        Source::Known(Login::Password { name: name.to_owned(), password: password.to_owned() })
    }

    fn helper(name: &str, servers: &[&str]) -> Source {
        Source::Helper { name: name.to_owned(), servers: servers.iter().map(ToString::to_string).collect() }
    }

    #[test]
    fn the_most_specific_entry_comes_first() {
        let file = AuthFile::parse(
            r#"{"auths": {
                "q.io": {"auth": "aG9zdDpwOnE="},
                "q.io/team": {"username": "team", "password": "t"},
                "q.io/team/app": {"auth": "YXBwOmE"},
                "q.io/te": {"auth": "eDp4"},
                "other.io": {"identitytoken": "token"}
            }}"#,
        )
        .expect("a file");
        let (host, team, app) = (known("host", "p:q"), known("team", "t"), known("app", "a"));
        assert_eq!(file.sources("q.io", "team/app"), Ok(vec![app, team.clone(), host.clone()]));
        assert_eq!(file.sources("q.io", "team/app2"), Ok(vec![team, host.clone()]));
        assert_eq!(file.sources("q.io", "x"), Ok(vec![host]));
        assert_eq!(file.sources("q.io:443", "x"), Ok(vec![]));
        assert_eq!(file.sources("other.io", "x"), Ok(vec![Source::Known(Login::Identity("token".to_owned()))]));
    }

    #[test]
    fn dockers_own_addresses_mean_docker() {
        for key in ["https://index.docker.io/v1/", "index.docker.io", "docker.io", "https://registry-1.docker.io/v2/"] {
            let file = AuthFile::parse(&format!(r#"{{"auths": {{"{key}": {{"auth": "YTpi"}}}}}}"#)).expect("a file");
            assert_eq!(file.sources("docker.io", "library/nginx"), Ok(vec![known("a", "b")]), "{key}");
            assert_eq!(file.sources("q.io", "library/nginx"), Ok(vec![]), "{key}");
        }
    }

    #[test]
    fn helpers_are_asked_before_the_file() {
        let text = r#"{"auths": {"q.io": {}, "p.io": {"auth": "YTpi"}}, "credHelpers": {"q.io": "pass"}, "credsStore": "all"}"#;
        let file = AuthFile::parse(text).expect("a file");
        assert_eq!(file.sources("q.io", "x"), Ok(vec![helper("pass", &["q.io", "https://q.io"])]));
        assert_eq!(file.sources("p.io", "x"), Ok(vec![helper("all", &["p.io", "https://p.io"]), known("a", "b")]));
        let docker = helper("all", &["https://index.docker.io/v1/", "docker.io"]);
        assert_eq!(file.sources("docker.io", "x"), Ok(vec![docker]));
    }

    #[test]
    fn a_file_that_makes_no_sense_is_refused_without_quoting_it() {
        let error = AuthFile::parse("{\"auths\": {\"q.io\": {\"auth\": [\"c2VjcmV0\"]}}}").expect_err("no file");
        assert!(!error.to_string().contains("c2VjcmV0"), "{error}");
        let text = r#"{"auths": {"q.io": {"auth": "?"}}, "credHelpers": {"p.io": "../x"}}"#;
        let file = AuthFile::parse(text).expect("a file");
        assert_eq!(file.sources("q.io", "x"), Err(BadAuth::Auth("q.io".to_owned())));
        assert_eq!(file.sources("p.io", "x"), Err(BadAuth::Helper("../x".to_owned())));
        assert_eq!(AuthFile::parse(" \n"), Ok(AuthFile::default()));
    }

    #[test]
    fn nothing_shows_a_password() {
        let login = Login::typed("me:secret");
        assert_eq!(login, Login::Password { name: "me".to_owned(), password: "secret".to_owned() });
        assert!(!format!("{login:?}").contains("secret"));
        let file = AuthFile::parse(r#"{"auths": {"q.io": {"auth": "c2VjcmV0"}}}"#).expect("a file");
        assert!(!format!("{file:?}").contains("c2VjcmV0"));
    }
}
