//! Objects from the words of a command line: `create configmap`, `create secret`, `run`.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::emit::compact;
use crate::kind::{ConfigMap, Namespace, NamespaceSpec, NamespaceStatus, ObjectMeta, Secret, ServiceAccount};
use crate::value::Bytes;

/// Words of which no object can be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MakeError {
    /// Two values of one key.
    #[error("cannot add key {key:?}, another key by that name already exists in Data for {kind} {name:?}")]
    Twice {
        /// The key.
        key: String,
        /// Of what.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// A key that is none.
    #[error("{0:?} is not a valid key name for a {1}: {2}")]
    Key(String, &'static str, String),
    /// A literal without a value.
    #[error("invalid literal source {0}, expected key=value")]
    Literal(String),
    /// A line of a file of variables that has no name.
    #[error("{0:?} is not a valid environment variable name")]
    Variable(String),
}

/// A key and its value, of `--from-literal`.
///
/// # Errors
/// It has no value or no key.
pub fn literal(text: &str) -> Result<(String, Vec<u8>), MakeError> {
    let wrong = || MakeError::Literal(text.to_owned());
    let (key, value) = text.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or_else(wrong)?;
    Ok((key.to_owned(), value.as_bytes().to_vec()))
}

/// The variables of a file of `--from-env-file`; those without a value are taken from whoever runs us.
///
/// # Errors
/// A line without a name.
pub fn variables(text: &str) -> Result<Vec<(String, Option<String>)>, MakeError> {
    let mut found = Vec::new();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for line in text.lines() {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = line.split_once('=').map_or((line, None), |(name, value)| (name, Some(value.to_owned())));
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(MakeError::Variable(name.to_owned()));
        }
        found.push((name.to_owned(), value));
    }
    Ok(found)
}

fn metadata(name: &str, namespace: Option<&str>) -> ObjectMeta {
    ObjectMeta { name: Some(name.to_owned()), namespace: namespace.map(str::to_owned), ..ObjectMeta::default() }
}

fn check_key(key: &str, kind: &'static str) -> Result<(), MakeError> {
    match crate::check::config_key(key).into_iter().next() {
        None => Ok(()),
        Some(trouble) => Err(MakeError::Key(key.to_owned(), kind, trouble)),
    }
}

/// `create configmap`: what is text is data, what is not is binary data.
///
/// # Errors
/// A key that is none, or that comes twice.
pub fn config_map(
    name: &str,
    namespace: Option<&str>,
    content: impl IntoIterator<Item = (String, Vec<u8>)>,
) -> Result<ConfigMap, MakeError> {
    const KIND: &str = "ConfigMap";
    let mut object = ConfigMap {
        api_version: "v1".to_owned(),
        kind: KIND.to_owned(),
        metadata: metadata(name, namespace),
        ..ConfigMap::default()
    };
    for (key, value) in content {
        check_key(&key, KIND)?;
        if object.data.contains_key(&key) || object.binary_data.contains_key(&key) {
            return Err(MakeError::Twice { key, kind: KIND, name: name.to_owned() });
        }
        match String::from_utf8(value) {
            Ok(text) => drop(object.data.insert(key, text)),
            Err(error) => drop(object.binary_data.insert(key, Bytes(error.into_bytes()))),
        }
    }
    Ok(object)
}

/// `create secret generic`, of a type if one is given.
///
/// # Errors
/// A key that is none, or that comes twice.
pub fn secret(
    name: &str,
    namespace: Option<&str>,
    kind: Option<&str>,
    content: impl IntoIterator<Item = (String, Vec<u8>)>,
) -> Result<Secret, MakeError> {
    const KIND: &str = "Secret";
    let mut object = Secret {
        api_version: "v1".to_owned(),
        kind: KIND.to_owned(),
        metadata: metadata(name, namespace),
        r#type: kind.map(str::to_owned),
        ..Secret::default()
    };
    for (key, value) in content {
        check_key(&key, KIND)?;
        if object.data.contains_key(&key) {
            return Err(MakeError::Twice { key, kind: KIND, name: name.to_owned() });
        }
        object.data.insert(key, Bytes(value));
    }
    Ok(object)
}

