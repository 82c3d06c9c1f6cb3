//! Objects that are kept, found, changed and forgotten.

use super::*;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

fn map(name: &str, namespace: &str, value: &str) -> Object {
    let value = json!({ "metadata": { "name": name, "namespace": namespace }, "data": { "k": value } });
    Object::from_value("ConfigMap", value).expect("an object")
}

fn names(objects: &[Object]) -> Vec<String> {
    objects.iter().map(|object| object.metadata().name.clone().unwrap_or_default()).collect()
}

fn kind(word: &str) -> &'static Resource {
    Resource::find(word).expect("a kind")
}

#[test]
fn what_is_kept_is_found_changed_and_deleted() {
    let place = tempfile::tempdir().expect("a directory");
    let objects = Objects::at(place.path().join("data")).expect("ours");
    let key = Key::new(kind("cm"), "default", "a");
    assert_eq!(objects.get(&key).expect("nothing is no failure"), None);
    assert!(!place.path().join("data").exists(), "looking makes nothing");
    let changing = objects.change().expect("nobody else");
    let created = changing.create(map("a", "default", "1")).expect("room");
    assert_eq!(created.namespace, None);
    assert!(matches!(changing.create(map("a", "default", "2")), Err(ObjectsError::Exists(_))));
    assert_eq!(objects.get(&key).expect("readable"), Some(created.object.clone()));
    let changed = changing.update(map("a", "default", "2")).expect("room");
    let version = |object: &Object| object.metadata().resource_version.clone().and_then(|it| it.parse::<u64>().ok());
    assert!(version(&changed) > version(&created.object));
    assert_eq!(changed.metadata().uid, created.object.metadata().uid);
    assert!(matches!(changing.update(created.object), Err(ObjectsError::Conflict { .. })));
    changing.delete(&key).expect("there");
    assert!(matches!(changing.delete(&key), Err(ObjectsError::Missing(_))));
    assert!(matches!(changing.update(changed), Err(ObjectsError::Missing(_))));
}

#[test]
fn a_namespace_is_made_for_what_is_in_it_and_takes_it_along() {
    let place = tempfile::tempdir().expect("a directory");
    let objects = Objects::at(place.path().to_owned()).expect("ours");
    let changing = objects.change().expect("nobody else");
    assert_eq!(changing.create(map("a", "space", "1")).expect("room").namespace.as_deref(), Some("space"));
    assert_eq!(changing.create(map("b", "space", "1")).expect("room").namespace, None);
    changing.create(map("a", "default", "1")).expect("room");
    let all = |namespace: Option<&str>| names(&objects.list(kind("cm"), namespace).expect("readable"));
    assert_eq!(
        (all(Some("space")), all(None)),
        (vec!["a".into(), "b".into()], vec!["a".into(), "a".into(), "b".into()])
    );
    let namespaces = || names(&objects.list(kind("ns"), None).expect("readable"));
    assert_eq!(namespaces(), ["default", "space"]);
    changing.delete(&Key::new(kind("ns"), "", "space")).expect("there");
    assert_eq!((all(Some("space")), namespaces()), (Vec::new(), vec!["default".to_owned()]));
    let needed = changing.delete(&Key::new(kind("ns"), "", "default"));
    assert!(matches!(needed, Err(ObjectsError::Needed(_))), "{needed:?}");
}

#[test]
fn the_data_of_a_claim_goes_with_it_and_not_before() {
    let place = tempfile::tempdir().expect("a directory");
    let objects = Objects::at(place.path().to_owned()).expect("ours");
    let changing = objects.change().expect("nobody else");
    let value = json!({ "metadata": { "name": "c" }, "spec": {} });
    let claim = Object::from_value("PersistentVolumeClaim", value).expect("an object");
    let claim = changing.create(claim).expect("room").object;
    let data = objects.claims().join(claim.metadata().uid.as_deref().expect("who it is"));
    fs::create_dir_all(data.join("x")).expect("ours");
    changing.create(map("a", "default", "1")).expect("room");
    changing.delete(&Key::new(kind("cm"), "default", "a")).expect("there");
    assert!(data.join("x").exists());
    changing.delete(&Key::of(&claim)).expect("there");
    assert!(!data.exists());
}

