//! What an image is called: `[HOST[:PORT]/]PATH[:TAG][@DIGEST]`, as docker reads it.
//!
//! A reference is always whole: a name without a host is one of docker.io's, there a name of one
//! part is one of `library/`'s, and what has neither tag nor digest has the tag `latest`. What a
//! short name stands for elsewhere is said by registries.conf, which is read in `remote`.

use std::fmt;
use std::str::FromStr;

use crate::digest::Digest;

/// The host of a name that names none.
pub const DOCKER: &str = "docker.io";

/// What a name without tag and digest is the tag of.
const LATEST: &str = "latest";

/// Docker's bound for host and path together.
const LONGEST_NAME: usize = 255;

/// The bound of a tag.
const LONGEST_TAG: usize = 128;

/// The whole name of an image.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference {
    host: String,
    path: String,
    tag: Option<String>,
    digest: Option<Digest>,
}

impl Reference {
    /// The registry: a host, with a port where one was given.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The name within the registry.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The tag; where there is a digest too, it is the digest that counts.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest of the manifest, or of the index.
    #[must_use]
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// Host and path: what all tags and digests of one repository have in common.
    #[must_use]
    pub fn repository(&self) -> String {
        format!("{}/{}", self.host, self.path)
    }

    /// The same repository, at this digest and at no tag.
    #[must_use]
    pub fn at(&self, digest: Digest) -> Self {
        Self { digest: Some(digest), tag: None, ..self.clone() }
    }

    /// The name as people write it: without what goes without saying.
    #[must_use]
    pub fn familiar(&self) -> String {
        let name = match self.path.strip_prefix("library/") {
            Some(official) if self.host == DOCKER && !official.contains('/') => official.to_owned(),
            _ if self.host == DOCKER => self.path.clone(),
            _ => self.repository(),
        };
        format!("{name}{}", self.suffix())
    }

    /// Whether this is a host and a path, as registries.conf may lead to.
    pub(crate) fn checked(name: &str) -> Result<(), BadReference> {
        let bad = |why| BadReference { text: name.to_owned(), why };
        if name.contains("://") {
            return Err(bad(Why::Address));
        }
        let (host, path) = name.split_once('/').ok_or_else(|| bad(Why::Path))?;
        check_host(host).and_then(|()| check_path(path)).map_err(bad)
    }

    fn suffix(&self) -> String {
        let tag = self.tag.as_ref().map(|tag| format!(":{tag}")).unwrap_or_default();
        let digest = self.digest.as_ref().map(|digest| format!("@{digest}")).unwrap_or_default();
        format!("{tag}{digest}")
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}{}", self.host, self.path, self.suffix())
    }
}

impl FromStr for Reference {
    type Err = BadReference;

    fn from_str(text: &str) -> Result<Self, BadReference> {
        Typed::parse(text)?.within(None)
    }
}

/// A name as it was typed: its host may be left to be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed {
    text: String,
    host: Option<String>,
    path: String,
    tag: Option<String>,
    digest: Option<Digest>,
}

impl Typed {
    /// Reads a name.
    ///
    /// # Errors
    /// When it is no name of an image.
    pub fn parse(text: &str) -> Result<Self, BadReference> {
        let bad = |why| BadReference { text: text.to_owned(), why };
        if text.is_empty() {
            return Err(bad(Why::Empty));
        }
        if text.contains("://") {
            return Err(bad(Why::Address));
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.parse().map_err(|_| bad(Why::Digest))?)),
            None => (text, None),
        };
        // A colon after the last slash begins a tag; one before it, a port.
        let (name, tag) = match rest.rfind(':').filter(|at| !rest[*at..].contains(['/', ']'])) {
            Some(at) => (&rest[..at], Some(&rest[at + 1..])),
            None => (rest, None),
        };
        let (host, path) = match name.split_once('/') {
            Some((first, path)) if is_host(first) => (Some(first), path),
            _ => (None, name),
        };
        host.map_or(Ok(()), check_host).map_err(bad)?;
        check_path(path).map_err(bad)?;
        tag.map_or(Ok(()), check_tag).map_err(bad)?;
        if host.is_none() && path.len() == 64 && path.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(bad(Why::Identifier));
        }
        let host = host.map(|host| if host == "index.docker.io" { DOCKER } else { host }.to_owned());
        let typed =
            Self { text: text.to_owned(), host, path: path.to_owned(), tag: tag.map(ToOwned::to_owned), digest };
        // What it is called in full has the bound, also where the host is not known yet.
        typed.within(None).map(|_| typed.clone())
    }

    /// The name that registries.conf may have an alias for: there is no host, and no tag in it.
    #[must_use]
    pub fn short(&self) -> Option<&str> {
        self.host.is_none().then_some(self.path.as_str())
    }

    /// The whole name; where the host was left out, in this registry or (`None`) in docker's.
    ///
    /// # Errors
    /// When it is too long, or no name at all with that in front.
    pub fn within(&self, registry: Option<&str>) -> Result<Reference, BadReference> {
        let host = self.host.as_deref().or(registry).unwrap_or(DOCKER);
        let path = match host == DOCKER && !self.path.contains('/') {
            true => format!("library/{}", self.path),
            false => self.path.clone(),
        };
        self.whole(host, path)
    }

    /// The same tag and digest of the repository that an alias names, as `host/path`.
    ///
    /// # Errors
    /// When what the alias names is no repository.
    pub fn instead(&self, repository: &str) -> Result<Reference, BadReference> {
        let other = Self::parse(repository)?;
        if other.host.is_none() || other.tag.is_some() || other.digest.is_some() {
            return Err(BadReference { text: repository.to_owned(), why: Why::Alias });
        }
        let other = other.within(None)?;
        self.whole(&other.host, other.path)
    }

    fn whole(&self, host: &str, path: String) -> Result<Reference, BadReference> {
        let bad = |why| BadReference { text: self.text.clone(), why };
        check_host(host).map_err(bad)?;
        if host.len() + 1 + path.len() > LONGEST_NAME {
            return Err(bad(Why::Long));
        }
        let tag = match (&self.tag, &self.digest) {
            (None, None) => Some(LATEST.to_owned()),
            (tag, _) => tag.clone(),
        };
        Ok(Reference { host: host.to_owned(), path, tag, digest: self.digest.clone() })
    }
}

