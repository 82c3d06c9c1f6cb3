//! `pod cp`: files into workloads and out of them, while these do what they can.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;

use crate::container::{exec, waiting};
use crate::house::{House, User};
use crate::trial::{Need, as_each_user};

pub(crate) fn trials() -> Vec<Trial> {
    let busybox = &[Need::Program("busybox")];
    [
        as_each_user("cp::files_and_directories_go_in_and_come_out_as_they_are", busybox, both_ways),
        as_each_user("cp::streams_are_archives_that_tar_knows", busybox, streams),
        as_each_user("cp::of_a_workload_of_the_host_it_sees_what_that_sees", busybox, of_the_host),
        as_each_user("cp::cve_2019_11246_links_of_the_container_lead_nothing_out", busybox, links),
        as_each_user("cp::cve_2018_15664_a_link_that_is_swapped_meanwhile_leads_nowhere_else", busybox, swapped),
        as_each_user("cp::cve_2019_14271_what_is_copied_out_is_nobodys_program", busybox, no_rights),
        as_each_user("cp::what_is_no_file_is_skipped_and_waits_for_nobody", busybox, special),
        as_each_user("cp::what_cannot_be_is_refused_in_kubectls_words", busybox, refused),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A place of ours to copy from and to.
fn ours(house: &House) -> PathBuf {
    let ours = house.work().join("ours");
    fs::create_dir(&ours).unwrap();
    ours
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The names in a directory and below, in order.
fn names(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut left = vec![directory.to_owned()];
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(next).unwrap().map(|entry| entry.unwrap().path()) {
            found.push(text(entry.strip_prefix(directory).unwrap()).to_owned());
            if fs::symlink_metadata(&entry).unwrap().is_dir() {
                left.push(entry);
            }
        }
    }
    found.sort();
    found
}

fn both_ways(user: User) {
    let house = House::new(user);
    waiting(&house, &[]);
    let ours = ours(&house);
    fs::create_dir_all(ours.join("tree/below/empty")).unwrap();
    fs::write(ours.join("tree/file"), "what is in it\n").unwrap();
    fs::write(ours.join("tree/below/large"), vec![b'x'; 3_000_000]).unwrap();
    fs::set_permissions(ours.join("tree/file"), Permissions::from_mode(0o640)).unwrap();
    File::open(ours.join("tree/file"))
        .unwrap()
        .set_modified(std::time::UNIX_EPOCH + Duration::from_secs(1_000_000_000))
        .unwrap();
    symlink("file", ours.join("tree/link")).unwrap();
    house.user.owns(&ours);
    let cp = |from: &str, to: &str| house.pod(&["cp", from, to]).ok();
    let tree = text(&ours.join("tree")).to_owned();
    // Under its own name into a directory that is there, else as the destination is called.
    cp(&tree, "web:/tmp");
    cp(&tree, "web:/tmp/another");
    cp(&format!("{tree}/."), "web:/tmp/another/below");
    cp(&format!("{tree}/file"), "web:tmp/another/called");
    let listed = exec(
        &house,
        "cd /tmp; stat -c '%n %a %Y' tree/file; readlink tree/link; cat another/called; ls another another/below",
    );
    assert_eq!(
        listed,
        "tree/file 640 1000000000\nfile\nwhat is in it\nanother:\nbelow\ncalled\nfile\nlink\n\nanother/below:\nbelow\nempty\nfile\nlarge\nlink\n"
    );
    let owners = exec(&house, "stat -c '%u:%g' /tmp/tree /tmp/tree/file /tmp/tree/below/large");
    assert_eq!(owners, "0:0\n0:0\n0:0\n");
    // And out of it: without links, which would lead where nobody has looked.
    let out = ours.join("out");
    let ran = cp("web:/tmp/tree", text(&out));
    assert_eq!(ran.err(), "pod: skipping symlink: \"web:/tmp/tree/link\" -> \"file\"\n");
    assert_eq!(names(&out), ["below", "below/empty", "below/large", "file"]);
    assert!(fs::read(out.join("below/large")).unwrap() == vec![b'x'; 3_000_000]);
    let file = fs::metadata(out.join("file")).unwrap();
    assert_eq!((file.permissions().mode() & 0o7777, file.mtime()), (0o640, 1_000_000_000));
    cp("web:/tmp/tree/file", text(&ours));
    assert_eq!(fs::read_to_string(ours.join("file")).unwrap(), "what is in it\n");
    // What it is called leads where it leads inside.
    exec(&house, "ln -s /tmp/tree /way");
    cp("web:/way/link", text(&ours.join("by-the-way")));
    assert_eq!(fs::read_to_string(ours.join("by-the-way")).unwrap(), "what is in it\n");
    // What is there is replaced; a device of ours takes bytes.
    fs::write(ours.join("file"), "old").unwrap();
    cp("web:/tmp/tree/file", text(&ours.join("file")));
    assert_eq!(fs::read_to_string(ours.join("file")).unwrap(), "what is in it\n");
    cp("web:/tmp/tree/file", "/dev/null");
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
    exec(&house, "umask; chmod 777 /tmp/tree/file");
    house.pod(&["cp", "--no-preserve", "web:/tmp/tree/file", text(&ours.join("plain"))]).ok();
    assert_eq!(fs::metadata(ours.join("plain")).unwrap().permissions().mode() & 0o777, 0o644);
}

fn streams(user: User) {
    let house = House::new(user);
    waiting(&house, &[]);
    let ours = ours(&house);
    house.user.owns(&ours);
    exec(&house, "mkdir -p /data/deep; echo one > /data/one; ln -s one /data/link; echo two > /data/deep/two");
    let ours = text(&ours);
    let sh = |script: &str| house.run("sh", &["-c", &format!("cd {ours} && {script}")]).ok();
    let long = "n".repeat(150);
    exec(&house, &format!("echo long > /data/{long}"));
    sh("pod cp web:/data - > data.tar");
    let listed = sh("busybox tar -tf data.tar | sort");
    assert_eq!(listed.out(), format!("data/\ndata/deep/\ndata/deep/two\ndata/link\ndata/{long}\ndata/one\n"));
    sh(
        "mkdir out && busybox tar -xf data.tar -C out && test $(readlink out/data/link) = one && test $(cat out/data/deep/two) = two",
    );
    sh("busybox tar -C out/data -cf - . | pod cp - web:/tmp");
    assert_eq!(exec(&house, "cat /tmp/one /tmp/link /tmp/deep/two"), "one\none\ntwo\n");
    sh(
        "printf 'no archive, and longer than that by far' | head -c 600 | pod cp - web:/tmp 2> said; test $? = 125 && grep -q 'cannot read the archive' said",
    );
    // As from one pod to the other.
    sh("pod cp web:/data/. - | pod cp - web:/bin");
    assert_eq!(exec(&house, "cat /bin/deep/two"), "two\n");
}

fn of_the_host(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web", "--hostname", "shop"]).ok();
    let ours = ours(&house);
    house.user.owns(&ours);
    let shown = ours.join("hostname");
    // Without a workload it is what pause sees: a hostname of the pod's, in a file that the host has another of.
    house.pod(&["cp", "web:/etc/hostname", text(&shown)]).ok();
    assert_eq!(fs::read_to_string(&shown).unwrap().trim(), "shop");
    house.pod(&["add", "web", "--name", "app", "--", "sleep", "1000"]).ok();
    house.pod(&["cp", "web:/etc/hostname", text(&shown)]).ok();
    fs::write(ours.join("file"), "x").unwrap();
    house.user.owns(&ours);
    house.pod(&["cp", text(&ours.join("file")), &format!("web:{}", text(&ours.join("copy"))), "-c", "app"]).ok();
    assert_eq!(fs::read_to_string(ours.join("copy")).unwrap(), "x");
}

fn links(user: User) {
    let house = House::new(user);
    waiting(&house, &[]);
    let ours = ours(&house);
    let outside = house.work().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("secret"), "of the host").unwrap();
    house.user.owns(&house.work());
    let lead = text(&outside).to_owned();
    exec(
        &house,
        &format!(
            "mkdir -p /d/sub; ln -s {lead} /d/out; ln -s {lead}/secret /d/secret; ln -s ../../../../../../..{lead} /up; echo x > /d/sub/x"
        ),
    );
    // Its links lead below its own root, where there is no such thing.
    for path in ["/d/secret", "/d/out/secret", "/up/secret", "/../../../../../..", "/proc/self/root"] {
        let ran = house.pod(&[
            "cp",
            &format!("web:{path}{}", if path.contains("..") { lead.clone() } else { String::new() }),
            text(&ours.join("copied")),
        ]);
        assert_eq!(ran.output.status.code(), Some(125), "{path}: {ran}");
    }
    house.pod(&["cp", "web:/d", text(&ours)]).ok();
    assert_eq!(names(&ours), ["d", "d/sub", "d/sub/x"]);
    // What goes in does not come out by them either.
    fs::write(ours.join("new"), "new").unwrap();
    house.user.owns(&ours);
    house
        .pod(&["cp", text(&ours.join("new")), "web:/d/out/new"])
        .refuses(125, "cannot find the directory of web:/d/out/new");
    house.pod(&["cp", text(&ours.join("new")), "web:/d/secret"]).ok();
    exec(&house, "mkdir /e; ln -s /etc /e/d");
    let ran = house.pod(&["cp", text(&ours.join("d")), "web:/e"]);
    assert_eq!(ran.output.status.code(), Some(125), "a link is no directory that was asked for: {ran}");
    assert_eq!(fs::read_to_string(outside.join("secret")).unwrap(), "of the host");
    assert_eq!(names(&outside), ["secret"]);
    // And a link of ours that stands where something is copied to is not followed.
    fs::create_dir_all(ours.join("into/d")).unwrap();
    symlink(&outside, ours.join("into/d/sub")).unwrap();
    house.user.owns(&ours);
    let ran = house.pod(&["cp", "web:/d", text(&ours.join("into"))]);
    assert_eq!(ran.output.status.code(), Some(125), "{ran}");
    assert_eq!(names(&outside), ["secret"]);
}

/// Directories become links, and links directories, on both sides of what is copied, for as long as it takes.
fn swapped(user: User) {
    let house = House::new(user);
    let (ours, outside) = (ours(&house), house.work().join("outside"));
    for directory in [&outside, &ours.join("shared")] {
        fs::create_dir(directory).unwrap();
    }
    fs::write(outside.join("file"), "of the host").unwrap();
    house.user.owns(&house.work());
    // The container sees where is copied to, and changes that, too.
    let volume = format!("{}:/shared", text(&ours.join("shared")));
    waiting(&house, &["-v", &volume]);
    let lead = text(&outside).to_owned();
    exec(
        &house,
        &format!("mkdir -p /src/d /swap; echo inside > /src/d/file; ln -s {lead} /swap/l; ln -s {lead} /shared/l"),
    );
    let script = "while :; do mv -T /src/d /swap/d; mv -T /swap/l /src/d; mv -T /src/d /swap/l; mv -T /swap/d /src/d; \
                  mv -T /shared/src/d /shared/d; mv -T /shared/l /shared/src/d; mv -T /shared/src/d /shared/l; \
                  mv -T /shared/d /shared/src/d; rm -rf /shared/d; done 2>/dev/null";
    let mut swapping = house.command("pod");
    let swapping =
        swapping.args(["exec", "web", "-c", "c", "--", "sh", "-c", script]).stdout(Stdio::null()).spawn().unwrap();
    let swapping = Ends(swapping);
    let until = Instant::now() + Duration::from_secs(3);
    let mut came = 0;
    while Instant::now() < until {
        // Whatever comes of it.
        let ran = house.pod(&["cp", "web:/src", text(&ours.join("shared"))]);
        came += i32::from(ran.output.status.success());
        let copied = fs::read_to_string(ours.join("shared/src/d/file")).unwrap_or_else(|_| "inside\n".into());
        assert!(copied == "inside\n" || copied == "of the host", "{copied}");
        let _either = house.pod(&["cp", "web:/src/d/file", text(&ours.join("alone"))]);
        let alone = fs::read_to_string(ours.join("alone")).unwrap_or_else(|_| "inside\n".into());
        assert_eq!(alone, "inside\n", "it was read outside of the container");
        assert_eq!(fs::read_to_string(outside.join("file")).unwrap(), "of the host");
        assert_eq!(names(&outside), ["file"]);
    }
    drop(swapping);
    assert!(came > 0, "it was never copied at all");
}

/// Killed and reaped when it is dropped.
struct Ends(std::process::Child);

impl Drop for Ends {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

fn no_rights(user: User) {
    let house = House::new(user);
    waiting(&house, &[]);
    let ours = ours(&house);
    house.user.owns(&ours);
    exec(&house, "mkdir /d; echo x > /d/program; chmod 6755 /d/program; chmod 1777 /d");
    house.pod(&["cp", "web:/d", text(&ours.join("d"))]).ok();
    let mode = |path: &str| fs::metadata(ours.join(path)).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode("d/program"), mode("d")), (0o755, 0o777));
}

