//! Archives made by hand, honest ones and such as want to be somewhere else.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::*;
use crate::Algorithm;

/// An archive in the making.
#[derive(Default)]
pub(super) struct Archive(Vec<u8>);

/// What a header says, beyond name and kind.
#[derive(Clone)]
pub(super) struct Said<'a> {
    pub(super) link: &'a str,
    pub(super) data: &'a [u8],
    pub(super) mode: u32,
    pub(super) device: (u32, u32),
    pub(super) pax: Vec<(&'a str, &'a [u8])>,
}

impl Default for Said<'_> {
    fn default() -> Self {
        Self { link: "", data: b"", mode: 0o644, device: (0, 0), pax: Vec::new() }
    }
}

impl Archive {
    pub(super) fn add(mut self, name: &[u8], kind: u8, said: &Said<'_>) -> Self {
        if !said.pax.is_empty() {
            let records: Vec<u8> = said.pax.iter().flat_map(|(key, value)| record(key, value)).collect();
            self = self.raw(b"pax", b'x', &Said { data: &records, ..Said::default() });
        }
        self.raw(name, kind, said)
    }

    fn raw(mut self, name: &[u8], kind: u8, said: &Said<'_>) -> Self {
        let mut header = tar::Header::new_gnu();
        header.as_mut_bytes()[..name.len().min(100)].copy_from_slice(&name[..name.len().min(100)]);
        header.as_mut_bytes()[156] = kind;
        header.as_mut_bytes()[157..157 + said.link.len()].copy_from_slice(said.link.as_bytes());
        header.set_mode(said.mode);
        let own = |id: u32| u64::from(id);
        header.set_uid(own(nix::unistd::geteuid().as_raw()));
        header.set_gid(own(nix::unistd::getegid().as_raw()));
        header.set_mtime(1_000_000_000);
        header.set_size(said.data.len() as u64);
        if matches!(kind, b'3' | b'4') {
            header.set_device_major(said.device.0).expect("room");
            header.set_device_minor(said.device.1).expect("room");
        }
        header.set_cksum();
        self.0.extend(header.as_bytes());
        self.0.extend(said.data);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    pub(super) fn file(self, name: &str, data: &str) -> Self {
        self.add(name.as_bytes(), b'0', &Said { data: data.as_bytes(), ..Said::default() })
    }

    pub(super) fn directory(self, name: &str, mode: u32) -> Self {
        self.add(name.as_bytes(), b'5', &Said { mode, ..Said::default() })
    }

    pub(super) fn symlink(self, name: &str, link: &str) -> Self {
        self.add(name.as_bytes(), b'2', &Said { link, ..Said::default() })
    }

    pub(super) fn hard_link(self, name: &str, link: &str) -> Self {
        self.add(name.as_bytes(), b'1', &Said { link, ..Said::default() })
    }

    pub(super) fn bytes(mut self) -> Vec<u8> {
        self.0.resize(self.0.len() + 1024, 0);
        self.0
    }
}

pub(super) fn record(key: &str, value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let length = (rest + 1..).find(|length| length - length.to_string().len() == rest).expect("a length");
    [format!("{length} {key}=").as_bytes(), value, b"\n"].concat()
}

/// Layers one above the other, in a directory with a secret beside it.
pub(super) struct Place {
    place: tempfile::TempDir,
    layers: Vec<PathBuf>,
}

impl Place {
    pub(super) fn new() -> Self {
        let place = tempfile::tempdir().expect("a directory");
        fs::create_dir(place.path().join("outside")).expect("a directory");
        fs::write(place.path().join("outside/secret"), "secret").expect("a file");
        Self { place, layers: Vec::new() }
    }

    pub(super) fn outside(&self) -> PathBuf {
        self.place.path().join("outside")
    }

    pub(super) fn unpack(&mut self, bytes: &[u8]) -> Result<Outcome, UnpackError> {
        self.unpack_within(bytes, Limits::default())
    }

    pub(super) fn unpack_within(&mut self, bytes: &[u8], limits: Limits) -> Result<Outcome, UnpackError> {
        let path = self.place.path().join(format!("layer-{}", self.layers.len()));
        fs::create_dir(&path).expect("a directory");
        let open = |path: &Path| OwnedFd::from(File::open(path).expect("a directory"));
        let target = Target {
            directory: open(&path),
            lowers: self.layers.iter().rev().map(|path| open(path)).collect(),
            marks: marks(),
            scratch: tempfile::tempfile().expect("a file"),
        };
        self.layers.push(path);
        let diff = Algorithm::Sha256.digest(bytes);
        unpack(bytes, bytes.len() as u64, Some(&diff), target, limits).map(|(outcome, _)| outcome)
    }