impl FromStr for Typed {
    type Err = BadReference;

    fn from_str(text: &str) -> Result<Self, BadReference> {
        Self::parse(text)
    }
}

impl fmt::Display for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whether what stands before the first slash is a host, and not the first part of a path.
fn is_host(first: &str) -> bool {
    first == "localhost" || first.contains(['.', ':']) || first.bytes().any(|byte| byte.is_ascii_uppercase())
}

fn check_host(host: &str) -> Result<(), Why> {
    let (name, port) = match host.strip_prefix('[').map(|rest| rest.split_once(']')) {
        Some(Some((address, rest))) => {
            address.parse::<std::net::Ipv6Addr>().map_err(|_| Why::Host)?;
            (None, rest)
        }
        Some(None) => return Err(Why::Host),
        None => match host.find(':') {
            Some(at) => (Some(&host[..at]), &host[at..]),
            None => (Some(host), ""),
        },
    };
    let good = |label: &str| {
        let ends = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
        ends(label.bytes().next())
            && ends(label.bytes().last())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if !name.is_none_or(|name| name.split('.').all(good)) {
        return Err(Why::Host);
    }
    match port.strip_prefix(':') {
        None if port.is_empty() => Ok(()),
        Some(number) if number.bytes().all(|byte| byte.is_ascii_digit()) && number.parse::<u16>().is_ok() => Ok(()),
        _ => Err(Why::Port),
    }
}

fn check_path(path: &str) -> Result<(), Why> {
    if path.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(Why::UpperCase);
    }
    path.split('/').all(is_part).then_some(()).ok_or(Why::Path)
}

/// Letters and digits, in groups that one dot, one or two underscores or any dashes set apart.
fn is_part(part: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let ends = |byte: Option<u8>| byte.is_some_and(plain);
    ends(part.bytes().next())
        && ends(part.bytes().last())
        && part
            .split(|letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit())
            .all(|between| matches!(between, "" | "." | "_" | "__") || between.bytes().all(|byte| byte == b'-'))
}

fn check_tag(tag: &str) -> Result<(), Why> {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let good = tag.len() <= LONGEST_TAG
        && tag.bytes().next().is_some_and(word)
        && tag.bytes().all(|byte| word(byte) || matches!(byte, b'.' | b'-'));
    good.then_some(()).ok_or(Why::Tag)
}

/// A text that is no name of an image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no name of an image: {why}")]
pub struct BadReference {
    text: String,
    why: Why,
}

