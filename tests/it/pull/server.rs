//! A registry that does what it is told to: well-behaved but for what a test wants.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::layout::{Layout, MANIFEST};

/// A request, as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) authorization: Option<String>,
    pub(crate) range: Option<String>,
    pub(crate) body: String,
    /// How often this path was asked for before.
    pub(crate) before: usize,
}

impl Seen {
    pub(crate) fn is_blob(&self, digest: &str) -> bool {
        self.path.ends_with(&format!("/blobs/{digest}"))
    }

    pub(crate) fn is_manifest(&self) -> bool {
        self.path.contains("/manifests/")
    }
}

/// What to do with a request.
pub(crate) enum Act {
    /// As a registry would.
    Serve,
    /// As one that does not know of ranges.
    Whole,
    /// The first so many bytes of what it should be, and then nobody is there any more.
    Cut(usize),
    /// A status, further headers and a body.
    Answer(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// These bytes, and nothing else.
    Raw(Vec<u8>),
    /// So many bytes of what it should be, and then nothing, while the other side is there.
    Stall(usize),
}

/// What a test has a server do.
type Handler = dyn Fn(&Seen) -> Act + Send + Sync;

pub(crate) struct Server {
    pub(crate) port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
    stop: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves an image under any name, but for what this wants otherwise.
    pub(crate) fn new(layout: &Layout, handler: impl Fn(&Seen) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (seen, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (layout, handler): (_, Arc<Handler>) = (Arc::new(layout.clone()), Arc::new(handler));
        let accepting = {
            let (seen, stop) = (Arc::clone(&seen), Arc::clone(&stop));
            thread::spawn(move || {
                for stream in listener.incoming().map_while(Result::ok) {
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    let (layout, handler, seen, stop) =
                        (Arc::clone(&layout), Arc::clone(&handler), Arc::clone(&seen), Arc::clone(&stop));
                    thread::spawn(move || converse(stream, &layout, &*handler, &seen, &stop));
                }
            })
        };
        Self { port, seen, stop, accepting: Some(accepting) }
    }

    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// `HOST/team/app:v1`.
    pub(crate) fn image(&self) -> String {
        format!("{}/team/app:v1", self.host())
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The requests for a blob.
    pub(crate) fn asked_for(&self, digest: &str) -> Vec<Seen> {
        self.seen().into_iter().filter(|seen| seen.is_blob(digest)).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // It waits for somebody to come.
        let _woken = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(accepting) = self.accepting.take() {
            let _ended = accepting.join();
        }
    }
}

fn converse(mut stream: TcpStream, layout: &Layout, handler: &Handler, log: &Mutex<Vec<Seen>>, stop: &AtomicBool) {
    let Some(mut seen) = hear(&stream) else { return };
    {
        let mut log = log.lock().unwrap();
        seen.before = log.iter().filter(|other| other.path == seen.path).count();
        log.push(seen.clone());
    }
    let act = handler(&seen);
    let (status, headers, body) = match &act {
        Act::Answer(status, headers, body) => (*status, headers.clone(), body.clone()),
        Act::Whole => proper(layout, &Seen { range: None, ..seen }),
        Act::Raw(bytes) => {
            let _gone = stream.write_all(bytes);
            return;
        }
        Act::Serve | Act::Cut(_) | Act::Stall(_) => proper(layout, &seen),
    };
    let mut head = format!("HTTP/1.1 {status} Told\r\nConnection: close\r\n");
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-length") || *name == "No-Length") {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
    let sent = match act {
        Act::Cut(count) | Act::Stall(count) => &body[..count.min(body.len())],
        _ => &body,
    };
    // Whoever asked may have had enough.
    let _gone = stream.write_all(format!("{head}\r\n").as_bytes()).and_then(|()| stream.write_all(sent));
    if matches!(act, Act::Stall(_)) {
        stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        // A read that timed out is nobody who went away.
        while !stop.load(Ordering::SeqCst) && !matches!(stream.read(&mut [0]), Ok(0)) {}
    }
}

/// A request; `None` of who speaks TLS, or nothing.
fn hear(stream: &TcpStream) -> Option<Seen> {
    let mut lines = BufReader::new(stream);
    if lines.fill_buf().ok()?.first()? == &0x16 {
        return None;
    }
    let mut line = || {
        let mut text = String::new();
        lines.read_line(&mut text).ok()?;
        Some(text.trim_end().to_owned())
    };
    let first = line()?;
    let mut words = first.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut seen = Seen { method, path, authorization: None, range: None, body: String::new(), before: 0 };
    let mut length = 0;
    loop {
        let header = line()?;
        let Some((name, value)) = header.split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "authorization" => seen.authorization = Some(value.to_owned()),
            "range" => seen.range = Some(value.to_owned()),
            "content-length" => length = value.parse().ok()?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    lines.read_exact(&mut body).ok()?;
    seen.body = String::from_utf8(body).ok()?;
    Some(seen)
}

type Answer = (u16, Vec<(&'static str, String)>, Vec<u8>);

/// What a registry would say.
fn proper(layout: &Layout, seen: &Seen) -> Answer {
    let path = seen.path.split('?').next().unwrap();
    if path == "/v2/" {
        return (200, Vec::new(), b"{}".to_vec());
    }
    if let Some((_, name)) = path.split_once("/manifests/") {
        let digest = if name.starts_with("sha256:") { name } else { &layout.top };
        let Some(bytes) = layout.blobs.get(digest) else { return missing("MANIFEST_UNKNOWN") };
        let media_type = if digest == layout.top { layout.media_type } else { MANIFEST };
        let headers = vec![("Content-Type", media_type.to_owned()), ("Docker-Content-Digest", digest.to_owned())];
        return (200, headers, bytes.clone());
    }
    let blob = path.split_once("/blobs/").and_then(|(_, digest)| layout.blobs.get(digest));
    let Some(bytes) = blob else { return missing("BLOB_UNKNOWN") };
    let Some(range) = &seen.range else { return (200, Vec::new(), bytes.clone()) };
    // An open range is refused, as some registries do.
    let (first, last) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
    let Ok(last) = last.parse::<usize>() else { return (416, Vec::new(), Vec::new()) };
    let first: usize = first.parse().unwrap();
    let whole = bytes.len();
    if first >= whole {
        return (416, vec![("Content-Range", format!("bytes */{whole}"))], Vec::new());
    }
    let last = last.min(whole - 1);
    (206, vec![("Content-Range", format!("bytes {first}-{last}/{whole}"))], bytes[first..=last].to_vec())
}

fn missing(code: &str) -> Answer {
    (404, Vec::new(), format!(r#"{{"errors":[{{"code":"{code}","message":"not known"}}]}}"#).into_bytes())
}
