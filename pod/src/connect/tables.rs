//! Loading nft's tables: where we are, or in a network that somebody holds.

use std::env;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use launch::{Environment, Identity, complain};
use nsjoin::{Join, Kind, Select, Target};
use reaper::WaitStatus;
use rustix::fs::MemfdFlags;

/// Where administrators' programs are; who is none need not have it in their PATH.
const ADMINISTRATORS: &str = "/usr/sbin";
/// How much of its complaints is read.
const COMPLAINTS: usize = 1 << 12;

fn find() -> Result<PathBuf, String> {
    let path = env::var_os("PATH").unwrap_or_default();
    let directories = env::split_paths(&path).chain([PathBuf::from(ADMINISTRATORS)]);
    let found = directories.map(|directory| directory.join("nft")).find(|path| path.is_file());
    found.ok_or_else(|| "cannot run nft: it is not in PATH".to_owned())
}

/// Has nft do this where we are; says why it does not.
pub(super) fn load(text: &str) -> Result<(), String> {
    let start = |program: PathBuf| {
        Command::new(program)
            .args(["-f", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
    };
    let cannot = |error: io::Error| format!("cannot run nft: {error}");
    let mut child = start(find()?).map_err(cannot)?;
    let wrote = child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(text.as_bytes()));
    // By hand: std's own way panics where what is said cannot be read.
    let mut said = Vec::new();
    let _heard = child.stderr.take().map(|mut stderr| stderr.read_to_end(&mut said));
    let status = child.wait().map_err(|error| format!("cannot wait for nft: {error}"))?;
    if status.success() && wrote.is_ok() {
        return Ok(());
    }
    Err(last_words(&said))
}

/// Has nft do this in the network that this process holds; says why it does not.
pub(super) fn load_inside(holder: Identity, text: &str) -> Result<(), String> {
    let program = find()?;
    let cannot = |error: &dyn std::error::Error| format!("cannot run nft: {}", complain::line(error));
    let files = || -> io::Result<[File; 3]> {
        let file = |name: &str| -> io::Result<File> { Ok(rustix::fs::memfd_create(name, MemfdFlags::CLOEXEC)?.into()) };
        let (rules, complaints) = (file("rules")?, file("complaints")?);
        rules.write_all_at(text.as_bytes(), 0)?;
        Ok([rules, File::options().write(true).open("/dev/null")?, complaints])
    };
    let [rules, null, complaints] = files().map_err(|error| cannot(&error))?;
    let heard = complaints.try_clone().map_err(|error| cannot(&error))?;
    let stdio = [rules, null, complaints].map(|file| Some(file.into()));
    let command =
        nsjoin::Command::new(program).args(["-f", "-"]).environment(Environment::Empty).directory("/").stdio(stdio);
    let kinds = Select::These([Kind::User, Kind::Net].into());
    let plan = Join::new(Target::Process(holder), command).select(kinds).plan().map_err(nsjoin::Error::from);
    let child = plan.and_then(nsjoin::Plan::open).and_then(nsjoin::Opened::spawn).map_err(|error| cannot(&error))?;
    let status = child.wait().map_err(|error| cannot(&error))?;
    if status == WaitStatus::Exited(0) {
        return Ok(());
    }
    let mut said = vec![0; COMPLAINTS];
    let count = heard.read_at(&mut said, 0).unwrap_or(0);
    Err(last_words(&said[..count]))
}

fn last_words(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    format!("nft: {}", said.lines().next().unwrap_or("it came to no end"))
}
