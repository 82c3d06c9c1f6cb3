//! The image archive: an OCI layout and a docker archive in one tar, over the same blobs.
//!
//! index.json leads, by one index of all architectures, to their manifests: containerd, Podman,
//! CRI-O, skopeo and newer Dockers read that and take their own. manifest.json lists the same
//! configurations and layers for Docker's classic store, which knows names but no architectures;
//! so there each has a name of its own, and the first has the plain one, too.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::time::SystemTime;

use anyhow::Context;
use oci_spec::image::{
    ANNOTATION_CREATED, ANNOTATION_DESCRIPTION, ANNOTATION_LICENSES, ANNOTATION_REF_NAME, ANNOTATION_REVISION,
    ANNOTATION_TITLE, ANNOTATION_VERSION, Arch as OciArch, ConfigBuilder, Descriptor, DescriptorBuilder,
    HistoryBuilder, ImageConfigurationBuilder, ImageIndexBuilder, ImageManifestBuilder, MediaType, OciLayoutBuilder,
    Os, Platform, PlatformBuilder, RootFsBuilder, Sha256Digest,
};
use serde::Serialize;
use serde_json::{Value, json};

use super::Spec;
use crate::arch::Arch;
use crate::stamp::{date, sha256};

/// Kubernetes' pause has run as this user since 3.5.
const USER: &str = "65535:65535";
const IN_TOTO: &str = "application/vnd.in-toto+json";

/// The archive's bytes. The same spec makes the same bytes.
pub(super) fn archive(spec: &Spec) -> anyhow::Result<Vec<u8>> {
    let mut blobs = Blobs::default();
    let mut manifests = Vec::new();
    let mut attestations = Vec::new();
    let mut docker = Vec::new();
    for (place, (arch, program)) in spec.programs.iter().enumerate() {
        let image = image(spec, arch, program, &mut blobs)?;
        attestations.push(attestation(spec, arch, program, &image.manifest, &mut blobs)?);
        docker.push(docker_entry(spec, arch, place, &image));
        manifests.push(image.manifest);
    }
    // Behind the images, where who looks for an architecture does not come by.
    manifests.extend(attestations);
    let index = ImageIndexBuilder::default()
        .schema_version(2_u32)
        .media_type(MediaType::ImageIndex)
        .manifests(manifests)
        .annotations(annotations(spec))
        .build()?;
    let mut index = blobs.add(MediaType::ImageIndex, json_of(&index)?)?;
    let name = format!("{}:{}", spec.name, spec.version);
    index.set_annotations(Some(HashMap::from([
        (ANNOTATION_REF_NAME.to_owned(), name.clone()),
        // What containerd takes the name from.
        ("io.containerd.image.name".to_owned(), name),
    ])));
    let top = ImageIndexBuilder::default()
        .schema_version(2_u32)
        .media_type(MediaType::ImageIndex)
        .manifests(vec![index])
        .build()?;
    let layout = OciLayoutBuilder::default().image_layout_version("1.0.0").build()?;

    let mut tar = Tar::new(spec.created)?;
    tar.file("oci-layout", 0o644, &json_of(&layout)?)?;
    tar.file("index.json", 0o644, &json_of(&top)?)?;
    tar.file("manifest.json", 0o644, &json_of(&docker)?)?;
    for directory in ["blobs/", "blobs/sha256/"] {
        tar.directory(directory)?;
    }
    for (digest, blob) in &blobs.0 {
        tar.file(&format!("blobs/sha256/{digest}"), 0o644, blob)?;
    }
    tar.finish()
}

/// One architecture's image.
struct Built {
    manifest: Descriptor,
    config: Descriptor,
    layer: Descriptor,
}

fn image(spec: &Spec, arch: &Arch, program: &[u8], blobs: &mut Blobs) -> anyhow::Result<Built> {
    let mut tar = Tar::new(spec.created)?;
    tar.file("pause", 0o755, program)?;
    let layer = blobs.add(MediaType::ImageLayer, tar.finish()?)?;

    let config = ConfigBuilder::default()
        .user(USER)
        .entrypoint(vec!["/pause".to_owned()])
        .working_dir("/")
        .labels(annotations(spec))
        .build()?;
    // An uncompressed layer is what its digest says.
    let rootfs = RootFsBuilder::default().typ("layers").diff_ids(vec![layer.digest().to_string()]).build()?;
    let history = HistoryBuilder::default().created(date(spec.created)).created_by("cargo xtask image").build()?;
    let mut configuration = ImageConfigurationBuilder::default()
        .created(date(spec.created))
        .architecture(OciArch::from(arch.oci))
        .os(Os::Linux)
        .config(config)
        .rootfs(rootfs)
        .history(vec![history])
        .build()?;
    configuration.set_variant(arch.variant.map(str::to_owned));
    let config = blobs.add(MediaType::ImageConfig, json_of(&configuration)?)?;

    let manifest = ImageManifestBuilder::default()
        .schema_version(2_u32)
        .media_type(MediaType::ImageManifest)
        .config(config.clone())
        .layers(vec![layer.clone()])
        .annotations(annotations(spec))
        .build()?;
    let mut manifest = blobs.add(MediaType::ImageManifest, json_of(&manifest)?)?;
    manifest.set_platform(Some(platform(arch.oci, Os::Linux, arch.variant)?));
    Ok(Built { manifest, config, layer })
}

