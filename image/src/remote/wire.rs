//! One request and its answer: HTTP over TLS or without, with an end to every wait.
//!
//! Redirects are not followed here: whoever asks decides what goes where.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use launch::names;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use ureq::http::{Response, Uri};
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig};
use ureq::{Agent, Body};

use crate::remote::error::RemoteError;
use crate::remote::settings::{Settings, SettingsError};

/// How long a connection may take, with all that TLS says at its beginning.
const CONNECT: Duration = Duration::from_secs(10);

/// What is held of an answer at once.
const BUFFER: usize = 64 << 10;

/// What every request says of us.
const AGENT: &str = concat!("podkit/", env!("CARGO_PKG_VERSION"));

/// How long to wait for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How long somebody may say nothing.
    pub silence: Duration,
    /// How often to try again what may go well the next time.
    pub retries: u32,
    /// How long to wait before trying again, the first time; then twice as long each time.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { silence: Duration::from_secs(30), retries: 3, pause: Duration::from_secs(1) }
    }
}

/// Whom to believe who they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verify {
    /// Everybody has to prove it.
    Always,
    /// All but who is on this machine, or is configured to be insecure.
    #[default]
    Configured,
    /// Nobody has to.
    Never,
}

/// A host, and how it is spoken to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Origin {
    pub(crate) tls: bool,
    /// With a port, where one was given.
    pub(crate) host: String,
}

impl Origin {
    pub(crate) fn of(uri: &Uri) -> Option<Self> {
        let tls = match uri.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let authority = uri.authority()?;
        // A name and a password in an address are nobody's to send.
        let bare = !authority.as_str().contains('@');
        let default = if tls { ":443" } else { ":80" };
        let host = authority.as_str().to_ascii_lowercase();
        bare.then(|| Self { tls, host: host.strip_suffix(default).unwrap_or(&host).to_owned() })
    }

    pub(crate) fn address(&self, path: &str) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.host)
    }
}

pub(crate) fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// What to send.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) uri: &'a Uri,
    pub(crate) accept: Option<&'a str>,
    pub(crate) authorization: Option<&'a str>,
    /// The first byte and the last.
    pub(crate) range: Option<(u64, u64)>,
    /// A form to post, where it is not just to be got.
    pub(crate) form: Option<&'a [(&'a str, &'a str)]>,
}

/// Everybody who is spoken to.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) settings: Settings,
    pub(crate) patience: Patience,
    pub(crate) verify: Verify,
    agents: Mutex<HashMap<(String, bool), Agent>>,
    roots: OnceLock<Vec<Certificate<'static>>>,
}

impl Wire {
    pub(crate) fn new(settings: Settings, patience: Patience, verify: Verify) -> Self {
        Self { settings, patience, verify, agents: Mutex::default(), roots: OnceLock::new() }
    }

    /// Whether a host need not prove who it is, nor keep secret what is said.
    pub(crate) fn is_lax(&self, host: &str) -> bool {
        match self.verify {
            Verify::Always => false,
            Verify::Configured => is_loopback(host) || self.settings.registries().insecure(host),
            Verify::Never => true,
        }
    }

    /// Sends a request; any answer is one.
    pub(crate) fn send(&self, request: &Request<'_>, lax: bool) -> Result<Response<Body>, RemoteError> {
        let origin = Origin::of(request.uri);
        let host = origin.as_ref().map(|origin| origin.host.clone()).unwrap_or_default();
        let agent = self.agent(&host, lax)?;
        let headers = [
            ("accept", request.accept.map(ToOwned::to_owned)),
            ("authorization", request.authorization.map(ToOwned::to_owned)),
            ("range", request.range.map(|(first, last)| format!("bytes={first}-{last}"))),
        ];
        let headers = headers.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let sent = match request.form {
            None => headers.fold(agent.get(request.uri), |get, (name, value)| get.header(name, value)).call(),
            Some(form) => {
                let post = headers.fold(agent.post(request.uri), |post, (name, value)| post.header(name, value));
                post.send_form(form.iter().copied())
            }
        };
        sent.map_err(|error| self.failure(&host, error))
    }

