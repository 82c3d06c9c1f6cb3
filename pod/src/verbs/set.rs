//! `set image`: containers given other images.

use clap::{Args, Subcommand};
use manifest::edit::set_image;
use manifest::kind::Object;
use manifest::read::{Head, ReadError, Validate};
use serde_json::Value;

use super::dry_run::{DryRun, Strategy};
use super::pairs;
use crate::answer::{Answer, Complaint};
use crate::each::each;
use crate::input::Files;
use crate::output::{Made, Shape};

/// Change one thing of manifests.
#[derive(Args, Debug)]
pub struct Set {
    /// Which
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Give containers of manifests other images
    Image(Image),
}

#[derive(Args, Debug)]
struct Image {
    #[command(flatten)]
    files: Files,

    /// A container, or * for each, and its image
    #[arg(value_name = "CONTAINER=IMAGE")]
    words: Vec<String>,

    /// Change manifests, and not what runs
    #[arg(long)]
    local: bool,

    #[command(flatten)]
    dry_run: DryRun,

    #[command(flatten)]
    shape: Shape,
}

impl Set {
    /// What it comes to.
    #[must_use]
    pub fn run(&self) -> Answer {
        let What::Image(image) = &self.what;
        image.answer().into()
    }
}

impl Image {
    fn answer(&self) -> Result<Answer, Complaint> {
        let mut answer = Answer::default();
        let strategy = self.dry_run.strategy(&mut answer.warnings)?;
        let printer = self.shape.printer()?;
        let images = self.images(strategy)?;
        let sources = match self.files.read() {
            Ok(sources) => sources,
            Err(complaints) => return Ok(complaints.into()),
        };
        let told = |error: &ReadError| Complaint::Plain(error.unvalidated());
        // Each is read before any is changed: where one is no object, none is shown.
        let read = each(&sources, decode, told);
        if !read.complaints.is_empty() {
            return Ok(read.complaints.into());
        }
        let mut texts = Vec::new();
        for object in read.done {
            match changed(&object, &images) {
                Ok(None) => {}
                Ok(Some(value)) => {
                    texts.push(printer.text(Made { value, done: strategy.told("image updated") })?);
                }
                Err(complaints) => answer.complaints.extend(complaints),
            }
        }
        answer.text = printer.join(&texts, true);
        Ok(answer)
    }

    fn images(&self, strategy: Strategy) -> Result<Vec<(String, String)>, Complaint> {
        let (names, words) = pairs::split(&self.words, "image")?;
        if !self.local {
            let trouble = "setting images of what runs is not there yet; --local changes manifests";
            return Err(Complaint::NotYet(trouble.to_owned()));
        }
        if strategy == Strategy::Server {
            let trouble = "cannot specify --local and --dry-run=server - did you mean --dry-run=client?";
            return Err(Complaint::plain(trouble));
        }
        if !names.is_empty() {
            return Err(Complaint::plain(
                "you must specify resources by --filename when --local is set.\nExample resource specifications \
                 include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'",
            ));
        }
        if self.files.is_empty() {
            return Err(Complaint::plain(super::NO_RESOURCES));
        }
        if words.is_empty() {
            return Err(Complaint::plain("at least one image update is required"));
        }
        let mut images: Vec<(String, String)> = Vec::new();
        for word in words {
            let Some((name, image)) = word.split_once('=') else {
                return Err(Complaint::Plain(format!("invalid image format: {word}")));
            };
            images.retain(|(other, _)| other != name);
            images.push((name.to_owned(), image.to_owned()));
        }
        Ok(images)
    }
}

/// Into the structures of its kind, which is what kubectl prints here: what they do not know is dropped.
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

/// The object with other images; `None` if it has them already.
fn changed(object: &Object, images: &[(String, String)]) -> Result<Option<Value>, Vec<Complaint>> {
    if object.pod_spec().is_none() && !matches!(object, Object::Pod(_)) {
        let (reference, kind) = (object.reference(), object.kind());
        return Err(vec![Complaint::Plain(format!(
            "error: {reference} the object is not a pod or does not have a pod template: *v1.{kind}"
        ))]);
    }
    let mut value = object.to_value();
    let mut complaints = Vec::new();
    let mut differs = false;
    for image in images {
        match set_image(&mut value, std::slice::from_ref(image)) {
            Ok(different) => differs |= different,
            Err(error) => complaints.push(Complaint::Plain(format!("error: {error}"))),
        }
    }
    if !complaints.is_empty() {
        return Err(complaints);
    }
    Ok(differs.then(|| manifest::emit::whole(value, object.resource().root())))
}
