//! What runs inside the pods of a trial.

use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Write, stdout};
use std::net::{TcpListener, TcpStream, ToSocketAddrs};
use std::os::unix::fs::FileExt;
use std::str::FromStr;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, ensure};

use crate::sys::orphans;

/// Says 1, 2, 3 … and keeps in a file what it has said; where there is such a file it goes on from there.
pub(crate) fn count(arguments: &[OsString]) -> anyhow::Result<i32> {
    let path = arguments.first().context("no file")?;
    let mut told = File::options().read(true).write(true).create(true).truncate(false).open(path)?;
    let mut text = String::new();
    told.read_to_string(&mut text)?;
    let mut out = stdout().lock();
    for number in text.trim().parse().unwrap_or(0_u64) + 1.. {
        writeln!(out, "{number}")?;
        out.flush()?;
        told.write_all_at(format!("{number:20}").as_bytes(), 0)?;
        sleep(Duration::from_millis(5));
    }
    Ok(0)
}

/// Answers whoever connects to a port with what they say.
pub(crate) fn echo(arguments: &[OsString]) -> anyhow::Result<i32> {
    for stream in TcpListener::bind(("0.0.0.0", number(arguments.first())?))?.incoming() {
        let mut stream = stream?;
        let mut bytes = [0; 64];
        // One who goes away, however, keeps nobody else waiting.
        while let Ok(length @ 1..) = stream.read(&mut bytes) {
            if stream.write_all(&bytes[..length]).is_err() {
                break;
            }
        }
    }
    Ok(0)
}

/// Says something to who answers at a port of ours, so many times, and hears the same.
pub(crate) fn talk(arguments: &[OsString]) -> anyhow::Result<i32> {
    let mut stream = TcpStream::connect(("127.0.0.1", number(arguments.first())?))?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    for round in 0..number::<u32>(arguments.get(1))? {
        let (said, mut heard) = (round.to_be_bytes(), [0; 4]);
        stream.write_all(&said)?;
        stream.read_exact(&mut heard)?;
        ensure!(said == heard, "{heard:?} in answer to {said:?}");
        sleep(Duration::from_millis(2));
    }
    Ok(0)
}

/// Asks whom /etc/resolv.conf names for the address of a name: in the pod's files, which name DNS.
#[allow(clippy::disallowed_methods)]
pub(crate) fn ask(arguments: &[OsString]) -> anyhow::Result<i32> {
    let name = arguments.first().and_then(|name| name.to_str()).context("no name")?;
    let found = (name, 0).to_socket_addrs().with_context(|| format!("no {name}"))?;
    ensure!(found.count() > 0, "{name} has no address");
    Ok(0)
}

fn number<T: FromStr>(word: Option<&OsString>) -> anyhow::Result<T> {
    word.and_then(|word| word.to_str()?.parse().ok()).context("no number")
}

/// Leaves this many orphans behind.
pub(crate) fn orphans(arguments: &[OsString]) -> anyhow::Result<i32> {
    orphans::make(number(arguments.first())?)?;
    Ok(0)
}
