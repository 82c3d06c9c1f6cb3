//! From text to nodes: documents are cut as kubectl cuts them, then read as YAML 1.1 or JSON.

mod json;
mod node;
pub(crate) mod scalar;
mod split;
mod yaml;

pub use node::{Content, Entry, Map, Node, Place};

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
    if text.len() > budget.bytes {
        let message = format!("the text is larger than {} bytes", budget.bytes);
        return vec![Err(SyntaxError::new(Place { line: 1, column: 1 }, message))];
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut found = Vec::new();
    let mut rest = split::Rest { text, line: 1, column: 1 };
    while rest.text.trim_start().starts_with('{') {
        match json::read(rest, budget) {
            Ok((node, after)) => {
                found.push(Ok(node));
                rest = after;
                let next = rest.text.trim_start();
                if !next.is_empty() && !next.starts_with('{') && !next.starts_with("---") {
                    let place = rest.skip_blanks().place();
                    found.push(Err(SyntaxError::new(place, "there is something after the end of the JSON value")));
                    return found;
                }
            }
            // A mapping in braces need not be JSON: it may be YAML.
            Err(error) => return as_yaml(found, rest, budget, Some(error)),
        }
    }
    as_yaml(found, rest, budget, None)
}

fn as_yaml(
    mut found: Vec<Result<Node, SyntaxError>>,
    rest: split::Rest<'_>,
    budget: &Budget,
    json: Option<SyntaxError>,
) -> Vec<Result<Node, SyntaxError>> {
    let quoted = rest.text.trim_start().trim_start_matches('{').trim_start().starts_with('"');
    let mut json = json.filter(|_| quoted);
    for chunk in split::chunks(rest) {
        let read = chunk.and_then(|chunk| yaml::read(chunk, budget));
        match read {
            Ok(None) => {}
            Ok(Some(node)) => found.push(Ok(node)),
            // Whoever began with a quoted key meant JSON, so that complaint is the better one.
            Err(error) => found.push(Err(json.take().unwrap_or(error))),
        }
        json = None;
    }
    found
}