/// `create namespace`.
#[must_use]
pub fn namespace(name: &str) -> Namespace {
    Namespace {
        api_version: "v1".to_owned(),
        kind: "Namespace".to_owned(),
        metadata: metadata(name, None),
        spec: Some(NamespaceSpec::default()),
        status: Some(NamespaceStatus::default()),
    }
}

/// `create serviceaccount`.
#[must_use]
pub fn service_account(name: &str, namespace: Option<&str>) -> ServiceAccount {
    ServiceAccount {
        api_version: "v1".to_owned(),
        kind: "ServiceAccount".to_owned(),
        metadata: metadata(name, namespace),
        ..ServiceAccount::default()
    }
}

/// An object of these, with the annotation that remembers it: as the program's own structure, in the order of whose fields
/// kubectl writes it.
#[must_use]
pub fn with_itself_remembered(mut object: Value) -> Value {
    const FIELDS: [&str; 7] = ["kind", "apiVersion", "metadata", "immutable", "data", "binaryData", "type"];
    const METADATA: [&str; 2] = ["name", "namespace"];
    let ordered = |value: &Value, fields: &[&str], inner: &dyn Fn(&str, &Value) -> String| {
        let there = fields.iter().filter_map(|field| Some((field, value.get(field)?)));
        let parts: Vec<String> = there.map(|(field, value)| format!("\"{field}\":{}", inner(field, value))).collect();
        format!("{{{}}}", parts.join(","))
    };
    let text = ordered(&object, &FIELDS, &|field, value| match field {
        "metadata" => ordered(value, &METADATA, &|_, value| compact(value)),
        _ => compact(value),
    });
    object["metadata"]["annotations"] = json!({ crate::patch::LAST_APPLIED: format!("{text}\n") });
    object
}

/// A name that says what is in it, of `--append-hash`.
#[must_use]
pub fn hashed_config_map(object: &ConfigMap) -> String {
    let value = crate::kind::Object::from(object.clone()).to_value();
    let part = |key: &str| value.get(key).cloned();
    let mut content = json!({ "kind": "ConfigMap", "name": "", "data": part("data").unwrap_or_else(|| json!({})) });
    if let Some(binary) = part("binaryData") {
        content["binaryData"] = binary;
    }
    if let Some(immutable) = object.immutable {
        content["immutable"] = json!(immutable);
    }
    hashed(object.metadata.name.as_deref().unwrap_or_default(), content)
}

/// The same of a secret.
#[must_use]
pub fn hashed_secret(object: &Secret) -> String {
    let value = crate::kind::Object::from(object.clone()).to_value();
    let data = value.get("data").cloned().unwrap_or_else(|| json!({}));
    let kind = object.r#type.as_deref().unwrap_or_default();
    let content = json!({ "kind": "Secret", "name": "", "type": kind, "data": data });
    hashed(object.metadata.name.as_deref().unwrap_or_default(), content)
}

fn hashed(name: &str, mut content: Value) -> String {
    content["name"] = json!(name);
    let digest = Sha256::digest(compact(&content));
    // Ten digits, without those that could spell something.
    let digits = digest[..5].iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let letters = digits.map(|digit| match digit {
        0 => 'g',
        1 => 'h',
        3 => 'k',
        0xa => 'm',
        0xe => 't',
        digit => char::from_digit(u32::from(digit), 16).unwrap_or('g'),
    });
    format!("{name}-{}", letters.collect::<String>())
}

