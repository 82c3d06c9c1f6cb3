//! What apply would change of what is kept.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, ExitStatus};

use manifest::emit::yaml;
use manifest::patch::{LAST_APPLIED, without_null};
use manifest::read::{Head, ReadError, Validate};
use manifest::selector::Selector;
use serde_json::{Value, json};

use super::super::dry_run::Strategy;
use super::super::keep::{Keeper, Wanted};
use super::{Diff, identity, mask, unlike};
use crate::answer::{Answer, Complaint, Until};
use crate::each::in_order;
use crate::input;

/// The program that compares in place of ours.
const EXTERNAL: &str = "KUBECTL_EXTERNAL_DIFF";

/// An object as it is and as it would be, and what its file is called.
struct Pair {
    name: String,
    was: Option<Value>,
    is: Option<Value>,
}

impl Diff {
    pub(super) fn of_what_is_kept(&self, selector: Option<&Selector>) -> Result<Answer, Complaint> {
        let sources = match self.files.read() {
            Ok(sources) => sources,
            Err(complaints) => return Ok(complaints.into()),
        };
        let keeper = Keeper::open(Strategy::Server, Until::Attended)?;
        let said = |error: &ReadError| Complaint::plain(error);
        let work = |head: Head| {
            let Some(wanted) = self.wanted(head, selector)? else { return Ok(None) };
            let (mut was, is) = keeper.compare(&wanted)?;
            let mut is = Some(is);
            mask(&mut was, &mut is);
            Ok(Some(Pair { name: identity(&wanted.object, &wanted.value), was, is }))
        };
        let mut pairs = Vec::new();
        for found in in_order(&sources, work, said) {
            // As kubectl does: of what follows nothing is said.
            pairs.extend(found?);
        }
        match std::env::var(EXTERNAL).ok().filter(|words| !words.trim().is_empty()) {
            Some(words) => compared_by(&words, &pairs),
            None => {
                let text: String =
                    pairs.iter().map(|pair| unlike("LIVE", "MERGED", &pair.name, &pair.was, &pair.is)).collect();
                Ok(Answer { differ: !text.is_empty(), text, ..Answer::default() })
            }
        }
    }

    /// What is wanted of an object, if it is selected: as it was written, for what is remembered of it does not count.
    fn wanted(&self, head: Head, selector: Option<&Selector>) -> Result<Option<Wanted>, Complaint> {
        let written = head.known().map_err(|error| Complaint::plain(&error))?;
        let decoded = written.decode(Validate::Strict).map_err(|refusal| {
            let places = refusal.places().iter().map(|line| format!("\n  {line}")).collect::<String>();
            Complaint::Whole(format!("Error from server (BadRequest): {}{places}", refusal.sentence()))
        })?;
        if selector.is_some_and(|selector| !selector.matches(&decoded.object.metadata().labels)) {
            return Ok(None);
        }
        let mut value = without_null(written.converted());
        let own = value["metadata"]["namespace"].as_str().unwrap_or_default().to_owned();
        if decoded.object.resource().namespaced {
            match self.namespace.as_deref().filter(|name| !name.is_empty()) {
                Some(wanted) if !own.is_empty() && own != wanted => {
                    return Err(Complaint::Plain(format!(
                        "the namespace from the provided object {own:?} does not match the namespace {wanted:?}. You must \
                         pass '--namespace={own}' to perform this operation."
                    )));
                }
                wanted if own.is_empty() => value["metadata"]["namespace"] = json!(wanted.unwrap_or("default")),
                _ => {}
            }
        }
        // What was remembered has some, too: without them all would be taken away.
        if !value["metadata"]["annotations"].is_object() {
            value["metadata"]["annotations"] = json!({});
        }
        if let Some(annotations) = value["metadata"]["annotations"].as_object_mut() {
            annotations.remove(LAST_APPLIED);
        }
        Ok(Some(Wanted { value, object: decoded.object, source: written.source.clone() }))
    }
}

/// Has a program compare two directories, at our terminal: it may be one that somebody looks at.
fn compared_by(words: &str, pairs: &[Pair]) -> Result<Answer, Complaint> {
    // Only what cannot be anything else to whoever reads it, as kubectl has it.
    let is_plain = |word: &&str| word.chars().all(|letter| letter.is_ascii_alphanumeric() || "-=".contains(letter));
    let mut words = words.split_whitespace();
    let Some(program) = words.next() else { return Ok(Answer::default()) };
    let write = |side: &str, of: fn(&Pair) -> &Option<Value>| -> io::Result<tempfile::TempDir> {
        let directory = tempfile::Builder::new().prefix(&format!("{side}-")).tempdir()?;
        for pair in pairs {
            let text = of(pair).as_ref().map(yaml).unwrap_or_default();
            fs::write(directory.path().join(&pair.name), text)?;
        }
        Ok(directory)
    };
    let unwritten =
        |error: io::Error| Complaint::Plain(format!("cannot write what is compared: {}", input::cause(&error)));
    let live = write("LIVE", |pair| &pair.was).map_err(unwritten)?;
    let merged = write("MERGED", |pair| &pair.is).map_err(unwritten)?;
    let ended = run(program, &[live.path(), merged.path()], words.filter(is_plain))
        .map_err(|error| Complaint::Plain(format!("failed to run {program:?}: {}", input::cause(&error))))?;
    match ended.code() {
        Some(0) => Ok(Answer::default()),
        Some(1) => Ok(Answer { differ: true, ..Answer::default() }),
        _ => Err(Complaint::Plain(format!("{program:?} ended with {ended}"))),
    }
}

fn run<'a>(program: &str, paths: &[&Path], words: impl Iterator<Item = &'a str>) -> io::Result<ExitStatus> {
    Command::new(program).args(paths).args(words).status()
}