/// What is wrong with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Why {
    #[error("it is empty")]
    Empty,
    #[error("it is an address; an image's name has no scheme in front")]
    Address,
    #[error("what follows the @ is no digest, such as sha256: and 64 hexadecimal digits")]
    Digest,
    #[error("a path has lower case letters only")]
    UpperCase,
    #[error("a path is made of letters and digits, with single dots, one or two underscores or dashes between them")]
    Path,
    #[error("its host is neither a name nor an address")]
    Host,
    #[error("its port is none")]
    Port,
    #[error("a tag has at most 128 letters, digits, underscores, dots and dashes, the first neither dot nor dash")]
    Tag,
    #[error("64 hexadecimal digits are an image's id")]
    Identifier,
    #[error("it is longer than 255 bytes")]
    Long,
    #[error("an alias is a host and a path")]
    Alias,
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn a_name_is_made_whole_as_docker_does() {
        let digest = format!("sha256:{HEX}");
        for (typed, whole, familiar) in [
            ("nginx", "docker.io/library/nginx:latest", "nginx:latest"),
            ("nginx:1.21", "docker.io/library/nginx:1.21", "nginx:1.21"),
            ("bloodstar/hexo", "docker.io/bloodstar/hexo:latest", "bloodstar/hexo:latest"),
            ("docker.io/nginx", "docker.io/library/nginx:latest", "nginx:latest"),
            ("index.docker.io/a/b:c", "docker.io/a/b:c", "a/b:c"),
            ("docker.io/library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest"),
            ("localhost/a", "localhost/a:latest", "localhost/a:latest"),
            ("localhost:5000/a", "localhost:5000/a:latest", "localhost:5000/a:latest"),
            ("Host/a", "Host/a:latest", "Host/a:latest"),
            ("registry.k8s.io/pause:3.9", "registry.k8s.io/pause:3.9", "registry.k8s.io/pause:3.9"),
            ("127.0.0.1:5000/a/b/c:x", "127.0.0.1:5000/a/b/c:x", "127.0.0.1:5000/a/b/c:x"),
            ("[::1]:5000/a", "[::1]:5000/a:latest", "[::1]:5000/a:latest"),
            ("[fe80::1]/a:t", "[fe80::1]/a:t", "[fe80::1]/a:t"),
            ("a--b__c.d_e:T_.-9", "docker.io/library/a--b__c.d_e:T_.-9", "a--b__c.d_e:T_.-9"),
            (&format!("a@{digest}"), &format!("docker.io/library/a@{digest}"), &format!("a@{digest}")),
            (&format!("q.io/a:1@{digest}"), &format!("q.io/a:1@{digest}"), &format!("q.io/a:1@{digest}")),
        ] {
            let reference: Reference = typed.parse().unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(reference.to_string(), whole, "{typed}");
            assert_eq!(reference.familiar(), familiar, "{typed}");
            assert_eq!(whole.parse::<Reference>().expect("whole"), reference);
        }
    }

    #[test]
    fn what_is_no_name_is_refused_with_the_reason() {
        for (typed, why) in [
            ("", Why::Empty),
            ("Nginx", Why::UpperCase),
            ("library/Nginx", Why::UpperCase),
            ("a b", Why::Path),
            (" a", Why::Path),
            ("a/", Why::Path),
            ("/a", Why::Path),
            ("a//b", Why::Path),
            ("a..b", Why::Path),
            ("a___b", Why::Path),
            ("-a", Why::Path),
            ("a.", Why::Path),
            ("https://q.io/a", Why::Address),
            ("q.io:port/a", Why::Port),
            ("q.io:65536/a", Why::Port),
            ("-q.io/a", Why::Host),
            ("q..io/a", Why::Host),
            ("[::g]/a", Why::Host),
            ("[:/a", Why::Host),
            ("a:", Why::Tag),
            ("a:.b", Why::Tag),
            ("a:b c", Why::Tag),
            (&format!("a:{}", "x".repeat(129)), Why::Tag),
            ("a@sha256:12", Why::Digest),
            ("a@md5:0123456789abcdef0123456789abcdef", Why::Digest),
            (&format!("a@sha256:{}", HEX.to_uppercase()), Why::Digest),
            (HEX, Why::Identifier),
            ("a/".repeat(130).trim_end_matches('/'), Why::Long),
        ] {
            assert_eq!(Typed::parse(typed).map_err(|error| error.why).err(), Some(why), "{typed:?}");
        }
    }

    #[test]
    fn a_short_name_is_completed_by_whoever_knows_where_to_look() {
        let typed = Typed::parse("tools/x:1").expect("a name");
        assert_eq!(typed.short(), Some("tools/x"));
        assert_eq!(typed.within(Some("q.io")).map(|it| it.to_string()), Ok("q.io/tools/x:1".to_owned()));
        assert_eq!(typed.instead("q.io/y").map(|it| it.to_string()), Ok("q.io/y:1".to_owned()));
        assert!(typed.instead("y").is_err() && typed.instead("q.io/y:2").is_err());
        assert_eq!(Typed::parse("q.io/x").expect("a name").short(), None);
        // A registry to be searched is as good as any, docker's with its own rule.
        assert_eq!(
            Typed::parse("x").and_then(|x| x.within(Some(DOCKER))).map(|it| it.familiar()),
            Ok("x:latest".into())
        );
    }
}
