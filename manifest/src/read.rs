//! From text to objects, in kubectl's words where that does not go: documents, lists, heads, strict decoding.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use crate::emit::compact;
use crate::kind::Object;
use crate::schema::{self, Root};
use crate::strict::{Complaint, Fault, hold};
use crate::text::{Budget, Content, Node, Place, SyntaxError, documents};

/// What is done about fields that there are not and keys that are given twice: `--validate`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Validate {
    /// They are an error.
    #[default]
    Strict,
    /// They are warnings.
    Warn,
    /// Nothing is said.
    Ignore,
}

impl FromStr for Validate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "strict" | "true" => Ok(Self::Strict),
            "warn" => Ok(Self::Warn),
            "ignore" | "false" => Ok(Self::Ignore),
            _ => Err(format!(
                r#"invalid - validate option {text:?}; must be one of: strict (or true), warn, ignore (or false)"#
            )),
        }
    }
}

/// An object as it was written: its head is understood, nothing else.
#[derive(Clone, Debug)]
pub struct Written {
    /// What the text is called.
    pub source: String,
    /// All that was written.
    pub node: Node,
    root: &'static Root,
}

/// A text, or a document of it, that is not an object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It is neither YAML nor JSON.
    #[error("error parsing {file}: error converting YAML to JSON: yaml: line {line}: {message}\n  {file}:{line}:{column}", line = error.place.line, column = error.place.column, message = error.message)]
    Syntax {
        /// The text.
        file: String,
        /// What is wrong, and where.
        error: SyntaxError,
    },
    /// It is no mapping.
    #[error("unable to decode {file:?}: json: cannot unmarshal {kind} into Go value of type unstructured.detector\n  {file}:{line}:{column}", line = place.line, column = place.column)]
    NoObject {
        /// The text.
        file: String,
        /// What it is instead.
        kind: &'static str,
        /// Where.
        place: Place,
    },
    /// It does not say what it is.
    #[error("error validating {file:?}: error validating data: {missing}; if you choose to ignore these errors, turn validation off with --validate=false\n  {file}:{line}:{column}", line = place.line, column = place.column)]
    NoHead {
        /// The text.
        file: String,
        /// What is not set.
        missing: String,
        /// The first of it.
        head: &'static str,
        /// All that was written, in one line of JSON.
        content: String,
        /// Where the object begins.
        place: Place,
    },
    /// What every kind has is of the wrong type.
    #[error("unable to decode {file:?}: {trouble}\n  {file}:{line}:{column}", line = place.line, column = place.column)]
    Metadata {
        /// The text.
        file: String,
        /// What is wrong, in Go's words.
        trouble: String,
        /// Where.
        place: Place,
    },
    /// It is something that we do not know.
    #[error("resource mapping not found for {who} from {file:?}: no matches for kind {kind:?} in version {version:?}\nensure CRDs are installed first\n  {file}:{line}:{column}", line = place.line, column = place.column)]
    NoMatch {
        /// The text.
        file: String,
        /// The kind.
        kind: String,
        /// Its group and version.
        version: String,
        /// The object's name and namespace.
        who: String,
        /// Where it says so.
        place: Place,
    },
}

impl ReadError {
    /// The same in the words of a verb that validates nothing.
    #[must_use]
    pub fn unvalidated(&self) -> String {
        match self {
            Self::NoHead { file, head, content, place, .. } => {
                let (line, column) = (place.line, place.column);
                format!(
                    "unable to decode {file:?}: Object '{head}' is missing in '{content}'\n  {file}:{line}:{column}"
                )
            }
            other => other.to_string(),
        }
    }
}

/// Every object of a text, in order; lists are taken apart.
#[must_use]
pub fn read(text: &str, source: &str, budget: &Budget) -> Vec<Result<Written, ReadError>> {
    let mut found = Vec::new();
    for document in documents(text, budget) {
        match document {
            Ok(node) => found.extend(heads(node, source).into_iter().map(|head| head.and_then(Head::known))),
            Err(error) => found.push(Err(ReadError::Syntax { file: source.to_owned(), error })),
        }
    }
    found
}

/// An object of any kind, known or not: it says what it is.
#[derive(Clone, Debug)]
pub struct Head {
    /// What the text is called.
    pub source: String,
    /// All that was written.
    pub node: Node,
}

