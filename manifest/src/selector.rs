//! Which objects are meant: selectors of labels (`a=b,c in (d,e),!f`) and of fields.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::kind::LabelSelector;

/// Conditions on labels that all have to hold, as `-l` takes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector(Vec<Requirement>);

/// A condition on a label.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    key: String,
    operator: Operator,
    values: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equals,
    NotEquals,
    In,
    NotIn,
    Exists,
    DoesNotExist,
    Greater,
    Less,
}

/// Text that is no selector.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSelector {
    /// Something else was expected.
    #[error("unable to parse requirement: found {found:?}, expected: {expected}")]
    Expected {
        /// What stands there.
        found: String,
        /// What should.
        expected: &'static str,
    },
    /// A comparison with something that is no number.
    #[error("values[0][{key}]: Invalid value: {value:?}: for 'Gt', 'Lt' operators, the value must be an integer")]
    Number {
        /// The label.
        key: String,
        /// The value.
        value: String,
    },
}

fn expected<T>(found: &str, expected: &'static str) -> Result<T, InvalidSelector> {
    Err(InvalidSelector::Expected { found: found.to_owned(), expected })
}

impl FromStr for Selector {
    type Err = InvalidSelector;

    fn from_str(text: &str) -> Result<Self, InvalidSelector> {
        let mut words = Words { rest: text };
        let mut all = Vec::new();
        if words.peek().is_empty() {
            return Ok(Self(all));
        }
        loop {
            all.push(requirement(&mut words)?);
            match words.next() {
                "" => return Ok(Self(all)),
                "," if words.peek().is_empty() => return expected("", "identifier after ','"),
                "," => {}
                other => return expected(other, "',' or 'end of string'"),
            }
        }
    }
}

fn requirement(words: &mut Words<'_>) -> Result<Requirement, InvalidSelector> {
    let absent = words.peek() == "!";
    if absent {
        words.next();
    }
    let key = words.next();
    if !is_identifier(key) {
        return expected(key, "!, identifier, or 'end of string'");
    }
    let of = |operator, values| Ok(Requirement { key: key.to_owned(), operator, values });
    if absent {
        return of(Operator::DoesNotExist, Vec::new());
    }
    match words.peek() {
        "" | "," => of(Operator::Exists, Vec::new()),
        "=" | "==" => {
            words.next();
            of(Operator::Equals, vec![words.value()?])
        }
        "!=" => {
            words.next();
            of(Operator::NotEquals, vec![words.value()?])
        }
        sign @ (">" | "<") => {
            words.next();
            let value = words.value()?;
            if value.parse::<i64>().is_err() {
                return Err(InvalidSelector::Number { key: key.to_owned(), value });
            }
            of(if sign == ">" { Operator::Greater } else { Operator::Less }, vec![value])
        }
        word @ ("in" | "notin") => {
            words.next();
            of(if word == "in" { Operator::In } else { Operator::NotIn }, words.values()?)
        }
        other => expected(other, "in, notin, =, ==, !=, gt, lt"),
    }
}

fn is_identifier(word: &str) -> bool {
    !word.is_empty()
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/'))
}

struct Words<'a> {
    rest: &'a str,
}

impl<'a> Words<'a> {
    fn peek(&self) -> &'a str {
        let rest = self.rest.trim_start();
        for sign in ["==", "!=", "=", "!", ",", "(", ")", ">", "<"] {
            if rest.starts_with(sign) {
                return &rest[..sign.len()];
            }
        }
        let end = rest.find(|letter: char| letter.is_whitespace() || "=!,()><".contains(letter)).unwrap_or(rest.len());
        &rest[..end]
    }

    fn next(&mut self) -> &'a str {
        let word = self.peek();
        self.rest = &self.rest.trim_start()[word.len()..];
        word
    }

    /// A value, which may be nothing.
    fn value(&mut self) -> Result<String, InvalidSelector> {
        match self.peek() {
            "" | "," => Ok(String::new()),
            word if is_identifier(word) => Ok(self.next().to_owned()),
            other => expected(other, "identifier"),
        }
    }

    /// `(a,b,c)`.
    fn values(&mut self) -> Result<Vec<String>, InvalidSelector> {
        let open = self.next();
        if open != "(" {
            return expected(open, "'('");
        }
        let mut values = Vec::new();
        loop {
            match self.peek() {
                "," | ")" => values.push(String::new()),
                word if is_identifier(word) => values.push(self.next().to_owned()),
                other => return expected(other, "',', ')' or identifier"),
            }
            match self.next() {
                "," => {}
                ")" => {
                    values.sort();
                    values.dedup();
                    return Ok(values);
                }
                other => return expected(other, "',' or ')'"),
            }
        }
    }
}

impl Selector {
    /// Whether these labels are selected.
    #[must_use]
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.0.iter().all(|requirement| requirement.holds(labels.get(&requirement.key).map(String::as_str)))
    }
}

impl Requirement {
    fn holds(&self, value: Option<&str>) -> bool {
        let among = |value: &str| self.values.iter().any(|one| one == value);
        let number = |text: &str| text.parse::<i64>().ok();
        let compared = || value.and_then(number).zip(self.values.first().and_then(|limit| number(limit)));
        match self.operator {
            Operator::Equals | Operator::In => value.is_some_and(among),
            Operator::NotEquals | Operator::NotIn => !value.is_some_and(among),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::Greater => compared().is_some_and(|(value, limit)| value > limit),
            Operator::Less => compared().is_some_and(|(value, limit)| value < limit),
        }
    }
}

