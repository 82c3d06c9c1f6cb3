//! `pod get`: listing pods, and objects that are kept.

mod events;
mod sort;
mod watch;

use clap::Args;
use manifest::jsonpath::Columns as Custom;
use manifest::kind::{Object, Resource};
use registry::{Name, Registry};
use serde_json::{Value, json};

use super::create::{Format, by_hand};
use super::fields;
use super::keep::plain;
use super::lives::as_it_does;
use super::which::{Scope, Which, everything, which};
use crate::answer::{Answer, Complaint};
use crate::clock;
use crate::columns::{Aligned, Columns, table};
use crate::error::Error;
use crate::look::{self, Depth};
use crate::objects::Objects;
use crate::output::{Made, Printer, Shape};
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

    /// The kind before each name
    #[arg(long)]
    show_kind: bool,

    /// Only objects whose fields are like this: status.phase=Running,metadata.name!=web
    #[arg(long, value_name = "SELECTOR")]
    field_selector: Option<String>,

    /// In the order of what this path finds: .metadata.creationTimestamp
    #[arg(long, value_name = "JSONPATH")]
    sort_by: Option<String>,

    /// Go on with a row for each change
    #[arg(short, long)]
    watch: bool,

    /// Only rows of changes
    #[arg(long)]
    watch_only: bool,

    #[command(flatten)]
    shape: Shape,
}

/// How what was found is shown.
enum Form {
    Table,
    Columns(Custom),
    Printed(Printer),
}

/// An object, and the same as it is shown and selected by.
struct Shown {
    object: Object,
    value: Value,
}

impl Get {
    /// What it comes to, unless pods by hand are meant.
    #[must_use]
    pub fn run(&self) -> Option<Answer> {
        if self.words.first().is_some_and(|word| events::is_meant(word)) {
            return Some(self.events().into());
        }
        if self.words == ["all"] {
            return Some(self.answer(&everything()).into());
        }
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
            let depth = if self.shows_table() { Depth::Row } else { Depth::Whole };
            let pods = look::pods(registry, depth)?;
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
        if self.is_wide() { Ok(Format::Text) } else { by_hand(&self.shape) }
    }

    /// Whether there is room for all columns.
    #[must_use]
    pub fn is_wide(&self) -> bool {
        self.shape.word() == "wide"
    }

    fn form(&self) -> Result<Form, Complaint> {
        if self.shows_table() {
            return Ok(Form::Table);
        }
        if let Some(columns) = self.shape.columns()? {
            return Ok(Form::Columns(columns));
        }
        self.shape.printer_of_list().map(Form::Printed)
    }

    fn columns(&self, which: &Which, several: bool) -> Columns {
        Columns {
            namespace: self.scope.all_namespaces && which.resource.namespaced,
            kind: several || self.show_kind,
            wide: self.shape.word() == "wide",
            labels: self.show_labels,
            label: self.label_columns.clone(),
            heading: !self.no_headers,
        }
    }

    /// The objects that are meant, as they do; what is to be said of others is in the answer.
    fn found(&self, objects: &Objects, which: &Which, answer: &mut Answer) -> Result<Vec<Shown>, Complaint> {
        let fields = fields::parse(self.field_selector.as_deref())?;
        if fields.is_some() && !which.names.is_empty() {
            return Err(Complaint::plain("name cannot be provided when a selector is specified"));
        }
        let (found, missing) = self.scope.find(objects, which)?;
        answer.complaints.extend(missing);
        let mut shown = Vec::with_capacity(found.len());
        for object in found {
            let object = with_status(object, answer);
            let value = object.to_value();
            let selected = fields.as_ref().map(|fields| fields::selects(fields, which.resource, &value)).transpose()?;
            if selected != Some(false) {
                shown.push(Shown { object, value });
            }
        }
        Ok(shown)
    }

    fn answer(&self, all: &[Which]) -> Result<Answer, Complaint> {
        let mut answer = Answer::default();
        let form = self.form()?;
        let objects = Objects::of_this_user().map_err(|error| plain(&error))?;
        let mut found: Vec<(&Which, Vec<Shown>)> = Vec::new();
        for which in all {
            found.push((which, self.found(&objects, which, &mut answer)?));
        }
        let single = matches!(all, [Which { names, .. }] if names.len() == 1);
        match form {
            Form::Table => self.tables(found, &mut answer)?,
            Form::Columns(columns) => {
                let mut rows: Vec<Vec<String>> = Vec::new();
                rows.extend((!self.no_headers).then(|| heading(&columns)));
                for value in self.sorted(found)? {
                    rows.push(columns.row(&value).map_err(Complaint::plain)?);
                }
                // Of one that is not there nothing is shown.
                if !single || answer.complaints.is_empty() {
                    answer.text = Aligned::default().text(&rows);
                }
            }
            Form::Printed(printer) => {
                let values = self.sorted(found)?;
                if !printer.shows_objects() {
                    for value in values {
                        answer.text.push_str(&printer.text(Made { value, done: String::new() })?);
                    }
                    return Ok(answer);
                }
                answer.text = match values.as_slice() {
                    [] if single => String::new(),
                    [value] if single => printer.text(Made { value: value.clone(), done: String::new() })?,
                    values => printer.text(Made { value: list(values), done: String::new() })?,
                };
            }
        }
        Ok(answer)
    }

    /// All that was found, in the order that is wanted.
    fn sorted(&self, found: Vec<(&Which, Vec<Shown>)>) -> Result<Vec<Value>, Complaint> {
        let mut values: Vec<Value> = found.into_iter().flat_map(|(_, of_it)| of_it).map(|one| one.value).collect();
        if let Some(path) = &self.sort_by {
            sort::sort(&mut values, path, |value| value)?;
        }
        Ok(values)
    }

    fn tables(&self, found: Vec<(&Which, Vec<Shown>)>, answer: &mut Answer) -> Result<(), Complaint> {
        let several = found.len() > 1;
        let namespaced = found.iter().any(|(which, _)| which.resource.namespaced);
        let now = clock::now();
        for (which, mut of_it) in found.into_iter().filter(|(_, of_it)| !of_it.is_empty()) {
            if let Some(path) = &self.sort_by {
                sort::sort(&mut of_it, path, |one| &one.value)?;
            }
            if !answer.text.is_empty() {
                answer.text.push('\n');
            }
            let of_it: Vec<Object> = of_it.into_iter().map(|one| one.object).collect();
            answer.text.push_str(&table(which.resource, &of_it, &self.columns(which, several), now));
        }
        if answer.text.is_empty() && answer.complaints.is_empty() && !self.scope.ignore_not_found {
            answer.notes.push(self.scope.nothing(namespaced));
        }
        Ok(())
    }
}

fn heading(columns: &Custom) -> Vec<String> {
    columns.headings().into_iter().map(str::to_owned).collect()
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
