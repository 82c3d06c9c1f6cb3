//! The image of the trials: archives of it, a registry that has it, and what there is in the store.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::verbs::{IMAGE, MAP, POD, PORTED, REGISTRY, SAID, TALKS};

/// What the archives are called, beside where commands start.
pub(crate) const DIRECTORY: &str = "images";
/// What the image's program is called, which waits to be ended.
pub(crate) const WAITS: &str = "/waits";
/// Directories of the store in which nothing stays when no image does.
const OF_IMAGES: [&str; 6] = ["blobs", "ingest", "layers", "references", "containers", "work"];

/// The files of a layout, by their names.
struct Layout(BTreeMap<String, Vec<u8>>);

/// Writes the archives, and serves the image.
pub(crate) fn furnish(root: &Path) -> anyhow::Result<()> {
    let directory = root.join(DIRECTORY);
    fs::create_dir(&directory)?;
    let waiting = fs::read(root.join("bin/pause"))?;
    let lower =
        Layer::default().directory("a").file("a/f", b"f").file("a/g", b"g").link("a/l", "f").file("waits", &waiting);
    let upper = Layer::default().file("a/.wh.g", b"").file("b", &[7; 100_000]).file("a/.wh..wh..opq", b"");
    let subject = Layout::of("docker.io/library/subject:1", &[lower.clone().bytes(), upper.clone().bytes()]);
    let other = Layout::of("docker.io/library/other:1", &[Layer::default().file("other", b"other").bytes()]);
    let (programs, talks) = talker(lower.clone(), &root.join("bin/faults"))?;
    let talker = Layout::of("docker.io/library/talker:1", &[programs.bytes(), upper.bytes()]);
    fs::write(directory.join("talker.tar"), talker.archive())?;
    fs::write(directory.join("subject.tar"), subject.archive())?;
    fs::write(directory.join("other.tar"), other.archive())?;
    manifests(&directory, &talks)?;
    let listener = TcpListener::bind(REGISTRY)?;
    let subject = Arc::new(subject);
    // It ends with us.
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let subject = Arc::clone(&subject);
            thread::spawn(move || subject.serve(&stream));
        }
    });
    Ok(())
}

/// Puts ourselves into a layer, with the libraries that we have, and tells how we are started there.
fn talker(mut layer: Layer, program: &Path) -> io::Result<(Layer, Vec<String>)> {
    let mut words = vec!["/faults".to_owned()];
    let maps = fs::read_to_string("/proc/self/maps")?;
    let libraries: BTreeSet<&str> =
        maps.lines().filter_map(|line| Some(&line[line.find('/')?..])).filter(|path| path.contains(".so")).collect();
    layer = layer.file("faults", &fs::read(program)?).directory("lib");
    for library in libraries {
        let name = Path::new(library).file_name().unwrap_or_default().to_string_lossy();
        layer = layer.file(&format!("lib/{name}"), &fs::read(library)?);
        if name.starts_with("ld") {
            let loader = [&format!("/lib/{name}"), "--library-path", "/lib"].map(str::to_owned);
            words.splice(..0, loader);
        }
    }
    words.extend(["count".to_owned(), format!("/data/{SAID}")]);
    Ok((layer, words))
}

