//! A resolver's own life: from being started to being ended.

use std::fs::File;
use std::io::{self, Read};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::rc::Rc;

use caps::CapSet;
use network::zone::Zone;
use rustix::net::{AddressFamily, SocketFlags, SocketType, accept_with, bind, listen, socket_with, sockopt};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::{LocalSet, spawn_local};

use super::error::{ResolverError, cannot};
use super::message::{Answer, Command, Place};
use super::packets::answer_packets;
use super::share::{PORT, Share};
use super::streams::answer_streams;
use crate::forwarder::{Work, confine, confined, hear, say, take_control};
use crate::rest;
use crate::sys::watch;

/// A file of names is not longer: a line of a hundred bytes for each of as many pods as a bridge has ports, and more.
const LONGEST_FILE: u64 = 4 << 20;

type Watched = AsyncFd<OwnedFd>;

/// Answers who is in the network that whoever started us says. Our stdin is where it says so.
///
/// # Errors
/// When it cannot be done behind the walls that are meant for it; who started us has been told, too.
pub fn resolve() -> Result<(), ResolverError> {
    let control = take_control().map_err(cannot("take the control socket"))?;
    let told = control.try_clone().map_err(cannot("take the control socket"))?;
    let resolved = behind_walls(control);
    if let Err(error) = &resolved {
        // There may be nobody left to be told.
        let _unheard = say(told, &Answer::Refused(launch::complain::line(error)), &[]);
    }
    resolved
}

fn behind_walls(control: OwnedFd) -> Result<(), ResolverError> {
    confine(c"pod-resolver").map_err(cannot("confine ourselves"))?;
    let runtime = rest::runtime().build();
    let runtime = runtime.map_err(cannot("make a runtime"))?;
    LocalSet::new().block_on(&runtime, serve(control))
}

async fn serve(control: OwnedFd) -> Result<(), ResolverError> {
    let keeper = watch(control).map_err(cannot("hear whoever started us"))?;
    let begun = next(&keeper).await.map_err(cannot("hear whoever started us"))?;
    let (place, door) = match begun {
        None => return Ok(()),
        Some((Command::Begin(place), with)) => match <[OwnedFd; 1]>::try_from(with) {
            Ok([door]) => (place, door),
            Err(_) => return Err(cannot("begin")("there is no door")),
        },
        Some((command, _)) => return Err(cannot("begin")(format!("{command:?} is no beginning"))),
    };
    let share = Share::new(place.clone());
    let sockets = listen_at(&place).map_err(cannot("listen at port 53 of the gateway"))?;
    give_up_rights().map_err(cannot("give up the right to listen there"))?;
    confined(Work::Resolve).map_err(cannot("install a system call filter"))?;
    for (packets, streams) in sockets {
        spawn_local(answer_packets(packets, Rc::clone(&share)));
        spawn_local(answer_streams(streams, Rc::clone(&share)));
    }
    let door = watch(door).map_err(cannot("open the door"))?;
    tell(&keeper, &Answer::Done).await.map_err(cannot("say that we have begun"))?;
    spawn_local(obey(keeper, Rc::clone(&share)));
    // Most pods ask nothing.
    rest::soon();
    admit(door, share).await.map_err(cannot("open the door"))
}

/// Listens wherever it is to be answered: at the first address in any case, at others where that can be done.
fn listen_at(place: &Place) -> io::Result<Vec<(UdpSocket, TcpListener)>> {
    let mut sockets = Vec::new();
    for (which, address) in place.at.iter().enumerate() {
        match listen_there(*address) {
            Ok(pair) => sockets.push(pair),
            Err(error) if which == 0 => return Err(error),
            // One that is still looked for on the link, of IPv6, or that is not there.
            Err(_) => {}
        }
    }
    Ok(sockets)
}

fn listen_there(address: IpAddr) -> io::Result<(UdpSocket, TcpListener)> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let at = SocketAddr::new(address, PORT);
    let packets = socket_with(family, SocketType::DGRAM, flags, None)?;
    bind(&packets, &at)?;
    let streams = socket_with(family, SocketType::STREAM, flags, None)?;
    // What is left of earlier connections does not keep us out.
    sockopt::set_socket_reuseaddr(&streams, true)?;
    bind(&streams, &at)?;
    listen(&streams, 64)?;
    Ok((UdpSocket::from_std(packets.into())?, TcpListener::from_std(streams.into())?))
}

fn give_up_rights() -> Result<(), caps::errors::CapsError> {
    [CapSet::Ambient, CapSet::Inheritable, CapSet::Effective, CapSet::Permitted]
        .into_iter()
        .try_for_each(|set| caps::clear(None, set))
}

/// Lets in whoever knocks: the door is our owner's alone.
async fn admit(door: Watched, share: Rc<Share>) -> io::Result<()> {
    loop {
        let mut knocked = door.readable().await?;
        match accept_with(door.get_ref(), SocketFlags::CLOEXEC | SocketFlags::NONBLOCK) {
            Ok(keeper) => {
                if let Ok(keeper) = watch(keeper) {
                    spawn_local(obey(keeper, Rc::clone(&share)));
                }
            }
            Err(rustix::io::Errno::AGAIN) => knocked.clear_ready(),
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
        }
    }
}

/// Does what somebody says, until they are gone.
async fn obey(keeper: Watched, share: Rc<Share>) {
    while let Ok(Some((command, with))) = next(&keeper).await {
        let done = match command {
            Command::Know { upstream } => know(&upstream, with, &share).map_err(|error| error.to_string()),
            Command::Begin(_) => Err("it has begun already".to_owned()),
        };
        let answer = done.map_or_else(Answer::Refused, |()| Answer::Done);
        if tell(&keeper, &answer).await.is_err() {
            return;
        }
        rest::soon();
    }
    rest::soon();
}

fn know(upstream: &[IpAddr], with: Vec<OwnedFd>, share: &Share) -> io::Result<()> {
    let [file] = <[OwnedFd; 1]>::try_from(with).map_err(|_| io::Error::other("there is no file of names"))?;
    let mut text = Vec::new();
    File::from(file).take(LONGEST_FILE).read_to_end(&mut text)?;
    let upstream: Vec<_> = upstream.iter().map(|server| SocketAddr::new(*server, PORT)).collect();
    share.know(Zone::parse(&String::from_utf8_lossy(&text)), &upstream);
    Ok(())
}

async fn next(keeper: &Watched) -> io::Result<Option<(Command, Vec<OwnedFd>)>> {
    keeper.async_io(Interest::READABLE, |socket| hear(socket)).await
}

async fn tell(keeper: &Watched, answer: &Answer) -> io::Result<()> {
    keeper.async_io(Interest::WRITABLE, |socket| say(socket, answer, &[])).await
}
