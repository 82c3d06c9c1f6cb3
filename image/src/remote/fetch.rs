//! One blob: fetched, gone on with where it broke, verified by the store.

use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use oci_spec::image::Descriptor;
use ureq::http::header::{CONTENT_LENGTH, CONTENT_RANGE};

use crate::digest::Digest;
use crate::remote::answer;
use crate::remote::error::RemoteError;
use crate::remote::event::{Event, Stage, Watch};
use crate::remote::persist::Tries;
use crate::remote::session::{Ask, Given, Session};
use crate::remote::wire::{self, Patience};
use crate::store::{Ingest, Store, StoreError};

/// What is moved at once.
const PIECE: usize = 64 << 10;

/// So much more makes a try one that went on; a server that drips is not waited for for ever.
const PROGRESS: u64 = 1 << 20;

/// How often it is told how much has come.
const TOLD: Duration = Duration::from_millis(50);

/// Whoever fetches blobs of one repository.
#[derive(Clone, Copy)]
pub(crate) struct Fetcher<'a> {
    pub(crate) session: &'a Session<'a>,
    pub(crate) store: &'a Store,
    pub(crate) patience: Patience,
    pub(crate) watch: &'a Watch<'a>,
    /// That nobody wants it any more, for something else has failed.
    pub(crate) stop: &'a AtomicBool,
}

impl Fetcher<'_> {
    /// Has the store have a blob.
    pub(crate) fn fetch(&self, descriptor: &Descriptor) -> Result<(), RemoteError> {
        let digest = Digest::try_from(descriptor.digest())?;
        let tell = |stage| (self.watch)(&Event::Layer { digest: &digest, stage });
        let Some(ingest) = self.store.ingest(descriptor)? else {
            tell(Stage::Here);
            return Ok(());
        };
        let leftover = ingest.written() > 0;
        match self.complete(ingest, &digest, &tell) {
            // What was here before may have been no part of it.
            Err(RemoteError::Store(StoreError::OtherDigest { .. })) if leftover => {
                let Some(mut ingest) = self.store.ingest(descriptor)? else {
                    tell(Stage::Here);
                    return Ok(());
                };
                ingest.restart()?;
                self.complete(ingest, &digest, &tell)
            }
            done => done,
        }
    }

    fn complete(&self, mut ingest: Ingest, digest: &Digest, tell: &dyn Fn(Stage)) -> Result<(), RemoteError> {
        let whole = ingest.size().unwrap_or(0);
        tell(Stage::Begun { written: ingest.written(), size: whole });
        let mut tries = Tries::new(self.patience, self.watch);
        while ingest.written() < whole {
            if self.stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            let before = ingest.written();
            let Err(error) = self.part(&mut ingest, digest, whole, tell) else { continue };
            if ingest.written() >= before + PROGRESS {
                tries.went_on();
            }
            match error {
                // It is not that large there, or does not know its own size.
                RemoteError::NoRange { host, size: Some(found), .. } if found != whole => {
                    return Err(RemoteError::Size { host, digest: digest.clone(), expected: whole, found });
                }
                RemoteError::NoRange { host, .. } if before > 0 => {
                    ingest.restart()?;
                    tell(Stage::Begun { written: 0, size: whole });
                    let source = io::Error::other("it does not go on in the middle");
                    tries.failed(RemoteError::Broken { host, source }, true)?;
                }
                error => tries.failed(error, true)?,
            }
        }
        ingest.commit()?;
        tell(Stage::Done);
        Ok(())
    }

    /// Asks for what is missing, and takes what comes of it.
    fn part(&self, ingest: &mut Ingest, digest: &Digest, whole: u64, tell: &dyn Fn(Stage)) -> Result<(), RemoteError> {
        let here = ingest.written();
        let ask = Ask {
            path: &format!("blobs/{digest}"),
            accept: None,
            // Closed, for some who have ranges do not have open ones.
            range: (here > 0).then(|| (here, whole - 1)),
            what: &format!("blob {digest}"),
        };
        let given = self.session.get(&ask)?;
        let begins = begins(&given, digest, here, whole)?;
        let host = given.host.clone();
        let mut body = given.body.into_reader();
        // It gives the whole again: what is here already goes by.
        let skip = here - begins;
        let skipped = io::copy(&mut Read::by_ref(&mut body).take(skip), &mut io::sink());
        if skipped.map_err(|error| self.broken(&host, error))? < skip {
            return Err(ended(host));
        }
        let (mut piece, mut told) = (vec![0; PIECE], Instant::now());
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            let count = body.read(&mut piece).map_err(|error| self.broken(&host, error))?;
            if count == 0 {
                break;
            }
            ingest.write_all(&piece[..count]).map_err(|error| self.unwritten(error))?;
            if told.elapsed() >= TOLD || ingest.written() == whole {
                told = Instant::now();
                tell(Stage::Came(ingest.written()));
            }
        }
        if ingest.written() < whole { Err(ended(host)) } else { Ok(()) }
    }

    fn broken(&self, host: &str, error: io::Error) -> RemoteError {
        match error.downcast::<ureq::Error>() {
            Ok(error) => self.session.failure(host, error),
            Err(error) => wire::broken(host.to_owned(), error, self.patience.silence),
        }
    }

    /// Our own disk, or more than there should be.
    fn unwritten(&self, error: io::Error) -> RemoteError {
        let error = error.downcast::<StoreError>().unwrap_or_else(|source| StoreError::File {
            operation: "write to",
            path: self.store.root().to_owned(),
            source,
        });
        error.into()
    }
}

fn ended(host: String) -> RemoteError {
    RemoteError::Broken { host, source: io::ErrorKind::UnexpectedEof.into() }
}

/// Where in the blob an answer begins: at its beginning, or where we lack it.
fn begins(given: &Given, digest: &Digest, here: u64, whole: u64) -> Result<u64, RemoteError> {
    let lies = |found| RemoteError::Size { host: given.host.clone(), digest: digest.clone(), expected: whole, found };
    let length = given.header(&CONTENT_LENGTH).and_then(|length| length.trim().parse::<u64>().ok());
    if given.status != 206 {
        return length.filter(|length| *length != whole).map_or(Ok(0), |found| Err(lies(found)));
    }
    match given.header(&CONTENT_RANGE).and_then(answer::content_range) {
        Some((_, Some(found))) if found != whole => Err(lies(found)),
        Some((begins, _)) if begins == here => Ok(begins),
        _ => {
            let what = format!("blob {digest}");
            Err(RemoteError::NoRange { host: given.host.clone(), what, size: None })
        }
    }
}
