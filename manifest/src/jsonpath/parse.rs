//! Templates and paths, from text.

/// A part of a template.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    /// Text outside of braces.
    Text(String),
    /// What stands in braces.
    Path(Vec<Step>),
}

/// A step of a path.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    /// Text in quotes.
    Text(String),
    /// A number.
    Int(i64),
    /// A number with a fraction.
    Float(f64),
    /// `true` or `false`.
    Bool(bool),
    /// The beginning of what is repeated.
    Range,
    /// The end of what is repeated.
    End,
    /// `.name`.
    Field(String),
    /// `.*`.
    All,
    /// `..`: everything below.
    Below,
    /// `[from:to:step]`.
    Slice(Slice),
    /// `[a,b]`: several at once.
    Union(Vec<Vec<Step>>),
    /// `[?(left op right)]`.
    Filter(Filter),
}

/// `[from:to:step]`, each of which may be left out; `[n]` is from n up to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) from: Option<i64>,
    pub(super) to: Option<i64>,
    pub(super) step: Option<i64>,
    /// Whether `to` was not written but follows from `from`.
    pub(super) one: bool,
}

/// A condition on the elements of a list.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Filter {
    pub(super) left: Vec<Step>,
    pub(super) operator: String,
    pub(super) right: Vec<Step>,
}

/// Text that is no template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// A brace that is not closed.
    #[error("unclosed action")]
    Unclosed,
    /// A quote that is not closed.
    #[error("unterminated quoted string")]
    Quote,
    /// A bracket that is not closed.
    #[error("unterminated array")]
    Array,
    /// A filter that is not closed.
    #[error("unterminated filter")]
    Filter,
    /// A filter that a bracket does not close.
    #[error("unclosed array expect ]")]
    FilterEnd,
    /// A letter that has no meaning here.
    #[error("unrecognized character in action: {0:?}")]
    Character(char),
    /// A word that has no meaning.
    #[error("unrecognized identifier {0}")]
    Word(String),
    /// Brackets with something else than an index in them.
    #[error("invalid array index {0}")]
    Index(String),
    /// Digits that are no number.
    #[error("cannot parse number {0}")]
    Number(String),
    /// Paths within paths within paths.
    #[error("the path is nested too deeply")]
    Depth,
}

const DEPTH: usize = 32;

/// Reads a template.
pub(super) fn template(text: &str) -> Result<Vec<Part>, ParseError> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        if at > 0 {
            parts.push(Part::Text(rest[..at].to_owned()));
        }
        let mut reader = Reader { rest: &rest[at + 1..], depth: DEPTH };
        parts.push(Part::Path(reader.path(true)?));
        rest = reader.rest;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest.to_owned()));
    }
    Ok(parts)
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

fn is_terminator(character: char) -> bool {
    character.is_whitespace() || matches!(character, '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}')
}

impl<'a> Reader<'a> {
    /// Steps up to the closing brace, or, within brackets, up to the end.
    fn path(&mut self, braced: bool) -> Result<Vec<Step>, ParseError> {
        let mut steps = Vec::new();
        loop {
            if braced && self.eat("}") {
                return Ok(steps);
            }
            if self.rest.starts_with("[?(") {
                self.rest = &self.rest[3..];
                steps.push(self.filter()?);
                continue;
            }
            if self.eat("..") {
                steps.push(Step::Below);
                if self.rest.starts_with(|first: char| first.is_alphanumeric() || first == '_') {
                    steps.push(self.field());
                }
                continue;
            }
            let Some(first) = self.rest.chars().next() else {
                return if braced { Err(ParseError::Unclosed) } else { Ok(steps) };
            };
            match first {
                '\n' | '\r' => return Err(ParseError::Unclosed),
                ' ' | '\t' | '@' | '$' => self.rest = &self.rest[1..],
                '[' => self.array(&mut steps)?,
                '"' | '\'' => steps.push(Step::Text(self.quoted(first)?)),
                '.' => {
                    self.rest = &self.rest[1..];
                    steps.push(self.field());
                }
                '+' | '-' | '0'..='9' => steps.push(self.number()?),
                _ if first.is_alphanumeric() || first == '_' => steps.push(self.word()?),
                other => return Err(ParseError::Character(other)),
            }
        }
    }

    fn eat(&mut self, word: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(word) else { return false };
        self.rest = rest;
        true
    }

