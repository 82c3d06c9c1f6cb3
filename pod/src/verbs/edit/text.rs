//! What stands in the editor: an object or several, and above it what is to be done and what was wrong. Pure.

use std::fmt::Write as _;

use manifest::emit;
use manifest::text::{Budget, documents};
use serde_json::Value;

use crate::answer::Complaint;

/// As what objects are edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Yaml,
    Json,
    Kyaml,
}

/// Why something was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reason {
    pub(super) head: String,
    pub(super) causes: Vec<String>,
}

impl Reason {
    /// The same where there are no comments.
    pub(super) fn lines(&self) -> Vec<String> {
        let mark = if self.causes.is_empty() { "" } else { ":" };
        let causes = self.causes.iter().map(|cause| format!("* {cause}"));
        std::iter::once(format!("{}{mark}", self.head)).chain(causes).collect()
    }
}

const INTRODUCTION: &str = "\
# Please edit the object below. Lines beginning with a '#' will be ignored,
# and an empty file will abort the edit. If an error occurs while saving this file will be
# reopened with the relevant failures.
#
";

impl Form {
    pub(super) fn called(word: &str) -> Result<Self, Complaint> {
        match word {
            "yaml" => Ok(Self::Yaml),
            "json" => Ok(Self::Json),
            "kyaml" => Ok(Self::Kyaml),
            _ => Err(Complaint::Plain(format!(
                "unable to match a printer suitable for the output format {word:?}, allowed formats are: json,kyaml,yaml"
            ))),
        }
    }

    pub(super) fn text(self, value: &Value) -> String {
        match self {
            Self::Yaml => emit::yaml(value),
            Self::Json => emit::json(value),
            Self::Kyaml => emit::kyaml(value),
        }
    }

    /// How the names of such files end.
    pub(super) fn suffix(self) -> &'static str {
        if self == Self::Json { ".json" } else { ".yaml" }
    }
}

/// What stands above the object. JSON has no comments: what was wrong with it is told when the editor is closed.
pub(super) fn header(form: Form, reasons: &[Reason]) -> String {
    if form == Form::Json {
        return String::new();
    }
    let mut text = INTRODUCTION.to_owned();
    for reason in reasons {
        for line in reason.lines() {
            let _ = writeln!(text, "# {}", line.replace('\n', "\n# "));
        }
        text.push_str("#\n");
    }
    text
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with('#')
}

/// The lines that are no comments.
pub(super) fn without_comments(text: &str) -> String {
    text.lines().filter(|line| !is_comment(line)).map(|line| format!("{line}\n")).collect()
}

/// Whether something stands there.
pub(super) fn says_something(text: &str) -> bool {
    text.lines().any(|line| !line.trim().is_empty() && !is_comment(line))
}

/// Whether two texts say the same.
pub(super) fn is_alike(one: &str, other: &str) -> bool {
    let read = |text: &str| {
        let read: Result<Vec<Value>, _> =
            documents(text, &Budget::default()).into_iter().map(|node| node.map(|node| node.into_value())).collect();
        read.ok()
    };
    match (read(one), read(other)) {
        (Some(one), Some(other)) => one == other,
        _ => without_comments(one) == without_comments(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_wrong_stands_above_the_object_in_comments() {
        let reasons = [
            Reason { head: "pods \"web\" was not valid".to_owned(), causes: vec!["spec: a\nb".to_owned()] },
            Reason { head: "other".to_owned(), causes: Vec::new() },
        ];
        let expected = format!("{INTRODUCTION}# pods \"web\" was not valid:\n# * spec: a\n# b\n#\n# other\n#\n");
        assert_eq!(header(Form::Yaml, &reasons), expected);
        assert_eq!(header(Form::Json, &reasons), "");
        assert!(without_comments(&expected).is_empty() && !says_something(&expected));
    }

    #[test]
    fn texts_are_alike_that_say_the_same() {
        assert!(is_alike("a: b\n", "# x\na: 'b'\n"));
        assert!(!is_alike("a: b\n", "a: c\n"));
        assert!(is_alike("a: [\n", "# x\na: [\n") && !is_alike("a: [\n", "a: b\n"));
        assert!(!is_alike("a: b\n", ""));
    }
}
