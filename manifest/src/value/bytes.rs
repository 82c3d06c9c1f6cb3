//! Bytes, which stand in base64.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes of a secret or of a config map's binary data.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Bytes(pub Vec<u8>);

/// Text that is no base64, by the first byte that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("illegal base64 data at input byte {0}")]
pub struct InvalidBase64(usize);

impl Bytes {
    /// The bytes that this base64 stands for. Ends of lines in it are skipped.
    ///
    /// # Errors
    /// It is no base64.
    pub fn decode(text: &str) -> Result<Self, InvalidBase64> {
        let kept: Vec<(usize, u8)> =
            text.bytes().enumerate().filter(|(_, byte)| !matches!(byte, b'\r' | b'\n')).collect();
        let letters: Vec<u8> = kept.iter().map(|(_, byte)| *byte).collect();
        let at = |offset: usize| InvalidBase64(kept.get(offset).map_or(text.len(), |(at, _)| *at));
        STANDARD.decode(&letters).map(Self).map_err(|error| match error {
            base64::DecodeError::InvalidByte(offset, _) | base64::DecodeError::InvalidLastSymbol { offset, .. } => {
                at(offset)
            }
            // The group of four that is not whole begins here.
            base64::DecodeError::InvalidLength(length) => at(length - length % 4),
            base64::DecodeError::InvalidPadding => at(letters.len()),
        })
    }

    /// Their base64.
    #[must_use]
    pub fn encode(&self) -> String {
        STANDARD.encode(&self.0)
    }
}

/// Not their content: they may be a password.
impl fmt::Debug for Bytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Bytes({} bytes)", self.0.len())
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.encode())
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::decode(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
