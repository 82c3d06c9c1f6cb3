//! What is said.

use reaper::ExitCode;
use registry::Name;
use serde::{Deserialize, Serialize};

use crate::plan::WorkloadPlan;
use crate::publish::Publish;
use crate::record::EndRecord;

/// How a supervisor is started: with the pod's directory and a listener for each of these, as descriptors,
/// in order.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Start {
    pub(crate) listening: Vec<Publish>,
    /// The file of the program that it is, which it may be executed from a copy of.
    pub(crate) program: std::ffi::OsString,
}

/// What a client asks.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Request {
    /// Launch this workload. With it comes the console's end of who is attached to it, if anybody is.
    Start(Box<WorkloadPlan>),
    /// End every workload: TERM, so many milliseconds of grace, KILL.
    Stop { grace_ms: u64 },
    /// Publish these ports and no others, from now on and for whoever supervises the pod next.
    Publish(Vec<Publish>),
    /// Listen to these ports, too, and have them carried, as long as who asks stays: they are to be published. Nothing of
    /// that is written down.
    Reserve(Vec<Publish>),
}

/// What comes back: first that it was heard, then how it went; and to who is attached to a workload, how that
/// has ended, if anybody saw it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Word {
    Heard,
    Answer(Answer),
    Ended(Option<EndRecord>),
}

/// How it went.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// The workload runs, or the supervisor does.
    Started,
    /// No workload runs any more.
    Stopped,
    /// These were killed, and are not gone.
    Left(Vec<Name>),
    /// These ports are carried: those that were asked for, with the numbers that the kernel has chosen.
    Published(Vec<Publish>),
    /// It could not be done.
    Refused(Refusal),
}

/// Why something could not be done, ready to be printed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Operation, object, cause.
    pub message: String,
    /// What is nearly always the reason.
    pub hint: Option<String>,
    exit_code: Code,
}

/// The exit codes that a refusal can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Code {
    Failure,
    /// Of a launch that had begun.
    Step,
    CannotExecute,
    NotFound,
}

impl Refusal {
    /// A refusal that no join is behind.
    pub(crate) fn because(message: String) -> Self {
        Self { message, hint: None, exit_code: Code::Failure }
    }

    /// What the client is to exit with.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self.exit_code {
            Code::Failure | Code::Step => ExitCode::Failure,
            Code::CannotExecute => ExitCode::CannotExecute,
            Code::NotFound => ExitCode::NotFound,
        }
    }

    /// That everything was there that it takes, and a step on the way to the command failed, or executing it.
    pub(crate) fn is_of_a_step(&self) -> bool {
        self.exit_code != Code::Failure
    }
}

impl From<&crate::Error> for Refusal {
    fn from(error: &crate::Error) -> Self {
        let exit_code = match error.exit_code() {
            ExitCode::CannotExecute => Code::CannotExecute,
            ExitCode::NotFound => Code::NotFound,
            _ if is_of_a_step(error) => Code::Step,
            _ => Code::Failure,
        };
        Self { message: launch::complain::line(error), hint: error.hint().map(str::to_owned), exit_code }
    }
}

fn is_of_a_step(error: &crate::Error) -> bool {
    match error {
        crate::Error::Container(container::Error::Launch(error)) | crate::Error::Launch(error) => error.is_of_a_step(),
        _ => false,
    }
}
