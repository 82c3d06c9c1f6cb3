//! `-o custom-columns=NAME:.metadata.name,…`: a heading and a path for each column.

use serde_json::Value;

use super::{EvalError, Found, ParseError, Template, show};

/// Columns that were understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Columns(Vec<(String, Template)>);

/// Text that has no columns.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidColumns {
    /// There is none.
    #[error("custom-columns format specified but no custom columns given")]
    None,
    /// One is not a heading and a path.
    #[error("unexpected custom-columns spec: {0}, expected <header>:<json-path-expr>")]
    Form(String),
    /// A file of them has no line of headings.
    #[error("invalid template, missing header line. {TWO_LINES}")]
    NoHeadings,
    /// A file of them has no line of paths.
    #[error("invalid template, missing spec line. {TWO_LINES}")]
    NoPaths,
    /// A file of them has more of one than of the other.
    #[error("number of headers ({0}) and field specifications ({1}) don't match")]
    Uneven(usize, usize),
    /// A path is none.
    #[error(transparent)]
    Path(#[from] ParseError),
}

const TWO_LINES: &str =
    "Expected format is one line of space separated headers, one line of space separated column specs.";

impl Columns {
    /// Reads the file of columns: a line of headings and one of paths.
    ///
    /// # Errors
    /// It has not two such lines.
    pub fn of_file(text: &str) -> Result<Self, InvalidColumns> {
        let mut lines = text.lines();
        let mut words = || lines.next().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let headings = words().ok_or(InvalidColumns::NoHeadings)?;
        let paths = words().ok_or(InvalidColumns::NoPaths)?;
        if headings.len() != paths.len() {
            return Err(InvalidColumns::Uneven(headings.len(), paths.len()));
        }
        let columns = headings.into_iter().zip(paths);
        columns
            .map(|(heading, path)| Ok((heading.to_owned(), Template::relaxed(path)?)))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Reads columns.
    ///
    /// # Errors
    /// There are none, or one is not a heading and a path.
    pub fn parse(text: &str) -> Result<Self, InvalidColumns> {
        if text.is_empty() {
            return Err(InvalidColumns::None);
        }
        let columns = text.split(',').map(|column| {
            let (heading, path) = column.split_once(':').ok_or_else(|| InvalidColumns::Form(column.to_owned()))?;
            Ok((heading.to_owned(), Template::relaxed(path)?))
        });
        columns.collect::<Result<_, _>>().map(Self)
    }

    /// The headings.
    #[must_use]
    pub fn headings(&self) -> Vec<&str> {
        self.0.iter().map(|(heading, _)| heading.as_str()).collect()
    }

    /// A row: what each path finds in an object, `<none>` for nothing.
    ///
    /// # Errors
    /// A path that does not fit the object.
    pub fn row(&self, object: &Value) -> Result<Vec<String>, EvalError> {
        let cell = |template: &Template| {
            let mut words = Vec::new();
            for found in template.find(object)? {
                match found {
                    Found::Text(text) => words.push(text),
                    Found::Values(values) => words.extend(values.iter().map(|value| match value {
                        Value::Null => "<none>".to_owned(),
                        value => show(value),
                    })),
                }
            }
            Ok(if words.is_empty() { "<none>".to_owned() } else { words.join(",") })
        };
        self.0.iter().map(|(_, template)| cell(template)).collect()
    }
}