/// The objects of a document: one, those of a list, or none.
#[must_use]
pub fn heads(node: Node, source: &str) -> Vec<Result<Head, ReadError>> {
    let mut found = Vec::with_capacity(1);
    take(node, source, &mut found);
    found
}

fn take(node: Node, source: &str, found: &mut Vec<Result<Head, ReadError>>) {
    let file = || source.to_owned();
    match &node.content {
        Content::Map(_) => {}
        Content::Null => return,
        _ => {
            found.push(Err(ReadError::NoObject { file: file(), kind: node.kind(), place: node.place }));
            return;
        }
    }
    let word = |key: &str| node.get(key).and_then(Node::as_text).filter(|text| !text.is_empty());
    let (version, kind) = (word("apiVersion"), word("kind"));
    let (Some(_), Some(kind)) = (version, kind) else {
        let missing: Vec<&str> = [("apiVersion not set", version), ("kind not set", kind)]
            .into_iter()
            .filter_map(|(words, there)| there.is_none().then_some(words))
            .collect();
        let missing = if missing.len() > 1 { format!("[{}]", missing.join(", ")) } else { missing.concat() };
        let head = if kind.is_none() { "Kind" } else { "apiVersion" };
        let content = compact(&node.to_value());
        found.push(Err(ReadError::NoHead { file: file(), missing, head, content, place: node.place }));
        return;
    };
    match items(&node, kind) {
        Some(items) => items.iter().for_each(|item| take(item.clone(), source, found)),
        None => found.push(Ok(Head { source: file(), node })),
    }
}

impl Head {
    /// The same, if its kind is one that we know.
    ///
    /// # Errors
    /// It is not.
    pub fn known(self) -> Result<Written, ReadError> {
        let word = |node: &Node, key: &str| node.get(key).and_then(Node::as_text).unwrap_or_default().to_owned();
        let Self { source, node } = self;
        let (version, kind) = (word(&node, "apiVersion"), word(&node, "kind"));
        if let Some(root) = schema::root(&version, &kind) {
            return Ok(Written { source, node, root });
        }
        let meta = |key: &str| node.get("metadata").map(|metadata| word(metadata, key)).unwrap_or_default();
        let who = format!("name: {:?} namespace: {:?}", meta("name"), meta("namespace"));
        let place = node.get("kind").map_or(node.place, |node| node.place);
        Err(ReadError::NoMatch { file: source, kind, version, who, place })
    }

    /// Looks at what every kind has.
    ///
    /// # Errors
    /// A value of the wrong type in its `metadata`.
    pub fn check_metadata(&self) -> Result<(), ReadError> {
        let Some(metadata) = self.node.get("metadata") else { return Ok(()) };
        if !matches!(metadata.content, Content::Map(_) | Content::Null) {
            let field = "metadataOnlyObject.metadata of type v1.ObjectMeta";
            let trouble = format!("json: cannot unmarshal {} into Go struct field {field}", metadata.kind());
            return Err(ReadError::Metadata { file: self.source.clone(), trouble, place: metadata.place });
        }
        let Some(of) = schema::named("ObjectMeta") else { return Ok(()) };
        match hold(metadata, of).wrong.into_iter().next() {
            None => Ok(()),
            Some(complaint) => {
                let (file, place) = (self.source.clone(), complaint.place);
                let trouble = complaint.to_string().replacen(" ObjectMeta.", " ObjectMeta.metadata.", 1);
                Err(ReadError::Metadata { file, trouble, place })
            }
        }
    }
}

/// What is in a list: a `List`, or a kind's own, such as `PodList`.
fn items<'a>(node: &'a Node, kind: &str) -> Option<&'a [Node]> {
    let of = kind.strip_suffix("List")?;
    (of.is_empty() || schema::roots().iter().any(|root| root.kind == of))
        .then(|| node.get("items").and_then(Node::as_list).unwrap_or_default())
}

/// An object that holds to its schema, and what there is to say of how it was written.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// The object.
    pub object: Object,
    /// What was let pass.
    pub warnings: Vec<Complaint>,
}

/// An object that does not hold to its schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What the text is called.
    pub source: String,
    /// The kind.
    pub kind: &'static str,
    /// Its group and version.
    pub version: String,
    /// What is wrong, all of it; what is of the wrong type before what there is not.
    pub complaints: Vec<Complaint>,
}

