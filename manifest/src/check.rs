//! What an API server refuses, in its words.

mod config;
mod container;
mod env;
mod meta;
mod names;
mod placement;
mod pod;
mod probe;
mod resources;
mod security;
mod support;
mod update;
mod volume;
mod workload;

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::emit::compact;
use crate::kind::Object;

pub(crate) use names::config_key;
pub use names::{env_name, label_value};
pub use support::{Mention, mentions};

/// A field that may not be as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Invalid {
    /// Which: `spec.containers[0].image`.
    pub path: String,
    /// Why.
    pub trouble: Trouble,
}

/// Why a field may not be as it is.
#[derive(Clone, Debug, PartialEq)]
pub enum Trouble {
    /// It is not there.
    Required(String),
    /// It has this value, and that is wrong.
    Value(Value, String),
    /// It has this value, and only those are known.
    Unsupported(Value, Vec<&'static str>),
    /// It has the value of another.
    Duplicate(Value),
    /// It names something that is not there.
    NotFound(Value),
    /// It must not be there.
    Forbidden(String),
    /// It has more bytes than that.
    TooLong(usize),
    /// It has so many items, more than that.
    TooMany(usize, usize),
}

/// In an API server's words.
impl fmt::Display for Invalid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let with = |detail: &str| if detail.is_empty() { String::new() } else { format!(": {detail}") };
        write!(formatter, "{}: ", self.path)?;
        match &self.trouble {
            Trouble::Required(detail) => write!(formatter, "Required value{}", with(detail)),
            Trouble::Value(value, detail) => write!(formatter, "Invalid value: {}{}", show(value), with(detail)),
            Trouble::Unsupported(value, supported) => {
                let all: Vec<String> = supported.iter().map(|value| format!("{value:?}")).collect();
                write!(formatter, "Unsupported value: {}: supported values: {}", show(value), all.join(", "))
            }
            Trouble::Duplicate(value) => write!(formatter, "Duplicate value: {}", show(value)),
            Trouble::NotFound(value) => write!(formatter, "Not found: {}", show(value)),
            Trouble::Forbidden(detail) => write!(formatter, "Forbidden{}", with(detail)),
            Trouble::TooLong(most) => write!(formatter, "Too long: may not be more than {most} bytes"),
            Trouble::TooMany(count, most) => write!(formatter, "Too many: {count}: must have at most {most} items"),
        }
    }
}

fn show(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text:?}"),
        other => compact(other).replace("\\u003c", "<").replace("\\u003e", ">").replace("\\u0026", "&"),
    }
}

/// An object that may not be as it is, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// `Pod "web"`.
    who: String,
    /// Each trouble, with its path.
    pub causes: Vec<String>,
}

impl Refused {
    /// What was found to be wrong with an object.
    #[must_use]
    pub fn of(object: &Object, found: &[Invalid]) -> Self {
        let metadata = object.metadata();
        let name = metadata.name.as_deref().or(metadata.generate_name.as_deref()).unwrap_or_default();
        let who = format!("{} {name:?}", object.kind());
        Self { who, causes: found.iter().map(ToString::to_string).collect() }
    }

    /// `The Pod "web" is invalid: …`: one trouble on the same line, several on lines of their own.
    #[must_use]
    pub fn sentence(&self) -> String {
        let head = format!("The {} is invalid: ", self.who);
        match self.causes.as_slice() {
            [one] => format!("{head}{one}"),
            several => several.iter().fold(head, |text, one| format!("{text}\n* {one}")),
        }
    }

    /// The same within another sentence: `Pod "web" is invalid: …`, with several in brackets.
    #[must_use]
    pub fn message(&self) -> String {
        match self.causes.as_slice() {
            [one] => format!("{} is invalid: {one}", self.who),
            several => format!("{} is invalid: [{}]", self.who, several.join(", ")),
        }
    }
}

/// `The Pod "web" is invalid: …`: one trouble on the same line, several on lines of their own.
#[must_use]
pub fn sentence(object: &Object, found: &[Invalid]) -> String {
    Refused::of(object, found).sentence()
}

