//! What a client and a pod's supervisor say to each other: one line of JSON each way.

use reaper::ExitCode;
use serde::{Deserialize, Serialize};

use crate::plan::WorkloadPlan;

/// The supervisor's socket, in the pod's directory.
pub(crate) const SOCKET: &str = "control";

/// What a client asks.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Request {
    /// Launch this workload.
    Start(WorkloadPlan),
    /// End every workload: TERM, so many milliseconds of grace, KILL.
    Stop { grace_ms: u64 },
}

/// What the supervisor answers.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// The workload runs.
    Started,
    /// No workload runs any more.
    Stopped,
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
            Code::Failure => ExitCode::Failure,
            Code::CannotExecute => ExitCode::CannotExecute,
            Code::NotFound => ExitCode::NotFound,
        }
    }
}

impl From<&nsjoin::Error> for Refusal {
    fn from(error: &nsjoin::Error) -> Self {
        let exit_code = match error.exit_code() {
            ExitCode::CannotExecute => Code::CannotExecute,
            ExitCode::NotFound => Code::NotFound,
            _ => Code::Failure,
        };
        Self { message: nsjoin::report::line(error), hint: error.hint().map(str::to_owned), exit_code }
    }
}
