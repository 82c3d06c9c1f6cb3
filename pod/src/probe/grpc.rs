//! Whether a server says of itself that it serves, by the health service of gRPC.
//!
//! One call with one field, answered with one field, is all there is to it; what carries it is hyper's.
//!
//! # References
//! gRPC over HTTP/2 (PROTOCOL-HTTP2.md), grpc.health.v1

use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http2;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue, TE, USER_AGENT};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::message::Near;
use super::near::Unreached;
use super::{MOST, Outcome, seconds, within};

/// The code of gRPC for a method that there is not.
const UNIMPLEMENTED: u32 = 12;

/// What a server answered: the status of the call, what is said of that, and the status of the service.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Health {
    code: u32,
    message: String,
    serving: Option<u64>,
}

pub(super) async fn ask(near: &Near, port: u16, service: &str, patience: Duration) -> Outcome {
    let address = format!("{}:{port}", near.address);
    let late = || {
        let time = seconds(patience);
        Outcome::Failure(format!("timeout: health rpc did not complete within {time}"))
    };
    within(patience, late, async {
        let stream = match near.connect(None, port).await {
            Ok(stream) => stream,
            Err(Unreached::Refused(words)) => {
                let time = seconds(patience);
                return Outcome::Failure(format!(
                    "timeout: failed to connect service {address:?} within {time}: {words}"
                ));
            }
            Err(Unreached::Untried(words)) => return Outcome::Error(words),
        };
        let handshake =
            http2::Builder::new(TokioExecutor::new()).max_header_list_size(16 << 10).handshake(TokioIo::new(stream));
        let asked = async {
            let (mut sender, connection) = handshake.await?;
            let call = call(&address, service);
            // The connection goes with us.
            tokio::pin!(connection);
            let conversation = async {
                let response = sender.send_request(call).await?;
                read(response).await
            };
            tokio::pin!(conversation);
            tokio::select! {
                answered = &mut conversation => answered,
                ended = &mut connection => match ended {
                    Err(error) => Err(error),
                    Ok(()) => conversation.await,
                },
            }
        };
        match asked.await {
            Ok(health) => judge(&health),
            Err(error) => Outcome::Failure(format!("error: health rpc probe failed: {error}")),
        }
    })
    .await
}

fn call(address: &str, service: &str) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(Bytes::from(framed(service))));
    *request.method_mut() = Method::POST;
    let uri = format!("http://{address}/grpc.health.v1.Health/Check");
    *request.uri_mut() = uri.parse().unwrap_or_default();
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(TE, HeaderValue::from_static("trailers"));
    headers.insert(USER_AGENT, HeaderValue::from_static("kube-probe/1.36"));
    request
}

/// The request: a message that is not compressed, its length, and the field 1 of it.
fn framed(service: &str) -> Vec<u8> {
    let mut message = Vec::new();
    if !service.is_empty() {
        message.push(0x0a);
        varint(service.len() as u64, &mut message);
        message.extend_from_slice(service.as_bytes());
    }
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    [&[0][..], &length.to_be_bytes(), &message].concat()
}

fn varint(mut number: u64, to: &mut Vec<u8>) {
    while number >= 0x80 {
        to.push(u8::try_from(number & 0x7f).unwrap_or_default() | 0x80);
        number >>= 7;
    }
    to.push(u8::try_from(number).unwrap_or_default());
}

/// The status that a response says, which is its field 1; none is the first of all.
fn status(framed: &[u8]) -> Option<u64> {
    let (head, rest) = framed.split_at_checked(5)?;
    let length = u32::from_be_bytes(head.get(1..)?.try_into().ok()?);
    let mut message = rest.get(..usize::try_from(length).ok()?)?;
    if head.first() != Some(&0) {
        return None;
    }
    let mut found = 0;
    while !message.is_empty() {
        let key = number(&mut message)?;
        match key & 7 {
            0 => {
                let value = number(&mut message)?;
                if key >> 3 == 1 {
                    found = value;
                }
            }
            1 => message = message.get(8..)?,
            2 => {
                let length = usize::try_from(number(&mut message)?).ok()?;
                message = message.get(length..)?;
            }
            5 => message = message.get(4..)?,
            _ => return None,
        }
    }
    Some(found)
}

