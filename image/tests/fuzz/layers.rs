//! Layers as nobody honest packs them, one above the other.

use std::fs::{self, File};
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use fixtures::fuzz::{Dice, Law, mutate, rounds};
use flate2::Compression;
use flate2::write::GzEncoder;
use image::unpack::{Target, unpack};
use image::{Limits, OverlayMarks};

use crate::MEMORY;

/// Eight buffers between two threads, and what inflating needs.
const LAW: Law = Law { at_least: 4 << 20, each: 64 };

const LIMITS: Limits = Limits { bytes: 1 << 20, entries: 200, ratio: 200 };

const PIECES: &[&[u8]] = &[
    b"\0",
    b"ustar",
    b"ustar\0",
    b"ustar  \0",
    b"../",
    b"/",
    b"./",
    b".wh.",
    b".wh..wh..opq",
    b"\xff",
    b"0",
    b"77777777777",
    b"\x80",
    b"12 path=",
    b"=",
    b"\n",
    b"GNU.sparse.",
    b"SCHILY.xattr.",
    b"99999999999999999999",
    b"-1",
];

/// What the layers are beside, and must never be changed.
struct Place {
    place: tempfile::TempDir,
    names: Vec<Vec<u8>>,
}

impl Place {
    fn new() -> Self {
        let place = tempfile::tempdir().expect("a directory");
        fs::create_dir(place.path().join("outside")).expect("a directory");
        fs::write(place.path().join("outside/secret"), "secret").expect("a file");
        let outside = place.path().join("outside").display().to_string();
        let names = [
            "a",
            "b",
            "a/b",
            "a/b/c",
            "../outside/x",
            "..",
            ".",
            "/",
            "a/../../outside/secret",
            "l",
            "l/x",
            "l/secret",
        ];
        let names = names.iter().map(|name| (*name).to_owned());
        let told = ["/secret", "/x", ""].iter().map(|name| format!("{outside}{name}"));
        let hidden =
            [".wh.a", "a/.wh.b", ".wh..wh..opq", "a/.wh..wh..opq", ".wh...", ".wh.", "l/.wh.secret"].map(str::to_owned);
        Self { place, names: names.chain(told).chain(hidden).map(String::into_bytes).collect() }
    }

    /// What there is outside of the layers, as the kernel has it.
    fn outside(&self) -> Vec<(PathBuf, u32, u64, i64, i64)> {
        let path = self.place.path();
        let beside = fs::read_dir(path).expect("a directory").map(|entry| entry.expect("an entry").path());
        let beside = beside.filter(|path| !path.display().to_string().contains("layer-"));
        let within =
            fs::read_dir(path.join("outside")).expect("a directory").map(|entry| entry.expect("an entry").path());
        let mut seen: Vec<_> = beside
            .chain(within)
            .map(|path| {
                let found = fs::symlink_metadata(&path).expect("it is there");
                (path, found.mode(), found.size(), found.mtime_nsec(), found.ctime_nsec())
            })
            .collect();
        seen.sort();
        seen
    }

    fn layer(&self, number: usize) -> PathBuf {
        self.place.path().join(format!("layer-{number}"))
    }

    fn unpack(&self, number: usize, bytes: &[u8]) {
        fs::create_dir(self.layer(number)).expect("a directory");
        let open = |path: &Path| {
            // A layer may have said that nobody looks into it, its owner included; only root does then.
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("a directory of ours");
            OwnedFd::from(File::open(path).expect("a directory"))
        };
        let marks = if nix::unistd::geteuid().is_root() { OverlayMarks::Trusted } else { OverlayMarks::User };
        let target = Target {
            directory: open(&self.layer(number)),
            lowers: (0..number).rev().map(|number| open(&self.layer(number))).collect(),
            marks,
            scratch: tempfile::tempfile().expect("a file"),
        };
        // Refused or not: what counts is what is there afterwards.
        let _outcome = unpack(bytes, bytes.len() as u64, None, target, LIMITS);
    }
}

