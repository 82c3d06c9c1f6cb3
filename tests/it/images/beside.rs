//! What others make of the same images.

use std::fs;
use std::path::Path;

use tar::EntryType;

use super::layout::{Entry, Layer, Layout};
use super::{archive, data, image, small};
use crate::house::{House, User};

/// Prints all that there is to know of a tree, a line for each entry. Links of directories are counted
/// otherwise by an overlay, and umoci leaves the root's time to when it has unpacked it.
const SHOW: &str = r#"
import hashlib, os, stat, sys
root = os.fsencode(sys.argv[1])
def show(path):
    s = os.lstat(path)
    link = os.readlink(path) if stat.S_ISLNK(s.st_mode) else b""
    data = hashlib.sha256(open(path, "rb").read()).hexdigest() if stat.S_ISREG(s.st_mode) else ""
    names = [n for n in os.listxattr(path, follow_symlinks=False) if ".overlay." not in n and not n.startswith("user.umoci") and not n.startswith("user.rootless")]
    attributes = [(n, os.getxattr(path, n, follow_symlinks=False)) for n in sorted(names)]
    links = 0 if stat.S_ISDIR(s.st_mode) else s.st_nlink
    device = s.st_rdev if stat.S_ISCHR(s.st_mode) or stat.S_ISBLK(s.st_mode) else 0
    print(path[len(root):], oct(s.st_mode), s.st_uid, s.st_gid, s.st_mtime_ns if path != root else 0, s.st_size if data else 0, links, device, link, data, attributes)
def walk(path):
    show(path)
    if stat.S_ISDIR(os.lstat(path).st_mode):
        for name in sorted(os.listdir(path)):
            walk(os.path.join(path, name))
walk(root)
"#;

/// An image with one of everything.
fn everything() -> Layout {
    let directory = |mode| Entry { kind: EntryType::Directory, mode, ..Entry::default() };
    let link = |link| Entry { kind: EntryType::Symlink, mode: 0o777, link, ..Entry::default() };
    let device = |kind, major, minor| Entry { kind, mode: 0o640, device: (major, minor), ..Entry::default() };
    let capability: &[u8] = b"\x01\0\0\x02\0\x04\0\0\n\0\0\0\0\0\0\0\0\0\0\0";
    let long = "long/".to_owned() + &"name".repeat(50);
    let lower = Layer::default()
        .add("./", &directory(0o755), b"")
        .add("etc/", &directory(0o750), b"")
        .file("etc/gone", b"gone")
        .file("etc/kept", b"kept")
        .add("usr/", &directory(0o755), b"")
        .add("usr/bin/", &directory(0o755), b"")
        .add("bin", &link("usr/bin"), b"")
        .add("usr/bin/su", &Entry { mode: 0o4755, ..Entry::default() }, b"su")
        .add("var/", &Entry { owner: (33, 44), ..directory(0o2770) }, b"")
        .file("var/old", b"old")
        .add("tmp/", &directory(0o1777), b"")
        .add("dev/", &directory(0o755), b"")
        .add("dev/null", &device(EntryType::Char, 1, 3), b"")
        .add("dev/disk", &device(EntryType::Block, 7, 1), b"")
        .add("fifo", &Entry { kind: EntryType::Fifo, ..Entry::default() }, b"")
        .extended(&[("SCHILY.xattr.user.note", b"a\0b"), ("mtime", b"1000000000.123456789")])
        .file("noted", b"noted")
        .extended(&[("SCHILY.xattr.security.capability", capability)])
        .file("capable", b"capable")
        .add("hard", &Entry { kind: EntryType::Link, link: "etc/kept", ..Entry::default() }, b"")
        .add("nowhere", &link("/../../nowhere"), b"")
        .add("long/", &directory(0o755), b"")
        .file(&long, b"long");
    let upper = Layer::default()
        .file("etc/.wh.gone", b"")
        .add("var/", &Entry { owner: (33, 44), ..directory(0o2770) }, b"")
        .file("var/.wh..wh..opq", b"")
        .file("var/new", b"new")
        .add("usr/bin/tool", &Entry { mode: 0o755, owner: (1000, 1000), ..Entry::default() }, b"tool")
        .add("tmp/", &directory(0o1777), b"")
        .file("tmp/x", b"x");
    Layout::image("docker.io/library/everything:1", [lower, upper])
}

pub(super) fn umoci() {
    let house = House::new(User::Root);
    let layout = everything();
    let directory = house.work().join("layout");
    for (name, bytes) in layout.files() {
        let path = directory.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    image(&house, &["load", directory.to_str().unwrap()]).ok();
    let theirs = house.work().join("bundle");
    let from = format!("{}:1", directory.display());
    house.run("umoci", &["unpack", "--image", &from, theirs.to_str().unwrap()]).ok();
    let told = image(&house, &["inspect", "everything:1"]).json();
    let diffs: Vec<_> = told[0]["RootFS"]["Layers"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    // A chain of two, as the image specification has it.
    let chain = {
        use sha2::{Digest, Sha256};
        let digest = Sha256::digest(format!("{} {}", diffs[0], diffs[1]).as_bytes());
        digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let lower = |hex: &str| data(&house).join("layers").join(format!("sha256-{hex}")).join("fs");
    let lowers = format!("{}:{}", lower(&chain).display(), lower(diffs[0].strip_prefix("sha256:").unwrap()).display());
    let ours = house.work().join("mounted");
    fs::create_dir(&ours).unwrap();
    let show = |path: &Path, before: &str| {
        let script = format!("set -e; {before} exec python3 -c \"$SHOW\" {}", path.display());
        let mut command = house.command("unshare");
        command.args(["--mount", "--propagation", "private", "sh", "-c", &script]).env("SHOW", SHOW);
        house.finish(&mut command).ok().out()
    };
    let mount = format!("mount -t overlay overlay -o ro,lowerdir={lowers} {};", ours.display());
    let (ours, theirs) = (show(&ours, &mount), show(&theirs.join("rootfs"), ""));
    let differences: Vec<_> = ours.lines().zip(theirs.lines()).filter(|(one, other)| one != other).collect();
    assert!(differences.is_empty(), "ours, then umoci's: {differences:#?}");
    assert_eq!(ours.lines().count(), theirs.lines().count(), "ours\n{ours}\ntheirs\n{theirs}");
    assert!(ours.contains("/var/new") && !ours.contains("/var/old") && !ours.contains("/etc/gone"), "{ours}");
}

pub(super) fn skopeo() {
    let house = House::new(User::Root);
    let path = archive(&house, "small.tar", &small());
    image(&house, &["load", &path]).ok();
    for (format, transport) in [("docker-archive", "docker-archive"), ("oci-archive", "oci-archive")] {
        let saved = house.work().join(format);
        image(&house, &["save", "--format", format, "-o", saved.to_str().unwrap(), "small:1"]).ok();
        let told = house.run("skopeo", &["inspect", "--config", &format!("{transport}:{}", saved.display())]).json();
        assert_eq!(told["config"]["Cmd"], serde_json::json!(["/bin/true"]));
        // What skopeo makes of it is loaded again.
        let copied = house.work().join(format!("{format}.copied"));
        let to = format!("docker-archive:{}:copied:{format}", copied.display());
        let from = format!("{transport}:{}", saved.display());
        house.run("skopeo", &["copy", "--insecure-policy", "-q", &from, &to]).ok();
        let loaded = image(&house, &["load", copied.to_str().unwrap()]).ok().out();
        assert_eq!(loaded, format!("Loaded image: copied:{format}\n"));
    }
}