    pub(super) fn top(&self) -> &Path {
        self.layers.last().expect("a layer")
    }

    /// What is below the place but not in its layers.
    pub(super) fn strays(&self) -> BTreeMap<PathBuf, String> {
        let mut strays = BTreeMap::new();
        for entry in fs::read_dir(self.place.path()).expect("a directory").map(|entry| entry.expect("an entry")) {
            if !self.layers.contains(&entry.path()) {
                walk(&entry.path(), &mut strays);
            }
        }
        strays
    }

    pub(super) fn assert_only_the_secret(&self) {
        let strays: Vec<_> = self.strays().into_iter().collect();
        let secret = (self.outside().join("secret"), "secret".to_owned());
        assert_eq!(strays.iter().filter(|(path, _)| path.is_file()).collect::<Vec<_>>(), [&secret]);
        assert_eq!(strays.len(), 2, "{strays:?}");
    }
}

fn walk(path: &Path, into: &mut BTreeMap<PathBuf, String>) {
    let found = fs::symlink_metadata(path).expect("there");
    let text = if found.is_file() { fs::read_to_string(path).unwrap_or_default() } else { String::new() };
    into.insert(path.to_owned(), text);
    if found.is_dir() {
        fs::read_dir(path).expect("a directory").for_each(|entry| walk(&entry.expect("an entry").path(), into));
    }
}

fn marks() -> OverlayMarks {
    if nix::unistd::geteuid().is_root() { OverlayMarks::Trusted } else { OverlayMarks::User }
}

fn is_opaque(path: &Path) -> bool {
    rustix::fs::lgetxattr(path, marks().opaque(), &mut [0; 1][..]).is_ok()
}

fn is_whiteout(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_char_device() && found.rdev() == 0)
}

#[test]
fn what_an_archive_says_is_there() {
    let mut place = Place::new();
    let long = "long/".to_owned() + &"n".repeat(200);
    let capability = b"\x01\0\0\x02\0\x04\0\0\n\0\0\0\0\0\0\0\0\0\0\0";
    let archive = Archive::default()
        .directory("./", 0o711)
        .directory("d", 0o1777)
        .file("d/f", "data")
        .symlink("d/s", "../../etc")
        .hard_link("h", "d/f")
        .add(b"d/\xff\xfe", b'0', &Said { mode: 0o4755, ..Said::default() })
        .add(b"fifo", b'6', &Said { mode: 0o622, ..Said::default() })
        .raw(b"././@LongLink", b'L', &Said { data: &[long.as_bytes(), b"\0"].concat(), ..Said::default() })
        .file("short", "long")
        .add(b"x", b'0', &Said { pax: vec![("path", b"p"), ("mtime", b"5.25")], ..Said::default() })
        .add(
            b"caps",
            b'0',
            &Said {
                pax: vec![("SCHILY.xattr.user.a", b"1\n2"), ("SCHILY.xattr.security.capability", capability)],
                ..Said::default()
            },
        );
    let outcome = place.unpack(&archive.bytes()).expect("a layer");
    assert_eq!((outcome.entries, outcome.bytes, outcome.devices), (10, 8, 0));
    let top = place.top();
    let mode = |name: &str| fs::symlink_metadata(top.join(name)).expect("there").mode() & 0o7777;
    assert_eq!((mode(""), mode("d"), mode("fifo")), (0o711, 0o1777, 0o622));
    assert_eq!(
        fs::symlink_metadata(top.join(OsStr::from_bytes(b"d/\xff\xfe"))).expect("there").mode() & 0o7777,
        0o4755
    );
    assert_eq!(fs::read_link(top.join("d/s")).expect("a link"), Path::new("../../etc"));
    assert_eq!(fs::read_to_string(top.join("h")).expect("a file"), "data");
    assert_eq!(fs::metadata(top.join("h")).expect("there").nlink(), 2);
    assert_eq!(fs::read_to_string(top.join(&long)).expect("a file"), "long");
    let time =
        |name: &str| fs::symlink_metadata(top.join(name)).map(|it| (it.mtime(), it.mtime_nsec())).expect("there");
    assert_eq!(time("p"), (5, 250_000_000));
    for name in ["", "d", "d/s", "fifo", "h"] {
        assert_eq!(time(name), (1_000_000_000, 0), "{name}");
    }
    let mut value = [0; 64];
    let count = rustix::fs::lgetxattr(top.join("caps"), "user.a", &mut value[..]).expect("an attribute");
    assert_eq!(&value[..count], b"1\n2");
    if nix::unistd::geteuid().is_root() {
        let count = rustix::fs::lgetxattr(top.join("caps"), "security.capability", &mut value[..]).expect("kept");
        assert_eq!(&value[..count], capability);
    }
    place.assert_only_the_secret();
}

