//! A registry on this machine that answers nearly as it should, and an auth file that is nearly one.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use fixtures::fuzz::{Dice, Law, mutate, rounds};
use image::digest::Algorithm;
use image::reference::Typed;
use image::remote::{Patience, Remote, Settings, Verify};
use image::{Platform, Store};

use crate::MEMORY;

/// A connection has buffers, a document four mebibytes at most.
const LAW: Law = Law { at_least: 16 << 20, each: 64 };

const PIECES: [&[u8]; 24] = [
    b"\r\n",
    b"\n",
    b":",
    b"\"",
    b"{",
    b"}",
    b"[",
    b"]",
    b"null",
    b"-1",
    b"99999999999999999999",
    b"sha256:",
    b"bytes 0-1/2",
    b"bytes ",
    b"Content-Length: 7\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"WWW-Authenticate: Bearer realm=\"",
    b",scope=",
    b"Location: /v2/\r\n",
    b"HTTP/1.1 200 OK\r\n",
    b"\0",
    b"\xff",
    b"\"errors\":[{\"code\":\"",
    b"Content-Encoding: gzip\r\n",
];

const STATUS: [u16; 16] = [200, 200, 200, 200, 200, 200, 206, 301, 307, 400, 401, 403, 404, 416, 429, 503];

const AUTH: &str = r#"{"auths":{"HOST":{"auth":"dXNlcjpwYXNz"},"HOST/a":{"username":"u","password":"p"},"x":{"identitytoken":"t"}},"credHelpers":{"y":"none"},"credsStore":""}"#;

/// What it has, and how it is to answer.
struct Registry {
    host: String,
    layer: Vec<u8>,
    config: Vec<u8>,
    manifest: Vec<u8>,
    seed: AtomicU64,
    given: AtomicUsize,
}

