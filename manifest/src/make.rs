//! Objects from the words of a command line: `create configmap`, `create secret`, `run`.

use serde_json::{Value, json};

use crate::kind::{ConfigMap, ObjectMeta, Secret};
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
    pub port: Option<u16>,
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
        set("env", run.env.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect());
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