#[test]
fn what_is_damaged_or_not_ours_is_not_believed() {
    let place = tempfile::tempdir().expect("a directory");
    let objects = Objects::at(place.path().join("data")).expect("ours");
    let changing = objects.change().expect("nobody else");
    changing.create(map("a", "default", "1")).expect("room");
    let directory = place.path().join("data/objects/default/configmaps");
    fs::rename(directory.join("a"), directory.join("b")).expect("ours");
    let read = |name: &str| objects.get(&Key::new(kind("cm"), "default", name));
    assert!(matches!(read("b"), Err(ObjectsError::Damaged { .. })), "it is another's");
    fs::write(directory.join("c"), "{").expect("ours");
    assert!(matches!(read("c"), Err(ObjectsError::Damaged { .. })));
    symlink("/etc/passwd", directory.join("d")).expect("ours");
    assert!(matches!(read("d"), Err(ObjectsError::Registry(_))));
    fs::set_permissions(place.path().join("data/objects"), fs::Permissions::from_mode(0o777)).expect("ours");
    assert!(matches!(Objects::at(place.path().join("data")), Err(ObjectsError::NotOurs { .. })));
    drop(changing);
    assert!(matches!(objects.change(), Err(ObjectsError::NotOurs { .. })));
}

#[test]
fn who_changes_is_alone() {
    let place = tempfile::tempdir().expect("a directory");
    let objects = Objects::at(place.path().to_owned()).expect("ours");
    let changing = objects.change().expect("nobody else");
    let tried = Lock::try_take(&place.path().join("objects"), Sharing::Exclusive).expect("a lock");
    assert!(tried.is_none());
    drop(changing);
    objects.change().expect("nobody else any more");
}

#[test]
fn names_and_ids_of_ones_own_are_of_the_right_form() {
    let (one, other) = (uid().expect("random"), uid().expect("random"));
    assert_ne!(one, other);
    assert_eq!((one.len(), &one[14..15]), (36, "4"));
    assert!("89ab".contains(&one[19..20]), "{one}");
    let place = tempfile::tempdir().expect("a directory");
    let changing = Objects::at(place.path().to_owned()).expect("ours").change().expect("nobody else");
    let value = json!({ "metadata": { "generateName": "a-" } });
    let made = changing.create(Object::from_value("ConfigMap", value).expect("an object")).expect("room");
    assert_eq!(made.object.metadata().name.as_deref().map(str::len), Some(7));
}

#[test]
fn a_namespace_may_be_called_as_the_count_once_was() {
    let place = tempfile::tempdir().expect("a directory");
    let objects = Objects::at(place.path().to_owned()).expect("ours");
    fs::create_dir(place.path().join("objects")).expect("a directory");
    fs::write(place.path().join("objects/revision"), "41\n").expect("a file");
    let created = objects.change().expect("nobody else").create(map("a", "revision", "1")).expect("room");
    assert!(created.object.metadata().resource_version.as_deref() > Some("41"), "{created:?}");
    assert_eq!(names(&objects.list(kind("cm"), None).expect("readable")), ["a"]);
}

#[test]
fn what_is_of_a_newer_version_is_neither_read_nor_changed() {
    let place = tempfile::tempdir().expect("a directory");
    let objects = Objects::at(place.path().to_owned()).expect("ours");
    objects.change().expect("nobody else").create(map("a", "default", "1")).expect("room");
    let version = place.path().join("objects/.version");
    assert_eq!(fs::read_to_string(&version).expect("a file"), "1\n");
    fs::write(&version, "2\n").expect("a file");
    let newer = |error: ObjectsError| matches!(error, ObjectsError::Registry(RegistryError::OtherVersion { .. }));
    assert!(newer(objects.change().expect_err("it is newer by now")));
    assert!(newer(Objects::at(place.path().to_owned()).expect_err("it is newer")));
    fs::write(&version, "x").expect("a file");
    assert!(matches!(objects.change(), Err(ObjectsError::Damaged { .. })));
    // What was there before there was a version is taken over.
    fs::remove_file(&version).expect("a file");
    objects.change().expect("nobody else").delete(&Key::new(kind("cm"), "default", "a")).expect("there");
    assert_eq!(fs::read_to_string(&version).expect("a file"), "1\n");
}
