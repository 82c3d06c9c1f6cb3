//! The names that the program goes by, and what goes with each: options, exit codes, and what is done
//! where nothing is said.

use crate::options::{CATATONIT, DUMB_INIT, Opt, REAPER, TINI};
use crate::plan::{Leads, Others, Plan, Stops, Subreaper, Verbosity, Whom};
use crate::sys::Errno;
use crate::{ExitCode, Signal};

/// The program whose command line and exit codes are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guise {
    /// Our own.
    Reaper,
    /// tini, which docker installs as docker-init.
    Tini,
    /// dumb-init.
    DumbInit,
    /// catatonit.
    Catatonit,
}

impl Guise {
    /// The one that goes with the name by which we were called.
    #[must_use]
    pub fn of(name: &[u8]) -> Self {
        let name = name.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        match name {
            b"tini" | b"tini-static" | b"docker-init" => Self::Tini,
            b"dumb-init" => Self::DumbInit,
            b"catatonit" => Self::Catatonit,
            _ => Self::Reaper,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reaper => "reaper",
            Self::Tini => "tini",
            Self::DumbInit => "dumb-init",
            Self::Catatonit => "catatonit",
        }
    }

    /// Its options.
    #[must_use]
    pub const fn options(self) -> &'static [Opt] {
        match self {
            Self::Reaper => &REAPER,
            Self::Tini => &TINI,
            Self::DumbInit => &DUMB_INIT,
            Self::Catatonit => &CATATONIT,
        }
    }

    /// The exit code for a command line that makes no sense.
    #[must_use]
    pub const fn usage_code(self) -> u8 {
        match self {
            Self::Reaper => ExitCode::Usage.code(),
            Self::Tini | Self::DumbInit | Self::Catatonit => 1,
        }
    }

    /// The exit code for a failure of our own.
    #[must_use]
    pub const fn failure_code(self) -> u8 {
        match self {
            Self::Reaper => ExitCode::Failure.code(),
            Self::Tini | Self::DumbInit | Self::Catatonit => 1,
        }
    }

    /// The exit code for a command that could not be executed.
    #[must_use]
    pub const fn exec_code(self, errno: Errno) -> u8 {
        match self {
            Self::Reaper | Self::Tini => ExitCode::of_exec_error(errno.number()).code(),
            Self::DumbInit => 2,
            Self::Catatonit => 1,
        }
    }

    /// What is done under this name where nothing is said.
    #[must_use]
    pub fn usual(self) -> Plan {
        let mut plan = Plan::usual();
        match self {
            Self::Reaper => {}
            Self::Tini => {
                (plan.stops, plan.leaves_directory) = (Stops::Never, false);
                plan.subreaper = Subreaper::No;
                for signal in [Signal::TTIN, Signal::TTOU] {
                    plan.routes.set(signal, None);
                }
            }
            Self::DumbInit => {
                plan.child.leads = Leads::Session;
                plan.whom = Whom::Group;
                plan.others = Others::Ask;
                plan.subreaper = Subreaper::No;
                plan.stops = Stops::AtOnce;
                plan.verbosity = Verbosity::Errors;
            }
            Self::Catatonit => {
                (plan.stops, plan.leaves_directory) = (Stops::Never, false);
                for signal in Signal::TERMINAL_STOPS {
                    plan.routes.set(signal, None);
                }
            }
        }
        plan
    }
}
