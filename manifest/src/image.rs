//! References of images, as far as manifests need them: are they one, and which tag have they.

/// The tag of a reference: `latest` where neither tag nor digest is given, nothing with a digest alone or where the text
/// is no reference at all.
#[must_use]
pub fn tag(reference: &str) -> Option<&str> {
    let parts = parse(reference)?;
    match (parts.tag, parts.digest) {
        (Some(tag), _) => Some(tag),
        (None, None) => Some("latest"),
        (None, Some(_)) => None,
    }
}

/// Whether this is a reference.
#[must_use]
pub fn is_reference(text: &str) -> bool {
    parse(text).is_some()
}

/// The last word of a reference's name: `nginx` of `registry:5000/library/nginx:1.25`.
#[must_use]
pub fn short_name(reference: &str) -> &str {
    let name = reference.split('@').next().unwrap_or_default();
    let last = name.rsplit('/').next().unwrap_or_default();
    last.split(':').next().unwrap_or_default()
}

struct Parts<'a> {
    tag: Option<&'a str>,
    digest: Option<&'a str>,
}

fn parse(text: &str) -> Option<Parts<'_>> {
    let (name, digest) = text.split_once('@').map_or((text, None), |(name, digest)| (name, Some(digest)));
    let after_slash = name.rfind('/').map_or(0, |slash| slash + 1);
    let (path, tag) = match name[after_slash..].split_once(':') {
        Some((last, tag)) => (&name[..after_slash + last.len()], Some(tag)),
        None => (name, None),
    };
    let path = match path.split_once('/') {
        Some((domain, rest))
            if domain.contains(['.', ':']) || domain == "localhost" || domain.contains(char::is_uppercase) =>
        {
            is_domain(domain).then_some(rest)?
        }
        _ => path,
    };
    let fits = path.split('/').all(is_component) && tag.is_none_or(is_tag) && digest.is_none_or(is_digest);
    (fits && path.len() <= 255).then_some(Parts { tag, digest })
}

fn is_domain(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let label = |label: &str| {
        let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let bytes = label.as_bytes();
        edge(bytes.first())
            && edge(bytes.last())
            && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
    };
    let is_address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).is_some_and(|address| {
        !address.is_empty() && address.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b':')
    });
    let digits = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    (is_address || host.split('.').all(label)) && port.is_none_or(digits)
}

/// Lower case letters and digits, with a dot, one or two underscores or any number of dashes between them.
fn is_component(text: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let edges = text.starts_with(plain) && text.ends_with(plain);
    let separators = text.split(plain).filter(|separator| !separator.is_empty());
    let mut fit =
        separators.map(|separator| matches!(separator, "." | "_" | "__") || separator.bytes().all(|byte| byte == b'-'));
    edges && fit.all(|fits| fits)
}

fn is_tag(text: &str) -> bool {
    let word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    text.starts_with(word)
        && text.len() <= 128
        && text.chars().all(|letter| word(letter) || matches!(letter, '.' | '-'))
}

fn is_digest(text: &str) -> bool {
    let Some((algorithm, hex)) = text.split_once(':') else { return false };
    algorithm.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && hex.len() >= 32
        && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_what_a_cluster_takes_them_for() {
        let digest = format!("nginx@sha256:{}", "a".repeat(64));
        let cases = [
            ("nginx", Some("latest")),
            ("nginx:1.25", Some("1.25")),
            ("localhost:5000/nginx", Some("latest")),
            ("localhost:5000/a/b:x", Some("x")),
            (digest.as_str(), None),
            ("Nginx", None),
            ("a//b", None),
            ("", None),
            ("nginx:", None),
            ("a__b/c.d", Some("latest")),
            ("a___b", None),
            ("HOST.example/x:1", Some("1")),
        ];
        for (reference, expected) in cases {
            assert_eq!(tag(reference), expected, "{reference}");
        }
        assert_eq!(short_name("registry:5000/library/nginx:1.25"), "nginx");
    }
}
