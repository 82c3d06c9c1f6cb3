//! Under which name we were started: under nsenter's we keep to what its scripts rely on.

use std::ffi::OsStr;
use std::path::Path;

use reaper::ExitCode;

/// Whose ways are kept to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Guise {
    /// Our own.
    #[default]
    Nsjoin,
    /// Those of nsenter: the command inherits all descriptors, and failures of ours exit with 1.
    Nsenter,
}

impl Guise {
    /// The one for this first word of a command line.
    #[must_use]
    pub fn of(word: Option<&OsStr>) -> Self {
        let name = word.and_then(|word| Path::new(word).file_name());
        if name == Some(OsStr::new("nsenter")) { Self::Nsenter } else { Self::Nsjoin }
    }

    /// In whose name we speak.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Nsjoin => "nsjoin",
            Self::Nsenter => "nsenter",
        }
    }

    /// What to exit with, of a failure that is not the command's.
    #[must_use]
    pub fn exit_code(self, code: ExitCode) -> ExitCode {
        match (self, code) {
            (Self::Nsenter, ExitCode::Failure | ExitCode::Usage) => ExitCode::Command(1),
            (_, code) => code,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_part_of_the_name_counts() {
        for (word, guise) in [
            (Some("nsenter"), Guise::Nsenter),
            (Some("/usr/bin/nsenter"), Guise::Nsenter),
            (Some("nsjoin"), Guise::Nsjoin),
            (Some("/nsenter/nsjoin"), Guise::Nsjoin),
            (Some("nsenter2"), Guise::Nsjoin),
            (Some(""), Guise::Nsjoin),
            (None, Guise::Nsjoin),
        ] {
            assert_eq!(Guise::of(word.map(OsStr::new)), guise, "{word:?}");
        }
    }

    #[test]
    fn what_could_not_be_executed_is_told_alike() {
        for code in [ExitCode::NotFound, ExitCode::CannotExecute, ExitCode::Command(7)] {
            assert_eq!(Guise::Nsenter.exit_code(code), code);
        }
        assert_eq!(Guise::Nsenter.exit_code(ExitCode::Failure), ExitCode::Command(1));
        assert_eq!(Guise::Nsjoin.exit_code(ExitCode::Failure), ExitCode::Failure);
    }
}
