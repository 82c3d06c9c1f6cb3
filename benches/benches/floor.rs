//! The floors that are programs in C, of benches/floor, compiled here.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use crate::place::{Place, works};

/// The floor of joining.
pub(crate) fn join(place: &Place) -> Result<String, String> {
    compile(place, "join")
}

/// Compiles one, static; where that cannot be, the compiler's own words.
pub(crate) fn compile(place: &Place, name: &str) -> Result<String, String> {
    let source = place.workspace().join(format!("benches/floor/{name}.c")).display().to_string();
    let floor = place.work().join(name).display().to_string();
    works(&mut place.command("cc", &["-O2", "-static", "-o", &floor, &source]))?;
    Ok(floor)
}

/// What the floor does besides joining.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Nothing.
    Bare,
    /// It looks whom it joins, whether it has come there, and what its command gets, as nsjoin does.
    Verified,
}

/// A floor that does it again and again, whenever it is told to.
pub(crate) struct Loop {
    child: Child,
    orders: ChildStdin,
    times: BufReader<ChildStdout>,
}

impl Loop {
    /// # Panics
    /// When it does not start.
    pub(crate) fn start(place: &Place, floor: &str, mode: Mode, words: &[&str]) -> Self {
        let mut command = place.command(floor, &[if mode == Mode::Verified { "-lv" } else { "-l" }]);
        command.args(words);
        Self::of(command)
    }

    /// Of a floor that does nothing but repeat.
    ///
    /// # Panics
    /// When it does not start.
    pub(crate) fn of(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("a floor");
        let (orders, times) = (child.stdin.take(), child.stdout.take());
        Self { child, orders: orders.expect("a pipe"), times: BufReader::new(times.expect("a pipe")) }
    }

    /// Has it do so once, and says how long that took.
    ///
    /// # Panics
    /// When it cannot.
    pub(crate) fn once(&mut self) -> Duration {
        self.orders.write_all(b".").expect("a floor that listens");
        let mut line = String::new();
        self.times.read_line(&mut line).expect("a floor that answers");
        Duration::from_nanos(line.trim().parse().expect("nanoseconds"))
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _reaped = self.child.wait();
    }
}
