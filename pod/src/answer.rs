//! What a verb of kubectl's comes to: what is to be printed, and what went wrong, in kubectl's words.

use std::fmt::Write as _;

use reaper::ExitCode;

/// Something that went wrong, and how kubectl says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Complaint {
    /// A sentence of the program's.
    Plain(String),
    /// A sentence that stands by itself: an API server would have said it.
    Whole(String),
    /// A command line that makes no sense, of the verb of this name.
    Usage(String, &'static str),
    /// What was asked for is not there yet.
    NotYet(String),
}

impl Complaint {
    /// A sentence of the program's.
    pub fn plain(text: impl ToString) -> Self {
        Self::Plain(text.to_string())
    }

    pub(crate) fn sentence(&self) -> &str {
        match self {
            Self::Plain(text) | Self::Whole(text) | Self::Usage(text, _) | Self::NotYet(text) => text,
        }
    }
}

/// A pod that is to come or to go after a verb has said so.
#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    /// The pod.
    pub pod: Box<manifest::kind::Pod>,
    /// What is waited for.
    pub until: Until,
}

/// What of a pod is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// That somebody attends to it.
    Attended,
    /// That it has come to what it is for: it is ready or, where nothing of it is started again that ended well, it has
    /// ended; for so long at most.
    Meant(Option<std::time::Duration>),
    /// That it is ready, or has ended before; for so long at most.
    Ready(Option<std::time::Duration>),
    /// That it has ended; for so long at most.
    Ended(Option<std::time::Duration>),
    /// That it is going.
    Going,
    /// That it is gone; for so long at most.
    Gone(Option<std::time::Duration>),
}

/// What a verb comes to. Where some objects were wrong, the others are shown all the same.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// What is to be printed.
    pub text: String,
    /// What is to be said of it besides.
    pub notes: Vec<String>,
    /// What did not keep it from being done.
    pub warnings: Vec<String>,
    /// What did.
    pub complaints: Vec<Complaint>,
    /// The pods that are to come or to go.
    pub pending: Vec<Pending>,
    /// Whether two things that were compared differ.
    pub differ: bool,
}

impl From<String> for Answer {
    fn from(text: String) -> Self {
        Self { text, ..Self::default() }
    }
}

impl From<Complaint> for Answer {
    fn from(complaint: Complaint) -> Self {
        Self { complaints: vec![complaint], ..Self::default() }
    }
}

impl From<Vec<Complaint>> for Answer {
    fn from(complaints: Vec<Complaint>) -> Self {
        Self { complaints, ..Self::default() }
    }
}

impl From<Result<Self, Complaint>> for Answer {
    fn from(result: Result<Self, Complaint>) -> Self {
        result.unwrap_or_else(Self::from)
    }
}

impl Answer {
    /// What is to be said on stderr: notes, warnings, then complaints; one is announced as an error, several speak for
    /// themselves.
    #[must_use]
    pub fn said(&self) -> String {
        let mut said = String::new();
        for note in &self.notes {
            let _ = writeln!(said, "{}", escaped(note));
        }
        for warning in &self.warnings {
            let _ = writeln!(said, "Warning: {}", escaped(warning));
        }
        let alone = self.complaints.len() == 1;
        for complaint in &self.complaints {
            let announces_itself = complaint.sentence().starts_with("error: ");
            let announced = alone && !matches!(complaint, Complaint::Whole(_)) && !announces_itself;
            let _ = writeln!(said, "{}{}", if announced { "error: " } else { "" }, escaped(complaint.sentence()));
            if let Complaint::Usage(_, verb) = complaint {
                let _ = writeln!(said, "See 'pod {verb} -h' for help and examples");
            }
        }
        said
    }

    /// 1 for what went wrong, as kubectl has it; 125 where something is not there yet. Of a comparison 1 is a
    /// difference, so that what went wrong is 2.
    #[must_use]
    pub fn exit_code(&self, compares: bool) -> ExitCode {
        match self.complaints.as_slice() {
            [] => ExitCode::Command(u8::from(self.differ)),
            several if several.iter().any(|one| matches!(one, Complaint::NotYet(_))) => ExitCode::Failure,
            _ => ExitCode::Command(if compares { 2 } else { 1 }),
        }
    }
}

/// What others wrote may be part of a sentence: only our own lines may begin and end there.
pub(crate) fn escaped(sentence: &str) -> String {
    let mut plain = String::with_capacity(sentence.len());
    for letter in sentence.chars() {
        if letter.is_control() && letter != '\n' { plain.extend(letter.escape_default()) } else { plain.push(letter) }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_complaint_is_announced_and_several_are_not() {
        let answer = |complaints: Vec<Complaint>| Answer::from(complaints);
        assert_eq!(answer(vec![Complaint::plain("a")]).said(), "error: a\n");
        assert_eq!(answer(vec![Complaint::plain("a"), Complaint::plain("b")]).said(), "a\nb\n");
        assert_eq!(answer(vec![Complaint::Whole("The Pod".to_owned())]).said(), "The Pod\n");
        let usage = answer(vec![Complaint::Usage("no name".to_owned(), "run")]);
        assert_eq!(usage.said(), "error: no name\nSee 'pod run -h' for help and examples\n");
        assert_eq!(answer(vec![Complaint::plain("a\u{1b}[1m\nb")]).said(), "error: a\\u{1b}[1m\nb\n");
    }

    #[test]
    fn exit_codes_are_kubectls_but_for_what_is_not_there_yet() {
        assert_eq!(Answer::default().exit_code(false), ExitCode::Command(0));
        assert_eq!(Answer::from(Complaint::plain("a")).exit_code(false), ExitCode::Command(1));
        assert_eq!(Answer::from(Complaint::plain("a")).exit_code(true), ExitCode::Command(2));
        assert_eq!(Answer { differ: true, ..Answer::default() }.exit_code(true), ExitCode::Command(1));
        assert_eq!(Answer::from(Complaint::NotYet("a".to_owned())).exit_code(false), ExitCode::Failure);
    }
}
