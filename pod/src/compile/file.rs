//! Files of variables that a container leaves for others: `KEY='value'`, the quotes included.

/// The variables, in order.
///
/// # Errors
/// What is neither a variable nor a comment, with its line.
pub(super) fn variables(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut line = 1;
    while !rest.is_empty() {
        let (first, further) = rest.split_once('\n').unwrap_or((rest, ""));
        let trimmed = first.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            rest = further;
            line += 1;
            continue;
        }
        let odd = |what: &str| Err(format!("line {line}: {what}"));
        let Some((key, value)) = rest.split_once('=') else { return odd("no `=`") };
        let key = key.trim_start();
        if key.is_empty() || key.contains(['\n', ' ', '\t', '\'']) {
            return odd("no name before the `=`");
        }
        let Some(quoted) = value.strip_prefix('\'') else { return odd("no single quote after the `=`") };
        let Some((value, behind)) = quoted.split_once('\'') else { return odd("no closing quote") };
        let (left, further) = behind.split_once('\n').unwrap_or((behind, ""));
        let left = left.trim();
        if !left.is_empty() && !left.starts_with('#') {
            return odd("something behind the closing quote");
        }
        line += 1 + value.matches('\n').count();
        found.push((key.to_owned(), value.to_owned()));
        rest = further;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use fixtures::fuzz::rounds;

    use super::*;
    use crate::nearly::{LAW, LINES, MEMORY, near};

    #[test]
    fn nearly_right_variables_are_read_or_refused_with_their_line() {
        let samples = ["A='1'\nB='two words'\n# c\n\nC='on\ntwo lines' # d\n", "KEY = 'x'\n", "A='#'\nB=''"];
        let mut taken = 0_u32;
        rounds(3000, &MEMORY, LAW, |dice| {
            let text = String::from_utf8_lossy(&near(&samples, dice, &LINES)).into_owned();
            match variables(&text) {
                Ok(found) => {
                    taken += 1;
                    // Whoever writes what was read is read the same.
                    let again: String = found.iter().map(|(key, value)| format!("{key}='{value}'\n")).collect();
                    assert_eq!(variables(&again).as_ref(), Ok(&found), "{text:?}");
                }
                Err(trouble) => {
                    let line = trouble.strip_prefix("line ").and_then(|rest| rest.split_once(':')?.0.parse().ok());
                    assert!(line.is_some_and(|line: usize| line <= text.lines().count()), "{trouble}: {text:?}");
                }
            }
            text.len()
        });
        assert!(taken > 0, "nothing was ever read");
    }
}
