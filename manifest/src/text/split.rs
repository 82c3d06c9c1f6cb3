//! Where one document ends and the next begins: at lines of three dashes, whatever stands around them.

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
    let (mut start, mut at) = (0, 0);
    let (mut start_line, mut line) = (rest.line, rest.line);
    for piece in rest.text.split_inclusive('\n') {
        if let Some(after) = piece.strip_prefix("---") {
            let after = after.trim();
            chunks.push(Ok(Rest { text: &rest.text[start..at], line: start_line, column: 1 }));
            if !after.is_empty() && !after.starts_with('#') {
                let message = format!("invalid Yaml document separator: {after}");
                chunks.push(Err(SyntaxError::new(Place { line, column: 1 }, message)));
                return chunks;
            }
            start = at + piece.len();
            start_line = line + 1;
        }
        at += piece.len();
        line += 1;
    }
    chunks.push(Ok(Rest { text: &rest.text[start..], line: start_line, column: 1 }));
    chunks
}
