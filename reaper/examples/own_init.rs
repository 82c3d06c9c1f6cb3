//! A program that is its own container's init: `cargo run -p reaper --features std --example own_init`.

use std::time::Duration;

fn main() -> std::io::Result<()> {
    reaper::Init::new().grace(Duration::from_secs(2)).end_everything().start()?;
    // The work: here, a shell that leaves orphans behind.
    let script = "echo work $$ of $PPID; (sleep 0.1 &); exit 7";
    let status = std::process::Command::new("sh").args(["-c", script]).status()?;
    #[allow(clippy::exit, reason = "its code is the init's code")]
    std::process::exit(status.code().unwrap_or(1))
}
