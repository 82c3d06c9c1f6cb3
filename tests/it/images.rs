//! `pod image`, without a network: what is loaded, shown, handed on and removed, and what is left when
//! that is cut short.

mod beside;
mod cut_short;
mod layout;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::Trial;

use crate::house::{House, Ran, User};
use crate::trial::{Need, as_each_user, trial};
use layout::{Entry, Layer, Layout};

pub(crate) fn trials() -> Vec<Trial> {
    let root = [Need::Root];
    let umoci = [Need::Root, Need::Program("umoci"), Need::Program("python3")];
    let strace = [Need::Root, Need::Program("strace")];
    let mut trials = vec![
        trial("images::the_store_holds_what_umoci_unpacks", &umoci, beside::umoci),
        trial("images::what_was_saved_is_read_by_skopeo", &[Need::Root, Need::Program("skopeo")], beside::skopeo),
        trial("images::killed_anywhere_the_next_command_succeeds", &strace, cut_short::killed),
        trial("images::without_room_nothing_is_half_there", &root, cut_short::no_room),
        trial("images::a_store_that_may_not_be_written_is_only_looked_at", &root, cut_short::read_only),
    ];
    trials.extend(as_each_user("images::what_is_loaded_is_shown_handed_on_and_removed", &[], whole_life));
    trials.extend(as_each_user("images::two_loads_at_once_share_the_work", &[], at_once));
    trials.extend(as_each_user("images::what_makes_no_sense_is_refused_in_a_line", &[], refused));
    trials
}

/// Where the images of this test are.
fn data(house: &House) -> PathBuf {
    house.work().join("data")
}

fn command(house: &House, arguments: &[&str]) -> Command {
    let mut command = house.command("pod");
    command.env("POD_DATA_DIR", data(house)).arg("image").args(arguments);
    command
}

fn image(house: &House, arguments: &[&str]) -> Ran {
    house.finish(&mut command(house, arguments))
}

/// An archive that anybody may read, in the test's own place.
fn archive(house: &House, name: &str, layout: &Layout) -> String {
    let path = house.work().join(name);
    fs::write(&path, layout.archive()).unwrap();
    path.to_str().unwrap().to_owned()
}

fn small() -> Layout {
    Layout::image("docker.io/library/small:1", [Layer::default().file("etc/motd", b"hello")])
}

fn names(path: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Nothing is in the making, and only so many layers are there.
#[track_caller]
fn is_tidy(house: &House, layers: usize) {
    for name in ["ingest", "work"] {
        assert_eq!(names(&data(house).join(name)), [] as [&str; 0], "{name}");
    }
    assert_eq!(names(&data(house).join("layers")).len(), layers);
}

fn whole_life(user: User) {
    let house = House::new(user);
    let path = archive(&house, "small.tar", &small());
    assert_eq!(image(&house, &["load", "-i", &path]).ok().out(), "Loaded image: small:1\n");
    is_tidy(&house, 1);
    let table = image(&house, &["list"]).ok().out();
    let words: Vec<_> = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).collect();
    assert_eq!(words[0], ["REPOSITORY", "TAG", "IMAGE", "ID", "CREATED", "SIZE"]);
    assert_eq!((words[1][0], words[1][1], *words[1].last().unwrap()), ("small", "1", "5B"), "{table}");
    let id = image(&house, &["list", "-q"]).ok().out().trim().to_owned();
    assert_eq!(id, words[1][2]);
    assert_eq!(image(&house, &["list", "-o", "name"]).ok().out(), "image/small:1\n");
    assert_eq!(image(&house, &["list", "-o", "json"]).json()[0]["tag"], "1");
    assert!(image(&house, &["list", "-o", "yaml"]).ok().out().contains("tag: \"1\""));
    image(&house, &["tag", &id, "other:2"]).ok();
    let told = image(&house, &["inspect", "other:2"]).json();
    assert_eq!(told[0]["RepoTags"], serde_json::json!(["other:2", "small:1"]));
    assert_eq!(told[0]["Config"]["Cmd"], serde_json::json!(["/bin/true"]));
    // An id that has two names is not to be taken away by accident.
    image(&house, &["remove", &id]).refuses(125, "has 2 names");
    assert_eq!(image(&house, &["rm", "other:2"]).ok().out(), "Untagged: other:2\n");
    let saved = house.work().join("saved.tar");
    image(&house, &["save", "-o", saved.to_str().unwrap(), "small:1"]).ok();
    let gone = image(&house, &["rm", "small:1"]).ok().out();
    assert!(gone.starts_with("Untagged: small:1\nDeleted: sha256:"), "{gone}");
    is_tidy(&house, 0);
    let mut piped = command(&house, &["load", "-q"]);
    piped.stdin(fs::File::open(&saved).unwrap());
    assert_eq!(house.finish(&mut piped).ok().out(), "small:1\n");
    let rootfs = house.work().join("root.tar");
    let closed = Entry { kind: tar::EntryType::Directory, mode: 0o555, ..Entry::default() };
    fs::write(&rootfs, Layer::default().add("d/", &closed, b"").file("d/f", b"x").bytes()).unwrap();
    let rootfs = rootfs.to_str().unwrap();
    image(&house, &["import", "-c", "USER 7", rootfs, "mine"]).ok();
    assert_eq!(image(&house, &["inspect", "mine"]).json()[0]["Config"]["User"], "7");
    let pruned = image(&house, &["prune", "--all"]).ok().out();
    assert!(pruned.contains("Untagged: mine:latest") && pruned.contains("Total reclaimed space:"), "{pruned}");
    assert_eq!(image(&house, &["list", "-q"]).ok().out(), "");
    is_tidy(&house, 0);
}

fn at_once(user: User) {
    let house = House::new(user);
    let path = archive(&house, "small.tar", &small());
    let mut both = [(); 3].map(|()| command(&house, &["load", "-q", &path]).spawn().unwrap());
    for one in &mut both {
        assert!(one.wait().unwrap().success());
    }
    is_tidy(&house, 1);
}

fn refused(user: User) {
    let house = House::new(user);
    image(&house, &["inspect", "nothing"]).refuses(125, "no image nothing in");
    assert!(!data(&house).exists());
    let foreign = small().of("s390x");
    let path = archive(&house, "foreign.tar", &foreign);
    image(&house, &["load", &path]).refuses(125, "is for linux/s390x, and this machine is linux/");
    assert_eq!(image(&house, &["list", "-q"]).ok().out(), "");
    let noise = house.work().join("noise");
    fs::write(&noise, [9; 3000]).unwrap();
    image(&house, &["load", noise.to_str().unwrap()]).refuses(125, "cannot read images from");
    image(&house, &["import", "gone.tar"]).refuses(125, "cannot open gone.tar");
    image(&house, &["load", "--max-layer-bytes", "3", &archive(&house, "small.tar", &small())])
        .refuses(125, "more than 3 bytes");
    image(&house, &["load", "--platform", "x", &path]).refuses(2, "is no platform");
    // The layer is not what the configuration says.
    let lying = archive(&house, "lying.tar", &small().lying());
    image(&house, &["load", &lying]).refuses(125, "is not the one that the image has");
    image(&house, &["prune"]).ok();
    is_tidy(&house, 0);
}
