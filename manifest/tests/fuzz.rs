//! Texts that are nearly manifests, paths, patches and quantities: nothing panics, nothing grows out of proportion.
//!
//! `FUZZ_SECONDS=600 cargo test -p manifest --test fuzz` runs each for so long, from other seeds each time; otherwise it
//! is a fixed number of rounds from fixed ones.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;

use fixtures::fuzz::{Dice, Law, PeakAlloc, rounds};
use manifest::emit::{json, yaml};
use manifest::jsonpath::{Columns, Template};
use manifest::patch::{apply, json as json_patch, merge, strategic};
use manifest::read::{Validate, read};
use manifest::text::{Budget, Content, Node, documents, ordinary, parsed};
use manifest::value::{Quantity, duration};
use serde_json::Value;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// A value takes some hundred bytes where a mapping of one letter takes six, and is there two or three times.
const LAW: Law = Law { at_least: 4 << 20, each: 1000 };

fn corpus() -> Vec<String> {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus");
    fs::read_dir(directory).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect()
}

const PIECES: [&str; 48] = [
    "\n",
    "  ",
    "- ",
    ": ",
    ":",
    "{",
    "}",
    "[",
    "]",
    ",",
    "\"",
    "'",
    "|",
    ">",
    "|+\n",
    "#",
    "&a ",
    "*a",
    "<<: *a",
    "!!str ",
    "!!int ",
    "!!binary ",
    "---\n",
    "...\n",
    "\t",
    "\\",
    "\\u",
    "\\x",
    "\u{85}",
    "\u{2028}",
    "😀",
    "~",
    "null",
    "0x",
    "1e",
    "1e999",
    "-",
    "? ",
    "%YAML 1.1\n",
    "@",
    "`",
    "\r",
    "\u{0}",
    "\u{feff}",
    "kind: List\nitems:\n",
    "$patch",
    "99999999999999999999",
    "\u{1}",
];

/// A text with pieces put in, cut out and doubled.
fn mutate(text: &str, dice: &mut Dice, pieces: &[&str]) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    for _ in 0..=dice.below(6) {
        let at = dice.below(letters.len() + 1);
        let end = (at + dice.below(20)).min(letters.len());
        match dice.below(4) {
            0 => drop(letters.splice(at..end, std::iter::empty())),
            1 => {
                let part: Vec<char> = letters[at..end].to_vec();
                letters.splice(at..at, part);
            }
            _ => {
                let piece: &&str = dice.pick(pieces);
                let piece: Vec<char> = piece.chars().collect();
                letters.splice(at..at, piece);
            }
        }
    }
    letters.into_iter().collect()
}

fn count(node: &Node) -> usize {
    1 + match &node.content {
        Content::List(list) => list.iter().map(count).sum(),
        Content::Map(map) => map.entries().iter().map(|entry| count(&entry.value)).sum(),
        _ => 0,
    }
}

/// The law that all others are held to is one.
#[test]
#[should_panic(expected = "bytes of memory for 1 of input")]
fn a_round_that_takes_more_memory_than_it_may_is_told() {
    rounds(1, &MEMORY, Law { at_least: 1000, each: 10 }, |_| {
        drop(std::hint::black_box(vec![1_u8; 1 << 20]));
        1
    });
}

#[test]
fn yaml_of_any_kind_is_read_or_refused() {
    let corpus = corpus();
    let budget = Budget { expansion: 10_000, ..Budget::default() };
    rounds(1500, &MEMORY, LAW, |dice| {
        let base: &String = dice.pick(&corpus);
        let text = mutate(base, dice, &PIECES);
        for node in documents(&text, &budget).into_iter().flatten() {
            assert!(count(&node) <= 2 * text.len() + budget.expansion + 10, "{} values of {text:?}", count(&node));
            let value = node.to_value();
            let _ = (yaml(&value), json(&value), node.locate("spec.containers[0].image"));
        }
        for written in read(&text, "m", &budget).into_iter().flatten() {
            if let Ok(mut decoded) = written.decode(Validate::Ignore) {
                decoded.object.set_defaults();
                let _ = (decoded.object.check(), manifest::check::mentions(&decoded.object));
            }
        }
        text.len()
    });
}

/// What reads ordinary documents reads what the parser does, places included, or leaves them to it.
#[test]
fn ordinary_documents_are_read_as_the_parser_reads_them() {
    const NEARLY: [&str; 20] =
        ["- ", ": ", " ", "  ", "\n", "#", " #", "[", "]", "{}", "\"", "'", ",", "a", "y", "1", "~", "-", "...", ":"];
    let corpus = corpus();
    let budget = Budget::default();
    let lines: Vec<&str> = corpus.iter().flat_map(|text| text.split_inclusive('\n')).collect();
    let (mut ordinary_ones, mut all, mut wrong) = (0_usize, 0_usize, Vec::new());
    rounds(20_000, &MEMORY, LAW, |dice| {
        let text = if dice.below(2) == 0 {
            let text: &String = dice.pick(&corpus);
            mutate(text, dice, &NEARLY)
        } else {
            (0..=dice.below(7)).map(|_| *dice.pick(&lines)).collect()
        };
        // As documents are cut.
        let text = text.split("---").next().unwrap_or_default();
        all += 1;
        if let Some(node) = ordinary(text, &budget) {
            ordinary_ones += 1;
            let parsed = parsed(text, &budget);
            if parsed != Some(Ok(node.clone())) {
                wrong.push(format!("{text:?}\n  the parser: {parsed:?}\n  we: {node:?}"));
            }
        }
        text.len()
    });
    wrong.sort_by_key(String::len);
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
    assert!(ordinary_ones * 50 > all, "{ordinary_ones} of {all}");
}

