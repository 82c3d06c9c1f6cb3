//! Our words for the fields: what each means on one machine, what it is for, and why it is not honoured.

use std::collections::BTreeMap;

use anyhow::{Context, bail, ensure};

use super::facts::Facts;

/// What a field means on one machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Support {
    Honoured,
    Noted,
    Refused,
    Later,
    Told,
}

/// What there is to say of a field, or of a type.
#[derive(Clone, Debug)]
pub(crate) struct Word {
    pub(crate) support: Support,
    pub(crate) help: String,
    pub(crate) reason: String,
}

/// Of every type: its own words, and those of its fields.
pub(crate) type Words = BTreeMap<String, (Word, BTreeMap<String, Word>)>;

impl Support {
    /// Its name in code.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Honoured => "Honoured",
            Self::Noted => "Noted",
            Self::Refused => "Refused",
            Self::Later => "Later",
            Self::Told => "Told",
        }
    }
}

/// Reads the words, each for a type or field that there is.
pub(crate) fn parse(text: &str, facts: &Facts) -> anyhow::Result<Words> {
    let mut words = Words::new();
    let mut current: Option<String> = None;
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let (name, rest) = line.split_once(' ').with_context(|| format!("a mark is missing: {line}"))?;
        let word = word(rest).with_context(|| line.to_owned())?;
        if let Some(of) = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
            ensure!(facts.contains_key(of), "there is no type {of}");
            ensure!(words.insert(of.to_owned(), (word, BTreeMap::new())).is_none(), "{of} stands twice");
            current = Some(of.to_owned());
            continue;
        }
        let of = current.as_deref().context("a field before any type")?;
        ensure!(facts[of].iter().any(|field| field.name == name), "there is no field {of}.{name}");
        let fields = words.get_mut(of).map(|(_, fields)| fields).context("a type")?;
        ensure!(fields.insert(name.to_owned(), word).is_none(), "{of}.{name} stands twice");
    }
    for of in facts.keys() {
        ensure!(words.contains_key(of), "nothing is said of {of}");
    }
    Ok(words)
}

fn word(rest: &str) -> anyhow::Result<Word> {
    let (mark, rest) = rest.split_once(' ').context("what it is for is missing")?;
    let support = match mark {
        "+" => Support::Honoured,
        "~" => Support::Noted,
        "-" => Support::Refused,
        "=" => Support::Later,
        "." => Support::Told,
        _ => bail!("{mark} is no mark"),
    };
    let (help, reason) = rest.split_once(" | ").unwrap_or((rest, ""));
    Ok(Word { support, help: help.to_owned(), reason: reason.to_owned() })
}

/// The words of a field: its own, or its type's mark.
pub(crate) fn of_field(words: &Words, of: &str, field: &str) -> Word {
    let (whole, fields) = &words[of];
    fields.get(field).cloned().unwrap_or_else(|| Word {
        support: whole.support,
        help: String::new(),
        reason: String::new(),
    })
}
