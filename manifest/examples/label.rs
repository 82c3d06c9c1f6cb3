//! `kubectl label --local -f FILE KEY=VALUE --dry-run=client -o yaml`, as a program of its own: reads, labels, prints.

use std::io::Write as _;
use std::process::ExitCode;
use std::{env, fs, io};

use manifest::emit::yaml;
use manifest::read::read;
use manifest::text::Budget;
use serde_json::{Value, json};

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let [file, pair] = words.as_slice() else { return usage() };
    let Some((key, value)) = pair.split_once('=') else { return usage() };
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => return fail(&format!("read {file}: {error}")),
    };
    let mut out = io::BufWriter::new(io::stdout().lock());
    for written in read(&text, file, &Budget::default()) {
        let mut object = match written {
            Ok(written) => written.to_value(),
            Err(error) => return fail(&error.to_string()),
        };
        if !object["metadata"]["labels"].is_object() {
            object["metadata"]["labels"] = json!({});
        }
        object["metadata"]["labels"][key] = Value::from(value);
        if let Err(error) = out.write_all(yaml(&object).as_bytes()) {
            return fail(&format!("write: {error}"));
        }
    }
    match out.flush() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("write: {error}")),
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: label FILE KEY=VALUE");
    ExitCode::from(2)
}

fn fail(trouble: &str) -> ExitCode {
    eprintln!("error: {trouble}");
    ExitCode::FAILURE
}
