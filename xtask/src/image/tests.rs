//! The archive against the formats that it claims to be.

use std::collections::BTreeMap;
use std::io::Read;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::archive::archive;
use super::{Spec, name};
use crate::arch::ARCHES;
use crate::sbom::Crate;
use crate::stamp::sha256;

fn spec() -> Spec {
    let part = |name: &str, public| Crate { name: name.into(), version: "1".into(), license: "MIT".into(), public };
    Spec {
        name: "localhost/podkit/pause".into(),
        version: "1.2.3".into(),
        created: SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000),
        revision: Some("0123abcd".into()),
        programs: ARCHES.iter().map(|arch| (arch, arch.name.repeat(200).into_bytes())).collect(),
        parts: vec![part("pause", false), part("core", true)],
    }
}

/// What is in a tar, by name; nothing in it may be of another date than the image.
fn unpacked(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut archive = tar::Archive::new(bytes);
    let mut files = BTreeMap::new();
    for entry in archive.entries().expect("a tar") {
        let mut entry = entry.expect("an entry");
        let name = entry.path().expect("a path").to_string_lossy().into_owned();
        assert_eq!(entry.header().mtime().ok(), Some(1_000_000_000), "{name}");
        let mut contents = Vec::new();
        entry.read_to_end(&mut contents).expect("contents");
        files.insert(name, contents);
    }
    files
}

/// The blob of a descriptor, which must be as long as it says and have the digest that it says.
fn blob<'a>(files: &'a BTreeMap<String, Vec<u8>>, descriptor: &Value) -> &'a [u8] {
    let digest = descriptor["digest"].as_str().and_then(|digest| digest.strip_prefix("sha256:")).expect("a digest");
    let blob = &files[&format!("blobs/sha256/{digest}")];
    assert_eq!(descriptor["size"], blob.len());
    assert_eq!(sha256(blob), digest);
    blob
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).expect("JSON")
}

/// The index of all architectures.
fn index(files: &BTreeMap<String, Vec<u8>>) -> Value {
    json(blob(files, &json(&files["index.json"])["manifests"][0]))
}

#[test]
fn the_same_spec_makes_the_same_bytes() {
    assert_eq!(archive(&spec()).expect("an archive"), archive(&spec()).expect("an archive"));
    let later = Spec { created: SystemTime::UNIX_EPOCH, ..spec() };
    assert_ne!(archive(&spec()).expect("an archive"), archive(&later).expect("an archive"));
}

#[test]
fn every_architecture_leads_to_its_own_program() {
    let files = unpacked(&archive(&spec()).expect("an archive"));
    assert_eq!(json(&files["oci-layout"])["imageLayoutVersion"], "1.0.0");
    let index = index(&files);
    for (place, (arch, program)) in spec().programs.iter().enumerate() {
        let descriptor = &index["manifests"][place];
        let manifest = json(blob(&files, descriptor));
        let config = json(blob(&files, &manifest["config"]));
        for platform in [&descriptor["platform"], &config] {
            assert_eq!(platform["architecture"], arch.oci);
            assert_eq!(platform["os"], "linux");
            assert_eq!(platform["variant"].as_str(), arch.variant);
        }
        assert_eq!(config["config"]["Entrypoint"][0], "/pause");
        assert_eq!(config["config"]["User"], "65535:65535");
        assert_eq!(config["config"]["Labels"]["org.opencontainers.image.version"], "1.2.3");
        assert_eq!(config["config"]["Labels"]["org.opencontainers.image.revision"], "0123abcd");
        assert_eq!(config["created"], "2001-09-09T01:46:40Z");
        assert_eq!(config["rootfs"]["diff_ids"][0], manifest["layers"][0]["digest"]);
        let layer = unpacked(blob(&files, &manifest["layers"][0]));
        assert_eq!(layer, BTreeMap::from([("pause".to_owned(), program.clone())]));
    }
}

#[test]
fn every_image_has_its_bill_of_materials_attached() {
    let files = unpacked(&archive(&spec()).expect("an archive"));
    let index = index(&files);
    let manifests = index["manifests"].as_array().expect("a list");
    let (images, attestations) = manifests.split_at(ARCHES.len());
    assert_eq!(images.len(), attestations.len());
    for ((image, attestation), (_, program)) in images.iter().zip(attestations).zip(spec().programs) {
        assert_eq!(attestation["platform"]["os"], "unknown");
        assert_eq!(attestation["annotations"]["vnd.docker.reference.digest"], image["digest"]);
        let statement = json(blob(&files, &json(blob(&files, attestation))["layers"][0]));
        assert_eq!(
            image["digest"],
            format!("sha256:{}", statement["subject"][0]["digest"]["sha256"].as_str().expect("a digest"))
        );
        let document = &statement["predicate"];
        assert_eq!(document["spdxVersion"], "SPDX-2.3");
        assert_eq!(document["packages"][0]["checksums"][0]["checksumValue"], sha256(&program));
        assert_eq!(document["packages"][1]["externalRefs"][0]["referenceLocator"], "pkg:cargo/core@1");
    }
}

#[test]
fn docker_is_told_the_same_images_by_names_of_their_own() {
    let files = unpacked(&archive(&spec()).expect("an archive"));
    let (index, docker) = (index(&files), json(&files["manifest.json"]));
    for (place, arch) in ARCHES.iter().enumerate() {
        let manifest = json(blob(&files, &index["manifests"][place]));
        let path = |descriptor: &Value| descriptor["digest"].as_str().map(|digest| digest.replace(':', "/"));
        let entry = &docker[place];
        assert_eq!(entry["Config"].as_str(), path(&manifest["config"]).map(|path| format!("blobs/{path}")).as_deref());
        assert_eq!(
            entry["Layers"][0].as_str(),
            path(&manifest["layers"][0]).map(|path| format!("blobs/{path}")).as_deref()
        );
        let own = format!("localhost/podkit/pause:1.2.3-{}", arch.name.replace('/', "-"));
        let tags = entry["RepoTags"].as_array().expect("a list");
        assert!(tags.contains(&own.into()), "{tags:?}");
        assert_eq!(tags.contains(&"localhost/podkit/pause:1.2.3".into()), place == 0, "{tags:?}");
    }
}

#[test]
fn names_of_images_are_told_from_what_is_none() {
    for good in ["localhost/podkit/pause", "localhost/pause", "mirror:5000/infra/pause", "a.b/c_d-e/f"] {
        name(good).expect(good);
    }
    for bad in ["", "pause", "podkit/pause", "localhost/", "localhost/Pause", "localhost/pause:1", "localhost//b"] {
        name(bad).expect_err(bad);
    }
    for bad in ["localhost/pause@sha256:0", "mirror:port/pause", "-a.b/pause", "localhost/a b", "/pause"] {
        name(bad).expect_err(bad);
    }
}
