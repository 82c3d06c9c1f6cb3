//! Labels and annotations of what is kept.

use manifest::edit::{Change, Done};
use manifest::read::Validate;
use manifest::text::Node;

use super::super::dry_run::Strategy;
use super::super::keep::{Keeper, Trouble, complaints, node_of, plain};
use super::super::living::Unnamed;
use super::{Map, Mark, listing};
use crate::answer::{Answer, Complaint, Until};
use crate::objects::{Key, Objects};
use crate::output::{Made, Printer};

impl Mark {
    pub(super) fn of_what_is_kept(
        &self,
        map: Map,
        strategy: Strategy,
        resources: &[&str],
        changes: &[Change],
        printer: &Printer,
    ) -> Result<Answer, Complaint> {
        let objects = Objects::of_this_user().map_err(|error| plain(&error))?;
        let found = self.choice.find(&objects, resources, &self.files, Unnamed::Nothing)?;
        if self.resource_version.is_some() && !found.is_single {
            return Err(Complaint::plain("--resource-version may only be used with a single resource"));
        }
        let mut answer = Answer::default();
        let (mut texts, mut troubles) = (Vec::new(), Vec::new());
        if !found.keys.is_empty() {
            // What is only shown is not changed.
            let keeper = Keeper::open(if self.list { Strategy::Client } else { strategy }, Until::Attended)?;
            for key in &found.keys {
                match self.changed(&keeper, map, key, changes, &mut answer) {
                    Ok((node, _)) if self.list => texts.push(listing(&node, map, !found.is_single)),
                    Ok((node, done)) => {
                        let missing =
                            done.missing.iter().filter(|_| map == Map::Labels && strategy != Strategy::Client);
                        let missing: String = missing.map(|key| format!("label {key:?} not found.\n")).collect();
                        let word = if map == Map::Labels { done.word("labeled") } else { "annotated".to_owned() };
                        let made = Made { value: node.into_value(), done: strategy.told(&word) };
                        texts.push(missing + &printer.text(made)?);
                    }
                    Err(trouble) => troubles.push(trouble),
                }
            }
        }
        answer.text = printer.join(&texts, map == Map::Annotations && !self.list);
        answer.complaints = complaints(troubles, found.missing);
        Ok(answer)
    }

    /// The object as it is shown afterwards, and what was done. kubectl shows an object as it has labelled it, and as
    /// the server has annotated it.
    fn changed(
        &self,
        keeper: &Keeper,
        map: Map,
        key: &Key,
        changes: &[Change],
        answer: &mut Answer,
    ) -> Result<(Node, Done), Trouble> {
        let mut edited = None;
        let changed = keeper.change(key, Validate::Ignore, |node| {
            let (node, done) = self.change(node, map, changes)?;
            edited = Some((node.clone(), done));
            Ok(node)
        })?;
        answer.warnings.extend(changed.warnings);
        answer.pending.extend(changed.pending);
        let nothing = || Done { changed: false, shortened: false, missing: Vec::new() };
        match edited {
            Some((node, done)) if map == Map::Labels || self.list => Ok((node, done)),
            edited => Ok((node_of(&changed.value)?, edited.map_or_else(nothing, |(_, done)| done))),
        }
    }
}
