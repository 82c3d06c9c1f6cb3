//! Scripts, carried out by the real kernel.

use std::ffi::{CStr, CString};
use std::fs::File;
use std::io::{Read, Seek};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::errno::Errno;
use rustix::mount::{OpenTreeFlags, open_tree};
use serde_json::json;

use super::*;
use crate::failure::At;
use crate::op::{Executed, Execution, Made, Missing, Op, Recorded, Spot};
use crate::pointed::{CStrings, Filter};
use crate::script::Need;
use crate::seccomp::Seccomp;
use crate::{Kind, open};

fn script() -> Script {
    Script::new(open::our_proc().expect("a /proc"))
}

fn execution(words: &[&str]) -> Op {
    let argv = CStrings::new(words.iter().map(|word| [word.as_bytes()])).expect("no zero byte");
    let envp = CStrings::new(std::iter::empty::<[&[u8]; 1]>()).expect("no zero byte");
    let program = Executed::Files(vec![c"/bin/sh".to_owned()]);
    Op::Execute(Box::new(Execution::new(program, argv, envp)))
}

/// Ends the process at this call.
fn deadly(call: &str) -> Vec<Op> {
    let profile = json!({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": [call], "action": "SCMP_ACT_KILL_PROCESS"},
    ]});
    let seccomp = Seccomp::from_json(profile.to_string().as_bytes(), &caps::CapsHashSet::new(), (6, 0));
    let seccomp = seccomp.expect("a profile");
    let filters = seccomp.program().map(|program| Op::Filter(Filter::of(program.clone())));
    std::iter::once(Op::NoNewPrivileges).chain(filters).collect()
}

#[test]
fn a_process_that_was_killed_before_it_executed_anything_was_not_launched() {
    for call in ["chdir", "execve"] {
        let mut script = script();
        for op in deadly(call) {
            script.must(op);
        }
        script.must(Op::Chdir(c"/".to_owned()));
        script.must(execution(&["sh", "-c", "exit 0"]));
        let failure = spawn(script).map(|launched| launched.child).expect_err(call);
        assert!(matches!(failure.at, At::Killed), "{call}: {failure:?}");
    }
}

#[test]
fn a_command_that_ends_at_once_was_launched() {
    for _ in 0..20 {
        let mut script = script();
        script.must(execution(&["sh", "-c", "kill -KILL $$"]));
        let status = spawn(script).expect("it was executed").child.wait().expect("our child");
        assert!(matches!(status, WaitStatus::Signaled { signal: Signal::KILL, .. }), "{status:?}");
    }
}

#[test]
fn what_is_done_without_is_told_and_something_else_done_in_its_place() {
    let file = tempfile::tempfile().expect("a file");
    let mut script = script();
    let missing = script.prefer(Op::Chdir(c"/".to_owned()));
    let record = script.hold(file.try_clone().expect("a copy"));
    // The first was done, so this is not.
    script.instead(missing, Op::Chdir(c"/no/such/directory".to_owned()), Need::Must);
    // Nobody has such an id, who is in a user namespace of one: the other record is written in its place.
    script.make([Kind::User]);
    let uid = script.prefer(Op::Gid(4_000_000_000));
    script.instead(uid, Op::Record(Recorded::Pid, record), Need::Must);
    script.must(execution(&["sh", "-c", "exit 3"]));
    let launched = match spawn(script) {
        Err(Failure { at: At::Birth, .. }) => return eprintln!("skipped: needs user namespaces for everybody"),
        launched => launched.expect("it was executed"),
    };
    assert_eq!(launched.child.wait().expect("our child"), WaitStatus::Exited(3));
    assert_eq!(launched.missed.len(), 1);
    assert!(matches!(launched.missed[0], Missed { op: Op::Gid(_), errno: Errno::EINVAL }), "{:?}", launched.missed);
    assert!(!read(file).is_empty());
}

#[test]
fn a_step_that_fails_is_named_and_nothing_is_left_running() {
    let mut script = script();
    script.prefer(Op::Chdir(c"/no/such/directory".to_owned()));
    script.must(execution(&["sh", "-c", "exit 0"]));
    let failure = spawn(script).map(|launched| launched.child).expect_err("no such directory");
    assert_eq!(
        (failure.at.to_string().as_str(), failure.errno),
        ("change to directory /no/such/directory", Errno::ENOENT)
    );
}

