//! What tells that a process is of a container: it is in a cgroup, or sees a mount, that is called after it.

use std::fs;
use std::io;

/// Whether the process bears a mark of the container of this id.
///
/// # Errors
/// When none was found, and not everything could be looked at.
pub(super) fn is_marked(pid: i32, id: &str) -> io::Result<bool> {
    let mut unread = None;
    for file in ["cgroup", "mountinfo"] {
        match fs::read(format!("/proc/{pid}/{file}")) {
            Ok(text) if names(&text, id.as_bytes()) => return Ok(true),
            Ok(_) => {}
            Err(error) => unread = Some(error),
        }
    }
    unread.map_or(Ok(false), Err)
}

/// Whether a text has the id in it as a word: `cri-containerd-ID.scope` names it, `IDs` does not.
fn names(text: &[u8], id: &[u8]) -> bool {
    let is_inner = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let mut places = (0..text.len()).filter(|at| text[*at..].starts_with(id));
    !id.is_empty()
        && places
            .any(|at| !is_inner(at.checked_sub(1).and_then(|at| text.get(at))) && !is_inner(text.get(at + id.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_word_in_what_is_called_after_a_container() {
        for (text, marks) in [
            ("0::/system.slice/docker-3f2a.scope\n", true),
            ("4:memory:/default/3f2a\n", true),
            ("0::/user.slice/libpod-3f2a/container\n", true),
            ("0::/youki:3f2a", true),
            ("3f2a", true),
            ("0::/docker/3f2a9\n0::/docker-3f2a.scope", true),
            ("0::/docker/3f2a9\n", false),
            ("0::/docker/03f2a\n", false),
            ("0::/\n", false),
            ("", false),
        ] {
            assert_eq!(names(text.as_bytes(), b"3f2a"), marks, "{text:?}");
        }
        assert!(!names(b"anything", b""));
    }

    #[test]
    fn a_process_is_marked_by_what_it_mounts_and_by_nothing_else() {
        let pid = i32::try_from(std::process::id()).expect("a pid fits");
        assert!(is_marked(pid, "/proc").expect("our own"), "a process sees /proc mounted");
        assert!(!is_marked(pid, "48cbd1b67cfc78b050a3a34cabe26760").expect("our own"));
        assert!(is_marked(i32::MAX, "/proc").is_err(), "nobody can be looked at who is not there");
    }
}
