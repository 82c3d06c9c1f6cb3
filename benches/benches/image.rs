//! An image of 300 MB in 10,000 files. Cases:
//! - unpack: `pod image load` of its archive until it can be run, beside `podman load` of the same and `umoci unpack` of
//!   the layout that is in it; podman with an overlay, as it is usual;
//! - pull: `pod image pull` beside `podman pull` from a docker-registry on loopback, all three on a machine within the
//!   machine;
//! - peak memory: what either of ours has resident at most.
//!
//! Everybody begins without it, and what is written is on the disk of /tmp. The archive is made here, of text and noise
//! half and half; each case is measured a few times only, for a disk is what it is.

use std::cell::Cell;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::engines::{self, Podman, Registry};
use crate::inits::number_in;
use crate::place::{Place, time, works};
use crate::session::Session;
use crate::turns::{Case, Seen, Turns, case, nanoseconds};
use benches::Unit;

const SUBJECT: &str = "image";
const NAME: &str = "localhost/podkit/large:1";
const FILES: usize = 10_000;
const BYTES: usize = 30_000;
/// What it may have resident, however large a layer is.
const ALLOWED: f64 = 64.0 * 1024.0 * 1024.0;
const ROUNDS: usize = 5;

pub(crate) fn measure(session: &mut Session, place: &Place) {
    if !nix::unistd::geteuid().is_root() {
        session.leave_out(SUBJECT, "images", "needs root");
        return;
    }
    let large = match Large::make(place) {
        Ok(large) => large,
        Err(reason) => {
            session.leave_out(SUBJECT, "images", &reason);
            return;
        }
    };
    large.unpack(session);
    large.pull(session);
}

/// The image, as an archive and as a directory.
struct Large<'a> {
    place: &'a Place,
    directory: tempfile::TempDir,
    archive: String,
    /// Of the last fresh place.
    number: Cell<usize>,
}