#[test]
fn a_layer_hides_what_it_says_of_those_below_and_nothing_of_its_own() {
    let mut place = Place::new();
    let below =
        Archive::default().directory("d", 0o750).file("d/gone", "").file("d/kept", "").file("e/f", "").file("g", "");
    place.unpack(&below.bytes()).expect("a layer");
    let above = Archive::default()
        .file("d/.wh.gone", "")
        // First what hides, then what is in its place; and the other way round.
        .file(".wh.e", "")
        .file("e/new", "")
        .directory("h", 0o755)
        .file("h/i", "")
        .file(".wh.h", "")
        .file(".wh.g", "")
        .file("k/.wh..wh..opq", "")
        .file(".wh..wh.plnk", "");
    place.unpack(&above.bytes()).expect("a layer");
    let top = place.top();
    assert!(is_whiteout(&top.join("d/gone")));
    assert!(!top.join("d/kept").exists());
    assert!(is_opaque(&top.join("e")) && top.join("e/new").is_file());
    assert!(is_opaque(&top.join("h")) && top.join("h/i").is_file());
    assert!(is_whiteout(&top.join("g")));
    assert!(is_opaque(&top.join("k")));
    // A directory that it only leads through stays as it is below.
    assert_eq!(fs::metadata(top.join("d")).expect("there").mode() & 0o7777, 0o750);
    assert_eq!(fs::metadata(top.join("d")).expect("there").mtime(), 1_000_000_000);
    assert!(!top.join(".wh..wh.plnk").exists());
}

#[test]
fn links_lead_where_they_lead_in_all_layers_together() {
    let mut place = Place::new();
    place
        .unpack(
            &Archive::default().directory("usr/bin", 0o755).symlink("bin", "usr/bin").file("usr/bin/sh", "sh").bytes(),
        )
        .expect("a layer");
    let above = Archive::default()
        .file("bin/new", "new")
        .hard_link("bin/bash", "/bin/sh")
        .symlink("up", "../../..")
        .file("up/x", "x");
    place.unpack(&above.bytes()).expect("a layer");
    let top = place.top();
    assert_eq!(fs::read_to_string(top.join("usr/bin/new")).expect("a file"), "new");
    assert!(fs::symlink_metadata(top.join("bin")).is_err());
    assert_eq!(fs::read_to_string(top.join("usr/bin/bash")).expect("a file"), "sh");
    assert_eq!(fs::metadata(top.join("usr/bin/sh")).expect("copied").nlink(), 2);
    assert_eq!(fs::read_to_string(top.join("x")).expect("a file"), "x");
    place.assert_only_the_secret();
}

