//! Images from file to store to file, without anything but files.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::*;
use crate::reference::Reference;
use crate::store::{Alone, Store, StoreError};
use crate::{ImageError, Limits, Platform};

struct Place {
    place: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { place: tempfile::tempdir().expect("a directory") }
    }

    fn root(&self) -> PathBuf {
        self.place.path().join("store")
    }

    fn store(&self) -> Store {
        Store::open(&self.root()).expect("a store")
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.place.path().join(name);
        fs::write(&path, bytes).expect("room");
        path
    }

    fn rootfs(&self, text: &str) -> PathBuf {
        let mut archive = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_uid(nix::unistd::geteuid().as_raw().into());
        header.set_gid(nix::unistd::getegid().as_raw().into());
        header.set_mtime(1);
        header.set_cksum();
        archive.append_data(&mut header, "etc/text", text.as_bytes()).expect("room");
        let bytes = archive.into_inner().expect("room");
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(&bytes).expect("room");
        self.file(&format!("{text}.tar.gz"), &packed.finish().expect("room"))
    }

    fn import(&self, store: &Store, text: &str, name: &str) -> Loaded {
        let name: Reference = name.parse().expect("a name");
        let changes = vec!["CMD [\"/bin/x\"]".parse().expect("a change")];
        let source = Source::Path(self.rootfs(text));
        import(store, &source, Some(&name), changes, &Platform::here(), Limits::default(), |_, _| {}).expect("an image")
    }
}

fn text(loaded: &Loaded) -> String {
    fs::read_to_string(loaded.prepared.lowers[0].join("etc/text")).expect("a file")
}

fn loaded(store: &Store, path: &Path) -> Result<Vec<Loaded>, ArchiveError> {
    let source = Source::Path(path.to_owned());
    load(store, &source, None, &Platform::here(), Limits::default(), |_, _| {})
}

#[test]
fn what_is_saved_is_loaded_again_from_files_and_directories() {
    let from = Place::new();
    let store = from.store();
    let image = from.import(&store, "hello", "x:1").prepared.image;
    assert_eq!(image.config.config().as_ref().and_then(|it| it.cmd().clone()), Some(vec!["/bin/x".to_owned()]));
    for format in [Format::Docker, Format::Oci] {
        let mut bytes = Vec::new();
        save(&store, &[(image.clone(), vec!["x:1".parse().expect("a name")])], format, &mut bytes).expect("an archive");
        let to = Place::new();
        let path = to.file("saved.tar", &bytes);
        let again = loaded(&to.store(), &path).expect("an image").remove(0);
        assert_eq!(
            (again.names.as_slice(), &again.prepared.image.id),
            (&["docker.io/library/x:1".to_owned()][..], &image.id)
        );
        assert_eq!(text(&again), "hello");
        // The same as a directory.
        let directory = to.place.path().join("layout");
        fs::create_dir(&directory).expect("a directory");
        tar::Archive::new(&bytes[..]).unpack(&directory).expect("a layout");
        let other = Place::new();
        assert_eq!(text(&loaded(&other.store(), &directory).expect("an image").remove(0)), "hello");
        assert_eq!(other.store().find(&image.id.hex()[..12]).expect("here").len(), 1);
    }
}

