//! Images made on the spot, as bytes: for a directory that skopeo reads, and for a server of ours.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{digest, hex};

pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// Blobs by digest, and the document that it is all about.
#[derive(Clone, Default)]
pub(crate) struct Layout {
    pub(super) blobs: BTreeMap<String, Vec<u8>>,
    /// The digest of the manifest or index.
    pub(super) top: String,
    pub(super) media_type: &'static str,
    /// The digests of the layers of the image that was made last.
    pub(super) layers: Vec<String>,
}

impl Layout {
    /// One image for this machine, with layers of these sizes.
    pub(super) fn image(sizes: &[usize]) -> Self {
        let mut layout = Self::default();
        let manifest = layout.add(Self::here(), sizes);
        layout.top = manifest["digest"].as_str().unwrap().to_owned();
        layout.media_type = MANIFEST;
        layout
    }

    /// An image as a store has it: all its blobs, and the digest of its manifest.
    pub(crate) fn of(blobs: BTreeMap<String, Vec<u8>>, manifest: &str) -> Self {
        Self { blobs, top: manifest.to_owned(), media_type: MANIFEST, layers: Vec::new() }
    }

    /// One image for another machine.
    pub(super) fn foreign() -> Self {
        let mut layout = Self::default();
        let manifest = layout.add(("linux", "mips64le", ""), &[100]);
        layout.top = manifest["digest"].as_str().unwrap().to_owned();
        layout.media_type = MANIFEST;
        layout
    }

    /// An index of six architectures, each with a layer of its own.
    pub(super) fn index() -> Self {
        let platforms = [
            ("linux", "amd64", ""),
            ("linux", "arm64", "v8"),
            ("linux", "arm", "v7"),
            ("linux", "riscv64", ""),
            ("linux", "s390x", ""),
            ("linux", "ppc64le", ""),
        ];
        let mut layout = Self::default();
        let manifests: Vec<_> =
            platforms.iter().enumerate().map(|(number, platform)| layout.add(*platform, &[1000 + number])).collect();
        layout.top = layout.document(&json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests})).0;
        layout.media_type = INDEX;
        layout
    }

    fn here() -> (&'static str, &'static str, &'static str) {
        let architecture = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        ("linux", architecture, "")
    }

    fn add(&mut self, (os, architecture, variant): (&str, &str, &str), sizes: &[usize]) -> Value {
        let layers: Vec<_> = sizes.iter().enumerate().map(|(number, size)| layer(number, *size)).collect();
        let mut config = json!({
            "os": os,
            "architecture": architecture,
            "config": {"Cmd": ["/bin/true"]},
            "rootfs": {"type": "layers", "diff_ids": layers.iter().map(|layer| digest(layer)).collect::<Vec<_>>()},
        });
        let mut platform = json!({"os": os, "architecture": architecture});
        if !variant.is_empty() {
            config["variant"] = variant.into();
            platform["variant"] = variant.into();
        }
        let (config, config_size) = self.document(&config);
        self.layers = layers.iter().map(|layer| digest(layer)).collect();
        let described: Vec<_> = layers
            .into_iter()
            .map(|layer| {
                let (digest, size) = self.blob(layer);
                json!({"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest, "size": size})
            })
            .collect();
        let (digest, size) = self.document(&json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": config, "size": config_size},
            "layers": described,
        }));
        json!({"mediaType": MANIFEST, "digest": digest, "size": size, "platform": platform})
    }

    fn document(&mut self, value: &Value) -> (String, usize) {
        self.blob(serde_json::to_vec(value).unwrap())
    }

    fn blob(&mut self, bytes: Vec<u8>) -> (String, usize) {
        let (name, size) = (digest(&bytes), bytes.len());
        self.blobs.insert(name.clone(), bytes);
        (name, size)
    }

    pub(super) fn manifest(&self) -> Value {
        serde_json::from_slice(&self.blobs[&self.top]).unwrap()
    }

    /// The same with another manifest, or index, in its place.
    pub(super) fn with_manifest(&self, manifest: &Value) -> Self {
        let mut other = self.clone();
        other.top = other.document(manifest).0;
        other
    }

    /// The names of all blobs, as the store has them.
    pub(super) fn names(&self) -> Vec<String> {
        self.blobs.values().map(|bytes| hex(bytes)).collect()
    }

    /// Writes an OCI layout, with this tag.
    pub(super) fn write(&self, directory: &Path, tag: &str) {
        let blobs = directory.join("blobs/sha256");
        fs::create_dir_all(&blobs).unwrap();
        fs::write(directory.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
        for bytes in self.blobs.values() {
            fs::write(blobs.join(hex(bytes)), bytes).unwrap();
        }
        let index = json!({"schemaVersion": 2, "manifests": [{
            "mediaType": self.media_type,
            "digest": self.top,
            "size": self.blobs[&self.top].len(),
            "annotations": {"org.opencontainers.image.ref.name": tag},
        }]});
        fs::write(directory.join("index.json"), index.to_string()).unwrap();
    }
}

/// A tar with one file of about this size, which compresses badly and is always the same.
fn layer(number: usize, size: usize) -> Vec<u8> {
    let mut state = number as u64 + 0x9e37_79b9_7f4a_7c15 + size as u64;
    let content: Vec<u8> = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    })
    .flatten()
    .take(size)
    .collect();
    let mut header = tar::Header::new_gnu();
    header.set_size(size as u64);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(1_600_000_000);
    let mut archive = tar::Builder::new(Vec::new());
    archive.append_data(&mut header, format!("file-{number}"), content.as_slice()).unwrap();
    archive.into_inner().unwrap()
}
