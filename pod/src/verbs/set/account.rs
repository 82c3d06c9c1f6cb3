//! `set serviceaccount`: whom pods are to be for an API.

use clap::Args;
use manifest::edit::spec_of;

use super::super::NO_RESOURCES;
use super::{Target, Words};
use crate::answer::{Answer, Complaint};

#[derive(Args, Debug)]
pub(super) struct Account {
    /// A kind and names, pod web or pod/web; and the service account
    #[arg(value_name = "KIND NAME… ACCOUNT")]
    words: Vec<String>,

    #[command(flatten)]
    target: Target,
}

const WORDS: Words =
    Words { done: "serviceaccount updated", failed: "failed to patch ServiceAccountName ", always: true };

impl Account {
    pub(super) fn answer(&self) -> Result<Answer, Complaint> {
        let mut answer = Answer::default();
        let Some((account, names)) = self.words.split_last() else {
            return Err(Complaint::plain("serviceaccount is required"));
        };
        let strategy = self.target.strategy(&mut answer)?;
        if self.target.files.is_empty() && (names.is_empty() || self.target.local) {
            return Err(Complaint::plain(NO_RESOURCES));
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        self.target.change(answer, strategy, &names, &WORDS, |object, _| {
            if let Some(spec) = spec_of(object) {
                spec.service_account_name = Some(account.clone());
            }
            Ok(())
        })
    }
}
