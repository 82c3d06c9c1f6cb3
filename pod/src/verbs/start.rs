//! `pod start`: pods of manifests, after the machine was started.

use clap::Args;
use manifest::kind::{Object, Resource};

use super::keep::plain;
use crate::answer::{Answer, Complaint, Pending, Until};
use crate::objects::Objects;

/// Have pods of manifests run again, after the machine was started.
///
/// What runs is left as it is, and what is over stays so.
#[derive(Args, Debug)]
pub struct Start {
    /// All of them
    #[arg(long, required = true)]
    all: bool,
}

impl Start {
    /// What it comes to.
    #[must_use]
    pub fn run(&self) -> Answer {
        debug_assert!(self.all, "there is nothing else to be said");
        answer().into()
    }
}

fn answer() -> Result<Answer, Complaint> {
    let Some(pods) = Resource::find("pods") else { return Ok(Answer::default()) };
    let objects =
        Objects::of_this_user().and_then(|objects| objects.list(pods, None)).map_err(|error| plain(&error))?;
    let pending = objects.into_iter().filter_map(|object| match object {
        Object::Pod(pod) => Some(Pending { pod, until: Until::Attended }),
        _ => None,
    });
    Ok(Answer { pending: pending.collect(), ..Answer::default() })
}
