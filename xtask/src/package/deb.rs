//! A package as Debian has it: an ar archive of three members.
//!
//! # References
//! deb(5)

/// The bytes of a package with these archives, made at this time.
pub(super) fn archive(control: &[u8], data: &[u8], seconds: u64) -> Vec<u8> {
    let mut archive = b"!<arch>\n".to_vec();
    for (name, bytes) in [("debian-binary", &b"2.0\n"[..]), ("control.tar.gz", control), ("data.tar.gz", data)] {
        let header = format!("{name:<16}{seconds:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, "100644", bytes.len());
        archive.extend(header.into_bytes());
        archive.extend(bytes);
        // Members begin at even places.
        if bytes.len() % 2 == 1 {
            archive.push(b'\n');
        }
    }
    archive
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_have_headers_of_sixty_bytes_and_begin_at_even_places() {
        let archive = archive(b"odd", b"data", 1_700_000_000);
        let text = String::from_utf8(archive).expect("text");
        let control = "control.tar.gz  1700000000  0     0     100644  3         `\nodd\n";
        assert!(
            text.starts_with("!<arch>\ndebian-binary   1700000000  0     0     100644  4         `\n2.0\n"),
            "{text}"
        );
        assert_eq!(&text[72..][..control.len()], control);
        assert!(text.ends_with("data.tar.gz     1700000000  0     0     100644  4         `\ndata"), "{text}");
    }
}
