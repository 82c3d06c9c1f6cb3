//! As much of an API server as kubectl needs to know which kinds there are: it has no object and takes none, unless
//! somebody answers for it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use manifest::kind::RESOURCES;
use serde_json::{Value, json};

/// What is asked.
pub(super) struct Request {
    pub(super) method: String,
    /// Without what follows a question mark.
    pub(super) path: String,
    pub(super) query: String,
    pub(super) content_type: String,
    pub(super) body: Vec<u8>,
}

/// A line of HTTP, and an object.
pub(super) type Answer = (&'static str, Value);

/// Listens on a port of the loopback, and answers as long as the tests run.
pub(super) fn serve() -> String {
    serve_with(|_| None)
}

/// The same where somebody answers for objects.
pub(super) fn serve_with(objects: impl Fn(&Request) -> Option<Answer> + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let objects = Arc::new(objects);
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let objects = Arc::clone(&objects);
            thread::spawn(move || converse(stream, &*objects));
        }
    });
    address
}

/// Answers requests until the other has no more of them.
fn converse(mut stream: TcpStream, objects: &dyn Fn(&Request) -> Option<Answer>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let (mut line, mut length, mut content_type) = (String::new(), 0, String::new());
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).ok().filter(|read| *read > 0)?;
            let header = header.trim_end().to_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length: ") {
                length = value.parse().ok()?;
            }
            if let Some(value) = header.strip_prefix("content-type: ") {
                value.clone_into(&mut content_type);
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let mut words = line.split(' ').map(str::to_owned);
        let (method, target) = (words.next()?, words.next()?);
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let request = Request { method, path: path.to_owned(), query: query.to_owned(), content_type, body };
        let (code, body) = objects(&request).unwrap_or_else(|| answer(path));
        let body = body.to_string();
        let head =
            format!("HTTP/1.1 {code}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).ok()?;
    }
}

fn answer(path: &str) -> (&'static str, Value) {
    let group = |name: &str| {
        let version = json!({ "groupVersion": format!("{name}/v1"), "version": "v1" });
        json!({ "name": name, "versions": [version], "preferredVersion": version })
    };
    let body = match path {
        "/api" => json!({ "kind": "APIVersions", "versions": ["v1"] }),
        "/apis" => json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": [group("apps"), group("batch")] }),
        "/api/v1" => resources("", "v1"),
        "/apis/apps/v1" => resources("apps", "apps/v1"),
        "/apis/batch/v1" => resources("batch", "batch/v1"),
        "/version" => json!({ "major": "1", "minor": "35", "gitVersion": "v1.35.0" }),
        "/openapi/v3" => {
            let paths = ["api/v1", "apis/apps/v1", "apis/batch/v1"]
                .map(|path| (path.to_owned(), json!({ "serverRelativeURL": format!("/openapi/v3/{path}") })));
            json!({ "paths": paths.into_iter().collect::<serde_json::Map<_, _>>() })
        }
        path if path.starts_with("/openapi/v3/") => super::schemas::document(),
        _ => {
            let missing = json!({
                "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": "not found",
                "reason": "NotFound", "details": {}, "code": 404,
            });
            return ("404 Not Found", missing);
        }
    };
    ("200 OK", body)
}

fn resources(group: &str, version: &str) -> Value {
    let verbs = ["create", "delete", "get", "list", "patch", "update", "watch"];
    let of: Vec<Value> = RESOURCES
        .iter()
        .filter(|resource| resource.group() == group)
        .map(|it| {
            json!({
                "name": it.plural, "singularName": it.singular, "namespaced": it.namespaced, "kind": it.kind,
                "verbs": verbs, "shortNames": it.short,
            })
        })
        .collect();
    json!({ "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": of })
}
