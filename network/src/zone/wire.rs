//! Messages as they are on the way: what passes through is looked at, and not taken apart.

/// The longest message that there is.
pub const LONGEST: usize = u16::MAX as usize;

/// A message begins with so much: an id, flags, four counts.
const HEADER: usize = 12;

/// The bit that an answer has, in the third byte.
const IS_ANSWER: u8 = 0x80;

/// The bytes of a message's one question; `None` of what has none, or more than one, or is no message.
#[must_use]
pub fn question(message: &[u8]) -> Option<&[u8]> {
    if message.get(4..6)? != [0, 1] {
        return None;
    }
    let rest = &message[HEADER.min(message.len())..];
    let mut at = 0;
    loop {
        match *rest.get(at)? {
            0 => break,
            // Nothing stands before it that it could refer to, and longer labels there are none.
            64.. => return None,
            length => at += 1 + usize::from(length),
        }
    }
    // A name of 255 bytes, its end among them; then a type and a class.
    if at >= 255 { None } else { rest.get(..at + 5) }
}

/// Whether this is an answer of that id to that question.
#[must_use]
pub fn answers(reply: &[u8], id: u16, asked: &[u8]) -> bool {
    let is_answer = reply.len() >= HEADER && reply[..2] == id.to_be_bytes() && reply[2] & IS_ANSWER != 0;
    let Some(about) = question(reply).filter(|_| is_answer) else { return false };
    let split = |question: &[u8]| question.len().checked_sub(4);
    let (Some(one), Some(other)) = (split(about), split(asked)) else { return false };
    // Servers may spell the name otherwise; type and class are numbers.
    about[..one].eq_ignore_ascii_case(&asked[..other]) && about[one..] == asked[other..]
}

/// Gives a message another id.
pub fn set_id(message: &mut [u8], id: u16) {
    if let Some(place) = message.get_mut(..2) {
        place.copy_from_slice(&id.to_be_bytes());
    }
}

/// Whether a message asks something.
pub(super) fn is_request(message: &[u8]) -> bool {
    message.len() >= HEADER && message[2] & IS_ANSWER == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: &[u8] =
        b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01\x03web\x07example\x00\x00\x41\x00\x01\x00rest";

    fn changed(at: usize, byte: u8) -> Vec<u8> {
        let mut message = ASKED.to_vec();
        message[at] = byte;
        message
    }

    #[test]
    fn the_question_ends_with_its_class() {
        assert_eq!(question(ASKED), Some(&ASKED[12..29]));
        for (what, message) in [
            ("two questions", changed(5, 2)),
            ("none", changed(5, 0)),
            ("a pointer", changed(12, 0xc0)),
            ("a label that is too long", changed(12, 64)),
            ("a label beyond the end", changed(16, 63)),
            ("a header without more", ASKED[..12].to_vec()),
            ("a name without an end", ASKED[..24].to_vec()),
            ("no class", ASKED[..28].to_vec()),
            ("nothing", Vec::new()),
        ] {
            assert_eq!(question(&message), None, "{what}");
        }
        let of_labels = |count: usize| [&ASKED[..12], &b"\x01a".repeat(count), &b"\0\0\x01\0\x01"[..]].concat();
        assert!(question(&of_labels(127)).is_some(), "255 bytes");
        assert!(question(&of_labels(128)).is_none(), "more");
    }

    #[test]
    fn only_an_answer_to_what_was_asked_is_one() {
        let asked = question(ASKED).expect("a question");
        let answer = changed(2, 0x81);
        let other = |at: usize, byte: u8| {
            let mut answer = answer.clone();
            answer[at] = byte;
            answers(&answer, 0x1234, asked)
        };
        assert!(answers(&answer, 0x1234, asked));
        assert!(other(13, b'W'), "spelt otherwise");
        assert!(!answers(&answer, 0x1235, asked), "another id");
        assert!(!answers(ASKED, 0x1234, asked), "a question");
        assert!(!other(13, b'v'), "another name");
        assert!(!other(26, 0x61), "another type, though it were a letter");
        assert!(!other(28, 3), "another class");
        assert!(!answers(&answer[..20], 0x1234, asked), "cut off");
    }

    #[test]
    fn an_id_is_set_where_there_is_one() {
        let mut message = ASKED.to_vec();
        set_id(&mut message, 0xabcd);
        assert_eq!(message[..3], [0xab, 0xcd, 1]);
        set_id(&mut [1], 7);
    }
}
