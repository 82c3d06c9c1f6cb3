//! Rules of names. Each gives what is wrong, nothing if all is well.

const LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN: &str = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const QUALIFIED: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const LABEL_VALUE: &str = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?";
const CONFIG_KEY: &str = "[-._a-zA-Z0-9]+";

fn by_example(words: &str, examples: &[&str], expression: &str) -> String {
    let examples: Vec<String> = examples.iter().map(|example| format!("'{example}', ")).collect();
    format!("{words} (e.g. {}regex used for validation is '{expression}')", examples.join(" or "))
}

fn too_long(most: usize) -> String {
    format!("must be no more than {most} characters")
}

fn is_label(text: &str) -> bool {
    let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    bytes.first().is_some_and(plain)
        && bytes.last().is_some_and(plain)
        && bytes.iter().all(|byte| plain(byte) || *byte == b'-')
}

fn is_subdomain(text: &str) -> bool {
    text.split('.').all(is_label)
}

/// One part of a host's name.
pub(super) fn label(text: &str) -> Vec<String> {
    let mut troubles = Vec::new();
    if text.len() > 63 {
        troubles.push(too_long(63));
    }
    if !is_label(text) {
        troubles.push(if is_subdomain(text) {
            "must not contain dots".to_owned()
        } else {
            by_example(
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end \
                 with an alphanumeric character",
                &["my-name", "123-abc"],
                LABEL,
            )
        });
    }
    troubles
}

/// A host's name.
pub(super) fn subdomain(text: &str) -> Vec<String> {
    let mut troubles = Vec::new();
    if text.len() > 253 {
        troubles.push(too_long(253));
    }
    if !is_subdomain(text) {
        troubles.push(by_example(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start \
             and end with an alphanumeric character",
            &["example.com"],
            SUBDOMAIN,
        ));
    }
    troubles
}

fn is_qualified(text: &str) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric();
    let bytes = text.as_bytes();
    bytes.first().is_some_and(plain)
        && bytes.last().is_some_and(plain)
        && bytes.iter().all(|byte| plain(byte) || matches!(byte, b'-' | b'_' | b'.'))
}

/// An environment variable that is typed; a manifest may name others, too.
#[must_use]
pub fn env_name(text: &str) -> Vec<String> {
    let mut troubles = Vec::new();
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let begins = text.bytes().next().is_some_and(|first| !first.is_ascii_digit());
    if !begins || !text.as_bytes().iter().all(plain) {
        troubles.push(by_example(
            "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must \
             not start with a digit",
            &["my.env-name", "MY_ENV.NAME", "MyEnvName1"],
            "[-._a-zA-Z][-._a-zA-Z0-9]*",
        ));
    }
    match text {
        "." | ".." => troubles.push(format!("must not be '{text}'")),
        text if text.starts_with("..") => troubles.push("must not start with '..'".to_owned()),
        _ => {}
    }
    troubles
}

/// A key of a label or an annotation: a name, perhaps after a domain and a slash.
pub(super) fn qualified(text: &str) -> Vec<String> {
    const EXAMPLES: [&str; 3] = ["MyName", "my.name", "123-abc"];
    const WORDS: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
    let mut troubles = Vec::new();
    let parts: Vec<&str> = text.split('/').collect();
    let name = match parts.as_slice() {
        [name] => name,
        [prefix, name] => {
            if prefix.is_empty() {
                troubles.push("prefix part must be non-empty".to_owned());
            } else {
                troubles.extend(subdomain(prefix).into_iter().map(|trouble| format!("prefix part {trouble}")));
            }
            name
        }
        _ => {
            let words = by_example(&format!("a qualified name {WORDS}"), &EXAMPLES, QUALIFIED);
            return vec![format!("{words} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')")];
        }
    };
    if name.is_empty() {
        troubles.push("name part must be non-empty".to_owned());
    } else if name.len() > 63 {
        troubles.push(format!("name part {}", too_long(63)));
    }
    if !is_qualified(name) {
        troubles.push(by_example(&format!("name part {WORDS}"), &EXAMPLES, QUALIFIED));
    }
    troubles
}

/// A label's value.
/// What is wrong with a label's value.
#[must_use]
pub fn label_value(text: &str) -> Vec<String> {
    let mut troubles = Vec::new();
    if text.len() > 63 {
        troubles.push(too_long(63));
    }
    if !text.is_empty() && !is_qualified(text) {
        troubles.push(by_example(
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start \
             and end with an alphanumeric character",
            &["MyValue", "my_value", "12345"],
            LABEL_VALUE,
        ));
    }
    troubles
}

/// The name of a port.
pub(super) fn port(text: &str) -> Vec<String> {
    let mut troubles = Vec::new();
    if text.len() > 15 {
        troubles.push(too_long(15));
    }
    if !text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
        troubles.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".to_owned());
    }
    if !text.bytes().any(|byte| byte.is_ascii_lowercase()) {
        troubles.push("must contain at least one letter (a-z)".to_owned());
    }
    if text.contains("--") {
        troubles.push("must not contain consecutive hyphens".to_owned());
    }
    if text.starts_with('-') || text.ends_with('-') {
        troubles.push("must not begin or end with a hyphen".to_owned());
    }
    troubles
}

/// A key of a config map or a secret.
pub(crate) fn config_key(text: &str) -> Vec<String> {
    let mut troubles = Vec::new();
    if text.len() > 253 {
        troubles.push(too_long(253));
    }
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_')) {
        troubles.push(by_example(
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
            &["key.name", "KEY_NAME", "key-name"],
            CONFIG_KEY,
        ));
    }
    if text == "." {
        troubles.push("must not be '.'".to_owned());
    } else if text == ".." {
        troubles.push("must not be '..'".to_owned());
    } else if text.starts_with("..") {
        troubles.push("must not start with '..'".to_owned());
    }
    troubles
}

/// The name of an environment variable.
pub(super) fn variable(text: &str) -> Vec<String> {
    if text.is_empty() {
        return vec!["environment variable name must be non-empty".to_owned()];
    }
    let fits = text.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'=');
    if fits {
        Vec::new()
    } else {
        vec![
            "a valid environment variable name must consist only of printable ASCII characters other than '='"
                .to_owned(),
        ]
    }
}

/// An address.
pub(super) fn address(text: &str) -> Vec<String> {
    if text.parse::<core::net::IpAddr>().is_ok() {
        return Vec::new();
    }
    vec!["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)".to_owned()]
}
