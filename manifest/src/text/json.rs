//! JSON, with the place of everything in it.

use super::node::{Content, Entry, Map, Node};
use super::scalar::whole;
use super::split::Rest;
use super::{Budget, Place, SyntaxError};

/// Reads one value and says what is left of the text.
pub(super) fn read<'a>(rest: Rest<'a>, budget: &Budget) -> Result<(Node, Rest<'a>), SyntaxError> {
    let mut reader = Reader { text: rest.text, at: 0, line: rest.line, column: rest.column };
    let node = reader.value(budget.depth)?;
    let after = Rest { text: &rest.text[reader.at..], line: reader.line, column: reader.column };
    Ok((node, after))
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    line: u32,
    column: u32,
}

impl Reader<'_> {
    fn place(&self) -> Place {
        Place { line: self.line, column: self.column }
    }

    fn error<T>(&self, message: impl Into<String>) -> Result<T, SyntaxError> {
        Err(SyntaxError::new(self.place(), message))
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.at += character.len_utf8();
        if character == '\n' {
            self.line += 1;
            self.column = 1;
        } else {
            self.column += 1;
        }
        Some(character)
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t' | '\n' | '\r')) {
            self.next();
        }
    }

    fn expect(&mut self, character: char) -> Result<(), SyntaxError> {
        self.blanks();
        match self.peek() {
            Some(found) if found == character => {
                self.next();
                Ok(())
            }
            Some(found) => self.error(format!("expected {character:?}, found {found:?}")),
            None => self.error(format!("expected {character:?}, found the end")),
        }
    }

    fn value(&mut self, depth: usize) -> Result<Node, SyntaxError> {
        self.blanks();
        let place = self.place();
        let Some(depth) = depth.checked_sub(1) else { return self.error("values are nested too deeply") };
        let content = match self.peek() {
            Some('{') => self.object(depth)?,
            Some('[') => self.list(depth)?,
            Some('"') => Content::Text(self.string()?.into()),
            Some('-' | '0'..='9') => self.number()?,
            Some('t') => self.word("true", Content::Bool(true))?,
            Some('f') => self.word("false", Content::Bool(false))?,
            Some('n') => self.word("null", Content::Null)?,
            Some(found) => return self.error(format!("expected a value, found {found:?}")),
            None => return self.error("expected a value, found the end"),
        };
        Ok(Node { place, content })
    }

    fn object(&mut self, depth: usize) -> Result<Content, SyntaxError> {
        self.expect('{')?;
        let mut entries = Vec::new();
        self.blanks();
        if self.peek() == Some('}') {
            self.next();
            return Ok(Content::Map(Map::default()));
        }
        loop {
            self.blanks();
            let place = self.place();
            let key = self.string()?.into();
            self.expect(':')?;
            let value = self.value(depth)?;
            entries.push(Entry { key, place, value });
            self.blanks();
            if self.peek() == Some('}') {
                self.next();
                return Ok(Content::Map(Map::new(entries)));
            }
            self.expect(',')?;
        }
    }

    fn list(&mut self, depth: usize) -> Result<Content, SyntaxError> {
        self.expect('[')?;
        let mut list = Vec::new();
        self.blanks();
        if self.peek() == Some(']') {
            self.next();
            return Ok(Content::List(list));
        }
        loop {
            list.push(self.value(depth)?);
            self.blanks();
            if self.peek() == Some(']') {
                self.next();
                return Ok(Content::List(list));
            }
            self.expect(',')?;
        }
    }

    fn word(&mut self, word: &str, content: Content) -> Result<Content, SyntaxError> {
        if !self.text[self.at..].starts_with(word) {
            return self.error("expected a value");
        }
        for _ in 0..word.len() {
            self.next();
        }
        Ok(content)
    }

    fn number(&mut self) -> Result<Content, SyntaxError> {
        let start = self.at;
        while matches!(self.peek(), Some('-' | '+' | '.' | 'e' | 'E' | '0'..='9')) {
            self.next();
        }
        let text = &self.text[start..self.at];
        // Its grammar of numbers is JSON's, but its floats are not always the nearest.
        if serde_json::from_str::<serde_json::Number>(text).is_err() {
            return self.error(format!("invalid number {text}"));
        }
        match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(number), _) => Ok(Content::Int(number)),
            (Err(_), Ok(number)) if number.is_finite() => Ok(whole(number)),
            _ => self.error("the number is out of range"),
        }
    }

    fn string(&mut self) -> Result<String, SyntaxError> {
        self.expect('"')?;
        let mut text = String::new();
        loop {
            match self.next() {
                Some('"') => return Ok(text),
                Some('\\') => text.push(self.escape()?),
                Some(control) if control < ' ' => return self.error("control characters have to be escaped"),
                Some(character) => text.push(character),
                None => return self.error("the string does not end"),
            }
        }
    }

    fn escape(&mut self) -> Result<char, SyntaxError> {
        Ok(match self.next() {
            Some(character @ ('"' | '\\' | '/')) => character,
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => {
                let first = self.hex()?;
                let is_high = (0xd800..0xdc00).contains(&first);
                if is_high && self.text[self.at..].starts_with("\\u") {
                    let (at, column) = (self.at, self.column);
                    self.next();
                    self.next();
                    let second = self.hex()?;
                    if (0xdc00..0xe000).contains(&second) {
                        let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                        return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                    }
                    (self.at, self.column) = (at, column);
                }
                char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => return self.error("unknown escape in a string"),
        })
    }

    fn hex(&mut self) -> Result<u32, SyntaxError> {
        let mut code = 0;
        for _ in 0..4 {
            let Some(digit) = self.next().and_then(|character| character.to_digit(16)) else {
                return self.error("\\u is followed by four hexadecimal digits");
            };
            code = code * 16 + digit;
        }
        Ok(code)
    }
}
