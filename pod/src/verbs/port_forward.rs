//! `pod port-forward`: ports of this machine that lead into a pod, as long as this runs.
//!
//! Connections are made in the pod's network by a forwarder of our own, as published ports have one: who accepts them
//! here neither enters the pod nor needs a right to. It hears of our end, however we end, and ends with it.

mod ports;
mod relay;

use std::fs::{DirBuilder, File};
use std::io::{self, Write, pipe};
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::AsFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use clap::Args;
use launch::{Identity, Pidfd};
use manifest::kind::Pod;
use registry::{Found, Registry, RegistryError};

use super::lives::as_it_does;
use super::named::{Kept, kept};
use super::trouble::{Trouble, answered};
use crate::answer::{Answer, Complaint};
use crate::error::Error;
use crate::forwarder::{self, Forwarder, ForwarderError, Listening};
use crate::place::Place;
use crate::programs::Programs;
use crate::publish::{Publish, Transport};
use ports::{Pair, pairs};

/// Lead ports of this machine into a pod.
///
/// Goes on until it is ended, or the pod is; containers may be started again meanwhile.
#[derive(Debug, Args)]
pub struct PortForward {
    /// The pod, and ports: pod/web 8080:80, web 80, web :80
    #[arg(value_name = "POD [LOCAL:]PORT")]
    words: Vec<String>,

    /// Where to listen: localhost, or addresses
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',', default_value = "localhost")]
    address: Vec<String>,

    /// The namespace
    #[arg(short, long, value_name = "NAME")]
    namespace: Option<String>,
}

/// A port here, and the one that the forwarder has for it.
#[derive(Debug)]
struct Way {
    listener: std::net::TcpListener,
    pair: Pair,
    /// Where the forwarder listens.
    inner: u16,
}

impl PortForward {
    /// Carries connections until the pod ends.
    ///
    /// # Errors
    /// It cannot be done, or what is to be said not written.
    pub fn run(&self, registry: &Registry, programs: &Programs, out: &mut impl Write) -> Result<Answer, Error> {
        answered(self.carry(registry, programs, out))
    }

    fn carry(&self, registry: &Registry, programs: &Programs, out: &mut impl Write) -> Result<Answer, Trouble> {
        let Some((name, ports)) = self.words.split_first().filter(|(_, ports)| !ports.is_empty()) else {
            let trouble = "TYPE/NAME and list of ports are required for port-forward";
            return Err(Complaint::Usage(trouble.to_owned(), "port-forward").into());
        };
        let (found, pod) = self.pod(registry, name)?;
        let pairs = pairs(ports, pod.as_deref())?;
        let addresses = ports::addresses(&self.address)?;
        let pause = found.pause().map_err(Error::from)?;
        let pinned = Pidfd::of(pause).map_err(|unseen| Error::from(RegistryError::Blind(unseen)))?;
        let Some(pinned) = pinned else { return Err(Error::from(found.ended()).into()) };
        let (open, said) = ports::listen(&pairs, &addresses)?;
        for trouble in said {
            // A stderr that takes nothing is no reason to carry nothing.
            let _lost = writeln!(io::stderr(), "{trouble}");
        }
        let mut ways = Vec::new();
        let mut inner = Vec::new();
        for (listener, pair) in open {
            let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
            let publish = Publish { address, host_port: 0, pod_port: pair.remote, protocol: Transport::Tcp };
            let listening = forwarder::listen(publish).map_err(|source| Error::Publish { publish, source })?;
            ways.push(Way { listener, pair, inner: listening.publish.host_port });
            inner.push(listening);
        }
        // Its other end is open as long as we are.
        let (heard, _held) = pipe().map_err(|error| Error::from(ask("make a pipe for", error)))?;
        let forwarder = start(&programs.pod()?, pause, heard.as_fd(), inner).map_err(Error::from)?;
        for way in &ways {
            let here = way.listener.local_addr().map_err(|error| Error::from(ask("listen for", error)))?;
            writeln!(out, "Forwarding from {here} -> {}", way.pair.remote).map_err(Error::Output)?;
        }
        out.flush().map_err(Error::Output)?;
        relay::until_over(ways, &pinned, &forwarder, out)?;
        Err(Complaint::plain("lost connection to pod").into())
    }

    /// The pod that is meant, and what its manifest says.
    fn pod(&self, registry: &Registry, word: &str) -> Result<(Found, Option<Box<Pod>>), Trouble> {
        let pod = match kept(word, self.namespace.as_deref(), "only to pods ports are forwarded: pod/NAME")? {
            Kept::Pod(pod) => pod,
            Kept::ByHand(name) => return Ok((registry.pod(&name).map_err(Error::from)?, None)),
        };
        let pod = as_it_does(pod, &mut Answer::default()).pod;
        let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref()).unwrap_or("Pending");
        if phase != "Running" {
            let trouble = format!("unable to forward port because pod is not running. Current status={phase}");
            return Err(Complaint::Plain(trouble).into());
        }
        let place = Place::of(&pod, &image::store::data_directory(), registry);
        let found = registry.pod(&place.sandbox()).map_err(Error::from)?;
        Ok((found, Some(pod)))
    }
}

fn ask(operation: &'static str, source: io::Error) -> ForwarderError {
    ForwarderError::Ask { operation, source }
}

/// Starts a forwarder that nobody but us knows of.
fn start(
    program: &Path,
    pause: Identity,
    pinned: std::os::fd::BorrowedFd<'_>,
    listening: Vec<Listening>,
) -> Result<Forwarder, ForwarderError> {
    let directory = std::env::temp_dir().join(format!("pod-port-forward-{}", std::process::id()));
    let made = DirBuilder::new().mode(0o700).create(&directory);
    made.map_err(|error| ask("make a directory for", error))?;
    let record = File::create(directory.join("process")).map_err(|error| ask("record", error));
    let started = record.and_then(|record| {
        forwarder::start(forwarder::Start {
            program,
            directory: &directory,
            pause,
            pinned,
            record: record.into(),
            listening,
        })
    });
    // It needs none of that any more.
    let _left = std::fs::remove_dir_all(&directory);
    started
}