fn special(user: User) {
    let house = House::new(user);
    waiting(&house, &[]);
    let ours = ours(&house);
    house.user.owns(&ours);
    exec(&house, "mkdir /d; /bin/busybox mkfifo /d/fifo; echo x > /d/x");
    let ran = house.pod(&["cp", "web:/d", text(&ours.join("d"))]).ok();
    assert_eq!(ran.err(), "pod: skipping fifo: \"web:/d/fifo\"\n");
    assert_eq!(names(&ours), ["d", "d/x"]);
    let ran = house.pod(&["cp", "web:/d/fifo", text(&ours.join("fifo"))]).ok();
    assert!(ran.err().contains("skipping fifo"), "{ran}");
    let ran = house.pod(&["cp", "web:/dev", text(&ours.join("dev"))]).ok();
    assert!(ran.err().contains("skipping device: \"web:/dev/null\""), "{ran}");
    // Nor is a device of the container's written to by who is not in there.
    fs::write(ours.join("file"), "x").unwrap();
    house.user.owns(&ours);
    for path in ["/d/fifo", "/dev/null"] {
        house.pod(&["cp", text(&ours.join("file")), &format!("web:{path}")]).refuses(125, "it is no file");
    }
    // The whole of it, without what has no end.
    let ran = house.pod(&["cp", "web:/", text(&ours.join("all"))]).ok();
    assert!(ran.err().contains("skipping the kernel's own: \"web:/proc\""), "{ran}");
}

