//! A text at an address, of nobody in particular: fetched whole, and never larger than it may be.
//!
//! Who it is of has to be proved, except on this machine. Where it is said to be elsewhere is gone to, but nobody who has
//! proved who they are sends us to somebody who need not.

use std::io::Read;

use ureq::http::Uri;
use ureq::http::header::LOCATION;

use super::answer::Answer;
use super::error::RemoteError;
use super::session::resolve;
use super::settings::Settings;
use super::wire::{Origin, Patience, Request, Verify, Wire, is_loopback};

/// How often one may be sent elsewhere.
const REDIRECTS: usize = 10;

/// Fetches a text of so many bytes at most.
///
/// # Errors
/// It did not come whole, is too large, or is not gone to: over HTTP from anywhere but this machine.
pub fn text(address: &str, most: u64) -> Result<Vec<u8>, RemoteError> {
    let no_address = |why| RemoteError::Garbage { host: address.to_owned(), why };
    let mut uri: Uri = address.parse().map_err(|error: ureq::http::uri::InvalidUri| no_address(error.to_string()))?;
    let mut origin = Origin::of(&uri).ok_or_else(|| no_address("there is no such address".to_owned()))?;
    // What is configured is of registries.
    let wire = Wire::new(Settings::default(), Patience::default(), Verify::Always);
    if !origin.tls && !is_loopback(&origin.host) {
        let why = "which is read over http from this machine only; https will do";
        return Err(RemoteError::Astray { host: "it".to_owned(), location: address.to_owned(), why });
    }
    for _ in 0..=REDIRECTS {
        let request = Request { uri: &uri, accept: None, authorization: None, range: None, form: None };
        let (head, body) = wire.send(&request, false)?.into_parts();
        let host = origin.host.clone();
        let what = uri.path().to_owned();
        let status = head.status.as_u16();
        match Answer::of(status) {
            Answer::Given => {
                let mut bytes = Vec::new();
                let read = body.into_reader().take(most + 1).read_to_end(&mut bytes);
                read.map_err(|error| wire.failure(&host, error.into()))?;
                if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > most {
                    let why = format!("{what} is larger than the {most} bytes that are read of it");
                    return Err(RemoteError::Garbage { host, why });
                }
                return Ok(bytes);
            }
            Answer::Elsewhere => {}
            _ => return Err(RemoteError::Answered { host, what, status, said: None, later: None }),
        }
        let location = head.headers.get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let shown = location.split(['?', '#']).next().unwrap_or_default().to_owned();
        let astray = |why| RemoteError::Astray { host: host.clone(), location: shown.clone(), why };
        let next = resolve(&uri, location).ok_or_else(|| astray("which is no address"))?;
        let there = Origin::of(&next).ok_or_else(|| astray("which is no address of ours to go to"))?;
        if !there.tls && (origin.tls || !is_loopback(&there.host)) {
            return Err(astray("where anybody could read and change what is said"));
        }
        (uri, origin) = (next, there);
    }
    let why = "and so on, without an end";
    Err(RemoteError::Astray { host: address.to_owned(), location: origin.host, why })
}
