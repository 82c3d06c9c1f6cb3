//! A pull: from the name to the layers, by whoever has them.

use std::collections::{HashMap, HashSet};
use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use oci_spec::image::{Descriptor, ImageConfiguration, ImageManifest, MediaType};
use ureq::http::HeaderName;
use ureq::http::header::CONTENT_TYPE;

use crate::digest::{Algorithm, Digest};
use crate::platform::Platform;
use crate::reference::{Reference, Typed};
use crate::remote::credentials::Login;
use crate::remote::document::{self, BadDocument, Document, LARGEST};
use crate::remote::error::RemoteError;
use crate::remote::event::{Event, Watch};
use crate::remote::fetch::Fetcher;
use crate::remote::persist::persist;
use crate::remote::registries::Endpoint;
use crate::remote::session::{Ask, Session};
use crate::remote::settings::Settings;
use crate::remote::wire::{Patience, Verify, Wire};
use crate::store::{Layer, LayerRecord, Store, StoreError};
use crate::unpack::Limits;

/// How many layers are fetched side by side, as docker and containerd do.
const SIDE_BY_SIDE: usize = 3;

/// How deep indexes may list indexes.
const DEEPEST: usize = 3;

/// The annotation by which a reference remembers the digest of the index that its manifest was chosen of.
pub const INDEX: &str = "podkit.index";

/// Whoever pulls images.
#[derive(Debug)]
pub struct Remote {
    wire: Wire,
    login: Option<Login>,
    limits: Limits,
}

/// What came of a pull.
#[derive(Clone, Debug, PartialEq)]
pub struct Pulled {
    /// The name that the image now has.
    pub reference: Reference,
    /// What the registry means by that name: the digest of a manifest or of an index.
    pub digest: Digest,
    /// The manifest for the platform that was wanted.
    pub manifest: Descriptor,
    /// Whether the name meant something else before, or nothing.
    pub newer: bool,
}

impl Remote {
    /// With this machine's settings; a login that was typed is for the registry that is named only.
    #[must_use]
    pub fn new(settings: Settings, verify: Verify, patience: Patience, login: Option<Login>) -> Self {
        Self { wire: Wire::new(settings, patience, verify), login, limits: Limits::default() }
    }

    /// The same with other limits for what a layer may become.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Has the store have an image under its name.
    ///
    /// # Errors
    /// When nobody gives it, what is given is not what it should be, or cannot be kept. No name is
    /// changed then.
    pub fn pull(
        &self,
        store: &Store,
        name: &Typed,
        wanted: &Platform,
        watch: &Watch<'_>,
    ) -> Result<Pulled, RemoteError> {
        let references = self.wire.settings.registries().meant(name)?;
        let (mut first, mut searched) = (None, Vec::new());
        for reference in &references {
            match self.pull_reference(store, reference, wanted, watch) {
                Ok(pulled) => return Ok(pulled),
                Err(error) if references.len() == 1 || !error.is_theirs() => return Err(error),
                Err(error) => {
                    searched.push(reference.host().to_owned());
                    // What did not even answer may have it.
                    if !error.is_absence() {
                        first.get_or_insert(error);
                    }
                }
            }
        }
        Err(first.unwrap_or_else(|| RemoteError::Nowhere { name: name.to_string(), searched }))
    }

    fn pull_reference(
        &self,
        store: &Store,
        reference: &Reference,
        wanted: &Platform,
        watch: &Watch<'_>,
    ) -> Result<Pulled, RemoteError> {
        let mut endpoints = self.wire.settings.registries().endpoints(reference)?.into_iter().peekable();
        loop {
            let Some(endpoint) = endpoints.next() else {
                let (host, what) = (reference.host().to_owned(), called(reference));
                return Err(RemoteError::Missing { host, what, said: None });
            };
            watch(&Event::Asking { reference, endpoint: &endpoint });
            match self.pull_from(store, reference, &endpoint, wanted, watch) {
                Err(error) if endpoints.peek().is_some() && error.is_theirs() => {
                    watch(&Event::Passed { endpoint: &endpoint, error: &error });
                }
                done => return done,
            }
        }
    }

    fn pull_from(
        &self,
        store: &Store,
        reference: &Reference,
        endpoint: &Endpoint,
        wanted: &Platform,
        watch: &Watch<'_>,
    ) -> Result<Pulled, RemoteError> {
        let login = self.login.clone().filter(|_| !endpoint.mirror);
        let session = Session::open(&self.wire, endpoint.clone(), login)?;
        let (patience, limits) = (self.wire.patience, self.limits);
        let pull = Pull { session: &session, store, reference, wanted, patience, limits, watch };
        let (named, chosen) = pull.resolve()?;
        let (config, config_bytes) = pull.config(&chosen.manifest)?;
        document::fits(&config, &chosen.manifest, wanted).map_err(|source| pull.unusable(source))?;
        pull.layers(&chosen.manifest, &config)?;
        keep(store, chosen.manifest.config(), &config_bytes)?;
        keep(store, &chosen.descriptor, &chosen.bytes)?;
        pull.name(named, chosen.descriptor)
    }
}

