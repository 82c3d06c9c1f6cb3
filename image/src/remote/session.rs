//! A repository at one registry: who we are to it, and where it sends us.
//!
//! Nothing of who we are goes to anybody but the registry and the token server that it names, and
//! over plain HTTP only to hosts that need no proof of who they are.

use std::io::Read;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use serde::Deserialize;
use ureq::Body;
use ureq::http::header::{CONTENT_RANGE, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use ureq::http::uri::PathAndQuery;
use ureq::http::{HeaderMap, HeaderName, Response, Uri};

use crate::reference::DOCKER;
use crate::remote::answer::{self, Answer, Said};
use crate::remote::challenge::{Challenge, challenges};
use crate::remote::credentials::{Login, basic};
use crate::remote::error::RemoteError;
use crate::remote::registries::Endpoint;
use crate::remote::wire::{Origin, Request, Verify, Wire, is_loopback};

/// How often one may be sent elsewhere.
const REDIRECTS: usize = 5;

/// What is read of an error, or of a token.
const WORDS: u64 = 64 << 10;

/// Who asks, where.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    wire: &'a Wire,
    pub(crate) endpoint: Endpoint,
    origin: Origin,
    /// Who we are, where that was typed.
    typed: Option<Login>,
    /// What `Authorization` has to say, once that is known.
    pass: Mutex<Option<String>>,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ask<'a> {
    /// Beneath the repository: `blobs/DIGEST`.
    pub(crate) path: &'a str,
    pub(crate) accept: Option<&'a str>,
    pub(crate) range: Option<(u64, u64)>,
    /// What it is called in messages.
    pub(crate) what: &'a str,
}

/// What was given.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    /// By whom: a registry may have sent us elsewhere.
    pub(crate) host: String,
}

