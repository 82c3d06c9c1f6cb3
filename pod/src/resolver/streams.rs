//! Questions that come over streams: each with its length before it.

use std::io;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use network::zone::Over;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_local;
use tokio::time::{sleep, timeout};

use super::client::{Said, elsewhere, heard};
use super::share::Share;

/// How long a client has for a question, and to take its answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many questions one stream may have.
const MOST: usize = 1000;

/// How long to wait before somebody is accepted again for whom the kernel had no means.
const BREATH: Duration = Duration::from_millis(50);

/// Answers whoever comes to this listener. Who comes when there is no room is turned away.
pub(super) async fn answer_streams(listener: TcpListener, share: Rc<Share>) {
    loop {
        match listener.accept().await {
            Ok((client, from)) => {
                let from = from.ip();
                let Some(taken) = share.streams.take(from).filter(|_| share.answers(from)) else { continue };
                let share = Rc::clone(&share);
                spawn_local(async move {
                    // Who has gone, or is too slow, has had what there was.
                    let _gone = converse(client, from, &share).await;
                    drop(taken);
                });
            }
            Err(_) => sleep(BREATH).await,
        }
    }
}

async fn converse(mut client: TcpStream, from: IpAddr, share: &Rc<Share>) -> io::Result<()> {
    for _ in 0..MOST {
        let message = timeout(PATIENCE, read(&mut client)).await??;
        let reply = match heard(&message, from, Over::Stream, share) {
            Said::Now(reply) => reply,
            Said::Later(_taken) => elsewhere(&message, Over::Stream, share).await,
            Said::Nothing => return Ok(()),
        };
        timeout(PATIENCE, write(&mut client, &reply)).await??;
    }
    Ok(())
}

/// Reads a message.
pub(super) async fn read(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let length = usize::from(stream.read_u16().await?);
    let mut message = Vec::new();
    // It takes as much memory as has come, whatever length was said.
    stream.take(length as u64).read_to_end(&mut message).await?;
    if message.len() < length { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(message) }
}

/// Writes a message.
pub(super) async fn write(stream: &mut TcpStream, message: &[u8]) -> io::Result<()> {
    let length = u16::try_from(message.len()).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
    stream.write_all(&[&length.to_be_bytes(), message].concat()).await
}
