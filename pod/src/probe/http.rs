//! Whether a request is answered well, as the kubelet asks.

use std::fmt;
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::body::{Body, Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, CONNECTION, HOST, HeaderName, HeaderValue, LOCATION, USER_AGENT};
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::message::Near;
use super::near::Unreached;
use super::{MOST, Outcome, Purpose, port_of, tls, within};
use crate::compile::{HttpGet, Scheme};

/// How often a server may send us elsewhere.
const REDIRECTS: usize = 10;

/// Where a request goes, and for what.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Url {
    scheme: Scheme,
    host: String,
    port: u16,
    path: String,
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.scheme == Scheme::Https { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority(), self.path)
    }
}

impl Url {
    fn authority(&self) -> String {
        let host = &self.host;
        if host.contains(':') { format!("[{host}]:{}", self.port) } else { format!("{host}:{}", self.port) }
    }

    /// Where a server sends us, from here.
    fn follow(&self, location: &str) -> Option<Self> {
        let whole = if location.starts_with("//") {
            let scheme = if self.scheme == Scheme::Https { "https" } else { "http" };
            format!("{scheme}:{location}")
        } else if location.contains("://") {
            location.to_owned()
        } else {
            let path = if location.starts_with('/') {
                location.to_owned()
            } else {
                let above =
                    self.path.split('?').next().and_then(|path| path.rsplit_once('/')).map_or("", |(above, _)| above);
                format!("{above}/{location}")
            };
            return Some(Self { path, ..self.clone() });
        };
        let uri: Uri = whole.split('#').next()?.parse().ok()?;
        let scheme = match uri.scheme_str()? {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return None,
        };
        let port = uri.port_u16().unwrap_or(if scheme == Scheme::Https { 443 } else { 80 });
        let host = uri.host()?.trim_matches(['[', ']']).to_owned();
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Some(Self { scheme, host, port, path: path.to_owned() })
    }
}

/// What a server answered.
struct Answered {
    status: StatusCode,
    location: Option<String>,
    body: String,
}

/// Why it did not.
enum Trouble {
    Refused(String),
    Untried(String),
    /// What was to be spoken in secret was answered in the clear.
    NotEncrypted(String),
}

pub(super) async fn ask(get: &HttpGet, purpose: Purpose, near: &Near, patience: Duration) -> Outcome {
    let port = match port_of(get) {
        Ok(port) => port,
        Err(outcome) => return outcome,
    };
    let host = get.host.clone().filter(|host| !host.is_empty()).unwrap_or_else(|| near.address.to_string());
    let path = if get.path.starts_with('/') { get.path.clone() } else { format!("/{}", get.path) };
    let first = Url { scheme: get.scheme, host, port, path };
    let late = || {
        Outcome::Failure(format!(
            "Get \"{first}\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
        ))
    };
    within(patience, late, converse(get, purpose, near, &first)).await
}

async fn converse(get: &HttpGet, purpose: Purpose, near: &Near, first: &Url) -> Outcome {
    let mut url = first.clone();
    for _ in 0..=REDIRECTS {
        let mut answered = request(get, purpose, near, &url).await;
        if purpose == Purpose::Hook && matches!(answered, Err(Trouble::NotEncrypted(_))) {
            url.scheme = Scheme::Http;
            answered = request(get, purpose, near, &url).await;
        }
        let answered = match answered {
            Ok(answered) => answered,
            Err(Trouble::Refused(words) | Trouble::NotEncrypted(words)) => {
                return Outcome::Failure(format!("Get \"{url}\": {words}"));
            }
            Err(Trouble::Untried(words)) => return Outcome::Error(words),
        };
        let next = answered.location.as_deref().and_then(|location| url.follow(location));
        match next {
            Some(next) if is_redirect(answered.status) => {
                // Whoever is sent to another host is told so, and has had an answer.
                if next.host != first.host {
                    return judge(&answered, purpose);
                }
                url = next;
            }
            _ => return judge(&answered, purpose),
        }
    }
    Outcome::Failure(format!("Get \"{url}\": stopped after {REDIRECTS} redirects"))
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn judge(answered: &Answered, purpose: Purpose) -> Outcome {
    let status = answered.status.as_u16();
    match status {
        _ if purpose == Purpose::Hook => Outcome::Success,
        300..400 => Outcome::Warning(format!("Probe terminated redirects, Response body: {}", answered.body)),
        200..400 => Outcome::Success,
        _ => Outcome::Failure(format!("HTTP probe failed with statuscode: {status}")),
    }
}

async fn request(get: &HttpGet, purpose: Purpose, near: &Near, url: &Url) -> Result<Answered, Trouble> {
    let request = prepared(get, purpose, url).map_err(Trouble::Untried)?;
    let host = (near.address.to_string() != url.host).then_some(url.host.as_str());
    let stream = near.connect(host, url.port).await.map_err(|error| match error {
        Unreached::Refused(words) => Trouble::Refused(words),
        Unreached::Untried(words) => Trouble::Untried(words),
    })?;
    match url.scheme {
        Scheme::Http => exchange(stream, request).await,
        Scheme::Https => match tls::begin(stream, &url.host).await {
            Ok(stream) => exchange(stream, request).await,
            Err(error) if tls::is_in_the_clear(&error) => {
                Err(Trouble::NotEncrypted("http: server gave HTTP response to HTTPS client".to_owned()))
            }
            Err(error) => Err(Trouble::Refused(error.to_string())),
        },
    }
}

/// The request, with what the kubelet says of itself where nothing else is said.
fn prepared(get: &HttpGet, purpose: Purpose, url: &Url) -> Result<Request<Empty<Bytes>>, String> {
    let mut request = Request::new(Empty::new());
    *request.uri_mut() = url.path.split('#').next().unwrap_or("/").parse().map_err(|error| format!("{error}"))?;
    let headers = request.headers_mut();
    for (name, value) in &get.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| format!("{name:?}: {error}"))?;
        headers.append(name, HeaderValue::from_str(value).map_err(|error| format!("{error}"))?);
    }
    let agent = if purpose == Purpose::Probe { "kube-probe/1.36" } else { "kube-lifecycle/1.36" };
    headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(agent));
    if headers.get(ACCEPT).is_none() {
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    } else if headers.get(ACCEPT).is_some_and(HeaderValue::is_empty) {
        headers.remove(ACCEPT);
    }
    if headers.get(HOST).is_none() {
        headers.insert(HOST, HeaderValue::from_str(&url.authority()).map_err(|error| format!("{error}"))?);
    }
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    Ok(request)
}

