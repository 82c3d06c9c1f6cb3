//! YAML as kubectl prints it: block style, keys sorted, lists not indented, long texts folded past column 80.

use std::fmt::Write as _;

use serde_json::Number;

use super::json::number;
use super::shortest;
use super::style::{Style, is_break, is_plain_word, is_printable, is_simple_key, sorted, style};
use super::tree::{Look, Tree};
use crate::text::{Content, scalar};

const WIDTH: usize = 80;

/// A value as `kubectl -o yaml` prints it.
#[must_use]
pub fn yaml<T: Tree>(value: &T) -> String {
    let mut text = String::with_capacity(1024);
    write_yaml(value, &mut text);
    text
}

/// Writes the same behind what is there, which ends with a line.
pub fn write_yaml<T: Tree>(value: &T, to: &mut String) {
    let mut writer = Writer { out: to, column: 0 };
    match value.look() {
        Look::Map(map) if !is_empty::<T>(map) => writer.map::<T>(map, 0, true),
        Look::List(list) if !list.is_empty() => writer.list(list, 0, true),
        scalar => {
            writer.scalar(scalar, 0);
            writer.line();
        }
    }
}

fn is_empty<T: Tree>(map: &T::Map) -> bool {
    T::entries(map).next().is_none()
}

struct Writer<'a> {
    out: &'a mut String,
    column: usize,
}

