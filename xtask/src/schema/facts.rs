//! What Kubernetes says of its fields, as facts: names, types, keys that lists merge by. One line a field.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context, bail};

/// The kinds that we read: their type and the group and version they are of.
pub(crate) const ROOTS: [(&str, &str); 13] = [
    ("Pod", "v1"),
    ("ConfigMap", "v1"),
    ("Secret", "v1"),
    ("PersistentVolumeClaim", "v1"),
    ("ServiceAccount", "v1"),
    ("Namespace", "v1"),
    ("Service", "v1"),
    ("Deployment", "apps/v1"),
    ("ReplicaSet", "apps/v1"),
    ("DaemonSet", "apps/v1"),
    ("StatefulSet", "apps/v1"),
    ("Job", "batch/v1"),
    ("CronJob", "batch/v1"),
];

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expr {
    /// One of the words for what is no type of its own: `string`, `int32`, `quantity` and the like.
    Plain(String),
    List(Box<Self>),
    Map(Box<Self>),
    Type(String),
}

/// A field of a type.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) expr: Expr,
    pub(crate) required: bool,
    /// The key that a strategic patch merges a list of objects by.
    pub(crate) merge_key: Option<String>,
    /// What a strategic patch does to it: `merge`, `retainKeys`.
    pub(crate) strategy: Vec<String>,
    /// The type's name in a complaint of a cluster, where it does not follow from what it holds.
    pub(crate) go: Option<String>,
    /// The name of the structure within the type that a complaint of a cluster puts before the field.
    pub(crate) inline: Option<String>,
}

/// Every type, by name, with its fields in order of their names.
pub(crate) type Facts = BTreeMap<String, Vec<Field>>;

const PLAIN: [&str; 9] = ["string", "int32", "int64", "bool", "bytes", "time", "quantity", "intorstring", "any"];

impl Expr {
    fn parse(text: &str) -> Self {
        if let Some(of) = text.strip_prefix("[]") {
            Self::List(Box::new(Self::parse(of)))
        } else if let Some(of) = text.strip_prefix("map ") {
            Self::Map(Box::new(Self::parse(of)))
        } else if PLAIN.contains(&text) {
            Self::Plain(text.to_owned())
        } else {
            Self::Type(text.to_owned())
        }
    }

    /// As it stands in the facts, and in our pages.
    pub(crate) fn show(&self) -> String {
        match self {
            Self::Plain(word) | Self::Type(word) => word.clone(),
            Self::List(of) => format!("[]{}", of.show()),
            Self::Map(of) => format!("map {}", of.show()),
        }
    }

    /// The type at the bottom of it, if it is one.
    pub(crate) fn target(&self) -> Option<&str> {
        match self {
            Self::Plain(_) => None,
            Self::List(of) | Self::Map(of) => of.target(),
            Self::Type(name) => Some(name),
        }
    }
}

/// Reads the facts as they were written.
pub(crate) fn parse(text: &str) -> anyhow::Result<Facts> {
    let mut facts = Facts::new();
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let mut columns = line.split('\t');
        let mut column = || columns.next().with_context(|| format!("a column is missing: {line}"));
        let (of, name, expr) = (column()?, column()?, column()?);
        let mut field = Field {
            name: name.to_owned(),
            expr: Expr::parse(expr),
            required: false,
            merge_key: None,
            strategy: Vec::new(),
            go: None,
            inline: None,
        };
        for flag in columns {
            match flag.split_once('=') {
                None if flag == "required" => field.required = true,
                Some(("key", key)) => field.merge_key = Some(key.to_owned()),
                Some(("patch", words)) => field.strategy = words.split(',').map(str::to_owned).collect(),
                Some(("go", name)) => field.go = Some(name.to_owned()),
                Some(("inline", name)) => field.inline = Some(name.to_owned()),
                _ => bail!("a flag that means nothing: {flag} in {line}"),
            }
        }
        facts.entry(of.to_owned()).or_default().push(field);
    }
    Ok(facts)
}

/// Writes the facts as `parse` reads them.
pub(crate) fn write(facts: &Facts, version: &str) -> String {
    let mut text = format!(
        "# The fields of Kubernetes {version}, from its published schemas: type, field, what it holds, flags.\n\
         # Written by `cargo xtask schema --from DIR`. The schemas are Apache-2.0, of the Kubernetes authors.\n"
    );
    for (of, fields) in facts {
        for field in fields {
            let _ = write!(text, "{of}\t{}\t{}", field.name, field.expr.show());
            if field.required {
                text.push_str("\trequired");
            }
            for (flag, value) in [("key", &field.merge_key), ("go", &field.go), ("inline", &field.inline)] {
                if let Some(value) = value {
                    let _ = write!(text, "\t{flag}={value}");
                }
            }
            if !field.strategy.is_empty() {
                let _ = write!(text, "\tpatch={}", field.strategy.join(","));
            }
            text.push('\n');
        }
    }
    text
}
