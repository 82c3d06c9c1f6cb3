//! What holds of every value: written and read it is the same, merged with itself it is the same.
#![allow(clippy::unwrap_used, missing_docs)]

use manifest::emit::{compact, json, yaml};
use manifest::patch::{apply, json as json_patch, merge, strategic};
use manifest::schema::{Holds, Root, Type, roots};
use manifest::text::{Budget, documents};
use manifest::value::Quantity;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value, json as value};

/// Texts of every sort, and those that look like something else.
fn text() -> impl Strategy<Value = String> {
    let odd = select(vec![
        "",
        " ",
        "yes",
        "no",
        "~",
        "null",
        "0644",
        "1e3",
        "1_000",
        "0x1f",
        "12:30",
        "2001-01-01",
        "<<",
        "=",
        "---",
        "--- a",
        "...",
        "- a",
        "a: b",
        "a #b",
        "#a",
        "*a",
        "&a",
        "!a",
        "@a",
        "`a",
        "%a",
        "|",
        ">",
        "a\nb",
        "a\n",
        "\n",
        "\n\n",
        " a\nb",
        "a \nb",
        "\ta",
        "a\tb\nc",
        "'",
        "\"",
        "\\",
        "a\r\nb",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
        "\u{fffe}",
        "\u{1}",
        "\u{7f}",
        "😀",
        "ä",
        ".inf",
        "-",
        "?",
        ":",
        "a:",
        ":a",
        "[",
        "{",
        "}",
        ",",
        "+1",
        ".5",
        "0b1",
        "0o7",
        "1.",
        "-0",
    ]);
    prop_oneof![
        3 => odd.prop_map(str::to_owned),
        3 => "[a-zA-Z0-9 .:#'\"\\n-]{0,30}",
        1 => any::<String>(),
        1 => "([a-z]{1,12} ){8,30}[a-z]{0,3}",
        1 => "[\\PC\\n\\t]{0,120}",
    ]
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        // Nothing has no sign once it is read.
        1 => any::<f64>().prop_filter("JSON has no others", |number| number.is_finite()).prop_map(|number| Value::from(number + 0.0)),
        1 => (-1_000_000_i64..1_000_000).prop_map(|number| {
            #[allow(clippy::cast_precision_loss)]
            let number = number as f64 / 1000.0;
            Value::from(number)
        }),
        4 => text().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(text(), inner, 0..6).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

/// Numbers by value, everything else as it is.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

fn read(text: &str) -> Value {
    let mut found = documents(text, &Budget::default());
    assert_eq!(found.len(), 1, "{text:?}");
    found.remove(0).unwrap_or_else(|error| panic!("{error} in {text:?}")).to_value()
}

/// A value of a type, of some of its fields, chosen by what is left of the seeds.
fn of_type(of: &'static Type, seeds: &mut Vec<Index>, depth: usize) -> Value {
    let mut object = Map::new();
    for field in of.fields {
        let Some(seed) = seeds.pop() else { break };
        let wanted = if depth == 0 { 2 } else { 3 };
        if seed.index(wanted) == 0 && depth < 7 {
            object.insert(field.name.to_owned(), of_holds(&field.holds, field.merge_key, seeds, depth));
        }
    }
    Value::Object(object)
}

fn of_holds(holds: &'static Holds, key: Option<&str>, seeds: &mut Vec<Index>, depth: usize) -> Value {
    let seed = seeds.pop().map_or(0, |seed| seed.index(1000));
    match holds {
        Holds::Text | Holds::Time => value!(format!("t{seed}")),
        Holds::Bytes => value!("eA=="),
        Holds::Int32 | Holds::Int64 | Holds::IntOrString => value!(seed),
        Holds::Bool => value!(seed.is_multiple_of(2)),
        Holds::Quantity => value!(format!("{seed}Mi")),
        Holds::Any => value!({}),
        Holds::Map(of) => value!({ format!("k{seed}"): of_holds(of, None, seeds, depth + 1) }),
        Holds::Type(of) => of_type(of, seeds, depth + 1),
        Holds::List(of) => (0..seed % 4)
            .map(|number| {
                let mut element = of_holds(of, None, seeds, depth + 1);
                match (key, &mut element) {
                    // Elements that are merged are told apart by their key.
                    (Some(key), Value::Object(object)) => {
                        object.insert(key.to_owned(), value!(format!("{number}")));
                    }
                    (None, Value::String(text)) => *text = format!("{number}"),
                    _ => {}
                }
                element
            })
            .collect(),
    }
}

fn object() -> impl Strategy<Value = (&'static Root, Value)> {
    let seeds = prop::collection::vec(any::<Index>(), 50..400);
    (select(roots().iter().collect::<Vec<_>>()), seeds)
        .prop_map(|(root, mut seeds)| (root, of_type(root.of, &mut seeds, 0)))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_as_yaml_reads_the_same(value in any_value()) {
        // A document that is nothing is no document.
        let value = value!({ "v": value });
        let text = yaml(&value);
        let again = read(&text);
        prop_assert!(same(&again, &value), "{text}\n{again}\n{value}");
        // And it is written the same again.
        prop_assert_eq!(yaml(&again), text);
    }

    #[test]
    fn what_is_written_as_json_reads_the_same(value in any_value()) {
        let value = value!({ "v": value });
        for text in [json(&value), compact(&value)] {
            prop_assert!(same(&read(&text), &value), "{text}");
            prop_assert!(serde_json::from_str::<Value>(&text).is_ok(), "{text}");
        }
    }

    #[test]
    fn applying_the_same_again_changes_nothing((root, object) in object()) {
        prop_assert_eq!(&apply(Some(&object), &object, &object, root.of), &object);
        prop_assert_eq!(&apply(None, &object, &object, root.of), &object);
        // What somebody else set stays, however often it is applied.
        let mut there = object.clone();
        there["metadata"] = value!({ "labels": { "set-by": "others" } });
        let once = apply(Some(&object), &object, &there, root.of);
        prop_assert_eq!(&apply(Some(&object), &object, &once, root.of), &once);
        prop_assert_eq!(&once["metadata"]["labels"]["set-by"], "others");
    }

    #[test]
    fn a_patch_with_itself_is_itself((root, object) in object()) {
        prop_assert_eq!(&strategic(object.clone(), object.clone(), root.of).unwrap(), &object);
        prop_assert_eq!(&strategic(value!({}), object.clone(), root.of).unwrap(), &object);
        prop_assert_eq!(&strategic(object.clone(), value!({}), root.of).unwrap(), &object);
        prop_assert_eq!(&merge(object.clone(), object.clone()), &object);
        prop_assert_eq!(&json_patch(object.clone(), &value!([])).unwrap(), &object);
    }

    #[test]
    fn quantities_round_trip(number in any::<i64>(), fraction in 0_u32..1_000_000_000, suffix in select(vec!["", "n", "u", "m", "k", "M", "G", "T", "Ki", "Mi", "Gi", "e3", "E-2"])) {
        let Ok(quantity) = format!("{number}.{fraction:09}{suffix}").parse::<Quantity>() else { return Ok(()) };
        let shown = quantity.to_string();
        let again: Quantity = shown.parse().unwrap();
        prop_assert_eq!(again, quantity, "{}", shown);
        prop_assert_eq!(again.to_string(), shown);
        prop_assert!(quantity.milli() <= quantity.value().saturating_mul(1000));
    }
}
