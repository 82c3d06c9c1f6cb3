//! `pod get events`: what has happened to pods, as a kind among others.

use serde_json::Value;

use super::{Form, Get, heading, list, sort};
use crate::answer::{Answer, Complaint};
use crate::clock;
use crate::columns::Aligned;
use crate::objects::Objects;
use crate::output::Made;
use crate::status::{Event, LISTED, LISTED_WIDE};
use crate::verbs::events::of_pods;
use crate::verbs::fields;
use crate::verbs::keep::plain;

/// Whether a word is that of the kind.
pub(super) fn is_meant(word: &str) -> bool {
    matches!(word.to_lowercase().as_str(), "events" | "event" | "ev")
}

impl Get {
    pub(super) fn events(&self) -> Result<Answer, Complaint> {
        let form = self.form()?;
        let fields = fields::parse(self.field_selector.as_deref())?;
        let names = &self.words[1..];
        if !names.is_empty() && (fields.is_some() || self.scope.selector.is_some()) {
            return Err(Complaint::plain("name cannot be provided when a selector is specified"));
        }
        let mut answer = Answer::default();
        let objects = Objects::of_this_user().map_err(|error| plain(&error))?;
        let namespace = (!self.scope.all_namespaces).then(|| self.scope.namespace());
        let mut found: Vec<(Event, Value)> = Vec::new();
        for event in of_pods(&objects, namespace, &mut answer)? {
            let value = event.to_value();
            let selected = fields.as_ref().map(|fields| fields::selects_event(fields, &value)).transpose()?;
            // Events have no labels.
            let labelled = self.scope.selector.as_deref().is_some_and(|selector| !selector.is_empty());
            let named = names.is_empty() || names.contains(&event.name());
            if selected != Some(false) && !labelled && named {
                found.push((event, value));
            }
        }
        let missing = names.iter().filter(|name| !found.iter().any(|(event, _)| event.name() == **name));
        if !self.scope.ignore_not_found {
            let sentence =
                |name: &String| Complaint::Whole(format!("Error from server (NotFound): events {name:?} not found"));
            answer.complaints.extend(missing.map(sentence));
        }
        // In the order in which they have happened first, pod by pod.
        found.sort_by(|(one, _), (other, _)| {
            let key = |event: &Event| (event.namespace().to_owned(), event.pod().to_owned(), event.seen().0.wall);
            key(one).cmp(&key(other))
        });
        if let Some(path) = &self.sort_by {
            sort::sort(&mut found, path, |(_, value)| value)?;
        }
        self.show_events(&form, found, &mut answer)?;
        Ok(answer)
    }

    fn show_events(&self, form: &Form, found: Vec<(Event, Value)>, answer: &mut Answer) -> Result<(), Complaint> {
        match form {
            Form::Table if found.is_empty() => {
                if answer.complaints.is_empty() && !self.scope.ignore_not_found {
                    answer.notes.push(self.scope.nothing(true));
                }
            }
            Form::Table => {
                let (wide, now) = (self.shape.word() == "wide", clock::now());
                let headings = if wide { &LISTED_WIDE[..] } else { &LISTED[..] };
                let namespaced = |first: &str, row: Vec<String>| {
                    self.scope.all_namespaces.then(|| first.to_owned()).into_iter().chain(row).collect::<Vec<_>>()
                };
                let mut rows = Vec::new();
                let headed = !self.no_headers;
                rows.extend(
                    headed.then(|| namespaced("NAMESPACE", headings.iter().map(|it| (*it).to_owned()).collect())),
                );
                rows.extend(found.iter().map(|(event, _)| namespaced(event.namespace(), event.listed(wide, now))));
                answer.text = Aligned::default().text(&rows);
            }
            Form::Columns(columns) => {
                let mut rows: Vec<Vec<String>> = (!self.no_headers).then(|| heading(columns)).into_iter().collect();
                for (_, value) in &found {
                    rows.push(columns.row(value).map_err(Complaint::plain)?);
                }
                answer.text = Aligned::default().text(&rows);
            }
            Form::Printed(printer) => {
                let values: Vec<Value> = found.into_iter().map(|(_, value)| value).collect();
                let made = |value: Value| Made { value, done: String::new() };
                if !printer.shows_objects() {
                    for value in values {
                        answer.text.push_str(&printer.text(made(value))?);
                    }
                } else if let ([value], 2) = (values.as_slice(), self.words.len()) {
                    answer.text = printer.text(made(value.clone()))?;
                } else {
                    answer.text = printer.text(made(list(&values)))?;
                }
            }
        }
        Ok(())
    }
}
