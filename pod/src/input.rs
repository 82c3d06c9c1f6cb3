//! Where manifests are read from: files, directories, addresses, standard input. Looks and reads, and does nothing else.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::path::Path;
use std::{fs, str};

use clap::Args;

use crate::answer::Complaint;

/// What is fetched of a manifest at most: several times what a cluster would keep.
const LARGEST: u64 = 16 << 20;

/// Where manifests are.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Files {
    /// A manifest, a directory of manifests, an address (https://, on this machine http://), or - for standard input
    #[arg(short = 'f', long = "filename", value_name = "FILE", value_delimiter = ',')]
    pub(crate) filename: Vec<String>,

    /// Take manifests from directories within directories, too
    #[arg(short = 'R', long)]
    pub(crate) recursive: bool,

    /// Not there: a directory of a kustomization
    #[arg(short = 'k', long, value_name = "DIR", hide = true)]
    pub(crate) kustomize: Option<String>,
}

/// A text, and what it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// The name.
    pub(crate) name: String,
    /// The text.
    pub(crate) text: String,
}

impl Files {
    /// Whether none was named.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.filename.is_empty() && self.kustomize.is_none()
    }

    /// Reads them all.
    ///
    /// # Errors
    /// Every one that cannot be read; nothing is to be done then.
    pub(crate) fn read(&self) -> Result<Vec<Source>, Vec<Complaint>> {
        if self.kustomize.is_some() {
            let trouble = "kustomizations are not built here; build it, and hand what comes of it to -f -";
            return Err(vec![Complaint::NotYet(trouble.to_owned())]);
        }
        if self.filename.iter().filter(|name| *name == "-").count() > 1 {
            return Err(vec![Complaint::plain("standard input cannot be used for multiple arguments")]);
        }
        let (mut sources, mut complaints) = (Vec::new(), Vec::new());
        for name in &self.filename {
            match self.take(name) {
                Ok(found) => sources.extend(found),
                Err(complaint) => complaints.push(complaint),
            }
        }
        if complaints.is_empty() { Ok(sources) } else { Err(complaints) }
    }

    fn take(&self, name: &str) -> Result<Vec<Source>, Complaint> {
        if name == "-" {
            let mut bytes = Vec::new();
            let read = io::stdin().read_to_end(&mut bytes).map_err(|error| told("STDIN", &error))?;
            debug_assert_eq!(read, bytes.len());
            return source("STDIN", bytes).map(|source| vec![source]);
        }
        if name.starts_with("http://") || name.starts_with("https://") {
            let fetched = image::remote::text(name, LARGEST);
            let bytes = fetched.map_err(|error| {
                Complaint::Plain(format!("unable to read URL {name:?}: {}", launch::complain::line(&error)))
            })?;
            return source(name, bytes).map(|source| vec![source]);
        }
        let path = Path::new(name);
        let kind = match fs::metadata(path) {
            Ok(kind) => kind,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(Complaint::plain(format_args!("the path {name:?} does not exist")));
            }
            Err(error) => return Err(told(name, &error)),
        };
        if !kind.is_dir() {
            return read(path).map(|source| vec![source]);
        }
        let mut sources = Vec::new();
        walk(path, self.recursive, &mut sources)?;
        if sources.is_empty() {
            let trouble = format!("error reading [{name}]: recognized file extensions are [.json .yaml .yml]");
            return Err(Complaint::Plain(trouble));
        }
        Ok(sources)
    }
}

/// The manifests of a directory, in order of their names.
fn walk(directory: &Path, recursive: bool, sources: &mut Vec<Source>) -> Result<(), Complaint> {
    let told = |error| told(&directory.display().to_string(), &error);
    let entries = fs::read_dir(directory).map_err(told)?.collect::<Result<Vec<_>, _>>().map_err(told)?;
    let mut paths: Vec<_> = entries.iter().map(fs::DirEntry::path).collect();
    paths.sort();
    for path in paths {
        if fs::metadata(&path).map_err(told)?.is_dir() {
            // One that is a link is not gone into: it may lead back here.
            let is_link = fs::symlink_metadata(&path).map_err(told)?.is_symlink();
            if recursive && !is_link {
                walk(&path, recursive, sources)?;
            }
        } else if path.extension().and_then(OsStr::to_str).is_some_and(|it| ["json", "yaml", "yml"].contains(&it)) {
            sources.push(read(&path)?);
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<Source, Complaint> {
    let name = path.display().to_string();
    let bytes = fs::read(path).map_err(|error| told(&name, &error))?;
    source(&name, bytes)
}

fn source(name: &str, bytes: Vec<u8>) -> Result<Source, Complaint> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
        let trouble = "yaml: invalid Unicode character";
        Complaint::Plain(format!(
            "error parsing {name}: error converting YAML to JSON: {trouble}\n  {name}:{line}",
            line = line + 1
        ))
    })?;
    Ok(Source { name: name.to_owned(), text })
}

/// What the system said of a file.
pub(crate) fn told(name: &str, error: &io::Error) -> Complaint {
    Complaint::Plain(format!("error reading {name}: {}", cause(error)))
}

/// The system's words for an error, without its number.
pub(crate) fn cause(error: &io::Error) -> String {
    let words = error.to_string();
    let plain = words.split(" (os error").next().unwrap_or_default();
    let mut letters = plain.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// A file that an option names.
pub(crate) fn bytes(name: &str) -> io::Result<Vec<u8>> {
    fs::read(name)
}