impl Given {
    pub(crate) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl<'a> Session<'a> {
    /// Finds out how a registry is spoken to.
    pub(crate) fn open(wire: &'a Wire, endpoint: Endpoint, typed: Option<Login>) -> Result<Self, RemoteError> {
        // Docker's registry has another name than its images.
        let host = if endpoint.host == DOCKER { "registry-1.docker.io" } else { &endpoint.host }.to_owned();
        let lax = wire.verify != Verify::Always && (endpoint.insecure || wire.is_lax(&host));
        let mut origin = Origin { tls: true, host };
        if lax {
            let ping = address(&origin, "/v2/")?;
            let request = Request { uri: &ping, accept: None, authorization: None, range: None, form: None };
            // Whoever does not speak TLS may speak without.
            origin.tls = wire.send(&request, true).is_ok();
        }
        Ok(Self { wire, endpoint, origin, typed, pass: Mutex::default() })
    }

    /// What a failed conversation means.
    pub(crate) fn failure(&self, host: &str, error: ureq::Error) -> RemoteError {
        self.wire.failure(host, error)
    }

    /// Asks once, and a second time where we had to say who we are.
    pub(crate) fn get(&self, ask: &Ask<'_>) -> Result<Given, RemoteError> {
        let pass = self.pass.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let first = self.follow(ask, pass.as_deref())?;
        if Answer::of(first.status) != Answer::Unknown || first.host != self.origin.host {
            return self.judge(ask, first, pass.is_some());
        }
        let known = {
            let mut held = self.pass.lock().unwrap_or_else(PoisonError::into_inner);
            // Somebody else may have got another one while we asked.
            if *held == pass || held.is_none() {
                let offers = first.headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
                let offers = challenges(offers);
                let (renewed, known) = self.renew(ask, offers, first)?;
                *held = Some(renewed);
                known
            } else {
                true
            }
        };
        let pass = self.pass.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let second = self.follow(ask, pass.as_deref())?;
        self.judge(ask, second, known)
    }

    /// Goes where the registry leads to.
    fn follow(&self, ask: &Ask<'_>, pass: Option<&str>) -> Result<Given, RemoteError> {
        let mut uri = address(&self.origin, &format!("/v2/{}/{}", self.endpoint.path, ask.path))?;
        let mut origin = self.origin.clone();
        let mut pass = pass;
        for _ in 0..=REDIRECTS {
            let request = Request { uri: &uri, accept: ask.accept, authorization: pass, range: ask.range, form: None };
            let answer = self.wire.send(&request, self.is_lax(&origin))?;
            if Answer::of(answer.status().as_u16()) != Answer::Elsewhere {
                return Ok(given(answer, origin.host));
            }
            let location = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
            let shown = location.split(['?', '#']).next().unwrap_or_default().to_owned();
            let astray = |why| RemoteError::Astray { host: origin.host.clone(), location: shown.clone(), why };
            let next = resolve(&uri, location).ok_or_else(|| astray("which is no address"))?;
            let there = Origin::of(&next).ok_or_else(|| astray("which is no address of ours to go to"))?;
            if origin.tls && !self.may_be_overheard(&there) {
                return Err(astray("where anybody could read and change what is said"));
            }
            if there != origin {
                // Once away, nobody is shown it again.
                pass = None;
            }
            (uri, origin) = (next, there);
        }
        let why = "and so on, without an end";
        Err(RemoteError::Astray { host: self.origin.host.clone(), location: origin.host, why })
    }

    fn is_lax(&self, origin: &Origin) -> bool {
        let own = *origin.host == self.origin.host && self.endpoint.insecure && self.wire.verify != Verify::Always;
        own || self.wire.is_lax(&origin.host)
    }

    /// Whether nobody can overhear what is said there, or that is known to be so.
    fn may_be_overheard(&self, origin: &Origin) -> bool {
        let insecure = || self.wire.verify != Verify::Always && self.wire.settings.registries().insecure(&origin.host);
        let own = || origin.host == self.origin.host && self.is_lax(origin);
        origin.tls || is_loopback(&origin.host) || insecure() || own()
    }

    fn judge(&self, ask: &Ask<'_>, given: Given, known: bool) -> Result<Given, RemoteError> {
        let answer = Answer::of(given.status);
        if answer == Answer::Given {
            return Ok(given);
        }
        let (status, what) = (given.status, ask.what.to_owned());
        let after = given.header(&RETRY_AFTER).and_then(|value| answer::retry_after(value, SystemTime::now()));
        let size = given.header(&CONTENT_RANGE).and_then(|range| range.rsplit_once('/')?.1.parse().ok());
        let host = given.host.clone();
        // What it says is only for people: where it cannot be read, the status has to do.
        let said = Said::read(&words(given.body).unwrap_or_default());
        Err(match answer {
            Answer::Missing if said.code == "NAME_UNKNOWN" => {
                RemoteError::Missing { host, what: format!("repository {}", self.endpoint.path), said: None }
            }
            Answer::Missing => RemoteError::Missing { host, what, said: None },
            Answer::Unknown | Answer::Denied => RemoteError::Refused { host, what, said: said.text, known },
            Answer::NoRange => RemoteError::NoRange { host, what, size },
            Answer::Later => RemoteError::Answered { host, what, status, said: said.text, later: Some(after) },
            _ => RemoteError::Answered { host, what, status, said: said.text, later: None },
        })
    }

    /// What to say to whoever wants to know who we are, and whether we are anybody.
    fn renew(&self, ask: &Ask<'_>, offers: Vec<Challenge>, asked: Given) -> Result<(String, bool), RemoteError> {
        let (host, path) = (&self.endpoint.host, &self.endpoint.path);
        let login = match &self.typed {
            Some(login) => Some(login.clone()),
            None => self.wire.settings.login(host, path)?,
        };
        let safe = self.may_be_overheard(&self.origin);
        for offer in offers {
            match (offer, &login) {
                (Challenge::Bearer { realm, service, scope }, login) => {
                    let scope = scope.unwrap_or_else(|| format!("repository:{path}:pull"));
                    let token = self.token(&realm, service.as_deref(), &scope, login.as_ref())?;
                    return Ok((format!("Bearer {token}"), login.is_some()));
                }
                (Challenge::Basic, Some(Login::Password { name, password })) if safe => {
                    return Ok((basic(name, password), true));
                }
                (Challenge::Basic, _) => {}
            }
        }
        self.judge(ask, asked, login.is_some()).and_then(|given| {
            // A registry that says 401 has not given anything.
            Err(RemoteError::Garbage { host: given.host, why: "it asks who we are in no way that we know".to_owned() })
        })
    }

    /// Has a token made out by whom the registry trusts with that.
    fn token(
        &self,
        realm: &str,
        service: Option<&str>,
        scope: &str,
        login: Option<&Login>,
    ) -> Result<String, RemoteError> {
        let astray = |why| {
            let location = realm.split('?').next().unwrap_or_default().to_owned();
            RemoteError::Astray { host: self.origin.host.clone(), location, why }
        };
        let mut address = realm.to_owned();
        let queried = service.map(|service| ("service", service)).into_iter().chain([("scope", scope)]);
        for (name, value) in queried.clone() {
            address.push(if address.contains('?') { '&' } else { '?' });
            address.push_str(&format!("{name}={}", encoded(value)));
        }
        let parsed = |text: &str| text.parse::<Uri>().map_err(|_| astray("which is no address to ask for a token"));
        let (with_query, bare) = (parsed(&address)?, parsed(realm)?);
        let origin = Origin::of(&bare).ok_or_else(|| astray("which is no address to ask for a token"))?;
        if login.is_some() && !self.may_be_overheard(&origin) {
            return Err(astray("where anybody could read who we are"));
        }
        let lax = self.is_lax(&origin);
        let answer = match login {
            None => self.wire.send(&request(&with_query, None, None), lax)?,
            Some(Login::Password { name, password }) => {
                let answer = self.wire.send(&request(&with_query, Some(&basic(name, password)), None), lax)?;
                match answer.status().as_u16() {
                    404 | 405 => {
                        let mut form = form("password", service.unwrap_or_default(), scope);
                        form.extend([("username", name.as_str()), ("password", password)]);
                        self.wire.send(&request(&bare, None, Some(&form)), lax)?
                    }
                    _ => answer,
                }
            }
            Some(Login::Identity(token)) => {
                let mut form = form("refresh_token", service.unwrap_or_default(), scope);
                form.push(("refresh_token", token));
                self.wire.send(&request(&bare, None, Some(&form)), lax)?
            }
        };
        self.issued(given(answer, origin.host), login.is_some())
    }

    fn issued(&self, answer: Given, known: bool) -> Result<String, RemoteError> {
        #[derive(Deserialize)]
        struct Issued {
            token: Option<String>,
            access_token: Option<String>,
        }
        let ask = Ask { what: &format!("a token for {}", self.endpoint.path), ..Ask::default() };
        let answer = self.judge(&ask, answer, known)?;
        let host = answer.host.clone();
        let garbage =
            || RemoteError::Garbage { host: host.clone(), why: "what it gives for a token is none".to_owned() };
        let body = words(answer.body).map_err(|error| self.wire.failure(&host, error.into()))?;
        let issued: Issued = serde_json::from_slice(&body).map_err(|_| garbage())?;
        let there = |token: Option<String>| token.filter(|token| !token.is_empty());
        let token = there(issued.token).or(there(issued.access_token)).ok_or_else(garbage)?;
        if token.bytes().all(|byte| byte.is_ascii_graphic()) { Ok(token) } else { Err(garbage()) }
    }
}

fn request<'a>(uri: &'a Uri, authorization: Option<&'a str>, form: Option<&'a [(&'a str, &'a str)]>) -> Request<'a> {
    Request { uri, accept: None, authorization, range: None, form }
}

