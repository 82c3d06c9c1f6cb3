//! How objects are shown: `-o`, and what kubectl prints for it.

use std::fmt::Write as _;
use std::io::{IsTerminal, stdout};

use clap::Args;
use manifest::emit;
use manifest::jsonpath::{Columns, Template};
use manifest::text::Node;
use serde_json::Value;

use crate::answer::Complaint;
use crate::input;

/// How to show objects.
#[derive(Args, Clone, Debug)]
pub(crate) struct Shape {
    /// How to show it: json, yaml, kyaml, name, jsonpath=TEMPLATE, jsonpath-as-json=TEMPLATE or jsonpath-file=FILE
    #[arg(short, long, value_name = "FORMAT", default_value = "", hide_default_value = true)]
    output: String,

    /// The template, where -o is jsonpath without one, or the file of it
    #[arg(long, value_name = "TEMPLATE", default_value = "", hide_default_value = true)]
    template: String,

    /// Keep metadata.managedFields in YAML and JSON
    #[arg(long)]
    show_managed_fields: bool,

    /// Whether a template may name what is not there
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = true,
          default_missing_value = "true", action = clap::ArgAction::Set, hide_default_value = true)]
    allow_missing_template_keys: bool,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            output: String::new(),
            template: String::new(),
            show_managed_fields: false,
            allow_missing_template_keys: true,
        }
    }
}

/// How objects are shown, understood.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Printer {
    format: Format,
    keep_managed: bool,
    /// Whether it is read by a terminal, which would obey what others wrote.
    obeyed: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Format {
    /// `pod/web created`.
    Line,
    Name,
    Json,
    Yaml,
    Kyaml,
    Path {
        template: Template,
        text: String,
        as_json: bool,
    },
}

/// An object, and what was done to it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Made {
    pub(crate) value: Value,
    /// `created (dry run)`.
    pub(crate) done: String,
}

const FORMATS: &str = "json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,yaml";
const FORMATS_OF_A_LIST: &str =
    "custom-columns,custom-columns-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name";

impl Shape {
    /// Whether none was asked for.
    pub(crate) fn is_default(&self) -> bool {
        self.output.is_empty() && self.template.is_empty()
    }

    /// What was typed.
    pub(crate) fn word(&self) -> &str {
        &self.output
    }

    /// Understands it; a file of a template is read.
    ///
    /// # Errors
    /// There is no such format, or its template is none.
    pub(crate) fn printer(&self) -> Result<Printer, Complaint> {
        Ok(self.with(self.format()?))
    }

    fn with(&self, format: Format) -> Printer {
        Printer { format, keep_managed: self.show_managed_fields, obeyed: stdout().is_terminal() }
    }

    /// The same, of a verb that shows YAML where nothing else is asked for.
    pub(crate) fn printer_or_yaml(&self) -> Result<Printer, Complaint> {
        if self.is_default() {
            return Ok(self.with(Format::Yaml));
        }
        self.printer()
    }

    /// The same, of a verb that shows a table where nothing else is asked for.
    pub(crate) fn printer_of_list(&self) -> Result<Printer, Complaint> {
        let unmatched = |complaint| match complaint {
            Complaint::Plain(text) => {
                Complaint::Plain(text.replace(FORMATS, &format!("{FORMATS_OF_A_LIST},wide,yaml")))
            }
            other => other,
        };
        self.printer().map_err(unmatched)
    }

    /// The columns that were asked for, of a verb that shows tables.
    ///
    /// # Errors
    /// They are none, or their file cannot be read.
    pub(crate) fn columns(&self) -> Result<Option<Columns>, Complaint> {
        let (word, typed) = self.output.split_once('=').unwrap_or((&self.output, &self.template));
        match word.to_lowercase().as_str() {
            "custom-columns" => Columns::parse(typed).map(Some).map_err(Complaint::plain),
            "custom-columns-file" => {
                let bytes = input::bytes(typed).map_err(|error| {
                    let cause = input::cause(&error);
                    Complaint::plain(format_args!("error reading template {typed}, open {typed}: {cause}"))
                })?;
                Columns::of_file(&String::from_utf8_lossy(&bytes)).map(Some).map_err(Complaint::plain)
            }
            _ => Ok(None),
        }
    }

    fn format(&self) -> Result<Format, Complaint> {
        let (word, template) = match self.output.split_once('=') {
            Some((word, template)) => (word, template),
            None => (self.output.as_str(), self.template.as_str()),
        };
        match word.to_lowercase().as_str() {
            "" if self.template.is_empty() => Ok(Format::Line),
            "name" => Ok(Format::Name),
            "json" => Ok(Format::Json),
            "yaml" => Ok(Format::Yaml),
            "kyaml" => Ok(Format::Kyaml),
            "" | "go-template" | "go-template-file" | "template" | "templatefile" => {
                let trouble =
                    "go-templates are not understood here: no library that is kept up reads them; jsonpath is";
                Err(Complaint::NotYet(trouble.to_owned()))
            }
            "jsonpath" => self.path(template.to_owned(), false),
            "jsonpath-as-json" => self.path(template.to_owned(), true),
            "jsonpath-file" => {
                let bytes = input::bytes(template).map_err(|error| {
                    let cause = input::cause(&error);
                    Complaint::plain(format_args!("error reading --template {template}, open {template}: {cause}"))
                })?;
                self.path(String::from_utf8_lossy(&bytes).into_owned(), false)
            }
            _ => Err(Complaint::Plain(format!(
                "unable to match a printer suitable for the output format {:?}, allowed formats are: {FORMATS}",
                self.output
            ))),
        }
    }