/// A member's header and data, with a sum that is right as a rule.
fn member(dice: &mut Dice, names: &[Vec<u8>], into: &mut Vec<u8>) {
    let kinds = b"00000555221134678xxgLKSDVNA\0";
    let kind = *dice.pick(kinds);
    let mut header = if dice.once_in(3) { tar::Header::new_ustar() } else { tar::Header::new_gnu() };
    let mut put = |at: usize, room: usize, name: &Vec<u8>| {
        let length = name.len().min(room);
        header.as_mut_bytes()[at..at + length].copy_from_slice(&name[..length]);
    };
    put(0, 100, dice.pick(names));
    put(157, 100, dice.pick(names));
    header.as_mut_bytes()[156] = kind;
    header.set_mode(*dice.pick(&[0o644, 0o755, 0o4755, 0, 0o7777, 0o1777]));
    let own = |id: u32| u64::from(id);
    header.set_uid(if dice.once_in(4) { 12345 } else { own(nix::unistd::geteuid().as_raw()) });
    header.set_gid(own(nix::unistd::getegid().as_raw()));
    header.set_mtime(1_000_000_000);
    let data = match kind {
        b'x' | b'g' => records(dice, names),
        b'L' | b'K' => [dice.pick(names).as_slice(), b"\0"].concat(),
        b'0' | b'\0' | b'7' | b'S' => vec![b'd'; dice.below(1500)],
        _ => Vec::new(),
    };
    header.set_size(data.len() as u64);
    if matches!(kind, b'3' | b'4') {
        header.set_device_major(1).expect("room");
        header.set_device_minor(3).expect("room");
    }
    if dice.once_in(4) {
        let at = dice.below(512);
        header.as_mut_bytes()[at] = dice.byte();
    }
    if !dice.once_in(20) {
        header.set_cksum();
    }
    into.extend(header.as_bytes());
    into.extend(data);
    into.resize(into.len().next_multiple_of(512), 0);
}

/// Extended records, whose lengths are right as a rule.
fn records(dice: &mut Dice, names: &[Vec<u8>]) -> Vec<u8> {
    const KEYS: [&str; 16] = [
        "path",
        "linkpath",
        "size",
        "mtime",
        "uid",
        "gid",
        "SCHILY.xattr.user.a",
        "SCHILY.xattr.trusted.overlay.opaque",
        "SCHILY.xattr.security.capability",
        "GNU.sparse.major",
        "GNU.sparse.minor",
        "GNU.sparse.name",
        "GNU.sparse.realsize",
        "GNU.sparse.map",
        "GNU.sparse.numblocks",
        "comment",
    ];
    const VALUES: [&str; 10] =
        ["1", "0", "-1", "99999999999999999999", "1.5", "0,1,2,3", "1000000,1", "", "18446744073709551615", "\n"];
    let mut all = Vec::new();
    for _ in 0..dice.below(5) {
        let key: &&str = dice.pick(&KEYS);
        let value = match dice.once_in(2) {
            true => dice.pick(names).clone(),
            false => dice.pick(&VALUES).as_bytes().to_vec(),
        };
        let rest = key.len() + value.len() + 3;
        let length = (rest + 1..).find(|length| length - length.to_string().len() == rest).expect("a length");
        let length = if dice.once_in(8) { dice.below(3000) } else { length };
        all.extend([format!("{length} {key}=").as_bytes(), &value, b"\n"].concat());
    }
    all
}

fn archive(dice: &mut Dice, names: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..=dice.below(12) {
        member(dice, names, &mut bytes);
    }
    bytes.resize(bytes.len() + 1024, 0);
    if dice.once_in(3) {
        mutate(&mut bytes, dice, PIECES);
    }
    bytes
}

#[test]
fn layers_of_any_kind_stay_where_they_are() {
    rounds(400, &MEMORY, LAW, |dice| {
        let place = Place::new();
        let before = place.outside();
        let mut given = 0;
        for number in 0..=dice.below(3) {
            let bytes = archive(dice, &place.names);
            place.unpack(number, &bytes);
            given += bytes.len();
            assert_eq!(place.outside(), before);
        }
        given
    });
}

#[test]
fn what_is_packed_in_any_way_is_unpacked_or_refused() {
    // `zstd -19` of a file of tar's.
    let zstd: &[u8] = include_bytes!("../data/layer.tar.zst");
    let law = Law { at_least: 80 << 20, ..LAW };
    rounds(300, &MEMORY, law, |dice| {
        let place = Place::new();
        let before = place.outside();
        let mut bytes = match dice.once_in(2) {
            true => zstd.to_vec(),
            false => {
                let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
                packed.write_all(&archive(dice, &place.names)).expect("room");
                packed.finish().expect("room")
            }
        };
        mutate(&mut bytes, dice, &[b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\xff\xff\xff\xff", b"\0"]);
        place.unpack(0, &bytes);
        assert_eq!(place.outside(), before);
        bytes.len()
    });
}