/// The pull of one image from one endpoint.
#[derive(Clone, Copy)]
struct Pull<'a> {
    session: &'a Session<'a>,
    store: &'a Store,
    reference: &'a Reference,
    wanted: &'a Platform,
    patience: Patience,
    limits: Limits,
    watch: &'a Watch<'a>,
}

/// The manifest for one platform.
struct Chosen {
    manifest: ImageManifest,
    descriptor: Descriptor,
    bytes: Vec<u8>,
}

impl Pull<'_> {
    fn unusable(&self, source: BadDocument) -> RemoteError {
        RemoteError::Document { name: self.reference.familiar(), source }
    }

    /// What the name means, and of that what suits.
    fn resolve(&self) -> Result<(Digest, Chosen), RemoteError> {
        let expected = self.reference.digest();
        let asked = match (expected, self.reference.tag()) {
            (Some(digest), _) => digest.to_string(),
            (None, tag) => tag.unwrap_or_default().to_owned(),
        };
        let came = self.document(&asked, expected)?;
        let named = came.digest.clone();
        self.choose(came, DEEPEST).map(|chosen| (named, chosen))
    }

    fn choose(&self, came: Came, depth: usize) -> Result<Chosen, RemoteError> {
        let document = Document::read(&came.bytes, came.content_type.as_deref());
        match document.map_err(|source| self.unusable(source))? {
            Document::Manifest(manifest) => {
                let media_type = manifest.media_type().clone().unwrap_or(MediaType::ImageManifest);
                let descriptor = Descriptor::new(media_type, came.bytes.len() as u64, &came.digest);
                Ok(Chosen { manifest: *manifest, descriptor, bytes: came.bytes })
            }
            Document::Index(_) if depth == 0 => Err(self.unusable(BadDocument::Deep)),
            Document::Index(index) => {
                let entry = document::choose(&index, self.wanted).map_err(|source| self.unusable(source))?;
                let digest = Digest::try_from(entry.digest())?;
                let came = match self.store.has(entry)? {
                    true => Came { bytes: self.store.document(&digest)?, digest, content_type: None },
                    false => self.document(&digest.to_string(), Some(&digest))?,
                };
                self.choose(came, depth - 1)
            }
        }
    }

    /// A manifest or an index, verified.
    fn document(&self, asked: &str, expected: Option<&Digest>) -> Result<Came, RemoteError> {
        let ask = Ask {
            path: &format!("manifests/{asked}"),
            accept: Some(&document::accepted()),
            range: None,
            what: &called(self.reference),
        };
        persist(self.patience, self.watch, || {
            let given = self.session.get(&ask)?;
            let host = given.host.clone();
            let content_type = given.header(&CONTENT_TYPE).map(ToOwned::to_owned);
            let told = given.header(&HeaderName::from_static("docker-content-digest")).map(str::parse::<Digest>);
            let bytes = self.read(&host, given.body.into_reader(), LARGEST)?;
            let bytes = bytes.ok_or_else(|| self.unusable(BadDocument::Large))?;
            let algorithm = expected.map_or(Algorithm::Sha256, Digest::algorithm);
            let digest = algorithm.digest(&bytes);
            // What it says itself has to be so, too; what it says in words that nobody knows, need not.
            for expected in expected.cloned().into_iter().chain(told.and_then(Result::ok)) {
                let found = expected.algorithm().digest(&bytes);
                if found != expected {
                    return Err(RemoteError::Other { host, expected, found });
                }
            }
            Ok(Came { bytes, digest, content_type })
        })
    }

    /// All of a body; `None` where that is more than it may be.
    fn read(&self, host: &str, body: impl Read, largest: u64) -> Result<Option<Vec<u8>>, RemoteError> {
        let mut bytes = Vec::new();
        body.take(largest + 1).read_to_end(&mut bytes).map_err(|error| self.session.failure(host, error.into()))?;
        Ok((bytes.len() as u64 <= largest).then_some(bytes))
    }

    /// The configuration, verified. It says whether the rest is worth fetching.
    fn config(&self, manifest: &ImageManifest) -> Result<(ImageConfiguration, Vec<u8>), RemoteError> {
        let descriptor = manifest.config();
        let digest = Digest::try_from(descriptor.digest())?;
        if descriptor.size() > LARGEST {
            return Err(self.unusable(BadDocument::Large));
        }
        let bytes = match self.store.has(descriptor)? {
            true => self.store.document(&digest)?,
            false => self.small(descriptor, &digest)?,
        };
        let config =
            serde_json::from_slice(&bytes).map_err(|error| self.unusable(BadDocument::Json(error.to_string())))?;
        Ok((config, bytes))
    }

    fn small(&self, descriptor: &Descriptor, digest: &Digest) -> Result<Vec<u8>, RemoteError> {
        let (path, what) = (format!("blobs/{digest}"), format!("blob {digest}"));
        let ask = Ask { path: &path, accept: None, range: None, what: &what };
        persist(self.patience, self.watch, || {
            let given = self.session.get(&ask)?;
            let host = given.host.clone();
            let bytes = self.read(&host, given.body.into_reader(), descriptor.size())?;
            let found = bytes.as_ref().map_or(descriptor.size() + 1, |bytes| bytes.len() as u64);
            let (digest, expected) = (digest.clone(), descriptor.size());
            match bytes.filter(|_| found == expected) {
                None => Err(RemoteError::Size { host, digest, expected, found }),
                Some(bytes) => match digest.algorithm().digest(&bytes) {
                    same if same == digest => Ok(bytes),
                    found => Err(StoreError::OtherDigest { expected: digest, found }.into()),
                },
            }
        })
    }

    /// Fetches what the store does not have, and unpacks what has come while the rest comes.
    fn layers(&self, manifest: &ImageManifest, config: &ImageConfiguration) -> Result<(), RemoteError> {
        let diffs = config.rootfs().diff_ids().iter().map(|diff| diff.parse());
        let diffs: Vec<Digest> = diffs.collect::<Result<_, _>>()?;
        let chain = Layer::chained(manifest.layers().iter().cloned().zip(diffs));
        let mut seen = HashSet::new();
        let unique = manifest.layers().iter().filter(|layer| seen.insert(layer.digest().to_string()));
        let layers: Vec<_> = unique.cloned().collect();
        (self.watch)(&Event::Found { reference: self.reference, layers: &layers });
        let (next, stop, failed) = (AtomicUsize::new(0), AtomicBool::new(false), Mutex::new(None));
        let (session, store, patience, watch) = (self.session, self.store, self.patience, self.watch);
        let fetcher = Fetcher { session, store, patience, watch, stop: &stop };
        let fail = |error: RemoteError| {
            stop.store(true, Ordering::Relaxed);
            failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        };
        let (come, comes) = channel();
        let work = |come: Sender<Digest>| {
            while !stop.load(Ordering::Relaxed) {
                let Some(layer) = layers.get(next.fetch_add(1, Ordering::Relaxed)) else { return };
                match fetcher.fetch(layer).and_then(|()| Ok(Digest::try_from(layer.digest())?)) {
                    // Whoever waits for it may have failed.
                    Ok(digest) => drop(come.send(digest)),
                    Err(error) => fail(error),
                }
            }
        };
        thread::scope(|scope| {
            let mut hands = 0;
            for _ in 0..SIDE_BY_SIDE.min(layers.len()) {
                let come = come.clone();
                // One that the system refuses is done without.
                hands += usize::from(thread::Builder::new().spawn_scoped(scope, move || work(come)).is_ok());
            }
            // Without any, everything comes before the first is unpacked.
            if hands == 0 {
                work(come);
            } else {
                drop(come);
            }
            if let Err(error) = self.unpack(&chain, &comes, &stop) {
                fail(error);
            }
        });
        failed.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
    }

    /// Unpacks each layer when it and all below it have come.
    fn unpack(&self, chain: &[Layer], comes: &Receiver<Digest>, stop: &AtomicBool) -> Result<(), RemoteError> {
        let (mut here, mut done) = (HashSet::new(), 0);
        for digest in comes {
            here.insert(digest.to_string());
            while let Some(layer) = chain.get(done)
                && here.contains(layer.blob.digest().as_ref())
                && !stop.load(Ordering::Relaxed)
            {
                done += 1;
                let tell = |layer: &Layer, record: &LayerRecord| {
                    (self.watch)(&Event::Unpacked { layer, outcome: &record.outcome });
                };
                self.store.unpack(&chain[..done], self.limits, tell)?;
            }
        }
        Ok(())
    }

    /// Now that everything is here, says so.
    fn name(&self, named: Digest, manifest: Descriptor) -> Result<Pulled, RemoteError> {
        let name = self.reference.to_string();
        let mut meant = manifest.clone();
        if Digest::try_from(manifest.digest())? != named {
            meant.set_annotations(Some(HashMap::from([(INDEX.to_owned(), named.to_string())])));
        }
        let before = self.store.reference(&name)?;
        let newer = before.is_none_or(|before| before.descriptor.digest() != manifest.digest());
        self.store.set_reference(&name, &meant)?;
        Ok(Pulled { reference: self.reference.clone(), digest: named, manifest, newer })
    }
}

/// A document, as it came.
struct Came {
    bytes: Vec<u8>,
    digest: Digest,
    content_type: Option<String>,
}

/// What an image is called in messages about a registry, which are about nothing else.
fn called(reference: &Reference) -> String {
    match (reference.digest(), reference.tag()) {
        (Some(digest), _) => format!("manifest {digest} of {}", reference.path()),
        (None, tag) => format!("tag {} of {}", tag.unwrap_or_default(), reference.path()),
    }
}

fn keep(store: &Store, descriptor: &Descriptor, bytes: &[u8]) -> Result<(), RemoteError> {
    if let Some(mut ingest) = store.ingest(descriptor)? {
        ingest.restart()?;
        let unwritten =
            |source: io::Error| StoreError::File { operation: "write to", path: store.root().to_owned(), source };
        ingest.write_all(bytes).map_err(unwritten)?;
        ingest.commit()?;
    }
    Ok(())
}
