//! What is in a volume of files, with what is only made when it is written. Pure.

use std::collections::BTreeMap;

use super::error::VolumeError;
use crate::compile::{self, Content};

/// A file of a volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct File {
    pub(crate) bytes: Vec<u8>,
    pub(crate) mode: u32,
}

/// The files of a volume, by their paths in it.
pub(crate) type Contents = BTreeMap<String, File>;

/// Makes a token for an audience, that holds for so many seconds.
type Make<'a> = &'a dyn Fn(Option<&str>, u64) -> Result<String, VolumeError>;

/// Tokens of a volume.
pub(super) struct Tokens<'a> {
    /// Who makes one.
    pub(super) make: Make<'a>,
    /// Their mode, where it is not the volume's: they are nobody else's where somebody owns them.
    pub(super) mode: Option<u32>,
}

/// The files, and the shortest life of a token among them, in seconds.
///
/// # Errors
/// No token can be made.
pub(super) fn contents(files: Vec<compile::File>, tokens: &Tokens<'_>) -> Result<(Contents, Option<u64>), VolumeError> {
    let (mut contents, mut shortest) = (Contents::new(), None::<u64>);
    for file in files {
        let made = match file.content {
            Content::Bytes(bytes) => File { bytes, mode: file.mode },
            Content::Token { audience, expiration } => {
                shortest = Some(shortest.map_or(expiration, |other| other.min(expiration)));
                let token = (tokens.make)(audience.as_deref(), expiration)?;
                File { bytes: token.into_bytes(), mode: tokens.mode.unwrap_or(file.mode) }
            }
        };
        contents.insert(file.path, made);
    }
    Ok((contents, shortest))
}

/// When a token that was made now is to be made anew: at four fifths of its life, and after a day at the latest.
pub(super) fn renewal(now: i64, expiration: u64) -> i64 {
    const DAY: u64 = 24 * 3600;
    now.saturating_add(i64::try_from((expiration / 5 * 4).min(DAY)).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_made_when_they_are_written() {
        let file = |path: &str, content: Content| compile::File { path: path.to_owned(), mode: 0o644, content };
        let token = |expiration| Content::Token { audience: Some("vault".to_owned()), expiration };
        let files = vec![file("a", Content::Bytes(b"x".to_vec())), file("t", token(3600)), file("u", token(600))];
        let make =
            |audience: Option<&str>, expiration: u64| Ok(format!("{} {expiration}", audience.unwrap_or_default()));
        let (contents, shortest) = contents(files, &Tokens { make: &make, mode: Some(0o600) }).expect("tokens");
        let shown: Vec<_> = contents.values().map(|file| (file.bytes.as_slice(), file.mode)).collect();
        assert_eq!(shown, [(&b"x"[..], 0o644), (b"vault 3600", 0o600), (b"vault 600", 0o600)]);
        assert_eq!(shortest, Some(600));
    }

    #[test]
    fn a_token_is_renewed_in_time() {
        assert_eq!((renewal(100, 600), renewal(0, 365 * 24 * 3600)), (580, 24 * 3600));
    }
}
