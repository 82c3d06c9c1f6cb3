//! Archives of images that are nearly those that were saved.

use std::fs;

use fixtures::fuzz::{Dice, Law, mutate, rounds};
use image::archive::{Format, Source, import, load, save};
use image::{Limits, Platform, Store};

use crate::MEMORY;

const LAW: Law = Law { at_least: 8 << 20, each: 64 };

const LIMITS: Limits = Limits { bytes: 1 << 20, entries: 200, ratio: 200 };

const PIECES: [&[u8]; 14] = [
    b"\"",
    b"{",
    b"}",
    b"[",
    b"]",
    b"null",
    b"-1",
    b"../",
    b"sha256:",
    b"\"layers\":[],",
    b"\"size\":99999999999,",
    b"\"mediaType\":\"x\",",
    b"\0",
    b"blobs/sha256/",
];

/// One image, in both formats.
fn saved() -> Vec<Vec<u8>> {
    let place = tempfile::tempdir().expect("a directory");
    let store = Store::open(&place.path().join("store")).expect("a store");
    let mut layer = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(5);
    header.set_mode(0o644);
    header.set_uid(nix::unistd::geteuid().as_raw().into());
    header.set_gid(nix::unistd::getegid().as_raw().into());
    header.set_cksum();
    layer.append_data(&mut header, "etc/text", &b"hello"[..]).expect("room");
    let path = place.path().join("layer.tar");
    fs::write(&path, layer.into_inner().expect("room")).expect("room");
    let name = "x:1".parse().expect("a name");
    let image = import(&store, &Source::Path(path), Some(&name), Vec::new(), &Platform::here(), LIMITS, |_, _| {});
    let image = image.expect("an image").prepared.image;
    let save = |format| {
        let mut bytes = Vec::new();
        save(&store, &[(image.clone(), vec![name.clone()])], format, &mut bytes).expect("an archive");
        bytes
    };
    [Format::Docker, Format::Oci].map(save).into()
}

/// Members of tar whose documents were changed, with sums and sizes that are right; or bytes of any kind.
fn changed(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    if dice.once_in(4) {
        let mut bytes = bytes.to_vec();
        mutate(&mut bytes, dice, &PIECES);
        return bytes;
    }
    let mut archive = tar::Archive::new(bytes);
    let mut changed = tar::Builder::new(Vec::new());
    for entry in archive.entries().expect("ours") {
        let mut entry = entry.expect("ours");
        let mut data = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut data).expect("ours");
        let mut header = entry.header().clone();
        if dice.once_in(3) {
            mutate(&mut data, dice, &PIECES);
        }
        header.set_size(data.len() as u64);
        header.set_cksum();
        if !dice.once_in(20) {
            changed.append(&header, &data[..]).expect("room");
        }
    }
    changed.into_inner().expect("room")
}

#[test]
fn archives_of_any_kind_are_loaded_or_refused_and_the_store_stays_good() {
    let saved = saved();
    rounds(60, &MEMORY, LAW, |dice| {
        let place = tempfile::tempdir().expect("a directory");
        let root = place.path().join("store");
        let whole: &Vec<u8> = dice.pick(&saved);
        let bytes = changed(whole, dice);
        let take = |name: &str, bytes: &[u8]| {
            let path = place.path().join(name);
            fs::write(&path, bytes).expect("room");
            let store = Store::open(&root).expect("a store");
            load(&store, &Source::Path(path), None, &Platform::here(), LIMITS, |_, _| {})
        };
        let _outcome = take("changed.tar", &bytes);
        let loaded = take("whole.tar", whole).expect("what is whole is loaded whatever came before");
        let text = fs::read_to_string(loaded[0].prepared.lowers[0].join("etc/text"));
        assert_eq!(text.expect("a file"), "hello");
        bytes.len() + whole.len()
    });
}
