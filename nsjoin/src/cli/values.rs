//! The values of options, and the files that some of them name.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::builder::{OsStringValueParser, TypedValueParser};

use crate::plan::InvalidPlan;
use launch::seccomp::SeccompError;
use launch::{InvalidVariable, variable};

/// A command line that makes no sense, or names a file that does not.
#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    /// Its parts do not go together.
    #[error(transparent)]
    Plan(#[from] InvalidPlan),
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file of variables has a line that sets none.
    #[error("{}, line {line}: neither KEY=VALUE nor KEY", path.display())]
    EnvironmentLine {
        /// Which.
        path: PathBuf,
        /// From 1 on.
        line: usize,
    },
    /// A seccomp profile is none.
    #[error("{}", path.display())]
    Seccomp {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: SeccompError,
    },
    /// What a profile depends on cannot be found out.
    #[error("cannot read our capabilities")]
    Capabilities(#[source] caps::errors::CapsError),
    /// What is open cannot be found out.
    #[error("cannot read /proc/self/fd")]
    Descriptors(#[source] io::Error),
    /// A variable where a command should be.
    #[error("no command is called {0:?}: a variable is set by --env={0} or --setenv {0}")]
    VariableAsCommand(String),
}

/// What a word behind `--env` means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum EnvironmentWord {
    /// No word: the target's environment.
    Targets,
    /// A variable.
    Set(OsString, OsString),
}

/// Where a report goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    Descriptor(i32),
    File(PathBuf),
}

/// How something is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// A parser of words as they are: names, values and paths need not be UTF-8.
pub(crate) fn words<T, E>(parse: fn(&OsStr) -> Result<T, E>) -> impl TypedValueParser<Value = T>
where
    T: Clone + Send + Sync + 'static,
    E: Into<Box<dyn std::error::Error + Send + Sync>> + 'static,
{
    OsStringValueParser::new().try_map(move |word| parse(&word))
}

/// How many descriptors, from 3 on, there are up to the last that is open.
pub(super) fn descriptors() -> io::Result<u32> {
    let mut last = 2;
    for entry in fs::read_dir("/proc/self/fd")? {
        last = entry?.file_name().to_str().and_then(|number| number.parse().ok()).unwrap_or(0).max(last);
    }
    Ok(last - 2)
}

pub(super) fn bound(word: &OsStr) -> Result<Bound, String> {
    if !word.as_bytes().iter().all(u8::is_ascii_digit) {
        return Ok(Bound::File(word.into()));
    }
    let number = word.to_str().and_then(|text| text.parse().ok());
    number.map(Bound::Descriptor).ok_or_else(|| format!("{word:?} is no descriptor"))
}

pub(super) fn environment(word: &OsStr) -> Result<EnvironmentWord, InvalidVariable> {
    if word.is_empty() {
        return Ok(EnvironmentWord::Targets);
    }
    variable(word).map(|(key, value)| EnvironmentWord::Set(key, value))
}

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    reaper::text::duration(text.as_bytes())
        .ok_or_else(|| format!("{text:?} is no duration: a number and its unit, one of ms, s, m and h"))
}

pub(super) fn file_mode(text: &str) -> Result<u32, String> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let mode = digits.then(|| u32::from_str_radix(text, 8).ok()).flatten();
    mode.filter(|mode| *mode <= 0o777).ok_or_else(|| format!("{text:?} is no mask of 0 to 777 in octal digits"))
}

/// The variables in a file: `KEY=VALUE`, or `KEY` for what it is here, if it is; `#` begins a comment.
pub(super) fn variables(path: &Path) -> Result<Vec<(OsString, OsString)>, UsageError> {
    let text = fs::read(path).map_err(|source| UsageError::File { path: path.to_owned(), source })?;
    let mut variables = Vec::new();
    for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line).trim_ascii_start();
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        let (key, value) = match line.iter().position(|byte| *byte == b'=') {
            Some(at) => (OsStr::from_bytes(&line[..at]), Some(OsStr::from_bytes(&line[at + 1..]))),
            None => (OsStr::from_bytes(line.trim_ascii_end()), None),
        };
        let malformed = key.is_empty() || key.as_bytes().iter().any(|byte| byte.is_ascii_whitespace() || *byte == 0);
        if malformed || value.is_some_and(|value| value.as_bytes().contains(&0)) {
            return Err(UsageError::EnvironmentLine { path: path.to_owned(), line: number + 1 });
        }
        let value = value.map(OsStr::to_owned).or_else(|| std::env::var_os(key));
        variables.extend(value.map(|value| (key.to_owned(), value)));
    }
    Ok(variables)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_are_octal_and_no_wider_than_modes() {
        for (text, mode) in [("0", 0), ("022", 0o22), ("777", 0o777), ("0077", 0o77)] {
            assert_eq!(file_mode(text), Ok(mode), "{text}");
        }
        for text in ["", "8", "1000", "-1", "+7", "0o22", "rwx"] {
            assert!(file_mode(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_file_of_variables_is_read_line_by_line() {
        let directory = tempfile::tempdir().expect("a directory");
        let read = |text: &[u8]| {
            let path = directory.path().join("env");
            fs::write(&path, text).expect("a file");
            variables(&path)
        };
        let set = read(b"# comment\n\nA=1\r\n  B=two words \nC=\nD=a=b\nNOT_SET_ANYWHERE\n").expect("variables");
        let pairs = [("A", "1"), ("B", "two words "), ("C", ""), ("D", "a=b")];
        assert_eq!(set, pairs.map(|(key, value)| (key.into(), value.into())));
        for (text, line) in [(&b"=x\n"[..], 1), (b"A=1\nB C=2\n", 2), (b"A=\0\n", 1), (b"export A\n", 1)] {
            let Err(UsageError::EnvironmentLine { line: found, .. }) = read(text) else { panic!("{text:?}") };
            assert_eq!(found, line, "{text:?}");
        }
    }
}