    fn path(&self, text: String, as_json: bool) -> Result<Format, Complaint> {
        if text.is_empty() {
            return Err(Complaint::plain("template format specified but no template given"));
        }
        let template = Template::parse(&text)
            .map_err(|error| Complaint::plain(format_args!("error parsing jsonpath {text}, {error}")))?;
        Ok(Format::Path { template: template.strict(!self.allow_missing_template_keys), text, as_json })
    }
}

impl Printer {
    /// Whether several objects are shown as one list where a verb has it so.
    pub(crate) fn shows_objects(&self) -> bool {
        !matches!(self.format, Format::Line | Format::Name)
    }

    /// What is printed of one object.
    ///
    /// # Errors
    /// A template that does not fit it.
    pub(crate) fn text(&self, mut made: Made) -> Result<String, Complaint> {
        if !self.keep_managed
            && matches!(self.format, Format::Json | Format::Yaml | Format::Kyaml)
            && let Some(metadata) = made.value.get_mut("metadata").and_then(Value::as_object_mut)
        {
            metadata.remove("managedFields");
        }
        let value = &made.value;
        match &self.format {
            Format::Line => Ok(format!("{} {}\n", emit::name(value), made.done)),
            Format::Name => Ok(format!("{}\n", emit::name(value))),
            Format::Json => Ok(emit::json(value)),
            Format::Yaml => Ok(emit::yaml(value)),
            Format::Kyaml => Ok(emit::kyaml(value)),
            Format::Path { template, text, as_json } => {
                let printed = if *as_json { template.print_json(value) } else { template.print(value) };
                let printed = printed.map(|text| if self.obeyed { harmless(&text) } else { text });
                printed.map_err(|error| unfit(text, &error.to_string(), value))
            }
        }
    }

    /// Prints one object that is still as it was read.
    ///
    /// # Errors
    /// As `text`.
    pub(crate) fn node(&self, mut node: Node, done: String, to: &mut String) -> Result<(), Complaint> {
        if self.format != Format::Yaml {
            to.push_str(&self.text(Made { value: node.into_value(), done })?);
            return Ok(());
        }
        if !self.keep_managed
            && let Some(metadata) = node.map_under("metadata", |_| false)
        {
            metadata.remove("managedFields");
        }
        emit::write_yaml(&node, to);
        Ok(())
    }

    /// What stands between objects where one printer prints them all.
    pub(crate) fn mark(&self) -> &'static str {
        if self.format == Format::Yaml { "---\n" } else { "" }
    }

    /// What is printed of several: with a mark between documents where one printer prints them all, without where each
    /// has its own.
    pub(crate) fn join(&self, texts: &[String], marked: bool) -> String {
        let mark = if marked { self.mark() } else { "" };
        let mut joined = String::with_capacity(texts.iter().map(|text| text.len() + mark.len()).sum());
        for (number, text) in texts.iter().enumerate() {
            joined.push_str(if number > 0 { mark } else { "" });
            joined.push_str(text);
        }
        joined
    }

    /// Several objects as one list, one as itself.
    ///
    /// # Errors
    /// As `text`.
    pub(crate) fn list(&self, mut made: Vec<Made>) -> Result<String, Complaint> {
        if !self.shows_objects() || made.len() == 1 {
            let texts: Result<Vec<_>, _> = made.drain(..).map(|one| self.text(one)).collect();
            return Ok(texts?.concat());
        }
        let mut items: Vec<Value> = made.into_iter().map(|made| made.value).collect();
        if !self.keep_managed {
            for metadata in items.iter_mut().filter_map(|item| item.get_mut("metadata")?.as_object_mut()) {
                metadata.remove("managedFields");
            }
        }
        if self.format == Format::Json {
            return Ok(list_as_json(&items));
        }
        let value = serde_json::json!({ "apiVersion": "v1", "kind": "List", "metadata": {}, "items": items });
        self.text(Made { value, done: String::new() })
    }
}

/// What moves no terminal but to the next line, or the next column.
fn harmless(text: &str) -> String {
    let mut harmless = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() && !matches!(letter, '\n' | '\t') {
            harmless.extend(letter.escape_default());
        } else {
            harmless.push(letter);
        }
    }
    harmless
}

/// A list is the program's own structure, whose fields kubectl's JSON has in the order in which Go has them.
fn list_as_json(items: &[Value]) -> String {
    let mut text = "{\n    \"kind\": \"List\",\n    \"apiVersion\": \"v1\",\n    \"metadata\": {},\n".to_owned();
    let items = emit::json(&Value::Array(items.to_vec()));
    let indented: Vec<String> = items.lines().map(|line| format!("    {line}")).collect();
    let _ = writeln!(text, "    \"items\": {}\n}}", indented.join("\n").trim_start());
    text
}

fn unfit(template: &str, error: &str, value: &Value) -> Complaint {
    let object = emit::compact(value);
    Complaint::Plain(format!(
        "error executing jsonpath {template:?}: Error executing template: {error}. Printing more information for \
         debugging the template:\n\ttemplate was:\n\t\t{template}\n\tobject given to jsonpath engine was:\n\t\t{object}\n\n"
    ))
}
