//! `set resources`: what containers may use and are promised.

use std::collections::BTreeMap;

use clap::Args;
use manifest::edit::{Amounts, Containers};
use manifest::value::Quantity;

use super::super::NO_RESOURCES;
use super::{BY_FILENAME, Target, Words};
use crate::answer::{Answer, Complaint};

#[derive(Args, Debug)]
pub(super) struct Resources {
    /// A kind and names: pod web, pod/web
    #[arg(value_name = "KIND NAME|KIND/NAME")]
    words: Vec<String>,

    /// Which containers: a name, or part of one with * for the rest
    #[arg(short, long, value_name = "NAME", default_value = "*")]
    containers: String,

    /// The most that they may use: cpu=200m,memory=512Mi
    #[arg(long, value_name = "AMOUNTS", default_value = "", hide_default_value = true)]
    limits: String,

    /// What they are promised: cpu=100m,memory=256Mi
    #[arg(long, value_name = "AMOUNTS", default_value = "", hide_default_value = true)]
    requests: String,

    #[command(flatten)]
    target: Target,
}

const WORDS: Words = Words {
    done: "resource requirements updated",
    failed: "failed to patch resources update to pod template ",
    always: false,
};

impl Resources {
    pub(super) fn answer(&self) -> Result<Answer, Complaint> {
        let mut answer = Answer::default();
        let names: Vec<&str> = self.words.iter().map(String::as_str).collect();
        let strategy = self.target.strategy(&mut answer)?;
        if self.target.local && !names.is_empty() {
            return Err(Complaint::plain(BY_FILENAME));
        }
        if names.is_empty() && self.target.files.is_empty() {
            return Err(Complaint::plain(NO_RESOURCES));
        }
        if self.limits.is_empty() && self.requests.is_empty() {
            return Err(Complaint::plain(
                "you must specify an update to requests or limits (in the form of --requests/--limits)",
            ));
        }
        let wanted = Amounts { limits: amounts(&self.limits)?, requests: amounts(&self.requests)? };
        let of = Containers::like(&self.containers);
        self.target.change(answer, strategy, &names, &WORDS, |object, _| {
            match object.pod_spec_mut().is_some_and(|spec| wanted.change(spec, &of)) {
                true => Ok(()),
                false => Err(vec![format!("unable to find container named {}", self.containers)]),
            }
        })
    }
}

/// `cpu=200m,memory=512Mi`.
fn amounts(text: &str) -> Result<BTreeMap<String, Quantity>, Complaint> {
    let amount = |word: &str| match word.split('=').collect::<Vec<_>>().as_slice() {
        [name, amount] => Ok(((*name).to_owned(), amount.parse().map_err(Complaint::plain)?)),
        _ => Err(Complaint::Plain(format!("Invalid argument syntax {word}, expected <resource>=<value>"))),
    };
    text.split(',').filter(|_| !text.is_empty()).map(amount).collect()
}
