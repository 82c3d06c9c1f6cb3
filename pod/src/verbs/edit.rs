//! `edit`: what is kept, in an editor. What is refused comes back with why at its top, until it is taken or given up;
//! what somebody else has changed meanwhile is not written over.

mod editor;
mod text;

use clap::Args;
use manifest::kind::Object;
use manifest::patch::with_last_applied;
use manifest::read::{Head, ReadError, Validate, heads};
use manifest::text::{Budget, Content, Node, documents};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::NO_RESOURCES;
use super::dry_run::Strategy;
use super::keep::{Keeper, Trouble, node_of, plain, seen};
use super::living::{Choice, Unnamed};
use crate::answer::{Answer, Complaint, Until};
use crate::input::Files;
use crate::objects::{Key, Objects, ObjectsError};
use text::{Form, Reason};

/// Change what is kept in an editor.
///
/// Which one: what KUBE_EDITOR or EDITOR names, or vi.
#[derive(Args, Debug)]
pub struct Edit {
    /// A kind and names: pod web, pod/web
    #[arg(value_name = "KIND NAME|KIND/NAME")]
    words: Vec<String>,

    #[command(flatten)]
    files: Files,

    /// The namespace
    #[arg(short, long, value_name = "NAME")]
    namespace: Option<String>,

    /// As what it is edited, and then shown: yaml (edited so by default), json or kyaml
    #[arg(short, long, value_name = "FORMAT")]
    output: Option<String>,

    /// Remember what came of it in an annotation, as apply does
    #[arg(long)]
    save_config: bool,

    /// What fields that there are not, and keys given twice, are: strict, an error; warn; ignore
    #[arg(long, value_name = "strict|warn|ignore", num_args = 0..=1, require_equals = true, default_value = "strict",
          default_missing_value = "strict", hide_default_value = true)]
    validate: String,
}

/// An object that is edited.
#[derive(Clone, Debug)]
struct Original {
    key: Key,
    value: Value,
    /// Its revision since an edit of it was taken.
    since: Option<String>,
}

/// What came of an edit.
#[derive(Default)]
struct Round {
    /// Why the editor is opened again.
    reasons: Vec<Reason>,
    /// Objects that are gone.
    gone: usize,
    /// Objects that were changed by others.
    changed: usize,
}

impl Edit {
    /// What it comes to.
    #[must_use]
    pub fn run(&self) -> Answer {
        self.answer().into()
    }

    fn answer(&self) -> Result<Answer, Complaint> {
        let shown = self.output.as_deref().map(Form::called).transpose()?;
        let form = shown.unwrap_or(Form::Yaml);
        let validate: Validate = self.validate.parse().map_err(Complaint::Plain)?;
        if self.words.is_empty() && self.files.is_empty() {
            return Err(Complaint::plain(NO_RESOURCES));
        }
        let objects = Objects::of_this_user().map_err(|error| plain(&error))?;
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        let choice = Choice::within(self.namespace.as_deref());
        let found = choice.find(&objects, &words, &self.files, Unnamed::All)?;
        if !found.missing.is_empty() {
            return Ok(found.missing.into());
        }
        let mut originals = Vec::new();
        for key in found.keys {
            let there: Option<Object> = objects.get(&key).map_err(|error| plain(&error))?;
            if let Some(there) = there {
                originals.push(Original { key, value: seen(&there)?, since: None });
            }
        }
        if originals.is_empty() {
            return Err(Complaint::plain("edit cancelled, no objects found"));
        }
        let mut answer = Answer::default();
        if let Err(complaint) = self.session(form, validate, &mut originals, &mut answer) {
            answer.complaints.push(complaint);
        }
        Ok(answer)
    }