/// Writes the manifest of a pod of two containers, one of them probed, the other talking, of the config map that they
/// see, and with a directory of their own.
fn manifests(directory: &Path, talks: &[String]) -> io::Result<()> {
    let container = |name: &str| {
        let mut container = json!({
            "name": name, "image": IMAGE, "imagePullPolicy": "Never",
            "command": if name == TALKS { json!(talks) } else { json!([WAITS]) },
            "volumeMounts": [{ "name": "map", "mountPath": "/map" }, { "name": "data", "mountPath": "/data" }],
        });
        if name == "one" {
            container["readinessProbe"] = json!({ "exec": { "command": [WAITS, "-v"] }, "periodSeconds": 1 });
        }
        container
    };
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": POD },
        "spec": {
            "terminationGracePeriodSeconds": 2,
            "containers": [container("one"), container(TALKS)],
            "volumes": [{ "name": "map", "configMap": { "name": MAP } }, { "name": "data", "emptyDir": {} }],
        },
    });
    let map = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": MAP }, "data": { "a": "b" } });
    fs::write(directory.join("pod.json"), pod.to_string())?;
    let mut ported = pod;
    ported["spec"]["containers"][0]["ports"] =
        json!([{ "containerPort": 80, "hostPort": PORTED, "hostIP": "127.0.0.1" }]);
    fs::write(directory.join("ported.json"), ported.to_string())?;
    fs::write(directory.join("map.json"), map.to_string())?;
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Layout {
    fn of(name: &str, layers: &[Vec<u8>]) -> Self {
        let mut files = BTreeMap::new();
        let mut put = |bytes: Vec<u8>, kind: &str| -> Value {
            let digest = hex(&bytes);
            let size = bytes.len();
            files.insert(format!("blobs/sha256/{digest}"), bytes);
            json!({ "mediaType": format!("application/vnd.oci.image.{kind}"), "digest": format!("sha256:{digest}"), "size": size })
        };
        let architecture = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        let diffs: Vec<_> = layers.iter().map(|layer| format!("sha256:{}", hex(layer))).collect();
        let config = json!({
            "architecture": architecture, "os": "linux", "config": { "Entrypoint": ["/waits"] },
            "rootfs": { "type": "layers", "diff_ids": diffs },
        });
        let config = put(config.to_string().into_bytes(), "config.v1+json");
        let layers: Vec<_> = layers.iter().map(|layer| put(layer.clone(), "layer.v1.tar")).collect();
        let kind = "application/vnd.oci.image.manifest.v1+json";
        let manifest = json!({ "schemaVersion": 2, "mediaType": kind, "config": config, "layers": layers });
        let mut entry = put(manifest.to_string().into_bytes(), "manifest.v1+json");
        entry["annotations"] = json!({ "io.containerd.image.name": name });
        files.insert("manifest".to_owned(), manifest.to_string().into_bytes());
        let index = json!({ "schemaVersion": 2, "manifests": [entry] });
        files.insert("index.json".to_owned(), index.to_string().into_bytes());
        files.insert("oci-layout".to_owned(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec());
        Self(files)
    }

    fn archive(&self) -> Vec<u8> {
        let files = self.0.iter().filter(|(name, _)| *name != "manifest");
        files.fold(Layer::default(), |archive, (name, bytes)| archive.file(name, bytes)).bytes()
    }

    /// Answers whoever does not speak TLS.
    fn serve(&self, stream: &TcpStream) {
        let mut lines = BufReader::new(stream);
        while matches!(lines.fill_buf(), Ok([first, ..]) if first.is_ascii_uppercase()) {
            let mut request = String::new();
            loop {
                let before = request.len();
                match lines.read_line(&mut request) {
                    Ok(1..) if request[before..].trim().is_empty() => break,
                    Ok(1..) => {}
                    _ => return,
                }
            }
            let mut stream = stream;
            if stream.write_all(&self.answer(&request)).is_err() {
                return;
            }
        }
    }

    fn answer(&self, request: &str) -> Vec<u8> {
        let path = request.split(' ').nth(1).unwrap_or_default();
        let last = path.rsplit('/').next().unwrap_or_default();
        let (kind, found) = match path.contains("/manifests/") {
            true => ("application/vnd.oci.image.manifest.v1+json", self.0.get("manifest")),
            false => ("application/octet-stream", self.0.get(&format!("blobs/{}", last.replace(':', "/")))),
        };
        let (status, body) = match found {
            Some(body) => ("200 OK", body.as_slice()),
            None if path == "/v2/" => ("200 OK", &b"{}"[..]),
            None => ("404 Not Found", &b"{}"[..]),
        };
        let head = format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
        [head.as_bytes(), body].concat()
    }
}

/// An archive in the making.
#[derive(Clone, Default)]
struct Layer(Vec<u8>);

impl Layer {
    fn add(mut self, name: &str, kind: tar::EntryType, link: &str, data: &[u8]) -> Self {
        let mut header = tar::Header::new_gnu();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.as_mut_bytes()[157..157 + link.len()].copy_from_slice(link.as_bytes());
        header.set_entry_type(kind);
        header.set_mode(0o755);
        header.set_mtime(1_000_000_000);
        header.set_size(data.len() as u64);
        header.set_cksum();
        self.0.extend(header.as_bytes());
        self.0.extend(data);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    fn file(self, name: &str, data: &[u8]) -> Self {
        self.add(name, tar::EntryType::Regular, "", data)
    }

    fn directory(self, name: &str) -> Self {
        self.add(name, tar::EntryType::Directory, "", b"")
    }

    fn link(self, name: &str, to: &str) -> Self {
        self.add(name, tar::EntryType::Symlink, to, b"")
    }

    fn bytes(mut self) -> Vec<u8> {
        self.0.resize(self.0.len() + 1024, 0);
        self.0
    }
}

/// What is in each unpacked layer of a store, a text for each.
pub(crate) fn layers(store: &Path) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in list(&store.join("layers"))? {
        let mut text = String::new();
        tell(&entry.join("fs"), "", &mut text)?;
        found.push(text);
    }
    Ok(found)
}

/// What is in a store that has no image and no container, but for its own few files.
pub(crate) fn left(store: &Path) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    for name in OF_IMAGES {
        for entry in list(&store.join(name))? {
            // Blobs are in a directory for each algorithm.
            let entries = if name == "blobs" { list(&entry)? } else { vec![entry] };
            found.extend(entries.iter().map(|path| path.strip_prefix(store).unwrap_or(path).display().to_string()));
        }
    }
    Ok(found)
}

/// What is in a directory, if there is one.
fn list(directory: &Path) -> io::Result<Vec<std::path::PathBuf>> {
    match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        entries => {
            let mut paths = entries?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
            paths.sort();
            Ok(paths)
        }
    }
}

fn tell(directory: &Path, below: &str, text: &mut String) -> io::Result<()> {
    for path in list(directory)? {
        let name = format!("{below}/{}", path.file_name().unwrap_or_default().display());
        let kind = fs::symlink_metadata(&path)?;
        let what = if kind.is_dir() {
            "a directory".to_owned()
        } else if kind.is_symlink() {
            format!("leads to {}", fs::read_link(&path)?.display())
        } else if kind.is_file() {
            let mut bytes = Vec::new();
            fs::File::open(&path)?.read_to_end(&mut bytes)?;
            hex(&bytes)
        } else {
            "something else".to_owned()
        };
        text.push_str(&format!("{name} {what}\n"));
        if kind.is_dir() {
            tell(&path, &name, text)?;
        }
    }
    Ok(())
}
