//! `pod events`: what has happened to pods, the latest last.

use std::collections::BTreeMap;
use std::io::Write;

use clap::{Args, ValueEnum};
use manifest::kind::{Object, Resource};

use super::keep::plain;
use super::lives::as_it_does;
use super::trouble::{Trouble, answered};
use crate::answer::{Answer, Complaint};
use crate::changes::Changes;
use crate::clock;
use crate::columns::Aligned;
use crate::error::Error;
use crate::objects::Objects;
use crate::output::{Made, Shape};
use crate::place;
use crate::status::{self, Event};

/// List what has happened to pods.
#[derive(Debug, Args)]
pub struct Events {
    /// Only to this one: pod/web
    #[arg(long = "for", value_name = "KIND/NAME")]
    whose: Option<String>,

    /// Only of these types
    #[arg(long, value_enum, value_name = "TYPE", value_delimiter = ',', ignore_case = true)]
    types: Vec<Type>,

    /// Go on with what happens
    #[arg(short, long)]
    watch: bool,

    /// The namespace
    #[arg(short, long, value_name = "NAME")]
    namespace: Option<String>,

    /// Of pods of all namespaces
    #[arg(short = 'A', long, conflicts_with = "namespace")]
    all_namespaces: bool,

    /// Leave the heading out
    #[arg(long)]
    no_headers: bool,

    #[command(flatten)]
    shape: Shape,
}

/// Whether something is trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Type {
    /// It is not.
    #[value(name = "Normal")]
    Normal,
    /// It is.
    #[value(name = "Warning")]
    Warning,
}

/// What has happened to the pods of a namespace, or of all.
///
/// # Errors
/// They cannot be read.
pub(super) fn of_pods(
    objects: &Objects,
    namespace: Option<&str>,
    answer: &mut Answer,
) -> Result<Vec<Event>, Complaint> {
    let Some(pods) = Resource::find("pods") else { return Ok(Vec::new()) };
    let mut events = Vec::new();
    for object in objects.list(pods, namespace).map_err(|error| plain(&error))? {
        let Object::Pod(pod) = object else { continue };
        let lives = as_it_does(pod, answer);
        events.extend(status::events(&lives.pod, &lives.log));
    }
    Ok(events)
}

impl Events {
    /// Shows them, and with `--watch` what happens until whoever reads it has enough.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn run(&self, out: &mut impl Write) -> Result<Answer, Error> {
        answered(self.show(out))
    }

    fn show(&self, out: &mut impl Write) -> Result<Answer, Trouble> {
        let whose = self.whose.as_deref().map(pod_called).transpose()?;
        let printer = self.shape.printer()?;
        let objects = Objects::of_this_user().map_err(|error| plain(&error))?;
        let changes = Changes::new();
        let (mut aligned, mut seen, mut first) = (Aligned::default(), BTreeMap::new(), true);
        let mut written = 0;
        loop {
            let mut answer = Answer::default();
            if self.watch {
                self.heed(&changes, &objects)?;
            }
            let mut found = of_pods(&objects, self.space(), &mut answer)?;
            found.retain(|event| {
                let typed = self.types.is_empty() || self.types.iter().any(|it| format!("{it:?}") == event.kind());
                typed && whose.as_ref().is_none_or(|name| name == event.pod())
            });
            found.sort_by_key(|event| (event.seen().1.wall, event.seen().1.at));
            let id = |event: &Event| (event.namespace().to_owned(), event.name());
            found.retain(|event| seen.insert(id(event), event.count()) != Some(event.count()));
            let text = if self.shape.is_default() {
                let mut rows = Vec::new();
                rows.extend((first && !self.no_headers && (self.watch || !found.is_empty())).then(|| self.headings()));
                rows.extend(found.iter().map(|event| self.row(event)));
                aligned.text(&rows)
            } else if self.watch || !printer.shows_objects() {
                let mut text = String::new();
                for event in &found {
                    text.push_str(if written > 0 { printer.mark() } else { "" });
                    text.push_str(&printer.text(Made { value: event.to_value(), done: String::new() })?);
                    written += 1;
                }
                text
            } else {
                let items: Vec<_> = found.iter().map(Event::to_value).collect();
                let list =
                    serde_json::json!({ "apiVersion": "v1", "items": items, "kind": "EventList", "metadata": {} });
                printer.text(Made { value: list, done: String::new() })?
            };
            out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Error::Output)?;
            if !self.watch {
                if found.is_empty() && answer.complaints.is_empty() && self.shape.is_default() {
                    answer.notes.push(match self.space() {
                        Some(namespace) => format!("No events found in {namespace} namespace."),
                        None => "No events found.".to_owned(),
                    });
                }
                return Ok(answer);
            }
            if found.is_empty() || first {
                changes.wait(None)?;
            }
            first = false;
        }
    }

    fn space(&self) -> Option<&str> {
        let named = self.namespace.as_deref().filter(|name| !name.is_empty()).unwrap_or("default");
        (!self.all_namespaces).then_some(named)
    }

    fn headings(&self) -> Vec<String> {
        let namespace = self.all_namespaces.then_some("NAMESPACE");
        namespace.into_iter().chain(status::LISTED).map(str::to_owned).collect()
    }

    fn row(&self, event: &Event) -> Vec<String> {
        let namespace = self.all_namespaces.then(|| event.namespace().to_owned());
        namespace.into_iter().chain(event.row(clock::now())).collect()
    }

    /// Has changes be told of all pods that may be meant.
    fn heed(&self, changes: &Changes, objects: &Objects) -> Result<(), Complaint> {
        let Some(pods) = Resource::find("pods") else { return Ok(()) };
        for directory in objects.directories(pods, self.space()).map_err(|error| plain(&error))? {
            changes.heed(&directory);
        }
        let data = image::store::data_directory();
        for pod in objects.list(pods, self.space()).map_err(|error| plain(&error))? {
            if let Some(uid) = &pod.metadata().uid {
                changes.heed(&place::kept(&data, uid));
            }
        }
        Ok(())
    }
}

/// The pod that is meant; nothing happens to objects of other kinds.
fn pod_called(text: &str) -> Result<String, Complaint> {
    let form = || Complaint::plain("--for must be in resource/name form");
    let (kind, name) =
        text.split_once('/').filter(|(_, name)| !name.is_empty() && !name.contains('/')).ok_or_else(form)?;
    match Resource::find(kind) {
        Some(resource) if resource.kind == "Pod" => Ok(name.to_owned()),
        Some(resource) => {
            Err(Complaint::Plain(format!("events are those of pods here, and not of {}", resource.plural)))
        }
        None => Err(Complaint::Plain(format!("the server doesn't have a resource type {kind:?}"))),
    }
}
