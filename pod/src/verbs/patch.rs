//! `patch`: objects changed by a patch, strategic, merge or JSON.

use clap::Args;
use manifest::patch;
use manifest::read::{Head, ReadError, Validate};
use manifest::schema;
use manifest::text::{Budget, documents};
use serde_json::Value;

use super::dry_run::{DryRun, Strategy};
use super::keep::{Keeper, complaints, node_of, plain};
use super::living::{Choice, Unnamed};
use crate::answer::{Answer, Complaint, Until};
use crate::each::each;
use crate::input::{self, Files};
use crate::objects::Objects;
use crate::output::{Made, Printer, Shape};

/// Change what is kept, or manifests, by a patch.
#[derive(Args, Debug)]
pub struct Patch {
    #[command(flatten)]
    files: Files,

    /// A kind and names: pod web, pod/web
    #[arg(value_name = "KIND NAME|KIND/NAME")]
    words: Vec<String>,

    /// The namespace
    #[arg(short, long, value_name = "NAME")]
    namespace: Option<String>,

    /// The patch, in JSON or YAML
    #[arg(short, long, value_name = "PATCH")]
    patch: Option<String>,

    /// The file of the patch
    #[arg(long, value_name = "FILE")]
    patch_file: Option<String>,

    /// How it is merged: strategic, merge or json
    #[arg(long = "type", value_name = "TYPE", default_value = "strategic")]
    kind: String,

    /// Change manifests, and not what is kept
    #[arg(long)]
    local: bool,

    #[command(flatten)]
    dry_run: DryRun,

    #[command(flatten)]
    shape: Shape,
}

impl Patch {
    /// What it comes to.
    #[must_use]
    pub fn run(&self) -> Answer {
        self.answer().into()
    }

    fn answer(&self) -> Result<Answer, Complaint> {
        let mut answer = Answer::default();
        let strategy = self.dry_run.strategy(&mut answer.warnings)?;
        let printer = self.shape.printer()?;
        self.make_sense(strategy)?;
        let (patch, text) = self.wanted()?;
        if !self.local {
            return self.of_what_is_kept(strategy, &patch, &text, &printer);
        }
        let sources = match self.files.read() {
            Ok(sources) => sources,
            Err(complaints) => return Ok(complaints.into()),
        };
        let work = |head: Head| {
            let before = head.node.into_value();
            let value = self.patched(&before, &patch, &text)?;
            let done = if value == before { "patched (no change)" } else { "patched" };
            printer.text(Made { done: done.to_owned(), value })
        };
        let found = each(&sources, work, |error: &ReadError| Complaint::Plain(error.unvalidated()));
        if found.done.is_empty() && found.complaints.is_empty() {
            return Err(Complaint::plain("no objects passed to patch"));
        }
        answer.complaints = found.complaints;
        answer.text = printer.join(&found.done, false);
        Ok(answer)
    }

    fn make_sense(&self, strategy: Strategy) -> Result<(), Complaint> {
        if self.patch.is_some() && self.patch_file.is_some() {
            return Err(Complaint::plain("cannot specify --patch and --patch-file together"));
        }
        if self.patch.as_deref().unwrap_or_default().is_empty() && self.patch_file.is_none() {
            let trouble = "must specify --patch or --patch-file containing the contents of the patch";
            return Err(Complaint::plain(trouble));
        }
        if self.local && !self.words.is_empty() {
            return Err(Complaint::plain("cannot specify --local and server resources"));
        }
        if self.local && strategy == Strategy::Server {
            let trouble = "cannot specify --local and --dry-run=server - did you mean --dry-run=client?";
            return Err(Complaint::plain(trouble));
        }
        if !["json", "merge", "strategic"].contains(&self.kind.as_str()) {
            let trouble = format!("--type must be one of [json merge strategic], not {:?}", self.kind);
            return Err(Complaint::Plain(trouble));
        }
        if self.files.is_empty() && self.words.is_empty() {
            return Err(Complaint::plain(super::NO_RESOURCES));
        }
        Ok(())
    }

    fn of_what_is_kept(
        &self,
        strategy: Strategy,
        patch: &Value,
        text: &str,
        printer: &Printer,
    ) -> Result<Answer, Complaint> {
        let objects = Objects::of_this_user().map_err(|error| plain(&error))?;
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        let choice = Choice::within(self.namespace.as_deref());
        let found = choice.find(&objects, &words, &self.files, Unnamed::Nothing)?;
        let mut answer = Answer::default();
        let mut troubles = Vec::new();
        if !found.keys.is_empty() {
            let keeper = Keeper::open(strategy, Until::Attended)?;
            for key in &found.keys {
                // A server says only that it does not go.
                let refused = |complaint| match complaint {
                    Complaint::Plain(trouble) if self.kind == "json" => Complaint::Whole(format!(
                        "The request is invalid: the server rejected our request due to an error in our request: {trouble}"
                    )),
                    other => other,
                };
                let patched = keeper.change(key, Validate::Warn, |node| {
                    node_of(&self.patched(&node.into_value(), patch, text).map_err(refused)?)
                });
                match patched {
                    Ok(changed) => {
                        let done = if changed.is_other { "patched" } else { "patched (no change)" };
                        answer.warnings.extend(changed.warnings);
                        answer.pending.extend(changed.pending);
                        answer.text += &printer.text(Made { value: changed.value, done: done.to_owned() })?;
                    }
                    Err(trouble) => troubles.push(trouble),
                }
            }
        }
        answer.complaints = complaints(troubles, found.missing);
        Ok(answer)
    }

    /// The patch, and its text.
    fn wanted(&self) -> Result<(Value, String), Complaint> {
        let text = match &self.patch_file {
            Some(file) => {
                let read = input::bytes(file).map_err(|error| {
                    let cause = input::cause(&error);
                    Complaint::Plain(format!("unable to read patch file: open {file}: {cause}"))
                })?;
                String::from_utf8_lossy(&read).into_owned()
            }
            None => self.patch.clone().unwrap_or_default(),
        };
        let value = match documents(&text, &Budget::default()).into_iter().next() {
            None => Value::Null,
            Some(Ok(node)) => node.into_value(),
            Some(Err(error)) => {
                let (line, message) = (error.place.line, error.message);
                return Err(Complaint::Plain(format!("unable to parse {text:?}: yaml: line {line}: {message}")));
            }
        };
        Ok((value, text))
    }

    fn patched(&self, before: &Value, wanted: &Value, text: &str) -> Result<Value, Complaint> {
        if self.kind == "json" {
            return patch::json(before.clone(), wanted).map_err(Complaint::plain);
        }
        // What says nothing changes nothing.
        if wanted.is_null() {
            return Ok(before.clone());
        }
        if !wanted.is_object() {
            return Err(Complaint::Plain(format!("unable to parse {text:?}: a patch is an object")));
        }
        if self.kind == "merge" {
            return Ok(patch::merge(before.clone(), wanted.clone()));
        }
        let word = |key: &str| before[key].as_str().unwrap_or_default();
        let (version, kind) = (word("apiVersion"), word("kind"));
        let Some(root) = schema::root(version, kind) else {
            let (group, version) = version.split_once('/').unwrap_or(("", version));
            return Err(Complaint::Plain(format!(
                "strategic merge patch is not supported for {group}/{version}, Kind={kind} locally, try --type merge"
            )));
        };
        patch::strategic(before.clone(), wanted.clone(), root.of).map_err(Complaint::plain)
    }
}
