//! `pod describe`: all there is to know of a pod.

use clap::Args;
use manifest::kind::Object;
use registry::{Name, Registry};

use super::create::Format;
use super::keep::plain;
use super::lives::{Lives, as_it_does};
use super::which::{Scope, Which, which};
use crate::answer::{Answer, Complaint};
use crate::clock;
use crate::error::Error;
use crate::look;
use crate::objects::Objects;
use crate::status;
use crate::view::PodView;

/// Show all there is to know of a pod.
#[derive(Debug, Args)]
pub struct Describe {
    /// A pod made by hand, by its name; or of manifests: pods, pod web, pod/web
    #[arg(value_name = "NAME|pod NAME|pod/NAME", required = true)]
    words: Vec<String>,

    #[command(flatten)]
    scope: Scope,
}

impl Describe {
    /// What it comes to, unless a pod made by hand is meant.
    #[must_use]
    pub fn run(&self, format: Format) -> Option<Answer> {
        match which(&self.words) {
            Ok(Some(all)) => Some(self.answer(&all, format).into()),
            Ok(None) if self.words.len() == 1 => None,
            Ok(None) => {
                let kind = self.words.first().map(String::as_str).unwrap_or_default();
                Some(Complaint::Plain(format!("the server doesn't have a resource type {kind:?}")).into())
            }
            Err(complaint) => Some(complaint.into()),
        }
    }

    /// The pod made by hand that was asked for.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    pub fn pod(&self, registry: &Registry) -> Result<PodView, Error> {
        let name = self.words.first().cloned().unwrap_or_default();
        look::pod(registry, &Name::try_from(name)?)
    }

    fn answer(&self, all: &[Which], format: Format) -> Result<Answer, Complaint> {
        if let Format::Json = format {
            return Err(Complaint::plain("describe shows objects at length only; get has -o json"));
        }
        if let Some(Which { resource, .. }) = all.iter().find(|which| which.resource.kind != "Pod") {
            return Err(Complaint::NotYet(format!(
                "describing {0} is not there yet; pod get {0} -o yaml has all of them",
                resource.plural
            )));
        }
        let mut answer = Answer::default();
        let objects = Objects::of_this_user().map_err(|error| plain(&error))?;
        for which in all {
            let (found, missing) = self.scope.find(&objects, which)?;
            answer.complaints.extend(missing);
            for object in found {
                let Object::Pod(pod) = object else { continue };
                let Lives { pod, log } = as_it_does(pod, &mut answer);
                if !answer.text.is_empty() {
                    answer.text.push_str("\n\n");
                }
                answer.text.push_str(&status::describe(&pod, &log, clock::now()));
            }
        }
        if answer.text.is_empty() && answer.complaints.is_empty() && !self.scope.ignore_not_found {
            answer.notes.push(self.scope.nothing(true));
        }
        Ok(answer)
    }
}
