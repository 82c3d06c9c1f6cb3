//! What the machine says of registries: reads docker's and podman's files, and asks helpers.
//!
//! No file has to be there, except one that was named. A file that is there and makes no sense is an
//! error: what it was to say (blocked, a mirror, a certificate) may matter.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use nix::unistd::{geteuid, getuid};

use crate::remote::credentials::{AuthFile, BadAuth, Login, Source};
use crate::remote::helper::{self, HelperError};
use crate::remote::registries::{BadRegistries, Registries};

/// Where docker and podman keep the certificates of registries, the administrator's last.
const CERTIFICATES: &[&str] = &["/etc/containers/certs.d", "/etc/docker/certs.d"];

/// Why a setting cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// registries.conf, or a file that is laid over it, makes no sense.
    #[error("cannot understand {}", path.display())]
    Registries {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: BadRegistries,
    },
    /// An auth file makes no sense.
    #[error("cannot understand {}", path.display())]
    Auth {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: BadAuth,
    },
    /// A certificate or a key cannot be used.
    #[error("cannot use {}", path.display())]
    Certificate {
        /// Which.
        path: PathBuf,
        /// Why, in the parser's words.
        #[source]
        source: io::Error,
    },
    /// Who is trusted here cannot be told.
    #[error("cannot read the certificates that this machine trusts")]
    Roots(#[source] io::Error),
    /// A helper did not say who we are.
    #[error(transparent)]
    Helper(#[from] HelperError),
}

/// The files of whoever asks, by the environment.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    registries: Registries,
    /// Where logins may stand, in order.
    auth: Vec<PathBuf>,
    /// The auth file that was named, which has to be there.
    named: Option<PathBuf>,
    certificates: Vec<PathBuf>,
}

impl Settings {
    /// Reads registries.conf, and looks where everything else would be.
    ///
    /// # Errors
    /// When a file of registries.conf is there and cannot be used.
    pub fn of_this_user(auth_file: Option<PathBuf>) -> Result<Self, SettingsError> {
        let named = auth_file.or_else(|| directory("REGISTRY_AUTH_FILE"));
        let mut registries = Registries::default();
        for path in configuration() {
            if let Some(text) = read(&path)? {
                registries.add(&text).map_err(|source| SettingsError::Registries { path, source })?;
            }
        }
        let mut certificates: Vec<_> = config_home().map(|home| home.join("containers/certs.d")).into_iter().collect();
        certificates.extend(CERTIFICATES.iter().map(PathBuf::from));
        let auth = named.as_ref().map_or_else(auth_files, |named| vec![named.clone()]);
        Ok(Self { registries, auth, named, certificates })
    }

    /// What registries.conf says.
    #[must_use]
    pub const fn registries(&self) -> &Registries {
        &self.registries
    }

    /// Where certificates for a registry may be: `HOST:PORT` beneath each.
    pub(crate) fn certificates(&self, host: &str) -> impl Iterator<Item = PathBuf> {
        self.certificates.iter().map(move |directory| directory.join(host))
    }

    /// Who we are to this repository, if anybody has said so.
    ///
    /// # Errors
    /// When a file or a helper that ought to say so cannot be used.
    pub(crate) fn login(&self, host: &str, path: &str) -> Result<Option<Login>, SettingsError> {
        for file in &self.auth {
            let Some(text) = read(file)? else {
                if self.named.as_ref() == Some(file) {
                    return Err(SettingsError::Read { path: file.clone(), source: io::ErrorKind::NotFound.into() });
                }
                continue;
            };
            let sources = AuthFile::parse(&text).and_then(|auth| auth.sources(host, path));
            for source in sources.map_err(|source| SettingsError::Auth { path: file.clone(), source })? {
                match source {
                    Source::Known(login) => return Ok(Some(login)),
                    Source::Helper { name, servers } => {
                        for server in servers {
                            if let Some(login) = helper::ask(&name, &server)? {
                                return Ok(Some(login));
                            }
                        }
                    }
                }
            }
        }
        Ok(None)
    }
}

/// A directory or file that the environment names.
fn directory(name: &str) -> Option<PathBuf> {
    env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

fn home() -> Option<PathBuf> {
    directory("HOME")
}

fn config_home() -> Option<PathBuf> {
    directory("XDG_CONFIG_HOME").or_else(|| home().map(|home| home.join(".config")))
}

/// registries.conf and what is laid over it, in that order, wherever they would be.
#[must_use]
pub fn configuration() -> Vec<PathBuf> {
    let own = config_home().map(|home| home.join("containers"));
    let main = directory("CONTAINERS_REGISTRIES_CONF").unwrap_or_else(|| {
        let places = own.iter().map(|own| own.join("registries.conf"));
        let places = places.chain(["/etc", "/usr/share"].map(|etc| Path::new(etc).join("containers/registries.conf")));
        places.clone().find(|path| path.exists()).unwrap_or_else(|| PathBuf::from("/etc/containers/registries.conf"))
    });
    // Whoever names one file means that file.
    if directory("CONTAINERS_REGISTRIES_CONF").is_some() {
        return vec![main];
    }
    let mut files = vec![main];
    let mut over = vec![PathBuf::from("/etc/containers/registries.conf.d")];
    over.extend(own.map(|own| own.join("registries.conf.d")));
    for directory in over {
        let Ok(entries) = fs::read_dir(directory) else { continue };
        let named = entries.flatten().map(|entry| entry.path());
        let mut found: Vec<_> = named.filter(|path| path.extension().is_some_and(|end| end == "conf")).collect();
        found.sort();
        files.extend(found);
    }
    files
}

/// Where podman, then docker, look for logins.
fn auth_files() -> Vec<PathBuf> {
    let runtime = directory("XDG_RUNTIME_DIR").map(|run| run.join("containers/auth.json"));
    let fallback = geteuid().is_root().then(|| PathBuf::from(format!("/run/containers/{}/auth.json", getuid())));
    let podman = config_home().map(|config| config.join("containers/auth.json"));
    let docker = directory("DOCKER_CONFIG").or_else(|| home().map(|home| home.join(".docker")));
    let docker = docker.map(|docker| docker.join("config.json"));
    [runtime.or(fallback), podman, docker].into_iter().flatten().collect()
}

/// A file's text, if there is one.
pub(crate) fn read(path: &Path) -> Result<Option<String>, SettingsError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(source) => Err(SettingsError::Read { path: path.to_owned(), source }),
    }
}