impl Refusal {
    /// A cluster's sentence, without what led to it: `Pod in version "v1" cannot be handled as a Pod: …`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let is_wrong = |complaint: &&Complaint| matches!(complaint.fault, Fault::Wrong(_));
        let trouble = match self.complaints.iter().find(is_wrong) {
            Some(first) => first.to_string(),
            None => {
                let all: Vec<String> = self.complaints.iter().map(ToString::to_string).collect();
                format!("strict decoding error: {}", all.join(", "))
            }
        };
        let (kind, version) = (self.kind, &self.version);
        format!("{kind} in version {version:?} cannot be handled as a {kind}: {trouble}")
    }

    /// A line for each complaint: where, what, and what was probably meant.
    #[must_use]
    pub fn places(&self) -> Vec<String> {
        self.complaints.iter().map(|complaint| place_line(&self.source, complaint)).collect()
    }
}

/// `web.yaml:7:5: spec.containers[0].imagge: no such field; did you mean image?`
#[must_use]
pub fn place_line(source: &str, complaint: &Complaint) -> String {
    let Complaint { path, place, fault } = complaint;
    let what = match fault {
        Fault::Unknown(None) => "no such field".to_owned(),
        Fault::Unknown(Some(near)) => format!("no such field; did you mean {near}?"),
        Fault::Doubled => "given twice".to_owned(),
        Fault::Wrong(words) => {
            match words.rsplit_once(" of type ").zip(words.strip_prefix("json: cannot unmarshal ")) {
                Some(((_, expected), rest)) => {
                    let found = rest.split(" into ").next().unwrap_or_default();
                    format!("{found} where {expected} belongs")
                }
                None => words.clone(),
            }
        }
    };
    format!("{source}:{}:{}: {path}: {what}", place.line, place.column)
}

/// The sentence, then a line for each complaint.
impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.sentence())?;
        self.places().iter().try_for_each(|line| write!(formatter, "\n  {line}"))
    }
}

impl std::error::Error for Refusal {}

impl Written {
    /// The kind.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.root.kind
    }

    /// Where its fields are described.
    #[must_use]
    pub fn root(&self) -> &'static Root {
        self.root
    }

    /// The group and version that were written.
    #[must_use]
    pub fn api_version(&self) -> &str {
        self.node.get("apiVersion").and_then(Node::as_text).unwrap_or_default()
    }

    /// The group and version if they are not today's.
    #[must_use]
    pub fn former_version(&self) -> Option<&str> {
        Some(self.api_version()).filter(|version| *version != self.root.api_version)
    }

    /// All that was written, as JSON.
    #[must_use]
    pub fn to_value(&self) -> Value {
        self.node.to_value()
    }

    /// The same in today's group and version.
    #[must_use]
    pub fn converted(&self) -> Value {
        let mut value = self.to_value();
        if let Value::Object(object) = &mut value {
            object.insert("apiVersion".to_owned(), Value::from(self.root.api_version));
        }
        value
    }

    /// The object, if it holds to its schema. An old group's is today's.
    ///
    /// # Errors
    /// A field that there is not, a key given twice (both unless `validate` lets them pass), or a value of the wrong type.
    pub fn decode(&self, validate: Validate) -> Result<Decoded, Refusal> {
        let held = hold(&self.node, self.root.of);
        let loose_is_wrong = validate == Validate::Strict && !held.loose.is_empty();
        let refuse = |complaints| Refusal {
            source: self.source.clone(),
            kind: self.root.kind,
            version: self.api_version().to_owned(),
            complaints,
        };
        if loose_is_wrong || !held.wrong.is_empty() {
            let loose = if loose_is_wrong { held.loose } else { Vec::new() };
            return Err(refuse(held.wrong.into_iter().chain(loose).collect()));
        }
        match Object::from_value(self.root.kind, held.value) {
            Ok(mut object) => {
                object.set_head(self.root.api_version);
                let warnings = if validate == Validate::Warn { held.loose } else { Vec::new() };
                Ok(Decoded { object, warnings })
            }
            // The schema and the types are made of one table, so this cannot be; if it is, it is told.
            Err(error) => {
                let fault = Fault::Wrong(error.to_string());
                Err(refuse(vec![Complaint { path: String::new(), place: self.node.place, fault }]))
            }
        }
    }
}
