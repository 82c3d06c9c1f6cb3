//! `pod get`: listing pods, and objects that are kept.

use clap::Args;
use manifest::kind::Object;
use registry::{Name, Registry};
use serde_json::{Value, json};

use super::create::{Format, by_hand};
use super::keep::plain;
use super::which::{Scope, Which, which};
use crate::answer::{Answer, Complaint};
use crate::clock;
use crate::error::Error;
use crate::look;
use crate::objects::Objects;
use crate::output::{Made, Shape};
use crate::show::objects::{Columns, table};
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
            Ok(None) => None,
            Ok(Some(all)) if matches!(all.as_slice(), [one] if is_pods(one)) => None,
            Ok(Some(all)) => Some(self.answer(&all).into()),
            Err(complaint) => Some(complaint.into()),
        }
    }

    /// The pods by hand that were asked for.
    ///
    /// # Errors
    /// When one of those named is not there or cannot be read, or the registry cannot.
    pub fn pods(&self, registry: &Registry) -> Result<Vec<PodView>, Error> {
        let names = match which(&self.words) {
            Ok(Some(all)) => all.into_iter().flat_map(|which| which.names).collect(),
            _ => self.words.clone(),
        };
        if names.is_empty() {
            return look::pods(registry);
        }
        let name = |name: String| Name::try_from(name).map_err(Error::from);
        names.into_iter().map(|text| look::pod(registry, &name(text)?)).collect()
    }

    /// How pods by hand are to be shown.
    ///
    /// # Errors
    /// Not as it was typed.
    pub fn format(&self) -> Result<Format, Error> {
        by_hand(&self.shape)
    }

    fn answer(&self, all: &[Which]) -> Result<Answer, Complaint> {
        if let [Which { resource, .. }, _, ..] = all
            && all.iter().any(is_pods)
        {
            let trouble = format!("pods are not listed together with {} yet: ask for them alone", resource.plural);
            return Err(Complaint::NotYet(trouble));
        }
        let mut answer = Answer::default();
        let wide = self.shape.word() == "wide";
        let printer = if wide { None } else { Some(self.shape.printer_of_list()?) };
        let objects = Objects::of_this_user().map_err(|error| plain(&error))?;
        let mut found: Vec<(&Which, Vec<Object>)> = Vec::new();
        for which in all {
            let (of_it, missing) = self.scope.find(&objects, which)?;
            answer.complaints.extend(missing);
            found.push((which, of_it));
        }
        let shows_table = wide || self.shape.is_default();
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
            let elsewhere = self.scope.all_namespaces || all.iter().all(|which| !which.resource.namespaced);
            answer.notes.push(if elsewhere {
                "No resources found".to_owned()
            } else {
                format!("No resources found in {} namespace.", self.scope.namespace())
            });
        }
        Ok(answer)
    }
}

pub(super) fn is_pods(which: &Which) -> bool {
    which.resource.kind == "Pod"
}

/// Several objects as an API server hands them out.
fn list(values: &[Value]) -> Value {
    json!({ "apiVersion": "v1", "items": values, "kind": "List", "metadata": { "resourceVersion": "" } })
}
