//! Questions that come in packets.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use network::zone::Over;
use tokio::net::UdpSocket;
use tokio::task::{spawn_local, yield_now};

use super::client::{Said, elsewhere, heard};
use super::share::Share;

/// No question is longer; what is, is cut, and is none then.
const LONGEST: usize = 4096;

/// After so many packets others have their turn.
const TURN: usize = 64;

/// Answers what comes to this socket.
pub(super) async fn answer_packets(socket: UdpSocket, share: Rc<Share>) {
    let socket = Rc::new(socket);
    let mut desk = vec![0; LONGEST];
    loop {
        if socket.readable().await.is_err() {
            return;
        }
        for _ in 0..TURN {
            match socket.try_recv_from(&mut desk) {
                Ok((length, client)) if share.answers(client.ip()) => {
                    take(&desk[..length], client, &socket, &share);
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // What an earlier answer has come to, and nobody's now.
                Err(_) => break,
            }
        }
        yield_now().await;
    }
}

fn take(message: &[u8], client: SocketAddr, socket: &Rc<UdpSocket>, share: &Rc<Share>) {
    match heard(message, client.ip(), Over::Packet, share) {
        // One that does not get through is lost, as packets may be.
        Said::Now(reply) => drop(socket.try_send_to(&reply, client)),
        Said::Later(taken) => {
            let (message, socket, share) = (message.to_vec(), Rc::clone(socket), Rc::clone(share));
            spawn_local(async move {
                let reply = elsewhere(&message, Over::Packet, &share).await;
                let _lost = socket.try_send_to(&reply, client);
                drop(taken);
            });
        }
        Said::Nothing => {}
    }
}
