//! `pod get -w`: a row for each change, after those of what is there.

use std::collections::BTreeMap;
use std::io::Write;

use serde_json::Value;

use super::{Form, Get, Shown, heading};
use crate::answer::{Answer, Complaint};
use crate::changes::Changes;
use crate::clock;
use crate::columns::{Aligned, rows};
use crate::error::Error;
use crate::objects::Objects;
use crate::output::Made;
use crate::place;
use crate::verbs::keep::plain;
use crate::verbs::trouble::{Trouble, answered};
use crate::verbs::which::{Which, which};

/// What was seen last of each, by its uid.
type Seen = BTreeMap<String, Shown>;

impl Get {
    /// Whether changes are to be shown.
    #[must_use]
    pub fn watches(&self) -> bool {
        self.watch || self.watch_only
    }

    /// Shows what is there and what changes, until whoever reads it has enough.
    ///
    /// # Errors
    /// What is shown cannot be written.
    pub fn watch(&self, out: &mut impl Write) -> Result<Answer, Error> {
        answered(self.watch_all(out))
    }

    fn watch_all(&self, out: &mut impl Write) -> Result<Answer, Trouble> {
        if self.sort_by.is_some() {
            let words = if self.watch {
                "--watch requested, --sort-by will be ignored for watch events received"
            } else {
                "--watch-only requested, --sort-by will be ignored"
            };
            // A stderr that takes nothing is no reason to show nothing.
            let _lost = writeln!(std::io::stderr(), "warning: {words}");
        }
        let which = self.watched()?;
        let form = self.form()?;
        let objects = Objects::of_this_user().map_err(|error| plain(&error))?;
        let changes = Changes::new();
        let mut writer = Writer { get: self, which: &which, form, aligned: Aligned::default(), written: 0 };
        let mut seen = Seen::new();
        let mut first = true;
        loop {
            self.heed(&changes, &objects, &which, &seen)?;
            let mut answer = Answer::default();
            let found = self.found(&objects, &which, &mut answer)?;
            if first && !answer.complaints.is_empty() && !self.scope.ignore_not_found {
                return Ok(answer);
            }
            let now: Seen = found.into_iter().map(|one| (uid(&one.value), one)).collect();
            let mut shown: Vec<&Shown> = Vec::new();
            let changed =
                |(uid, one): &(&String, &Shown)| seen.get(*uid).is_none_or(|before| before.value != one.value);
            shown.extend(now.iter().filter(changed).map(|(_, one)| one));
            // Of one that has gone, how it was last.
            shown.extend(seen.iter().filter(|(uid, _)| !now.contains_key(*uid)).map(|(_, one)| one));
            if first {
                self.order(&mut shown)?;
            }
            let unheeded = now.keys().any(|uid| !seen.contains_key(uid));
            let wanted = !first || self.watch || !self.watch_only;
            if wanted && !shown.is_empty() {
                let text = writer.text(&shown)?;
                out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Error::Output)?;
            }
            (seen, first) = (now, false);
            // One that has just been found may have changed before its directory was heeded.
            if !unheeded {
                changes.wait(None)?;
            }
        }
    }

    /// In the order in which they are listed.
    fn order(&self, shown: &mut Vec<&Shown>) -> Result<(), Complaint> {
        let key = |one: &&Shown| {
            let metadata = one.object.metadata();
            (metadata.namespace.clone(), metadata.name.clone())
        };
        shown.sort_by_key(key);
        match &self.sort_by {
            Some(path) if !shown.is_empty() => super::sort::sort(shown, path, |one| &one.value),
            _ => Ok(()),
        }
    }

    fn watched(&self) -> Result<Which, Complaint> {
        let words = if self.words.is_empty() { &["pods".to_owned()][..] } else { &self.words[..] };
        if words.first().is_some_and(|word| super::events::is_meant(word)) {
            return Err(Complaint::NotYet("get does not go on with events; pod events -w does".to_owned()));
        }
        if words == ["all"] {
            return Err(Complaint::plain("you may only specify a single resource type"));
        }
        let Some(all) = which(words)? else {
            return Err(Complaint::plain(
                "only what manifests say can be watched, not pods made by hand: pod get pods -w",
            ));
        };
        match <[Which; 1]>::try_from(all) {
            Ok([one]) if one.names.len() > 1 => Err(Complaint::Plain(format!(
                "watch is only supported on individual resources and resource collections - {} resources were found",
                one.names.len()
            ))),
            Ok([one]) => Ok(one),
            Err(_several) => Err(Complaint::plain("you may only specify a single resource type")),
        }
    }

    /// Has changes be told of what is watched.
    fn heed(&self, changes: &Changes, objects: &Objects, which: &Which, seen: &Seen) -> Result<(), Complaint> {
        let namespace = (!self.scope.all_namespaces).then(|| self.scope.namespace());
        for directory in objects.directories(which.resource, namespace).map_err(|error| plain(&error))? {
            changes.heed(&directory);
        }
        if which.resource.kind == "Pod" {
            let data = image::store::data_directory();
            seen.keys().for_each(|uid| changes.heed(&place::kept(&data, uid)));
        }
        Ok(())
    }
}

fn uid(value: &Value) -> String {
    let text = |key: &str| value["metadata"][key].as_str().map(str::to_owned);
    // The namespace `default` may be there without ever having been made.
    text("uid").or_else(|| text("name")).unwrap_or_default()
}

/// What is written bit by bit.
struct Writer<'a> {
    get: &'a Get,
    which: &'a Which,
    form: Form,
    aligned: Aligned,
    written: usize,
}

impl Writer<'_> {
    fn text(&mut self, shown: &[&Shown]) -> Result<String, Complaint> {
        let begins = self.written == 0;
        self.written += shown.len();
        let headed = begins && !self.get.no_headers;
        match &self.form {
            Form::Table => {
                let columns = crate::columns::Columns { heading: headed, ..self.get.columns(self.which, false) };
                let objects: Vec<_> = shown.iter().map(|one| one.object.clone()).collect();
                Ok(self.aligned.text(&rows(self.which.resource, &objects, &columns, clock::now())))
            }
            Form::Columns(columns) => {
                let mut rows: Vec<Vec<String>> = headed.then(|| heading(columns)).into_iter().collect();
                for one in shown {
                    rows.push(columns.row(&one.value).map_err(Complaint::plain)?);
                }
                Ok(self.aligned.text(&rows))
            }
            Form::Printed(printer) => {
                let mut text = String::new();
                for (number, one) in shown.iter().enumerate() {
                    text.push_str(if begins && number == 0 { "" } else { printer.mark() });
                    text.push_str(&printer.text(Made { value: one.value.clone(), done: String::new() })?);
                }
                Ok(text)
            }
        }
    }
}