fn number(from: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (first, rest) = from.split_first()?;
        *from = rest;
        number |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

async fn read(response: Response<Incoming>) -> Result<Health, hyper::Error> {
    let http = response.status();
    let head = response.headers().clone();
    let mut incoming = response.into_body();
    let (mut body, mut trailers) = (Vec::new(), HeaderMap::new());
    while let Some(frame) = incoming.frame().await {
        match frame?.into_data() {
            Ok(data) => {
                let room = MOST.saturating_sub(body.len());
                body.extend_from_slice(&data[..data.len().min(room)]);
            }
            Err(frame) => trailers.extend(frame.into_trailers().into_iter().flatten()),
        }
    }
    Ok(health(http, &head, &trailers, &body))
}

fn health(http: StatusCode, head: &HeaderMap, trailers: &HeaderMap, body: &[u8]) -> Health {
    let text = |name: &str| trailers.get(name).or_else(|| head.get(name)).and_then(|value| value.to_str().ok());
    let code = text("grpc-status").and_then(|code| code.parse().ok());
    let message = text("grpc-message").unwrap_or_default().to_owned();
    match code {
        Some(code) => Health { code, message, serving: status(body) },
        // Whoever answers so speaks something else.
        None if http == StatusCode::NOT_FOUND => {
            Health { code: UNIMPLEMENTED, message: http.to_string(), serving: None }
        }
        None => Health {
            code: 2,
            message: format!("unexpected HTTP status code received from server: {http}"),
            serving: None,
        },
    }
}

fn judge(health: &Health) -> Outcome {
    let Health { code, message, serving } = health;
    match (code, serving) {
        (0, Some(1)) => Outcome::Success,
        (0, status) => {
            let word = match status {
                Some(0) => "UNKNOWN",
                Some(2) => "NOT_SERVING",
                Some(3) => "SERVICE_UNKNOWN",
                _ => "something else",
            };
            Outcome::Failure(format!("service unhealthy (responded with {word:?})"))
        }
        (&UNIMPLEMENTED, _) => Outcome::Failure(format!(
            "error: this server does not implement the grpc health protocol (grpc.health.v1.Health): {message}"
        )),
        (code, _) => {
            Outcome::Failure(format!("error: health rpc probe failed: rpc error: code = {code} desc = {message}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_framed_and_an_answer_understood() {
        assert_eq!(framed(""), [0, 0, 0, 0, 0]);
        assert_eq!(framed("ab"), [0, 0, 0, 0, 4, 0x0a, 2, b'a', b'b']);
        assert_eq!(framed(&"x".repeat(200))[5..8], [0x0a, 0xc8, 1]);
        assert_eq!(status(&[0, 0, 0, 0, 2, 8, 1]), Some(1));
        assert_eq!(status(&[0, 0, 0, 0, 0]), Some(0));
        // Fields that we do not know are passed over.
        assert_eq!(status(&[0, 0, 0, 0, 7, 0x12, 1, b'x', 0x18, 5, 8, 2]), Some(2));
        for damaged in [
            &[][..],
            &[0, 0, 0, 0],
            &[0, 0, 0, 0, 9, 8, 1],
            &[1, 0, 0, 0, 2, 8, 1],
            &[0, 0, 0, 0, 1, 0x80],
            &[0, 0, 0, 0, 1, 7],
        ] {
            assert_eq!(status(damaged), None, "{damaged:?}");
        }
    }

    #[test]
    fn only_who_says_that_it_serves_is_well() {
        let head = |pairs: &[(&'static str, &'static str)]| -> HeaderMap {
            let pair = |(name, value): &(&'static str, &'static str)| {
                (hyper::header::HeaderName::from_static(name), HeaderValue::from_static(value))
            };
            pairs.iter().map(pair).collect()
        };
        let of = |trailers: &HeaderMap, body: &[u8]| judge(&health(StatusCode::OK, &HeaderMap::new(), trailers, body));
        let good = head(&[("grpc-status", "0")]);
        assert_eq!(of(&good, &[0, 0, 0, 0, 2, 8, 1]), Outcome::Success);
        let failed = |words: &str| Outcome::Failure(words.to_owned());
        let unhealthy = failed("service unhealthy (responded with \"NOT_SERVING\")");
        assert_eq!(of(&good, &[0, 0, 0, 0, 2, 8, 2]), unhealthy);
        let unknown = head(&[("grpc-status", "12"), ("grpc-message", "no")]);
        let words = "error: this server does not implement the grpc health protocol (grpc.health.v1.Health): no";
        assert_eq!(of(&unknown, &[]), failed(words));
        assert!(matches!(of(&HeaderMap::new(), &[0, 0, 0, 0, 2, 8, 1]), Outcome::Failure(_)));
    }
}