#[test]
fn paths_of_any_kind_are_followed_or_refused() {
    let templates = [
        "{.spec.containers[*].name}",
        "{range .items[*]}{.a}{'\\n'}{end}",
        "{..name}",
        "{.a[?(@.b==\"c\")].d}",
        "{.a[1:2:3]['x','y']}",
        "{.a.*}",
        "{$.b[-1]}",
        "text {.a} text",
    ];
    let pieces = [
        "{",
        "}",
        "[",
        "]",
        ".",
        "..",
        "*",
        "?(",
        ")",
        "@",
        "$",
        "'",
        "\"",
        "range ",
        "end",
        ",",
        ":",
        "-1",
        "0",
        "==",
        "<",
        "\\",
        " ",
        "\n",
        "ä",
        "[?(@.a[?(@.b)])]",
        "[*]",
        "..[*]",
    ];
    let values: Vec<Value> = corpus()
        .iter()
        .flat_map(|text| documents(text, &Budget::default()))
        .flatten()
        .map(|node| node.to_value())
        .collect();
    rounds(4000, &MEMORY, LAW, |dice| {
        let base: &&str = dice.pick(&templates);
        let text = mutate(base, dice, &pieces);
        if let Ok(template) = Template::parse(&text) {
            let value: &Value = dice.pick(&values);
            let _ = (template.print(value), template.print_json(value));
        }
        let _ = Template::relaxed(&text);
        if let Ok(columns) = Columns::parse(&format!("A:{text},B:.b")) {
            let value: &Value = dice.pick(&values);
            let _ = columns.row(value);
        }
        let _ = text.parse::<manifest::selector::Selector>();
        let _ = manifest::cron::parse(&text);
        text.len()
    });
}

#[test]
fn patches_of_any_kind_apply_or_are_refused() {
    let corpus = corpus();
    let pieces = [
        "\"$patch\": \"delete\", ",
        "\"$patch\": \"replace\", ",
        "\"$retainKeys\": [\"name\"], ",
        "\"$setElementOrder/containers\": [], ",
        "\"$deleteFromPrimitiveList/finalizers\": [], ",
        "null",
        "[]",
        "{}",
        "\"name\": ",
        "1",
        ",",
        "}",
        "]",
        "\"a\"",
    ];
    let operations = ["add", "remove", "replace", "move", "copy", "test", "nope"];
    let paths = [
        "",
        "/",
        "/spec",
        "/spec/containers",
        "/spec/containers/0",
        "/spec/containers/-",
        "/metadata/labels",
        "/metadata/labels/a~1b",
        "/a~2",
        "spec",
        "/spec/containers/00",
    ];
    rounds(1500, &MEMORY, LAW, |dice| {
        let base: &String = dice.pick(&corpus);
        let written = read(base, "m", &Budget::default()).into_iter().flatten();
        let Some(written) = written.last() else { return base.len() };
        let value = written.to_value();
        let text = mutate(&json(&value), dice, &pieces);
        if let Some(Ok(patch)) = documents(&text, &Budget::default()).into_iter().next() {
            let patch = patch.to_value();
            let _ = strategic(value.clone(), patch.clone(), written.root().of);
            let _ = merge(value.clone(), patch.clone());
            let _ = apply(Some(&patch), &value, &patch, written.root().of);
            let _ = apply(Some(&value), &patch, &value, written.root().of);
        }
        let operations: Vec<Value> = (0..dice.below(5))
            .map(|_| {
                let (op, path, from): (&&str, &&str, &&str) =
                    (dice.pick(&operations), dice.pick(&paths), dice.pick(&paths));
                serde_json::json!({ "op": op, "path": path, "from": from, "value": dice.below(3) })
            })
            .collect();
        let _ = json_patch(value, &Value::Array(operations));
        base.len() + text.len()
    });
}

#[test]
fn quantities_and_durations_of_any_kind_are_read_or_refused() {
    let pieces = [
        "1",
        "0",
        "9",
        ".",
        "-",
        "+",
        "e",
        "E",
        "Ki",
        "Mi",
        "Ei",
        "m",
        "n",
        "k",
        "99999999999999999999999999999999999999999999",
        "e999999999",
        " ",
        "ä",
        "h",
        "s",
        "µs",
    ];
    rounds(20_000, &MEMORY, LAW, |dice| {
        let text = mutate("", dice, &pieces);
        if let Ok(quantity) = text.parse::<Quantity>() {
            let shown = quantity.to_string();
            assert_eq!(shown.parse::<Quantity>(), Ok(quantity), "{text} {shown}");
            let _ = (quantity.value(), quantity.milli(), quantity.plus(quantity), quantity.to_milli());
        }
        let _ = duration(&text);
        text.len()
    });
}
