//! How much a layer may become when it is unpacked.

use clap::Args;
use image::Limits;

/// How much a layer may become when it is unpacked.
#[derive(Clone, Debug, Args)]
pub(super) struct LimitArgs {
    /// How many bytes one layer may have when it is unpacked; K, M, G and T are powers of 1024
    #[arg(long, value_name = "BYTES", value_parser = bytes, env = "POD_MAX_LAYER_BYTES")]
    max_layer_bytes: Option<u64>,

    /// How many files and directories one layer may have
    #[arg(long, value_name = "COUNT", env = "POD_MAX_LAYER_ENTRIES")]
    max_layer_entries: Option<u64>,

    /// How many times its compressed size a layer of more than 1 GiB may have
    #[arg(long, value_name = "TIMES", env = "POD_MAX_LAYER_RATIO")]
    max_layer_ratio: Option<u64>,
}

impl LimitArgs {
    pub(super) fn limits(&self) -> Limits {
        let usual = Limits::default();
        Limits {
            bytes: self.max_layer_bytes.unwrap_or(usual.bytes),
            entries: self.max_layer_entries.unwrap_or(usual.entries),
            ratio: self.max_layer_ratio.unwrap_or(usual.ratio),
        }
    }
}

fn bytes(text: &str) -> Result<u64, String> {
    let (number, shift) = match text.as_bytes() {
        [.., b'K' | b'k'] => (&text[..text.len() - 1], 10),
        [.., b'M' | b'm'] => (&text[..text.len() - 1], 20),
        [.., b'G' | b'g'] => (&text[..text.len() - 1], 30),
        [.., b'T' | b't'] => (&text[..text.len() - 1], 40),
        _ => (text, 0),
    };
    let number: Option<u64> = number.parse().ok();
    let bytes = number.and_then(|number| number.checked_mul(1 << shift));
    bytes.ok_or_else(|| "it is a number of bytes, such as 512M".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_counted_in_powers() {
        for (text, count) in [("0", 0), ("12", 12), ("3k", 3 << 10), ("512M", 512 << 20), ("1T", 1 << 40)] {
            assert_eq!(bytes(text), Ok(count), "{text}");
        }
        for text in ["", "M", "-1", "1.5G", "99999999999T"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }
}