    fn take(&mut self, end: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    /// A name up to a letter that ends it; a backslash takes that power from a letter.
    fn field(&mut self) -> Step {
        let mut name = String::new();
        let mut end = 0;
        let mut characters = self.rest.char_indices();
        while let Some((_, character)) = characters.next() {
            if character == '\\' {
                end += 1;
                if let Some((_, escaped)) = characters.next() {
                    end += escaped.len_utf8();
                    name.push(escaped);
                }
            } else if is_terminator(character) {
                break;
            } else {
                end += character.len_utf8();
                name.push(character);
            }
        }
        let written = self.take(end);
        if written == "*" { Step::All } else { Step::Field(name) }
    }

    fn word(&mut self) -> Result<Step, ParseError> {
        let end = self.rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(self.rest.len());
        match self.take(end) {
            "range" => Ok(Step::Range),
            "end" => Ok(Step::End),
            "true" => Ok(Step::Bool(true)),
            "false" => Ok(Step::Bool(false)),
            other => Err(ParseError::Word(other.to_owned())),
        }
    }

    fn number(&mut self) -> Result<Step, ParseError> {
        let signed = usize::from(self.rest.starts_with(['+', '-']));
        let digits = self.rest[signed..].find(|digit: char| !digit.is_ascii_digit() && digit != '.');
        let text = self.take(digits.map_or(self.rest.len(), |end| end + signed));
        if let Ok(number) = text.parse() {
            return Ok(Step::Int(number));
        }
        text.parse().map(Step::Float).map_err(|_| ParseError::Number(text.to_owned()))
    }

    fn quoted(&mut self, quote: char) -> Result<String, ParseError> {
        let mut text = String::new();
        let mut characters = self.rest.char_indices().skip(1);
        while let Some((at, character)) = characters.next() {
            match character {
                '\\' => match characters.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, 't')) => text.push('\t'),
                    Some((_, 'r')) => text.push('\r'),
                    Some((_, escaped @ ('\\' | '"' | '\''))) => text.push(escaped),
                    Some((_, other)) => text.extend(['\\', other]),
                    None => return Err(ParseError::Quote),
                },
                '\n' => return Err(ParseError::Quote),
                _ if character == quote => {
                    self.take(at + 1);
                    return Ok(text);
                }
                _ => text.push(character),
            }
        }
        Err(ParseError::Quote)
    }

    /// What stands in brackets: an index, a slice, a key, several of these, or everything.
    fn array(&mut self, steps: &mut Vec<Step>) -> Result<(), ParseError> {
        let end = 1 + unquoted(&self.rest[1..], ']').ok_or(ParseError::Array)?;
        let inner = &self.take(end + 1)[1..end];
        let alternatives: Vec<&str> = inner.split(',').collect();
        if alternatives.len() > 1 {
            let all = alternatives.into_iter().map(|one| {
                let mut several = Vec::new();
                self.bracket(one.trim_matches(' '), &mut several)?;
                Ok(several)
            });
            steps.push(Step::Union(all.collect::<Result<_, _>>()?));
            return Ok(());
        }
        self.bracket(inner, steps)
    }

    fn bracket(&self, inner: &str, steps: &mut Vec<Step>) -> Result<(), ParseError> {
        let key = inner.strip_prefix('\'').and_then(|key| key.strip_suffix('\'')).filter(|key| !key.contains('\''));
        if let Some(key) = key {
            // A key is a path of its own, so dots in it have to be escaped.
            let depth = self.depth.checked_sub(1).ok_or(ParseError::Depth)?;
            let path = format!(".{key}");
            steps.extend(Reader { rest: &path, depth }.path(false)?);
            return Ok(());
        }
        let wrong = || ParseError::Index(inner.to_owned());
        let text = if inner == "*" { ":" } else { inner };
        let mut numbers = text.split(':').map(|number| match number {
            "" => Ok(None),
            number if number.starts_with('+') => Err(wrong()),
            number => number.parse::<i64>().map(Some).map_err(|_| wrong()),
        });
        let from = numbers.next().transpose()?.flatten();
        let (to, step) = (numbers.next().transpose()?, numbers.next().transpose()?);
        if numbers.next().is_some() {
            return Err(wrong());
        }
        steps.push(Step::Slice(match to {
            Some(to) => Slice { from, to, step: step.flatten(), one: false },
            // Brackets around nothing are the first.
            None => Slice { from, to: Some(from.unwrap_or_default().saturating_add(1)), step: None, one: true },
        }));
        Ok(())
    }

    fn filter(&mut self) -> Result<Step, ParseError> {
        let end = unquoted(self.rest, ')').ok_or(ParseError::Filter)?;
        let condition = &self.take(end + 1)[..end];
        if !self.eat("]") {
            return Err(ParseError::FilterEnd);
        }
        let depth = self.depth.checked_sub(1).ok_or(ParseError::Depth)?;
        let path = |text: &str| Reader { rest: text.trim(), depth }.path(false);
        let sign = |character: char| matches!(character, '!' | '<' | '>' | '=');
        let (left, operator, right) = match condition.find(sign).filter(|at| *at > 0) {
            None => (condition, "", ""),
            Some(at) => {
                let length = condition[at..].find(|character| !sign(character)).unwrap_or(condition.len() - at);
                (&condition[..at], &condition[at..at + length], &condition[at + length..])
            }
        };
        if !operator.is_empty() && right.is_empty() {
            return Err(ParseError::Filter);
        }
        let right = path(right)?;
        Ok(Step::Filter(Filter { left: path(left)?, operator: operator.to_owned(), right }))
    }
}

/// Where this character stands first outside of quotes.
fn unquoted(text: &str, wanted: char) -> Option<usize> {
    let mut quote = None;
    let mut found = text.char_indices().filter(|(_, character)| match (quote, *character) {
        (None, open @ ('"' | '\'')) => {
            quote = Some(open);
            false
        }
        (Some(open), close) if open == close => {
            quote = None;
            false
        }
        (quote, character) => quote.is_none() && character == wanted,
    });
    found.next().map(|(at, _)| at)
}
