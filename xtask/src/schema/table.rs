//! The table that `manifest` reads, patches and explains by.

use std::fmt::Write as _;

use super::extract::usual;
use super::facts::{Expr, Facts, Field, ROOTS};
use super::words::{Words, of_field};

pub(crate) fn write(facts: &Facts, words: &Words) -> String {
    let mut code = String::from(
        "//! Every type and field of the kinds that are read. Written by `cargo xtask schema`.\n\n\
         use super::{Holds, Root, Strategy, Support, Type, field};\n\n",
    );
    let _ = writeln!(code, "pub(super) static ROOTS: [Root; {}] = [", ROOTS.len());
    for (kind, version) in ROOTS {
        let _ = writeln!(code, "Root {{ kind: {kind:?}, api_version: {version:?}, of: &{} }},", constant(kind));
    }
    code.push_str("];\n\n");
    let _ = writeln!(code, "pub(super) static TYPES: [&Type; {}] = [", facts.len());
    for name in facts.keys() {
        let _ = writeln!(code, "&{},", constant(name));
    }
    code.push_str("];\n\n");
    for (name, fields) in facts {
        let word = &words[name].0;
        let _ = writeln!(
            code,
            "static {}: Type = Type {{ name: {name:?}, help: {:?}, fields: &[",
            constant(name),
            word.help
        );
        for field in fields {
            write_field(&mut code, name, field, words);
        }
        code.push_str("] };\n\n");
    }
    code
}

fn write_field(code: &mut String, of: &str, field: &Field, words: &Words) {
    let word = of_field(words, of, &field.name);
    let go = field.go.clone().unwrap_or_else(|| usual(&field.expr));
    let _ = write!(
        code,
        "field({:?}, {}, {go:?}, Support::{}, {:?}, {:?})",
        field.name,
        holds(&field.expr),
        word.support.name(),
        word.help,
        word.reason,
    );
    if field.required {
        code.push_str(".required()");
    }
    if let Some(key) = &field.merge_key {
        let _ = write!(code, ".key({key:?})");
    }
    match field.strategy.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["merge"] => code.push_str(".patched(Strategy::Merge)"),
        ["retainKeys"] => code.push_str(".patched(Strategy::RetainKeys)"),
        ["merge", "retainKeys"] => code.push_str(".patched(Strategy::MergeRetainKeys)"),
        _ => {}
    }
    if let Some(within) = &field.inline {
        let _ = write!(code, ".within({within:?})");
    }
    code.push_str(",\n");
}

fn holds(expr: &Expr) -> String {
    match expr {
        Expr::Plain(word) => match word.as_str() {
            "string" => "Holds::Text".to_owned(),
            "int32" => "Holds::Int32".to_owned(),
            "int64" => "Holds::Int64".to_owned(),
            "bool" => "Holds::Bool".to_owned(),
            "bytes" => "Holds::Bytes".to_owned(),
            "time" => "Holds::Time".to_owned(),
            "quantity" => "Holds::Quantity".to_owned(),
            "intorstring" => "Holds::IntOrString".to_owned(),
            _ => "Holds::Any".to_owned(),
        },
        Expr::List(of) => format!("Holds::List(&{})", holds(of)),
        Expr::Map(of) => format!("Holds::Map(&{})", holds(of)),
        Expr::Type(name) => format!("Holds::Type(&{})", constant(name)),
    }
}

fn constant(name: &str) -> String {
    super::kinds::snake(name).to_uppercase()
}