impl Writer<'_> {
    fn put(&mut self, character: char) {
        self.out.push(character);
        self.column += 1;
    }

    fn text(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.chars().count();
    }

    fn line(&mut self) {
        self.out.push('\n');
        self.column = 0;
    }

    fn pad(&mut self, indent: usize) {
        const BLANKS: &str = "                                                                ";
        match BLANKS.get(..indent) {
            Some(blanks) => self.out.push_str(blanks),
            None => self.out.extend(std::iter::repeat_n(' ', indent)),
        }
        self.column += indent;
    }

    fn fold(&mut self, indent: usize) {
        self.line();
        self.pad(indent);
    }

    /// A mapping whose first key stands where the writer is if `inline`.
    fn map<T: Tree>(&mut self, map: &T::Map, indent: usize, inline: bool) {
        // Keys of letters are in their order already.
        if T::entries(map).all(|(key, _)| key.bytes().all(|byte| byte.is_ascii_alphabetic())) {
            for (number, (key, value)) in T::entries(map).enumerate() {
                self.entry(key, value, indent, inline && number == 0);
            }
        } else {
            for (number, (key, value)) in sorted(T::entries(map)).into_iter().enumerate() {
                self.entry(key, value, indent, inline && number == 0);
            }
        }
    }

    fn entry<T: Tree>(&mut self, key: &str, value: &T, indent: usize, inline: bool) {
        if !inline {
            self.pad(indent);
        }
        if is_simple_key(key) {
            self.string(key, indent, true);
            self.put(':');
            self.value(value, indent);
        } else {
            self.put('?');
            self.put(' ');
            self.string(key, indent + 2, false);
            if self.column > 0 {
                self.line();
            }
            self.pad(indent);
            self.put(':');
            self.after_mark(value, indent);
        }
    }

    fn list<T: Tree>(&mut self, list: &[T], indent: usize, inline: bool) {
        for (number, value) in list.iter().enumerate() {
            if number > 0 || !inline {
                self.pad(indent);
            }
            self.put('-');
            self.after_mark(value, indent);
        }
    }

    /// What follows `-`, or `:` on a line of its own: collections begin on the same line.
    fn after_mark<T: Tree>(&mut self, value: &T, indent: usize) {
        self.put(' ');
        match value.look() {
            Look::Map(map) if !is_empty::<T>(map) => self.map::<T>(map, indent + 2, true),
            Look::List(list) if !list.is_empty() => self.list(list, indent + 2, true),
            scalar => self.last(scalar, indent + 2),
        }
    }

    /// What follows `key:`.
    fn value<T: Tree>(&mut self, value: &T, indent: usize) {
        match value.look() {
            Look::Map(map) if !is_empty::<T>(map) => {
                self.line();
                self.map::<T>(map, indent + 2, false);
            }
            Look::List(list) if !list.is_empty() => {
                self.line();
                self.list(list, indent, false);
            }
            scalar => {
                self.put(' ');
                self.last(scalar, indent + 2);
            }
        }
    }

    /// A scalar, and the end of its line.
    fn last<T: Tree>(&mut self, value: Look<'_, T>, indent: usize) {
        self.scalar(value, indent);
        if self.column > 0 {
            self.line();
        }
    }

    fn scalar<T: Tree>(&mut self, value: Look<'_, T>, indent: usize) {
        match value {
            Look::Null => self.text("null"),
            Look::Bool(bool) => self.text(if bool { "true" } else { "false" }),
            Look::Int(number) => {
                let before = self.out.len();
                // A text takes whatever is written.
                let _ = write!(self.out, "{number}");
                self.column += self.out.len() - before;
            }
            Look::Number(number) => self.number(&number),
            Look::Text(text) => self.string(text, indent, false),
            Look::List(_) => self.text("[]"),
            Look::Map(_) => self.text("{}"),
        }
    }

    /// A number, which goes through JSON and is read back as YAML before it is written.
    fn number(&mut self, value: &Number) {
        let json = number(value);
        let float = match scalar::resolve(&json) {
            Content::Float(float) if json.contains(['.', 'e']) || json.parse::<u64>().is_err() => Some(float),
            _ => None,
        };
        self.text(&float.map_or(json, |float| shortest(&format!("{float:e}"))));
    }

    fn string(&mut self, text: &str, indent: usize, as_key: bool) {
        if is_plain_word(text) {
            self.out.push_str(text);
            self.column += text.len();
            return;
        }
        match style(text, as_key) {
            Style::Plain => self.words(text, indent, !as_key, None),
            Style::Single => {
                self.put('\'');
                self.words(text, indent, !as_key, Some('\''));
                self.put('\'');
            }
            Style::Double => self.double(text, indent, !as_key),
            Style::Literal => self.literal(text, indent),
        }
    }

    /// Words with single blanks between them at which a line may be folded.
    fn words(&mut self, text: &str, indent: usize, folds: bool, quote: Option<char>) {
        let mut after_space = false;
        let mut characters = text.chars().peekable();
        let mut first = true;
        while let Some(character) = characters.next() {
            if character == ' ' {
                let next = characters.peek();
                let inside = quote.is_none() || !first && next.is_some();
                if folds && !after_space && self.column > WIDTH && inside && next != Some(&' ') {
                    self.fold(indent);
                } else {
                    self.put(' ');
                }
                after_space = true;
            } else {
                if quote == Some(character) {
                    self.put(character);
                }
                self.put(character);
                after_space = false;
            }
            first = false;
        }
    }

    fn double(&mut self, text: &str, indent: usize, folds: bool) {
        self.put('"');
        let mut after_space = false;
        let mut characters = text.chars().peekable();
        let mut first = true;
        while let Some(character) = characters.next() {
            let next = characters.peek().copied();
            if !is_printable(character) || is_break(character) || matches!(character, '"' | '\\') {
                self.escape(character);
                after_space = false;
            } else if character == ' ' {
                if folds && !after_space && self.column > WIDTH && !first && next.is_some() {
                    self.fold(indent);
                    if next == Some(' ') {
                        self.put('\\');
                    }
                } else {
                    self.put(' ');
                }
                after_space = true;
            } else {
                self.put(character);
                after_space = false;
            }
            first = false;
        }
        self.put('"');
    }

    fn escape(&mut self, character: char) {
        self.put('\\');
        let letter = match character {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{1b}' => 'e',
            '"' | '\\' => character,
            '\u{85}' => 'N',
            '\u{a0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => {
                let code = u32::from(character);
                let text = match code {
                    0..=0xff => format!("x{code:02X}"),
                    0x100..=0xffff => format!("u{code:04X}"),
                    _ => format!("U{code:08X}"),
                };
                self.text(&text);
                return;
            }
        };
        self.put(letter);
    }

    fn literal(&mut self, text: &str, indent: usize) {
        // At the top of a document the scalar is indented, too.
        let indent = indent.max(2);
        self.put('|');
        if text.starts_with([' ', '\n']) || text.starts_with(is_break) {
            self.put('2');
        }
        if !text.ends_with(is_break) {
            self.put('-');
        } else if text.strip_suffix(is_break).is_some_and(|rest| rest.is_empty() || rest.ends_with(is_break)) {
            self.put('+');
        }
        self.line();
        let mut at_start = true;
        for character in text.chars() {
            if is_break(character) {
                self.out.push(character);
                self.column = 0;
                at_start = true;
            } else {
                if at_start {
                    self.pad(indent);
                }
                self.put(character);
                at_start = false;
            }
        }
    }
}
