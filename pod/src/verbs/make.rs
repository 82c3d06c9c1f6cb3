//! `create configmap`, `create secret` and the like: objects from words and files.

use std::path::Path;
use std::{env, fs, slice};

use clap::{Args, Subcommand};
use manifest::kind::Object;
use manifest::make::{self, MakeError};

use super::dry_run::{DryRun, Strategy};
use super::keep::Keeper;
use crate::answer::{Answer, Complaint, Until};
use crate::input;
use crate::output::{Made, Shape};

/// A kind that is made from words.
#[derive(Debug, Subcommand)]
pub enum Kind {
    /// Make a config map from words and files
    #[command(visible_alias = "cm")]
    Configmap(ConfigMap),
    /// Make a secret from words and files
    Secret(Secret),
    /// Make a namespace
    #[command(visible_alias = "ns")]
    Namespace(Bare),
    /// Make a service account
    #[command(visible_alias = "sa")]
    Serviceaccount(Bare),
}

/// A config map.
#[derive(Args, Debug)]
pub struct ConfigMap {
    #[command(flatten)]
    content: Content,

    #[command(flatten)]
    common: Common,
}

/// A secret.
#[derive(Args, Debug)]
pub struct Secret {
    /// Of which kind
    #[command(subcommand)]
    kind: SecretKind,
}

#[derive(Debug, Subcommand)]
enum SecretKind {
    /// Any keys and values
    Generic(Generic),
    /// A registry's password
    DockerRegistry(DockerRegistry),
    /// A certificate and its key
    Tls(Tls),
}

#[derive(Args, Debug)]
struct Generic {
    #[command(flatten)]
    content: Content,

    /// Its type
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,

    #[command(flatten)]
    common: Common,
}

#[derive(Args, Debug)]
struct DockerRegistry {
    /// The registry
    #[arg(long, value_name = "URL", default_value = "https://index.docker.io/v1/")]
    docker_server: String,

    /// Who logs in
    #[arg(long, value_name = "NAME")]
    docker_username: Option<String>,

    /// The password
    #[arg(long, value_name = "PASSWORD")]
    docker_password: Option<String>,

    /// An address for mail
    #[arg(long, value_name = "ADDRESS")]
    docker_email: Option<String>,

    /// A file in which an engine keeps passwords
    #[arg(long, value_name = "[KEY=]FILE")]
    from_file: Vec<String>,

    #[command(flatten)]
    common: Common,
}

#[derive(Args, Debug)]
struct Tls {
    /// The file of the certificate
    #[arg(long, value_name = "FILE")]
    cert: Option<String>,

    /// The file of its key
    #[arg(long, value_name = "FILE")]
    key: Option<String>,

    #[command(flatten)]
    common: Common,
}

/// What is in it.
#[derive(Args, Clone, Debug)]
struct Content {
    /// A key and its value
    #[arg(long, value_name = "KEY=VALUE")]
    from_literal: Vec<String>,

    /// A file, under its name or another key, or every file of a directory
    #[arg(long, value_name = "[KEY=]FILE")]
    from_file: Vec<String>,

    /// A file of lines KEY=VALUE
    #[arg(long, value_name = "FILE")]
    from_env_file: Vec<String>,
}

/// What is said of every kind that has content.
#[derive(Args, Clone, Debug)]
struct Common {
    #[command(flatten)]
    bare: Bare,

    /// Add to its name what its content hashes to
    #[arg(long)]
    append_hash: bool,
}

/// What is said of every kind.
#[derive(Args, Clone, Debug)]
pub struct Bare {
    /// Its name
    #[arg(value_name = "NAME")]
    names: Vec<String>,

    /// Remember what was asked for in an annotation, as apply does
    #[arg(long)]
    save_config: bool,

    /// The namespace
    #[arg(short, long, value_name = "NAME")]
    namespace: Option<String>,

    #[command(flatten)]
    dry_run: DryRun,

    #[command(flatten)]
    shape: Shape,
}

