//! Images made on the spot: layers as bytes, and the layout that holds them.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};

/// A layer in the making.
pub(super) struct Layer(Builder<Vec<u8>>);

impl Default for Layer {
    fn default() -> Self {
        Self(Builder::new(Vec::new()))
    }
}

/// What an entry is, beyond its name.
pub(super) struct Entry {
    pub(super) kind: EntryType,
    pub(super) mode: u32,
    pub(super) owner: (u64, u64),
    pub(super) device: (u32, u32),
    pub(super) link: &'static str,
}

impl Default for Entry {
    fn default() -> Self {
        Self { kind: EntryType::Regular, mode: 0o644, owner: (0, 0), device: (0, 0), link: "" }
    }
}

impl Layer {
    pub(super) fn add(mut self, name: &str, entry: &Entry, data: &[u8]) -> Self {
        let mut header = Header::new_gnu();
        header.set_entry_type(entry.kind);
        header.set_mode(entry.mode);
        header.set_uid(entry.owner.0);
        header.set_gid(entry.owner.1);
        header.set_mtime(1_234_567_890);
        header.set_size(data.len() as u64);
        if matches!(entry.kind, EntryType::Char | EntryType::Block) {
            header.set_device_major(entry.device.0).unwrap();
            header.set_device_minor(entry.device.1).unwrap();
        }
        if entry.link.is_empty() {
            self.0.append_data(&mut header, name, data).unwrap();
        } else {
            self.0.append_link(&mut header, name, entry.link).unwrap();
        }
        self
    }

    pub(super) fn file(self, name: &str, data: &[u8]) -> Self {
        self.add(name, &Entry::default(), data)
    }

    /// Extended headers for what comes next.
    pub(super) fn extended(mut self, records: &[(&str, &[u8])]) -> Self {
        self.0.append_pax_extensions(records.iter().copied()).unwrap();
        self
    }

    pub(super) fn bytes(self) -> Vec<u8> {
        self.0.into_inner().unwrap()
    }
}

/// An OCI layout of one image.
#[derive(Clone)]
pub(super) struct Layout {
    name: String,
    architecture: String,
    layers: Vec<Vec<u8>>,
    lying: bool,
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Layout {
    pub(super) fn image(name: &str, layers: impl IntoIterator<Item = Layer>) -> Self {
        let architecture = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        let layers = layers.into_iter().map(Layer::bytes).collect();
        Self { name: name.to_owned(), architecture: architecture.to_owned(), layers, lying: false }
    }

    /// For another machine.
    pub(super) fn of(mut self, architecture: &str) -> Self {
        architecture.clone_into(&mut self.architecture);
        self
    }

    /// With a diff id that is another's.
    pub(super) fn lying(mut self) -> Self {
        self.lying = true;
        self
    }

    /// Every file of the layout.
    pub(super) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut put = |bytes: Vec<u8>, media_type: &str| -> Value {
            let digest = hex(&bytes);
            let descriptor =
                json!({"mediaType": media_type, "digest": format!("sha256:{digest}"), "size": bytes.len()});
            files.insert(format!("blobs/sha256/{digest}"), bytes);
            descriptor
        };
        let diff = |layer: &Vec<u8>| format!("sha256:{}", hex(if self.lying { b"other" } else { layer }));
        let config = json!({
            "created": "2020-01-02T03:04:05Z", "architecture": self.architecture, "os": "linux",
            "config": {"Cmd": ["/bin/true"]},
            "rootfs": {"type": "layers", "diff_ids": self.layers.iter().map(diff).collect::<Vec<_>>()},
        });
        let config = put(config.to_string().into_bytes(), "application/vnd.oci.image.config.v1+json");
        let layers: Vec<_> =
            self.layers.iter().map(|layer| put(layer.clone(), "application/vnd.oci.image.layer.v1.tar")).collect();
        let media_type = "application/vnd.oci.image.manifest.v1+json";
        let manifest = json!({"schemaVersion": 2, "mediaType": media_type, "config": config, "layers": layers});
        let mut entry = put(manifest.to_string().into_bytes(), media_type);
        let tag = self.name.rsplit(':').next().unwrap();
        entry["annotations"] = json!({"io.containerd.image.name": self.name, "org.opencontainers.image.ref.name": tag});
        let index = json!({"schemaVersion": 2, "manifests": [entry]});
        files.insert("index.json".to_owned(), index.to_string().into_bytes());
        files.insert("oci-layout".to_owned(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec());
        files
    }

    pub(super) fn archive(&self) -> Vec<u8> {
        let mut archive = Layer::default();
        for (name, bytes) in self.files() {
            archive = archive.file(&name, &bytes);
        }
        archive.bytes()
    }
}
