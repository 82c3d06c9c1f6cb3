//! `label` and `annotate`: words by which objects are found, and notes on them.

mod living;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use clap::Args;
use manifest::check::label_value;
use manifest::edit::{Change, Done, change_map};
use manifest::read::{Head, ReadError};
use manifest::text::{Content, Node};

use super::dry_run::{DryRun, Strategy};
use super::living::Choice;
use super::pairs;
use crate::answer::{Answer, Complaint, escaped};
use crate::each::tell;
use crate::input::Files;
use crate::output::Shape;

/// What labels and notes are changed with.
#[derive(Args, Clone, Debug)]
pub struct Mark {
    #[command(flatten)]
    files: Files,

    /// A kind and names, pod web or pod/web, and what to change: KEY=VALUE, or KEY- to take it away
    #[arg(value_name = "KIND NAME… KEY=VALUE|KEY-", allow_hyphen_values = false)]
    words: Vec<String>,

    #[command(flatten)]
    choice: Choice,

    /// Change manifests, and not what is kept
    #[arg(long)]
    local: bool,

    /// Give another value to a key that has one
    #[arg(long)]
    overwrite: bool,

    /// Show what there is, after the change if there is one
    #[arg(long)]
    list: bool,

    /// The version of the object that this is for
    #[arg(long, value_name = "VERSION")]
    resource_version: Option<String>,

    #[command(flatten)]
    dry_run: DryRun,

    #[command(flatten)]
    shape: Shape,
}

/// Change labels of what is kept, or of manifests.
#[derive(Args, Debug)]
pub struct Label {
    #[command(flatten)]
    mark: Mark,
}

/// Change annotations of what is kept, or of manifests.
#[derive(Args, Debug)]
pub struct Annotate {
    #[command(flatten)]
    mark: Mark,
}

/// In which of the two maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Map {
    Labels,
    Annotations,
}

impl Label {
    /// What it comes to.
    #[must_use]
    pub fn run(&self) -> Answer {
        self.mark.run(Map::Labels).into()
    }
}

impl Annotate {
    /// What it comes to.
    #[must_use]
    pub fn run(&self) -> Answer {
        self.mark.run(Map::Annotations).into()
    }
}

impl Map {
    fn name(self) -> &'static str {
        if self == Self::Labels { "labels" } else { "annotations" }
    }

    fn one(self) -> &'static str {
        if self == Self::Labels { "label" } else { "annotation" }
    }

    fn example(self) -> &'static str {
        if self == Self::Labels { "pod" } else { "rsrc" }
    }
}

impl Mark {
    fn run(&self, map: Map) -> Result<Answer, Complaint> {
        let mut answer = Answer::default();
        let strategy = self.dry_run.strategy(&mut answer.warnings)?;
        let (resources, words) = pairs::split(&self.words, map.one())?;
        let changes = if map == Map::Labels { labels(&words)? } else { annotations(&words)? };
        if self.list && map == Map::Labels && !self.shape.is_default() {
            return Err(Complaint::plain("--list and --output may not be specified together"));
        }
        let printer = self.shape.printer()?;
        self.make_sense(map, strategy, &resources, &changes)?;
        if !self.local {
            return self.of_what_is_kept(map, strategy, &resources, &changes, &printer);
        }
        let sources = match self.files.read() {
            Ok(sources) => sources,
            Err(complaints) => return Ok(complaints.into()),
        };
        let headed = sources.len() != 1;
        let work = |head: Head, text: &mut String| {
            head.check_metadata().map_err(|error| unvalidated(&error))?;
            let (node, done) = self.change(head.node, map, &changes)?;
            if self.list {
                text.push_str(&listing(&node, map, headed));
                return Ok(());
            }
            let word = if map == Map::Labels { done.word("labeled") } else { "annotated".to_owned() };
            printer.node(node, strategy.told(&word), text)
        };
        // kubectl's label has a printer for each object, its annotate has one for all.
        let mark = if map == Map::Annotations && !self.list { printer.mark() } else { "" };
        (answer.text, answer.complaints) = tell(&sources, mark, work, unvalidated);
        Ok(answer)
    }

    fn make_sense(
        &self,
        map: Map,
        strategy: Strategy,
        resources: &[&str],
        changes: &[Change],
    ) -> Result<(), Complaint> {
        let example = map.example();
        self.choice.makes_sense()?;
        if !self.local {
            if resources.is_empty() && self.files.is_empty() {
                return Err(Complaint::plain(
                    "one or more resources must be specified as <resource> <name> or <resource>/<name>",
                ));
            }
        } else if strategy == Strategy::Server {
            let trouble = "cannot specify --local and --dry-run=server - did you mean --dry-run=client?";
            return Err(Complaint::plain(trouble));
        } else if !resources.is_empty() {
            return Err(Complaint::Plain(format!(
                "can only use local files by -f {example}.yaml or --filename={example}.json when --local=true is set"
            )));
        } else if self.files.is_empty() {
            return Err(Complaint::Plain(format!(
                "one or more files must be specified as -f {example}.yaml or --filename={example}.json"
            )));
        }
        if changes.is_empty() && !self.list {
            return Err(Complaint::Plain(format!("at least one {} update is required", map.one())));
        }
        Ok(())
    }