    /// Opens the editor until there is nothing more to be done.
    fn session(
        &self,
        form: Form,
        validate: Validate,
        originals: &mut [Original],
        answer: &mut Answer,
    ) -> Result<(), Complaint> {
        let original = form.text(&all_of(originals));
        let (mut body, mut reasons) = (original.clone(), Vec::new());
        let mut before: Option<NamedTempFile> = None;
        loop {
            let file = editor::write(form, &text::header(form, &reasons), &body)?;
            let edited = match editor::edit(&file) {
                Ok(edited) => edited,
                Err(complaint) => return Err(kept(before, complaint, answer)),
            };
            if !reasons.is_empty() && text::is_alike(&body, &edited) {
                // Where there is no room for it in the text, it was not seen yet.
                answer.notes.extend(reasons.iter().filter(|_| form == Form::Json).flat_map(Reason::lines));
                return Err(kept(Some(file), Complaint::plain("Edit cancelled, no valid changes were saved."), answer));
            }
            if text::is_alike(&original, &edited) {
                answer.notes.push("Edit cancelled, no changes made.".to_owned());
                return Ok(());
            }
            if !text::says_something(&edited) {
                answer.notes.push("Edit cancelled, saved file was empty.".to_owned());
                return Ok(());
            }
            body = text::without_comments(&edited);
            let heads = match read(&edited) {
                Ok(heads) => heads,
                Err(error) => {
                    let head = format!("The edited file had a syntax error: {error}");
                    reasons = vec![Reason { head, causes: Vec::new() }];
                    before = Some(file);
                    continue;
                }
            };
            let pairs = match paired(heads, originals) {
                Ok(pairs) => pairs,
                Err(complaint) => return Err(kept(Some(file), complaint, answer)),
            };
            let round = self.take(pairs, validate, originals, answer)?;
            if round.changed > 0 {
                let path = path_of(file)?;
                return Err(Complaint::Whole(format!("You can run `pod replace -f {path}` to try this update again.")));
            }
            if round.gone > 0 {
                let path = path_of(file)?;
                return Err(Complaint::Whole(format!(
                    "The edits you made on deleted resources have been saved to {path:?}"
                )));
            }
            if round.reasons.is_empty() {
                return Ok(());
            }
            reasons = round.reasons;
            before = Some(file);
        }
    }

    fn told(&self, value: &Value, done: &str) -> String {
        match self.output.as_deref().map(Form::called) {
            Some(Ok(form)) => form.text(value),
            _ => format!("{} {done}\n", manifest::emit::name(value)),
        }
    }

    /// Has objects become what was made of them.
    fn take(
        &self,
        pairs: Vec<(usize, Node)>,
        validate: Validate,
        originals: &mut [Original],
        answer: &mut Answer,
    ) -> Result<Round, Complaint> {
        let mut round = Round::default();
        // Whoever edits keeps nobody from changing something; whoever is done does, for a moment.
        let keeper = Keeper::open(Strategy::None, Until::Attended)?;
        for (at, mut node) in pairs {
            let original = &mut originals[at];
            let name = original.key.quoted();
            if node.to_value() == original.value {
                answer.text.push_str(&self.told(&original.value, "skipped"));
                continue;
            }
            if self.save_config {
                node = node_of(&with_last_applied(&node.into_value()))?;
            }
            let is_first = node.at(&["metadata", "resourceVersion"]).and_then(Node::as_text)
                == original.value["metadata"]["resourceVersion"].as_str();
            // What is edited twice is not in its own way.
            if let Some(since) = original.since.as_ref().filter(|_| is_first)
                && let Some(metadata) = node.map_under("metadata", |_| false)
            {
                metadata.set("resourceVersion", Content::Text(since.as_str().into()));
            }
            match keeper.change(&original.key, validate, |_| Ok(node)) {
                Ok(changed) => {
                    if changed.is_other || original.since.is_none() {
                        answer.text.push_str(&self.told(&changed.value, "edited"));
                    }
                    original.since = changed.value["metadata"]["resourceVersion"].as_str().map(str::to_owned);
                    answer.warnings.extend(changed.warnings);
                    answer.pending.extend(changed.pending);
                }
                Err(Trouble::Invalid(refused)) => {
                    answer.notes.push(format!("error: {name} is invalid"));
                    round.reasons.push(Reason { head: format!("{name} was not valid"), causes: refused.causes });
                }
                Err(Trouble::Other(complaint)) => {
                    answer.notes.push(format!("error: {name} is invalid"));
                    let cause = complaint.sentence().trim_start_matches("Error from server (BadRequest): ").to_owned();
                    round.reasons.push(Reason { head: format!("{name} was not valid"), causes: vec![cause] });
                }
                Err(Trouble::Objects(ObjectsError::Missing(_))) => {
                    answer.notes.push(format!("error: {name} could not be found on the server"));
                    round.gone += 1;
                }
                Err(Trouble::Objects(error)) => {
                    answer.notes.push(format!("error: {name} could not be patched: {error}"));
                    round.changed += 1;
                }
            }
        }
        Ok(round)
    }
}

