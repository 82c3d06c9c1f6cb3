//! The rooms of a crate import in one direction: read from the `use` lines.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use libtest_mimic::Trial;

use crate::house::workspace;
use crate::trial::trial;

pub(crate) fn trials() -> Vec<Trial> {
    let of = |name: &'static str| {
        trial(&format!("rooms::of_{name}_import_in_one_direction"), &[], move || {
            let circle = circle(&graph(&workspace().join(name).join("src")));
            assert!(circle.is_none(), "{name}: {}", circle.unwrap().join(" -> "));
        })
    };
    [
        "pause",
        "reaper",
        "launch",
        "registry",
        "network",
        "nsjoin",
        "container",
        "image",
        "pod",
        "manifest",
        "fixtures",
        "faults",
        "xtask",
    ]
    .map(of)
    .into_iter()
    .chain([
        trial("rooms::a_circle_is_seen", &[], seen),
        trial("rooms::what_only_decides_touches_nothing", &[], pure),
        trial("rooms::what_touches_something_is_seen", &[], impure),
    ])
    .collect()
}

/// Which room imports which: a file and the directory beside it are one.
type Graph = BTreeMap<String, BTreeSet<String>>;

fn graph(source: &Path) -> Graph {
    let mut graph = Graph::new();
    let root = ["lib.rs", "main.rs"].map(|name| fs::read_to_string(source.join(name)).unwrap_or_default()).concat();
    // What the crate shows under another name is the room's that it comes from.
    let shown: BTreeMap<_, _> = statements(&root, "pub use ").iter().flat_map(|text| shown(text)).collect();
    walk(source, &mut |path| {
        let room = path.strip_prefix(source).unwrap().components().next().unwrap().as_os_str().to_str().unwrap();
        let room = room.trim_end_matches(".rs").to_owned();
        // The roots put the rooms together, and tests look into all of them.
        if room == "lib" || room == "main" || path.ends_with("tests.rs") {
            return;
        }
        let text = fs::read_to_string(path).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap();
        let imports = statements(text, "use crate::").into_iter().flat_map(|text| first_names(&text));
        let imports = imports.map(|name| shown.get(&name).cloned().unwrap_or(name)).filter(|name| *name != room);
        graph.entry(room.clone()).or_default().extend(imports);
    });
    graph
}

fn walk(directory: &Path, call: &mut impl FnMut(&Path)) {
    for entry in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            walk(&entry, call);
        } else {
            call(&entry);
        }
    }
}

/// What stands between this at the beginning of a line and the semicolon.
fn statements(text: &str, start: &str) -> Vec<String> {
    let lines = text.match_indices(start).filter(|(at, _)| *at == 0 || text.as_bytes()[at - 1] == b'\n');
    lines.filter_map(|(at, _)| text[at + start.len()..].split_once(';').map(|(inside, _)| inside.to_owned())).collect()
}

/// The first names in `a::b` and in `{a::b, c::{d, e}}`.
fn first_names(text: &str) -> Vec<String> {
    let inside = text.trim().strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text);
    let mut depth = 0_usize;
    let parts = inside.split(|letter| {
        depth = match letter {
            '{' => depth + 1,
            '}' => depth.saturating_sub(1),
            _ => depth,
        };
        letter == ',' && depth == 0
    });
    let names = parts.map(|part| part.trim().split([':', ' ']).next().unwrap().to_owned());
    names.filter(|name| !name.is_empty()).collect()
}

/// Of `room::{A, B}`: that A and B are the room's.
fn shown(text: &str) -> Vec<(String, String)> {
    let Some((room, names)) = text.split_once("::") else { return Vec::new() };
    first_names(names).into_iter().map(|name| (name, room.to_owned())).collect()
}

/// A way from a room back to itself.
fn circle(graph: &Graph) -> Option<Vec<String>> {
    fn follow(graph: &Graph, way: &mut Vec<String>) -> Option<Vec<String>> {
        let here = way.last()?.clone();
        for next in graph.get(&here)? {
            let begins = way.iter().position(|room| room == next);
            way.push(next.clone());
            if let Some(begins) = begins {
                return Some(way[begins..].to_vec());
            }
            if let Some(circle) = follow(graph, way) {
                return Some(circle);
            }
            way.pop();
        }
        None
    }
    graph.keys().find_map(|room| follow(graph, &mut vec![room.clone()]))
}

/// What only decides: told everything, and asked for everything.
const PURE: [&str; 11] = [
    "network/src/zone.rs",
    "network/src/zone",
    "container/src/plan.rs",
    "container/src/plan",
    "pod/src/compile.rs",
    "pod/src/compile",
    "pod/src/machine.rs",
    "pod/src/machine",
    "pod/src/status.rs",
    "pod/src/status",
    "manifest/src",
];

/// What nobody says who only decides.
const EFFECTS: [&str; 14] = [
    "std::fs",
    "std::process",
    "std::env",
    "std::thread",
    "std::os::fd",
    "TcpStream",
    "UnixStream",
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
    "use nix",
    "use rustix",
    "tokio::",
    "libc::",
];

fn touches(text: &str) -> Option<&'static str> {
    let text = text.split("#[cfg(test)]").next().unwrap();
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    EFFECTS.into_iter().find(|effect| code.contains(effect))
}

fn pure() {
    for room in PURE.map(|room| workspace().join(room)) {
        let mut look = |path: &Path| {
            if path.ends_with("tests.rs") {
                return;
            }
            let found = touches(&fs::read_to_string(path).unwrap());
            assert_eq!(found, None, "{}", path.display());
        };
        if room.is_dir() {
            walk(&room, &mut look);
        } else {
            look(&room);
        }
    }
}

fn impure() {
    assert_eq!(touches("use std::fs;\n"), Some("std::fs"));
    assert_eq!(touches("let now = std::time::Instant::now();"), Some("Instant::now"));
    assert_eq!(touches("// std::fs is not used\nuse std::net::IpAddr;\n#[cfg(test)]\nuse std::fs;\n"), None);
}

fn seen() {
    let graph = |pairs: &[(&str, &str)]| -> Graph {
        let mut graph = Graph::new();
        for (room, imports) in pairs {
            graph.entry((*room).to_owned()).or_default().extend(first_names(imports));
        }
        graph
    };
    assert_eq!(circle(&graph(&[("a", "{b::X, c::{Y, Z}}"), ("b", "c")])), None);
    let found = circle(&graph(&[("a", "b::X"), ("b", "{c, d}"), ("c", "b::{self, Y}")])).unwrap();
    assert_eq!(found, ["b", "c", "b"]);
}
