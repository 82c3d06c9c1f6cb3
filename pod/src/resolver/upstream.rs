//! Asking others: each in its turn, for so long, what was asked of us, byte for byte but for its id.
//!
//! The id and the port that a question comes from are as random as the kernel's, and other ones for each question and
//! each server, so that who does not see the question cannot make an answer up.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::time::Duration;

use network::zone::{LONGEST, answers, question, set_id};
use rustix::net::{AddressFamily, SocketFlags, SocketType, connect, socket_with};
use rustix::rand::{GetRandomFlags, getrandom};
use tokio::io::Interest;
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use super::streams::{read, write};

/// How long one server has.
const PATIENCE: Duration = Duration::from_secs(2);

/// Of more servers nobody is asked, as by the C library.
const MOST_SERVERS: usize = 3;

/// What an answer says when another server may know better: it failed, does not know how, does not want to.
const NO_ANSWER: [u8; 3] = [2, 4, 5];

thread_local! {
    /// Where answers are put on their way. It is the same for all: nothing stays in it.
    static DESK: RefCell<Box<[u8]>> = RefCell::new(vec![0; LONGEST].into());
}

/// Asks in packets; none where nobody says anything.
pub(super) async fn by_packet(message: &[u8], servers: &[SocketAddr]) -> Option<Vec<u8>> {
    first_of(servers, async |server| packet(message, server).await).await
}

/// Asks over streams; none where nobody says anything.
pub(super) async fn by_stream(message: &[u8], servers: &[SocketAddr]) -> Option<Vec<u8>> {
    first_of(servers, async |server| stream(message, server).await).await
}

/// The first reply that is one, of servers asked one after the other; else the last that there was.
async fn first_of(servers: &[SocketAddr], ask: impl AsyncFn(SocketAddr) -> io::Result<Vec<u8>>) -> Option<Vec<u8>> {
    let mut last = None;
    for server in servers.iter().take(MOST_SERVERS) {
        match timeout(PATIENCE, ask(*server)).await {
            Ok(Ok(reply)) if is_one(&reply) => return Some(reply),
            Ok(Ok(reply)) => last = Some(reply),
            Ok(Err(_)) | Err(_) => {}
        }
    }
    last
}

fn is_one(reply: &[u8]) -> bool {
    reply.get(3).is_some_and(|byte| !NO_ANSWER.contains(&(byte & 0xf)))
}

async fn packet(message: &[u8], server: SocketAddr) -> io::Result<Vec<u8>> {
    let (mut message, id, theirs, asked) = again(message)?;
    let socket = UdpSocket::from_std(reach(server)?.into())?;
    socket.send(&message).await?;
    loop {
        // That nobody is there is no packet, and said by an error alone.
        let ready = socket.ready(Interest::READABLE | Interest::ERROR).await?;
        let came = DESK.with_borrow_mut(|desk| {
            let length = socket.try_recv(desk)?;
            // Whatever else comes is nobody's.
            let is_answer = answers(&desk[..length], id, &asked);
            io::Result::Ok(is_answer.then(|| desk[..length].to_vec()))
        });
        match came {
            Ok(Some(reply)) => {
                message = reply;
                set_id(&mut message, theirs);
                return Ok(message);
            }
            Ok(None) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && !ready.is_error() => {}
            Err(error) => return Err(error),
        }
    }
}

async fn stream(message: &[u8], server: SocketAddr) -> io::Result<Vec<u8>> {
    let (message, id, theirs, asked) = again(message)?;
    let mut stream = TcpStream::connect(server).await?;
    write(&mut stream, &message).await?;
    let mut reply = read(&mut stream).await?;
    if !answers(&reply, id, &asked) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    set_id(&mut reply, theirs);
    Ok(reply)
}

/// The same question with an id of ours; with it that, the id that it had, and what is asked.
fn again(message: &[u8]) -> io::Result<(Vec<u8>, u16, u16, Vec<u8>)> {
    let invalid = || io::Error::from(io::ErrorKind::InvalidData);
    let asked = question(message).ok_or_else(invalid)?.to_vec();
    let theirs = message.first_chunk().copied().map(u16::from_be_bytes).ok_or_else(invalid)?;
    let mut id = [0; 2];
    getrandom(&mut id, GetRandomFlags::empty())?;
    let id = u16::from_be_bytes(id);
    let mut message = message.to_vec();
    set_id(&mut message, id);
    Ok((message, id, theirs, asked))
}

/// A socket that hears this server alone, at a port that the kernel has drawn.
fn reach(server: SocketAddr) -> io::Result<OwnedFd> {
    let family = if server.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = socket_with(family, SocketType::DGRAM, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)?;
    connect(&socket, &server)?;
    Ok(socket)
}
