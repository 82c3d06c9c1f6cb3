//! Carrying connections to the forwarder, and saying so, until the pod is over.

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use launch::Pidfd;
use rustix::net::{RecvFlags, recv};
use tokio::io::copy_bidirectional;
use tokio::io::unix::AsyncFd;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::{LocalSet, spawn_local};

use super::{Way, ask};
use crate::error::Error;
use crate::forwarder::Forwarder;
use crate::sys;

/// Before a listener is tried again that had no room.
const BREATH: Duration = Duration::from_millis(50);

/// Carries until the pod, or its forwarder, has ended.
///
/// # Errors
/// Nothing can be watched, or nobody reads what is said.
pub(super) fn until_over(
    ways: Vec<Way>,
    pod: &Pidfd,
    forwarder: &Forwarder,
    out: &mut impl Write,
) -> Result<(), Error> {
    let failed = |error: io::Error| Error::from(ask("watch", error));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let (pod, forwarder) = (pod.as_fd().try_clone_to_owned(), forwarder.as_fd().try_clone_to_owned());
    let (pod, forwarder) = (pod.map_err(failed)?, forwarder.map_err(failed)?);
    LocalSet::new().block_on(&runtime, async move {
        let (tell, mut told) = mpsc::unbounded_channel();
        for way in ways {
            way.listener.set_nonblocking(true).map_err(failed)?;
            let listener = TcpListener::from_std(way.listener).map_err(failed)?;
            spawn_local(accept(listener, way.pair.local, way.inner, tell.clone()));
        }
        let (pod, forwarder) = (sys::watch(pod).map_err(failed)?, sys::watch(forwarder).map_err(failed)?);
        loop {
            tokio::select! {
                _ended = pod.readable() => return Ok(()),
                ready = forwarder.readable() => {
                    let mut ready = ready.map_err(failed)?;
                    // What it tells is of no use here; that it has gone is.
                    let mut said = [0_u8; 512];
                    let took = |it: &AsyncFd<OwnedFd>| Ok(recv(it, &mut said[..], RecvFlags::DONTWAIT)?);
                    if let Ok(Ok((0, _)) | Err(_)) = ready.try_io(took) {
                        return Ok(());
                    }
                }
                port = told.recv() => {
                    let Some(port) = port else { return Ok(()) };
                    writeln!(out, "Handling connection for {port}").and_then(|()| out.flush()).map_err(Error::Output)?;
                }
            }
        }
    })
}

async fn accept(listener: TcpListener, port: u16, inner: u16, tell: mpsc::UnboundedSender<u16>) {
    loop {
        let Ok((client, _)) = listener.accept().await else {
            tokio::time::sleep(BREATH).await;
            continue;
        };
        let _at_the_end = tell.send(port);
        spawn_local(carry(client, inner));
    }
}

/// Carries one; how it ends is seen by both sides.
async fn carry(mut client: TcpStream, inner: u16) {
    let Ok(mut pod) = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, inner))).await else { return };
    let _nagle = client.set_nodelay(true).and_then(|()| pod.set_nodelay(true));
    let _ended = copy_bidirectional(&mut client, &mut pod).await;
}