#[test]
fn an_archive_that_docker_made_before_layouts_is_read() {
    let place = Place::new();
    let store = place.store();
    let image = place.import(&store, "old", "x").prepared.image;
    let blob = |digest: &str| {
        let mut bytes = Vec::new();
        let mut blob = store.blob(&digest.parse().expect("ours")).expect("readable").expect("here");
        std::io::Read::read_to_end(&mut blob, &mut bytes).expect("readable");
        bytes
    };
    let layer = blob(image.layers[0].blob.digest().as_ref());
    let mut archive = tar::Builder::new(Vec::new());
    let mut add = |name: &str, bytes: &[u8]| {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        archive.append_data(&mut header, name, bytes).expect("room");
    };
    add("abc/VERSION", b"1.0");
    add("abc/json", b"{}");
    add("abc/layer.tar", &layer);
    add("def.json", &blob(&image.id.to_string()));
    add("manifest.json", br#"[{"Config":"def.json","RepoTags":["a/b:c"],"Layers":["xyz/layer.tar"]}]"#);
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    archive.append_link(&mut header, "xyz/layer.tar", "../abc/layer.tar").expect("room");
    let path = place.file("docker.tar", &archive.into_inner().expect("room"));
    let to = Place::new();
    let again = loaded(&to.store(), &path).expect("an image").remove(0);
    assert_eq!((again.names, again.prepared.image.id), (vec!["docker.io/a/b:c".to_owned()], image.id));
}

#[test]
fn what_is_no_image_is_refused_and_has_no_name() {
    let place = Place::new();
    let store = place.store();
    let refused = |path: &Path| loaded(&store, path).expect_err("refused").to_string();
    let empty = place.file("empty", b"");
    assert!(refused(&empty).ends_with("there is neither an index.json nor a manifest.json"), "{}", refused(&empty));
    assert!(refused(&place.file("noise", &[7; 2000])).starts_with("cannot read images from"));
    assert!(refused(&place.place.path().join("gone")).starts_with("cannot open"));
    let foreign: Platform =
        if Platform::here().architecture() == "s390x" { "linux/ppc64le" } else { "linux/s390x" }.parse().expect("one");
    let image = place.import(&store, "hello", "here").prepared.image;
    let error = image.check(&foreign).expect_err("of another machine").to_string();
    assert!(error.contains(&format!("is for {}, and this machine is {foreign}", Platform::here())), "{error}");
    assert!(matches!(store.find("nothing"), Err(ImageError::NoSuchImage { .. })));
    assert_eq!(store.references().expect("readable").len(), 1);
}

#[test]
fn a_damaged_blob_is_found_when_it_is_handed_on_and_when_it_is_unpacked() {
    let place = Place::new();
    let store = place.store();
    let image = place.import(&store, "hello", "x").prepared.image;
    let digest = image.layers[0].blob.digest().to_string().replace(':', "/");
    let path = place.root().join("blobs").join(digest);
    let mut bytes = fs::read(&path).expect("a blob");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    fs::remove_file(&path).expect("ours");
    fs::write(&path, bytes).expect("room");
    let saved = save(&store, &[(image.clone(), Vec::new())], Format::Oci, &mut Vec::new());
    assert!(matches!(saved, Err(ArchiveError::Store(StoreError::Damaged { .. }))), "{saved:?}");
    fs::remove_dir_all(place.root().join("layers")).expect("ours");
    fs::create_dir(place.root().join("layers")).expect("ours");
    let again = store.prepare(&image.manifest, &Platform::here(), Limits::default(), |_, _| {});
    assert!(matches!(again, Err(ImageError::Layer(_))), "{again:?}");
    assert!(registry::tree::names(&place.root().join("work")).expect("a directory").is_empty());
}

#[test]
fn what_nobody_needs_goes_and_what_somebody_needs_stays() {
    let place = Place::new();
    let store = place.store();
    let kept = place.import(&store, "kept", "kept");
    let held = place.import(&store, "held", "held");
    place.import(&store, "gone", "gone");
    let name: registry::Name = "web".to_owned().try_into().expect("a name");
    store.make_instance(&name, &held.prepared.pin()).expect("a directory");
    assert!(store.make_instance(&name, &held.prepared.pin()).is_err());
    for name in ["docker.io/library/held:latest", "docker.io/library/gone:latest"] {
        assert!(store.forget_reference(name).expect("ours"));
    }
    // Left by who was killed.
    fs::write(place.root().join("work/left"), "x").expect("room");
    // Of one that was made when the power went.
    fs::create_dir(place.root().join("containers/dark")).expect("room");
    fs::write(place.root().join("containers/dark/image"), "").expect("room");
    let in_use = Alone::open(&place.root(), Duration::from_millis(20));
    assert!(matches!(in_use, Err(StoreError::InUse { .. })), "{in_use:?}");
    let (kept_at, held_at) = (kept.prepared.lowers[0].clone(), held.prepared.lowers[0].clone());
    drop((store, kept, held));
    let collect = || {
        let alone = Alone::open(&place.root(), Duration::from_secs(5)).expect("nobody uses it").expect("a store");
        alone.collect().expect("ours")
    };
    let collected = collect();
    assert_eq!((collected.blobs.len(), collected.layers.len()), (3, 1), "{collected:?}");
    assert!(collected.bytes > 0 && kept_at.exists() && held_at.exists());
    assert!(!place.root().join("work/left").exists());
    assert!(place.store().remove_instance(&name).expect("ours"));
    assert_eq!(collect().layers.len(), 1);
    assert!(kept_at.exists() && !held_at.exists());
}

#[test]
fn two_who_load_the_same_at_once_share_the_work() {
    let from = Place::new();
    let image = from.import(&from.store(), "both", "x:1").prepared.image;
    let mut bytes = Vec::new();
    save(&from.store(), &[(image, vec!["x:1".parse().expect("a name")])], Format::Docker, &mut bytes)
        .expect("an archive");
    let to = Place::new();
    let path = to.file("saved.tar", &bytes);
    std::thread::scope(|scope| {
        let all: Vec<_> =
            (0..4).map(|_| scope.spawn(|| text(&loaded(&to.store(), &path).expect("an image").remove(0)))).collect();
        for one in all {
            assert_eq!(one.join().expect("no panic"), "both");
        }
    });
    for name in ["ingest", "work"] {
        assert!(registry::tree::names(&to.root().join(name)).expect("a directory").is_empty(), "{name}");
    }
}

#[test]
fn those_who_open_a_store_for_the_first_time_at_once_all_have_it() {
    for _ in 0..50 {
        let place = Place::new();
        std::thread::scope(|scope| {
            (0..4).for_each(|_| drop(scope.spawn(|| place.store())));
        });
    }
}