/// Archives that want to be somewhere else, and a word of what is refused; nothing where they are
/// unpacked without harm.
fn hostile(outside: &str) -> Vec<(&'static str, Archive, Option<&'static str>)> {
    let absolute = format!("{outside}/written");
    let up = "../".repeat(20) + &absolute[1..];
    let device = Said { device: (1, 3), ..Said::default() };
    vec![
        ("an absolute name", Archive::default().file(&absolute, "x"), None),
        ("a name that leads up", Archive::default().file(&up, "x"), None),
        ("a link to an absolute directory", Archive::default().symlink("l", outside).file("l/written", "x"), None),
        (
            "a link that leads up",
            Archive::default().symlink("l", &up.replace("/written", "")).file("l/written", "x"),
            None,
        ),
        ("a link to a link", Archive::default().symlink("a", outside).symlink("b", "a").file("b/written", "x"), None),
        ("a file through a link of its name", Archive::default().symlink("f", &absolute).file("f", "x"), None),
        ("a directory through a link", Archive::default().symlink("d", outside).directory("d/", 0o777), None),
        ("a directory below a link", Archive::default().symlink("d", outside).directory("d/written/", 0o777), None),
        (
            "a hard link to an absolute file",
            Archive::default().hard_link("h", &format!("{outside}/secret")).file("h", "x"),
            Some("not there"),
        ),
        (
            "a hard link that leads up",
            Archive::default().hard_link("h", &up.replace("written", "secret")),
            Some("not there"),
        ),
        (
            "a hard link through a link",
            Archive::default().symlink("l", outside).hard_link("h", "l/secret"),
            Some("not there"),
        ),
        (
            "a hard link to a link, written through",
            Archive::default().symlink("l", &absolute).hard_link("h", "l").file("h", "x"),
            None,
        ),
        ("a hard link to a directory", Archive::default().directory("d", 0o755).hard_link("h", "d"), Some("link")),
        ("a whiteout of what is above", Archive::default().file("../../.wh.outside", ""), None),
        ("a whiteout of dots", Archive::default().file("d/.wh...", ""), Some("no name")),
        ("an opaque mark through a link", Archive::default().symlink("l", outside).file("l/.wh..wh..opq", ""), None),
        ("a whiteout through a link", Archive::default().symlink("l", outside).file("l/.wh.secret", ""), None),
        ("a device that is written to", Archive::default().add(b"n", b'3', &device).file("n", "x"), None),
        ("a fifo that is written to", Archive::default().add(b"p", b'6', &Said::default()).file("p", "x"), None),
        (
            "a link in a circle",
            Archive::default().symlink("a", "b").symlink("b", "a").file("a/f", "x"),
            Some("lead through"),
        ),
        ("a file as a directory", Archive::default().file("f", "x").file("f/g", "x"), Some("lead through")),
        (
            "a name with a nul",
            Archive::default().add(b"x", b'0', &Said { pax: vec![("path", b"a\0b")], ..Said::default() }),
            Some("malformed"),
        ),
        (
            "no name",
            Archive::default().add(b"x", b'0', &Said { pax: vec![("path", b".")], ..Said::default() }),
            Some("replace"),
        ),
        (
            "a size that is none",
            Archive::default().add(b"x", b'0', &Said { pax: vec![("size", b"-1")], ..Said::default() }),
            Some("malformed"),
        ),
        (
            "a size beyond the archive",
            Archive::default().add(b"x", b'0', &Said { pax: vec![("size", b"99999999")], ..Said::default() }),
            Some("ends"),
        ),
        (
            "an overlay's own attributes",
            Archive::default().add(
                b"d",
                b'5',
                &Said {
                    mode: 0o755,
                    pax: vec![
                        ("SCHILY.xattr.trusted.overlay.opaque", b"y"),
                        ("SCHILY.xattr.user.overlay.redirect", b"/etc"),
                    ],
                    ..Said::default()
                },
            ),
            None,
        ),
        (
            "names within names",
            Archive::default().add(
                b"x",
                b'0',
                &Said { pax: vec![("path", "a/".repeat(2000).as_bytes())], ..Said::default() },
            ),
            Some("lead through"),
        ),
        (
            "a sparse file whose parts overlap",
            Archive::default().add(
                b"x",
                b'0',
                &Said {
                    data: b"abcd",
                    pax: vec![("GNU.sparse.map", b"0,2,1,2"), ("GNU.sparse.size", b"9")],
                    ..Said::default()
                },
            ),
            Some("malformed"),
        ),
        (
            "a sparse file of all the disk",
            Archive::default().add(
                b"x",
                b'0',
                &Said {
                    pax: vec![("GNU.sparse.map", b"0,0"), ("GNU.sparse.size", b"999999999999999")],
                    ..Said::default()
                },
            ),
            Some("more than"),
        ),
        ("a kind that there is not", Archive::default().add(b"x", b'V', &Said::default()), Some("not known")),
    ]
}