impl Kind {
    /// What it comes to.
    #[must_use]
    pub fn run(&self) -> Answer {
        match self {
            Self::Configmap(map) => map.common.bare.answer("create configmap", |name, namespace| {
                let content = map.content.read()?;
                let mut object = make::config_map(name, namespace, content)?;
                if map.common.append_hash {
                    object.metadata.name = Some(make::hashed_config_map(&object));
                }
                Ok(object.into())
            }),
            Self::Secret(Secret { kind }) => match kind {
                SecretKind::Generic(secret) => secret.common.secret("create secret generic", |name, namespace| {
                    Ok(make::secret(name, namespace, secret.kind.as_deref(), secret.content.read()?)?)
                }),
                SecretKind::DockerRegistry(secret) => secret
                    .common
                    .secret("create secret docker-registry", |name, namespace| secret.make(name, namespace)),
                SecretKind::Tls(secret) => {
                    secret.common.secret("create secret tls", |name, namespace| secret.make(name, namespace))
                }
            },
            Self::Namespace(bare) => bare.answer("create namespace", |name, _| Ok(make::namespace(name).into())),
            Self::Serviceaccount(bare) => bare
                .answer("create serviceaccount", |name, namespace| Ok(make::service_account(name, namespace).into())),
        }
    }
}

impl From<MakeError> for Complaint {
    fn from(error: MakeError) -> Self {
        Self::plain(error)
    }
}

type Namespace<'a> = Option<&'a str>;

impl Common {
    fn secret(
        &self,
        verb: &'static str,
        make: impl Fn(&str, Namespace<'_>) -> Result<manifest::kind::Secret, Complaint>,
    ) -> Answer {
        self.bare.answer(verb, |name, namespace| {
            let mut object = make(name, namespace)?;
            if self.append_hash {
                object.metadata.name = Some(make::hashed_secret(&object));
            }
            Ok(object.into())
        })
    }
}

impl Bare {
    fn answer(&self, verb: &'static str, made: impl Fn(&str, Namespace<'_>) -> Result<Object, Complaint>) -> Answer {
        let answer = || {
            let mut answer = Answer::default();
            let strategy = self.dry_run.strategy(&mut answer.warnings)?;
            let printer = self.shape.printer()?;
            let [name] = self.names.as_slice() else {
                let trouble = format!("exactly one NAME is required, got {}", self.names.len());
                return Err(Complaint::Usage(trouble, verb));
            };
            let object = made(name, self.namespace.as_deref())?;
            let mut value = object.to_value();
            if self.save_config {
                value = make::with_itself_remembered(value);
            }
            if strategy != Strategy::Client {
                let kept = Keeper::open(strategy, Until::Attended)?.make(&object, &value)?;
                answer.warnings.extend(kept.warnings);
                value = kept.value;
            }
            answer.text = printer.text(Made { value, done: strategy.told("created") })?;
            Ok(answer)
        };
        answer().into()
    }
}

type Keys = Vec<(String, Vec<u8>)>;

impl Content {
    fn read(&self) -> Result<Keys, Complaint> {
        let others = self.from_file.len() + self.from_literal.len();
        if !self.from_env_file.is_empty() && others > 0 {
            return Err(Complaint::plain("from-env-file cannot be combined with from-file or from-literal"));
        }
        let mut content = self.from_literal.iter().map(|word| make::literal(word)).collect::<Result<Keys, _>>()?;
        content.extend(files(&self.from_file)?);
        for file in &self.from_env_file {
            let bytes = input::bytes(file).map_err(|error| input::told(file, &error))?;
            for (name, value) in make::variables(&String::from_utf8_lossy(&bytes))? {
                // A name without a value has the one that we were given.
                let value = value.unwrap_or_else(|| env::var(&name).unwrap_or_default());
                content.push((name, value.into_bytes()));
            }
        }
        Ok(content)
    }
}

