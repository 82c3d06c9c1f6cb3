//! Which version records are of, and what becomes of another's.
//!
//! Every record in JSON says its version first. An older or a newer `pod` may be at work on the same directories, so
//! whatever changes in what a record means changes the number. What a newer one has written is not guessed at: it is
//! refused, and of its pod it cannot be told how it does, so that nothing of it is ended, changed or removed. Records of
//! before there was a number differ in nothing else, and are read as they are.

use std::path::Path;

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Serialize};

use crate::error::{RegistryError, damaged};

/// The version of what is written.
pub const VERSION: u32 = 1;

/// A record as it is written; one that is no list.
#[derive(Debug, Serialize)]
pub struct Versioned<'a, T> {
    version: u32,
    #[serde(flatten)]
    record: &'a T,
}

impl<'a, T> Versioned<'a, T> {
    /// This one.
    pub fn of(record: &'a T) -> Self {
        Self { version: VERSION, record }
    }
}

#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    version: u32,
}

/// The record that stands in a file.
///
/// # Errors
/// When it is none, or of a version that we do not know.
pub fn parse<T: DeserializeOwned>(path: &Path, text: &[u8]) -> Result<T, RegistryError> {
    known(path, version_of(text).map_err(damaged(path.to_owned()))?)?;
    serde_json::from_slice(text).map_err(damaged(path.to_owned()))
}

/// Refuses what is of a version that we do not know.
///
/// # Errors
/// When it is.
pub fn known(path: &Path, version: u32) -> Result<(), RegistryError> {
    if version > VERSION {
        return Err(RegistryError::OtherVersion { path: path.to_owned(), theirs: version, ours: VERSION });
    }
    Ok(())
}

fn version_of(text: &[u8]) -> serde_json::Result<u32> {
    match text.trim_ascii_start().first() {
        // Whoever says a number says it in an object.
        Some(b'[') => Ok(0),
        Some(b'{') => serde_json::from_slice(text).map(|Head { version }| version),
        _ => Err(serde_json::Error::custom("it is no record")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
    struct Record {
        name: String,
    }

    fn parsed(text: &str) -> Result<Record, RegistryError> {
        parse(Path::new("/r"), text.as_bytes())
    }

    #[test]
    fn a_record_says_its_version_first_and_is_read_again() {
        let record = Record { name: "web".to_owned() };
        let text = serde_json::to_string(&Versioned::of(&record)).expect("JSON");
        assert_eq!(text, r#"{"version":1,"name":"web"}"#);
        assert_eq!(parsed(&text).expect("a record"), record);
        assert_eq!(parsed(r#"{"name":"web"}"#).expect("one of before"), record);
    }

    #[test]
    fn what_is_newer_is_refused_whatever_else_it_says() {
        for text in [r#"{"version":2,"name":"web"}"#, r#"{"name":7,"version":4294967295}"#, r#"{"version":2}"#] {
            let error = parsed(text).expect_err(text);
            assert!(matches!(error, RegistryError::OtherVersion { .. }), "{error}");
        }
        let told = parsed(r#"{"version":2}"#).expect_err("newer").to_string();
        assert_eq!(told, "cannot understand the record /r: it is of version 2, and this program knows version 1");
    }

    #[test]
    fn what_is_no_version_is_damage() {
        for text in ["", "7", "{", r#"{"version":-1,"name":"web"}"#, r#"{"version":"1","name":"web"}"#, "[]"] {
            assert!(matches!(parsed(text), Err(RegistryError::Damaged { .. })), "{text}");
        }
    }
}
