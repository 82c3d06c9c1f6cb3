//! Ordinary manifests, read in one pass: blocks of keys and dashes, words and quotes on one line, lists in brackets.
//!
//! Whoever writes anything else (anchors, tags, texts of several lines, tabs, letters beyond ASCII, a mistake) is left to
//! the parser, which knows all of YAML and has the words for what is wrong. What is read here is what it would have read:
//! a test holds the two against each other.

use memchr::memchr;

use super::Place;
use super::node::{Content, Entry, Map, Node};
use super::scalar;

/// Reads a document that begins below so many lines; `None` if it is not an ordinary one.
pub(super) fn read(text: &str, line: u32, depth: usize) -> Option<Node> {
    // A block at a time and without a way out in between, which the compiler makes a few instructions of.
    let is_ordinary = |block: &[u8]| block.iter().fold(true, |all, byte| all & matches!(byte, b' '..=b'~' | b'\n'));
    text.as_bytes().chunks(64).all(is_ordinary).then_some(())?;
    let mut reader = Reader { rest: text, next: line, line: Line::default() };
    reader.advance()?;
    (reader.line.indent == 0).then_some(())?;
    let node = reader.block(0, depth)?;
    reader.line.is_end().then_some(node)
}

/// A line with something on it; none at the end.
#[derive(Clone, Copy, Default)]
struct Line<'a> {
    /// What stands on it, without blanks around it.
    content: &'a str,
    indent: usize,
    number: u32,
}

impl Line<'_> {
    fn is_end(&self) -> bool {
        self.content.is_empty()
    }

    fn is_item(&self) -> bool {
        self.content == "-" || self.content.starts_with("- ")
    }
}

struct Reader<'a> {
    rest: &'a str,
    next: u32,
    line: Line<'a>,
}

impl<'a> Reader<'a> {
    /// Goes on to the next line that says something.
    fn advance(&mut self) -> Option<()> {
        loop {
            if self.rest.is_empty() {
                self.line = Line { number: self.next, ..Line::default() };
                return Some(());
            }
            let (line, rest) = match memchr(b'\n', self.rest.as_bytes()) {
                Some(end) => (&self.rest[..end], &self.rest[end + 1..]),
                None => (self.rest, ""),
            };
            let number = self.next;
            (self.rest, self.next) = (rest, number.checked_add(1)?);
            let content = unindented(line);
            let indent = line.len() - content.len();
            if !content.is_empty() && !content.starts_with('#') {
                // An end mark, or what looks like one.
                (!(indent == 0 && content.starts_with(['.', '%']))).then_some(())?;
                self.line = Line { content: ended(content), indent, number };
                return Some(());
            }
        }
    }

    fn place(&self, column: usize) -> Option<Place> {
        Some(Place { line: self.line.number, column: u32::try_from(column + 1).ok()? })
    }

    /// The list or mapping whose first line this is.
    fn block(&mut self, indent: usize, depth: usize) -> Option<Node> {
        let depth = depth.checked_sub(1)?;
        if self.line.is_item() { self.list(indent, depth) } else { self.map(indent, depth) }
    }

    fn list(&mut self, indent: usize, depth: usize) -> Option<Node> {
        let place = self.place(indent)?;
        let mut list = Vec::new();
        while !self.line.is_end() && self.line.indent == indent && self.line.is_item() {
            let after = &self.line.content[1..];
            let content = unindented(after);
            if content.is_empty() {
                self.advance()?;
                let deeper = self.line.indent;
                (!self.line.is_end() && deeper > indent).then_some(())?;
                list.push(self.block(deeper, depth)?);
                continue;
            }
            let inner = indent + 1 + after.len() - content.len();
            if key(content).is_some() {
                // The mapping begins on the line of the dash.
                self.line = Line { content, indent: inner, number: self.line.number };
                list.push(self.block(inner, depth)?);
            } else {
                (!content.starts_with("- ") && content != "-").then_some(())?;
                list.push(self.value(content, inner, indent, depth)?);
            }
        }
        self.is_over(indent)?;
        Some(Node { place, content: Content::List(list) })
    }

    /// A list as deep as its key. The parser has it begin behind the first dash, so it does.
    fn shallow(&mut self, indent: usize, depth: usize) -> Option<Node> {
        let after = &self.line.content[1..];
        let content = unindented(after);
        (!content.is_empty()).then_some(())?;
        let place = self.place(indent + 1 + after.len() - content.len())?;
        let list = self.block(indent, depth)?;
        Some(Node { place, ..list })
    }

