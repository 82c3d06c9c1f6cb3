//! From text to nodes: documents are cut as kubectl cuts them, then read as YAML 1.1 or JSON.

mod json;
mod node;
mod plain;
pub(crate) mod scalar;
mod split;
mod yaml;

pub use node::{Content, Entry, Map, Node, Place, Word};

/// How much of a text is read before it is refused: nobody's manifest, and a bomb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Bytes of text.
    pub bytes: usize,
    /// Values within values.
    pub depth: usize,
    /// Values that aliases may add, beyond one for each byte of the text.
    pub expansion: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { bytes: 64 << 20, depth: 100, expansion: 100_000 }
    }
}

/// A text that cannot be read, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}", line = place.line, column = place.column)]
pub struct SyntaxError {
    /// Where.
    pub place: Place,
    /// What is wrong there.
    pub message: String,
}

impl SyntaxError {
    fn new(place: Place, message: impl Into<String>) -> Self {
        Self { place, message: message.into() }
    }
}

/// Every document of a text, in order; empty ones are left out. One that cannot be read does not keep the next from it,
/// if it is known where the next begins.
///
/// # Errors
/// In the list: a document that is neither YAML nor JSON, that is too deep, or whose aliases multiply.
#[must_use]
pub fn documents(text: &str, budget: &Budget) -> Vec<Result<Node, SyntaxError>> {
    pieces(text, budget).into_iter().filter_map(|piece| piece.read(budget)).collect()
}

/// A document of a text that was cut out of it and may be still to be read: in any order, on any thread.
#[derive(Debug)]
pub struct Piece<'a>(Cut<'a>);

#[derive(Debug)]
enum Cut<'a> {
    /// Where JSON ends is known only when it has been read.
    Read(Node),
    Wrong(SyntaxError),
    /// YAML, and what JSON had to say of it.
    Yaml(split::Rest<'a>, Option<SyntaxError>),
}

impl Piece<'_> {
    /// Reads it; `None` if there is nothing in it.
    #[must_use]
    pub fn read(self, budget: &Budget) -> Option<Result<Node, SyntaxError>> {
        match self.0 {
            Cut::Read(node) => Some(Ok(node)),
            Cut::Wrong(error) => Some(Err(error)),
            // Whoever began with a quoted key meant JSON, so that complaint is the better one.
            Cut::Yaml(rest, json) => match plain::read(rest.text, rest.line, budget.depth) {
                Some(node) => Some(Ok(node)),
                None => yaml::read(rest, budget).map_err(|error| json.unwrap_or(error)).transpose(),
            },
        }
    }
}

/// A document as the parser reads it, ordinary or not: for tests of what reads ordinary ones.
#[doc(hidden)]
#[must_use]
pub fn parsed(text: &str, budget: &Budget) -> Option<Result<Node, SyntaxError>> {
    yaml::read(split::Rest { text, line: 1, column: 1 }, budget).transpose()
}

/// The same by what reads ordinary ones, if it is one.
#[doc(hidden)]
#[must_use]
pub fn ordinary(text: &str, budget: &Budget) -> Option<Node> {
    plain::read(text, 1, budget.depth)
}

/// Cuts a text into its documents, without reading more of them than that takes.
#[must_use]
pub fn pieces<'a>(text: &'a str, budget: &Budget) -> Vec<Piece<'a>> {
    if text.len() > budget.bytes {
        let message = format!("the text is larger than {} bytes", budget.bytes);
        return vec![Piece(Cut::Wrong(SyntaxError::new(Place { line: 1, column: 1 }, message)))];
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut found = Vec::new();
    let mut rest = split::Rest { text, line: 1, column: 1 };
    while rest.text.trim_start().starts_with('{') {
        match json::read(rest, budget) {
            Ok((node, after)) => {
                found.push(Piece(Cut::Read(node)));
                rest = after;
                let next = rest.text.trim_start();
                if !next.is_empty() && !next.starts_with('{') && !next.starts_with("---") {
                    let place = rest.skip_blanks().place();
                    let error = SyntaxError::new(place, "there is something after the end of the JSON value");
                    found.push(Piece(Cut::Wrong(error)));
                    return found;
                }
            }
            // A mapping in braces need not be JSON: it may be YAML.
            Err(error) => {
                cut(&mut found, rest, Some(error));
                return found;
            }
        }
    }
    cut(&mut found, rest, None);
    found
}

fn cut<'a>(found: &mut Vec<Piece<'a>>, rest: split::Rest<'a>, json: Option<SyntaxError>) {
    let quoted = rest.text.trim_start().trim_start_matches('{').trim_start().starts_with('"');
    let mut json = json.filter(|_| quoted);
    found.extend(split::chunks(rest).into_iter().map(|chunk| {
        let json = json.take();
        Piece(match chunk {
            Ok(chunk) => Cut::Yaml(chunk, json),
            Err(error) => Cut::Wrong(json.unwrap_or(error)),
        })
    }));
}
