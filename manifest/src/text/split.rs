//! Where one document ends and the next begins: at lines of three dashes, whatever stands around them.

use memchr::{memchr, memchr_iter, memmem};

use super::{Place, SyntaxError};

/// What is left of a text, and where in the whole it begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rest<'a> {
    pub(super) text: &'a str,
    pub(super) line: u32,
    pub(super) column: u32,
}

impl<'a> Rest<'a> {
    pub(super) fn place(self) -> Place {
        Place { line: self.line, column: self.column }
    }

    /// What is left after so many bytes.
    pub(super) fn advance(self, bytes: usize) -> Self {
        let (mut line, mut column) = (self.line, self.column);
        for character in self.text[..bytes].chars() {
            if character == '\n' {
                line += 1;
                column = 1;
            } else {
                column += 1;
            }
        }
        Self { text: &self.text[bytes..], line, column }
    }

    pub(super) fn skip_blanks(self) -> Self {
        self.advance(self.text.len() - self.text.trim_start().len())
    }
}

/// The documents of a text, each still to be read. A separator that is none ends the list.
pub(super) fn chunks(rest: Rest<'_>) -> Vec<Result<Rest<'_>, SyntaxError>> {
    let mut chunks = Vec::new();
    let (mut start, mut line) = (0, rest.line);
    let first = rest.text.starts_with("---").then_some(0);
    let others = memmem::find_iter(rest.text.as_bytes(), "\n---").map(|before| before + 1);
    for at in first.into_iter().chain(others) {
        let text = &rest.text[start..at];
        chunks.push(Ok(Rest { text, line, column: 1 }));
        line = line.saturating_add(lines(text));
        let end = memchr(b'\n', &rest.text.as_bytes()[at..]).map_or(rest.text.len(), |end| at + end + 1);
        let after = rest.text[at + 3..end].trim();
        if !after.is_empty() && !after.starts_with('#') {
            let message = format!("invalid Yaml document separator: {after}");
            chunks.push(Err(SyntaxError::new(Place { line, column: 1 }, message)));
            return chunks;
        }
        (start, line) = (end, line.saturating_add(1));
    }
    chunks.push(Ok(Rest { text: &rest.text[start..], line, column: 1 }));
    chunks
}

fn lines(text: &str) -> u32 {
    u32::try_from(memchr_iter(b'\n', text.as_bytes()).count()).unwrap_or(u32::MAX)
}
