//! Limits as they are typed: docker's words.

use clap::Args;
use container::limits::{IndexSet, IoWeight, Limits, Memory, Quota, Shares, Swap, Victims};

use crate::error::Error;

/// How much of the machine a workload may have.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Limits")]
pub(super) struct Limited {
    /// Memory that it may have: bytes, or with k, m, g, t; it has no swap then
    #[arg(short, long, value_name = "BYTES", value_parser = bytes)]
    memory: Option<u64>,

    /// Memory and swap together; -1 is as much swap as there is
    #[arg(long, value_name = "BYTES", requires = "memory", value_parser = total, allow_hyphen_values = true)]
    memory_swap: Option<Total>,

    /// How many processors' time it may use, as 1.5
    #[arg(long, value_name = "NUMBER", value_parser = processors)]
    cpus: Option<Quota>,

    /// Its share of processor time where others want some too, from 2 to 262144; the usual is 1024
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(2..=262_144))]
    cpu_shares: Option<u64>,

    /// The processors that it runs on, as 0-2,5
    #[arg(long, value_name = "LIST")]
    cpuset_cpus: Option<IndexSet>,

    /// The memory nodes that it allocates from, as 0-1
    #[arg(long, value_name = "LIST")]
    cpuset_mems: Option<IndexSet>,

    /// How many processes and threads it may have; -1 is as many as there are
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    pids_limit: Option<i64>,

    /// Its share of the disks, from 10 to 1000
    #[arg(long, value_name = "WEIGHT", value_parser = weight)]
    blkio_weight: Option<IoWeight>,
}

/// Memory and swap together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Total {
    Bytes(u64),
    Unlimited,
}

impl Limited {
    /// The limits.
    pub(super) fn limits(self) -> Result<Limits, Error> {
        let swap = match (self.memory, self.memory_swap) {
            (Some(memory), Some(Total::Bytes(total))) => {
                Swap::Bytes(total.checked_sub(memory).ok_or(Error::LessThanMemory)?)
            }
            (_, Some(Total::Unlimited)) => Swap::Unlimited,
            _ => Swap::Bytes(0),
        };
        Ok(Limits {
            memory: self.memory.map(|limit| Memory { limit, swap, victims: Victims::All }),
            shares: self.cpu_shares.map(Shares::nearest),
            quota: self.cpus,
            // Docker takes 0 for none, too.
            pids: self.pids_limit.and_then(|pids| u64::try_from(pids).ok()).filter(|pids| *pids > 0),
            io_weight: self.blkio_weight,
            cpus: self.cpuset_cpus,
            memory_nodes: self.cpuset_mems,
            ..Limits::default()
        })
    }
}

/// `64m`, `1.5g`, `4096`; `64MiB` and `64mb` are the same.
fn bytes(text: &str) -> Result<u64, String> {
    let refusal = || format!("{text:?} is no number of bytes (4096, 64m, 1.5g)");
    let lower = text.to_ascii_lowercase();
    let at = lower.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(lower.len());
    let (number, unit) = lower.split_at(at);
    let power = match unit.trim_start() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        "t" | "tb" | "tib" => 40,
        _ => return Err(refusal()),
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    let whole: u64 = whole.parse().map_err(|_| refusal())?;
    let digits: u32 = part.len().try_into().map_err(|_| refusal())?;
    let scale = 10_u64.checked_pow(digits).ok_or_else(refusal)?;
    let part: u64 = part.parse().map_err(|_| refusal())?;
    let part = (u128::from(part) << power) / u128::from(scale);
    let bytes = u64::try_from((u128::from(whole) << power) + part).map_err(|_| refusal())?;
    if bytes == 0 { Err(format!("{text:?}: nothing runs without memory")) } else { Ok(bytes) }
}

fn total(text: &str) -> Result<Total, String> {
    if text == "-1" { Ok(Total::Unlimited) } else { bytes(text).map(Total::Bytes) }
}

fn processors(text: &str) -> Result<Quota, String> {
    let refusal = || format!("{text:?} is no number of processors of at least 0.01 (0.5, 2)");
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    // The kernel counts hundred thousandths.
    let part = format!("{part:0<5}");
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u64>().ok())?;
    let (whole, part) =
        digits(if whole.is_empty() { "0" } else { whole }).zip(part.get(..5).and_then(digits)).ok_or_else(refusal)?;
    let quota = whole.checked_mul(Quota::PERIOD).and_then(|whole| whole.checked_add(part)).ok_or_else(refusal)?;
    Quota::new(quota, Quota::PERIOD).map_err(|_| refusal())
}

fn weight(text: &str) -> Result<IoWeight, String> {
    let weight = text.parse().map_err(|_| format!("{text:?} is no number"))?;
    IoWeight::new(weight).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_typed_as_for_docker() {
        for (text, expected) in [
            ("4096", 4096),
            ("1b", 1),
            ("64k", 64 << 10),
            ("64m", 64 << 20),
            ("64MB", 64 << 20),
            ("64MiB", 64 << 20),
            ("1.5g", 3 << 29),
            ("0.5k", 512),
            ("2T", 2 << 40),
        ] {
            assert_eq!(bytes(text), Ok(expected), "{text}");
        }
        for text in ["", "m", "-1", "64x", "64mm", "1.2.3m", "1.m.", "0", "0m", "99999999t", "1e3", "0x10", "+1"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn processors_are_counted_in_parts() {
        for (text, quota) in [("1", 100_000), ("0.5", 50_000), ("1.25", 125_000), (".01", 1000), ("2.000009", 200_000)]
        {
            assert_eq!(processors(text).map(Quota::quota), Ok(quota), "{text}");
        }
        for text in ["", ".", "0", "0.009", "-1", "1,5", "one", "1.x", "99999999999999999999"] {
            assert!(processors(text).is_err(), "{text}");
        }
    }

    #[test]
    fn swap_is_what_is_left_of_both_together() {
        let typed = |memory, swap| {
            let limited = Limited { memory, memory_swap: swap, ..Limited::default() };
            limited.limits().map(|limits| limits.memory.map(|memory| memory.swap))
        };
        assert_eq!(typed(Some(10), None).expect("limits"), Some(Swap::Bytes(0)));
        assert_eq!(typed(Some(10), Some(Total::Bytes(15))).expect("limits"), Some(Swap::Bytes(5)));
        assert_eq!(typed(Some(10), Some(Total::Unlimited)).expect("limits"), Some(Swap::Unlimited));
        assert!(typed(Some(10), Some(Total::Bytes(9))).is_err());
        assert_eq!(typed(None, None).expect("limits"), None);
    }

    #[test]
    fn no_limit_of_processes_has_two_spellings() {
        let typed = |pids| Limited { pids_limit: Some(pids), ..Limited::default() }.limits().expect("limits").pids;
        assert_eq!([typed(-1), typed(0), typed(7)], [None, None, Some(7)]);
    }
}
