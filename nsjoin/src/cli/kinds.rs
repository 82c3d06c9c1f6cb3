//! The options that select namespaces, made from the table of kinds.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::values::words;
use crate::plan::Source;
use launch::Kind;

/// The kinds that were named, and where each is to come from if not from the target.
#[derive(Clone, Debug, Default)]
pub struct Kinds {
    pub(super) named: BTreeSet<Kind>,
    pub(super) sources: BTreeMap<Kind, Source>,
}

impl clap::Args for Kinds {
    fn augment_args(command: Command) -> Command {
        let option = |kind: Kind| {
            Arg::new(kind.name())
                .short(kind.letter())
                .long(kind.long())
                .value_name("FILE|:ID")
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("")
                .action(ArgAction::Set)
                .value_parser(words(source))
                .help(format!("Join the {}", kind.about()))
        };
        command.args(Kind::all().map(option))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for Kinds {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut kinds = Self::default();
        kinds.update_from_arg_matches(matches)?;
        Ok(kinds)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for kind in Kind::all() {
            let Some(source) = matches.get_one::<Option<Source>>(kind.name()) else { continue };
            self.named.insert(kind);
            if let Some(source) = source {
                self.sources.insert(kind, source.clone());
            }
        }
        Ok(())
    }
}

/// Nothing is the target's; `:ID` is the namespace of that id; anything else a file.
fn source(word: &OsStr) -> Result<Option<Source>, String> {
    if word.is_empty() {
        return Ok(None);
    }
    let Some(id) = word.as_bytes().strip_prefix(b":") else { return Ok(Some(Source::File(word.into()))) };
    let id = std::str::from_utf8(id).ok().and_then(|id| id.parse().ok());
    id.map(|id| Some(Source::Id(id))).ok_or_else(|| format!("{word:?} is not :ID"))
}