fn refused(user: User) {
    let house = House::new(user);
    waiting(&house, &[]);
    let ours = ours(&house);
    house.user.owns(&ours);
    let cp = |from: &str, to: &str| house.pod(&["cp", from, to]);
    cp("web:/a", "web:/b").refuses(2, "one of src or dest must be a local file specification");
    cp("a", "b").refuses(2, "one of src or dest must be a remote file specification");
    cp("web:", "b").refuses(2, "filepath can not be empty");
    cp("Web:/a", "b").refuses(2, "filespec must match the canonical format");
    cp("no-such-file", "web:/tmp").refuses(125, "no-such-file doesn't exist in local filesystem");
    cp("web:/no/such", text(&ours)).refuses(125, "cannot find web:/no/such: No such file or directory");
    cp("web:/etc/passwd", text(&ours.join("no/such"))).refuses(125, "cannot open");
    cp("other:/x", text(&ours)).refuses(125, "no pod named other");
    house.pod(&["cp", "-c", "d", "web:/x", text(&ours)]).refuses(125, "no workload named d in pod web");
    house.pod(&["add", "web", "--name", "b", "--", "sleep", "1000"]).ok();
    cp("web:/etc/passwd", text(&ours)).refuses(125, "choose one of: [b c]");
    assert_eq!(names(&ours), Vec::<String>::new());
}