    fn map(&mut self, indent: usize, depth: usize) -> Option<Node> {
        let place = self.place(indent)?;
        let mut written = Vec::new();
        while !self.line.is_end() && self.line.indent == indent && !self.line.is_item() {
            let content = self.line.content;
            let name = key(content)?;
            depth.checked_sub(1)?;
            let (key, place) = (name.into(), self.place(indent)?);
            let after = &content[name.len() + 1..];
            let inner = unindented(after);
            let value = if inner.is_empty() || inner.starts_with('#') {
                self.advance()?;
                let deeper = self.line.indent;
                // A list may stand as deep as its key. Nothing at all is left to the parser.
                let is_value = deeper > indent || deeper == indent && self.line.is_item();
                (!self.line.is_end() && is_value).then_some(())?;
                if deeper == indent { self.shallow(deeper, depth)? } else { self.block(deeper, depth)? }
            } else {
                let column = indent + name.len() + 1 + after.len() - inner.len();
                self.value(inner, column, indent, depth)?
            };
            written.push(Entry { key, place, value });
        }
        self.is_over(indent)?;
        (!written.is_empty()).then_some(())?;
        Some(Node { place, content: Content::Map(Map::new(written)) })
    }

    /// What ends a block is no deeper than it.
    fn is_over(&self, indent: usize) -> Option<()> {
        (self.line.is_end() || self.line.indent <= indent).then_some(())
    }

    /// A value on the line of its key or dash; what follows must not be more of it.
    fn value(&mut self, content: &'a str, column: usize, indent: usize, depth: usize) -> Option<Node> {
        let depth = depth.checked_sub(1)?;
        let place = self.place(column)?;
        let content = match content.as_bytes()[0] {
            b'"' | b'\'' => {
                let (text, rest) = quoted(content)?;
                is_over(rest).then_some(())?;
                Content::Text(text.into())
            }
            b'[' => self.flow(content, column, depth)?,
            b'{' => {
                is_over(content.strip_prefix("{}")?).then_some(())?;
                Content::Map(Map::default())
            }
            _ => scalar::resolve(plain(content)?),
        };
        if let Content::Float(number) = content {
            number.is_finite().then_some(())?;
        }
        self.advance()?;
        (self.line.is_end() || self.line.indent <= indent).then_some(Node { place, content })
    }

    /// `["a", b, 1]`: words and quotes.
    fn flow(&self, content: &str, column: usize, depth: usize) -> Option<Content> {
        let mut list = Vec::new();
        let mut rest = unindented(&content[1..]);
        while !rest.starts_with(']') {
            depth.checked_sub(1)?;
            let place = self.place(column + content.len() - rest.len())?;
            let (content, after) = if rest.starts_with(['"', '\'']) {
                let (text, after) = quoted(rest)?;
                (Content::Text(text.into()), after)
            } else {
                let end = rest.find([',', ']'])?;
                let word = ended(&rest[..end]);
                let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'_' | b'-');
                let begins = word.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '/');
                (begins && word.bytes().all(is_word)).then_some(())?;
                (scalar::resolve(word), &rest[end..])
            };
            list.push(Node { place, content });
            let after = unindented(after);
            rest = match after.strip_prefix(',') {
                Some(further) => unindented(further),
                None => after.starts_with(']').then_some(after)?,
            };
        }
        is_over(&rest[1..]).then_some(Content::List(list))
    }
}

/// The key that a line begins with: a word that is text.
fn key(content: &str) -> Option<&str> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'/' | b'-');
    let end = content.bytes().position(|byte| !is_word(byte))?;
    let (name, rest) = content.split_at(end);
    let begins = name.starts_with(|first: char| first.is_ascii_alphabetic()) && name.len() <= 128;
    let colon = rest == ":" || rest.starts_with(": ");
    (begins && colon && scalar::is_text(name)).then_some(name)
}

/// A text in quotes that says what it means, and what stands behind it.
fn quoted(content: &str) -> Option<(&str, &str)> {
    let quote = content.chars().next()?;
    let (text, rest) = content[1..].split_once(quote)?;
    (!text.contains('\\') && !rest.starts_with(quote)).then_some((text, rest))
}

/// Whether nothing stands there but a comment.
fn is_over(rest: &str) -> bool {
    let comment = unindented(rest);
    comment.is_empty() || comment.starts_with('#') && comment.len() < rest.len()
}

/// Words that stand for themselves, without a comment behind them.
fn plain(content: &str) -> Option<&str> {
    let first = content.as_bytes()[0];
    let begins = first.is_ascii_alphanumeric() || matches!(first, b'/' | b'.' | b'_' | b'+' | b'~' | b'$' | b'(');
    let negative = first == b'-' && content.as_bytes().get(1).is_some_and(u8::is_ascii_alphanumeric);
    (begins || negative).then_some(())?;
    let bytes = content.as_bytes();
    for (at, byte) in bytes.iter().enumerate().skip(1) {
        match byte {
            b'#' if bytes[at - 1] == b' ' => return Some(ended(&content[..at])),
            b':' if matches!(bytes.get(at + 1), None | Some(b' ')) => return None,
            _ => {}
        }
    }
    Some(content)
}

/// Without the blanks before it.
fn unindented(text: &str) -> &str {
    let blanks = text.bytes().take_while(|byte| *byte == b' ').count();
    &text[blanks..]
}

/// Without the blanks behind it.
fn ended(text: &str) -> &str {
    let blanks = text.bytes().rev().take_while(|byte| *byte == b' ').count();
    &text[..text.len() - blanks]
}
