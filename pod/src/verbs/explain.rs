//! `explain`: what a field is for, and what it means on one machine.

use clap::Args;
use manifest::explain::{ExplainError, explain, fields};
use manifest::kind::Resource;

use crate::answer::{Answer, Complaint};

/// Say what a field of a manifest is for, and what it means on one machine.
#[derive(Args, Debug)]
pub struct Explain {
    /// A kind, and a path in it: pod.spec.containers
    #[arg(value_name = "KIND[.FIELD…]")]
    paths: Vec<String>,

    /// Name every field below, and say nothing of them
    #[arg(long)]
    recursive: bool,

    /// The group and version of the kind
    #[arg(long, value_name = "GROUP/VERSION")]
    api_version: Option<String>,
}

impl Explain {
    /// What it comes to.
    #[must_use]
    pub fn run(&self) -> Answer {
        self.answer().into()
    }

    fn answer(&self) -> Result<Answer, Complaint> {
        let path = match self.paths.as_slice() {
            [path] => path,
            [] => {
                return Err(Complaint::plain(
                    "You must specify the type of resource to explain. Use \"pod api-resources\" for a complete list of \
                     supported resources.",
                ));
            }
            _ => return Err(Complaint::plain("We accept only this format: explain RESOURCE")),
        };
        let kind = path.split('.').next().unwrap_or_default();
        if let (Some(version), Some(resource)) = (&self.api_version, Resource::find(kind))
            && *version != resource.root().api_version
        {
            let trouble = format!("couldn't find resource for \"{version}, Resource={}\"", resource.plural);
            return Err(Complaint::Plain(trouble));
        }
        let text = if self.recursive { fields(path) } else { explain(path) };
        text.map(Answer::from).map_err(|error| match error {
            ExplainError::NoKind(_) => Complaint::Whole(error.to_string()),
            ExplainError::NoField(_) => Complaint::plain(error),
        })
    }
}
