//! How an init went, as a line of JSON.

use core::fmt::{self, Write};

use crate::WaitStatus;
use crate::buffer::Buffer;
use crate::text::Decimal;

/// How it went.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// The main child's pid, the last if there were several.
    pub pid: i32,
    /// How it ended; `None` if nobody saw.
    pub main: Option<WaitStatus>,
    /// The code that the init exits with.
    pub code: u8,
    /// How many orphans it reaped.
    pub orphans: u32,
    /// How often it sent KILL.
    pub kills: u32,
}

impl Outcome {
    /// The line, with its end.
    #[must_use]
    pub fn line(&self) -> Buffer<256> {
        let mut line = Buffer::new();
        let _fits = writeln!(line, "{self}");
        line
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pid, main, code, orphans, kills } = *self;
        let (pid, code, orphans, kills) = (Decimal::from(pid), Decimal(code.into()), Decimal(orphans), Decimal(kills));
        write!(f, r#"{{"pid":{pid},"exited":"#)?;
        match main {
            Some(WaitStatus::Exited(code)) => write!(f, r#"{},"signal":null"#, Decimal(code.into()))?,
            Some(WaitStatus::Signaled { signal, .. }) => write!(f, r#"null,"signal":"{signal}""#)?,
            _ => f.write_str(r#"null,"signal":null"#)?,
        }
        write!(f, r#","code":{code},"orphans":{orphans},"kills":{kills}}}"#)
    }
}
