//! `pod get`: listing pods, and objects that are kept.

use clap::Args;
use manifest::kind::{Object, Resource};
use registry::{Name, Registry};
use serde_json::{Value, json};

use super::create::{Format, by_hand};
use super::keep::plain;
use super::lives::as_it_does;
use super::which::{Scope, Which, which};
use crate::answer::{Answer, Complaint};
use crate::clock;
use crate::columns::{Columns, table};
use crate::error::Error;
use crate::look;
use crate::objects::Objects;
use crate::output::{Made, Shape};
use crate::view::PodView;

/// List pods, or what is kept of a kind.
#[derive(Debug, Args)]
pub struct Get {
    /// Pods made by hand, by name [default: all]; or a kind and names: cm web, cm,secret, cm/web
    #[arg(value_name = "NAME|KIND [NAME]|KIND/NAME")]
    words: Vec<String>,

    #[command(flatten)]
    scope: Scope,

    /// Show the labels, too
    #[arg(long)]
    show_labels: bool,

    /// A label that is to have a column of its own
    #[arg(short = 'L', long, value_name = "KEY", value_delimiter = ',')]
    label_columns: Vec<String>,

    /// Leave the heading out
    #[arg(long)]
    no_headers: bool,

    #[command(flatten)]
    shape: Shape,
}

impl Get {
    /// What it comes to, unless pods by hand are meant.
    #[must_use]
    pub fn run(&self) -> Option<Answer> {
        match which(&self.words) {
            Ok(None) if self.is_everything() => self.everything(),
            Ok(None) => None,
            Ok(Some(all)) => Some(self.answer(&all).into()),
            Err(complaint) => Some(complaint.into()),
        }
    }

    fn shows_table(&self) -> bool {
        self.shape.word() == "wide" || self.shape.is_default()
    }

    /// Whether nothing was named: pods of manifests are meant then, and after them those made by hand.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.words.is_empty() && self.shows_table()
    }

    fn everything(&self) -> Option<Answer> {
        let all = [Which { resource: Resource::find("pods")?, names: Vec::new() }];
        let answer: Answer = self.answer(&all).into();
        Some(answer).filter(|answer| !answer.text.is_empty() || !answer.complaints.is_empty())
    }

    /// The pods by hand that were asked for.
    ///
    /// # Errors
    /// When one of those named is not there or cannot be read, or the registry cannot.
    pub fn pods(&self, registry: &Registry) -> Result<Vec<PodView>, Error> {
        if self.words.is_empty() {
            let pods = look::pods(registry)?;
            return Ok(pods.into_iter().filter(|pod| pod.object.is_none()).collect());
        }
        let name = |name: &String| Name::try_from(name.clone()).map_err(Error::from);
        self.words.iter().map(|text| look::pod(registry, &name(text)?)).collect()
    }

    /// How pods by hand are to be shown.
    ///
    /// # Errors
    /// Not as it was typed.
    pub fn format(&self) -> Result<Format, Error> {
        by_hand(&self.shape)
    }

    fn answer(&self, all: &[Which]) -> Result<Answer, Complaint> {
        let mut answer = Answer::default();
        let wide = self.shape.word() == "wide";
        let printer = if wide { None } else { Some(self.shape.printer_of_list()?) };
        let objects = Objects::of_this_user().map_err(|error| plain(&error))?;
        let mut found: Vec<(&Which, Vec<Object>)> = Vec::new();
        for which in all {
            let (of_it, missing) = self.scope.find(&objects, which)?;
            answer.complaints.extend(missing);
            found.push((which, of_it.into_iter().map(|object| with_status(object, &mut answer)).collect()));
        }
        let shows_table = self.shows_table();
        if let Some(printer) = printer.filter(|_| !shows_table) {
            let values: Vec<Value> = found.iter().flat_map(|(_, of_it)| of_it).map(Object::to_value).collect();
            if !printer.shows_objects() {
                for value in values {
                    answer.text.push_str(&printer.text(Made { value, done: String::new() })?);
                }
                return Ok(answer);
            }
            let single = matches!(all, [Which { names, .. }] if names.len() == 1);
            answer.text = match values.as_slice() {
                [] if single => String::new(),
                [value] if single => printer.text(Made { value: value.clone(), done: String::new() })?,
                values => printer.text(Made { value: list(values), done: String::new() })?,
            };
            return Ok(answer);
        }
        let now = clock::now();
        let columns = Columns {
            namespace: false,
            kind: all.len() > 1,
            wide,
            labels: self.show_labels,
            label: self.label_columns.clone(),
            heading: !self.no_headers,
        };
        for (which, of_it) in found.iter().filter(|(_, of_it)| !of_it.is_empty()) {
            if !answer.text.is_empty() {
                answer.text.push('\n');
            }
            let namespace = self.scope.all_namespaces && which.resource.namespaced;
            answer.text.push_str(&table(which.resource, of_it, &Columns { namespace, ..columns.clone() }, now));
        }
        if answer.text.is_empty() && answer.complaints.is_empty() && !self.scope.ignore_not_found {
            answer.notes.push(self.scope.nothing(all.iter().any(|which| which.resource.namespaced)));
        }
        Ok(answer)
    }
}

fn with_status(object: Object, answer: &mut Answer) -> Object {
    let Object::Pod(pod) = object else { return object };
    Object::Pod(as_it_does(pod, answer).pod)
}

pub(super) fn is_pods(which: &Which) -> bool {
    which.resource.kind == "Pod"
}

/// Several objects as an API server hands them out.
fn list(values: &[Value]) -> Value {
    json!({ "apiVersion": "v1", "items": values, "kind": "List", "metadata": { "resourceVersion": "" } })
}
