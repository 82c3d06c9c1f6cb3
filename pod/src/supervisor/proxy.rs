//! Published ports: from a listener in the host's network to the pod's localhost.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_local;

/// How long to wait before accepting again, when there is no descriptor left to accept with.
const BREATH: Duration = Duration::from_millis(50);

/// Forwards every connection to the pod's localhost, until it is dropped.
pub(super) async fn forward(listener: TcpListener, pod_port: u16) {
    loop {
        match listener.accept().await {
            Ok((client, _)) => {
                spawn_local(carry(client, pod_port));
            }
            // A client that went away before it was accepted, or no descriptor left: others may follow.
            Err(_) => tokio::time::sleep(BREATH).await,
        }
    }
}

/// Carries one connection, each direction until its end. When nobody listens in the pod, or either
/// side breaks, the other sees its connection closed: there is nobody else to tell.
async fn carry(mut client: TcpStream, pod_port: u16) {
    if let Ok(mut server) = dial(pod_port).await {
        let _nodelay = (client.set_nodelay(true), server.set_nodelay(true));
        let _carried = copy_bidirectional(&mut client, &mut server).await;
    }
}

/// Dials the pod's localhost, by IPv4 first: that is what most servers listen on.
async fn dial(pod_port: u16) -> io::Result<TcpStream> {
    match TcpStream::connect((Ipv4Addr::LOCALHOST, pod_port)).await {
        Ok(server) => Ok(server),
        Err(_) => TcpStream::connect((Ipv6Addr::LOCALHOST, pod_port)).await,
    }
}
