//! Where a command starts, and with which environment.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};
use launch::variable;

use crate::error::Error;

/// Where a command starts, and with which environment.
#[derive(Debug, Default, Args)]
pub(crate) struct Surroundings {
    /// Where it starts [default: here; in a container the image's, or /]
    #[arg(short, long, value_name = "DIRECTORY")]
    workdir: Option<PathBuf>,

    /// Set a variable of its environment, which is ours otherwise, or a container's own
    #[arg(short, long, value_name = "KEY=VALUE", value_parser = OsStringValueParser::new().try_map(|word| variable(&word)))]
    env: Vec<(OsString, OsString)>,
}

impl Surroundings {
    /// What was typed, and nothing else.
    pub(crate) fn typed(self) -> (Option<PathBuf>, Vec<(OsString, OsString)>) {
        (self.workdir, self.env)
    }

    /// With what was not typed taken from our own.
    ///
    /// # Errors
    /// When it is to start here, and here is nowhere: a directory that was removed, say.
    pub(crate) fn resolve(self) -> Result<(PathBuf, Vec<(OsString, OsString)>), Error> {
        let set: Vec<&OsString> = self.env.iter().map(|(key, _)| key).collect();
        let mut environment: Vec<_> = env::vars_os().filter(|(key, _)| !set.contains(&key)).collect();
        environment.extend(self.env);
        let directory = match self.workdir {
            Some(directory) => directory,
            None => env::current_dir().map_err(Error::Nowhere)?,
        };
        Ok((directory, environment))
    }
}

/// A command's program, and its arguments.
pub(crate) fn program_and_arguments(command: Vec<OsString>) -> (OsString, Vec<OsString>) {
    let mut words = command.into_iter();
    (words.next().unwrap_or_default(), words.collect())
}