/// The SBOM, attached as build tools attach theirs: a statement about the manifest, in an index
/// entry that is for no platform.
///
/// # References
/// BuildKit, `docs/attestations/attestation-storage.md`; in-toto Statement 0.1
fn attestation(
    spec: &Spec,
    arch: &Arch,
    program: &[u8],
    subject: &Descriptor,
    blobs: &mut Blobs,
) -> anyhow::Result<Descriptor> {
    const PREDICATE: &str = "https://spdx.dev/Document";
    let platform_name = [Some("linux"), Some(arch.oci), arch.variant].into_iter().flatten().collect::<Vec<_>>();
    let purl = format!("pkg:docker/{}@{}?platform={}", spec.name, spec.version, platform_name.join("%2F"));
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v0.1",
        "predicateType": PREDICATE,
        "subject": [{ "name": purl, "digest": { "sha256": subject.digest().digest() } }],
        "predicate": spec.bill(arch, program),
    });
    let mut layer = blobs.add(MediaType::from(IN_TOTO), json_of(&statement)?)?;
    layer.set_annotations(Some(pairs(&[("in-toto.io/predicate-type", PREDICATE)])));
    let rootfs = RootFsBuilder::default().typ("layers").diff_ids(vec![layer.digest().to_string()]).build()?;
    let configuration = ImageConfigurationBuilder::default()
        .architecture(OciArch::from("unknown"))
        .os(Os::from("unknown"))
        .rootfs(rootfs)
        .build()?;
    let config = blobs.add(MediaType::ImageConfig, json_of(&configuration)?)?;
    let manifest = ImageManifestBuilder::default()
        .schema_version(2_u32)
        .media_type(MediaType::ImageManifest)
        .config(config)
        .layers(vec![layer])
        .build()?;
    let mut manifest = blobs.add(MediaType::ImageManifest, json_of(&manifest)?)?;
    manifest.set_platform(Some(platform("unknown", Os::from("unknown"), None)?));
    manifest.set_annotations(Some(pairs(&[
        ("vnd.docker.reference.type", "attestation-manifest"),
        ("vnd.docker.reference.digest", subject.digest().as_ref()),
    ])));
    Ok(manifest)
}

/// What `docker load` is told of one architecture.
fn docker_entry(spec: &Spec, arch: &Arch, place: usize, image: &Built) -> Value {
    let name = format!("{}:{}", spec.name, spec.version);
    let own = format!("{name}-{}", arch.name.replace('/', "-"));
    let tags = if place == 0 { vec![name, own] } else { vec![own] };
    let path = |descriptor: &Descriptor| format!("blobs/sha256/{}", descriptor.digest().digest());
    json!({ "Config": path(&image.config), "RepoTags": tags, "Layers": [path(&image.layer)] })
}

/// What is said of the image wherever something can be said.
fn annotations(spec: &Spec) -> HashMap<String, String> {
    let date = date(spec.created);
    let mut annotations = pairs(&[
        (ANNOTATION_TITLE, "pause"),
        (ANNOTATION_DESCRIPTION, "PID 1 of a pod: holds its namespaces, leaves no zombie, ends on TERM"),
        (ANNOTATION_VERSION, &spec.version),
        (ANNOTATION_LICENSES, "MIT OR Apache-2.0"),
        (ANNOTATION_CREATED, &date),
    ]);
    if let Some(revision) = &spec.revision {
        annotations.insert(ANNOTATION_REVISION.to_owned(), revision.clone());
    }
    annotations
}

fn pairs(pairs: &[(&str, &str)]) -> HashMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn platform(arch: &str, os: Os, variant: Option<&str>) -> anyhow::Result<Platform> {
    let mut platform = PlatformBuilder::default().architecture(OciArch::from(arch)).os(os).build()?;
    platform.set_variant(variant.map(str::to_owned));
    Ok(platform)
}

/// JSON with its keys in order: maps without one are among what is written.
fn json_of(value: &impl Serialize) -> anyhow::Result<Vec<u8>> {
    let mut value = serde_json::to_value(value)?;
    value.sort_all_objects();
    Ok(serde_json::to_vec(&value)?)
}

/// Blobs by their digest; one that two architectures share is there once.
#[derive(Default)]
struct Blobs(BTreeMap<String, Vec<u8>>);

impl Blobs {
    fn add(&mut self, media_type: MediaType, bytes: Vec<u8>) -> anyhow::Result<Descriptor> {
        let digest = sha256(&bytes);
        let descriptor = DescriptorBuilder::default()
            .media_type(media_type)
            .size(bytes.len() as u64)
            .digest(digest.parse::<Sha256Digest>()?)
            .build()?;
        self.0.insert(digest, bytes);
        Ok(descriptor)
    }
}

/// A tar that tells nothing of the machine on which it was written.
struct Tar {
    builder: tar::Builder<Vec<u8>>,
    mtime: u64,
}

impl Tar {
    fn new(created: SystemTime) -> anyhow::Result<Self> {
        let mtime = created.duration_since(SystemTime::UNIX_EPOCH).context("a date before 1970")?.as_secs();
        Ok(Self { builder: tar::Builder::new(Vec::new()), mtime })
    }

    fn file(&mut self, path: &str, mode: u32, bytes: &[u8]) -> anyhow::Result<()> {
        let mut header = self.header(tar::EntryType::Regular, mode);
        header.set_size(bytes.len() as u64);
        Ok(self.builder.append_data(&mut header, path, bytes)?)
    }

    fn directory(&mut self, path: &str) -> anyhow::Result<()> {
        let mut header = self.header(tar::EntryType::Directory, 0o755);
        header.set_size(0);
        Ok(self.builder.append_data(&mut header, path, std::io::empty())?)
    }

    fn header(&self, kind: tar::EntryType, mode: u32) -> tar::Header {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(self.mtime);
        header
    }

    fn finish(self) -> anyhow::Result<Vec<u8>> {
        let mut bytes = self.builder.into_inner()?;
        bytes.flush()?;
        Ok(bytes)
    }
}
