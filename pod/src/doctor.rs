//! What a machine offers to pods: what was found of it, and how that is said. Looking is `look`'s, trying `attempt`'s.

mod attempt;
mod cni;
mod look;
mod network;
mod room;

use serde::Serialize;

pub use attempt::{Tried, attempt};
pub(crate) use look::look;

/// What something that was looked at means for pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// It is there.
    Ok,
    /// It is not, and pods run without it.
    Without,
    /// It is not, and no pod runs without it.
    Missing,
    /// It cannot be told.
    Unknown,
}

/// What was found of one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    pub(crate) what: &'static str,
    pub(crate) state: State,
    pub(crate) found: String,
    /// The command that mends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mend: Option<String>,
    /// Whether no pod runs without it.
    pub(crate) needed: bool,
}

impl Finding {
    pub(crate) fn ok(what: &'static str, found: impl Into<String>) -> Self {
        Self { what, state: State::Ok, found: found.into(), mend: None, needed: false }
    }

    pub(crate) fn without(what: &'static str, found: impl Into<String>, mend: Option<String>) -> Self {
        Self { what, state: State::Without, found: found.into(), mend, needed: false }
    }

    pub(crate) fn missing(what: &'static str, found: impl Into<String>, mend: Option<String>) -> Self {
        Self { what, state: State::Missing, found: found.into(), mend, needed: false }
    }

    pub(crate) fn unknown(what: &'static str, found: impl Into<String>) -> Self {
        Self { what, state: State::Unknown, found: found.into(), mend: None, needed: false }
    }

    /// The same of what no pod runs without.
    pub(crate) fn needed(self) -> Self {
        Self { needed: true, ..self }
    }
}

/// Whether pods can run: all that they need was seen to be there.
pub(crate) fn can_run(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.state != State::Missing && (!finding.needed || finding.state == State::Ok))
}

/// For people: a line each, and under it what mends it.
pub(crate) fn text(findings: &[Finding]) -> String {
    let width = findings.iter().map(|finding| finding.what.len()).max().unwrap_or_default();
    let line = |finding: &Finding| {
        let state = match finding.state {
            State::Ok => "ok",
            State::Without => "without",
            State::Missing => "missing",
            State::Unknown => "unknown",
        };
        let mend = finding.mend.iter().map(|mend| format!("{:width$}  {:7}  # {mend}\n", "", ""));
        let found = printable(&finding.found);
        format!("{:width$}  {state:7}  {found}\n{}", finding.what, mend.collect::<String>())
    };
    let last = if can_run(findings) { "Pods can run here.\n" } else { "Pods cannot run here.\n" };
    findings.iter().map(line).chain([last.to_owned()]).collect()
}

/// Paths may have anything in them.
fn printable(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '?' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_can_run_where_all_that_they_need_was_seen() {
        let (fine, less) = (Finding::ok("a", "x"), Finding::without("b", "no b", Some("mend b".into())));
        for (findings, runs) in [
            (vec![fine.clone().needed(), less.clone()], true),
            (vec![fine.clone(), Finding::unknown("c", "who knows")], true),
            (vec![fine.clone(), Finding::unknown("c", "who knows").needed()], false),
            (vec![fine, Finding::missing("d", "no d", None)], false),
        ] {
            assert_eq!(can_run(&findings), runs, "{findings:?}");
        }
    }

    #[test]
    fn each_has_a_line_and_what_mends_it_another() {
        let findings = [Finding::ok("long name", "x\x1b[2J"), Finding::without("b", "no b", Some("mend b".into()))];
        assert_eq!(
            text(&findings),
            "long name  ok       x?[2J\nb          without  no b\n                    # mend b\nPods can run here.\n"
        );
    }
}