/// `--from-file`: `FILE`, `KEY=FILE`, or a directory of files.
fn files(words: &[String]) -> Result<Keys, Complaint> {
    let mut content = Vec::new();
    for word in words {
        let (key, path) = match word.split('=').collect::<Vec<_>>().as_slice() {
            [path] => (None, *path),
            ["", path] => return Err(Complaint::Plain(format!("key name for file path {path} missing"))),
            [key, ""] => return Err(Complaint::Plain(format!("file path for key name {key} missing"))),
            [key, path] => (Some(*key), *path),
            _ => return Err(Complaint::plain("key names or file paths cannot contain '='")),
        };
        let told = |error: std::io::Error| input::told(path, &error);
        let kind = fs::metadata(path).map_err(told)?;
        if !kind.is_dir() {
            let base = Path::new(path).file_name().map(|name| name.to_string_lossy().into_owned());
            let key = key.map(str::to_owned).or(base).unwrap_or_default();
            content.push((key, fs::read(path).map_err(told)?));
            continue;
        }
        if key.is_some() {
            return Err(Complaint::plain("cannot give a key name for a directory path"));
        }
        let entries = fs::read_dir(path).map_err(told)?.collect::<Result<Vec<_>, _>>().map_err(told)?;
        let mut paths: Vec<_> = entries.iter().map(fs::DirEntry::path).collect();
        paths.sort();
        // Directories in it, links and devices are no keys.
        for path in paths.iter().filter(|path| fs::symlink_metadata(path).is_ok_and(|kind| kind.is_file())) {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let bytes = fs::read(path).map_err(|error| input::told(&path.display().to_string(), &error))?;
            content.push((name, bytes));
        }
    }
    Ok(content)
}

impl DockerRegistry {
    fn make(&self, name: &str, namespace: Namespace<'_>) -> Result<manifest::kind::Secret, Complaint> {
        if !self.from_file.is_empty() {
            let mut content = Vec::new();
            for word in &self.from_file {
                // Whatever a file is called, this is the key that it is looked for under.
                let named = word.contains('=');
                let key = |key: String| if named { key } else { ".dockerconfigjson".to_owned() };
                content.extend(files(slice::from_ref(word))?.into_iter().map(|(name, value)| (key(name), value)));
            }
            return Ok(make::secret(name, namespace, Some("kubernetes.io/dockerconfigjson"), content)?);
        }
        let (Some(user), Some(password)) = (&self.docker_username, &self.docker_password) else {
            return Err(Complaint::plain(
                "either --from-file or the combination of --docker-username, --docker-password and --docker-server is \
                 required",
            ));
        };
        let login = (user.as_str(), password.as_str(), self.docker_email.as_deref());
        Ok(make::registry_secret(name, namespace, &self.docker_server, login)?)
    }
}

impl Tls {
    fn make(&self, name: &str, namespace: Namespace<'_>) -> Result<manifest::kind::Secret, Complaint> {
        let (Some(cert), Some(key)) = (&self.cert, &self.key) else {
            return Err(Complaint::plain("key and cert must be specified"));
        };
        let read = |file: &str| {
            input::bytes(file).map_err(|error| {
                let cause = input::cause(&error);
                Complaint::Plain(format!("Cannot read file {file}, open {file}: {cause}"))
            })
        };
        let (certificate, key) = (read(cert)?, read(key)?);
        make::check_pair(&certificate, &key).map_err(Complaint::Plain)?;
        Ok(make::tls_secret(name, namespace, certificate, key)?)
    }
}

/// An object by hand that has the name of a kind: the kind is meant.
pub(crate) fn no_such_generator(word: &str) -> Option<Complaint> {
    let singular = match word.to_lowercase().as_str() {
        "all" => "all",
        "events" | "event" | "ev" => "event",
        _ => manifest::kind::Resource::find(word)?.singular,
    };
    let trouble = format!(
        "create {singular} is not there yet, and a pod by hand cannot have the name of a kind; -f FILE takes a manifest"
    );
    Some(Complaint::NotYet(trouble))
}