    fn change(&self, mut node: Node, map: Map, changes: &[Change]) -> Result<(Node, Done), Complaint> {
        if changes.is_empty() {
            return Ok((node, Done { changed: false, shortened: false, missing: Vec::new() }));
        }
        if map == Map::Annotations && !self.overwrite {
            not_overwritten(&node, changes)?;
        }
        let overwrite = self.overwrite || map == Map::Annotations;
        let done = change_map(&mut node, map.name(), changes, overwrite).map_err(Complaint::plain)?;
        if let Some(version) = &self.resource_version
            && let Some(metadata) = node.map_under("metadata", |there| there.is_none())
        {
            metadata.set("resourceVersion", Content::Text(version.into()));
        }
        Ok((node, done))
    }
}

fn unvalidated(error: &ReadError) -> Complaint {
    Complaint::Plain(error.unvalidated())
}

/// Labels have rules of their own.
fn labels(words: &[&str]) -> Result<Vec<Change>, Complaint> {
    let (mut wanted, mut removed) = (BTreeMap::new(), Vec::new());
    for word in words {
        if word.contains('=') {
            let parts: Vec<&str> = word.split('=').collect();
            let [key, value] = parts.as_slice() else {
                return Err(Complaint::Plain(format!("invalid label spec: {word}")));
            };
            let troubles = label_value(value);
            if !troubles.is_empty() {
                return Err(Complaint::Plain(format!("invalid label value: {word:?}: {}", troubles.join(";"))));
            }
            wanted.insert((*key).to_owned(), (*value).to_owned());
        } else if let Some(key) = word.strip_suffix('-') {
            removed.push(key.to_owned());
        } else {
            return Err(Complaint::Plain(format!("unknown label spec: {word}")));
        }
    }
    if removed.iter().any(|key| wanted.contains_key(key)) {
        return Err(Complaint::plain("can not both modify and remove a label in the same command"));
    }
    Ok(both(wanted, removed))
}

fn annotations(words: &[&str]) -> Result<Vec<Change>, Complaint> {
    let (mut wanted, mut removed) = (BTreeMap::new(), Vec::new());
    for word in words {
        match word.split_once('=').filter(|(key, _)| !key.is_empty()) {
            Some((key, value)) => drop(wanted.insert(key.to_owned(), value.to_owned())),
            None => removed.push(word.strip_suffix('-').unwrap_or(word).to_owned()),
        }
    }
    let twice: Vec<_> = removed.iter().filter(|key| wanted.contains_key(*key)).map(String::as_str).collect();
    if !twice.is_empty() {
        let twice = twice.join(", ");
        return Err(Complaint::Plain(format!(
            "can not both modify and remove the following annotation(s) in the same command: {twice}"
        )));
    }
    Ok(both(wanted, removed))
}

fn both(wanted: BTreeMap<String, String>, removed: Vec<String>) -> Vec<Change> {
    let wanted = wanted.into_iter().map(|(key, value)| (key, Some(value)));
    wanted.chain(removed.into_iter().map(|key| (key, None))).collect()
}

fn not_overwritten(node: &Node, changes: &[Change]) -> Result<(), Complaint> {
    let there = |key: &str| node.at(&["metadata", "annotations", key]).and_then(Node::as_text);
    let taken: Vec<String> = changes
        .iter()
        .filter(|(_, wanted)| wanted.is_some())
        .filter_map(|(key, wanted)| Some((key, there(key)?, wanted.as_deref()?)))
        .filter(|(_, there, wanted)| there != wanted)
        .map(|(key, there, _)| format!("'{key}' already has a value ({there})"))
        .collect();
    if taken.is_empty() {
        return Ok(());
    }
    let taken = taken.join("; ");
    Err(Complaint::Plain(format!("--overwrite is false but found the following declared annotation(s): {taken}")))
}

/// What there is, with a heading where objects come from several texts.
fn listing(node: &Node, map: Map, headed: bool) -> String {
    let mut text = String::new();
    let word = |keys: &[&str]| node.at(keys).and_then(Node::as_text).unwrap_or_default();
    if headed {
        let group = word(&["apiVersion"]).split_once('/').map_or("", |(group, _)| group);
        let (kind, name) = (word(&["kind"]), word(&["metadata", "name"]));
        let _ = writeln!(text, "Listing {} for {kind}.{group}/{name}:", map.name());
    }
    if let Some(Content::Map(words)) = node.at(&["metadata", map.name()]).map(|node| &node.content) {
        for entry in words.entries() {
            let value = entry.value.as_text().unwrap_or_default();
            let line = escaped(&format!("{}={value}", entry.key));
            let _ = writeln!(text, "{}{line}", if headed { " " } else { "" });
        }
    }
    text
}
