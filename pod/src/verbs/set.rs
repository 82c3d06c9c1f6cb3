//! `set`: one thing of objects that have containers changed, of what is kept or of manifests.

mod account;
mod env;
mod image;
mod resources;

use clap::{Args, Subcommand};
use manifest::emit::whole;
use manifest::kind::Object;
use manifest::read::{Head, ReadError, Validate};

use super::dry_run::{DryRun, Strategy};
use super::keep::{Keeper, Trouble, node_of, plain};
use super::living::{Choice, Found, Unnamed};
use crate::answer::{Answer, Complaint, Until};
use crate::each::each;
use crate::input::Files;
use crate::objects::Objects;
use crate::output::{Made, Printer, Shape};

/// Change one thing of what is kept, or of manifests.
#[derive(Args, Debug)]
pub struct Set {
    /// Which
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Give containers other images
    Image(image::Image),
    /// Change or list the environments of containers
    Env(Box<env::Env>),
    /// Change what containers may use and are promised
    Resources(resources::Resources),
    /// Change the service account of pods
    #[command(visible_alias = "sa")]
    Serviceaccount(account::Account),
}

/// What is changed, and how that is shown.
#[derive(Args, Clone, Debug)]
struct Target {
    #[command(flatten)]
    files: Files,

    #[command(flatten)]
    choice: Choice,

    /// Change manifests, and not what is kept
    #[arg(long)]
    local: bool,

    #[command(flatten)]
    dry_run: DryRun,

    #[command(flatten)]
    shape: Shape,
}

/// kubectl's words for changing one thing.
struct Words {
    /// `image updated`.
    done: &'static str,
    /// What is said before why it could not be done.
    failed: &'static str,
    /// Whether it is said to be done of what was like that already, too.
    always: bool,
}

impl Set {
    /// What it comes to.
    #[must_use]
    pub fn run(&self) -> Answer {
        match &self.what {
            What::Image(image) => image.answer(),
            What::Env(env) => env.answer(),
            What::Resources(resources) => resources.answer(),
            What::Serviceaccount(account) => account.answer(),
        }
        .into()
    }
}

const BY_FILENAME: &str = "you must specify resources by --filename when --local is set.
Example resource specifications include:
   '-f rsrc.yaml'
   '--filename=rsrc.json'";

impl Target {
    /// How far to go; what was typed is to make sense.
    fn strategy(&self, answer: &mut Answer) -> Result<Strategy, Complaint> {
        let strategy = self.dry_run.strategy(&mut answer.warnings)?;
        self.choice.makes_sense()?;
        if self.local && strategy == Strategy::Server {
            let trouble = "cannot specify --local and --dry-run=server - did you mean --dry-run=client?";
            return Err(Complaint::plain(trouble));
        }
        Ok(strategy)
    }

    /// Has something done to each object, in which `change` says what of it cannot be done.
    fn change(
        &self,
        mut answer: Answer,
        strategy: Strategy,
        resources: &[&str],
        words: &Words,
        change: impl Fn(&mut Object, &mut Vec<String>) -> Result<(), Vec<String>>,
    ) -> Result<Answer, Complaint> {
        let printer = self.shape.printer()?;
        if self.local {
            return self.of_manifests(answer, strategy, &printer, words, change);
        }
        let found = self.found(resources)?;
        if !found.missing.is_empty() {
            return Ok(found.missing.into());
        }
        let mut texts = Vec::new();
        let keeper = (!found.keys.is_empty()).then(|| Keeper::open(strategy, Until::Attended)).transpose()?;
        for (key, keeper) in found.keys.iter().zip(keeper.iter().cycle()) {
            let mut refused = Vec::new();
            let (resource, name) = (key.resource(), format!("{}/{}", key.resource().plural, key.name()));
            let edit = |node: manifest::text::Node| {
                let mut object =
                    Object::from_value(resource.kind, node.clone().into_value()).map_err(Complaint::plain)?;
                match of_pods(&object, &name).and_then(|()| change(&mut object, &mut answer.warnings)) {
                    Ok(()) => node_of(&object.to_value()),
                    Err(troubles) => {
                        refused = told(troubles);
                        Ok(node)
                    }
                }
            };
            let changed = keeper.change(key, Validate::Ignore, edit);
            answer.complaints.extend(refused.iter().cloned());
            match changed {
                Ok(changed) if refused.is_empty() && (changed.is_other || words.always) => {
                    answer.warnings.extend(changed.warnings);
                    answer.pending.extend(changed.pending);
                    texts.push(printer.text(Made { value: changed.value, done: strategy.told(words.done) })?);
                }
                Ok(_) => {}
                Err(Trouble::Invalid(invalid)) => {
                    answer.complaints.push(Complaint::Plain(format!("{}{}", words.failed, invalid.message())));
                }
                Err(Trouble::Objects(error)) => {
                    answer.complaints.push(Complaint::Plain(format!("{}{error}", words.failed)));
                }
                Err(Trouble::Other(complaint)) => answer.complaints.push(complaint),
            }
        }
        answer.text = printer.join(&texts, true);
        Ok(answer)
    }