/// What is wrong with a certificate and a key as `create secret tls` takes them. Whether they belong together is not
/// looked at.
///
/// # Errors
/// One of them is not what it should be.
pub fn check_pair(certificate: &[u8], key: &[u8]) -> Result<(), String> {
    let blocks = pem_blocks(certificate);
    if !blocks.iter().any(|block| block == "CERTIFICATE") {
        return Err(match blocks.as_slice() {
            [] => "tls: failed to find any PEM data in certificate input".to_owned(),
            [one] if one.ends_with("PRIVATE KEY") => {
                "tls: failed to find certificate PEM data in certificate input, but \
                 did find a private key; PEM inputs may have been switched"
                    .to_owned()
            }
            skipped => format!(
                "tls: failed to find \"CERTIFICATE\" PEM block in certificate input after skipping PEM blocks of the \
                 following types: [{}]",
                skipped.join(" ")
            ),
        });
    }
    let blocks = pem_blocks(key);
    if blocks.iter().any(|block| block == "PRIVATE KEY" || block.ends_with(" PRIVATE KEY")) {
        return Ok(());
    }
    Err(match blocks.as_slice() {
        [] => "tls: failed to find any PEM data in key input".to_owned(),
        [one] if one == "CERTIFICATE" => {
            "tls: found a certificate rather than a key in the PEM for the private key".to_owned()
        }
        skipped => format!(
            "tls: failed to find PEM block with type ending in \"PRIVATE KEY\" in key input after skipping PEM blocks \
             of the following types: [{}]",
            skipped.join(" ")
        ),
    })
}

/// What the blocks of a PEM file say they are, of those that are whole.
fn pem_blocks(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let (mut found, mut open): (Vec<String>, Option<(String, String)>) = (Vec::new(), None);
    for line in text.lines().map(str::trim_end) {
        let word = |mark: &str| line.strip_prefix(mark).and_then(|rest| rest.strip_suffix("-----")).map(str::to_owned);
        match (&mut open, word("-----BEGIN "), word("-----END ")) {
            (_, Some(kind), _) => open = Some((kind, String::new())),
            (Some((kind, body)), _, Some(end)) => {
                if *kind == end && Bytes::decode(body).is_ok() {
                    found.push(end);
                }
                open = None;
            }
            (Some((_, body)), ..) if !line.contains(':') => body.push_str(line),
            _ => {}
        }
    }
    found
}

/// `create secret docker-registry`: a registry's password in the form that engines keep it in.
///
/// # Errors
/// None that its one key could cause.
pub fn registry_secret(
    name: &str,
    namespace: Option<&str>,
    server: &str,
    (user, password, email): (&str, &str, Option<&str>),
) -> Result<Secret, MakeError> {
    let quoted = |text: &str| crate::emit::compact(&Value::from(text));
    let auth = Bytes(format!("{user}:{password}").into_bytes()).encode();
    let email = email.filter(|email| !email.is_empty()).map(|email| format!("\"email\":{},", quoted(email)));
    // In this order, so that it is what kubectl makes of it.
    let config = format!(
        "{{\"auths\":{{{}:{{\"username\":{},\"password\":{},{}\"auth\":{}}}}}}}",
        quoted(server),
        quoted(user),
        quoted(password),
        email.unwrap_or_default(),
        quoted(&auth),
    );
    let content = [(".dockerconfigjson".to_owned(), config.into_bytes())];
    secret(name, namespace, Some("kubernetes.io/dockerconfigjson"), content)
}

/// `create secret tls`.
///
/// # Errors
/// None that its two keys could cause.
pub fn tls_secret(
    name: &str,
    namespace: Option<&str>,
    certificate: Vec<u8>,
    key: Vec<u8>,
) -> Result<Secret, MakeError> {
    let content = [("tls.crt".to_owned(), certificate), ("tls.key".to_owned(), key)];
    secret(name, namespace, Some("kubernetes.io/tls"), content)
}