/// All that is edited, as one.
fn all_of(originals: &[Original]) -> Value {
    match originals {
        [one] => one.value.clone(),
        several => {
            let items: Vec<&Value> = several.iter().map(|one| &one.value).collect();
            json!({ "apiVersion": "v1", "items": items, "kind": "List", "metadata": {} })
        }
    }
}

/// The objects of an edited text.
fn read(text: &str) -> Result<Vec<Head>, ReadError> {
    const FILE: &str = "edited-file";
    let mut found = Vec::new();
    for document in documents(text, &Budget::default()) {
        let node = document.map_err(|error| ReadError::Syntax { file: FILE.to_owned(), error })?;
        for head in heads(node, FILE) {
            found.push(head?);
        }
    }
    Ok(found)
}

/// Which original each is of: it stays who it is.
fn paired(heads: Vec<Head>, originals: &[Original]) -> Result<Vec<(usize, Node)>, Complaint> {
    let mut pairs = Vec::new();
    for head in heads {
        let word = |keys: &[&str]| head.node.at(keys).and_then(Node::as_text).unwrap_or_default();
        let is = |original: &Original, keys: [&str; 2]| {
            let at = keys.into_iter().filter(|key| !key.is_empty()).collect::<Vec<_>>();
            original.value.pointer(&format!("/{}", at.join("/"))).and_then(Value::as_str).unwrap_or_default()
                == word(&at)
        };
        let identity = [["apiVersion", ""], ["kind", ""], ["metadata", "name"], ["metadata", "uid"]];
        let at = originals.iter().position(|original| identity.into_iter().all(|keys| is(original, keys)));
        let Some(at) = at else {
            return Err(Complaint::plain("At least one of apiVersion, kind and name was changed"));
        };
        let (namespace, own) = (word(&["metadata", "namespace"]), originals[at].key.namespace());
        if let Some(own) = own.filter(|own| !namespace.is_empty() && namespace != *own) {
            return Err(Complaint::Plain(format!(
                "the namespace from the provided object {namespace:?} does not match the namespace {own:?}. You must pass \
                 '--namespace={namespace}' to perform this operation."
            )));
        }
        pairs.push((at, head.node));
    }
    Ok(pairs)
}

/// Keeps what was edited, and says where.
fn kept(file: Option<NamedTempFile>, complaint: Complaint, answer: &mut Answer) -> Complaint {
    match file.map(path_of) {
        Some(Ok(path)) => answer.notes.push(format!("A copy of your changes has been stored to {path:?}")),
        Some(Err(lost)) => answer.complaints.push(lost),
        None => {}
    }
    complaint
}

fn path_of(file: NamedTempFile) -> Result<String, Complaint> {
    let kept =
        file.keep().map_err(|error| Complaint::Plain(format!("cannot keep what was edited: {}", error.error)))?;
    Ok(kept.1.display().to_string())
}
