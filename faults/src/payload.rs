//! What runs inside the pods of a trial.

use std::ffi::OsString;
use std::fs::File;
use std::io::{Write, stdout};
use std::os::unix::fs::FileExt;
use std::thread::sleep;
use std::time::Duration;

use anyhow::Context;

use crate::sys::orphans;

/// Says 1, 2, 3 … and keeps in a file what it has said.
pub(crate) fn count(arguments: &[OsString]) -> anyhow::Result<i32> {
    let told = File::create(arguments.first().context("no file")?)?;
    let mut out = stdout().lock();
    for number in 1_u64.. {
        writeln!(out, "{number}")?;
        out.flush()?;
        told.write_all_at(format!("{number:20}").as_bytes(), 0)?;
        sleep(Duration::from_millis(5));
    }
    Ok(0)
}

/// Leaves this many orphans behind.
pub(crate) fn orphans(arguments: &[OsString]) -> anyhow::Result<i32> {
    let count = arguments.first().and_then(|count| count.to_str()?.parse().ok()).context("no number")?;
    orphans::make(count)?;
    Ok(0)
}
