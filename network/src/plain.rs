//! Words of others, as they are shown.

/// What somebody else has written, on one line, without control characters, and no more of it than is read.
pub(crate) fn plain(text: &str) -> String {
    const ENOUGH: usize = 400;
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut plain = String::new();
    for letter in words.chars() {
        if plain.len() >= ENOUGH {
            plain.push('…');
            break;
        }
        if letter.is_control() { plain.extend(letter.escape_default()) } else { plain.push(letter) }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_write_is_one_line_without_control_characters() {
        assert_eq!(plain("a\n\tb \u{1b}[31mred\0"), "a b \\u{1b}[31mred\\u{0}");
        assert!(plain(&"x".repeat(5000)).len() < 410);
    }
}