fn form<'a>(grant: &'a str, service: &'a str, scope: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![("grant_type", grant), ("service", service), ("scope", scope), ("client_id", "podkit")]
}

fn given(answer: Response<Body>, host: String) -> Given {
    let (head, body) = answer.into_parts();
    Given { status: head.status.as_u16(), headers: head.headers, body, host }
}

/// The beginning of what a body says.
fn words(body: Body) -> std::io::Result<Vec<u8>> {
    let mut words = Vec::new();
    body.into_reader().take(WORDS).read_to_end(&mut words).map(|_| words)
}

fn address(origin: &Origin, path: &str) -> Result<Uri, RemoteError> {
    let text = origin.address(path);
    let why = || RemoteError::Garbage { host: origin.host.clone(), why: "there is no such address".to_owned() };
    text.parse().map_err(|_| why())
}

/// Where a `Location` leads to from here.
pub(crate) fn resolve(from: &Uri, location: &str) -> Option<Uri> {
    let location = location.split('#').next()?;
    if location.starts_with("//") {
        return format!("{}:{location}", from.scheme_str()?).parse().ok();
    }
    if let Some(path) = location.starts_with('/').then(|| location.parse::<PathAndQuery>().ok()) {
        let mut parts = from.clone().into_parts();
        parts.path_and_query = Some(path?);
        return Uri::from_parts(parts).ok();
    }
    let uri: Uri = location.parse().ok()?;
    (uri.scheme().is_some() && uri.authority().is_some()).then_some(uri)
}

/// As it may stand in the query of an address.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/,".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_one_is_led_is_told_from_where_one_is() {
        let from = Uri::from_static("https://q.io/v2/a/blobs/b?c=d");
        for (location, leads) in [
            ("https://cdn.io/x?y=z", Some("https://cdn.io/x?y=z")),
            ("http://cdn.io", Some("http://cdn.io/")),
            ("//cdn.io/x", Some("https://cdn.io/x")),
            ("/other?e#f", Some("https://q.io/other?e")),
            ("", None),
            ("other", None),
            ("https://", None),
            ("a b", None),
        ] {
            assert_eq!(resolve(&from, location).map(|uri| uri.to_string()).as_deref(), leads, "{location:?}");
        }
    }

    #[test]
    fn what_a_query_says_ends_where_it_ends() {
        assert_eq!(encoded("repository:a/b:pull,push"), "repository:a/b:pull,push");
        assert_eq!(encoded("a&b=c d#ä"), "a%26b%3Dc%20d%23%C3%A4");
    }
}
