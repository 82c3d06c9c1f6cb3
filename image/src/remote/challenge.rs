//! What a registry wants to see: `WWW-Authenticate`, as RFC 9110 writes it.

/// One way to be let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// Name and password.
    Basic,
    /// A token, to be had elsewhere.
    Bearer {
        /// Where.
        realm: String,
        /// Whom the token is for.
        service: Option<String>,
        /// What it is to allow.
        scope: Option<String>,
    },
}

/// The ways that these headers offer and that we know, the safest first: a token does not show the
/// password to the registry.
pub(crate) fn challenges<'a>(headers: impl Iterator<Item = &'a str>) -> Vec<Challenge> {
    let mut found: Vec<_> = headers.flat_map(offers).filter_map(known).collect();
    found.sort_by_key(|challenge| *challenge == Challenge::Basic);
    found
}

/// A scheme and its parameters, as written.
type Offer = (String, Vec<(String, String)>);

fn known((scheme, parameters): Offer) -> Option<Challenge> {
    let value = |name: &str| {
        let found = parameters.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.clone()).filter(|value| !value.is_empty())
    };
    if scheme.eq_ignore_ascii_case("basic") {
        Some(Challenge::Basic)
    } else if scheme.eq_ignore_ascii_case("bearer") {
        Some(Challenge::Bearer { realm: value("realm")?, service: value("service"), scope: value("scope") })
    } else {
        None
    }
}

fn offers(header: &str) -> Vec<Offer> {
    let mut offers: Vec<Offer> = Vec::new();
    let mut rest = header.trim_start_matches([' ', '\t', ',']);
    while !rest.is_empty() {
        let end = rest.find(|letter: char| letter.is_ascii_whitespace() || matches!(letter, '=' | ',' | '"'));
        let (word, behind) = rest.split_at(end.unwrap_or(rest.len()));
        if word.is_empty() {
            // Nobody can tell what this is, nor where it ends.
            break;
        }
        let behind = behind.trim_start();
        match (behind.strip_prefix('='), offers.last_mut()) {
            (Some(value), Some((_, parameters))) => {
                let (value, behind) = value_of(value.trim_start());
                parameters.push((word.to_owned(), value));
                rest = behind;
            }
            (Some(_), None) => break,
            (None, _) => {
                offers.push((word.to_owned(), Vec::new()));
                rest = behind;
            }
        }
        rest = rest.trim_start_matches([' ', '\t', ',']);
    }
    offers
}

/// A value, quoted or not, and what comes behind it.
fn value_of(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(|letter: char| letter == ',' || letter.is_ascii_whitespace()).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let (mut value, mut letters) = (String::new(), quoted.char_indices());
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(letters.next().map(|(_, letter)| letter)),
            _ => value.push(letter),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(realm: &str, service: Option<&str>, scope: Option<&str>) -> Challenge {
        let owned = |text: Option<&str>| text.map(ToOwned::to_owned);
        Challenge::Bearer { realm: realm.to_owned(), service: owned(service), scope: owned(scope) }
    }

    #[test]
    fn what_registries_say_is_understood() {
        for (headers, expected) in [
            (&["Basic realm=\"x\""][..], vec![Challenge::Basic]),
            (&["basic"], vec![Challenge::Basic]),
            (
                &[
                    "Bearer realm=\"https://auth.docker.io/token\",service=\"registry.docker.io\",scope=\"repository:a/b:pull,push\"",
                ],
                vec![bearer(
                    "https://auth.docker.io/token",
                    Some("registry.docker.io"),
                    Some("repository:a/b:pull,push"),
                )],
            ),
            (&["bearer Realm = https://x/t , service=s"], vec![bearer("https://x/t", Some("s"), None)]),
            (&["Basic realm=\"a, b=c\", Bearer realm=\"r\""], vec![bearer("r", None, None), Challenge::Basic]),
            (&["Negotiate", "Basic realm=x"], vec![Challenge::Basic]),
            (&["Bearer realm=\"a\\\"b\""], vec![bearer("a\"b", None, None)]),
        ] {
            assert_eq!(challenges(headers.iter().copied()), expected, "{headers:?}");
        }
    }

    #[test]
    fn what_nobody_understands_is_no_way_in() {
        for header in
            ["", "=", "\"", ",,,", "Bearer", "Bearer service=x", "Bearer realm=\"\"", "Digest realm=x", "realm=x"]
        {
            assert_eq!(challenges([header].into_iter()), [], "{header:?}");
        }
        // An open quote ends where the header does.
        assert_eq!(challenges(["Bearer realm=\"x"].into_iter()), [bearer("x", None, None)]);
    }
}