/// As `-l` takes it.
impl fmt::Display for Selector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, Requirement { key, operator, values }) in self.0.iter().enumerate() {
            if number > 0 {
                formatter.write_str(",")?;
            }
            let values = values.join(",");
            match operator {
                Operator::Equals => write!(formatter, "{key}={values}")?,
                Operator::NotEquals => write!(formatter, "{key}!={values}")?,
                Operator::In => write!(formatter, "{key} in ({values})")?,
                Operator::NotIn => write!(formatter, "{key} notin ({values})")?,
                Operator::Exists => write!(formatter, "{key}")?,
                Operator::DoesNotExist => write!(formatter, "!{key}")?,
                Operator::Greater => write!(formatter, "{key}>{values}")?,
                Operator::Less => write!(formatter, "{key}<{values}")?,
            }
        }
        Ok(())
    }
}

impl LabelSelector {
    /// Whether these labels are selected. A selector without conditions selects everything.
    #[must_use]
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        let by_label = self.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value));
        by_label
            && self.match_expressions.iter().all(|requirement| {
                let value = labels.get(&requirement.key);
                match requirement.operator.as_str() {
                    "In" => value.is_some_and(|value| requirement.values.contains(value)),
                    "NotIn" => !value.is_some_and(|value| requirement.values.contains(value)),
                    "Exists" => value.is_some(),
                    "DoesNotExist" => value.is_none(),
                    _ => false,
                }
            })
    }
}

/// Conditions on fields that all have to hold, as `--field-selector` takes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSelector(Vec<(String, bool, String)>);

/// Text that is no selector of fields.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid selector: {0:?}; can't understand {1:?}")]
pub struct InvalidFieldSelector(String, String);

impl FromStr for FieldSelector {
    type Err = InvalidFieldSelector;

    fn from_str(text: &str) -> Result<Self, InvalidFieldSelector> {
        let mut all = Vec::new();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let signs = [("!=", false), ("==", true), ("=", true)];
            let cut = signs.iter().filter_map(|(sign, equal)| part.find(sign).map(|at| (at, sign.len(), *equal)));
            // The first sign counts, and of two at one place the longer.
            let Some((at, length, equal)) = cut.min_by_key(|(at, length, _)| (*at, usize::MAX - length)) else {
                return Err(InvalidFieldSelector(text.to_owned(), part.to_owned()));
            };
            all.push((part[..at].to_owned(), equal, part[at + length..].to_owned()));
        }
        Ok(Self(all))
    }
}

impl fmt::Display for FieldSelector {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (name, equal, value)) in self.0.iter().enumerate() {
            let comma = if number > 0 { "," } else { "" };
            write!(to, "{comma}{name}{}{value}", if *equal { "=" } else { "!=" })?;
        }
        Ok(())
    }
}

impl FieldSelector {
    /// Whether what `field` says of an object is selected. `field` gives `None` for what cannot be selected by.
    ///
    /// # Errors
    /// The name of such a field.
    pub fn matches(&self, field: impl Fn(&str) -> Option<String>) -> Result<bool, String> {
        let mut all = true;
        for (name, equal, value) in &self.0 {
            let there = field(name).ok_or_else(|| format!("field label not supported: {name}"))?;
            all &= (there == *value) == *equal;
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn labels(text: &str) -> BTreeMap<String, String> {
        text.split(',').filter_map(|pair| pair.split_once('=')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
    }

    #[test]
    fn labels_are_selected_as_by_kubectl() {
        let cases = [
            ("a=b", "a=b", true),
            ("a==b", "a=b", true),
            ("a=b", "a=c", false),
            ("a!=b", "", true),
            ("a!=b", "a=b", false),
            ("a", "a=", true),
            ("!a", "a=", false),
            ("!a", "b=", true),
            ("a in (b, c)", "a=c", true),
            ("a in (b,c)", "", false),
            ("a notin (b,c)", "", true),
            ("a notin (b)", "a=b", false),
            ("a=b,c=d", "a=b,c=d", true),
            ("a=b,c=d", "a=b", false),
            ("n>3", "n=4", true),
            ("n<3", "n=4", false),
            ("n>3", "n=x", false),
            ("", "a=b", true),
            ("a=", "a=", true),
            ("app.kubernetes.io/name=x", "app.kubernetes.io/name=x", true),
            ("a in ()", "a=", true),
        ];
        for (selector, having, selected) in cases {
            assert_eq!(
                selector.parse::<Selector>().unwrap().matches(&labels(having)),
                selected,
                "{selector} on {having}"
            );
        }
        for wrong in ["a in b", "a,", "=b", "a=b c", "a in (b", "a>x", "!", "a==b=c", "a b"] {
            assert!(wrong.parse::<Selector>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn fields_are_selected_by_name() {
        let field = |name: &str| (name == "status.phase").then(|| "Running".to_owned());
        assert_eq!("status.phase=Running".parse::<FieldSelector>().unwrap().matches(field), Ok(true));
        assert_eq!("status.phase!=Running".parse::<FieldSelector>().unwrap().matches(field), Ok(false));
        assert_eq!(
            "x=1".parse::<FieldSelector>().unwrap().matches(field),
            Err("field label not supported: x".to_owned())
        );
        assert!("x".parse::<FieldSelector>().is_err());
    }
}