impl Registry {
    fn start() -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let host = listener.local_addr().expect("an address").to_string();
        let layer = vec![0; 1024];
        let digest = |bytes: &[u8]| Algorithm::Sha256.digest(bytes).to_string();
        let here = Platform::here();
        let config = format!(
            r#"{{"os":"{}","architecture":"{}","rootfs":{{"type":"layers","diff_ids":["{}"]}}}}"#,
            here.os(),
            here.architecture(),
            digest(&layer)
        );
        let blob = |kind: &str, bytes: &[u8]| {
            let (digest, size) = (digest(bytes), bytes.len());
            format!(r#"{{"mediaType":"application/vnd.oci.image.{kind}","digest":"{digest}","size":{size}}}"#)
        };
        let (of_config, of_layer) = (blob("config.v1+json", config.as_bytes()), blob("layer.v1.tar", &layer));
        let manifest = format!(r#"{{"schemaVersion":2,"config":{of_config},"layers":[{of_layer}]}}"#);
        let registry = Arc::new(Self {
            host,
            layer,
            config: config.into_bytes(),
            manifest: manifest.into_bytes(),
            seed: AtomicU64::new(0),
            given: AtomicUsize::new(0),
        });
        let server = Arc::clone(&registry);
        // It ends with the program.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = Arc::clone(&server);
                thread::spawn(move || server.serve(&stream));
            }
        });
        registry
    }

    /// Answers until the other side has enough, or it has said something that ends a connection.
    fn serve(&self, stream: &TcpStream) {
        let _slow_ones_are_left = stream.set_read_timeout(Some(Duration::from_secs(2)));
        let mut lines = BufReader::new(stream);
        loop {
            // A client that speaks TLS is told by silence that we do not.
            match lines.fill_buf() {
                Ok([first, ..]) if first.is_ascii_uppercase() => {}
                _ => return,
            }
            let mut request = String::new();
            loop {
                let before = request.len();
                match lines.read_line(&mut request) {
                    Ok(1..) if request[before..].trim().is_empty() => break,
                    Ok(1..) => {}
                    _ => return,
                }
            }
            let answer = self.answer(&request);
            self.given.fetch_add(answer.len(), Ordering::Relaxed);
            let mut stream = stream;
            // Of one that goes on nobody knows whether it has said all: that is waited for, and is not tried often.
            if stream.write_all(&answer).is_err() || !answer.len().is_multiple_of(16) {
                return;
            }
        }
    }

    fn answer(&self, request: &str) -> Vec<u8> {
        let path = request.split(' ').nth(1).unwrap_or_default();
        let mut hasher = DefaultHasher::new();
        (self.seed.load(Ordering::Relaxed), path, request.contains("uthorization"), request.contains("ange:"))
            .hash(&mut hasher);
        let dice = &mut Dice::of(hasher.finish());
        let (kind, mut body) = match path {
            path if path.contains("/manifests/") => {
                ("application/vnd.oci.image.manifest.v1+json", self.manifest.clone())
            }
            path if path.contains("/blobs/") && path.ends_with(&self.digest(&self.config)) => {
                ("application/json", self.config.clone())
            }
            path if path.contains("/blobs/") => ("application/octet-stream", self.layer.clone()),
            path if path.contains("token") => ("application/json", br#"{"token":"t","expires_in":60}"#.to_vec()),
            _ => ("application/json", br#"{"errors":[{"code":"UNAUTHORIZED","message":"who"}]}"#.to_vec()),
        };
        let status = if dice.once_in(2) { 200 } else { *dice.pick(&STATUS) };
        if dice.once_in(4) {
            mutate(&mut body, dice, &PIECES);
        }
        let mut head = format!("HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n", body.len());
        match status {
            401 => head += &format!("WWW-Authenticate: Bearer realm=\"http://{}/token\",service=\"s\"\r\n", self.host),
            301 | 307 => {
                head += &format!(
                    "Location: {}\r\n",
                    dice.pick(&["/v2/a/b/manifests/x", "", "//", "http://127.0.0.1:1/", "x:y"])
                )
            }
            206 | 416 => {
                head += &format!("Content-Range: bytes {}-{}/{}\r\n", dice.below(3), dice.below(2000), dice.below(2000))
            }
            // Nobody is to wait for long.
            429 | 503 => {
                head += &format!("Retry-After: {}\r\n", dice.pick(&["0", "x", "-1", "Sun, 06 Nov 1994 08:49:37 GMT"]))
            }
            _ => {}
        }
        let mut answer = [head.as_bytes(), b"\r\n", &body].concat();
        if dice.once_in(4) {
            mutate(&mut answer, dice, &PIECES);
        }
        answer
    }

    fn digest(&self, bytes: &[u8]) -> String {
        Algorithm::Sha256.digest(bytes).to_string()
    }
}

fn auth_file(place: &Path, host: &str, dice: &mut Dice) -> std::path::PathBuf {
    let mut bytes = AUTH.replace("HOST", host).into_bytes();
    if dice.once_in(2) {
        mutate(&mut bytes, dice, &PIECES);
    }
    let path = place.join("auth.json");
    fs::write(&path, bytes).expect("room");
    path
}

#[test]
fn whatever_a_registry_answers_a_name_means_a_whole_image_or_nothing() {
    let registry = Registry::start();
    let patience = Patience { silence: Duration::from_millis(300), retries: 1, pause: Duration::from_millis(1) };
    let mut pulled = 0;
    rounds(60, &MEMORY, LAW, |dice| {
        registry.seed.store(dice.below(usize::MAX) as u64, Ordering::Relaxed);
        registry.given.store(0, Ordering::Relaxed);
        let place = tempfile::tempdir().expect("a directory");
        let store = Store::open(&place.path().join("store")).expect("a store");
        let Ok(settings) = Settings::of_this_user(Some(auth_file(place.path(), &registry.host, dice))) else {
            return 0;
        };
        let remote = Remote::new(settings, Verify::Configured, patience, None);
        let name = Typed::parse(&format!("{}/a/b:x", registry.host)).expect("a name");
        let outcome = remote.pull(&store, &name, &Platform::here(), &|_| {});
        let told = outcome.as_ref().map_err(ToString::to_string);
        let known = store.references().expect("readable");
        assert_eq!(known.len(), usize::from(outcome.is_ok()), "{told:?}");
        if let Ok(outcome) = outcome {
            // What has its digest is what the registry has, or what it said in its place, and is whole.
            let image = store.image(&outcome.manifest, &Platform::here()).expect("an image");
            assert!(image.layers.iter().all(|layer| store.whole(&layer.blob).is_ok()));
            pulled += 1;
        }
        registry.given.load(Ordering::Relaxed)
    });
    assert!(pulled > 0, "no answer was good enough");
}
