//! Telling, in lines of JSON, how a command goes: that it runs and where, that it has ended and how,
//! that it did not come about.

use std::fs::File;
use std::io::{self, Write};

use reaper::{ExitCode, WaitStatus};
use serde::Serialize;

use crate::error::Error;
use crate::invocation::Events;
use crate::outcome::Outcome;
use crate::sys;
use launch::Child;
use launch::complain::{complain, line};
use launch::relay::End;

/// A line.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Event<'a> {
    Started {
        /// As our /proc counts.
        pid: Option<i32>,
        /// In clock ticks since boot.
        start_time: Option<u64>,
        #[serde(flatten)]
        outcome: &'a Outcome,
    },
    Ended {
        /// The command's own, if it exited.
        exit_code: Option<u8>,
        /// The name of the signal that ended it, if one did.
        signal: Option<String>,
        timed_out: bool,
        /// What we exit with.
        code: u8,
    },
    Failed {
        error: String,
        code: u8,
    },
}

/// Tells whoever wants to know.
pub(crate) struct Teller {
    file: Option<File>,
    name: &'static str,
}

impl Teller {
    /// One who speaks, where that has to be, in this program's name.
    pub(crate) fn open(events: Option<Events>, name: &'static str) -> Result<Self, Error> {
        let failed = |source| Error::Events { source };
        let file = match events {
            None => None,
            Some(Events::Descriptor(number)) => {
                let file = sys::duplicate(number).map_err(|errno| failed(errno.into()))?;
                Some(file.into())
            }
            Some(Events::File(path)) => Some(File::create(path).map_err(failed)?),
        };
        Ok(Self { file, name })
    }

    /// In whose name it is spoken.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn started(&mut self, outcome: &Outcome, child: &Child) {
        let identity = child.identity();
        let (pid, start_time) = (identity.map(|id| id.pid), identity.map(|id| id.start_time));
        self.tell(&Event::Started { pid, start_time, outcome });
    }

    pub(crate) fn ended(&mut self, end: End, exit: ExitCode) {
        let (exit_code, signal) = match end.status {
            WaitStatus::Exited(code) => (Some(code), None),
            WaitStatus::Signaled { signal, .. } => (None, Some(signal.to_string())),
            WaitStatus::Stopped(_) | WaitStatus::Continued => (None, None),
        };
        self.tell(&Event::Ended { exit_code, signal, timed_out: end.timed_out, code: exit.code() });
    }

    pub(crate) fn failed(&mut self, error: &Error) {
        self.tell(&Event::Failed { error: line(error), code: error.exit_code().code() });
    }

    /// What cannot be told is no reason to end a command that runs; but it is said, once.
    fn tell(&mut self, event: &Event<'_>) {
        let Some(file) = &mut self.file else { return };
        let text = serde_json::to_string(event).map(|text| text + "\n").map_err(io::Error::from);
        if let Err(source) = text.and_then(|text| file.write_all(text.as_bytes())) {
            self.file = None;
            complain(self.name, &Error::Events { source }, None);
        }
    }
}
