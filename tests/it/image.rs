//! Images as archives, which docker, podman and containerd all load: our pause, and one to run workloads from.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use fixtures::find;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};

use crate::arch::Arch;
use crate::house::{binaries, workspace};

/// The name of the workload image.
pub(crate) const WORKLOAD: &str = "localhost/podkit/workload:test";

/// What busybox is called by in the workload image.
const APPLETS: [&str; 9] = ["cat", "false", "hostname", "ls", "ps", "sh", "sleep", "touch", "true"];

/// The archive of the pause image, as it is shipped, for what can be built here.
pub(crate) fn pause_image() -> &'static Path {
    static ARCHIVE: OnceLock<PathBuf> = OnceLock::new();
    ARCHIVE.get_or_init(|| {
        let path = binaries().join("pause-image.tar");
        let mut xtask = Command::new(env!("CARGO"));
        xtask.args(["run", "--quiet", "--package", "xtask", "--", "image", "--arch", &Arch::built(), "--output"]);
        let built = xtask.arg(&path).current_dir(workspace()).output().unwrap();
        assert!(built.status.success(), "cargo xtask image: {}", String::from_utf8_lossy(&built.stderr));
        path
    })
}

/// The archive of the image that everything else in these tests runs from: busybox and our payload,
/// and an empty /usr, where the machine's own can be mounted for its nginx.
pub(crate) fn workload_image() -> &'static Path {
    static ARCHIVE: OnceLock<PathBuf> = OnceLock::new();
    ARCHIVE.get_or_init(|| {
        let mut files = Layer::new();
        for directory in ["bin", "dev", "etc", "etc/nginx", "proc", "sys", "usr", "var", "var/lib", "var/log"] {
            files.directory(directory, 0o755);
        }
        for directory in ["run", "tmp", "var/lib/nginx", "var/log/nginx"] {
            files.directory(directory, 0o1777);
        }
        for library in ["lib", "lib64"] {
            files.link(library, &format!("usr/{library}"));
        }
        files.file("bin/busybox", &find("busybox").expect("busybox"));
        files.file("bin/probe", &binaries().join("probe"));
        for applet in APPLETS {
            files.link(&format!("bin/{applet}"), "busybox");
        }
        files.text(
            "etc/passwd",
            "root:x:0:0::/:/bin/sh\nwww-data:x:33:33::/:/bin/false\nnobody:x:65534:65534::/:/bin/false\n",
        );
        files.text("etc/group", "root:x:0:\nwww-data:x:33:\nnogroup:x:65534:\n");
        files.save(WORKLOAD, &json!({ "Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"], "Cmd": ["probe", "ready"] }))
    })
}

/// The one layer of an image, while it is being written.
struct Layer(Builder<Vec<u8>>);

impl Layer {
    fn new() -> Self {
        Self(Builder::new(Vec::new()))
    }

    fn add(&mut self, kind: EntryType, path: &str, mode: u32, bytes: &[u8]) {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(bytes.len().try_into().unwrap());
        self.0.append_data(&mut header, path, bytes).unwrap();
    }

    fn directory(&mut self, path: &str, mode: u32) {
        self.add(EntryType::Directory, path, mode, &[]);
    }

    fn file(&mut self, path: &str, from: &Path) {
        self.add(EntryType::Regular, path, 0o755, &fs::read(from).unwrap());
    }

    fn text(&mut self, path: &str, text: &str) {
        self.add(EntryType::Regular, path, 0o644, text.as_bytes());
    }

    fn link(&mut self, path: &str, target: &str) {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Symlink);
        header.set_mode(0o777);
        header.set_size(0);
        self.0.append_link(&mut header, path, target).unwrap();
    }

    /// Writes the image's archive, beside the binaries and removed with them.
    fn save(self, name: &str, config: &Value) -> PathBuf {
        let layer = self.0.into_inner().unwrap();
        let config = json!({
            "created": "1970-01-01T00:00:00Z",
            "architecture": Arch::native().name,
            "os": "linux",
            "config": config,
            "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{}", digest(&layer))] },
            "history": [{ "created": "1970-01-01T00:00:00Z", "created_by": "podkit's tests" }],
        });
        let config = config.to_string();
        let config_name = format!("{}.json", digest(config.as_bytes()));
        let manifest = json!([{ "Config": config_name, "RepoTags": [name], "Layers": ["layer.tar"] }]);
        let mut archive = Self::new();
        archive.text(&config_name, &config);
        archive.add(EntryType::Regular, "layer.tar", 0o644, &layer);
        archive.text("manifest.json", &manifest.to_string());
        let path = binaries().join(format!("{}.tar", name.replace(['/', ':'], "-")));
        fs::write(&path, archive.0.into_inner().unwrap()).unwrap();
        path
    }
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
