//! How a container is asked whether it is well, and what is done at its beginning and its end.

use serde::{Deserialize, Serialize};

/// The probes of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probes {
    /// Whether it has come up; until then it is asked nothing else.
    pub startup: Option<ProbePlan>,
    /// Whether it is to be killed.
    pub liveness: Option<ProbePlan>,
    /// Whether it is ready.
    pub readiness: Option<ProbePlan>,
}

/// A probe. Times are seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbePlan {
    /// What is done.
    pub handler: Handler,
    /// How long after the container's start the first may be.
    pub initial_delay: u32,
    /// How long from one to the next.
    pub period: u32,
    /// How long one may take.
    pub timeout: u32,
    /// How many in a row mean that it is well.
    pub success: u32,
    /// How many in a row mean that it is not.
    pub failure: u32,
    /// What the container is given to end, where this one has it killed.
    pub grace: Option<u32>,
}

/// What is done to ask a container something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Handler {
    /// A command in the container.
    Exec {
        /// Its words.
        command: Vec<String>,
    },
    /// A request.
    Http(HttpGet),
    /// A connection.
    Tcp {
        /// Where: the pod's address where none is said.
        host: Option<String>,
        /// The port.
        port: PortRef,
    },
    /// A call of the health service.
    Grpc {
        /// The port.
        port: u16,
        /// What is asked about.
        service: String,
    },
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpGet {
    /// In the clear, or not.
    pub scheme: Scheme,
    /// Where: the pod's address where none is said.
    pub host: Option<String>,
    /// The port.
    pub port: PortRef,
    /// The path, and maybe a query.
    pub path: String,
    /// Headers, in order; one may be there several times.
    pub headers: Vec<(String, String)>,
}

/// A request in the clear, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scheme {
    /// In the clear.
    Http,
    /// Encrypted; the certificate is nobody's business.
    Https,
}

/// A port that was looked up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PortRef {
    /// It is this.
    Number(u16),
    /// The container has no port of this name: whoever asks for it makes an error, not a failure.
    Unknown(String),
}

/// What is done after a container's start, or before its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HookPlan {
    /// Something that tells whether it came about.
    Do(Handler),
    /// Nothing, for so many seconds.
    Sleep(u32),
}
