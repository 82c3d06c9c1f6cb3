//! Words of a command line that name objects, and those that change something: `pod web app=front old-`.

use crate::answer::Complaint;

/// What names objects, and what changes them, `of` this kind of change. Names come first.
///
/// # Errors
/// A name after a change.
pub(super) fn split<'a>(words: &'a [String], of: &str) -> Result<(Vec<&'a str>, Vec<&'a str>), Complaint> {
    let (mut names, mut changes): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for word in words {
        let is_change = word.contains('=') && !word.starts_with('=') || word.ends_with('-') && word != "-";
        match (is_change, changes.is_empty()) {
            (true, _) => changes.push(word),
            (false, true) => names.push(word),
            (false, false) => {
                let trouble = format!("all resources must be specified before {of} changes: {word}");
                return Err(Complaint::Plain(trouble));
            }
        }
    }
    Ok((names, changes))
}
