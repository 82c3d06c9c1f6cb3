//! What a member's name means: where it belongs, and whether it hides something of the layers below.

/// A name as its parts: no empty one, no dots, no slash.
pub(super) type Parts = Vec<Vec<u8>>;

/// What a member of a layer is for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// To be there; no parts are the root.
    Entry(Parts),
    /// To hide what lower layers have of this name.
    Whiteout(Parts),
    /// To hide all that lower layers have in this directory.
    Opaque(Parts),
    /// Book-keeping of aufs.
    Nothing,
}

/// That a name is none.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no name")]
pub(super) struct NoName;

const PREFIX: &[u8] = b".wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";
const RESERVED: &[u8] = b".wh..wh.";

/// What a name means in a layer.
pub(super) fn meaning(name: &[u8]) -> Result<Meaning, NoName> {
    let mut parts = parts(name)?;
    let Some(last) = parts.last_mut() else { return Ok(Meaning::Entry(parts)) };
    if last == OPAQUE {
        parts.pop();
        return Ok(Meaning::Opaque(parts));
    }
    if last.starts_with(RESERVED) {
        return Ok(Meaning::Nothing);
    }
    match last.strip_prefix(PREFIX) {
        None => Ok(Meaning::Entry(parts)),
        Some(b"" | b"." | b"..") => Err(NoName),
        Some(hidden) => {
            *last = hidden.to_owned();
            Ok(Meaning::Whiteout(parts))
        }
    }
}

/// The parts of a name, from the root: `..` leads no further up than that.
pub(super) fn parts(name: &[u8]) -> Result<Parts, NoName> {
    if name.is_empty() || name.contains(&0) {
        return Err(NoName);
    }
    let mut parts = Parts::new();
    for part in name.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => drop(parts.pop()),
            // No file system has longer ones.
            _ if part.len() > 255 => return Err(NoName),
            _ => parts.push(part.to_owned()),
        }
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(name: &str) -> Parts {
        name.split('/').filter(|part| !part.is_empty()).map(|part| part.as_bytes().to_owned()).collect()
    }

    #[test]
    fn no_name_leads_out_of_the_root() {
        for (name, meant) in [
            ("./a/b", "a/b"),
            ("/a//b/", "a/b"),
            ("../../a", "a"),
            ("a/../../b", "b"),
            ("a/./b/..", "a"),
            ("./", ""),
            ("..", ""),
            ("a/.wh.b/c", "a/.wh.b/c"),
        ] {
            assert_eq!(meaning(name.as_bytes()), Ok(Meaning::Entry(split(meant))), "{name}");
        }
        for name in ["", "a\0b", "a/.wh.", ".wh..", "a/.wh...", &"x".repeat(256)] {
            assert_eq!(meaning(name.as_bytes()), Err(NoName), "{name}");
        }
    }

    #[test]
    fn what_hides_is_told_from_what_is_there() {
        assert_eq!(meaning(b"a/.wh.b"), Ok(Meaning::Whiteout(split("a/b"))));
        assert_eq!(meaning(b"/x/../a/.wh..wh..opq"), Ok(Meaning::Opaque(split("a"))));
        assert_eq!(meaning(b".wh..wh..opq"), Ok(Meaning::Opaque(split(""))));
        assert_eq!(meaning(b".wh..wh.plnk"), Ok(Meaning::Nothing));
        assert_eq!(meaning(b"a/.wh...."), Ok(Meaning::Whiteout(split("a/..."))));
    }
}