async fn exchange<S>(stream: S, request: Request<Empty<Bytes>>) -> Result<Answered, Trouble>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let refused = |error: hyper::Error| Trouble::Refused(words(&error));
    let (mut sender, connection) =
        http1::Builder::new().max_buf_size(64 << 10).handshake(TokioIo::new(stream)).await.map_err(refused)?;
    let conversation = async {
        let response = sender.send_request(request).await.map_err(refused)?;
        read(response).await.map_err(refused)
    };
    // The connection does its part as long as there is something to be said.
    tokio::pin!(connection);
    tokio::pin!(conversation);
    tokio::select! {
        answered = &mut conversation => answered,
        ended = &mut connection => match ended {
            Err(error) => Err(refused(error)),
            // What has come is still to be read.
            Ok(()) => conversation.await,
        },
    }
}

/// A server that ends before it has answered says so in Go's way.
fn words(error: &hyper::Error) -> String {
    if error.is_incomplete_message() || error.is_closed() { "EOF".to_owned() } else { error.to_string() }
}

async fn read(response: Response<Incoming>) -> Result<Answered, hyper::Error> {
    let status = response.status();
    let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut incoming = response.into_body();
    let mut body = Vec::new();
    // More is not read, and no reason to fail.
    while body.len() < MOST && !incoming.is_end_stream() {
        let Some(frame) = incoming.frame().await else { break };
        if let Ok(data) = frame?.into_data() {
            let room = MOST - body.len();
            body.extend_from_slice(&data[..data.len().min(room)]);
        }
    }
    Ok(Answered { status, location, body: String::from_utf8_lossy(&body).into_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_server_sends_us_is_understood_from_where_we_are() {
        let here = Url { scheme: Scheme::Http, host: "10.0.0.1".to_owned(), port: 8080, path: "/a/b?c=d".to_owned() };
        let next = |location: &str| here.follow(location).map(|url| url.to_string());
        assert_eq!(next("/x").as_deref(), Some("http://10.0.0.1:8080/x"));
        assert_eq!(next("x?y").as_deref(), Some("http://10.0.0.1:8080/a/x?y"));
        assert_eq!(next("https://other/").as_deref(), Some("https://other:443/"));
        assert_eq!(next("//10.0.0.1:9/z").as_deref(), Some("http://10.0.0.1:9/z"));
        assert_eq!(next("ftp://x/"), None);
        let six = Url { host: "::1".to_owned(), ..here };
        assert_eq!(six.to_string(), "http://[::1]:8080/a/b?c=d");
    }

    #[test]
    fn a_request_says_what_the_kubelets_says() {
        let get = |headers: &[(&str, &str)]| HttpGet {
            scheme: Scheme::Http,
            host: None,
            port: crate::compile::PortRef::Number(80),
            path: "/x?y".to_owned(),
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        };
        let url = Url { scheme: Scheme::Http, host: "10.0.0.1".to_owned(), port: 80, path: "/x?y".to_owned() };
        let shown = |headers: &[(&str, &str)], purpose| {
            let request = prepared(&get(headers), purpose, &url).expect("a request");
            let shown =
                |(name, value): (&HeaderName, &HeaderValue)| format!("{name}: {}", value.to_str().expect("text"));
            let mut shown: Vec<_> = request.headers().iter().map(shown).collect();
            shown.sort();
            shown
        };
        let usual = ["accept: */*", "connection: close", "host: 10.0.0.1:80", "user-agent: kube-probe/1.36"];
        assert_eq!(shown(&[], Purpose::Probe), usual);
        let own = [("Host", "web"), ("Accept", ""), ("X-A", "1"), ("X-A", "2"), ("User-Agent", "me")];
        let expected = ["connection: close", "host: web", "user-agent: me", "x-a: 1", "x-a: 2"];
        assert_eq!(shown(&own, Purpose::Probe), expected);
        assert!(shown(&[], Purpose::Hook).contains(&"user-agent: kube-lifecycle/1.36".to_owned()));
        assert!(prepared(&get(&[("a b", "c")]), Purpose::Probe, &url).is_err());
    }

    #[test]
    fn only_the_status_counts_and_for_hooks_not_even_that() {
        let of = |status: u16, purpose| {
            let status = StatusCode::from_u16(status).expect("a status");
            judge(&Answered { status, location: None, body: "b".to_owned() }, purpose)
        };
        assert_eq!((of(200, Purpose::Probe), of(299, Purpose::Probe)), (Outcome::Success, Outcome::Success));
        assert!(matches!(of(302, Purpose::Probe), Outcome::Warning(_)));
        let failed = |status: u16| Outcome::Failure(format!("HTTP probe failed with statuscode: {status}"));
        assert_eq!((of(400, Purpose::Probe), of(503, Purpose::Probe)), (failed(400), failed(503)));
        assert_eq!(of(503, Purpose::Hook), Outcome::Success);
    }
}
