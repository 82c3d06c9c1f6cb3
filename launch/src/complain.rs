//! The one place where an error is printed.

use std::error::Error;
use std::io::{self, Write, stderr};

/// Prints `program: operation and object: cause`, and under it the hint, if there is one.
///
/// A stderr that takes nothing is no reason to fail differently, so what cannot be written is lost.
pub fn complain(program: &str, error: &dyn Error, hint: Option<&str>) {
    let mut text = format!("{program}: {}\n", line(error));
    if let Some(hint) = hint {
        text.push_str(&format!("hint: {hint}\n"));
    }
    let _lost = stderr().write_all(text.as_bytes());
}

/// An error and its causes in one line.
#[must_use]
pub fn line(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(&format!(": {}", plain(error)));
        cause = error.source();
    }
    printable(&line)
}

/// A text with nothing in it that a terminal would obey, or that would begin a line of its own: what
/// others wrote may be part of it.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() { printable.extend(letter.escape_default()) } else { printable.push(letter) }
    }
    printable
}

/// The words of an error, the C library's where it has a number, without what std and others add to that.
fn plain(error: &(dyn Error + 'static)) -> String {
    let text = match error.downcast_ref::<nix::errno::Errno>() {
        Some(errno) => io::Error::from(*errno).to_string(),
        None => error.to_string(),
    };
    text.split_once(" (os error ").map_or(text.as_str(), |(words, _)| words).to_owned()
}
