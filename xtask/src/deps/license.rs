//! Licences as crates say theirs: expressions of SPDX, and a slash for "or" as of old.

use std::collections::BTreeSet;

/// Whether one may do with what is licensed so what these licences allow.
///
/// # Errors
/// It is no expression.
///
/// # References
/// SPDX 2.3, annex D
pub(super) fn is_allowed(text: &str, allowed: &BTreeSet<String>) -> Result<bool, String> {
    let words = words(text);
    let mut rest = words.as_slice();
    let told = either(&mut rest, allowed)?;
    match rest.first() {
        Some(word) => Err(format!("{word} stands where nothing can")),
        None => Ok(told),
    }
}

/// The licences that an expression speaks of.
pub(super) fn names(text: &str) -> Vec<&str> {
    words(text).into_iter().filter(|word| !matches!(*word, "(" | ")" | "/" | "AND" | "OR" | "WITH")).collect()
}

fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for word in text.split_whitespace() {
        let mut rest = word;
        while let Some(at) = rest.find(['(', ')', '/']) {
            words.extend([&rest[..at], &rest[at..=at]].into_iter().filter(|word| !word.is_empty()));
            rest = &rest[at + 1..];
        }
        words.extend(Some(rest).filter(|rest| !rest.is_empty()));
    }
    words
}

fn either(words: &mut &[&str], allowed: &BTreeSet<String>) -> Result<bool, String> {
    let mut told = both(words, allowed)?;
    while let Some(("OR" | "/", rest)) = words.split_first().map(|(word, rest)| (*word, rest)) {
        *words = rest;
        told |= both(words, allowed)?;
    }
    Ok(told)
}

fn both(words: &mut &[&str], allowed: &BTreeSet<String>) -> Result<bool, String> {
    let mut told = one(words, allowed)?;
    while let Some(("AND", rest)) = words.split_first().map(|(word, rest)| (*word, rest)) {
        *words = rest;
        told &= one(words, allowed)?;
    }
    Ok(told)
}

fn one(words: &mut &[&str], allowed: &BTreeSet<String>) -> Result<bool, String> {
    let Some((word, rest)) = words.split_first() else { return Err("it ends too early".to_owned()) };
    *words = rest;
    match *word {
        "(" => {
            let told = either(words, allowed)?;
            let Some((&")", rest)) = words.split_first() else { return Err("a parenthesis is open".to_owned()) };
            *words = rest;
            Ok(told)
        }
        ")" | "/" | "AND" | "OR" | "WITH" => Err(format!("{word} stands where a licence has to")),
        name => {
            // An exception is of another licence than the one it is an exception of.
            let Some((&"WITH", rest)) = words.split_first() else { return Ok(allowed.contains(name)) };
            let Some((exception, rest)) = rest.split_first() else { return Err("WITH nothing".to_owned()) };
            *words = rest;
            Ok(allowed.contains(&format!("{name} WITH {exception}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_allowed_by_what_it_leaves_one() {
        let allowed = ["MIT", "ISC", "Zlib"].map(str::to_owned).into();
        for (text, is) in [
            ("MIT", true),
            ("GPL-2.0-only", false),
            ("GPL-2.0-only OR MIT", true),
            ("Unlicense/MIT", true),
            ("Apache-2.0 / GPL-2.0-only", false),
            ("MIT AND ISC", true),
            ("MIT AND GPL-2.0-only", false),
            ("MIT OR GPL-2.0-only AND X", true),
            ("(MIT OR X) AND Zlib", true),
            ("(X OR Y) AND Zlib", false),
            ("MIT WITH exception", false),
            ("MIT WITH exception OR ISC", true),
        ] {
            assert_eq!(is_allowed(text, &allowed), Ok(is), "{text}");
        }
        for text in ["", "MIT OR", "(MIT", "MIT)", "MIT ISC", "AND", "MIT WITH"] {
            assert!(is_allowed(text, &allowed).is_err(), "{text}");
        }
        assert_eq!(names("(MIT OR X-1.0) AND Zlib/ISC"), ["MIT", "X-1.0", "Zlib", "ISC"]);
    }
}
