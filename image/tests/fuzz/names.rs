//! Names, digests and platforms, as they are typed or stand in documents.

use std::fmt::Display;
use std::str::FromStr;

use fixtures::fuzz::{Law, mutate, rounds};
use image::reference::{Reference, Typed};
use image::{Digest, Platform};

use crate::MEMORY;

const LAW: Law = Law { at_least: 64 << 10, each: 64 };

const BASES: [&str; 10] = [
    "nginx",
    "nginx:1.21",
    "docker.io/library/nginx",
    "localhost:5000/a/b/c:tag",
    "[::1]:5000/x",
    "a/b@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "sha512:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "linux/arm64/v8",
    "linux/amd64",
    "index.docker.io/x",
];

const PIECES: [&[u8]; 22] = [
    b":",
    b"/",
    b"@",
    b".",
    b"..",
    b"//",
    b"-",
    b"_",
    b"__",
    b"A",
    b"sha256:",
    b"[",
    b"]",
    b"localhost",
    b"443",
    b"\0",
    b"\xc3\xa4",
    b" ",
    b"://",
    b"%2f",
    b"library/",
    b"index.docker.io",
];

/// What it is told as is read as the same.
fn returns<T: FromStr + Display + PartialEq>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        let told = value.to_string();
        assert!(told.parse::<T>().is_ok_and(|again| again == value), "{text:?} is told as {told:?}");
    }
}

#[test]
fn names_of_any_kind_are_read_or_refused() {
    rounds(20_000, &MEMORY, LAW, |dice| {
        let mut bytes = dice.pick(&BASES).as_bytes().to_vec();
        mutate(&mut bytes, dice, &PIECES);
        let text = String::from_utf8_lossy(&bytes);
        returns::<Reference>(&text);
        returns::<Digest>(&text);
        returns::<Platform>(&text);
        if let Ok(typed) = Typed::parse(&text) {
            let reference = typed.within(None).expect("what was read has a place");
            assert!(!reference.path().split('/').any(|part| matches!(part, "" | "." | "..")), "{text:?}");
            assert!(!reference.host().is_empty() && !reference.host().contains('/'), "{text:?}");
        }
        bytes.len()
    });
}