    fn of_manifests(
        &self,
        mut answer: Answer,
        strategy: Strategy,
        printer: &Printer,
        words: &Words,
        change: impl Fn(&mut Object, &mut Vec<String>) -> Result<(), Vec<String>>,
    ) -> Result<Answer, Complaint> {
        let read = match self.read() {
            Ok(read) => read,
            Err(complaints) => return Ok(complaints.into()),
        };
        let mut texts = Vec::new();
        for object in read {
            let name = object.reference();
            let mut changed = object.clone();
            match of_pods(&changed, &name).and_then(|()| change(&mut changed, &mut answer.warnings)) {
                Ok(()) if changed == object && !words.always => {}
                Ok(()) => {
                    let value = whole(changed.to_value(), changed.resource().root());
                    texts.push(printer.text(Made { value, done: strategy.told(words.done) })?);
                }
                Err(troubles) => answer.complaints.extend(told(troubles)),
            }
        }
        answer.text = printer.join(&texts, true);
        Ok(answer)
    }

    /// The objects of manifests, in the structures of their kind, which is what kubectl prints here: what they do not
    /// know is dropped. Each is read before any is changed: where one is no object, none is shown.
    fn read(&self) -> Result<Vec<Object>, Vec<Complaint>> {
        let sources = self.files.read()?;
        let read = each(&sources, decode, |error: &ReadError| Complaint::Plain(error.unvalidated()));
        if read.complaints.is_empty() { Ok(read.done) } else { Err(read.complaints) }
    }

    fn found(&self, resources: &[&str]) -> Result<Found, Complaint> {
        let objects = Objects::of_this_user().map_err(|error| plain(&error))?;
        self.choice.find(&objects, resources, &self.files, Unnamed::Nothing)
    }
}

/// Only what has containers has what is changed.
fn of_pods(object: &Object, name: &str) -> Result<(), Vec<String>> {
    if object.pod_spec().is_some() || matches!(object, Object::Pod(_)) {
        return Ok(());
    }
    let kind = object.kind();
    Err(vec![format!("{name} the object is not a pod or does not have a pod template: *v1.{kind}")])
}

/// kubectl announces each of these itself.
fn told(troubles: Vec<String>) -> Vec<Complaint> {
    troubles.into_iter().map(|trouble| Complaint::Plain(format!("error: {trouble}"))).collect()
}

fn decode(head: Head) -> Result<Object, Complaint> {
    let plain = |sentence: String| Complaint::Plain(sentence);
    let written = head.known().map_err(|error| match error {
        ReadError::NoMatch { file, kind, version, .. } => plain(format!(
            "unable to decode {file:?}: no kind {kind:?} is registered for version {version:?} in the scheme"
        )),
        error => plain(error.unvalidated()),
    })?;
    let decoded = written.decode(Validate::Ignore).map_err(|refusal| {
        let trouble = refusal.complaints.first().map(ToString::to_string).unwrap_or_default();
        let places = refusal.places().iter().map(|line| format!("\n  {line}")).collect::<String>();
        plain(format!("unable to decode {:?}: {trouble}{places}", refusal.source))
    })?;
    Ok(decoded.object)
}
