//! `$(NAME)` in commands, arguments and variables.

/// The text with every `$(NAME)` replaced that `known` has a value for; others stay, and `$$` is a dollar. What is put in
/// is not looked at again.
#[must_use]
pub fn expand<'a>(text: &str, known: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        rest = if let Some(further) = after.strip_prefix('$') {
            out.push('$');
            further
        } else if let Some((name, further)) = after.strip_prefix('(').and_then(|inner| inner.split_once(')')) {
            match known(name) {
                Some(value) => out.push_str(value),
                None => out.push_str(&rest[at..at + name.len() + 3]),
            }
            further
        } else {
            out.push('$');
            after
        };
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn names_are_replaced_and_nothing_else_is() {
        let known = |name: &str| match name {
            "A" => Some("a"),
            "B" => Some("$(A)"),
            "EMPTY" => Some(""),
            _ => None,
        };
        let cases = [
            ("$(A)", "a"),
            ("x$(A)y$(A)", "xaya"),
            ("$(B)", "$(A)"),
            ("$$(A)", "$(A)"),
            ("$$$(A)", "$a"),
            ("$(NO)", "$(NO)"),
            ("$(A", "$(A"),
            ("$A", "$A"),
            ("$", "$"),
            ("a$", "a$"),
            ("$$", "$"),
            ("$()", "$()"),
            ("[$(EMPTY)]", "[]"),
            ("$($(A))", "$($(A))"),
        ];
        for (text, expanded) in cases {
            assert_eq!(expand(text, known), expanded, "{text}");
        }
    }
}
