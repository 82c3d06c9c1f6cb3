//! As much of an API server as kubectl needs to know which kinds there are: it has no object and takes none.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use manifest::kind::RESOURCES;
use serde_json::{Value, json};

/// Listens on a port of the loopback, and answers as long as the tests run.
pub(super) fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || converse(stream));
        }
    });
    address
}

/// Answers requests until the other has no more of them.
fn converse(mut stream: TcpStream) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let (mut request, mut length) = (String::new(), 0);
        reader.read_line(&mut request).ok().filter(|read| *read > 0)?;
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
        }
        reader.read_exact(&mut vec![0; length]).ok()?;
        let path = request.split(' ').nth(1)?.split('?').next()?;
        let (code, body) = answer(path);
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