impl<'a> Large<'a> {
    fn make(place: &'a Place) -> Result<Self, String> {
        let directory = engines::directory()?;
        let told = |error: std::io::Error| error.to_string();
        fill(&directory.path().join("rootfs")).map_err(told)?;
        let path = |name: &str| directory.path().join(name).display().to_string();
        let (rootfs, layer, archive) = (path("rootfs"), path("layer.tar.gz"), path("large.tar"));
        works(place.command("tar", &["-C", &rootfs, "-czf", &layer, "."]).env("GZIP", "-6"))?;
        let store = path("made");
        works(place.command("pod", &["image", "import", &layer, NAME]).env("POD_DATA_DIR", &store))?;
        let save = ["image", "save", "--format", "oci-archive", "--output", &archive, NAME];
        works(place.command("pod", &save).env("POD_DATA_DIR", &store))?;
        fs::create_dir(directory.path().join("layout")).map_err(told)?;
        works(&mut place.command("tar", &["-C", &path("layout"), "-xf", &archive]))?;
        for name in ["rootfs", "made"] {
            fs::remove_dir_all(directory.path().join(name)).map_err(told)?;
        }
        Ok(Self { place, directory, archive, number: Cell::new(0) })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A place that nothing has been in. What was in others stays until the end: where thousands of files have just
    /// been removed, ext4 is slow to make others.
    fn fresh(&self, name: &str) -> PathBuf {
        self.number.set(self.number.get() + 1);
        self.path(&format!("{name}-{}", self.number.get()))
    }

    /// Loads it into an empty store.
    fn load(&self) -> Seen<2> {
        let mut command = self.place.command("pod", &["image", "load", "--quiet", "--input", &self.archive]);
        seen(command.env("POD_DATA_DIR", self.fresh("store")))
    }

    fn unpack(&self, session: &mut Session) {
        match Podman::start(self.place) {
            Ok(podman) => {
                let theirs = case("podman load", || {
                    let store = self.fresh("podman");
                    timed(&mut podman.with_overlay(&store, &["load", "--quiet", "--input", &self.archive]))
                });
                self.unpack_beside(session, "podman load", theirs);
            }
            Err(reason) => session.leave_out(SUBJECT, "podman load", &reason),
        }
        match works(&mut self.umoci()) {
            Ok(()) => self.unpack_beside(session, "umoci unpack", case("umoci unpack", || timed(&mut self.umoci()))),
            Err(reason) => session.leave_out(SUBJECT, "umoci unpack", &reason),
        }
    }

    fn umoci(&self) -> Command {
        let image = format!("{}:{}", self.path("layout").display(), NAME.rsplit(':').next().unwrap_or_default());
        let bundle = self.fresh("bundle").display().to_string();
        self.place.command("umoci", &["unpack", "--image", &image, &bundle])
    }

    fn unpack_beside(&self, session: &mut Session, name: &str, theirs: Case<'_, 2>) {
        let ours = case("pod image load", || self.load());
        let pairs = [("pod image load", name), ("pod image load", "64 MiB")];
        // Once is enough of what is allowed.
        let told = if name == "umoci unpack" { 2 } else { 1 };
        take(session, "unpack", &pairs[..told], vec![ours, theirs, allowed()]);
    }

    fn pull(&self, session: &mut Session) {
        let registry = match Registry::start(self.place, &self.archive) {
            Ok(registry) => registry,
            Err(reason) => {
                session.leave_out(SUBJECT, "podman pull", &reason);
                return;
            }
        };
        let ours = case("pod image pull", || {
            let mut command = registry.pull(&self.place.ours("pod"), &["image", "pull", "--quiet"]);
            seen(command.env("POD_DATA_DIR", self.fresh("store")))
        });
        let theirs = case("podman pull", || timed(&mut registry.podman_pull(&self.fresh("podman"))));
        let pairs = [("pod image pull", "podman pull"), ("pod image pull", "64 MiB")];
        take(session, "pull", &pairs, vec![ours, theirs, allowed()]);
    }
}

fn allowed<'a>() -> Case<'a, 2> {
    case("64 MiB", || [None, Some(ALLOWED)])
}

fn take(session: &mut Session, measure: &str, pairs: &[(&str, &str)], cases: Vec<Case<'_, 2>>) {
    let measures = [(measure, Unit::Time), ("peak memory", Unit::Bytes)];
    Turns { subject: SUBJECT, measures, pairs, rounds: session.rounds(ROUNDS) }.take(session, cases);
}

/// What one has written is not to be waited for by another.
fn settle() {
    nix::unistd::sync();
}

fn timed(command: &mut Command) -> Seen<2> {
    let taken = time(command);
    settle();
    [Some(nanoseconds(taken)), None]
}

/// How long it takes, and what it has resident at most.
fn seen(command: &mut Command) -> Seen<2> {
    let (taken, peak) = weighed(command);
    settle();
    [Some(nanoseconds(taken)), Some(peak)]
}

/// Runs a command to its end, which has to be a good one; what it has resident at most is looked at every millisecond, for
/// what the kernel says of one that has ended is what whoever started it had.
fn weighed(command: &mut Command) -> (Duration, f64) {
    let before = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("a command");
    let (program, status) = (format!("/proc/{}/exe", child.id()), format!("/proc/{}/status", child.id()));
    let ours = fs::read_link("/proc/self/exe").ok();
    let mut peak = 0.0;
    let ended = loop {
        if let Some(ended) = child.try_wait().expect("a child") {
            break ended;
        }
        if let Some(kilobytes) = number_in(&status, "VmHWM").filter(|_| fs::read_link(&program).ok() != ours) {
            peak = kilobytes * 1024.0;
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    assert!(ended.success(), "{command:?}: {ended}");
    (before.elapsed(), peak)
}

/// Files of text and noise, half and half, in a hundred directories.
fn fill(directory: &Path) -> std::io::Result<()> {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut noise = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed.to_le_bytes()
    };
    for number in 0..FILES {
        let place = directory.join(format!("usr/share/{:02}", number % 100));
        if number < 100 {
            fs::create_dir_all(&place)?;
        }
        let mut bytes = Vec::with_capacity(BYTES + 1024);
        while bytes.len() < BYTES {
            (0..64).for_each(|_| bytes.extend(noise()));
            (0..8).for_each(|line| {
                let _ = writeln!(bytes, "line {line} of file {number}: the quick brown fox jumps over the dog");
            });
        }
        bytes.truncate(BYTES);
        fs::write(place.join(format!("file-{number}")), bytes)?;
    }
    Ok(())
}