#[test]
fn a_hostile_archive_writes_nothing_outside() {
    let chain = |error: &dyn std::error::Error| {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(error) = source {
            text += &format!(": {error}");
            source = error.source();
        }
        text
    };
    let count = hostile("/x").len();
    for index in 0..count {
        // Alone, and above a layer whose links lead out, too.
        for above in [false, true] {
            let mut place = Place::new();
            let outside = place.outside().to_str().expect("text").to_owned();
            if above {
                let below =
                    Archive::default().symlink("l", &outside).symlink("d", &outside).symlink("tmp", "/").file("x", "");
                place.unpack(&below.bytes()).expect("a layer");
            }
            let (what, archive, refused) = hostile(&outside).swap_remove(index);
            match (place.unpack(&archive.bytes()), refused) {
                (Ok(_), None) => {}
                (Err(error), Some(word)) => {
                    let text = chain(&error);
                    assert!(text.contains(word), "{what}: {text}");
                }
                (result, _) => panic!("{what}: {result:?}"),
            }
            place.assert_only_the_secret();
        }
    }
}

#[test]
fn what_an_overlay_reads_is_never_a_layers_own() {
    let mut place = Place::new();
    let said = Said {
        mode: 0o755,
        pax: vec![("SCHILY.xattr.trusted.overlay.opaque", b"y"), ("SCHILY.xattr.user.overlay.opaque", b"y")],
        ..Said::default()
    };
    let device = Said { device: (0, 0), ..Said::default() };
    let archive = Archive::default().add(b"d", b'5', &said).add(b"w", b'3', &device);
    let outcome = place.unpack(&archive.bytes()).expect("a layer");
    assert!(!is_opaque(&place.top().join("d")));
    assert!(!place.top().join("w").exists());
    assert_eq!(outcome.devices, 1);
}

#[test]
fn what_is_too_much_is_refused() {
    let limits = Limits { bytes: 5000, entries: 3, ratio: 200 };
    let large = Archive::default().file("f", &"x".repeat(6000)).bytes();
    let result = Place::new().unpack_within(&large, limits);
    assert!(matches!(result, Err(UnpackError::TooMuch(TooMuch::Bytes(5000)))), "{result:?}");
    let many = (0..4).fold(Archive::default(), |archive, index| archive.file(&format!("{index}"), "")).bytes();
    let result = Place::new().unpack_within(&many, limits);
    assert!(matches!(result, Err(UnpackError::TooMuch(TooMuch::Entries(3)))), "{result:?}");
    let header = Archive::default()
        .add(b"f", b'0', &Said { pax: vec![("comment", &[b'x'; 2 << 20])], ..Said::default() })
        .bytes();
    let result = Place::new().unpack(&header);
    assert!(matches!(result, Err(UnpackError::Archive(_))), "{result:?}");
}

#[test]
fn files_with_holes_have_them() {
    let mut place = Place::new();
    let map = b"2\n4096\n4\n1048576\n4\n";
    let mut data = map.to_vec();
    data.resize(512, 0);
    data.extend(b"abcdefgh");
    let pax = vec![
        ("GNU.sparse.major", &b"1"[..]),
        ("GNU.sparse.minor", b"0"),
        ("GNU.sparse.name", b"holes"),
        ("GNU.sparse.realsize", b"2000000"),
    ];
    let archive = Archive::default()
        .add(b"GNUSparseFile.0/holes", b'0', &Said { data: &data, pax, ..Said::default() })
        .file("after", "x");
    place.unpack(&archive.bytes()).expect("a layer");
    let bytes = fs::read(place.top().join("holes")).expect("a file");
    assert_eq!(
        (bytes.len(), &bytes[4096..4100], &bytes[1_048_576..1_048_580]),
        (2_000_000, &b"abcd"[..], &b"efgh"[..])
    );
    assert!(fs::metadata(place.top().join("holes")).expect("there").blocks() < 100);
    assert_eq!(fs::read_to_string(place.top().join("after")).expect("a file"), "x");
}

