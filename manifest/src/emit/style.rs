//! How a text may stand in YAML: plain, in single quotes, in double quotes, as a block; and in which order keys do.

use std::cmp::Ordering;

use crate::text::{Content, scalar};

/// A way to write a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// What was found in a text.
#[derive(Debug, Default)]
#[allow(clippy::struct_excessive_bools)]
struct Looks {
    indicators: bool,
    special: bool,
    breaks: bool,
    edge_space: bool,
    edge_break: bool,
    trailing_space: bool,
    space_then_break: bool,
    break_then_space: bool,
}

pub(super) fn is_break(character: char) -> bool {
    matches!(character, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What the emitter writes as it is. Characters past 16 bits it escapes.
pub(super) fn is_printable(character: char) -> bool {
    matches!(character, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

fn looks(text: &str) -> Looks {
    let mut looks = Looks::default();
    if text.starts_with("---") || text.starts_with("...") {
        looks.indicators = true;
    }
    let (mut after_blank, mut after_space, mut after_break) = (true, false, false);
    let mut characters = text.chars().peekable();
    let mut first = true;
    while let Some(character) = characters.next() {
        let next = characters.peek().copied();
        let before_blank = next.is_none_or(|next| matches!(next, ' ' | '\t') || is_break(next));
        match character {
            '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' if first => {
                looks.indicators = true;
            }
            '?' | '-' if first && before_blank => looks.indicators = true,
            ':' if before_blank => looks.indicators = true,
            '#' if after_blank => looks.indicators = true,
            _ => {}
        }
        looks.special |= !is_printable(character);
        if character == ' ' {
            looks.edge_space |= first || next.is_none();
            looks.trailing_space |= next.is_none();
            looks.break_then_space |= after_break;
            (after_space, after_break) = (true, false);
        } else if is_break(character) {
            looks.breaks = true;
            looks.edge_break |= first || next.is_none();
            looks.space_then_break |= after_space;
            (after_space, after_break) = (false, true);
        } else {
            (after_space, after_break) = (false, false);
        }
        after_blank = matches!(character, ' ' | '\t') || is_break(character);
        first = false;
    }
    looks
}

/// Whether a text is a word that nothing has to be done about, as key or value.
pub(super) fn is_plain_word(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'/' | b'-' | b':');
    let bytes = text.as_bytes();
    bytes.first().is_some_and(|first| first.is_ascii_alphabetic() || *first == b'/')
        && bytes.iter().copied().all(is_word)
        && bytes.last() != Some(&b':')
        && (bytes[0] == b'/' || scalar::is_text(text))
}

/// How a text is written; `as_key` where it has to fit before a colon on one line.
pub(super) fn style(text: &str, as_key: bool) -> Style {
    if text.is_empty() {
        return Style::Double;
    }
    let looks = looks(text);
    let reads_as_text = matches!(scalar::resolve(text), Content::Text(_)) && !scalar::is_timestamp(text);
    let mut style = if text.contains('\n') {
        Style::Literal
    } else if reads_as_text && !is_base60(text) && !(as_key && text == "<<") {
        Style::Plain
    } else {
        Style::Double
    };
    // Breaks that only Unicode knows are escaped: kubectl writes them as they are, and reads blanks then.
    let odd = looks.space_then_break || looks.special || text.contains(['\u{2028}', '\u{2029}']);
    if style == Style::Plain && (looks.edge_space || looks.edge_break || looks.breaks || odd || looks.indicators) {
        style = Style::Single;
    }
    if as_key && looks.breaks || style == Style::Single && (looks.break_then_space || odd) {
        style = Style::Double;
    }
    if style == Style::Literal && (looks.trailing_space || odd || as_key) {
        style = Style::Double;
    }
    style
}

/// Whether a key fits before a colon.
pub(super) fn is_simple_key(text: &str) -> bool {
    text.len() <= 128 && (text.is_ascii() && !text.contains(['\r', '\n']) || !text.chars().any(is_break))
}

/// `1:30`, which older readers took for a number.
fn is_base60(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut parts = text.split(':');
    let first = parts.next().unwrap_or_default();
    let head = first.starts_with(|first: char| first.is_ascii_digit())
        && first.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return false };
    let sixty = |part: &str| match part.as_bytes() {
        [one] => one.is_ascii_digit(),
        [ten, one] => (b'0'..=b'5').contains(ten) && one.is_ascii_digit(),
        _ => false,
    };
    let (whole, fraction) = last.split_once('.').unwrap_or((last, ""));
    head && middle.iter().all(|part| sixty(part))
        && sixty(whole)
        && fraction.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
}

/// Entries in order of their keys. The order of keys goes in circles for some (`a10`, `a1b`, `a01`), so this is a sort
/// that does not mind.
pub(super) fn sorted<'a, T>(entries: impl Iterator<Item = (&'a str, T)>) -> Vec<(&'a str, T)> {
    let mut runs: Vec<Vec<(&'a str, T)>> = entries.map(|entry| vec![entry]).collect();
    runs.sort_by_key(|run| run[0].0);
    while runs.len() > 1 {
        let mut merged = Vec::with_capacity(runs.len().div_ceil(2));
        let mut pairs = runs.into_iter();
        while let Some(first) = pairs.next() {
            merged.push(match pairs.next() {
                Some(second) => merge(first, second),
                None => first,
            });
        }
        runs = merged;
    }
    runs.pop().unwrap_or_default()
}

fn merge<'a, T>(first: Vec<(&'a str, T)>, second: Vec<(&'a str, T)>) -> Vec<(&'a str, T)> {
    let mut merged = Vec::with_capacity(first.len() + second.len());
    let (mut first, mut second) = (first.into_iter().peekable(), second.into_iter().peekable());
    while let (Some((a, _)), Some((b, _))) = (first.peek(), second.peek()) {
        let next = if compare(b, a) == Ordering::Less { second.next() } else { first.next() };
        merged.extend(next);
    }
    merged.extend(first);
    merged.extend(second);
    merged
}

/// The order of keys: numbers in them by value, letters after everything else.
fn compare(a: &str, b: &str) -> Ordering {
    let (left, right): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let Some(at) = left.iter().zip(&right).position(|(l, r)| l != r) else { return left.len().cmp(&right.len()) };
    let (l, r) = (left[at], right[at]);
    match (l.is_alphabetic(), r.is_alphabetic()) {
        (true, true) => return l.cmp(&r),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    // Where a zero differs, whether digits that count stand before it decides whether it counts.
    let zero_counts = (l == '0' || r == '0')
        && left[..at].iter().rev().take_while(|digit| digit.is_ascii_digit()).any(|digit| *digit != '0');
    let run = |of: &[char]| of[at..].iter().take_while(|digit| digit.is_ascii_digit()).count();
    let value = |of: &[char], length: usize| {
        of[at..at + length].iter().fold(u128::from(zero_counts), |sum, digit| {
            sum.saturating_mul(10).saturating_add(u128::from(digit.to_digit(10).unwrap_or_default()))
        })
    };
    let (left_run, right_run) = (run(&left), run(&right));
    value(&left, left_run).cmp(&value(&right, right_run)).then(left_run.cmp(&right_run)).then(l.cmp(&r))
}