    /// What a failed conversation means.
    pub(crate) fn failure(&self, host: &str, error: ureq::Error) -> RemoteError {
        let host = host.to_owned();
        match error {
            ureq::Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect) => {
                RemoteError::Unreachable { host, source: io::ErrorKind::TimedOut.into() }
            }
            ureq::Error::Timeout(_) => RemoteError::Silent { host, time: self.patience.silence },
            ureq::Error::HostNotFound => {
                RemoteError::Unreachable { host, source: io::Error::other("there is no host of that name") }
            }
            ureq::Error::Rustls(source) => RemoteError::Untrusted { host, source },
            ureq::Error::ConnectProxyFailed(why) => RemoteError::Unreachable { host, source: io::Error::other(why) },
            ureq::Error::Io(error) => broken(host, error, self.patience.silence),
            other => RemoteError::Garbage { host, why: other.to_string() },
        }
    }

    /// The connections to a host: kept, for what is fetched side by side comes over few of them.
    fn agent(&self, host: &str, lax: bool) -> Result<Agent, RemoteError> {
        let key = (host.to_owned(), lax);
        if let Some(agent) = self.agents.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(agent.clone());
        }
        names::are_in_files();
        let config = Agent::config_builder();
        // A proxy's idea of this machine is itself.
        let config = if is_loopback(host) { config.proxy(None) } else { config };
        let agent: Agent = config
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(AGENT)
            .tls_config(self.tls(host, lax)?)
            .timeout_resolve(Some(CONNECT.min(self.patience.silence)))
            .timeout_connect(Some(CONNECT.min(self.patience.silence)))
            .timeout_send_request(Some(self.patience.silence))
            .timeout_recv_response(Some(self.patience.silence))
            .timeout_per_read(Some(self.patience.silence))
            .timeout_per_write(Some(self.patience.silence))
            .input_buffer_size(BUFFER)
            .output_buffer_size(BUFFER / 4)
            .build()
            .into();
        self.agents.lock().unwrap_or_else(PoisonError::into_inner).insert(key, agent.clone());
        Ok(agent)
    }

    fn tls(&self, host: &str, lax: bool) -> Result<TlsConfig, SettingsError> {
        let provider = Arc::new(ring::default_provider());
        let own = Own::read(self.settings.certificates(host), &provider)?;
        let mut tls = TlsConfig::builder()
            .unversioned_rustls_crypto_provider(provider)
            .disable_verification(lax)
            .client_cert(own.client);
        // Nobody is asked for a proof, so nobody's word has to be read.
        if !lax {
            let roots = self.roots()?.iter().cloned().chain(own.roots);
            tls = tls.root_certs(RootCerts::Specific(Arc::new(roots.collect())));
        }
        Ok(tls.build())
    }

    /// Whom the machine trusts; read when somebody has to prove something.
    fn roots(&self) -> Result<&[Certificate<'static>], SettingsError> {
        if self.roots.get().is_none() {
            let found = rustls_native_certs::load_native_certs();
            // One that cannot be read beside many is nobody's loss. None at all is.
            if found.certs.is_empty()
                && let Some(error) = found.errors.into_iter().next()
            {
                return Err(SettingsError::Roots(io::Error::other(error)));
            }
            let roots = found.certs.iter().map(|root| Certificate::from_der(root).to_owned());
            let _another = self.roots.set(roots.collect());
        }
        Ok(self.roots.get().map_or(&[], Vec::as_slice))
    }
}

/// What certs.d has for a host.
#[derive(Default)]
struct Own {
    roots: Vec<Certificate<'static>>,
    client: Option<ClientCert>,
}

impl Own {
    fn read(directories: impl Iterator<Item = PathBuf>, provider: &CryptoProvider) -> Result<Self, SettingsError> {
        let mut own = Self::default();
        for directory in directories {
            let entries = match fs::read_dir(&directory) {
                Ok(entries) => entries,
                Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                    continue;
                }
                Err(source) => return Err(SettingsError::Read { path: directory, source }),
            };
            let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
            files.sort();
            for file in files {
                match file.extension().and_then(|end| end.to_str()) {
                    Some("crt") => {
                        own.roots.extend(certificates(&file)?.iter().map(|der| Certificate::from_der(der).to_owned()))
                    }
                    Some("cert") if own.client.is_none() => own.client = Some(client(&file, provider)?),
                    _ => {}
                }
            }
        }
        Ok(own)
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, SettingsError> {
    let text = fs::read(path).map_err(|source| SettingsError::Read { path: path.to_owned(), source })?;
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let read = read.map_err(|error| unusable(path, error))?;
    if read.is_empty() { Err(unusable(path, "there is no certificate in it")) } else { Ok(read) }
}

/// A certificate of ours, with the key beside it.
fn client(path: &Path, provider: &CryptoProvider) -> Result<ClientCert, SettingsError> {
    let chain = certificates(path)?;
    let key_path = path.with_extension("key");
    let text = fs::read(&key_path).map_err(|source| SettingsError::Read { path: key_path.clone(), source })?;
    let key = PrivateKeyDer::from_pem_slice(&text).map_err(|error| unusable(&key_path, error))?;
    // Asked here, for where it is used it could not be refused.
    CertifiedKey::from_der(chain.clone(), key.clone_key(), provider).map_err(|error| unusable(&key_path, error))?;
    let key = PrivateKey::from_pem(&text).map_err(|error| unusable(&key_path, error))?;
    let chain: Vec<_> = chain.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
    Ok(ClientCert::new_with_certs(&chain, key))
}

fn unusable(path: &Path, why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> SettingsError {
    SettingsError::Certificate { path: path.to_owned(), source: io::Error::other(why) }
}

/// What a failure of a connection means. TLS hands its own on as if they were the connection's.
pub(crate) fn broken(host: String, error: io::Error, silence: Duration) -> RemoteError {
    if let Some(source) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return RemoteError::Untrusted { host, source: source.clone() };
    }
    match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => RemoteError::Silent { host, time: silence },
        io::ErrorKind::ConnectionRefused
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::NetworkDown
        | io::ErrorKind::AddrNotAvailable => RemoteError::Unreachable { host, source: error },
        // The resolver's words for a name that nobody has.
        _ if error.to_string().starts_with("failed to lookup address") => {
            RemoteError::Unreachable { host, source: error }
        }
        _ => RemoteError::Broken { host, source: error },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_known_by_its_names() {
        for host in ["localhost", "localhost:5000", "127.0.0.1", "127.1.2.3:80", "[::1]", "[::1]:5000"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["", "localhost.q.io", "q.io", "10.0.0.1:5000", "[::2]:80", "127.0.0.1.q.io", "::1"] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let of = |text: &'static str| Origin::of(&Uri::from_static(text));
        assert_eq!(of("https://Q.io/x"), of("https://q.io:443/y"));
        assert_ne!(of("https://q.io/x"), of("http://q.io/x"));
        assert_ne!(of("https://q.io/x"), of("https://q.io:444/x"));
        assert_eq!(of("ftp://q.io/x"), None);
        assert_eq!(of("/x"), None);
        assert_eq!(of("https://me:secret@q.io/x"), None);
    }
}