#[test]
fn a_layer_that_is_another_or_is_damaged_is_refused() {
    let bytes = Archive::default().file("f", "x").bytes();
    let place = tempfile::tempdir().expect("a directory");
    let target = || Target {
        directory: File::open(place.path()).expect("a directory").into(),
        lowers: Vec::new(),
        marks: marks(),
        scratch: tempfile::tempfile().expect("a file"),
    };
    let other = Algorithm::Sha256.digest(b"");
    let result = unpack(&bytes[..], 1, Some(&other), target(), Limits::default());
    assert!(matches!(result, Err(UnpackError::DiffId { .. })), "{result:?}");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    io::Write::write_all(&mut packed, &bytes).expect("room");
    let packed = packed.finish().expect("room");
    let diff = Algorithm::Sha256.digest(&bytes);
    unpack(&packed[..], 1, Some(&diff), target(), Limits::default()).expect("a layer");
    for (at, cut) in [(packed.len() / 2, packed.len() / 2), (packed.len() - 2, packed.len() - 2)] {
        let result = unpack(&packed[..cut], 1, Some(&diff), target(), Limits::default());
        assert!(result.is_err(), "cut at {at}");
    }
}

/// `zstd -19` of an archive with a file of forty lines.
const ZSTD: &[u8] = include_bytes!("../../tests/data/layer.tar.zst");
const ZSTD_IS: &str = "sha256:de3626ae704c62db17094b7b0ae88922b687fd1fb5b6c2c2574985571f388e9d";

fn of_zstd(bytes: &[u8]) -> Result<String, UnpackError> {
    let place = tempfile::tempdir().expect("a directory");
    let target = Target {
        directory: File::open(place.path()).expect("a directory").into(),
        lowers: Vec::new(),
        marks: marks(),
        scratch: tempfile::tempfile().expect("a file"),
    };
    let diff = ZSTD_IS.parse().expect("a digest");
    unpack(bytes, bytes.len() as u64, Some(&diff), target, Limits::default())?;
    Ok(fs::read_to_string(place.path().join("d/f")).expect("a file"))
}

#[test]
fn what_zstd_has_packed_is_unpacked_frame_by_frame() {
    let text = "packed by zstd\n".repeat(40);
    assert_eq!(of_zstd(ZSTD).expect("a layer"), text);
    // What is to be skipped may stand before it and behind it.
    let skipped = [&[0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
    assert_eq!(of_zstd(&[&skipped, ZSTD, &skipped].concat()).expect("a layer"), text);
    for cut in 1..ZSTD.len() {
        assert!(of_zstd(&ZSTD[..cut]).is_err(), "cut at {cut}");
    }
}

#[test]
fn a_frame_of_zstd_that_wants_much_memory_is_refused() {
    // An empty last block, of a frame with a window of so many powers of two above 1024.
    let frame = |powers: u8| [0x28, 0xb5, 0x2f, 0xfd, 0, powers << 3, 1, 0, 0];
    let refused = |powers| format!("{:?}", of_zstd(&frame(powers)).expect_err("no layer"));
    assert!(refused(15).contains("DiffId"), "{}", refused(15));
    assert!(refused(16).contains("WindowSizeTooBig"), "{}", refused(16));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn whatever_an_archive_says_nothing_is_outside(
        steps in proptest::collection::vec((0..8_usize, 0..12_usize, 0..12_usize), 1..12),
        layers in 1..3_usize,
    ) {
        let names = ["a", "b", "a/b", "b/a", "..", "../a", "/", "a/..", "l", "l/x", "../outside", "../outside/secret"];
        let mut place = Place::new();
        for part in steps.chunks(steps.len().div_ceil(layers)) {
            let archive = part.iter().fold(Archive::default(), |archive, (kind, name, link)| {
                let (name, link) = (names[*name], names[*link]);
                match kind {
                    0 => archive.directory(name, 0o755),
                    1 => archive.file(name, "x"),
                    2 => archive.symlink(name, link),
                    3 => archive.symlink(name, place.outside().join(link).to_str().expect("text")),
                    4 => archive.hard_link(name, link),
                    5 => archive.file(&format!("{name}/.wh.a"), ""),
                    6 => archive.file(&format!("{name}/.wh..wh..opq"), ""),
                    _ => archive.add(name.as_bytes(), b'6', &Said::default()),
                }
            });
            // Refused or not.
            let _ = place.unpack(&archive.bytes());
        }
        place.assert_only_the_secret();
    }

    #[test]
    fn no_bytes_are_more_than_refused(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..2048), at in 0..1536_usize, byte: u8) {
        let mut place = Place::new();
        let _ = place.unpack(&bytes);
        let mut archive = Archive::default().symlink("l", "/").file("l/f", "data").hard_link("h", "f").bytes();
        archive[at] = byte;
        let _ = place.unpack(&archive);
        place.assert_only_the_secret();
    }
}
