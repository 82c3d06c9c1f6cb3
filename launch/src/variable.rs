//! `KEY=VALUE`, as command lines have it.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// A text that is no `KEY=VALUE`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not KEY=VALUE")]
pub struct InvalidVariable(OsString);

/// A variable and its value, of whatever bytes.
///
/// # Errors
/// When there is no `=`, or nothing before it.
pub fn variable(text: &OsStr) -> Result<(OsString, OsString), InvalidVariable> {
    let bytes = text.as_bytes();
    match bytes.iter().position(|byte| *byte == b'=') {
        Some(at @ 1..) => {
            Ok((OsStr::from_bytes(&bytes[..at]).to_owned(), OsStr::from_bytes(&bytes[at + 1..]).to_owned()))
        }
        _ => Err(InvalidVariable(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_equals_sign_ends_the_key() {
        let parts = |text: &[u8]| {
            variable(OsStr::from_bytes(text)).map(|(key, value)| (key.into_encoded_bytes(), value.into_encoded_bytes()))
        };
        assert_eq!(parts(b"A=b=c"), Ok((b"A".to_vec(), b"b=c".to_vec())));
        assert_eq!(parts(b"A="), Ok((b"A".to_vec(), Vec::new())));
        assert_eq!(parts(b"A\xff=\xfe"), Ok((b"A\xff".to_vec(), b"\xfe".to_vec())));
        for text in ["", "=", "=x", "A"] {
            assert!(parts(text.as_bytes()).is_err(), "{text}");
        }
    }
}