/// A process with a root of its own, of mounts that were made before it.
#[test]
fn a_root_of_attached_mounts_hides_all_that_was_before() {
    if !nix::unistd::geteuid().is_root() {
        return eprintln!("skipped: needs root");
    }
    let place = tempfile::tempdir().expect("a directory");
    let root = place.path().join("root");
    for name in ["", "usr", "bin", "dev", "lib", "lib64", "masked", "also"] {
        std::fs::create_dir(root.join(name)).expect("a directory");
    }
    // A way out of the root, for whoever looks a place up by its name.
    std::os::unix::fs::symlink("/", root.join("out")).expect("a link");
    for (name, text) in [("masked/secret", "x"), ("also/secret", "x"), ("hidden", "y")] {
        std::fs::write(root.join(name), text).expect("a file");
    }
    let tree = |path: &Path| {
        let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::AT_RECURSIVE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
        open_tree(rustix::fs::CWD, path, flags).expect("a tree of mounts")
    };
    let c = |path: &Path| CString::new(path.as_os_str().as_bytes()).expect("no zero byte");
    let out = tempfile::tempfile().expect("a file");

    let mut script = script();
    script.make([Kind::Mount]);
    script.must(Op::SlaveMounts);
    let new = script.hold(tree(&root));
    script.must(Op::Attach { tree: new, at: c(&root) });
    for directory in ["usr", "bin", "dev", "lib", "lib64"] {
        let from = Path::new("/").join(directory);
        if from.exists() {
            let tree = script.hold(tree(&from));
            let at = if directory == "usr" { "out/usr" } else { directory };
            let at = Spot::new(new, c(Path::new(at)));
            script.must(Op::Install { tree, at, missing: Missing::Directory });
        }
    }
    let null = script.to_be_made();
    script.must(Op::Make { made: Made::Null, held: null });
    let empty = script.to_be_made();
    for at in [c"/masked", c"out/hidden", c"/also"] {
        script.must(Op::Mask { below: new, at: at.to_owned(), null, empty });
    }
    script.prefer(Op::Mask { below: new, at: c"/no/such/file".to_owned(), null, empty });
    script.must(Op::Pivot(new));
    let told = script.hold(out.try_clone().expect("a copy"));
    script.must(Op::Stdio([None, Some(told), None]));
    script.must(execution(&["sh", "-c", "/usr/bin/ls /; /usr/bin/ls /masked /also; /usr/bin/cat /hidden"]));
    let launched = spawn(script).expect("it was executed");
    assert_eq!(launched.child.wait().expect("our child"), WaitStatus::Exited(0));
    assert_eq!(read(out), "also\nbin\ndev\nhidden\nlib\nlib64\nmasked\nout\nusr\n/also:\n\n/masked:\n");
}

#[test]
fn what_a_process_makes_for_us_is_ours_and_what_it_lacks_is_told() {
    if !nix::unistd::geteuid().is_root() {
        return eprintln!("skipped: needs root");
    }
    let mut script = script();
    let (memory, lacking) = (script.to_be_made(), script.to_be_made());
    let fresh =
        |kind: &CStr| Made::Fresh { kind: kind.to_owned(), options: Vec::new(), files: Vec::new(), attributes: 0 };
    script.must(Op::Make { made: fresh(c"tmpfs"), held: memory });
    script.prefer(Op::Make { made: fresh(c"no-such-file-system"), held: lacking });
    let (files, missed) = make(script, &[memory, lacking]).expect("made");
    let [Some(memory), None] = &files[..] else { panic!("{files:?}") };
    assert_eq!(nix::sys::statfs::fstatfs(memory).expect("a mount").filesystem_type(), nix::sys::statfs::TMPFS_MAGIC);
    assert_eq!((missed.len(), missed[0].errno), (1, Errno::ENODEV));
}

#[test]
fn places_are_made_within_a_root_whatever_its_links_say() {
    let place = tempfile::tempdir().expect("a directory");
    let root = place.path().join("root");
    std::fs::create_dir_all(root.join("run")).expect("directories");
    for (name, to) in [("out", "../../.."), ("var", "/run"), ("nowhere", "no/such")] {
        std::os::unix::fs::symlink(to, root.join(name)).expect("a link");
    }
    let make = |at: &str, missing| {
        let mut script = script();
        let below = script.hold(File::open(&root).expect("a directory"));
        script.must(Op::Place { below, at: CString::new(at).expect("no zero byte"), missing });
        errand(script).map(drop).map_err(|failure| failure.errno)
    };
    for (at, missing, made) in [
        ("/a//b/c/", Missing::Directory, "a/b/c"),
        ("/a/b/file", Missing::File, "a/b/file"),
        ("var/x", Missing::Directory, "run/x"),
        ("/out/up/y", Missing::File, "up/y"),
    ] {
        assert_eq!(make(at, missing), Ok(()), "{at}");
        assert!(
            root.join(made).symlink_metadata().is_ok_and(|found| found.is_file() == (missing == Missing::File)),
            "{at}"
        );
        // Again: it is there.
        assert_eq!(make(at, missing), Ok(()), "{at}");
    }
    assert_eq!(make("/nowhere/x", Missing::File), Err(Errno::EEXIST));
    assert_eq!(make("/a/b/file/x", Missing::Directory), Err(Errno::ENOTDIR));
    let names = std::fs::read_dir(place.path()).expect("a directory").count();
    assert_eq!(names, 1);
}

fn read(mut file: File) -> String {
    let mut text = String::new();
    file.rewind().expect("a file");
    file.read_to_string(&mut text).expect("a text");
    text
}