impl Object {
    /// Whether it may be made, after its defaults were filled in.
    #[must_use]
    pub fn check(&self) -> Vec<Invalid> {
        let mut found = Found::default();
        match self {
            Self::Pod(object) => pod::pod(object, &mut found),
            Self::ConfigMap(object) => config::config_map(object, &mut found),
            Self::Secret(object) => config::secret(object, &mut found),
            Self::PersistentVolumeClaim(object) => config::claim(object, &mut found),
            Self::ServiceAccount(object) => config::account(object, &mut found),
            Self::Namespace(object) => config::namespace(object, &mut found),
            Self::Service(object) => config::service(object, &mut found),
            Self::Deployment(object) => workload::deployment(object, &mut found),
            Self::ReplicaSet(object) => workload::replica_set(object, &mut found),
            Self::DaemonSet(object) => workload::daemon_set(object, &mut found),
            Self::StatefulSet(object) => workload::stateful_set(object, &mut found),
            Self::Job(object) => workload::job(object, &mut found),
            Self::CronJob(object) => workload::cron_job(object, &mut found),
        }
        found.all
    }

    /// The same of one that is to be made.
    #[must_use]
    pub fn check_new(&self) -> Vec<Invalid> {
        let mut found = Found { all: self.check() };
        if let Self::Pod(object) = self {
            pod::new(object, &mut found);
        }
        found.all
    }

    /// Whether this may become of an object that is there: what may not be changed.
    #[must_use]
    pub fn check_update(&self, before: &Self) -> Vec<Invalid> {
        let mut found = Found::default();
        update::update(self, before, &mut found);
        found.all
    }
}

/// What was found so far.
#[derive(Default)]
struct Found {
    all: Vec<Invalid>,
}

impl Found {
    fn add(&mut self, path: &Path, trouble: Trouble) {
        self.all.push(Invalid { path: path.0.clone(), trouble });
    }

    fn required(&mut self, path: &Path, detail: &str) {
        self.add(path, Trouble::Required(detail.to_owned()));
    }

    fn value(&mut self, path: &Path, value: impl Into<Value>, detail: impl Into<String>) {
        self.add(path, Trouble::Value(value.into(), detail.into()));
    }

    fn forbidden(&mut self, path: &Path, detail: impl Into<String>) {
        self.add(path, Trouble::Forbidden(detail.into()));
    }

    fn duplicate(&mut self, path: &Path, value: impl Into<Value>) {
        self.add(path, Trouble::Duplicate(value.into()));
    }

    /// One of these words.
    fn one_of(&mut self, path: &Path, value: &str, supported: &[&'static str]) {
        if !supported.contains(&value) {
            self.add(path, Trouble::Unsupported(value.into(), supported.to_vec()));
        }
    }

    /// One of these words, and there at all.
    fn required_one_of(&mut self, path: &Path, value: Option<&str>, supported: &[&'static str]) {
        match value.unwrap_or_default() {
            "" => self.required(path, ""),
            value => self.one_of(path, value, supported),
        }
    }

    /// Each of what a rule of names has to say.
    fn named(&mut self, path: &Path, value: &str, troubles: Vec<String>) {
        for trouble in troubles {
            self.value(path, value, trouble);
        }
    }

    fn not_negative(&mut self, path: &Path, value: Option<impl Into<i64>>) {
        if let Some(number) = value.map(Into::into).filter(|number| *number < 0) {
            self.value(path, number, "must be greater than or equal to 0");
        }
    }

    fn range(&mut self, path: &Path, value: impl Into<i64>, least: i64, most: i64) {
        let value = value.into();
        if !(least..=most).contains(&value) {
            self.value(path, value, format!("must be between {least} and {most}, inclusive"));
        }
    }
}

/// A path to a field.
#[derive(Clone)]
struct Path(String);

impl Path {
    fn new(root: &str) -> Self {
        Self(root.to_owned())
    }

    fn child(&self, name: &str) -> Self {
        Self(format!("{}.{name}", self.0))
    }

    fn index(&self, index: usize) -> Self {
        Self(format!("{}[{index}]", self.0))
    }

    fn key(&self, key: &str) -> Self {
        Self(format!("{}[{key}]", self.0))
    }
}

/// A value as a complaint shows it.
fn shown(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}