/// What `run` is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// The pod's name, and its container's.
    pub name: String,
    /// The namespace, if one is given.
    pub namespace: Option<String>,
    /// The image.
    pub image: String,
    /// When it is fetched.
    pub pull_policy: Option<String>,
    /// Words after `--`.
    pub words: Vec<String>,
    /// Whether they are the command and not its arguments.
    pub is_command: bool,
    /// Environment variables.
    pub env: Vec<(String, String)>,
    /// The port it listens on.
    pub port: Option<i32>,
    /// Labels, in place of `run=NAME`.
    pub labels: Vec<(String, String)>,
    /// Annotations.
    pub annotations: Vec<(String, String)>,
    /// The restart policy.
    pub restart: Option<String>,
    /// Whether standard input stays open, and whether for one only.
    pub stdin: Option<bool>,
    /// Whether there is a terminal.
    pub tty: bool,
    /// Whether it may do anything.
    pub privileged: bool,
}

/// A variable without a value has none.
fn variable((name, value): &(String, String)) -> Value {
    if value.is_empty() { json!({ "name": name }) } else { json!({ "name": name, "value": value }) }
}

/// The pod that `run` makes, as `--dry-run=client -o yaml` shows it.
#[must_use]
pub fn run(run: &Run) -> Value {
    let map =
        |pairs: &[(String, String)]| pairs.iter().map(|(k, v)| (k.clone(), Value::from(v.as_str()))).collect::<Value>();
    let mut container = json!({ "name": run.name, "image": run.image, "resources": {} });
    let mut set = |key: &str, value: Value| container[key] = value;
    if let Some(policy) = &run.pull_policy {
        set("imagePullPolicy", json!(policy));
    }
    if !run.words.is_empty() {
        set(if run.is_command { "command" } else { "args" }, json!(run.words));
    }
    if !run.env.is_empty() {
        set("env", run.env.iter().map(variable).collect());
    }
    if let Some(port) = run.port {
        set("ports", json!([{ "containerPort": port }]));
    }
    if let Some(once) = run.stdin {
        set("stdin", json!(true));
        if once {
            set("stdinOnce", json!(true));
        }
    }
    if run.tty {
        set("tty", json!(true));
    }
    if run.privileged {
        set("securityContext", json!({ "privileged": true }));
    }
    let labels = if run.labels.is_empty() { json!({ "run": run.name }) } else { map(&run.labels) };
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": run.name, "labels": labels },
        "spec": {
            "containers": [container],
            "dnsPolicy": "ClusterFirst",
            "restartPolicy": run.restart.as_deref().unwrap_or("Always"),
        },
        "status": {},
    });
    if let Some(namespace) = &run.namespace {
        pod["metadata"]["namespace"] = json!(namespace);
    }
    if !run.annotations.is_empty() {
        pod["metadata"]["annotations"] = map(&run.annotations);
    }
    pod
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::emit::yaml;

    #[test]
    fn run_makes_the_pod_that_kubectl_shows() {
        let pod = run(&Run { name: "nginx-pod".to_owned(), image: "nginx:1.21".to_owned(), ..Run::default() });
        assert_eq!(yaml(&pod), include_str!("../tests/corpus/kubectl-run-new.yaml"));
    }

    #[test]
    fn words_become_keys_and_values() {
        assert_eq!(literal("a=b=c"), Ok(("a".to_owned(), b"b=c".to_vec())));
        assert_eq!(literal("a='b'"), Ok(("a".to_owned(), b"'b'".to_vec())));
        assert!(literal("a").is_err() && literal("=b").is_err());
        let file = variables("\u{feff}# c\n A=1\nB\n\nC='x' # y\n").unwrap();
        let pair = |name: &str, value: Option<&str>| (name.to_owned(), value.map(str::to_owned));
        assert_eq!(file, [pair("A", Some("1")), pair("B", None), pair("C", Some("'x' # y"))]);
        assert!(variables("=x").is_err() && variables("a b=c").is_err());
        let twice = config_map("x", None, [("k".to_owned(), vec![]), ("k".to_owned(), vec![])]).unwrap_err();
        assert_eq!(
            twice.to_string(),
            r#"cannot add key "k", another key by that name already exists in Data for ConfigMap "x""#
        );
        assert!(config_map("x", None, [("..".to_owned(), vec![])]).is_err());
        assert!(!config_map("x", None, [("b".to_owned(), vec![0xff])]).unwrap().binary_data.is_empty());
    }
}
